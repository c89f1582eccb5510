"""`offhook lint --publish`: what Connect would answer, before it is asked."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import call

END: dict[str, Any] = {"Identifier": "bye", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
SAY = {"Identifier": "hi", "Type": "MessageParticipant", "Parameters": {"Text": "Hi."}}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "flow.json"


def _write(file: Path, *actions: Any, **more: Any) -> None:
    content = {"Version": "2019-10-30", "StartAction": "hi", "Actions": list(actions), **more}
    file.write_text(json.dumps(content), "utf-8")


def test_a_flow_that_connect_takes_has_no_problem(file: Path) -> None:
    _write(file, {**SAY, "Transitions": {"NextAction": "bye"}}, END)

    called = call("lint", "--publish", "flow.json")

    assert (called.code, called.out) == (0, "1 flow checked: 0 errors, 0 warnings.\n")


def test_the_sentences_of_the_service_stand_beside_the_action(file: Path) -> None:
    _write(file, {**SAY, "Transitions": {"NextAction": "gone"}}, {**END, "Type": "Odd"})

    called = call("lint", "--publish", "flow.json")

    assert called.code == 1
    assert called.out.splitlines()[:-1] == [
        "flow.json:hi: E-publish Invalid Action property value. Path: Actions[0].Transitions.NextAction",
        "flow.json:bye: E-publish Invalid Action type. Type: Odd, Path: Actions[1].Type",
    ]


def test_what_is_about_no_action_stands_by_the_file(file: Path) -> None:
    _write(file, "text", END, StartAction="gone")

    called = call("lint", "--publish", "--json", "flow.json")

    found = [(each["action"], each["message"]) for each in json.loads(called.out)["problems"]]
    assert found == [
        ("", "Invalid property value. Path: StartAction"),
        ("", "Invalid Action property value. Path: Actions[0]"),
    ]


def test_a_module_without_settings_and_an_old_export_are_no_content(file: Path) -> None:
    _write(file, {**END, "Identifier": "hi", "Type": "EndFlowModuleExecution"})
    assert (
        "E-publish JSON field is missing or null for field name: settings" in call("lint", "--publish", "flow.json").out
    )

    old = {"modules": [], "version": "1", "type": "contactFlow", "start": "a"}
    file.write_text(json.dumps(old), "utf-8")
    assert "E-publish This is the old export format" in call("lint", "--publish", "flow.json").out


def test_the_code_is_explained() -> None:
    assert "CreateContactFlow" in call("lint", "--explain", "E-publish").out
