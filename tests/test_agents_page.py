"""docs/agents.md: its commands work, and its file is one."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from offhook.core.calendar import parse_instant
from offhook.core.trace import ContactPhase, Renderer
from offhook.drivers.sim.customer import Script
from offhook.model.contact import Queue

from .command_line import call
from .conftest import ROOT
from .floor import SUPPORT, centre
from .stage import START_MS, Stubs, contact

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


def test_the_python_of_the_page_leads_an_agent_by_hand() -> None:
    made: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0], made)
    caller = contact(flow="flow:Main", queue=Queue(SUPPORT.arn, "Support"))

    life = made["call"](centre(), Stubs(), caller, Script(), START_MS)

    told = [event for event in Renderer().render(life.trace, life.contact) if isinstance(event, ContactPhase)]
    assert [(event.phase, parse_instant(event.at) - START_MS) for event in told if event.phase == "holding"] == [
        ("holding", 20_000)
    ]
    assert life.contact.end_reason == "agent hung up"
    assert life.contact.now_ms - START_MS == 40_000
