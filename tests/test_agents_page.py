"""docs/agents.md: its commands work, and its file is one."""

import re
import shlex
from pathlib import Path

import pytest

from .command_line import call
from .conftest import ROOT

PAGE = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
TABLES = "".join(re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))


@pytest.mark.parametrize("line", [line for line in PAGE.splitlines() if line.startswith("offhook ")])
def test_the_commands_of_the_page_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    assert call("init", str(tmp_path / "p")).code == 0
    monkeypatch.chdir(tmp_path / "p")
    Path("agents.toml").write_text(TABLES)

    done = call(*shlex.split(line)[1:])

    assert (done.code, done.err) == (0, ""), done.out


def test_the_tables_of_the_page_may_stand_in_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("init", str(tmp_path / "p")).code == 0
    monkeypatch.chdir(tmp_path / "p")
    Path("offhook.toml").write_text(Path("offhook.toml").read_text() + TABLES)

    done = call("run", "Queue a customer", "--silent")

    assert "= jane joins" in done.out
    assert "joe" in done.out, done.out
