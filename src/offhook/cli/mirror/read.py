"""An instance out of an endpoint: a function for each kind of thing, which yields them one by one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from offhook.cli.mirror.endpoint import Endpoint, Refused
from offhook.cli.mirror.thing import BOT, FLOW, FUNCTION, KINDS, MODULE, NUMBER, Copy, Thing

SAVED = "$SAVED"
Reader = Callable[[Endpoint], Iterator[Thing]]


def read(endpoint: Endpoint, seen: Callable[[Thing], None] = lambda thing: None) -> Copy:
    """The whole instance. `seen` is told of each thing. What may not be read is a problem, and the rest goes on."""
    things: list[Thing] = []
    problems: list[str] = []
    for kind in KINDS:
        try:
            for thing in _READERS[kind](endpoint):
                seen(thing)
                things.append(thing)
        except Refused as problem:
            problems.append(f"{kind}: cannot be read: {problem}.")
    return Copy(id=endpoint.id, arn=endpoint.arn, alias=endpoint.alias, things=tuple(things), problems=tuple(problems))


def _attributes(endpoint: Endpoint) -> Iterator[Thing]:
    for each in endpoint.every("list_instance_attributes", "Attributes"):
        yield Thing(kind="attribute", name=each["AttributeType"], body={"Value": each["Value"]})


def _functions(endpoint: Endpoint) -> Iterator[Thing]:
    for arn in endpoint.every("list_lambda_functions", "LambdaFunctions"):
        yield Thing(kind=FUNCTION, name=arn.split(":function:")[-1], arn=arn)


def _bots(endpoint: Endpoint) -> Iterator[Thing]:
    for each in endpoint.every("list_bots", "LexBots", LexVersion="V2"):
        arn = each["LexV2Bot"]["AliasArn"]
        yield Thing(kind=BOT, name=arn, arn=arn)


def _hours(endpoint: Endpoint) -> Iterator[Thing]:
    for id in _ids(endpoint, "list_hours_of_operations", "HoursOfOperationSummaryList"):
        found = endpoint.call("describe_hours_of_operation", HoursOfOperationId=id)["HoursOfOperation"]
        overrides = endpoint.every(
            "list_hours_of_operation_overrides", "HoursOfOperationOverrideList", HoursOfOperationId=id
        )
        keep = ("Name", "Description", "EffectiveFrom", "EffectiveTill", "Config", "RecurrenceConfig", "OverrideType")
        body = _kept(found, "Description", "TimeZone", "Config")
        body["Overrides"] = sorted((_kept(each, *keep) for each in overrides), key=lambda each: str(each["Name"]))
        yield _thing("hours", found, "HoursOfOperation", body)


def _prompts(endpoint: Endpoint) -> Iterator[Thing]:
    for id in _ids(endpoint, "list_prompts", "PromptSummaryList"):
        found = endpoint.call("describe_prompt", PromptId=id)["Prompt"]
        yield Thing(kind="prompt", name=found["Name"], body=_kept(found, "Description"), id=id, arn=found["PromptARN"])


def _views(endpoint: Endpoint) -> Iterator[Thing]:
    for each in endpoint.every("list_views", "ViewsSummaryList", Type="CUSTOMER_MANAGED"):
        qualifier = "" if each["Status"] == "PUBLISHED" else f":{SAVED}"
        found = endpoint.call("describe_view", ViewId=each["Id"] + qualifier)["View"]
        body = {**_kept(found, "Description", "Status"), "Content": _kept(found["Content"], "Template", "Actions")}
        yield Thing(kind="view", name=found["Name"], body=body, id=each["Id"], arn=each["Arn"])


def _security_profiles(endpoint: Endpoint) -> Iterator[Thing]:
    for each in endpoint.every("list_security_profiles", "SecurityProfileSummaryList"):
        found = endpoint.call("describe_security_profile", SecurityProfileId=each["Id"])["SecurityProfile"]
        permissions = endpoint.every("list_security_profile_permissions", "Permissions", SecurityProfileId=each["Id"])
        body = {**_kept(found, "Description"), "Permissions": sorted(permissions)}
        name = found["SecurityProfileName"]
        yield Thing(kind="security-profile", name=name, body=body, id=each["Id"], arn=each["Arn"])


def _statuses(endpoint: Endpoint) -> Iterator[Thing]:
    for each in endpoint.every("list_agent_statuses", "AgentStatusSummaryList"):
        found = endpoint.call("describe_agent_status", AgentStatusId=each["Id"])["AgentStatus"]
        yield _of_list("agent-status", each, _kept(found, "Description", "State", "DisplayOrder"))


def _queues(endpoint: Endpoint) -> Iterator[Thing]:
    for id in _ids(endpoint, "list_queues", "QueueSummaryList", QueueTypes=["STANDARD"]):
        found = endpoint.call("describe_queue", QueueId=id)["Queue"]
        connects = endpoint.every("list_queue_quick_connects", "QuickConnectSummaryList", QueueId=id)
        body = _kept(found, "Description", "HoursOfOperationId", "MaxContacts", "OutboundCallerConfig", "Status")
        body["QuickConnectIds"] = sorted(each["Id"] for each in connects)
        yield _thing("queue", found, "Queue", body)


def _profiles(endpoint: Endpoint) -> Iterator[Thing]:
    for id in _ids(endpoint, "list_routing_profiles", "RoutingProfileSummaryList"):
        found = endpoint.call("describe_routing_profile", RoutingProfileId=id)["RoutingProfile"]
        keep = ("Description", "DefaultOutboundQueueId", "MediaConcurrencies", "AgentAvailabilityTimer")
        configs = endpoint.every(
            "list_routing_profile_queues", "RoutingProfileQueueConfigSummaryList", RoutingProfileId=id
        )
        body = {**_kept(found, *keep), "QueueConfigs": [_queue_config(each) for each in configs]}
        yield _thing("routing-profile", found, "RoutingProfile", body)


def _queue_config(found: Mapping[str, Any]) -> dict[str, Any]:
    reference = {"QueueId": found["QueueId"], "Channel": found["Channel"]}
    return {"QueueReference": reference, "Priority": found["Priority"], "Delay": found["Delay"]}


def _users(endpoint: Endpoint) -> Iterator[Thing]:
    for each in endpoint.every("list_users", "UserSummaryList"):
        found = endpoint.call("describe_user", UserId=each["Id"])["User"]
        body = _kept(found, "IdentityInfo", "PhoneConfig", "RoutingProfileId", "SecurityProfileIds")
        yield Thing(kind="user", name=each["Username"], body=body, id=each["Id"], arn=each["Arn"])


def _modules(endpoint: Endpoint) -> Iterator[Thing]:
    for each in endpoint.every("list_contact_flow_modules", "ContactFlowModulesSummaryList"):
        found = endpoint.call("describe_contact_flow_module", ContactFlowModuleId=each["Id"])["ContactFlowModule"]
        yield _of_list(MODULE, each, _kept(found, "Description", "State", "Settings"), found["Content"])


def _flows(endpoint: Endpoint) -> Iterator[Thing]:
    """As they are published; the draft of one that is not."""
    for each in endpoint.every("list_contact_flows", "ContactFlowSummaryList"):
        qualifier = f":{SAVED}" if each.get("ContactFlowStatus") == "SAVED" else ""
        found = endpoint.call("describe_contact_flow", ContactFlowId=each["Id"] + qualifier)["ContactFlow"]
        body = {"Status": "PUBLISHED", **_kept(found, "Type", "Description", "State", "Status")}
        yield _of_list(FLOW, each, body, found["Content"])


def _quick_connects(endpoint: Endpoint) -> Iterator[Thing]:
    for id in _ids(endpoint, "list_quick_connects", "QuickConnectSummaryList"):
        found = endpoint.call("describe_quick_connect", QuickConnectId=id)["QuickConnect"]
        body = _kept(found, "Description", "QuickConnectConfig")
        yield Thing(kind="quick-connect", name=found["Name"], body=body, id=id, arn=found["QuickConnectARN"])


def _numbers(endpoint: Endpoint) -> Iterator[Thing]:
    """With the flow that a call reaches."""
    led = endpoint.every("list_flow_associations", "FlowAssociationSummaryList", ResourceType="VOICE_PHONE_NUMBER")
    flows = {each["ResourceId"].rsplit("/", 1)[-1]: each["FlowId"].rsplit("/", 1)[-1] for each in led}
    for each in endpoint.every("list_phone_numbers_v2", "ListPhoneNumbersSummaryList"):
        id, flow = each["PhoneNumberId"], flows.get(each["PhoneNumberId"])
        body = {"ContactFlowId": flow} if flow else {}
        yield Thing(kind=NUMBER, name=each["PhoneNumber"], body=body, id=id, arn=each["PhoneNumberArn"])


# --- shapes ---


def _ids(endpoint: Endpoint, operation: str, member: str, **parameters: Any) -> Iterable[str]:
    return [each["Id"] for each in endpoint.every(operation, member, **parameters)]


def _kept(found: Mapping[str, Any], *members: str) -> dict[str, Any]:
    """These members and the tags, as far as they say anything. Tags of AWS's own stay where they are."""
    kept = {name: found[name] for name in members if found.get(name) not in (None, "", {})}
    tags = {key: value for key, value in (found.get("Tags") or {}).items() if not key.startswith("aws:")}
    return {**kept, "Tags": tags} if tags else kept


def _thing(kind: str, found: Mapping[str, Any], word: str, body: dict[str, Any]) -> Thing:
    return Thing(kind=kind, name=found["Name"], body=body, id=found[f"{word}Id"], arn=found[f"{word}Arn"])


def _of_list(kind: str, found: Mapping[str, Any], body: dict[str, Any], content: str = "") -> Thing:
    return Thing(kind=kind, name=found["Name"], body=body, content=content, id=found["Id"], arn=found["Arn"])


_READERS: Mapping[str, Reader] = {
    "attribute": _attributes, FUNCTION: _functions, BOT: _bots, "hours": _hours, "prompt": _prompts, "view": _views,
    "security-profile": _security_profiles, "agent-status": _statuses, "queue": _queues, "routing-profile": _profiles,
    "user": _users, MODULE: _modules, FLOW: _flows, "quick-connect": _quick_connects, NUMBER: _numbers,
}  # fmt: skip
