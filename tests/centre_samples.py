"""A small contact centre for tests of contacts: an instance with a queue, agents, and flows that lead to it."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

from tests.connect_samples import new_instance, new_name
from tests.server import PATIENCE_SECONDS, Server

T = TypeVar("T")
CHANNELS = {"VOICE": 1, "CHAT": 2, "TASK": 2}


def block(name: str, kind: str, parameters: dict[str, Any] | None = None, then: str = "") -> dict[str, Any]:
    """One that goes on to `then`, whatever happens."""
    errors = [{"NextAction": then, "ErrorType": "NoMatchingError"}] if then else []
    if kind == "TransferContactToQueue":
        errors.append({"NextAction": then, "ErrorType": "QueueAtCapacity"})
    transitions = {"NextAction": then, "Errors": errors, "Conditions": []} if then else {}
    return {"Identifier": name, "Type": kind, "Parameters": parameters or {}, "Transitions": transitions}


def content(*blocks: dict[str, Any]) -> str:
    """A flow that begins with the first block; `bye` disconnects."""
    actions = [*blocks, {"Identifier": "bye", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}]
    flow = {"Version": "2019-10-30", "StartAction": actions[0]["Identifier"], "Metadata": {}, "Actions": actions}
    return json.dumps(flow)


class Centre:
    """An instance of its own, and calls of Connect for it. `queue` is its queue, `to_queue` a flow that leads there."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.connect = server.client("connect")
        self.instance = new_instance(self.connect)
        self.queue = self.new_queue()
        self.to_queue = self.flow(*self.queueing())
        self.profile = self.new_profile(self.queue)

    def __call__(self, operation: str, **parameters: Any) -> Any:
        return getattr(self.connect, operation)(InstanceId=self.instance, **parameters)

    def new_queue(self) -> str:
        hours = self("list_hours_of_operations")["HoursOfOperationSummaryList"][0]["Id"]
        return str(self("create_queue", Name=new_name("queue"), HoursOfOperationId=hours)["QueueId"])

    def arn(self, kind: str, id: str) -> str:
        return f"arn:aws:connect:us-east-1:111122223333:instance/{self.instance}/{kind}/{id}"

    def queueing(self) -> list[dict[str, Any]]:
        queue = {"QueueId": self.arn("queue", self.queue)}
        set_queue = block("set", "UpdateContactTargetQueue", queue, "queue")
        return [set_queue, block("queue", "TransferContactToQueue", {}, "bye")]

    def flow(self, *blocks: dict[str, Any], kind: str = "CONTACT_FLOW", name: str = "") -> str:
        """The id of a published flow."""
        asked = {"Name": name or new_name("flow"), "Type": kind, "Content": content(*blocks), "Status": "PUBLISHED"}
        return str(self("create_contact_flow", **asked)["ContactFlowId"])

    def new_profile(self, queue: str) -> str:
        media = [{"Channel": channel, "Concurrency": count} for channel, count in CHANNELS.items()]
        routes = [
            {"QueueReference": {"QueueId": queue, "Channel": channel}, "Priority": 1, "Delay": 0}
            for channel in CHANNELS
        ]
        asked = {"Name": new_name("profile"), "Description": "p", "DefaultOutboundQueueId": queue}
        made = self("create_routing_profile", MediaConcurrencies=media, QueueConfigs=routes, **asked)
        return str(made["RoutingProfileId"])

    def agent(self, *, status: str = "Available", profile: str = "", **phone: Any) -> "Person":
        """A user who has this status."""
        security = self("list_security_profiles")["SecurityProfileSummaryList"][0]["Id"]
        name = f"u-{uuid.uuid4().hex[:8]}"
        made = self(
            "create_user", Username=name, Password="Passw0rd!", IdentityInfo={"FirstName": "A", "LastName": "B"},
            PhoneConfig={"PhoneType": "SOFT_PHONE", **phone}, SecurityProfileIds=[security],
            RoutingProfileId=profile or self.profile,
        )  # fmt: skip
        person = Person(self, str(made["UserId"]), name)
        if status:
            person.put(status)
        return person

    def task(self, flow: str = "", **more: Any) -> str:
        started = self("start_task_contact", **{"Name": "t", "ContactFlowId": flow or self.to_queue, **more})
        return str(started["ContactId"])

    def chat(self, flow: str = "", **more: Any) -> Any:
        details = {"DisplayName": "Zoë"}
        return self("start_chat_contact", ContactFlowId=flow or self.to_queue, ParticipantDetails=details, **more)

    def described(self, contact: str) -> Any:
        return self("describe_contact", ContactId=contact)["Contact"]

    def queued(self, contact: str) -> Any:
        """Once it waits in a queue."""
        return until(lambda: self.described(contact), lambda found: "QueueInfo" in found)

    def ended(self, contact: str) -> Any:
        return until(lambda: self.described(contact), lambda found: "DisconnectTimestamp" in found)


class Person:
    """An agent, by the API."""

    def __init__(self, centre: Centre, id: str, name: str) -> None:
        self.centre = centre
        self.id = id
        self.name = name

    def put(self, status: str) -> None:
        statuses = self.centre("list_agent_statuses")["AgentStatusSummaryList"]
        [found] = [each["Id"] for each in statuses if each["Name"] == status]
        self.centre("put_user_status", UserId=self.id, AgentStatusId=found)

    def current(self) -> Any:
        """What GetCurrentUserData says, None where the agent is not there."""
        found = self.centre("get_current_user_data", Filters={"Agents": [self.id]})["UserDataList"]
        return found[0] if found else None

    def states(self) -> dict[str, str]:
        return {each["ContactId"]: each["AgentContactState"] for each in self.current()["Contacts"]}

    def offered(self) -> str:
        """The contact that is on offer, once there is one."""
        found = until(self.states, lambda states: "INCOMING" in states.values())
        return next(contact for contact, state in found.items() if state == "INCOMING")

    def does(self, verb: str, contact: str, **body: Any) -> httpx.Response:
        return httpx.post(f"{self.url}/{contact}/{verb}", json=body, trust_env=False)

    @property
    def url(self) -> str:
        return f"{self.centre.server.url}/offhook/instances/{self.centre.instance}/agents/{self.name}/contacts"


def until(ask: Callable[[], T], holds: Callable[[T], bool]) -> T:
    """What is answered once it is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds(found := ask()):
        assert time.monotonic() < deadline, found
        time.sleep(0.005)
    return found
