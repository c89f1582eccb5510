"""What a new instance has from its beginning.

A function for each subject puts its things into the instance; `begin` calls them in the order in which they need each
other. An id is made of the instance's and of the name, so that it is the same whenever the instance is made anew.
Default flows and library prompts have the ids of drivers.defaults, the same in every instance: the flows name the
prompts by id, and whoever runs contacts looks for the flows by theirs.
Source: adminguide, set up routing (BasicQueue, Basic Hours, Basic Routing Profile); the prompts are those that
ListPrompts gives for a new instance. Ours: Basic Hours are always open, and security profiles beside Agent have no
permissions, which hold nobody back here anyway.
"""

from typing import Any

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api.connect import Connect
from offhook.drivers.defaults import LIBRARY_PROMPTS, default_flows
from offhook.flowjson.write import write_flow
from offhook.model.instance import WEEKDAYS, Instance, derived_id

_MIDNIGHT = {"Hours": 0, "Minutes": 0}
_QUEUE = "BasicQueue"
_CONCURRENCY = {"VOICE": 1, "CHAT": 2, "TASK": 1}
_STATUSES = {"Available": "ROUTABLE", "Offline": "OFFLINE"}
# Source: adminguide, default security profiles, and what is said of each
_SECURITY_PROFILES = {
    "Admin": "All there is to do in the instance",
    "Agent": "Answering contacts in the Contact Control Panel",
    "CallCenterManager": "Users, routing and metrics",
    "QualityAnalyst": "Metrics, and searching contacts",
}
_PERMISSIONS = {"Agent": ["BasicAgentAccess", "OutboundCallAccess"]}


def begin(connect: Connect, instance: str) -> None:
    """Put everything into the instance with this id."""
    _add_routing(connect, instance)
    _add_prompts(connect, instance)
    _add_flows(connect, instance)
    _add_agents(connect, instance)


def _add_routing(connect: Connect, instance: str) -> None:
    config = [{"Day": day.upper(), "StartTime": _MIDNIGHT, "EndTime": _MIDNIGHT} for day in WEEKDAYS]
    hours = {"Description": "Always open", "TimeZone": "UTC", "Config": config}
    hours_id = add(connect, instance, "operating-hours", "Basic Hours", hours).id
    queue = {"Description": "The first queue", "HoursOfOperationId": hours_id, "Status": "ENABLED"}
    queue_id = add(connect, instance, "queue", _QUEUE, queue).id
    profile = {
        "Description": "The first routing profile",
        "DefaultOutboundQueueId": queue_id,
        "MediaConcurrencies": [
            {"Channel": channel, "Concurrency": count,
             "CrossChannelBehavior": {"BehaviorType": "ROUTE_CURRENT_CHANNEL_ONLY"}}
            for channel, count in _CONCURRENCY.items()
        ],
        "AgentAvailabilityTimer": "TIME_SINCE_LAST_ACTIVITY",
        "QueueConfigs": [
            {"QueueId": queue_id, "Channel": channel, "Priority": 1, "Delay": 0} for channel in _CONCURRENCY
        ],
        "IsDefault": True,
    }  # fmt: skip
    add(connect, instance, "routing-profile", "Basic Routing Profile", profile)


def _add_prompts(connect: Connect, instance: str) -> None:
    for name in LIBRARY_PROMPTS:
        add(connect, instance, "prompt", name, {}, id=derived_id("prompt", name))


def _add_flows(connect: Connect, instance: str) -> None:
    for flow in default_flows(Instance(id=instance, account=connect.account, region=connect.region)):
        body = {
            "Type": flow.type, "State": "ACTIVE", "Description": flow.document["Metadata"].get("description", ""),
            "Published": write_flow(flow), "Revision": 1, "IsDefault": True,
        }  # fmt: skip
        add(connect, instance, "contact-flow", flow.name, body, id=flow.id)


def _add_agents(connect: Connect, instance: str) -> None:
    for order, (name, kind) in enumerate(_STATUSES.items(), start=1):
        status = {"Type": kind, "State": "ENABLED", "Description": "", "DisplayOrder": order}
        add(connect, instance, "agent-state", name, status)
    for name, description in _SECURITY_PROFILES.items():
        permissions = _PERMISSIONS.get(name, [])
        profile = {"Type": "CUSTOMER_MANAGED", "Description": description, "Permissions": permissions}
        add(connect, instance, "security-profile", name, profile)


def add(connect: Connect, instance: str, kind: str, name: str, body: dict[str, Any], *, id: str = "") -> Record:
    """A thing that the instance has from its beginning."""
    id = id or derived_id(instance, kind, name)
    return connect.shelf.put(Record(instance=instance, kind=kind, id=id, name=name, body=body))
