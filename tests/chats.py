"""Chats for tests: an instance with flows, people by boto3, and their websockets. Deadlines only end a hang."""

import json
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.server import PATIENCE_SECONDS, Server

EVENT = "application/vnd.amazonaws.connect.event."
INTERACTIVE = "application/vnd.amazonaws.connect.message.interactive"
RESPONSE = INTERACTIVE + ".response"
ALL_TYPES = ["text/plain", "text/markdown", "application/json", INTERACTIVE, RESPONSE]
OPEN = ExitStack()  # sockets; close it when the server stops
SUBSCRIBE = {"topic": "aws/subscribe", "content": {"topics": ["aws/chat"]}}


def act(
    identifier: str, kind: str, parameters: dict[str, Any] | None = None, then: str = "",
    when: dict[str, str] | None = None, errors: dict[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """An action. `when`: operand to target."""
    arrows = [
        {"NextAction": target, "Condition": {"Operator": "Equals", "Operands": [operand]}}
        for operand, target in (when or {}).items()
    ]
    failures = [{"NextAction": target, "ErrorType": error} for error, target in (errors or {}).items()]
    transitions: dict[str, Any] = {"Conditions": arrows, "Errors": failures}
    if then:
        transitions["NextAction"] = then
    return {"Identifier": identifier, "Type": kind, "Parameters": parameters or {}, "Transitions": transitions}


def say(identifier: str, text: str, then: str) -> dict[str, Any]:
    return act(identifier, "MessageParticipant", {"Text": text}, then, errors={"NoMatchingError": then})


def wait(identifier: str, then: str, **events: str) -> dict[str, Any]:
    parameters = {"TimeLimitSeconds": "3600", "Events": list(events)}
    errors = {"NoMatchingError": then}
    if "BotParticipantDisconnected" in events:
        errors["ParticipantNotFound"] = then
    return act(identifier, "Wait", parameters, then, {"WaitCompleted": then, **events}, errors)


BYE = act("bye", "DisconnectParticipant")
# greets by an attribute, then answers whatever is written
ECHO = (
    say("hello", "Hello $.Attributes.name", "wait"),
    wait("wait", "bye", CustomerReturned="back"),
    say("back", "I hear you", "wait"),
    BYE,
)


class Centre:
    """A server with an instance of its own for these tests."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.connect = server.client("connect")
        self.participant = server.client("connectparticipant")
        self.unchecked = server.client("connect", parameter_validation=False)
        alias = f"chat-{uuid.uuid4().hex[:8]}"
        made = self.connect.create_instance(
            IdentityManagementType="CONNECT_MANAGED", InstanceAlias=alias, InboundCallsEnabled=True,
            OutboundCallsEnabled=True,
        )  # fmt: skip
        self.id = made["Id"]

    def flow(self, *actions: dict[str, Any], kind: str = "CONTACT_FLOW") -> str:
        """The id of a flow that begins at its first action."""
        content = {
            "Version": "2019-10-30", "StartAction": actions[0]["Identifier"], "Metadata": {}, "Actions": list(actions),
        }  # fmt: skip
        made = self.connect.create_contact_flow(
            InstanceId=self.id, Name=f"flow {uuid.uuid4().hex[:8]}", Type=kind, Content=json.dumps(content)
        )
        return str(made["ContactFlowId"])

    def begin(self, flow: str, name: str = "Ann", **more: Any) -> "Person":
        """A customer in a new chat, connected."""
        person = self.call(flow, name, **more)
        person.connect()
        return person

    def call(self, flow: str, name: str = "Ann", **more: Any) -> "Person":
        """The same, not connected yet."""
        asked = {"Attributes": {"name": name}, "SupportedMessagingContentTypes": ALL_TYPES, **more}
        made = self.connect.start_chat_contact(
            InstanceId=self.id, ContactFlowId=flow, ParticipantDetails={"DisplayName": name}, **asked
        )
        return Person(self, made["ContactId"], made["ParticipantId"], made["ParticipantToken"], made)

    def join(self, contact: str, role: str, name: str) -> "Person":
        """Somebody else in a chat, not connected yet."""
        made = self.connect.create_participant(
            InstanceId=self.id, ContactId=contact,
            ParticipantDetails={"ParticipantRole": role, "DisplayName": name},
        )  # fmt: skip
        return Person(self, contact, made["ParticipantId"], made["ParticipantCredentials"]["ParticipantToken"], made)

    def agent(self, *queues: str) -> str:
        """The id of an agent who is there, for these queues."""
        name = f"agent-{uuid.uuid4().hex[:8]}"
        profile = self.connect.create_routing_profile(
            InstanceId=self.id, Name=name, Description="d", DefaultOutboundQueueId=queues[0],
            MediaConcurrencies=[{"Channel": "CHAT", "Concurrency": 5}],
            QueueConfigs=[
                {"QueueReference": {"QueueId": queue, "Channel": "CHAT"}, "Priority": 1, "Delay": 0} for queue in queues
            ],
        )  # fmt: skip
        profiles = self.connect.list_security_profiles(InstanceId=self.id)["SecurityProfileSummaryList"]
        user = self.connect.create_user(
            InstanceId=self.id, Username=name, Password="Passw0rd!", PhoneConfig={"PhoneType": "SOFT_PHONE"},
            IdentityInfo={"FirstName": "Jane", "LastName": "Doe"},
            SecurityProfileIds=[profiles[0]["Id"]], RoutingProfileId=profile["RoutingProfileId"],
        )  # fmt: skip
        statuses = self.connect.list_agent_statuses(InstanceId=self.id)["AgentStatusSummaryList"]
        available = next(each["Id"] for each in statuses if each["Name"] == "Available")
        self.connect.put_user_status(InstanceId=self.id, UserId=user["UserId"], AgentStatusId=available)
        return str(user["UserId"])

    def queue(self) -> tuple[str, str]:
        """A new queue: its id and ARN."""
        hours = self.connect.list_hours_of_operations(InstanceId=self.id)["HoursOfOperationSummaryList"][0]["Id"]
        made = self.connect.create_queue(
            InstanceId=self.id, Name=f"queue {uuid.uuid4().hex[:8]}", HoursOfOperationId=hours
        )
        return made["QueueId"], made["QueueArn"]

    def to_queue(self, arn: str) -> str:
        """The id of a flow that leads into the queue."""
        return self.flow(
            act("set", "UpdateContactTargetQueue", {"QueueId": arn}, "go", errors={"NoMatchingError": "bye"}),
            act("go", "TransferContactToQueue", {}, "bye", errors={"NoMatchingError": "bye", "QueueAtCapacity": "bye"}),
            BYE,
        )


class Person:
    """Somebody in a chat, by the participant service."""

    def __init__(self, centre: Centre, contact: str, id: str, participant_token: str, made: Any) -> None:
        self.centre = centre
        self.contact = contact
        self.id = id
        self.participant_token = participant_token
        self.made = made
        self.token = ""
        self._client = centre.participant

    def connect(self, **more: Any) -> Any:
        asked = {"Type": ["WEBSOCKET", "CONNECTION_CREDENTIALS"], **more}
        made = self._client.create_participant_connection(ParticipantToken=self.participant_token, **asked)
        self.token = made["ConnectionCredentials"]["ConnectionToken"]
        return made

    def send(self, text: str, kind: str = "text/plain", **more: Any) -> Any:
        return self._client.send_message(ContentType=kind, Content=text, ConnectionToken=self.token, **more)

    def tell(self, kind: str, content: str = "", **more: Any) -> Any:
        asked = {"Content": content, **more} if content else more
        return self._client.send_event(ContentType=EVENT + kind, ConnectionToken=self.token, **asked)

    def leave(self) -> None:
        self._client.disconnect_participant(ConnectionToken=self.token)

    def page(self, **asked: Any) -> Any:
        return self._client.get_transcript(ConnectionToken=self.token, **asked)

    def transcript(self, **asked: Any) -> list[dict[str, Any]]:
        """All of it, in order."""
        items: list[dict[str, Any]] = []
        token: dict[str, str] = {}
        while True:
            page = self.page(
                SortOrder="ASCENDING", ScanDirection="FORWARD", MaxResults=100, StartPosition={"MostRecent": 100},
                **{**asked, **token},
            )  # fmt: skip
            items += page["Transcript"]
            if "NextToken" not in page:
                return items
            token = {"NextToken": page["NextToken"]}

    def read(self) -> list[str]:
        """The transcript, as words: what was said, and the names of events."""
        return [words(item) for item in self.transcript()]

    def socket(self) -> "Socket":
        """A new socket that has subscribed."""
        return Socket(self.connect()["Websocket"]["Url"])


def words(item: dict[str, Any]) -> str:
    return str(item.get("Content") or item["ContentType"].removeprefix(EVENT))


class Socket:
    """A websocket of the chat. `frames` are all that came."""

    def __init__(self, url: str, *, subscribes: bool = True) -> None:
        self.wire: ClientConnection = OPEN.enter_context(connect(url, proxy=None))
        self.frames: list[dict[str, Any]] = []
        if subscribes:
            assert self.ask(SUBSCRIBE)["content"]["status"] == "success"

    def ask(self, frame: Any) -> Any:
        """What a frame is answered with."""
        self.send(frame)
        return self.next()

    def send(self, frame: Any) -> None:
        self.wire.send(frame if isinstance(frame, str) else json.dumps(frame))

    def next(self) -> Any:
        frame = json.loads(self.wire.recv(PATIENCE_SECONDS))
        self.frames.append(frame)
        return frame

    def until(self, is_it: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """The items that come, up to the one that is meant."""
        items = []
        while True:
            frame = self.next()
            if frame["topic"] == "aws/chat":
                items.append(json.loads(frame["content"]))
                if is_it(items[-1]):
                    return items

    def until_said(self, text: str) -> list[dict[str, Any]]:
        return self.until(lambda item: text in (item.get("Content"), item.get("ContentType", "").removeprefix(EVENT)))

    def close(self) -> None:
        self.wire.close()
