"""Agents, asked by unmodified boto3 and over the routes that are ours: status, offers, talks, work after contacts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.centre_samples import Centre, Person, until
from tests.connect_samples import NOBODY, code, new_name
from tests.server import REGION, Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    served = Server(tmp_path_factory.mktemp("project"))
    yield served
    assert served.stop() == 0


@pytest.fixture
def centre(server: Server) -> Centre:
    return Centre(server)


def error(response: httpx.Response) -> str:
    assert response.status_code >= 400
    return response.headers["x-amzn-errortype"]


@pytest.mark.parametrize("channel", ["TASK", "CHAT"])
def test_a_contact_is_queued_offered_accepted_talked_and_cleared(centre: Centre, channel: str) -> None:
    contact = centre.task() if channel == "TASK" else centre.chat()["ContactId"]
    queued = centre.queued(contact)
    ann = centre.agent()

    assert queued["QueueInfo"]["Id"] == centre.queue
    assert "AgentInfo" not in queued
    assert ann.offered() == contact
    accepted = ann.does("accept", contact)
    assert accepted.status_code == 200
    [found] = accepted.json()["Contacts"]
    assert (found["ContactId"], found["Channel"], found["AgentContactState"]) == (contact, channel, "CONNECTED")
    talking = centre.described(contact)
    assert talking["AgentInfo"]["Id"] == ann.id
    assert talking["AgentInfo"]["ConnectedToAgentTimestamp"] >= talking["QueueInfo"]["EnqueueTimestamp"]
    assert ann.does("hangup", contact).json()["Contacts"][0]["AgentContactState"] == "ENDED"
    assert centre.ended(contact)["DisconnectReason"] == "AGENT_DISCONNECT"
    assert ann.does("clear", contact).json() == {"Contacts": []}
    info = centre.described(contact)["AgentInfo"]
    assert info["AfterContactWorkEndTimestamp"] >= info["AfterContactWorkStartTimestamp"]


def test_an_agent_and_a_customer_write_to_each_other(centre: Centre) -> None:
    participant = centre.server.client("connectparticipant")
    started = centre.chat()
    ann = centre.agent()
    ann.does("accept", ann.offered())
    made = centre(
        "create_participant", ContactId=started["ContactId"],
        ParticipantDetails={"ParticipantRole": "AGENT", "DisplayName": "Ann"},
    )  # fmt: skip

    def connection(token: str) -> str:
        asked = {"ParticipantToken": token, "Type": ["CONNECTION_CREDENTIALS"]}
        answer = participant.create_participant_connection(**asked)
        return str(answer["ConnectionCredentials"]["ConnectionToken"])

    hers, his = (
        connection(token) for token in (made["ParticipantCredentials"]["ParticipantToken"], started["ParticipantToken"])
    )
    participant.send_message(ConnectionToken=hers, ContentType="text/plain", Content="How may I help?")
    participant.send_message(ConnectionToken=his, ContentType="text/plain", Content="My bill")
    items = participant.get_transcript(ConnectionToken=his, SortOrder="ASCENDING")["Transcript"]

    said = [(each["ParticipantRole"], each["Content"]) for each in items if each["Type"] == "MESSAGE"]
    assert said == [("AGENT", "How may I help?"), ("CUSTOMER", "My bill")]


def test_a_rejected_contact_goes_to_the_next_agent_and_the_first_is_asked_no_more(centre: Centre) -> None:
    ann, bob = centre.agent(), centre.agent(status="Offline")
    contact = centre.task()
    ann.offered()

    assert ann.does("reject", contact).json()["Contacts"][0]["AgentContactState"] == "REJECTED"
    assert ann.current()["Status"]["StatusName"] == "Rejected"
    bob.put("Available")
    assert bob.offered() == contact
    assert ann.states() == {contact: "REJECTED"}
    centre("dismiss_user_contact", UserId=ann.id, ContactId=contact)
    assert ann.states() == {}
    assert ann.current()["Status"]["StatusName"] == "Available"


def test_work_after_a_contact_is_dismissed_and_what_goes_on_is_not(centre: Centre) -> None:
    ann = centre.agent()
    contact = centre.task()
    ann.does("accept", ann.offered())

    call = {"UserId": ann.id, "ContactId": contact}
    assert code(centre.connect.dismiss_user_contact, InstanceId=centre.instance, **call) == "InvalidRequestException"
    ann.does("hangup", contact)
    centre("dismiss_user_contact", **call)
    assert ann.states() == {}
    assert "AfterContactWorkEndTimestamp" in centre.described(contact)["AgentInfo"]
    assert code(centre.connect.dismiss_user_contact, InstanceId=centre.instance, **call) == "ResourceNotFoundException"


def test_who_accepts_by_themselves_has_the_contact_at_once(centre: Centre) -> None:
    ann = centre.agent(AutoAccept=True, AfterContactWorkTimeLimit=1)
    contact = centre.task()

    assert until(ann.states, lambda states: "CONNECTED" in states.values()) == {contact: "CONNECTED"}
    ann.does("hangup", contact)
    until(ann.states, lambda states: not states)


def test_a_customer_who_is_on_hold_comes_back(centre: Centre) -> None:
    ann = centre.agent()
    contact = centre.task()
    ann.does("accept", ann.offered())

    assert ann.does("hold", contact).json()["Contacts"][0]["AgentContactState"] == "CONNECTED_ONHOLD"
    assert error(ann.does("hold", contact)) == "InvalidRequestException"
    assert ann.does("resume", contact).json()["Contacts"][0]["AgentContactState"] == "CONNECTED"
    assert "AgentInitiatedHoldDuration" in centre.described(contact)["AgentInfo"]


def quick_connect(centre: Centre, agent: Person) -> str:
    flow = centre.flow(*centre.queueing(), kind="AGENT_TRANSFER")
    config = {"QuickConnectType": "USER", "UserConfig": {"UserId": agent.id, "ContactFlowId": flow}}
    name = new_name("to")
    centre("create_quick_connect", Name=name, QuickConnectConfig=config)
    return name


def test_an_agent_transfers_a_chat_and_is_done_with_it(centre: Centre) -> None:
    ann, bob = centre.agent(), centre.agent(status="Offline")
    name = quick_connect(centre, bob)
    contact = centre.chat()["ContactId"]
    ann.does("accept", ann.offered())
    ann.put("Offline")

    assert error(ann.does("transfer", contact)) == "InvalidRequestException"
    assert error(ann.does("transfer", contact, QuickConnect="nowhere")) == "ResourceNotFoundException"
    assert ann.does("transfer", contact, QuickConnect=name).status_code == 200
    bob.put("Available")
    moved = bob.offered()

    assert "DisconnectTimestamp" in centre.described(contact)
    found = centre.described(moved)
    assert (found["PreviousContactId"], found["InitialContactId"]) == (contact, contact)
    assert found["InitiationMethod"] == "TRANSFER"


def test_a_contact_is_offered_to_the_agent_who_is_named_whatever_they_do(centre: Centre) -> None:
    lunch = centre("create_agent_status", Name=new_name("Lunch"), State="ENABLED")["AgentStatusId"]
    ann, bob = centre.agent(status=""), centre.agent(status="")
    centre("put_user_status", UserId=bob.id, AgentStatusId=lunch)
    contact = centre.task()
    centre.queued(contact)
    call = {"InstanceId": centre.instance, "ContactId": contact}

    assert code(centre.connect.associate_contact_with_user, **call, UserId=ann.id) == "InvalidRequestException"
    centre.connect.associate_contact_with_user(**call, UserId=bob.id)
    assert bob.states() == {contact: "INCOMING"}
    assert code(centre.connect.associate_contact_with_user, **call, UserId=bob.id) == "InvalidRequestException"
    assert bob.does("accept", contact).status_code == 200


def test_the_status_of_an_agent_is_told_with_slots_and_since_when(centre: Centre) -> None:
    ann = centre.agent(status="")
    assert ann.current() is None

    ann.put("Available")
    found = ann.current()
    assert found["User"]["Id"] == ann.id
    assert found["RoutingProfile"]["Id"] == centre.profile
    assert found["Status"]["StatusName"] == "Available"
    assert found["MaxSlotsByChannel"] == {"VOICE": 1, "CHAT": 2, "TASK": 2}
    assert found["AvailableSlotsByChannel"] == found["MaxSlotsByChannel"]
    centre.task()
    ann.offered()
    busy = ann.current()
    assert busy["ActiveSlotsByChannel"] == {"VOICE": 0, "CHAT": 0, "TASK": 1}
    assert busy["AvailableSlotsByChannel"] == {"VOICE": 0, "CHAT": 0, "TASK": 1}


def test_agents_are_found_by_what_they_are(centre: Centre) -> None:
    ann = centre.agent()
    centre.task()
    ann.offered()

    def found(**filters: Any) -> list[str]:
        answer = centre("get_current_user_data", Filters=filters)
        return [each["User"]["Id"] for each in answer["UserDataList"]]

    assert found(Queues=[centre.queue]) == found(RoutingProfiles=[centre.profile]) == found() == [ann.id]
    assert found(Queues=[centre.new_queue()]) == []
    assert found(Agents=[ann.id], ContactFilter={"ContactStates": ["INCOMING"]}) == [ann.id]
    assert found(Agents=[ann.id], ContactFilter={"ContactStates": ["ENDED"]}) == []
    both = {"Queues": [centre.queue], "Agents": [ann.id]}
    call = centre.connect.get_current_user_data
    assert code(call, InstanceId=centre.instance, Filters=both) == "InvalidParameterException"


def test_a_status_that_is_disabled_or_none_is_refused(centre: Centre) -> None:
    off = centre("create_agent_status", Name=new_name("Off"), State="DISABLED")["AgentStatusId"]
    ann = centre.agent(status="")
    call = {"InstanceId": centre.instance, "UserId": ann.id}

    assert code(centre.connect.put_user_status, **call, AgentStatusId=off) == "InvalidRequestException"
    assert code(centre.connect.put_user_status, **call, AgentStatusId=NOBODY) == "ResourceNotFoundException"


def test_who_is_deleted_is_asked_no_more(centre: Centre) -> None:
    ann, bob = centre.agent(), centre.agent(status="Offline")
    centre("delete_user", UserId=ann.id)
    contact = centre.task()
    centre.queued(contact)
    bob.put("Available")

    assert bob.offered() == contact


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "agents/nobody/contacts", "ResourceNotFoundException"),
        ("POST", "agents/{ann}/contacts", "ResourceNotFoundException"),
        ("POST", f"agents/{{ann}}/contacts/{NOBODY}/accept", "InvalidRequestException"),
        ("POST", f"agents/{{ann}}/contacts/{NOBODY}/hold", "ResourceNotFoundException"),
        ("POST", f"agents/{{ann}}/contacts/{NOBODY}/praise", "ResourceNotFoundException"),
        ("GET", f"agents/{{ann}}/contacts/{NOBODY}/hold", "ResourceNotFoundException"),
    ],
)
def test_what_the_routes_do_not_have_is_refused(centre: Centre, method: str, path: str, expected: str) -> None:
    ann = centre.agent()
    url = f"{centre.server.url}/offhook/instances/{centre.instance}/{path.format(ann=ann.id)}"

    assert error(httpx.request(method, url, trust_env=False)) == expected


def test_bodies_that_are_no_object_are_refused(centre: Centre) -> None:
    ann = centre.agent()
    for body in (b"[]", b"{", b" " * 20_000, b'{"a":' + b"[" * 5_000):
        response = httpx.post(f"{ann.url}/{NOBODY}/hold", content=body, trust_env=False)
        assert error(response) == "SerializationException"


def test_another_instance_sees_neither_agents_nor_contacts(centre: Centre) -> None:
    ann, other = centre.agent(), Centre(centre.server)
    contact = centre.task()
    ann.offered()
    stranger = Person(other, ann.id, ann.name)

    assert error(stranger.does("accept", contact)) == "ResourceNotFoundException"
    assert error(other.agent().does("hold", contact)) == "ResourceNotFoundException"
    assert stranger.current() is None


# --- another process, another door ---

SECRET = "0123456789abcdef0123"


def test_the_next_process_knows_who_is_there_and_who_waits(tmp_path: Path) -> None:
    served = Server(tmp_path)
    centre = Centre(served)
    ann = centre.agent(status="Offline")
    gone = centre.agent()
    centre("delete_user", UserId=gone.id)
    contact = centre.task()
    centre.queued(contact)
    ann.put("Available")
    ann.offered()
    assert served.stop() == 0

    served = Server(tmp_path)
    centre.server, centre.connect = served, served.client("connect")
    assert ann.current()["Status"]["StatusName"] == "Available"
    assert ann.offered() == contact
    assert ann.does("accept", contact).status_code == 200
    assert served.stop() == 0


def test_where_calls_are_signed_so_are_those_of_agents(tmp_path: Path) -> None:
    (tmp_path / "offhook.toml").write_text(f'[server]\naccess_keys = {{ AKIDEXAMPLE = "{SECRET}" }}\n')
    served = Server(tmp_path)
    url = f"{served.url}/offhook/instances/{NOBODY}/agents/ann/contacts"
    request = AWSRequest("GET", url, headers={"Host": urlsplit(url).netloc})
    SigV4Auth(Credentials("AKIDEXAMPLE", SECRET), "connect", REGION).add_auth(request)
    unsigned = httpx.get(url, trust_env=False)
    signed = httpx.get(url, headers=dict(request.headers.items()), trust_env=False)
    elsewhere = httpx.get(url, headers={"Origin": "https://example.com"}, trust_env=False)
    served.stop()

    assert (unsigned.status_code, error(unsigned)) == (403, "MissingAuthenticationTokenException")
    assert error(signed) == "ResourceNotFoundException", "the signature is right, the instance is not"
    assert elsewhere.status_code == 403
