"""Options of the suite and where shared material lies."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOWS = Path(os.environ.get("OFFHOOK_FLOWS", ROOT / "../shared/flows")).resolve()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite tests/blocks/*.json, tests/unreached.json")


@pytest.fixture(scope="session")
def flows_folder() -> Path:
    """The public flows; skipped where they are absent, a failure with CI=true."""
    if not FLOWS.is_dir():
        message = f"no folder {FLOWS}: set OFFHOOK_FLOWS to the folder of public flows"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return FLOWS
