"""Health, metrics and logs of a server, and how it ends: `offhook serve` as a process, and its parts by hand."""

import asyncio
import json
import logging
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql
from botocore.exceptions import BotoCoreError, ClientError
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import ConnectionClosed

from offhook.adapters.store.database import Database
from offhook.api.browser import Pages
from offhook.api.operations.entrance import HIDDEN, Operations
from offhook.api.operations.health import Health
from offhook.api.operations.logs import JsonLines, Sparing, TextLines
from offhook.api.operations.metrics import MAX_NAMES, OTHER, Metrics, Names
from tests import postgres
from tests.chats import BYE, ECHO, OPEN, Centre, Person, act, say, wait
from tests.server import PATIENCE_SECONDS, Server

# leaves a line for every call, and answers when it may
SLOW = """
import pathlib, time
FOLDER = pathlib.Path(__file__).parent
def handler(event, context):
    name = event["Details"]["ContactData"]["ContactId"]
    with (FOLDER / "calls").open("a") as calls:
        calls.write(f"{name} {context.aws_request_id}\\n")
    deadline = time.monotonic() + 60
    while not (FOLDER / "go").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    return {"word": "thanks"}
"""
PROJECT = """
[functions.slow]
handler = "slow.handler"
timeout_seconds = 60
[functions.name]
stub = { name = "Ann" }
"""


def project(folder: Path) -> Path:
    (folder / "offhook.toml").write_text(PROJECT)
    (folder / "slow.py").write_text(SLOW)
    return folder


def invoke(identifier: str, function: str, then: str, *, sorry: str = "bye", **more: str) -> dict[str, Any]:
    asked = {"LambdaFunctionARN": function, "InvocationTimeLimitSeconds": "8", **more}
    return act(identifier, "InvokeLambdaFunction", asked, then, errors={"NoMatchingError": sorry})


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    server = Server(project(tmp_path_factory.mktemp("operations")), "--log-format", "json")
    with OPEN:
        yield Centre(server)
    assert server.stop() == 0


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Starts servers, and ends what the test has left."""
    started: list[Server] = []

    def start(folder: Path, *words: str) -> Server:
        started.append(Server(folder, *words))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.stop(signal.SIGKILL)


def get(server: Server, path: str, **headers: str) -> tuple[int, str, str]:
    """Status, content type and text."""
    try:
        answer = urllib.request.urlopen(urllib.request.Request(server.url + path, headers=headers), timeout=60)
    except urllib.error.HTTPError as refusal:
        answer = refusal
    with answer:
        return answer.status, answer.headers["content-type"], answer.read().decode()


def samples(server: Server) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """The metrics, by the name of the sample and its labels."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(get(server, "/metrics")[2]):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def lines(server: Server, logger: str) -> list[dict[str, Any]]:
    told = [json.loads(line) for line in server.log.splitlines()]
    return [line for line in told if line["logger"] == logger]


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# --- health ---


def test_a_server_says_that_it_lives_and_is_ready(centre: Centre) -> None:
    assert get(centre.server, "/healthz") == (200, "application/json", '{"status":"ok"}')
    assert get(centre.server, "/readyz") == (200, "application/json", '{"status":"ok"}')


def with_health(tmp_path: Path, ask: Callable[[Health], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        database = Database.opened(str(tmp_path / "kept.db"))
        try:
            return await ask(Health(database, has_started=True))
        finally:
            await database.close()

    return asyncio.run(main())


def test_a_server_that_is_not_ready_says_what_is_not(tmp_path: Path) -> None:
    async def ask(health: Health) -> list[dict[str, str]]:
        told = [await health.problems()]
        health.has_started, health.is_stopping, health.database.is_reachable = False, True, False
        return [*told, await health.problems()]

    assert with_health(tmp_path, ask) == [
        {},
        {"runtime": "has not started yet", "server": "is stopping", "database": "cannot be reached"},
    ]


def test_a_database_that_does_not_answer_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("offhook.api.operations.health.PATIENCE_SECONDS", 0.01)
    asked: list[int] = []

    async def ask(health: Health) -> list[dict[str, str]]:
        release = asyncio.Event()

        async def read(question: Any) -> None:
            asked.append(1)
            await release.wait()

        monkeypatch.setattr(health.database, "read", read)
        told = [await health.problems(), await health.problems()]
        release.set()
        return [*told, await health.problems()]

    assert with_health(tmp_path, ask) == [{"database": "cannot be reached"}] * 2 + [{}]
    assert len(asked) in (1, 2)  # the last question is the first one's, or the next


async def called(application: Any, path: str, host: str = "127.0.0.1") -> tuple[int, bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"host", host.encode())]}
    await application(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


@pytest.mark.parametrize(
    ("shows", "host", "status"), [(True, "127.0.0.1", 200), (False, "127.0.0.1", 403), (True, "evil.example", 403)]
)
def test_metrics_are_for_this_machine_unless_the_settings_say_otherwise(
    tmp_path: Path, shows: bool, host: str, status: int
) -> None:
    async def ask(health: Health) -> list[tuple[int, bytes]]:
        application = Operations(None, health, Metrics(lambda name: True), Pages(), shows)  # type: ignore[arg-type]
        return [await called(application, path, host) for path in ("/metrics", "/healthz", "/readyz")]

    metrics, healthy, ready = with_health(tmp_path, ask)

    assert (metrics[0], healthy[0], ready[0]) == (status, 200, 200)
    assert (metrics[1] == HIDDEN.encode()) is (not shows)


# --- metrics ---


def test_metrics_count_what_contacts_do(centre: Centre) -> None:
    flow = centre.flow(
        invoke("name", "name", "hello"), say("hello", "Hello $.External.name", "nothing"),
        invoke("nothing", "no-such-function", "bye", sorry="wait"), wait("wait", "bye", CustomerReturned="bye"), BYE,
    )  # fmt: skip
    before = samples(centre.server)
    person = centre.begin(flow)
    socket = person.socket()
    eventually(lambda: (("channel", "CHAT"), ("phase", "inbound")) in samples(centre.server)["offhook_contacts"])
    eventually(lambda: "Hello Ann" in person.read())
    during = samples(centre.server)
    person.send("bye")
    socket.until_said("chat.ended")
    after = samples(centre.server)

    def more(name: str, **labels: str) -> float:
        key = tuple(sorted(labels.items()))
        return after[name].get(key, 0) - before.get(name, {}).get(key, 0)

    assert during["offhook_contacts"][("channel", "CHAT"), ("phase", "inbound")] == 1
    assert during["offhook_sockets"][()] == 1
    assert after["offhook_contacts"][("channel", "CHAT"), ("phase", "inbound")] == 0
    assert more("offhook_contacts_started_total", channel="CHAT", method="API") == 1
    assert sum(after["offhook_contacts_ended_total"].values()) >= 1
    assert more("offhook_blocks_total", block="InvokeLambdaFunction", outcome="NextAction") == 1
    assert more("offhook_blocks_total", block="InvokeLambdaFunction", outcome="NoMatchingError") == 1
    assert more("offhook_blocks_total", block="Wait", outcome="condition") == 1
    assert more("offhook_block_seconds_count", block="Wait") == 1
    assert more("offhook_function_attempts_total", function="name") == 1
    assert more("offhook_function_seconds_count", function="name", outcome="success") == 1
    assert more("offhook_events_total") >= 4
    assert more("offhook_store_seconds_count") >= 2
    asked = {"service": "connect", "operation": "StartChatContact"}
    assert more("offhook_requests_total", **asked, status="200") == 1
    assert more("offhook_request_seconds_count", **asked) == 1


def test_a_function_that_does_not_exist_gets_no_line_of_its_own(centre: Centre) -> None:
    """What a flow asks for may come from a customer."""
    flow = centre.flow(invoke("ask", "$.Attributes.name", "bye"), BYE)
    person = centre.call(flow, "arn:aws:lambda:us-east-1:111122223333:function:zebra")
    known = {"InstanceId": centre.id, "ContactId": person.contact}
    eventually(lambda: "DisconnectTimestamp" in centre.connect.describe_contact(**known)["Contact"])

    assert "zebra" not in get(centre.server, "/metrics")[2]
    assert Names(lambda name: name == "known")("zebra") == OTHER


def test_names_are_bounded() -> None:
    names = Names()

    told = [names(f"f{n}") for n in range(MAX_NAMES + 1)]

    assert told[:MAX_NAMES] == [f"f{n}" for n in range(MAX_NAMES)]
    assert told[MAX_NAMES] == OTHER
    assert names("f0") == "f0"


def test_queues_and_agents_are_counted(centre: Centre) -> None:
    queue, arn = centre.queue()
    name = centre.connect.describe_queue(InstanceId=centre.id, QueueId=queue)["Queue"]["Name"]
    person = centre.begin(centre.to_queue(arn))
    label = (("instance", centre.id), ("queue", name))
    eventually(lambda: samples(centre.server)["offhook_queue_contacts"].get(label) == 1)
    centre.agent(centre.queue()[0])
    told = samples(centre.server)
    person.leave()

    assert told["offhook_queue_oldest_seconds"][label] >= 0
    assert told["offhook_agents"][("instance", centre.id), ("status", "Available")] == 1
    eventually(lambda: samples(centre.server)["offhook_queue_contacts"].get(label) == 0)


def test_metrics_come_in_open_metrics_too(centre: Centre) -> None:
    status, content_type, text = get(centre.server, "/metrics", accept="application/openmetrics-text; version=1.0.0")

    assert (status, content_type.partition(";")[0]) == (200, "application/openmetrics-text")
    assert "offhook_requests" in {family.name for family in open_metrics(text)}


def test_no_contact_and_no_customer_is_in_the_metrics(centre: Centre) -> None:
    person = centre.begin(centre.flow(*ECHO), "Xanthippe")
    person.send("Methuselah")
    person.leave()

    told = get(centre.server, "/metrics")[2]
    assert not [word for word in (person.contact, person.id, "Xanthippe", "Methuselah") if word in told]


# --- logs ---


def test_flow_logs_are_lines_of_json_with_ids(centre: Centre) -> None:
    flow = centre.flow(
        act("on", "UpdateFlowLoggingBehavior", {"FlowLoggingBehavior": "Enabled"}, "set"),
        act("set", "UpdateContactAttributes", {"Attributes": {"a": "b"}}, "wait", errors={"NoMatchingError": "wait"}),
        wait("wait", "bye", CustomerReturned="bye"), BYE,
    )  # fmt: skip
    person = centre.begin(flow)
    person.send("go on")
    eventually(lambda: any(line["contact_id"] == person.contact for line in lines(centre.server, "offhook.flow")[-1:]))
    eventually(lambda: lines(centre.server, "offhook.flow")[-1]["entry"]["ContactFlowModuleType"] == "Disconnect")

    told = [line for line in lines(centre.server, "offhook.flow") if line["contact_id"] == person.contact]
    assert [line["entry"]["ContactFlowModuleType"] for line in told] == [
        "SetLoggingBehavior", "SetAttributes", "Wait", "Disconnect",
    ]  # fmt: skip
    names = {line["flow"] for line in told}
    assert len(names) == 1
    assert next(iter(names)).startswith("flow ")
    assert {line["instance_id"] for line in told} == {centre.id}
    assert set(told[0]) == {"time", "level", "logger", "message", "contact_id", "instance_id", "flow", "entry"}
    assert told[1]["entry"]["Parameters"] == {"Key": "a", "Value": "b"}


def test_a_flow_without_logging_writes_no_line(centre: Centre) -> None:
    person = centre.begin(centre.flow(*ECHO))
    person.leave()

    assert person.contact not in centre.server.log


def record(message: str, level: int = logging.WARNING, **extra: Any) -> logging.LogRecord:
    return logging.getLogger("offhook.test").makeRecord("offhook.test", level, "f", 1, message, (), None, extra=extra)


def test_text_is_a_line_for_people() -> None:
    assert TextLines().format(record("It is late.")) == "offhook: It is late."
    assert TextLines().format(record("flow It", entry={"a": 1})) == 'offhook: flow It {"a":1}'


def test_json_of_a_mistake_is_one_line() -> None:
    try:
        raise ValueError("no\nno")
    except ValueError as mistake:
        made = record("It broke.", contact_id="c1")
        made.exc_info = type(mistake), mistake, mistake.__traceback__

    line = JsonLines().format(made)
    told = json.loads(line)
    assert "\n" not in line
    assert (told["level"], told["logger"], told["message"], told["contact_id"]) == (
        "WARNING", "offhook.test", "It broke.", "c1",
    )  # fmt: skip
    assert told["exception"].endswith("ValueError: no\nno")


def test_a_warning_is_said_once_a_minute_and_counted() -> None:
    now = [0.0]
    sparing = Sparing(lambda: now[0])
    told = []
    for now[0] in (0.0, 1.0, 59.0, 60.0, 61.0):
        made = record("again")
        if sparing.filter(made):
            told.append((now[0], made.getMessage()))

    assert told == [(0.0, "again"), (60.0, "again (2 times more since then)")]
    assert all(sparing.filter(record("again", logging.INFO)) for _ in range(3))


# --- the end ---


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().split("\n")[:-1] if (folder / "calls").exists() else []


SLOWLY = (
    invoke("ask", "slow", "thank", sorry="sorry"), say("thank", "$.External.word", "wait"),
    say("sorry", "sorry", "wait"), wait("wait", "bye", CustomerReturned="bye"), BYE,
)  # fmt: skip


def go_on(server: Server, *people: Person) -> None:
    """They call the next process from now on."""
    for person in people:
        person._client = server.client("connectparticipant")


def test_what_a_function_answers_while_the_server_stops_is_kept(tmp_path: Path, serve: Callable[..., Server]) -> None:
    server = serve(project(tmp_path))
    centre = Centre(server)
    waiting, asking = centre.begin(centre.flow(*ECHO)), centre.begin(centre.flow(*SLOWLY))
    with OPEN:
        socket = waiting.socket()
        eventually(lambda: len(calls(tmp_path)) == 1)
        waiting.send("one")
        socket.until_said("I hear you")
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                socket.next()
        (tmp_path / "go").touch()
        server.process.wait(PATIENCE_SECONDS)
    assert server.stop() == 0
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code in (1001, 1012)

    go_on(serve(tmp_path), waiting, asking)
    waiting.send("two")
    eventually(lambda: waiting.read().count("I hear you") == 2)
    assert waiting.read().count("Hello Ann") == 1
    assert asking.read().count("thanks") == 1
    assert "sorry" not in asking.read()
    assert len(calls(tmp_path)) == 1


def test_a_function_that_does_not_answer_in_time_is_asked_again(tmp_path: Path, serve: Callable[..., Server]) -> None:
    server = serve(project(tmp_path))
    centre = Centre(server)
    asking = centre.begin(centre.flow(*SLOWLY))
    eventually(lambda: len(calls(tmp_path)) == 1)
    assert server.stop() == 0
    (tmp_path / "go").touch()

    go_on(serve(tmp_path), asking)
    eventually(lambda: "thanks" in asking.read())
    assert asking.read().count("thanks") == 1
    assert "sorry" not in asking.read()
    first, second = calls(tmp_path)
    assert first == second, "contact and request id are the same"


def test_a_server_without_its_database_is_not_ready_and_still_ends(
    tmp_path: Path, serve: Callable[..., Server]
) -> None:
    with postgres.running() as hosting, postgres.database(hosting) as url, postgres.admin(hosting).connect() as admin:
        name = url.rpartition("/")[2]
        server = serve(tmp_path, "--database", url)
        centre = Centre(server)
        person = centre.begin(centre.flow(*ECHO))
        allow = "ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}"
        admin.execute(sql.text(allow.format(name, "false")))
        assert cut_off(admin, name) == 1

        eventually(lambda: get(server, "/readyz")[0] == 503)
        assert json.loads(get(server, "/readyz")[2])["not_ready"] == {"database": "cannot be reached"}
        assert get(server, "/healthz")[0] == 200
        assert get(server, "/metrics")[0] == 200
        admin.execute(sql.text(allow.format(name, "true")))
        eventually(lambda: get(server, "/readyz")[0] == 200)
        admin.execute(sql.text(allow.format(name, "false")))
        cut_off(admin, name)
        with ThreadPoolExecutor() as threads:
            sending = threads.submit(person.send, "is anybody there?")
            eventually(lambda: get(server, "/readyz")[0] == 503)
            assert server.stop() == 0
            with pytest.raises((ClientError, BotoCoreError)):
                sending.result(PATIENCE_SECONDS)
    assert server.log.count("the connection was cut; trying again.") >= 2
    assert "Traceback" not in server.log


def cut_off(admin: sql.Connection, name: str) -> int:
    """End every session of a database; how many there were."""
    ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = :name"
    return int(admin.execute(sql.text(ended), {"name": name}).scalar_one())


def test_a_second_signal_ends_the_server_at_once(tmp_path: Path, serve: Callable[..., Server]) -> None:
    server = serve(project(tmp_path))
    centre = Centre(server)
    centre.begin(centre.flow(invoke("ask", "slow", "bye"), BYE))
    eventually(lambda: len(calls(tmp_path)) == 1)
    server.process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    time.sleep(0.1)  # signals of one kind that come together are one

    assert server.stop() == -signal.SIGTERM
    assert time.monotonic() - began < 2.5
