"""What nobody should give offhook, and somebody will: bombs, halves of characters, nonsense.

Files and calls that cannot be understood are exit code 2 with one sentence each, all at once. What is only wrong for a
contact takes its error branch, and nothing is lost: the file is kept, attributes stay as they were.
"""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from offhook.blocks import catalogue
from offhook.core.spec import BlockSpec
from offhook.flowjson.lint import lint
from offhook.flowjson.read import read_flow
from offhook.flowjson.write import write_flow
from offhook.model.event import LambdaEnded
from offhook.model.flow import FLOW_TYPES

from .command_line import Called, call
from .stage import Played, Stubs
from .test_cases import BASE, WA, action, base, problems, say
from .transcripts import hear

Document = dict[str, Any]
MEGABYTE = 1_000_000
FOUND = "flow.json"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty one, made the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(document: Any, name: str = FOUND) -> str:
    Path(name).write_text(document if isinstance(document, str) else json.dumps(document))
    return name


def sentences(called: Called, *, code: int = 2) -> list[str]:
    """What was wrong with a call that came to nothing."""
    assert called.code == code, called
    assert "Traceback" not in called.err + called.out
    lines = called.err.splitlines()
    assert all(line.startswith("offhook: ") and line.endswith(".") for line in lines), lines
    return [line.removeprefix("offhook: ") for line in lines]


def left(called: Called, identifier: str) -> Document:
    """How this block was left, in a run with --json."""
    assert called.code == 0, called
    events: list[Document] = [json.loads(line) for line in called.out.splitlines()]
    return next(each for each in events if each["type"] == "block.left" and each["action"] == identifier)


# --- files ---

NOT_FLOWS = {
    "broken": ('{"Version": "2019-10-30",\n "Actions": [}', "line 2, column 14: not JSON: a value must stand here."),
    "unclosed": ('{"Version": "2019', "line 1, column 13: not JSON: the text that begins here has no closing quote."),
    "empty": ("", "the text is empty; a flow is a JSON object."),
    "not a number": ('{"Actions": [NaN]}', "line 1, column 14: not JSON: NaN is not a JSON number."),
    "deep lists": ("[" * 10_000 + "]" * 10_000, "the JSON is nested too deeply; 100 levels are allowed."),
    "deep objects": ('{"a":' * 10_000 + "1" + "}" * 10_000, "the JSON is nested too deeply; 100 levels are allowed."),
    "a version of 2031": (
        json.dumps({**BASE, "Version": "2031-01-01"}),
        "this is the Flow language, and its Version is \"2031-01-01\"; only '2019-10-30' is known.",
    ),
    "no version": (
        json.dumps({"StartAction": "a", "Actions": []}),
        "this is the Flow language, and its Version is missing; only '2019-10-30' is known.",
    ),
    "an old export of tomorrow": (
        json.dumps({"modules": [], "version": "2", "start": ""}),
        "this is an old console export, and its version is \"2\"; only '1' is known.",
    ),
}


@pytest.mark.parametrize("command", ["run", "lint", "convert", "graph"])
@pytest.mark.parametrize("name", NOT_FLOWS)
def test_a_file_that_is_no_flow_is_one_sentence(name: str, command: str) -> None:
    text, sentence = NOT_FLOWS[name]

    assert sentences(call(command, write(text))) == [f"flow.json: {sentence}"]


@pytest.mark.parametrize("command", ["run", "lint", "convert", "graph"])
@pytest.mark.parametrize("megabytes", [100, 100_000])
def test_a_huge_file_is_not_even_read(megabytes: int, command: str) -> None:
    """It has a hole for a body, so it takes no room; reading 100 GB would take all there is."""
    with Path(FOUND).open("wb") as file:
        file.truncate(megabytes * MEGABYTE)

    found = sentences(call(command, FOUND))

    assert found == [
        f"flow.json: the file has {megabytes * MEGABYTE:,} bytes; a flow file may have 16,777,216 at most."
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 10_000 + "]" * 10_000, "nested too deeply"),
        ('{"Version": 1}', "found an object that is no flow"),
    ],
)
def test_in_a_process_of_its_own_it_is_the_same(text: str, words: str) -> None:
    """No traceback, no other output, the documented exit code."""
    run = subprocess.run(
        [sys.executable, "-m", "offhook", "run", write(text)], capture_output=True, text=True, timeout=60, check=False
    )

    assert (run.returncode, run.stdout) == (2, "")
    (sentence,) = run.stderr.splitlines()
    assert sentence.startswith("offhook: flow.json: ")
    assert words in sentence


def test_bytes_that_are_no_text_are_refused_in_a_process_of_its_own() -> None:
    run = subprocess.run(
        [sys.executable.encode(), b"-m", b"offhook", b"run", write(BASE).encode(), b"--attr", b"name=\xff"],
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip

    assert (run.returncode, run.stdout) == (2, b"")
    assert run.stderr == b"offhook: 'name=\\udcff': an argument must be text in UTF-8.\n"


def test_a_file_whose_name_is_no_text_can_be_linted() -> None:
    name = b"flow \xff.json"
    try:
        Path(name.decode("utf-8", "surrogateescape")).write_text(json.dumps(BASE))
    except OSError:
        pytest.skip("this file system takes no such name")

    for form in ("text", "json", "sarif"):
        called = call("lint", "--format", form, ".")

        assert called.code == 0, called
        assert "checked" in called.out or json.loads(called.out)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"StartAction": "gone"}, ["StartAction is 'gone', which is no action of the flow."]),
        ({"StartAction": ""}, ["StartAction is missing; it must name the first action."]),
        ({"Actions": []}, ["StartAction is 'hi', and the flow has no actions."]),
    ],
)
def test_a_flow_without_a_start_is_refused(change: Document, words: list[str]) -> None:
    assert sentences(call("run", write({**BASE, **change}))) == [f"flow.json: {each}" for each in words]


def test_arrows_that_lead_nowhere_are_all_named() -> None:
    flow = base()
    flow["Actions"][0]["Transitions"]["Errors"][0]["NextAction"] = "gone"
    flow["Actions"][1]["Transitions"]["NextAction"] = "away"

    assert sentences(call("run", write(flow))) == [
        "flow.json: action 'hi': error NoMatchingError leads to 'gone', which is no action of the flow.",
        "flow.json: action 'fn': NextAction leads to 'away', which is no action of the flow.",
    ]


def test_an_arrow_that_leads_nowhere_from_where_nobody_comes_is_no_reason_to_refuse() -> None:
    flow = base(say("island", "Nobody hears this", "gone"))

    assert call("run", write(flow), "--silent", "--function", WA).code == 0
    assert "island E-dangling-target" in problems(flow)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    flow = base()
    flow["Actions"][0]["Transitions"]["NextAction"] = "gone"

    found = sentences(
        call(
            "run", write(flow), "--channel", "fax", "--type", "ROUND", "--from", "me", "--at", "soon", "--attr", "x",
            "--set", "y=1", "--function", "f=perl:x", "--function", "g=python:none.handler", "--input", "7up",
            "--function-time", "1.5", "--profile", "lax",
        )
    )  # fmt: skip

    assert len(found) == 12
    for words in ("fax", "ROUND", "me", "soon", "'x'", "y=1", "perl", "none.py", "7up", "1.5", "lax", "gone"):
        assert any(words in each for each in found), words


# --- the call and the project ---


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["--function", "lookup=stub:" + "[" * 5_000 + "]" * 5_000],
            "function 'lookup': the answer of a stub is nested too deeply.",
        ),
        (
            ["--function", f"lookup=stub(run={'9' * 400}):{{}}"],
            f"function 'lookup': run is '{'9' * 400}', must be seconds, as in 2.7, and fewer than a million.",
        ),
        (
            ["--function", f"lookup=stub(cold=every {'9' * 5_000}):{{}}"],
            f"function 'lookup': cold is 'every {'9' * 5_000}', "
            "must be first, always, every N or after TIME, as in after 10m.",
        ),
        (
            ["--function", 'lookup=stub:{"State":"\\ud800"}'],
            "function 'lookup': the answer of a stub must be JSON: Input data was truncated.",
        ),
        (
            ["--input", f"wait:{'9' * 400}s"],
            f"input 'wait:{'9' * 400}s': is none of keys (0-9 * #), barge:KEYS, say:TEXT, view:ACTION, silence, "
            "wait:3s, hangup.",
        ),
        (["--function-time", "9" * 400], f"--function-time is '{'9' * 400}', must be a whole number of milliseconds."),
    ],
    ids=["deep stub", "long stub", "cold for ever", "half a character", "endless wait", "endless function"],
)
def test_nonsense_in_options_is_one_sentence(words: list[str], sentence: str) -> None:
    assert sentences(call("run", write(BASE), *words)) == [sentence]


@pytest.mark.parametrize("command", ["run", "lint", "convert", "graph"])
def test_a_name_that_no_file_can_have_is_one_sentence(command: str) -> None:
    (sentence,) = sentences(call(command, "x" * 5_000))

    assert "x" * 5_000 in sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a = " + "[" * 10_000 + "]" * 10_000, "the TOML is nested too deeply."),
        ("a = " + "9" * 10_000, "the TOML has a number that is too long."),
        ("a = \udcff", "not TOML: invalid value (at line 1, column 5)."),
    ],
    ids=["deep", "long number", "no text"],
)
@pytest.mark.parametrize("command", [["run", FOUND], ["lint"], ["functions", "list"]], ids=["run", "lint", "functions"])
def test_a_project_file_that_is_a_bomb_is_one_sentence(command: list[str], text: str, sentence: str) -> None:
    write(BASE)
    Path("offhook.toml").write_bytes(text.encode("utf-8", "surrogateescape"))

    assert sentences(call(*command)) == [f"offhook.toml: {sentence}"]


@pytest.mark.parametrize("kind", ["deep", "huge", "broken"])
def test_an_event_that_is_a_bomb_is_one_sentence(kind: str) -> None:
    Path("offhook.toml").write_text('[functions.lookup]\nstub = { State = "WA" }\n')
    with Path("event.json").open("wb") as file:
        file.write({"deep": b"[" * 10_000 + b"]" * 10_000, "huge": b"", "broken": b"{"}[kind])
        file.truncate(100_000 * MEGABYTE) if kind == "huge" else None

    (sentence,) = sentences(call("functions", "invoke", "lookup", "--event", "event.json"))

    assert sentence.startswith("--event event.json: ")


# --- values that do not fit ---


@pytest.mark.parametrize("limit", [0, 9, 2.5, "abc", "0", "9", "2.5", "", -1, None, [3], {"s": 3}, "3 s", 1e400, "NaN"])
def test_a_time_limit_that_is_none_is_the_error_branch_and_an_error_of_lint(limit: Any) -> None:
    text = json.dumps(base(fn={"InvocationTimeLimitSeconds": "LIMIT"}))
    text = text.replace('"LIMIT"', "1e400" if limit == 1e400 else json.dumps(limit))

    called = call("run", write(text), "--silent", "--json", "--function", WA)

    gone = left(called, "fn")
    assert (gone["branch"], gone["cause"]) == ("NoMatchingError", "bad_parameter")
    assert "InvocationTimeLimitSeconds" in gone["detail"]
    found = lint(read_flow(text, catalogue()), catalogue(), strict=False)
    assert [each for each in found if each.action == "fn" and each.severity == "error"]


@pytest.mark.parametrize("limit", [1, 8, "1", "8", 3.0])
def test_a_time_limit_at_the_edge_is_one(limit: Any) -> None:
    called = call("run", write(base(fn={"InvocationTimeLimitSeconds": limit})), "--silent", "--json", "--function", WA)

    assert left(called, "fn")["branch"] == "NextAction"


def _required() -> list[Any]:
    """Every built block with every parameter that its example gives."""
    built = [spec for spec in catalogue().values() if spec.enter is not None and spec.example]
    return [pytest.param(spec, name, id=f"{spec.action} {name}") for spec in built for name in spec.example or ()]


@pytest.mark.parametrize(("spec", "missing"), _required())
def test_a_parameter_that_is_missing_leaves_no_block_helpless(spec: BlockSpec, missing: str) -> None:
    """It takes a branch, whichever; nothing is raised, and the contact ends."""
    parameters = {name: value for name, value in (spec.example or {}).items() if name != missing}

    assert _is_settled(_one_block(spec, parameters))


@pytest.mark.parametrize("value", [None, [], {}, "", "$.Attributes.x", "$.", 1e308, -1, True, ["$.External"], "\x00"])
@pytest.mark.parametrize(("spec", "name"), _required())
def test_a_parameter_of_any_kind_leaves_no_block_helpless(spec: BlockSpec, name: str, value: Any) -> None:
    assert _is_settled(_one_block(spec, {**(spec.example or {}), name: value}))


def _is_settled(played: Played) -> bool:
    """It has ended, or waits in a queue, or hears prompts that loop for ever, until somebody comes."""
    return played.contact.phase in ("ended", "queued") or (bool(played.stopped) and played.said[-1] == "Please wait.")


def _one_block(spec: BlockSpec, parameters: Document) -> Played:
    it = action("it", spec.action, parameters, then="bye", errors={each.name: "bye" for each in spec.errors})
    document = {**BASE, "StartAction": "it", "Actions": [it, BASE["Actions"][-1]]}
    flow_type = next(name for name in FLOW_TYPES if spec.flow_types.allows(name, strict=False))
    return hear(document, functions=("state-lookup=stub:{}",), flow_type=flow_type)


def test_what_a_file_has_beside_is_kept_and_told() -> None:
    flow = base(fn={"Unknown": {"deep": [1, None, 1.50]}})
    flow |= {"Extra": [{"a": 1}], "Metadata": {"x": 1e-7}}
    flow["Actions"][0]["Comment"] = "mine"

    called = call("run", write(flow), "--silent", "--json", "--function", WA)

    assert left(called, "fn")["branch"] == "NextAction"
    assert json.loads(call("convert", FOUND).out) == flow
    assert "fn W-unknown-parameter" in problems(flow)


NUMBERS = [
    "1e400",
    "-1e400",
    "1E-400",
    "9" * 5_000,
    "-0",
    "1.50",
    "1e3",
    "0.1000000000000000055511151231257827021181583",
]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_of_any_length_is_kept_and_stops_nothing(number: str) -> None:
    text = json.dumps(base(fn={"LambdaInvocationAttributes": {"n": "NUMBER"}})).replace('"NUMBER"', number)
    text = text.replace('"Metadata": {}', f'"Metadata": {{"n": {number}}}')

    called = call("run", write(text), "--silent", "--json", "--function", WA)

    assert left(called, "fn")["branch"] == "NextAction"
    assert f'"n": {number}' in call("convert", FOUND).out
    assert write_flow(read_flow(text, catalogue())).count(number) >= 2


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_of_any_length_is_no_number_of_passes(number: str) -> None:
    loop = action("it", "Loop", {"LoopCount": "NUMBER"}, then="hi", when=(("Equals", "DoneLooping", "hi"),))
    text = json.dumps(base(loop, start="it")).replace('"NUMBER"', number)

    gone = left(call("run", write(text), "--silent", "--json", "--function", WA), "it")

    is_nought = number in ("-0", "1E-400")
    assert gone.get("cause") == (None if is_nought else "bad_parameter")


# --- half a character ---

HALF = "\ud800"


def _half(text: str) -> Document:
    flow = base(
        action("set", "UpdateContactAttributes", {"Attributes": {f"key {text}": text, "odd": text}}, then="hi"),
        start="set",
        hi={"Text": f"Hello {text}"},
        fn={"LambdaInvocationAttributes": {f"in {text}": "$.Attributes.odd"}},
    )
    flow["Actions"][3]["Identifier"] = f"say {text}"
    flow["Actions"][2]["Transitions"]["NextAction"] = f"say {text}"
    return flow


@pytest.mark.parametrize("shown", [[], ["--trace"], ["--json"], ["--log", "-"], ["--trace", "--json"]], ids=" ".join)
def test_half_a_character_is_read_as_a_replacement_and_reaches_everything(shown: list[str]) -> None:
    handler = 'def handler(event, context):\n    return {"State": event["Details"]["Parameters"]["in \\ufffd"]}\n'
    Path("echo.py").write_text(handler)

    called = call("run", write(_half(HALF)), "--silent", "--function", "lookup=python:echo.handler", *shown)

    assert called.code == 0
    assert "Hello \ufffd" in called.out or shown == ["--log", "-"]
    assert "State \ufffd" in called.out or shown == ["--log", "-"]
    assert "half of a character" in called.err or "--json" in shown


def test_half_a_character_is_kept_in_the_file_and_warned_of() -> None:
    flow = _half(HALF)
    read = read_flow(json.dumps(flow), catalogue())

    assert json.loads(write_flow(read)) == flow
    assert json.loads(call("convert", write(flow)).out) == flow
    assert [problem.code for problem in read.problems] == ["half_character"]
    assert " W-half-character" in problems(flow)


def test_a_whole_character_in_two_escapes_is_itself() -> None:
    read = read_flow(json.dumps(_half("\U0001f600")), catalogue())

    assert read.problems == ()
    assert read.actions["hi"].parameters == {"Text": "Hello \U0001f600"}


def test_half_a_character_in_an_old_export_and_in_the_name_of_a_flow_is_read_too() -> None:
    module = {"id": HALF, "type": "Disconnect", "branches": [], "parameters": [], "metadata": {}}
    old = {
        "modules": [module],
        "version": "1",
        "type": "contactFlow",
        "start": HALF,
        "metadata": {"name": f"Old {HALF}"},
    }
    wrapped = {"ContactFlow": {"Name": f"New {HALF}", "Content": json.dumps(BASE)}}

    called = [call("run", write(each), "--silent", "--json") for each in (old, wrapped)]

    assert [each.code for each in called] == [0, 0]
    assert [json.loads(each.out.splitlines()[0])["flow_name"] for each in called] == ["Old \ufffd", "New \ufffd"]


# --- functions ---


def test_a_function_that_is_not_there_is_the_error_branch_and_the_cure_is_told() -> None:
    write(BASE)

    called = call("run", FOUND, "--silent", "--json")
    told = call("run", FOUND, "--silent")

    assert (left(called, "fn")["branch"], left(called, "fn")["cause"]) == ("NoMatchingError", "not_found")
    assert "function 'lookup' is not configured; add --function 'lookup=stub:{}'" in told.out


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import no_such_module\ndef handler(event, context): ...\n", "Runtime.ImportModuleError"),
        ("def other(event, context): ...\n", "Runtime.HandlerNotFound"),
        ("def handler(event, context)\n", "Runtime.UserCodeSyntaxError"),
        ("raise SystemExit(3)\n", "Runtime.ExitError"),
    ],
    ids=["no module", "no handler", "no Python", "exits"],
)
def test_a_handler_that_does_not_import_is_the_error_branch(code: str, error: str) -> None:
    Path("lookup.py").write_text(code)

    called = call("run", write(BASE), "--silent", "--json", "--function", "lookup=python:lookup.handler")

    gone = left(called, "fn")
    assert (gone["branch"], gone["results"]) == ("NoMatchingError", "The Lambda Function Returned An Error.")
    assert error in gone["detail"]


@pytest.mark.parametrize(
    "answer",
    [
        "[" * 5_000 + "]" * 5_000,
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        '{"State":"\\ud800"}',
        '{"State":NaN}',
        "",
        "\x00",
    ],
    ids=["deep lists", "deep objects", "half a character", "NaN", "nothing", "zero byte"],
)
@pytest.mark.parametrize("kind", ["STRING_MAP", "JSON"])
def test_an_answer_that_is_a_bomb_is_the_error_branch(kind: str, answer: str) -> None:
    """A stub that says so would be refused, so it is said for it."""
    host = Stubs(lookup=lambda effect: LambdaEnded(0, effect.id, 200, body=answer))

    played = hear(base(fn={"ResponseValidation": {"ResponseType": kind}}), functions=("lookup",), host=host)

    assert played.said == ["Hello", "Sorry"]
    assert played.left("fn").cause in ("unreadable", "shape")


# --- attributes ---


def _setting(attributes: Document) -> Document:
    put = action(
        "set", "UpdateContactAttributes", {"Attributes": attributes}, then="hi", errors={"NoMatchingError": "sorry"}
    )
    return base(put, start="set")


@pytest.mark.parametrize(
    "attributes",
    [
        {f"key{number}": "value" for number in range(10_000)},
        {"big": "x" * MEGABYTE},
        {"x" * MEGABYTE: "1"},
        {"big": "$.Attributes.old" * 20_000},
        {"$.Attributes.old" * 20_000: "1"},
    ],
    ids=["10,000 attributes", "1 MB value", "1 MB key", "repeated value", "repeated key"],
)
def test_an_attribute_bomb_is_the_error_branch_and_nothing_is_lost(attributes: Document) -> None:
    old = {"old": "y" * 1_000}

    played = hear(_setting(attributes), functions=(WA,), attributes=old)

    assert played.left("set").cause == "attributes_too_large"
    assert (played.contact.attributes, played.said) == (old, ["Sorry"])


def test_a_prompt_that_repeats_a_big_attribute_is_not_said() -> None:
    """Thirty megabytes, were it put together; Connect says 3,000 characters at most."""
    flow = base(hi={"Text": "$.Attributes.big" * 1_000})

    played = hear(flow, functions=(WA,), attributes={"big": "x" * 30_000})

    assert played.left("hi").cause == "bad_parameter"
    assert played.said == []


@pytest.mark.parametrize(
    "identifier", ["$.Attributes.big", "a" * MEGABYTE, "$.Attributes." + "a." * 50_000, "$." * 50_000]
)
def test_a_reference_of_any_length_resolves_to_nothing_or_to_an_error(identifier: str) -> None:
    flow = base(fn={"LambdaFunctionARN": identifier})

    played = hear(flow, functions=(WA,), attributes={"big": "x" * 30_000})

    assert played.said == ["Hello", "Sorry"]
    assert played.left("fn").cause == "not_found"


def test_attributes_from_outside_may_be_any_text() -> None:
    called = call(
        "run", write(BASE), "--silent", "--json", "--function", WA, "--attr", f"a={'x' * 100_000}", "--attr", "b=="
    )

    started = json.loads(called.out.splitlines()[0])
    assert (called.code, started["attributes"]) == (0, {"a": "x" * 100_000, "b": "="})


def test_the_flow_is_never_changed_by_a_run() -> None:
    flow = copy.deepcopy(BASE)
    text = json.dumps(flow)
    write(text)

    call("run", FOUND, "--silent", "--function", WA)

    assert Path(FOUND).read_text() == text
