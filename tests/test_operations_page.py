"""docs/operations.md: its commands work, its numbers are those of the code, its metrics are all there are."""

import json
import re
import shlex
import shutil
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from offhook.adapters.store.seal import VARIABLE
from offhook.api.operations import health, logs, metrics, passage
from offhook.cli import ending
from offhook.cli.server_settings import read_server
from offhook.cli.table import Table
from tests import postgres
from tests.chats import BYE, ECHO, Centre, act
from tests.command_line import call
from tests.conftest import ROOT
from tests.server import PATIENCE_SECONDS, Server

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
ROWS = [
    tuple(cell.strip().strip("`") for cell in line.strip("|").split("|"))
    for line in PAGE.splitlines()
    if line.startswith("| `")
]


def commands(program: str) -> list[list[str]]:
    """The words of the page's commands of a program, after it."""
    found = [shlex.split(line) for line in COMMANDS]
    return [words[words.index(program) + 1 :] for words in found if program in words]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One in which a little has happened."""
    (serving, *_) = (words[1:] for words in commands("offhook") if words[0] == "serve" and "--traces" not in words)
    folder = tmp_path_factory.mktemp("page")
    (folder / "offhook.toml").write_text("[functions.name]\nstub = {}\n")
    server = Server(folder, *serving)
    centre = Centre(server)
    asked = {"LambdaFunctionARN": "name", "InvocationTimeLimitSeconds": "3"}
    flow = (
        act("on", "UpdateFlowLoggingBehavior", {"FlowLoggingBehavior": "Enabled"}, "ask"),
        act("ask", "InvokeLambdaFunction", asked, "bye", errors={"NoMatchingError": "bye"}),
        BYE,
    )
    centre.call(centre.flow(*flow))
    centre.begin(centre.flow(*ECHO))
    waiting = centre.begin(centre.to_queue(centre.queue()[1]))
    centre.agent(centre.queue()[0])
    waiting.read()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "offhook_contacts_ended_total{" not in fetched(server, "http://127.0.0.1:4510/metrics"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield server
    assert server.stop() == 0


def fetched(server: Server, url: str) -> str:
    path = url.removeprefix("http://127.0.0.1:4510")
    assert path != url
    with urllib.request.urlopen(server.url + path, timeout=60) as answer:
        return str(answer.read().decode())


def test_the_addresses_of_the_page_answer(server: Server) -> None:
    asked = [words[-1] for words in commands("curl")]

    assert [url.rpartition("/")[2] for url in asked] == ["healthz", "readyz", "metrics"]
    assert all(fetched(server, url) for url in asked)


def test_the_metrics_of_the_page_are_all_there_are(server: Server) -> None:
    found: dict[str, Any] = {}
    for family in text_string_to_metric_families(fetched(server, commands("curl")[-1][-1])):
        if family.name.startswith("offhook_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            labels = {label for sample in family.samples for label in sample.labels} - {"le"}
            found[name] = (family.type, labels, family.documentation)

    listed = {name: (kind, set(filter(None, labels.split(", "))), what) for name, kind, labels, what in ROWS}
    assert set(listed) == set(found)
    nothing_yet = {"offhook_function_retries_total"}
    for name, (kind, labels, what) in listed.items():
        assert (kind, what) == (found[name][0], found[name][2]), name
        assert labels == found[name][1] or name in nothing_yet, name


def test_the_log_of_the_page_has_the_members_of_the_log(server: Server) -> None:
    (shown,) = re.findall(r"```json\n(.*?)\n```", PAGE)
    written = [json.loads(line) for line in server.log.splitlines()]
    of_flows = [line for line in written if line["logger"] == "offhook.flow"]

    assert set(json.loads(shown)) == set(of_flows[0])
    assert of_flows[0]["message"].endswith("SetLoggingBehavior on")


def test_the_settings_of_the_page_are_settings() -> None:
    for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL):
        problems: list[str] = []
        read_server(Table("page", "server", tomllib.loads(text)["server"], problems))
        assert problems == []


@pytest.mark.parametrize(
    "said",
    [
        f"The database has {health.PATIENCE_SECONDS:.0f} seconds to answer",
        f"run have {ending.GRACE_SECONDS} seconds",
        f"At most\n  {metrics.MAX_NAMES:,} blocks and functions",
        f"the last {passage.MAX_CONTACTS:,} contacts",
        f"once in {logs.PAUSE_SECONDS} seconds",
        f"`{VARIABLE}` gives the key",
        msgspec.json.encode({"status": "not ready", "not_ready": {"database": "cannot be reached"}}).decode(),
    ],
)
def test_the_numbers_of_the_page_are_those_of_the_code(said: str) -> None:
    assert said in PAGE


def test_the_backup_of_the_page_is_made_and_restored(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(server.folder)
    made = [words for words in commands("offhook") if words[0] in ("backup", "restore") and "--database" not in words]

    for words in made:
        done = call(*words)
        assert (done.code, done.err) == (0, "")
    assert (server.folder / "new" / ".offhook" / "offhook.db").is_file()
    assert len(made) == 2


def test_the_backup_of_postgresql_of_the_page_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if shutil.which("pg_dump") is None:
        postgres.absent()
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "1")
    (words,) = (words for words in commands("offhook") if "--database" in words)

    done = call(*[word.replace("db.example", "127.0.0.1:1") for word in words])
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("offhook: pg_dump has failed: ")


def test_the_traces_of_the_page_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    from offhook.cli.outlook import traces_to

    (line,) = (line for line in COMMANDS if "--traces" in line)
    name, _, url = shlex.split(line)[0].partition("=")
    monkeypatch.setenv(name, url)

    traces = traces_to("", wanted=True)
    assert traces is not None
    traces.close()
