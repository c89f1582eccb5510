"""What a server makes of its database: one that is full, that another server has, or that is none."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests import killing, postgres
from tests.server import PATIENCE_SECONDS, Server, environment

PAGE_BYTES = 4096


def refused(folder: Path, *words: str) -> list[str]:
    """What a server says that does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "offhook", "serve", "--port", "0", *words], cwd=folder, env=environment(),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr.splitlines()


# --- one process owns it ---


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "contacts.db")
        return
    with postgres.running() as server, postgres.database(server) as url:
        yield url


def test_a_second_server_hears_that_the_first_has_the_database(location: str, tmp_path: Path) -> None:
    server = Server(tmp_path, "--database", location)
    try:
        (tmp_path / "other").mkdir()
        [said] = refused(tmp_path / "other", "--database", location)
        assert server.client("connect").list_instances()["InstanceSummaryList"]
    finally:
        server.stop()

    assert said.endswith("another offhook uses this database; stop it, or give --database another.")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("/proc/nowhere/contacts.db", "/proc/nowhere/contacts.db: cannot be opened: "),
        ("postgresql://u:hidden@127.0.0.1:1/none", "postgresql://u:***@127.0.0.1:1/none: "),
        ("mysql://host/none", "mysql://host/none: must begin with sqlite:// or postgresql://."),
    ],
)
def test_a_database_that_cannot_be_had_is_one_sentence(tmp_path: Path, place: str, said: str) -> None:
    [sentence] = refused(tmp_path, "--database", place)

    assert sentence.startswith(f"offhook: {said}")
    assert "hidden" not in sentence


# --- there is no room ---


class Full:
    """A server whose file may not grow, and what takes and makes room in it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "contacts.db"
        killing.write_project(folder / "project")
        self._serve(folder).stop()
        with sqlite3.connect(self.file) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        pages = self.file.stat().st_size // PAGE_BYTES + 60
        self.server = self._serve(folder, OFFHOOK_MAX_PAGES=str(pages))
        self.instance = self.server.ready["instance"]["id"]
        self.connect = self.server.client("connect")
        self.people = self.server.client("connectparticipant")
        listed = self.connect.list_contact_flows(InstanceId=self.instance)["ContactFlowSummaryList"]
        self.flows = {each["Name"]: each["Id"] for each in listed}

    def _serve(self, folder: Path, **variables: str) -> Server:
        return Server(folder / "project", "--database", str(self.file), **variables)

    def fill(self) -> None:
        self._do("INSERT INTO attachment VALUES ('filler', '', zeroblob(400000))")

    def make_room(self) -> None:
        self._do("DELETE FROM attachment WHERE id = 'filler'")

    def _do(self, statement: str) -> None:
        connection = sqlite3.connect(self.file, timeout=PATIENCE_SECONDS)
        with connection:
            connection.execute(statement)
        connection.close()

    def start_task(self, flow: str, note: str = "") -> str:
        asked = {"InstanceId": self.instance, "ContactFlowId": self.flows[flow], "Name": flow}
        return str(
            self.connect.start_task_contact(**asked, Attributes={"do": "quick", "n": "1", "note": note})["ContactId"]
        )

    def is_over(self, contact_id: str) -> bool:
        contact = self.connect.describe_contact(InstanceId=self.instance, ContactId=contact_id)["Contact"]
        return "DisconnectTimestamp" in contact


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Full]:
    made = Full(tmp_path)
    yield made
    made.server.stop()


def until(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not check():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def code(deed: Callable[[], Any]) -> str:
    """The code of the error that it raises."""
    with pytest.raises(ClientError) as problem:
        deed()
    return str(problem.value.response["Error"]["Code"])


def create_queue(full: Full, name: str) -> None:
    hours = full.connect.list_hours_of_operations(InstanceId=full.instance)["HoursOfOperationSummaryList"][0]["Id"]
    full.connect.create_queue(InstanceId=full.instance, Name=name, Description="x" * 250, HoursOfOperationId=hours)


def test_contacts_outlive_a_full_database(full: Full) -> None:
    begun = full.connect.start_chat_contact(
        InstanceId=full.instance, ContactFlowId=full.flows["Talk"], ParticipantDetails={"DisplayName": "Ann"},
        Attributes={"do": "quick", "n": "0"},
    )  # fmt: skip
    made = full.people.create_participant_connection(
        Type=["CONNECTION_CREDENTIALS"], ParticipantToken=begun["ParticipantToken"]
    )
    token = made["ConnectionCredentials"]["ConnectionToken"]
    waits = full.start_task("Pause", "x" * 20_000)  # what it orders will not fit anywhere

    def write(text: str) -> Any:
        return full.people.send_message(ContentType="text/plain", Content=text, ConnectionToken=token)

    def said() -> list[str]:
        items = full.people.get_transcript(ConnectionToken=token, SortOrder="ASCENDING")["Transcript"]
        return [item["Content"] for item in items if item["Type"] == "MESSAGE"]

    full.fill()
    assert code(lambda: write("lost" * 2000)) == "InternalServerException"
    assert code(lambda: full.start_task("Work")) == "ServiceQuotaExceededException"
    assert code(lambda: [create_queue(full, f"Queue {n}") for n in range(100)]) == "ServiceQuotaExceededException"
    assert said() == ["Hello"]  # what was refused is nowhere
    until(lambda: f"contact {waits}: a turn was not committed" in full.server.log)  # when the pause was over
    assert not full.is_over(waits)

    full.make_room()
    write("first")
    until(lambda: full.is_over(waits))
    until(lambda: "Answer quick" in said())
    write("second")

    kept = full.connect.get_contact_attributes(InstanceId=full.instance, InitialContactId=waits)["Attributes"]
    assert (kept["waited"], kept["last"]) == ("yes", "yes")
    until(lambda: full.is_over(begun["ContactId"]))
    assert full.server.stop() == 0
