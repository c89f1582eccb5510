"""P19: the events we send are the ones that other people's types and parsers expect (tests/golden/event-*.json).

Where a library does not know a channel or a method that Connect has by now, the case is listed as such, and fails when
the library learns it.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import ConnectContactFlowEvent

GOLDEN = Path(__file__).parent / "golden"
EVENTS = {
    path.stem.removeprefix("event-"): json.loads(path.read_text()) for path in sorted(GOLDEN.glob("event-*.json"))
}
IS_CI = os.environ.get("CI") == "true"


def data_of(name: str) -> dict[str, Any]:
    data: dict[str, Any] = EVENTS[name]["Details"]["ContactData"]
    return data


def test_there_are_events_of_every_channel() -> None:
    assert {data_of(name)["Channel"] for name in EVENTS} == {"VOICE", "CHAT", "TASK", "EMAIL"}


# --- Python: aws-lambda-powertools, utilities/data_classes/connect_contact_flow_event.py

POWERTOOLS_LACKS = {
    "channel": {"TASK", "EMAIL"},
    "initiation_method": {"WEBRTC_API", "DISCONNECT"},
    "endpoint_type": {"EMAIL_ADDRESS"},
}


@pytest.mark.parametrize("name", EVENTS)
def test_powertools_reads_it(name: str) -> None:
    event, raw = ConnectContactFlowEvent(EVENTS[name]), data_of(name)
    data = event.contact_data

    assert event.parameters == EVENTS[name]["Details"]["Parameters"]
    assert data.attributes == raw["Attributes"]
    assert data.contact_id == raw["ContactId"]
    assert data.initial_contact_id == raw["InitialContactId"]
    assert data.previous_contact_id == raw["PreviousContactId"]
    assert data.instance_arn == raw["InstanceARN"]
    for found, key in ((data.customer_endpoint, "CustomerEndpoint"), (data.system_endpoint, "SystemEndpoint")):
        assert (found.address if found is not None else None) == (raw[key] or {}).get("Address")


@pytest.mark.parametrize("name", EVENTS)
def test_powertools_knows_its_words(name: str) -> None:
    data, raw = ConnectContactFlowEvent(EVENTS[name]).contact_data, data_of(name)
    read = {
        "channel": (raw["Channel"], lambda: data.channel),
        "initiation_method": (raw["InitiationMethod"], lambda: data.initiation_method),
    }
    if data.customer_endpoint is not None:
        endpoint = data.customer_endpoint
        read["endpoint_type"] = raw["CustomerEndpoint"]["Type"], lambda: endpoint.endpoint_type

    for what, (word, parse) in read.items():
        if word in POWERTOOLS_LACKS[what]:
            with pytest.raises(KeyError):
                parse()
        else:
            assert parse().name == word


def test_powertools_reads_the_queue_and_the_stream() -> None:
    queue = ConnectContactFlowEvent(EVENTS["voice-in-queue"]).contact_data.queue
    audio = ConnectContactFlowEvent(EVENTS["voice-streaming"]).contact_data.media_streams.customer.audio
    stream = data_of("voice-streaming")["MediaStreams"]["Customer"]["Audio"]

    assert queue is not None
    assert (queue.name, queue.arn) == ("Sales", data_of("voice-in-queue")["Queue"]["ARN"])
    assert ConnectContactFlowEvent(EVENTS["voice"]).contact_data.queue is None
    assert (audio.stream_arn, audio.start_timestamp) == (stream["StreamARN"], stream["StartTimestamp"])
    assert audio.start_fragment_number == stream["StartFragmentNumber"]


# --- TypeScript: npm @types/aws-lambda, trigger/connect-contact-flow.d.ts

PACKAGES = ("@types/aws-lambda@8.10.164", "typescript@5.9.3")
FOLDER = Path(__file__).parents[1] / ".offhook" / "npm"
TYPES_LACK = {
    "task": 'Channel "TASK"; a task has no MediaStreams',
    "email": 'endpoints of Type "EMAIL_ADDRESS"',
    "webrtc": 'InitiationMethod "WEBRTC_API", for which PreviousContactId is null',
    "voice-after-disconnect": 'InitiationMethod "DISCONNECT"',
}


def test_typescript_accepts_it() -> None:
    """`as const` keeps the words of an event as types, so that a channel must be one that the types know."""
    _install()
    lines = ['import type { ConnectContactFlowEvent } from "aws-lambda";']
    for number, (name, event) in enumerate(EVENTS.items()):
        lines.append(f"const given{number} = {json.dumps(event)} as const;")
        if name in TYPES_LACK:
            lines.append(f"// @ts-expect-error {TYPES_LACK[name]}")
        lines.append(f"export const event{number}: ConnectContactFlowEvent = given{number};")
    (FOLDER / "events.ts").write_text("\n".join(lines))

    command = ["node", "node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "events.ts"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False, timeout=120)

    assert done.stdout == ""
    assert done.returncode == 0


def _install() -> None:
    wanted = FOLDER / "installed.txt"
    if wanted.is_file() and wanted.read_text() == "\n".join(PACKAGES):
        return
    if shutil.which("npm") is None:
        _leave("there is no npm")
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "package.json").write_text('{"private": true}')
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact", *PACKAGES]
    try:
        subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=True, timeout=120)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as problem:
        _leave(f"the types could not be installed: {problem.stderr}")
    wanted.write_text("\n".join(PACKAGES))


def _leave(reason: str) -> None:
    """On the way everything is there; a laptop without Node or a network may do without."""
    if IS_CI:
        pytest.fail(f"{reason}; the event's types must be checked here.")
    pytest.skip(f"{reason}; the event's types are not checked.")


# --- Java and Go: names and types of the fields of their event classes
# Java: github.com/aws/aws-lambda-java-libs, ConnectEvent.java and ConnectEventMixin.java, which
# gives the names; Queue is an object since pull request 553, as it was always sent (278).
# Go: github.com/aws/aws-lambda-go, events/connect.go. Both know no MediaStreams and ignore what they do not know.

TEXT, MAP, OBJECT = "text or null", "a map of texts", "an object or null"
COMMON = {
    "Details": OBJECT,
    "Details.ContactData": OBJECT,
    "Details.ContactData.Attributes": MAP,
    "Details.ContactData.Channel": TEXT,
    "Details.ContactData.ContactId": TEXT,
    "Details.ContactData.CustomerEndpoint": OBJECT,
    "Details.ContactData.CustomerEndpoint.Address": TEXT,
    "Details.ContactData.CustomerEndpoint.Type": TEXT,
    "Details.ContactData.InitialContactId": TEXT,
    "Details.ContactData.InitiationMethod": TEXT,
    "Details.ContactData.InstanceARN": TEXT,
    "Details.ContactData.PreviousContactId": TEXT,
    "Details.ContactData.Queue": OBJECT,
    "Details.ContactData.Queue.ARN": TEXT,
    "Details.ContactData.Queue.Name": TEXT,
    "Details.ContactData.SystemEndpoint": OBJECT,
    "Details.ContactData.SystemEndpoint.Address": TEXT,
    "Details.ContactData.SystemEndpoint.Type": TEXT,
    "Name": TEXT,
}
FIELDS = {
    "Java": {**COMMON, "Details.Parameters": OBJECT},  # Map<String, Object>
    "Go": {**COMMON, "Details.Parameters": MAP},  # map[string]string
}


@pytest.mark.parametrize("language", FIELDS)
@pytest.mark.parametrize("name", EVENTS)
def test_java_and_go_find_their_fields(name: str, language: str) -> None:
    wrong = [
        f"{path} is {value!r}, must be {kind}"
        for path, kind in FIELDS[language].items()
        for value in _at(EVENTS[name], path)
        if not _fits(kind, value)
    ]

    assert wrong == []


def test_a_field_that_is_missing_or_spelled_in_another_way_is_seen() -> None:
    """The check itself: P19 was a Queue that was text, and capitals that were not."""
    event = {"Details": {"ContactData": {"Queue": "Sales", "customerEndpoint": None}}}

    assert _at(event, "Details.ContactData.CustomerEndpoint") == ["(missing)"]
    assert not _fits(OBJECT, _at(event, "Details.ContactData.CustomerEndpoint")[0])
    assert not _fits(OBJECT, _at(event, "Details.ContactData.Queue")[0])
    assert _at({"Details": None}, "Details.ContactData.Queue") == []


def _at(event: Any, path: str) -> list[Any]:
    """The value at a path, none where an object on the way is null."""
    for step in path.split("."):
        if event is None:
            return []
        if not isinstance(event, dict) or step not in event:
            return ["(missing)"]
        event = event[step]
    return [event]


def _fits(kind: str, value: Any) -> bool:
    if value == "(missing)":
        return False
    if kind == MAP:
        return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    return value is None or isinstance(value, str if kind == TEXT else dict)
