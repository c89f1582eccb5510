"""`offhook run`: contact records and contact events, to a file and to stdout."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from offhook.drivers.sim.customer import Script
from offhook.model.contact import Queue

from .command_line import Called, call
from .conftest import ROOT
from .floor import SUPPORT, centre, jane
from .stage import START_MS, Stubs, contact

PAGE = (ROOT / "docs" / "records.md").read_text(encoding="utf-8")
QUEUE = "flows/queue-customer.json"
WORKS = '[agents.ann]\naccept_after = "1s"\nhandle_time = "20s"\nafter_contact = "30s"\n'


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fresh project, and an agent in a file beside it."""
    assert call("init", str(tmp_path / "p")).code == 0
    monkeypatch.chdir(tmp_path / "p")
    Path("agents.toml").write_text(WORKS)


def run(*words: str) -> Called:
    called = call("run", *words)
    assert called.code == 0, called
    return called


def read(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def test_records_and_events_go_to_files_of_their_own() -> None:
    run(QUEUE, "--agents", "agents.toml", "--records", "records.jsonl", "--events", "events.jsonl")

    after, first = read("records.jsonl")
    assert first["Agent"]["AfterContactWorkDuration"] == 30
    assert (first["NextContactId"], after["PreviousContactId"]) == (after["ContactId"], first["ContactId"])
    kinds = [event["detail"]["eventType"] for event in read("events.jsonl")]
    assert kinds[:1] + kinds[-1:] == ["INITIATED", "COMPLETED"]
    assert {event["detail-type"] for event in read("events.jsonl")} == {"Amazon Connect Contact Event"}


def test_records_come_in_the_transcript_where_stdout_is_asked_for() -> None:
    lines = run(QUEUE, "--patience", "50s", "--records", "-", "--events", "-").out.splitlines()

    found = [json.loads(line) for line in lines if line.startswith("{")]
    assert [line.get("DisconnectReason") or line["detail"]["eventType"] for line in found][-3:] == [
        "DISCONNECTED",
        "COMPLETED",
        "CUSTOMER_DISCONNECT",
    ]
    assert "outcome    hung up: customer hung up" in lines


def test_a_contact_that_is_left_in_its_queue_has_no_record() -> None:
    run(QUEUE, "--records", "records.jsonl")

    assert read("records.jsonl") == []


def test_a_phone_does_not_wait_for_the_agents_work() -> None:
    Path("agents.toml").write_text('[agents.ann]\naccept_after = "1ms"\nhandle_time = "1ms"\nafter_contact = "1h"\n')
    flow = {
        "Version": "2019-10-30",
        "StartAction": "set",
        "Metadata": {},
        "Actions": [
            {
                "Identifier": "set",
                "Type": "UpdateContactTargetQueue",
                "Parameters": {"QueueId": "BasicQueue"},
                "Transitions": {"NextAction": "go", "Errors": [], "Conditions": []},
            },
            {
                "Identifier": "go",
                "Type": "TransferContactToQueue",
                "Parameters": {},
                "Transitions": {"NextAction": "go", "Errors": [], "Conditions": []},
            },
        ],
    }
    Path("go.json").write_text(json.dumps(flow))

    run("go.json", "--agents", "agents.toml", "--silent", "--real-time", "--channel", "chat", "--records", "r.jsonl")

    (record,) = read("r.jsonl")
    assert (record["Agent"]["Username"], record["Agent"]["AfterContactWorkEndTimestamp"]) == ("ann", None)


@pytest.mark.parametrize("line", [line for line in PAGE.splitlines() if line.startswith("offhook ")])
def test_the_commands_of_the_page_work(line: str) -> None:
    run(*shlex.split(line)[2:])


def test_the_python_of_the_page_works() -> None:
    made: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0], made)
    written: list[dict[str, Any]] = []

    simulator = made["simulator"](centre(), Stubs(), {"jane": jane()}, written.append)
    simulator.start(contact(flow="flow:Main", queue=Queue(SUPPORT.arn, "Support")), Script(), at_ms=START_MS)
    simulator.run()

    assert written[-1]["Agent"]["Username"] == "jane"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--json", "--records", "-"], "--records - and --json both want stdout; give --records a file."),
        (["--json", "--events", "-"], "--events - and --json both want stdout; give --events a file."),
        (["--log", "x", "--events", "x"], "--log and --events both want 'x'; give each a file of its own."),
        (["--records", "no/such"], "--records 'no/such': cannot be written: No such file or directory."),
    ],
)
def test_outputs_that_cannot_be_are_refused(words: list[str], sentence: str) -> None:
    refused = call("run", QUEUE, "--silent", *words)

    assert (refused.code, refused.err) == (2, f"offhook: {sentence}\n")
