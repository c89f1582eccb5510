"""Every block that is built has cases, and each case says what happens. See block_cases.py for their form."""

import json
from pathlib import Path
from typing import Any

import pytest

from offhook.blocks import catalogue

from .block_cases import run_case

FOLDER = Path(__file__).parent / "blocks"
BUILT = sorted(action for action, spec in catalogue().items() if spec.enter is not None)


def _cases() -> list[Any]:
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        for index, case in enumerate(json.loads(path.read_text())):
            found.append(pytest.param(path, index, id=f"{path.stem}: {case['case']}"))
    return found


@pytest.mark.parametrize("action", BUILT)
def test_every_built_block_has_cases(action: str) -> None:
    assert (FOLDER / f"{action}.json").is_file(), f"write tests/blocks/{action}.json"


@pytest.mark.parametrize(("path", "index"), _cases())
def test_a_case_happens_as_it_says(path: Path, index: int, request: pytest.FixtureRequest) -> None:
    cases = json.loads(path.read_text())
    case = cases[index]

    seen = json.loads(json.dumps(run_case(path.stem, case)))

    if request.config.getoption("--update"):
        wanted = case.get("expect")
        case["expect"] = seen if wanted is None else {key: seen.get(key) for key in wanted}
        path.write_text(json.dumps(cases, indent=1, ensure_ascii=False) + "\n")
        return
    assert "expect" in case, "no expectation yet: run with --update and read what it wrote"
    assert {key: seen.get(key) for key in case["expect"]} == case["expect"]
