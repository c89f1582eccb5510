"""`offhook run`: what it prints, what it refuses, and with which exit code. Golden texts: `pytest --update`."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from offhook.cli.main import Program, app
from offhook.core.trace import AnyTrace
from offhook.model.errors import InternalError

FOLDER = Path(__file__).parent / "fixtures" / "run"
STUB = """lookup=stub:{"State":"Washington"}"""


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    monkeypatch.setenv("COLUMNS", "80")


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["run", *words], prog_name="offhook")


def lines(*words: str) -> list[str]:
    """What is printed, where nothing is wrong."""
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def events(*words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(*words, "--json")]


def row(name: str, *words: str) -> list[str]:
    """Texts of the summary's rows of this name."""
    return [line.removeprefix(name).strip() for line in lines(*words) if line.startswith(f"{name} ")]


def refused(*words: str) -> list[str]:
    """The sentences of a call that is refused."""
    result = run(*words)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    sentences = result.stderr.splitlines()
    assert all(sentence.startswith("offhook: ") for sentence in sentences), sentences
    return [sentence.removeprefix("offhook: ") for sentence in sentences]


def called(words: list[str], *, type: str) -> dict[str, Any]:
    return next(event for event in events(*words) if event["type"] == type)


# --- what is printed ---

GOLDEN = {
    "voice": ["State line", "--env", "test", "--attr", "name=Ann", "--press", "1,12#"],
    "chat": ["State line", "--env", "test", "--channel", "chat"],
    "throttled": ["+15550100000", "--env", "down", "--silent"],
    "trace": ["flows/state.json", "--env", "test", "--trace", "--hang-up-after", "say"],
    "json": ["flows/state.json", "--env", "test", "--json", "--input", "silence"],
    "unknown-functions": ["loose/unknown.json"],
    "voices": ["loose/voices.json"],
    "loop": ["loose/loop.json"],
    "unwired": ["loose/unwired.json", "--function", "lookup=fail:error"],
    "slow": ["loose/slow.json", "--function", 'lookup=stub(init=0.5,run=3):{"State":"WA"}'],
    "timeout": ["State line", "--function", "lookup=fail:slow:9"],
}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_output_is_as_it_was(name: str, request: pytest.FixtureRequest) -> None:
    expected = FOLDER / "expected" / f"{name}.txt"
    printed = run(*GOLDEN[name]).stdout
    if request.config.getoption("--update"):
        expected.write_text(printed)

    assert printed == expected.read_text()


def test_every_line_of_json_is_a_trace_event() -> None:
    import msgspec

    for line in lines("State line", "--env", "test", "--json", "--press", "1,1"):
        msgspec.json.decode(line, type=AnyTrace)


def test_with_json_nothing_else_is_printed_at_all() -> None:
    result = run("loose/lost.json", "--json")

    assert result.stderr == ""
    assert all(line.startswith("{") for line in result.stdout.splitlines())


def test_the_same_call_gives_the_same_bytes() -> None:
    words = ["State line", "--env", "test", "--press", "1,1", "--trace"]

    assert run(*words).stdout == run(*words).stdout


def test_the_summary_ends_with_a_command_that_repeats_the_contact() -> None:
    words = [
        "flows/state.json", "--channel", "voice", "--from", "+15550100009", "--attr", "name=Ann O'Hara", "--function",
        STUB, "--press", "1,12#", "--set", "$.Lex.IntentName=Order", "--function-time", "10", "--seed", "7",
        "--at", "2026-06-01T08:00:00Z", "--profile", "strict", "--type", "CONTACT_FLOW", "--hang-up-after", "say",
    ]  # fmt: skip
    (command,) = row("again", *words)
    offhook, name, *again = shlex.split(command)

    assert (offhook, name) == ("offhook", "run")
    assert run(*again).stdout == run(*words).stdout


def test_one_record_joins_log_line_event_output_answer_and_what_is_kept_of_it() -> None:
    """cases.md P27."""
    printed = run("State line", "--trace").stdout
    block = printed[printed.index("AWS Lambda function") : printed.index("Set contact attributes")]

    for part in (
        'event {"Details":',
        "looking up +12065550100",
        '-> {"State": "Oregon"}',
        'External {"State":"Oregon"}',
        'flow log {"ContactId":',
    ):
        assert part in block


def test_silence_is_what_the_customer_hears_while_functions_run() -> None:
    """cases.md P26: two functions of three seconds in a row."""
    words = ["loose/slow.json", "--function", 'lookup=stub(run=3):{"State":"WA"}']

    assert row("silence", *words) == ["6.0 s at longest, 6.0 s in all"]


def test_a_key_that_differs_by_a_capital_is_named() -> None:
    """cases.md P21."""
    assert row("not set", "State line", "--function", 'lookup=stub:{"state":"CA"}') == [
        "$.External.State (is it state?)"
    ]


def test_system_values_that_were_read_and_not_set_are_listed() -> None:
    stub = ["--function", 'lookup=stub:{"State":"WA"}']

    assert row("not set", "loose/slow.json", *stub) == ["$.Lex.IntentName, which --set '$.Lex.IntentName=…' would give"]
    assert row("not set", "loose/slow.json", *stub, "--set", "$.Lex.IntentName=Order") == []


def test_load_warnings_stand_beside_the_transcript() -> None:
    result = run("loose/lost.json")

    assert "loose/lost.json: action 'island': no arrow from the start leads here" in result.stderr
    assert "island" not in result.stdout


def test_many_load_warnings_are_cut(tmp_path: Path) -> None:
    flow = json.loads((FOLDER / "loose/lost.json").read_text())
    flow["Actions"] += [{**flow["Actions"][2], "Identifier": f"island {number}"} for number in range(20)]
    (tmp_path / "flow.json").write_text(json.dumps(flow))

    sentences = run(str(tmp_path / "flow.json")).stderr.splitlines()

    assert len(sentences) == 11
    assert sentences[-1].endswith("and 11 more; see them with offhook lint.")


def test_control_characters_cannot_reach_the_terminal() -> None:
    assert "\x1b" not in run("loose/voices.json").stdout
    assert "\x07" not in run("loose/voices.json", "--trace").stdout


def test_secret_input_is_nowhere() -> None:
    result = run("loose/secret.json", "--press", "4711#", "--trace")

    assert "[secret]" in result.stdout
    assert "4711" not in result.output


# --- cases from the field ---


def test_an_answer_with_a_status_is_a_success_and_a_warning() -> None:
    """cases.md P17."""
    printed = lines("State line", "--function", 'lookup=stub:{"statusCode":"500"}')

    assert any("W-lambda-statuscode" in line for line in printed)
    assert not any("NoMatchingError" in line for line in printed)


def test_work_that_takes_long_is_started_and_polled_for(tmp_path: Path) -> None:
    """cases.md P14: done on the third poll."""
    answers = '[{"status":"running"},{"status":"running"},{"status":"done"}]'
    words = ["loose/poll.json", "--function", "start=stub:{}", "--function", f"status=stub(seq):{answers}"]
    calls = [event["function"] for event in events(*words) if event["type"] == "function.called"]

    assert calls == ["start", "status", "status", "status"]
    assert lines(*words)[-3].startswith("function   start")


def test_a_flow_goes_to_the_flow_that_an_attribute_names_by_arn() -> None:
    """cases.md P46: an ARN is taken, a name is an error. The ARN is in the trace of a flow."""
    arn = called(["More"], type="contact.started")["flow"]
    branches = [
        next(
            event["branch"]
            for event in events("loose/next.json", "--attr", f"next={name}")
            if event["type"] == "block.left"
        )
        for name in (arn, "More")
    ]

    assert branches == ["Jump", "NoMatchingError"]
    assert f"flow {arn}" in run("More", "--trace").stdout


def test_an_old_export_runs() -> None:
    """cases.md P51."""
    assert called(["../containers/legacy", "--type", "CONTACT_FLOW"], type="contact.ended")["reason"] != ""


# --- options ---


def test_the_channel_decides_who_can_hear() -> None:
    started = called(["State line", "--env", "test", "--channel", "CHAT"], type="contact.started")
    assert (started["channel"], started["initiation_method"]) == ("CHAT", "API")
    assert "customer" not in started

    started = called(["State line", "--env", "test"], type="contact.started")
    assert (started["channel"], started["initiation_method"]) == ("VOICE", "INBOUND")


def test_an_email_is_inbound_and_has_addresses_at_both_ends() -> None:
    mail = ["State line", "--env", "test", "--channel", "email", "--from", "ann@example.org"]
    started = called(mail, type="contact.started")
    assert (started["channel"], started["initiation_method"]) == ("EMAIL", "INBOUND")
    assert (started["customer"], started["system"]) == ("ann@example.org", "support@example.com")


def test_the_numbers_are_the_customers_and_the_dialled_one() -> None:
    started = called(["+15550100000", "--env", "test", "--from", "+15550100009"], type="contact.started")
    assert (started["customer"], started["system"]) == ("+15550100009", "+15550100000")

    assert called(["State line", "--env", "test"], type="contact.started")["system"] == "+15550100000"
    assert called(["More"], type="contact.started")["customer"] == "+12065550100"
    assert called(["More", "--from", "anonymous"], type="contact.started")["customer"] == "anonymous"


def test_attributes_are_there_from_the_start() -> None:
    started = called(["More", "--attr", "name=Ann=1", "--attr", "empty="], type="contact.started")

    assert started["attributes"] == {"name": "Ann=1", "empty": ""}


def test_the_type_can_be_given() -> None:
    assert called(["More", "--type", "CUSTOMER_QUEUE"], type="contact.started")["flow_type"] == "CUSTOMER_QUEUE"


def test_a_function_of_the_command_line_wins_over_the_project() -> None:
    ended = called(["State line", "--function", STUB], type="function.ended")

    assert ended["body"] == '{"State":"Washington"}'


def test_functions_are_found_by_the_raw_text_of_the_flow() -> None:
    words = ["loose/unknown.json", "--function", "SELECT THE LOOKUP=stub:{}", "--function", "other=stub:{}"]

    assert [event["function"] for event in events(*words) if event["type"] == "function.called"] == [
        "SELECT THE LOOKUP",
        "other",
    ]
    assert row("missing", *words) == []


def test_the_advice_for_an_unknown_function_is_the_cure() -> None:
    advice = row("missing", "loose/unknown.json")
    cures = [shlex.split(sentence.partition("add ")[2]) for sentence in advice]

    assert row("missing", "loose/unknown.json", *cures[0], *cures[1]) == []


def test_a_handler_that_cannot_be_imported_is_the_error_branch() -> None:
    words = ["State line", "--function", "lookup=python:functions/broken.handler", "--function-time", "0"]
    left = next(event for event in events(*words) if event["type"] == "block.left" and event["action"] == "fn")

    assert (left["branch"], left["cause"]) == ("NoMatchingError", "init")
    assert "a_module_that_is_not_there" in left["detail"]


def test_a_real_function_runs() -> None:
    ended = called(["State line"], type="function.ended")

    assert json.loads(ended["body"]) == {"State": "Oregon"}
    assert ended["log"].strip() == "looking up +12065550100"


def test_inputs_answer_in_the_order_in_which_they_are_written() -> None:
    """--press and --say are shorthands of --input, and may be mixed with it."""
    words = ["State line", "--env", "test", "--press", "1", "--say", "hello", "--input", "2#"]
    entered = [event.get("value", "") for event in events(*words) if event["type"] == "input"]

    assert entered[0] == "1"
    assert "--input 1 --input say:hello --input '2#'" in row("again", *words)[0]

    words = ["State line", "--env", "test", "--input", "2#", "--press", "1,3"]
    assert "--input '2#' --input 1 --input 3" in row("again", *words)[0]


def test_a_silent_customer_does_nothing() -> None:
    entered = [event for event in events("State line", "--env", "test", "--silent") if event["type"] == "input"]

    assert [event["by"] for event in entered] == ["timeout"]


def test_a_customer_can_leave_after_a_block() -> None:
    ended = called(["State line", "--env", "test", "--hang-up-after", "hi"], type="contact.ended")

    assert ended["reason"] == "customer hung up"
    assert row("outcome", "State line", "--env", "test", "--hang-up-after", "hi") == ["hung up: customer hung up"]


def test_the_clock_can_be_set() -> None:
    assert called(["More"], type="contact.started")["at"] == "2026-01-05T15:00:00.000Z"
    assert called(["More", "--at", "2026-07-01T00:00:00+02:00"], type="contact.started")["at"].startswith(
        "2026-06-30T22"
    )


def test_the_time_of_functions_can_be_set() -> None:
    ended = called(["State line", "--function-time", "250"], type="function.ended")

    assert ended["measured"] == {"took_ms": 250, "init_ms": 0, "cold": True}


def test_system_values_can_be_set() -> None:
    words = ["More", "--set", "$.Lex.IntentName=Order", "--set", "$.Lex.Slots['a b']=1", "--press", "1"]

    assert [event["text"] for event in events(*words) if event["type"] == "said"][-1] == "You said 1 about Order"


def test_the_seed_decides_the_ids() -> None:
    first, second = (called(["More", *seed], type="contact.started")["contact"] for seed in ([], ["--seed", "2"]))

    assert first == called(["More", "--seed", "1"], type="contact.started")["contact"]
    assert first != second


def test_a_script_can_be_played_in_real_time() -> None:
    words = ["loose/unknown.json", "--real-time", "--silent"]

    assert run(*words).stdout == run(*words[:1], "--silent").stdout


def test_strict_refuses_unknown_parameters_and_compatible_goes_on(tmp_path: Path) -> None:
    """S21, P65."""
    action = {"Identifier": "bye", "Type": "DisconnectParticipant", "Parameters": {"Reason": "x"}, "Transitions": {}}
    flow = {"Version": "2019-10-30", "StartAction": "bye", "Metadata": {}, "Actions": [action]}
    (tmp_path / "flow.json").write_text(json.dumps(flow))

    (sentence,) = refused(str(tmp_path / "flow.json"), "--silent", "--profile", "strict")

    assert "action 'bye'" in sentence and "Parameters.Reason" in sentence
    assert lines(str(tmp_path / "flow.json"), "--silent")


def test_the_profile_can_be_strict() -> None:
    """In the strict profile a number is no text, so the answer is refused."""
    words = ["State line", "--function", 'lookup=stub:{"State":1}']
    causes = [
        [
            event.get("cause")
            for event in events(*words, *more)
            if event["type"] == "block.left" and event["action"] == "fn"
        ]
        for more in ([], ["--profile", "strict"])
    ]

    assert causes == [[None], ["shape"]]


def test_flow_log_lines_can_be_written_to_a_file(tmp_path: Path) -> None:
    run("State line", "--env", "test", "--log", str(tmp_path / "log"))
    entries = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]

    assert [entry["Identifier"] for entry in entries] == ["hi", "fn", "keep", "say", "menu", "bye"]
    assert entries[1]["ContactFlowModuleType"] == "InvokeExternalResource"
    assert entries[1]["ExternalResults"] == {"State": "Washington", "Fact": "It rains"}


def test_flow_log_lines_can_be_written_to_stdout() -> None:
    found = [line for line in lines("State line", "--env", "test", "--log", "-") if line.startswith("{")]

    assert len(found) == 6


def test_without_being_asked_nothing_is_logged_that_the_flow_does_not_log() -> None:
    assert not [event for event in events("State line", "--env", "test") if event["type"] == "log"]


# --- exit codes ---


def test_a_contact_that_the_flow_dropped_is_found() -> None:
    assert run("loose/loop.json").exit_code == 1
    assert run("loose/unwired.json", "--function", "lookup=fail:error").exit_code == 1
    assert run("loose/unwired.json", "--function", "lookup=stub:{}").exit_code == 0


# --- what is refused ---


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["loose/not-json.json"], "loose/not-json.json: line 2, column 14: not JSON: a value must stand here."),
        (["loose/version.json"],
         'loose/version.json: this is the Flow language, and its Version is "2030-01-01"; only '
         "'2019-10-30' is known."),
        (["loose/dangling.json"],
         "loose/dangling.json: action 'hi': NextAction leads to 'gone', which is no action of the flow."),
        (["nothing.json"], "flow 'nothing.json': there is no such file."),
        (["flows"], "flow 'flows': is a folder; give a file, a flow's name or a phone number."),
        (["Stat line"],
         "flow 'Stat line': there is no such file, and no flow is named 'Stat line'; nearest: State line."),
        (["More", "--channel", "fax"], "--channel is 'fax', must be one of voice, chat, task, email."),
        (["More", "--from", "0123"],
         "--from is '0123', must be a phone number such as +12065550100, anonymous, or an e-mail address."),
        (["More", "--attr", "x"], "--attr 'x': must be NAME=VALUE."),
        (["More", "--type", "FLOW"],
         "--type is 'FLOW', must be one of CONTACT_FLOW, CUSTOMER_QUEUE, CUSTOMER_HOLD, "
         "CUSTOMER_WHISPER, OUTBOUND_WHISPER, AGENT_HOLD, AGENT_WHISPER, AGENT_TRANSFER, QUEUE_TRANSFER, "
         "MODULE."),
        (["More", "--at", "noon"],
         "--at: 'noon' is not an instant, must be date, time and offset: 2026-01-05T10:00:00-05:00, or Z."),
        (["More", "--at", "2026-01-05T10:00:00"],
         "--at: '2026-01-05T10:00:00' is not an instant, must be date, time and offset: "
         "2026-01-05T10:00:00-05:00, or Z."),
        (["More", "--input", "one"],
         "input 'one': is none of keys (0-9 * #), barge:KEYS, say:TEXT, view:ACTION, silence, wait:3s, hangup."),
        (["More", "--press", "1,x"],
         "input 'x': is none of keys (0-9 * #), barge:KEYS, say:TEXT, view:ACTION, silence, wait:3s, hangup."),
        (["More", "--function-time", "1.5"], "--function-time is '1.5', must be a whole number of milliseconds."),
        (["More", "--profile", "lax"], "--profile is 'lax', must be strict or compatible."),
        (["More", "--env", "prod"], "offhook.toml: there is no environment 'prod'; it has 'test', 'down'."),
        (["More", "--hang-up-after", "pim"], "--hang-up-after is 'pim', which is no block; nearest: pin, "),
        (["More", "--set", "x=1"],
         "--set 'x=1': must be a reference and its value, such as '$.Lex.IntentName=Order'."),
        (["More", "--set", "$.Lex.IntentName"],
         "--set '$.Lex.IntentName': must be a reference and its value, such as '$.Lex.IntentName=Order'."),
        (["More", "--set", "$.Attributes.x=1"],
         "--set '$.Attributes.x=1': these values are given by --attr NAME=VALUE."),
        (["More", "--set", "$.Lex.a=1", "--set", "$.Lex.a.b=2"],
         "--set '$.Lex.a.b=2': another --set gives a part of the same value."),
        (["More", "--set", "$.Lex.a.b=1", "--set", "$.Lex.a=2"],
         "--set '$.Lex.a=2': another --set gives a part of the same value."),
        (["More", "--debug", "nobody"],
         "--debug is 'nobody', which is no function in Python or Node.js; these are: lookup, broken."),
        (["More", "--json", "--log", "-"], "--log - and --json both want stdout; give --log a file."),
        (["More", "--log", "no/such/folder"],
         "--log 'no/such/folder': cannot be written: No such file or directory."),
        (["More", "--sede", "1"], "No such option: --sede"),
        (["More", "--seed"], "Option '--seed' requires an argument."),
        ([], "Missing argument 'flow'. Try 'offhook run --help'."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(words: list[str], sentence: str) -> None:
    (said,) = refused(*words)

    assert said.startswith(sentence)


@pytest.mark.parametrize(
    "text",
    [
        "lookup",
        "lookup=",
        "lookup=smoke:1",
        "lookup=stub:{",
        "lookup=fail:fire",
        "lookup=python:functions/gone.handler",
    ],
)
def test_a_function_that_cannot_be_is_refused(text: str) -> None:
    (sentence,) = refused("State line", "--function", text)

    assert sentence.startswith("function 'lookup")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    words = [
        "loose/dangling.json",
        "--channel",
        "fax",
        "--at",
        "noon",
        "--function",
        "x",
        "--input",
        "y",
        "--attr",
        "z",
    ]

    assert [sentence.split(" ")[0] for sentence in refused(*words)] == [
        "--channel", "function", "input", "--at:", "--attr", "loose/dangling.json:",
    ]  # fmt: skip


def test_a_project_file_that_is_not_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "offhook.toml").write_text('profile = "strict"\n[flows\n')
    (tmp_path / "flow.json").write_text((FOLDER / "flows/more.json").read_text())

    (sentence,) = refused(str(tmp_path / "flow.json"))

    assert sentence.startswith(f"{tmp_path}/offhook.toml: not TOML: ")
    assert "line 2" in sentence


def test_a_mistake_of_the_project_is_said_with_mistakes_of_the_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "offhook.toml").write_text("[flow]\n")

    assert [sentence.split(" ")[0] for sentence in refused("Main", "--channel", "fax")] == [
        "--channel",
        "offhook.toml:",
    ]


# --- without a project ---


def test_a_flow_without_a_project_runs_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("state", "more"):
        (tmp_path / f"{name}.json").write_text((FOLDER / f"flows/{name}.json").read_text())

    words = ["state.json", "--function", STUB, "--press", "1"]

    assert [event["action"] for event in events(*words) if event["type"] == "block.entered"][-2:] == ["more", "bye"]
    assert "nearest: State line" in run(*words).stdout


def test_the_project_of_the_current_folder_serves_flows_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "flow.json").write_text((FOLDER / "loose/unwired.json").read_text())

    assert called([str(tmp_path / "flow.json"), "--env", "test"], type="function.ended")["status"] == 200


# --- the program ---


def test_the_program_tells_its_version_and_its_commands() -> None:
    from offhook import __version__

    assert CliRunner().invoke(app, ["--version"]).stdout == f"offhook {__version__}\n"
    bare = CliRunner().invoke(app, [])
    assert bare.exit_code == 0
    for name in ("init", "run", "lint", "convert", "graph", "functions"):
        assert f" {name} " in bare.stdout


def test_a_mistake_of_ours_is_told_as_one() -> None:
    program = typer.Typer(cls=Program, pretty_exceptions_enable=False)

    @program.command()
    def fail() -> None:
        raise InternalError("memo of 'x' is gone")

    @program.command()
    def succeed() -> None: ...

    result = CliRunner().invoke(program, ["fail"])

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[0] == "offhook: internal error: memo of 'x' is gone"
    assert CliRunner().invoke(program, ["succeed"], standalone_mode=False).exit_code == 0


def test_an_unknown_command_is_one_sentence() -> None:
    result = CliRunner().invoke(app, ["rum"], prog_name="offhook")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("offhook: No such command 'rum'")
