"""docs/server.md: its commands and its Python work against a server."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import call
from tests.conftest import ROOT
from tests.server import PATIENCE_SECONDS, REGION, Server, environment

PAGE = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)[0].splitlines()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("page") / "demo"
    assert call("init", str(folder)).code == 0
    server = Server(folder)
    yield server
    assert server.stop() == 0


def client(server: Server, *command: str) -> subprocess.CompletedProcess[str]:
    given = environment(
        AWS_ENDPOINT_URL=server.url, AWS_DEFAULT_REGION=REGION, AWS_ACCESS_KEY_ID="any", AWS_SECRET_ACCESS_KEY="any"
    )
    return subprocess.run(command, env=given, capture_output=True, text=True, timeout=PATIENCE_SECONDS)


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_of_the_page_work(server: Server, line: str) -> None:
    program, *words = shlex.split(line)

    done = client(server, str(Path(sys.executable).with_name(program)), *words)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()


def test_the_python_of_the_page_has_a_chat(server: Server) -> None:
    done = client(server, sys.executable, "-c", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0])

    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "SYSTEM_MESSAGE Hello Ann, one moment.",
        "Ann application/vnd.amazonaws.connect.event.participant.joined",
        "Ann Is somebody there?",
        "CUSTOMER_DISCONNECT",
    ]


def test_the_ready_line_of_the_page_is_the_server_s(server: Server) -> None:
    said = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)[0]

    assert f"instance {server.ready['instance']['alias']} ({server.ready['instance']['id']})" in said
