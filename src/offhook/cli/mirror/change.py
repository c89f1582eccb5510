"""Things changed at an endpoint, a function for each kind: what differs is made as it should be, by the operations that
the API has for it. Tags are changed elsewhere, alike for all.
"""

from collections.abc import Callable, Mapping
from typing import Any

from offhook.cli.mirror.endpoint import Endpoint
from offhook.cli.mirror.plan import CONTENT
from offhook.cli.mirror.read import SAVED
from offhook.cli.mirror.thing import BOT, FLOW, FUNCTION, MODULE, NUMBER, Thing

Change = Callable[[Endpoint, Thing, Thing, tuple[str, ...]], None]
_MOST_QUEUES = 10  # of one call about a routing profile's queues


def _attribute(endpoint: Endpoint, thing: Thing, have: Thing, members: tuple[str, ...]) -> None:
    endpoint.call("update_instance_attribute", AttributeType=thing.name, **thing.body)


def _nothing(endpoint: Endpoint, thing: Thing, have: Thing, members: tuple[str, ...]) -> None:
    """There is nothing to change of what is associated or not."""


def _hours(endpoint: Endpoint, thing: Thing, have: Thing, members: tuple[str, ...]) -> None:
    changed = _of(thing, members, "Description", "TimeZone", "Config")
    if changed:
        endpoint.call("update_hours_of_operation", HoursOfOperationId=thing.id, **changed)
    if "Overrides" not in members:
        return
    known = {
        each["Name"]: each["HoursOfOperationOverrideId"]
        for each in endpoint.every(
            "list_hours_of_operation_overrides", "HoursOfOperationOverrideList", HoursOfOperationId=thing.id
        )
    }
    there = {each["Name"]: each for each in have.body.get("Overrides", [])}
    for override in thing.body["Overrides"]:
        name = override["Name"]
        if name not in known:
            endpoint.call("create_hours_of_operation_override", HoursOfOperationId=thing.id, **override)
        elif override != there.get(name):
            endpoint.call(
                "update_hours_of_operation_override", HoursOfOperationId=thing.id,
                HoursOfOperationOverrideId=known[name], **override,
            )  # fmt: skip


def _by(operation: str, member: str, *members: str) -> Change:
    """By one operation that takes all of these members."""

    def change(endpoint: Endpoint, thing: Thing, have: Thing, different: tuple[str, ...]) -> None:
        changed = _of(thing, different, *members)
        if changed:
            endpoint.call(operation, **{member: thing.id}, **changed)

    return change


def _view(endpoint: Endpoint, thing: Thing, have: Thing, members: tuple[str, ...]) -> None:
    if {"Content", "Status"} & set(members):
        body = thing.body
        endpoint.call("update_view_content", ViewId=thing.id, Status=body["Status"], Content=body["Content"])
    if "Description" in members:
        endpoint.call("update_view_metadata", ViewId=thing.id, Description=thing.body["Description"])


def _queue(endpoint: Endpoint, thing: Thing, have: Thing, members: tuple[str, ...]) -> None:
    operations = {
        "Description": "update_queue_name", "HoursOfOperationId": "update_queue_hours_of_operation",
        "MaxContacts": "update_queue_max_contacts", "Status": "update_queue_status",
        "OutboundCallerConfig": "update_queue_outbound_caller_config",
    }  # fmt: skip
    _each(endpoint, "QueueId", thing, members, operations)
    new = sorted(set(thing.body.get("QuickConnectIds", [])) - set(have.body.get("QuickConnectIds", [])))
    if "QuickConnectIds" in members and new:
        endpoint.call("associate_queue_quick_connects", QueueId=thing.id, QuickConnectIds=new)


def _profile(endpoint: Endpoint, thing: Thing, have: Thing, members: tuple[str, ...]) -> None:
    operations = {
        "Description": "update_routing_profile_name", "MediaConcurrencies": "update_routing_profile_concurrency",
        "DefaultOutboundQueueId": "update_routing_profile_default_outbound_queue",
        "AgentAvailabilityTimer": "update_routing_profile_agent_availability_timer",
    }  # fmt: skip
    _each(endpoint, "RoutingProfileId", thing, members, operations)
    if "QueueConfigs" not in members:
        return
    known = {_reference(config): config for config in have.body.get("QueueConfigs", [])}
    wanted = thing.body["QueueConfigs"]
    new = [config for config in wanted if _reference(config) not in known]
    other = [config for config in wanted if known.get(_reference(config), config) != config]
    for operation, configs in (
        ("associate_routing_profile_queues", new), ("update_routing_profile_queues", other)
    ):  # fmt: skip
        for start in range(0, len(configs), _MOST_QUEUES):
            some = configs[start : start + _MOST_QUEUES]
            endpoint.call(operation, RoutingProfileId=thing.id, QueueConfigs=some)


def _reference(config: Mapping[str, Any]) -> tuple[str, str]:
    return config["QueueReference"]["QueueId"], config["QueueReference"]["Channel"]


def _user(endpoint: Endpoint, thing: Thing, have: Thing, members: tuple[str, ...]) -> None:
    operations = {
        "IdentityInfo": "update_user_identity_info", "PhoneConfig": "update_user_phone_config",
        "RoutingProfileId": "update_user_routing_profile", "SecurityProfileIds": "update_user_security_profiles",
    }  # fmt: skip
    _each(endpoint, "UserId", thing, members, operations)


def _module(endpoint: Endpoint, thing: Thing, have: Thing, members: tuple[str, ...]) -> None:
    if {CONTENT, "Settings"} & set(members):
        settings = {"Settings": thing.body["Settings"]} if "Settings" in thing.body else {}
        endpoint.call(
            "update_contact_flow_module_content", ContactFlowModuleId=thing.id, Content=thing.content, **settings
        )
    changed = _of(thing, members, "Description", "State")
    if changed:
        endpoint.call("update_contact_flow_module_metadata", ContactFlowModuleId=thing.id, **changed)


def _flow(endpoint: Endpoint, thing: Thing, have: Thing, members: tuple[str, ...]) -> None:
    """Publishes, unless the flow is a draft on both sides."""
    if {CONTENT, "Status"} & set(members):
        qualifier = f":{SAVED}" if thing.body.get("Status") == "SAVED" else ""
        endpoint.call("update_contact_flow_content", ContactFlowId=thing.id + qualifier, Content=thing.content)
    changed = _of(thing, members, "Description", "State")
    if changed.get("State") == have.body.get("State", "ACTIVE"):
        del changed["State"]
    if changed:
        state = {"ContactFlowState": changed.pop("State")} if "State" in changed else {}
        endpoint.call("update_contact_flow_metadata", ContactFlowId=thing.id, **changed, **state)


def _connect(endpoint: Endpoint, thing: Thing, have: Thing, members: tuple[str, ...]) -> None:
    operations = {"Description": "update_quick_connect_name", "QuickConnectConfig": "update_quick_connect_config"}
    _each(endpoint, "QuickConnectId", thing, members, operations)


def _number(endpoint: Endpoint, thing: Thing, have: Thing, members: tuple[str, ...]) -> None:
    if "ContactFlowId" in members:
        flow = thing.body["ContactFlowId"]
        endpoint.call("associate_phone_number_contact_flow", PhoneNumberId=thing.id, ContactFlowId=flow)


def _each(
    endpoint: Endpoint, member: str, thing: Thing, members: tuple[str, ...], operations: Mapping[str, str]
) -> None:
    """An operation for each member."""
    for name, operation in operations.items():
        if name in members:
            endpoint.call(operation, **{member: thing.id, name: thing.body[name]})


def _of(thing: Thing, different: tuple[str, ...], *members: str) -> dict[str, Any]:
    return {name: thing.body[name] for name in members if name in different and name in thing.body}


CHANGES: Mapping[str, Change] = {
    "attribute": _attribute, FUNCTION: _nothing, BOT: _nothing, "hours": _hours,
    "prompt": _by("update_prompt", "PromptId", "Description"), "view": _view,
    "agent-status": _by("update_agent_status", "AgentStatusId", "Description", "State", "DisplayOrder"),
    "queue": _queue, "routing-profile": _profile, "user": _user, MODULE: _module, FLOW: _flow,
    "quick-connect": _connect, NUMBER: _number,
}  # fmt: skip
