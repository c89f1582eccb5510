"""`offhook functions`: list, invoke and why."""

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import call

ARN = "arn:aws:lambda:us-east-1:111122223333:function:"
SOURCE = """
import sys

def handler(event, context):
    print("called for", event["Details"]["ContactData"]["Channel"])
    inputs = event["Details"]["Parameters"]
    if "raise" in inputs:
        raise ValueError("no such customer")
    if "nested" in inputs:
        return {"a": {"b": 1}}
    return {"number": (event["Details"]["ContactData"]["CustomerEndpoint"] or {}).get("Address", "none"), **inputs}
"""
SETTINGS = """\
[flows]
paths = ["flows/*.json"]

[functions.lookup]
code = "functions"
handler = "lookup.handler"
timeout_seconds = 5
matches = ["${Lookup.Arn}", "arn:aws:lambda:*:*:function:prefix-*"]

[functions.twin-a]
stub = { State = "Oregon" }
matches = ["twin"]

[functions.twin-b]
fail = "throttle"
matches = ["twin"]
"""


def _call_block(identifier: str, arn: Any, to: str) -> dict[str, Any]:
    parameters = {"InvocationTimeLimitSeconds": "3", **({} if arn is None else {"LambdaFunctionARN": arn})}
    errors = [{"NextAction": "bye", "ErrorType": "NoMatchingError"}]
    return {
        "Identifier": identifier,
        "Type": "InvokeLambdaFunction",
        "Parameters": parameters,
        "Transitions": {"NextAction": to, "Errors": errors},
    }


def _write(folder: Path, title: str, **arns: Any) -> None:
    actions = [_call_block(identifier, arn, "bye") for identifier, arn in arns.items()]
    actions.append({"Identifier": "bye", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}})
    designer = {"shown": {"parameters": {"LambdaFunctionARN": {"displayName": "lookup"}}}}
    metadata = {"name": title, "type": "contactFlow", "ActionMetadata": designer}
    flow = {"Version": "2019-10-30", "StartAction": actions[0]["Identifier"], "Metadata": metadata, "Actions": actions}
    file = folder / "flows" / f"{title.lower().replace(':', '-')}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(flow))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions/lookup.py").write_text(SOURCE)
    (tmp_path / "offhook.toml").write_text(SETTINGS)
    _write(
        tmp_path,
        "Main",
        exact="${Lookup.Arn}",
        arn=f"{ARN}lookup",
        alias=f"{ARN}lookup:live",
        inside="arn:aws:lambda:eu-west-1:999999999999:function:lookup",
        name="lookup",
        shown=f"{ARN}renamed",
        pattern="arn:aws:lambda:eu-west-1:999999999999:function:prefix-lookup",
        wrong="arn:aws:lambda:eu-west-1:999999999999:function:lokup",
        both="twin",
        reference="$.Attributes.fn",
        absent=None,
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- list


def test_every_function_is_listed_with_what_it_runs_and_who_uses_it(project: Path) -> None:
    called = call("functions", "list")

    assert called.code == 0
    assert called.out == textwrap.dedent(
        f"""\
        lookup  python  functions/lookup.handler
          arn      {ARN}lookup
          matches  ${{Lookup.Arn}}
          matches  arn:aws:lambda:*:*:function:prefix-*
          used by  Main:exact
          used by  Main:arn
          used by  Main:alias
          used by  Main:inside
          used by  Main:name
          used by  Main:shown
          used by  Main:pattern
        twin-a  stub  {{"State":"Oregon"}}
          arn      {ARN}twin-a
          matches  twin
          used by  no block of the project
        twin-b  stub  fails: throttle
          arn      {ARN}twin-b
          matches  twin
          used by  no block of the project
        """
    )


def test_the_list_for_machines(project: Path) -> None:
    (lookup, twin, _) = json.loads(call("functions", "list", "--json").out)

    assert lookup["timeout_ms"] == 5000
    assert lookup["used_by"][0] == "Main:exact"
    assert (twin["kind"], twin["runs"]) == ("stub", '{"State":"Oregon"}')


def test_a_folder_without_a_project_has_no_functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert call("functions", "list").out == "The project has no functions; add [functions.NAME] to offhook.toml.\n"


# --- invoke


def test_a_function_gets_the_event_that_connect_would_send(project: Path) -> None:
    called = call(
        "functions", "invoke", "lookup", "--from", "+12065550111", "--attr", "vip=yes", "--param", "id=7", "--json"
    )
    said = json.loads(called.out)

    assert called.code == 0
    data = said["event"]["Details"]["ContactData"]
    assert said["event"]["Name"] == "ContactFlowEvent"
    assert said["event"]["Details"]["Parameters"] == {"id": "7"}
    assert data["Attributes"] == {"vip": "yes"}
    assert data["CustomerEndpoint"] == {"Address": "+12065550111", "Type": "TELEPHONE_NUMBER"}
    assert (data["Channel"], data["InitiationMethod"]) == ("VOICE", "INBOUND")
    assert json.loads(said["body"]) == {"number": "+12065550111", "id": "7"}
    assert said["answered"] is True
    assert said["refused"] == {}


def test_the_answer_the_time_and_the_log_are_shown(project: Path) -> None:
    called = call("functions", "invoke", "lookup", "--channel", "chat")

    assert called.code == 0
    first, *rest, blank, report = called.out.splitlines()
    assert first.startswith("lookup answered after ")
    assert first.endswith(" ms of them to start:")
    assert rest == [
        "{",
        '  "number": "none"',
        "}",
        "a block takes it as STRING_MAP",
        "a block takes it as JSON",
        "",
        "log:",
        "  called for CHAT",
    ]
    assert (blank, report.startswith("REPORT RequestId: ")) == ("", True)


def test_an_answer_that_a_block_would_refuse_is_told(project: Path) -> None:
    called = call("functions", "invoke", "lookup", "--param", "nested=1")

    assert called.code == 0
    assert "a block takes it as JSON" in called.out
    assert "a block refuses it as STRING_MAP: " in called.out


def test_a_function_that_raises_is_exit_code_1(project: Path) -> None:
    called = call("functions", "invoke", "lookup", "--param", "raise=1")

    assert called.code == 1
    assert "lookup failed after " in called.out.splitlines()[0]
    assert called.out.splitlines()[0].endswith(" ValueError: no such customer (function_error)")
    assert "  called for VOICE" in called.out


def test_a_function_that_is_refused_is_exit_code_1(project: Path) -> None:
    called = call("functions", "invoke", f"{ARN}twin-b")

    assert called.code == 1
    assert called.out == "twin-b failed after 0 ms: Rate Exceeded. (throttle)\n"


def test_a_stub_answers_too(project: Path) -> None:
    called = call("functions", "invoke", "twin-a")

    assert called.code == 0
    assert called.out.startswith('twin-a answered after 0 ms:\n{\n  "State": "Oregon"\n}\n')


def test_an_event_from_a_file_is_sent_as_it_is(project: Path) -> None:
    event = {"Details": {"ContactData": {"Channel": "TASK", "CustomerEndpoint": None}, "Parameters": {"a": "b"}}}
    (project / "event.json").write_text(json.dumps(event))

    said = json.loads(call("functions", "invoke", "lookup", "--event", "event.json", "--json").out)

    assert said["event"] == event
    assert json.loads(said["body"]) == {"number": "none", "a": "b"}


def test_an_answer_that_is_not_json_is_shown_as_it_is(project: Path) -> None:
    (project / "offhook.toml").write_text('[functions.odd]\nfail = "garbage"\n')

    called = call("functions", "invoke", "odd")

    assert called.code == 0
    assert "<html>not JSON</html>" in called.out
    assert "a block refuses it as JSON: " in called.out


def test_everything_that_is_wrong_is_said_at_once(project: Path) -> None:
    (project / "broken.json").write_text("{")

    called = call(
        "functions", "invoke", "lokup", "--channel", "fax", "--attr", "x", "--param", "=1", "--event", "broken.json"
    )

    assert called.code == 2
    assert called.err.splitlines() == [
        "offhook: --attr 'x': must be NAME=VALUE.",
        "offhook: --param '=1': must be NAME=VALUE.",
        "offhook: --event broken.json: not JSON: input data was truncated.",
        "offhook: --channel is 'fax', must be one of voice, chat, task, email.",
        "offhook: no function is registered for 'lokup'; nearest: lookup.",
    ]
    assert "cannot be read" in call("functions", "invoke", "lookup", "--event", "nothing").err


def test_an_environment_changes_what_a_function_is(project: Path) -> None:
    file = project / "offhook.toml"
    file.write_text(f'{SETTINGS}\n[env.test.functions.lookup]\nstub = {{ State = "Ohio" }}\n')

    assert '"State": "Ohio"' in call("functions", "invoke", "lookup", "--env", "test").out


# --- why


@pytest.mark.parametrize(
    ("action", "through"),
    [
        ("exact", "the exact text in `matches`"),
        ("arn", "its ARN"),
        ("alias", "its ARN, without the version or alias"),
        ("inside", "the name inside the ARN"),
        ("name", "its name"),
        ("shown", "the name shown in the designer"),
        ("pattern", "the pattern 'arn:aws:lambda:*:*:function:prefix-*' in `matches`"),
    ],
)
def test_why_says_through_what_a_function_is_found(project: Path, action: str, through: str) -> None:
    called = call("functions", "why", f"Main:{action}")

    assert called.code == 0
    assert f"\nIt finds function 'lookup' by {through}.\n" in called.out
    assert "\nIt runs functions/lookup.handler.\n" in called.out


def test_why_tells_the_name_that_the_designer_shows(project: Path) -> None:
    assert "shown as 'lookup' in the designer." in call("functions", "why", "Main:shown").out


def test_a_function_that_there_is_not_has_near_names(project: Path) -> None:
    called = call("functions", "why", "Main:wrong")

    assert called.code == 1
    assert "It would not run: no function is registered for 'arn:aws:lambda:eu-west-1:999999999999:function:lokup'" in (
        called.out
    )
    assert "nearest: lookup" in called.out


def test_two_functions_that_both_fit_are_both_named(project: Path) -> None:
    called = call("functions", "why", "Main:both")

    assert called.code == 1
    assert f"'twin' means two functions: 'twin-a' ({ARN}twin-a) and 'twin-b' ({ARN}twin-b)" in called.out


def test_a_reference_is_decided_when_a_contact_arrives(project: Path) -> None:
    called = call("functions", "why", "Main:reference")

    assert called.code == 0
    assert "That is a reference" in called.out
    assert "W-never-set: $.Attributes.fn is empty unless something else sets it" in called.out


def test_a_block_that_names_no_function_says_so(project: Path) -> None:
    called = call("functions", "why", "Main:absent")

    assert called.code == 1
    assert "It names no function: LambdaFunctionARN is missing." in called.out


def test_other_blocks_invoke_nothing(project: Path) -> None:
    called = call("functions", "why", "Main:bye")

    assert called.code == 1
    assert called.out == (
        "bye (Disconnect / hang up) in flow Main\nIt invokes no function: only AWS Lambda function blocks do.\n"
    )


def test_why_takes_files_and_names_with_colons(project: Path) -> None:
    _write(project, "Main: second", **{"look: up": f"{ARN}lookup"})

    assert call("functions", "why", "flows/main.json:arn").code == 0
    assert call("functions", "why", "Main: second:look: up").code == 0


@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        ("Main", "'Main': write FLOW:ACTION"),
        ("Mine:arn", "no flow is named 'Mine'; nearest: Main"),
        ("Main:arm", "flow 'Main' has no action 'arm'; it has 'exact', 'arn'"),
    ],
)
def test_a_block_that_there_is_not_is_refused(project: Path, block: str, sentence: str) -> None:
    called = call("functions", "why", block)

    assert called.code == 2
    assert sentence in called.err


def test_an_unknown_action_type_is_explained_by_lint(project: Path) -> None:
    file = project / "flows/main.json"
    file.write_text(file.read_text().replace("DisconnectParticipant", "HangUp"))

    called = call("functions", "why", "Main:bye")

    assert called.code == 1
    assert "bye (HangUp) in flow Main" in called.out
    assert "E-unknown-type: Invalid Action type. Type: HangUp" in called.out
