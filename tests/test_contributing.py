"""CONTRIBUTING's ten minutes, done as written, in a copy of the package; and the house rules a machine can hold."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .conftest import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
NO_COVER = re.compile(r"pragma:\s*no\s*(cover|branch)")


def fenced(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found.group(1)


def copy_of_the_package(folder: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "fixtures", "legacy_flows")
    shutil.copytree(ROOT / "src", folder / "src", ignore=ignored)
    (folder / "tests" / "blocks").mkdir(parents=True)
    for name in ("__init__.py", "conftest.py", "block_cases.py", "test_blocks.py"):
        shutil.copy(ROOT / "tests" / name, folder / "tests" / name)
    shutil.copy(ROOT / "pyproject.toml", folder / "pyproject.toml")


def run(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_block_is_added_in_the_steps_of_the_page(tmp_path: Path) -> None:
    copy_of_the_package(tmp_path)
    (tmp_path / "src/offhook/blocks/flip_coin.py").write_text(fenced("python"))
    cases = tmp_path / "tests/blocks/FlipCoin.json"
    cases.write_text(fenced("json"))

    run(tmp_path, "pytest", "tests/test_blocks.py", "-k", "FlipCoin", "-p", "no:cacheprovider", "--update")
    run(tmp_path, "pytest", "tests/test_blocks.py", "-k", "FlipCoin", "-p", "no:cacheprovider")
    run(tmp_path, "offhook.cli.docs", "docs/blocks")

    assert '"went": "Equals ' in cases.read_text()
    assert "Flip a coin" in (tmp_path / "docs/blocks/FlipCoin.md").read_text()


def test_what_is_not_covered_is_said_in_one_place() -> None:
    """pyproject.toml excludes `if TYPE_CHECKING:` and `assert_never(`; nobody excludes anything else."""
    excused = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "src").rglob("*.py"))
        if NO_COVER.search(path.read_text(encoding="utf-8"))
    ]

    assert excused == []
    assert 'exclude_also = ["if TYPE_CHECKING:", "assert_never\\\\("]' in (ROOT / "pyproject.toml").read_text()
