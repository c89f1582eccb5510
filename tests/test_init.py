"""`offhook init`: the project that it writes runs, is free of problems, and looks right in the designer."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from offhook.blocks import catalogue
from offhook.cli.project import load_project
from offhook.flowjson.read import read_flow
from offhook.flowjson.write import write_flow
from tests.command_line import call

FLOWS = {
    "flows/ab-test.json",
    "flows/customer-queue-priority.json",
    "flows/disconnect.json",
    "flows/goodbye.json",
    "flows/inbound.json",
    "flows/interruptible-queue-with-callback.json",
    "flows/main.json",
    "flows/menu.json",
    "flows/queue-configurations.json",
    "flows/queue-customer.json",
    "flows/queued-callback.json",
    "flows/recording-behavior.json",
    "flows/screenpop-note.json",
    "flows/secure-input-with-agent.json",
    "flows/secure-input-without-agent.json",
}
FILES = FLOWS | {"README.md", "checks/run.sh", "functions/state_lookup.py", "offhook.toml"}


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "new/sample"
    assert call("init", str(folder)).code == 0
    monkeypatch.chdir(folder)
    return folder


def _flows(folder: Path) -> Iterator[dict[str, Any]]:
    return (json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("flows/*.json")))


def test_it_writes_the_project_and_says_what_to_do_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    called = call("init", "my sample")

    assert called.code == 0
    written = {path.relative_to("my sample").as_posix() for path in Path("my sample").rglob("*") if path.is_file()}
    assert written == FILES
    assert all(f"  {name}\n" in called.out for name in FILES - FLOWS)
    assert "  flows/ with 15 files\n" in called.out
    assert "  cd 'my sample'\n" in called.out
    assert '  offhook run "Lambda integration" --from +12065550100 --press 1 ' in called.out


def test_without_a_folder_it_writes_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    called = call("init")

    assert called.code == 0
    assert "  cd " not in called.out
    assert (tmp_path / "offhook.toml").is_file()


def test_it_overwrites_nothing_and_names_all_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "offhook.toml").write_text("mine")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/main.json").write_text("mine")

    called = call("init", str(tmp_path))

    assert called.code == 2
    assert len(called.err.splitlines()) == 2
    assert (tmp_path / "offhook.toml").read_text() == "mine"
    assert not (tmp_path / "README.md").exists()


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    called = call("init", str(tmp_path / "file"))

    assert called.code == 2
    assert "cannot be written" in called.err


def test_it_has_no_problems_even_in_the_strict_profile(sample: Path) -> None:
    assert call("lint", "--strict").out == "15 flows checked: 0 errors, 0 warnings.\n"


def test_the_flows_are_written_as_offhook_writes_them(sample: Path) -> None:
    for file in sample.glob("flows/*.json"):
        text = file.read_text("utf-8")

        assert write_flow(read_flow(text, catalogue())) == text


def test_every_block_has_a_place_of_its_own_in_the_designer(sample: Path) -> None:
    for flow in _flows(sample):
        designer = flow["Metadata"]["ActionMetadata"]
        places = [(entry["position"]["x"], entry["position"]["y"]) for entry in designer.values()]

        assert list(designer) == [action["Identifier"] for action in flow["Actions"]]
        assert all(entry["isFriendlyName"] is True for entry in designer.values())
        assert not [
            (one, other)
            for index, one in enumerate(places)
            for other in places[index + 1 :]
            if abs(one[0] - other[0]) < 220 and abs(one[1] - other[1]) < 160
        ]


def test_everything_that_a_flow_names_is_found_by_its_arn(sample: Path) -> None:
    project = load_project(sample)
    arns = {resource.arn for resource in project.instance.resources}
    named = [text for flow in _flows(sample) for action in flow["Actions"] for text in _named(action["Parameters"])]

    assert {arn.rsplit(":", 1)[-1].split("/")[-2:][0] for arn in named} == {
        "contact-flow", "operating-hours", "prompt", "queue", "state-lookup",
    }  # fmt: skip
    assert set(named) <= arns


def _named(value: Any) -> Iterator[str]:
    """Every ARN in parameters."""
    if isinstance(value, str):
        yield from [value] if value.startswith("arn:") else []
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _named(part)


@pytest.mark.parametrize(
    ("arguments", "heard"),
    [
        (["--from", "+12065550100", "--press", "1"], ["You are calling from Washington.", "Did you know?"]),
        (["--from", "+18085550100", "--press", "2"], ["You are calling from Hawaii.", "Goodbye."]),
        (["--from", "+15550100", "--press", "2"], ["You are calling from a place we do not know."]),
        (["--silent"], ["We did not hear anything.", "Goodbye."]),
        (["--input", "9", "--input", "2"], ["That is not on the menu.", "Goodbye."]),
        (["--channel", "chat", "--silent"], ["Did you know?", "Goodbye."]),
        (["--channel", "task", "--silent"], ["disconnected"]),
        (["--function", "state-lookup=fail:error", "--silent"], ["Sorry, we could not look that up right now."]),
        (["--env", "outage", "--silent"], ["Sorry, we could not look that up right now."]),
    ],
)
def test_it_runs_at_once(sample: Path, arguments: list[str], heard: list[str]) -> None:
    called = call("run", "Lambda integration", *arguments)

    assert called.code == 0
    assert [text for text in heard if text not in called.out] == []


def test_a_silent_caller_hears_the_menu_three_times(sample: Path) -> None:
    called = call("run", "Menu", "--silent")

    assert called.out.count("To hear a fun fact, press 1.") == 3


def test_its_own_check_passes_and_fails_when_the_sample_is_broken(sample: Path) -> None:
    def check() -> subprocess.CompletedProcess[str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["sh", "checks/run.sh"], check=False, capture_output=True, text=True, env={**os.environ, "PATH": path}
        )

    passed = check()
    file = sample / "functions/state_lookup.py"
    file.write_text(file.read_text("utf-8").replace('"Washington": ', '"Oregon Trail": '), "utf-8")
    failed = check()

    assert (passed.returncode, passed.stdout.count("passed: ")) == (0, 3)
    assert (failed.returncode, failed.stdout.count("FAILED: ")) == (1, 1)


def test_the_readme_speaks_of_files_and_flows_that_are_there(sample: Path) -> None:
    text = (sample / "README.md").read_text("utf-8")
    flows = {flow["Metadata"]["name"] for flow in _flows(sample)}
    rows = re.findall(r"^    (flows/\S+) +([^:\n]+):", text, re.MULTILINE)

    assert {name for name in FILES if name in text} == FILES - {"README.md"}
    assert len(rows) == 12
    assert {name for _, name in rows} <= flows
