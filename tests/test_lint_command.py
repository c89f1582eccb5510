"""`offhook lint`: what it reads, what it prints, what it exits with."""

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

from offhook.blocks import catalogue
from offhook.flowjson.lint import RULES, code
from offhook.model.flow import Action
from tests.command_line import call

ARN = "arn:aws:lambda:us-east-1:111122223333:function:lookup"


def _arrows(to: str, error: str = "") -> dict[str, Any]:
    return {"NextAction": to, "Errors": [{"NextAction": error or to, "ErrorType": "NoMatchingError"}]}


def _flow(name: str, text: str = "State $.External.State") -> dict[str, Any]:
    parameters = {"LambdaFunctionARN": ARN, "InvocationTimeLimitSeconds": "3"}
    return {
        "Version": "2019-10-30",
        "StartAction": "fn",
        "Metadata": {"name": name, "type": "contactFlow"},
        "Actions": [
            {
                "Identifier": "fn",
                "Type": "InvokeLambdaFunction",
                "Parameters": parameters,
                "Transitions": _arrows("say"),
            },
            {
                "Identifier": "say",
                "Type": "MessageParticipant",
                "Parameters": {"Text": text},
                "Transitions": _arrows("bye"),
            },
            {"Identifier": "bye", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}},
        ],
    }


def _write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2, ensure_ascii=False), "utf-8")
    return path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a flow that is fine, a flow that is not, and a function."""
    bad = _flow("Bad", text="Hi $.External.state and $.Attributes.x")
    bad["Actions"][0]["Transitions"]["Errors"][0]["NextAction"] = "bye"
    bad["Actions"][1]["Parameters"]["Tone"] = "warm"
    bad["Actions"][1]["Transitions"]["NextAction"] = "nowhere"
    _write(tmp_path / "flows/good.json", _flow("Good"))
    _write(tmp_path / "flows/bad.json", bad)
    _write(tmp_path / "functions/lookup.py", 'def handler(event, context):\n    return {"State": "Washington"}\n')
    settings = """\
        [flows]
        paths = ["flows/*.json"]
        [functions.lookup]
        code = "functions"
        handler = "lookup.handler"
        [functions.stub]
        stub = { State = "Oregon" }
    """
    _write(tmp_path / "offhook.toml", textwrap.dedent(settings))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_all_problems_of_the_project_one_a_line(project: Path) -> None:
    called = call("lint")

    assert called.code == 1
    assert called.err == ""
    assert called.out == textwrap.dedent(
        """\
        flows/bad.json:fn:Transitions.Errors[0]: W-lambda-error-disconnects when the function fails, the contact is hung up at 'bye' without a word.
        flows/bad.json:say:NextAction: E-dangling-target NextAction leads to 'nowhere', which is no action of the flow.
        flows/bad.json:say:Parameters.Tone: W-unknown-parameter Invalid Action property name. Path: Actions[1].Parameters.Tone; MessageParticipant has Text, SSML, PromptId, Media, SkipWhenDTMFBufferEnabled.
        flows/bad.json:say:Parameters.Text: W-external-name no function of the flow answers with 'state'; did you mean State? Names are case-sensitive.
        flows/bad.json:say:Parameters.Text: W-never-set $.Attributes.x is empty unless something else sets it: no flow of the project sets the attribute 'x'.
        2 flows checked: 1 error, 4 warnings.
        """  # noqa: E501, lines as they are printed
    )


def test_warnings_alone_are_exit_code_0(project: Path) -> None:
    (project / "flows/bad.json").unlink()
    flow = _flow("Good", text="$.Attributes.x")
    _write(project / "flows/good.json", flow)

    called = call("lint")

    assert called.code == 0
    assert called.out.endswith("1 flow checked: 0 errors, 1 warning.\n")


def test_strict_makes_errors_of_some_warnings(project: Path) -> None:
    called = call("lint", "--strict")

    assert "E-unknown-parameter" in called.out
    assert "W-lambda-error-disconnects" in called.out


def test_the_profile_of_the_project_counts(project: Path) -> None:
    file = project / "offhook.toml"
    file.write_text('profile = "strict"\n' + file.read_text())

    assert "E-unknown-parameter" in call("lint").out


def test_files_and_folders_can_be_named(project: Path) -> None:
    assert call("lint", "flows/good.json").out == "1 flow checked: 0 errors, 0 warnings.\n"
    assert "2 flows checked" in call("lint", "flows").out
    assert "2 flows checked" in call("lint", "flows", "flows/good.json").out


def test_a_flow_outside_of_the_patterns_still_knows_the_project(project: Path) -> None:
    _write(project / "drafts/new.json", _flow("New", text="$.External.STATE"))

    assert "W-external-name" in call("lint", "drafts/new.json").out


def test_a_file_that_is_no_flow_is_one_sentence_and_stops_nothing(project: Path) -> None:
    _write(project / "flows/broken.json", '{"Version": ')
    _write(project / "flows/other.json", {"Resources": {}})

    called = call("lint", "flows")

    assert called.code == 2
    assert called.out.endswith("2 flows checked: 1 error, 3 warnings.\n")
    first, second = called.err.splitlines()
    assert first.startswith("offhook: flows/broken.json: line 1")
    assert second.startswith("offhook: flows/other.json: found a CloudFormation template")


def test_a_broken_file_of_the_project_leaves_the_others_linted(project: Path) -> None:
    _write(project / "flows/broken.json", '{"Version": ')

    called = call("lint")

    assert called.code == 2
    assert "2 flows checked" in called.out
    assert len(called.err.splitlines()) == 1


def test_files_that_are_not_there_are_all_named(project: Path) -> None:
    (project / "empty").mkdir()

    called = call("lint", "nothing.json", "empty", "flows/good.json")

    assert called.code == 2
    assert called.err.splitlines() == [
        "offhook: nothing.json: there is no such file or folder.",
        "offhook: empty: the folder has no .json file.",
    ]
    assert "1 flow checked" in called.out


def test_without_a_project_files_must_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _write(tmp_path / "flow.json", _flow("Alone"))

    assert call("lint").code == 2
    assert call("lint", "flow.json").out == "1 flow checked: 0 errors, 0 warnings.\n"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ("[flows\n", "offhook.toml: not TOML"),
        ('[flows]\npaths = ["none/*.json"]\n', "[flows] paths lead to no file"),
        ('[flows]\npaths = ["flows/*.json"]\n[odd]\n', "odd is not a setting"),
    ],
)
def test_a_project_file_with_mistakes_is_refused(project: Path, settings: str, sentence: str) -> None:
    _write(project / "offhook.toml", settings)

    called = call("lint")

    assert called.code == 2
    assert sentence in called.err


def test_a_function_without_its_file_does_not_stop_the_linter(project: Path) -> None:
    package = project / "functions/lookup"
    _write(package / "__init__.py", 'def handler(event, context):\n    return {"STATE": "Washington"}\n')
    (project / "functions/lookup.py").unlink()

    assert "did you mean STATE?" in call("lint", "flows/good.json").out


def test_an_environment_can_be_chosen(project: Path) -> None:
    file = project / "offhook.toml"
    file.write_text(file.read_text() + '[env.test.functions.lookup]\nstub = { STATE = "Ohio" }\n')

    assert "did you mean STATE?" in call("lint", "flows/good.json", "--env", "test").out
    assert "there is no environment" in call("lint", "--env", "none").err


def test_json_for_machines(project: Path) -> None:
    called = call("lint", "--json")
    report = json.loads(called.out)

    assert called.code == 1
    assert called.out == call("lint", "--format", "json").out
    assert (report["files"], report["errors"], report["warnings"], report["refused"]) == (2, 1, 4, [])
    assert report["problems"][1] == {
        "file": "flows/bad.json",
        "line": 27,
        "action": "say",
        "field": "NextAction",
        "code": "E-dangling-target",
        "severity": "error",
        "message": "NextAction leads to 'nowhere', which is no action of the flow.",
    }


def test_lines_lead_to_the_action_however_it_is_written(project: Path) -> None:
    flow = _flow("Good", text="$.Attributes.x")
    flow["Actions"][1]["Identifier"] = 'Größe "受付" 📞'
    flow["Actions"][0]["Transitions"] = _arrows('Größe "受付" 📞')
    file = project / "flows/good.json"
    for ascii_only in (True, False):
        file.write_text(json.dumps(flow, indent=1, ensure_ascii=ascii_only), "utf-8")
        (found,) = json.loads(call("lint", "flows/good.json", "--json").out)["problems"]

        assert '"Identifier"' in file.read_text("utf-8").splitlines()[found["line"] - 1]


def test_a_flow_inside_of_an_answer_has_no_lines(project: Path) -> None:
    answer = {"ContactFlow": {"Name": "Wrapped", "Content": json.dumps(_flow("W", text="$.Attributes.x"))}}
    _write(project / "wrapped.json", answer)

    assert [each["line"] for each in json.loads(call("lint", "wrapped.json", "--json").out)["problems"]] == [1]


def test_text_from_a_flow_cannot_drive_the_terminal(project: Path) -> None:
    flow = _flow("Good")
    flow["Actions"][1]["Type"] = "\x1b[31mred\nnext"
    _write(project / "flows/good.json", flow)

    called = call("lint", "flows/good.json")

    assert "\x1b" not in called.out
    assert len(called.out.splitlines()) == 2


# --- SARIF, by the parts of its schema that readers rely on (docs.oasis-open.org/sarif/sarif/v2.1.0)


def test_sarif_has_the_shape_that_code_scanning_reads(project: Path) -> None:
    called = call("lint", "--format", "sarif")
    log = json.loads(called.out)

    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "offhook"
    rules = driver["rules"]
    assert [rule["id"] for rule in rules] == sorted({rule["id"] for rule in rules})
    for rule in rules:
        assert rule["shortDescription"]["text"] and rule["fullDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning")
    assert len(run["results"]) == 5
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning")
        assert result["message"]["text"]
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"] == "flows/bad.json"
        assert location["physicalLocation"]["region"]["startLine"] >= 1
        assert location["logicalLocations"][0]["name"] in ("fn", "say")


def test_sarif_of_the_whole_file_and_of_a_check_that_only_a_block_knows(project: Path) -> None:
    flow = _flow("Good")
    del flow["Actions"][0]["Parameters"]["InvocationTimeLimitSeconds"]
    flow["StartAction"] = "none"
    _write(project / "flows/good.json", flow)

    (run,) = json.loads(call("lint", "flows/good.json", "--format", "sarif").out)["runs"]

    assert {"id": "lambda-no-limit"} in run["tool"]["driver"]["rules"]
    assert "logicalLocations" not in run["results"][0]["locations"][0]


def test_sarif_names_files_by_uri(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    far = _write(tmp_path_factory.mktemp("far") / "a flow.json", _flow("Far", text="$.Attributes.x"))
    _write(project / "a flow %.json", _flow("Near", text="$.Attributes.x"))

    (run,) = json.loads(call("lint", "a flow %.json", str(far), "--format", "sarif").out)["runs"]

    uris = [each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in run["results"]]
    assert uris == ["a%20flow%20%25.json", far.as_uri()]


# --- explaining


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_is_explained(rule: Any) -> None:
    called = call("lint", "--explain", code(rule, strict=False))

    assert called.code == 0
    assert called.out.startswith(f"{code(rule, strict=False)}: {rule.title}. (")
    assert rule.why in called.out


def test_the_explanation_tells_where_strict_differs() -> None:
    assert "(warning, in the strict profile error)" in call("lint", "--explain", "w_unknown_parameter").out


def test_the_checks_of_blocks_are_explained_by_the_rules_of_the_block() -> None:
    called = call("lint", "--explain", "e-loop-branches")

    assert called.out.startswith("E-loop-branches: found by the block's own check.\n\nLoop: ")


def test_a_code_that_there_is_not_names_the_near_ones() -> None:
    called = call("lint", "--explain", "W-lambda-silent")

    assert called.code == 2
    assert called.err.startswith("offhook: --explain W-lambda-silent: there is no such code; nearest: W-lambda-silence")


def test_a_code_like_no_other_says_where_codes_come_from() -> None:
    assert call("lint", "--explain", "?").err == (
        "offhook: --explain ?: there is no such code; `offhook lint` prints the codes of what it finds.\n"
    )


def test_what_checks_of_blocks_say_can_be_explained() -> None:
    """A letter and a dash before the name, in step with the severity, and the action named."""
    for spec in catalogue().values():
        for problem in spec.check(Action("it", spec.action, {"LoopCount": "x"})) if spec.check is not None else ():
            assert problem.action == "it"
            assert problem.code.startswith({"error": "E-", "warning": "W-"}[problem.severity])
            assert call("lint", "--explain", problem.code).code == 0
