"""`offhook convert`: any flow file to the Flow language."""

import json
from pathlib import Path
from typing import Any

import pytest

from offhook.blocks import catalogue
from offhook.flowjson.read import read_flow
from tests.command_line import call

LEGACY = {
    "modules": [
        {
            "id": "hi",
            "type": "PlayPrompt",
            "branches": [{"condition": "Success", "transition": "bye"}],
            "parameters": [{"name": "Text", "value": "Hello 受付", "namespace": None}],
            "metadata": {"position": {"x": 10, "y": 20}},
        },
        {"id": "bye", "type": "Disconnect", "branches": [], "parameters": [], "metadata": {}},
    ],
    "version": "1",
    "type": "contactFlow",
    "start": "hi",
    "metadata": {"name": "Old", "entryPointPosition": {"x": 1, "y": 2}},
}


def _write(path: Path, content: Any) -> str:
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return str(path)


def test_an_old_export_becomes_the_flow_language(tmp_path: Path) -> None:
    called = call("convert", _write(tmp_path / "Old export", LEGACY))
    document = json.loads(called.out)

    assert (called.code, called.err) == (0, "")
    assert document["Version"] == "2019-10-30"
    assert document["Actions"][0]["Parameters"] == {"Text": "Hello 受付"}
    assert document["Metadata"]["ActionMetadata"]["hi"]["position"] == {"x": 10, "y": 20}
    assert read_flow(called.out, catalogue()).problems == ()


def test_the_result_can_be_converted_again_and_stays_the_same(tmp_path: Path) -> None:
    once = call("convert", _write(tmp_path / "old.json", LEGACY)).out

    assert call("convert", _write(tmp_path / "new.json", once)).out == once


def test_it_writes_to_a_file(tmp_path: Path) -> None:
    out = tmp_path / "new.json"
    called = call("convert", _write(tmp_path / "old.json", LEGACY), "-o", str(out))

    assert (called.code, called.out) == (0, "")
    assert out.read_text("utf-8") == call("convert", str(tmp_path / "old.json")).out


def test_the_api_answer_around_a_flow_is_taken_away(tmp_path: Path) -> None:
    flow = json.loads(call("convert", _write(tmp_path / "old.json", LEGACY)).out)
    answer = {"ContactFlow": {"Name": "Wrapped", "Type": "CONTACT_FLOW", "Content": json.dumps(flow)}}

    assert json.loads(call("convert", _write(tmp_path / "answer.json", answer)).out) == flow


def test_what_cannot_be_converted_is_said_and_kept(tmp_path: Path) -> None:
    legacy = json.loads(json.dumps(LEGACY))
    legacy["modules"][0] |= {"type": "TimeMachine", "parameters": [{"name": "Year", "value": "1985"}]}

    called = call("convert", _write(tmp_path / "old.json", legacy))

    assert called.code == 1
    assert called.err.endswith(
        "old.json: module 'hi': type TimeMachine has no known counterpart in the Flow language; it is kept.\n"
    )
    assert json.loads(called.out)["Actions"][0]["Type"] == "TimeMachine"


def test_warnings_alone_are_exit_code_0(tmp_path: Path) -> None:
    text = json.dumps(LEGACY).replace('"version": "1"', '"version": "1", "version": "1"')

    called = call("convert", _write(tmp_path / "old.json", text))

    assert called.code == 0
    assert "key 'version' occurs twice" in called.err


def test_what_is_no_flow_is_refused(tmp_path: Path) -> None:
    called = call("convert", _write(tmp_path / "other.json", '{"Resources": {}}'))

    assert (called.code, called.out) == (2, "")
    assert "found a CloudFormation template" in called.err


@pytest.mark.parametrize(
    ("arguments", "sentence"), [(["nothing"], "cannot be read"), (["old.json", "-o", "."], "cannot be written")]
)
def test_files_that_cannot_be_used_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    _write(tmp_path / "old.json", LEGACY)
    monkeypatch.chdir(tmp_path)

    called = call("convert", *arguments)

    assert called.code == 2
    assert sentence in called.err


def test_every_public_flow_is_converted_or_says_why_not(flows_folder: Path) -> None:
    for file in sorted(flows_folder.glob("legacy-*.json")):
        called = call("convert", str(file))
        again = read_flow(called.out, catalogue())

        assert called.code in (0, 1)
        assert (called.code == 1) == ("error" in {problem.severity for problem in _problems(file)})
        assert list(again.actions) == list(read_flow(file.read_bytes(), catalogue()).actions)


def _problems(file: Path) -> tuple[Any, ...]:
    return read_flow(file.read_bytes(), catalogue()).problems
