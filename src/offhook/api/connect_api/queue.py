"""Queues. A user's own queue is there with the user: it is listed, and nothing of it is kept here.

Source: API reference, CreateQueue and the pages beside it. Ours: a queue that a routing profile or a quick connect
leads to cannot be deleted.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api import phone_number, quick_connect
from offhook.api.connect_api.connect import Connect, Operation, by_name, id_of, page, refused
from offhook.api.connect_api.search import found
from offhook.api.errors import ServiceError
from offhook.api.service import Result

KIND = "queue"
_MEMBERS = ("Description", "OutboundCallerConfig", "OutboundEmailConfig", "HoursOfOperationId", "MaxContacts", "Status")
_MOST_QUICK_CONNECTS = 50  # Source: QuickConnectsList


def _create(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    body: dict[str, Any] = {name: asked[name] for name in ("Description", "MaxContacts") if name in asked}
    body |= {"Status": "ENABLED", "HoursOfOperationId": _hours(connect, instance, asked).id}
    if "OutboundCallerConfig" in asked:
        body["OutboundCallerConfig"] = _caller(connect, instance, asked["OutboundCallerConfig"])
    if "OutboundEmailConfig" in asked:
        body["OutboundEmailConfig"] = _email(connect, instance, asked["OutboundEmailConfig"])
    for config in asked.get("EmailAddressesConfig", []):
        connect.find(instance.id, "email-address", config["EmailAddressId"])
    body["QuickConnectIds"] = _quick_connects(connect, instance, asked.get("QuickConnectIds", []))
    record = connect.create(instance.id, KIND, asked, body)
    return {"QueueArn": connect.arn(record), "QueueId": record.id}


def _describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    return {"Queue": _described(connect, _find(connect, asked))}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    types = asked.get("QueueTypes") or ("STANDARD", "AGENT")
    found = [each for each in _summaries(connect, instance) if each["QueueType"] in types]
    queues, token = page(found, asked)
    return {"QueueSummaryList": queues, "NextToken": token}


def _search(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """Standard queues: no others can be searched."""
    tests = {"QueueTypeCondition": lambda record, value: bool(value == "STANDARD")}
    records, more = found(connect.shelf.all(connect.instance(asked).id, KIND), asked, tests=tests)
    return {"Queues": [_described(connect, record) for record in records], **more}


def _delete(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    for user in _users(connect, record):
        raise ServiceError(
            "ResourceInUseException", f"The queue {record.name!r} is used by {user.name!r}.",
            ResourceType="ROUTING_PROFILE" if user.kind == "routing-profile" else "QUICK_CONNECT", ResourceId=user.id,
        )  # fmt: skip
    connect.shelf.delete(record)
    return {}


# --- changing ---


def _update_name(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    if asked.get("Name") is None and asked.get("Description") is None:
        raise refused("Name or Description is required.")
    connect.change(record, name=asked.get("Name"), Description=asked.get("Description"))
    return {}


def _update_status(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    connect.change(_find(connect, asked), Status=asked["Status"])
    return {}


def _update_max_contacts(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """Without a number, there is no limit any more; that is ours."""
    record = _find(connect, asked)
    body = {name: value for name, value in record.body.items() if name != "MaxContacts"}
    if asked.get("MaxContacts") is not None:
        body["MaxContacts"] = asked["MaxContacts"]
    connect.shelf.put(msgspec.structs.replace(record, body=body))
    return {}


def _update_hours(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    connect.change(record, HoursOfOperationId=_hours(connect, connect.instance(asked), asked).id)
    return {}


def _update_caller(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    config = _caller(connect, connect.instance(asked), asked["OutboundCallerConfig"])
    connect.change(record, OutboundCallerConfig=config)
    return {}


# --- quick connects ---


def _associate(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    ids = _quick_connects(connect, connect.instance(asked), asked["QuickConnectIds"])
    connect.change(record, QuickConnectIds=_within_quota([*record.body.get("QuickConnectIds", []), *ids]))
    return {}


def _disassociate(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    gone = {id_of(text) for text in asked["QuickConnectIds"]}
    if unknown := sorted(gone - set(record.body.get("QuickConnectIds", []))):
        raise ServiceError("ResourceNotFoundException", f"The queue has no quick connect {unknown[0]}.")
    connect.change(record, QuickConnectIds=[id for id in record.body["QuickConnectIds"] if id not in gone])
    return {}


def _list_quick_connects(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    ids = record.body.get("QuickConnectIds", [])
    records = (connect.shelf.get(record.instance, quick_connect.KIND, id) for id in ids)
    some, token = page(by_name(each for each in records if each is not None), asked)
    summaries = [quick_connect.summary(connect, each) for each in some]
    return {"QuickConnectSummaryList": summaries, "NextToken": token, **connect.modified(record)}


def _quick_connects(connect: Connect, instance: Record, texts: list[str]) -> list[str]:
    return _within_quota([connect.find(instance.id, quick_connect.KIND, text, "quick connect").id for text in texts])


def _within_quota(ids: list[str]) -> list[str]:
    """Each once. ServiceError where there are too many."""
    once = list(dict.fromkeys(ids))
    if len(once) > _MOST_QUICK_CONNECTS:
        raise ServiceError("LimitExceededException", f"A queue may have {_MOST_QUICK_CONNECTS} quick connects.")
    return once


# --- finding and describing ---


def _find(connect: Connect, asked: Mapping[str, Any]) -> Record:
    return connect.find(connect.instance(asked).id, KIND, asked["QueueId"])


def _hours(connect: Connect, instance: Record, asked: Mapping[str, Any]) -> Record:
    return connect.find(instance.id, "operating-hours", asked["HoursOfOperationId"], "hours of operation")


def _caller(connect: Connect, instance: Record, config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with ids in place of ARNs. ServiceError where it leads nowhere."""
    caller = dict(config)
    if "OutboundCallerIdNumberId" in caller:
        text = caller["OutboundCallerIdNumberId"]
        caller["OutboundCallerIdNumberId"] = phone_number.claimed(connect, text, instance=instance.id).id
    if "OutboundFlowId" in caller:
        caller["OutboundFlowId"] = connect.find(instance.id, "contact-flow", caller["OutboundFlowId"], "flow").id
    return caller


def _email(connect: Connect, instance: Record, config: Mapping[str, Any]) -> dict[str, Any]:
    """ServiceError where it leads nowhere."""
    if "OutboundEmailAddressId" in config:
        connect.find(instance.id, "email-address", config["OutboundEmailAddressId"])
    return dict(config)


def _users(connect: Connect, queue: Record) -> Iterator[Record]:
    """What leads to the queue."""
    for profile in connect.shelf.all(queue.instance, "routing-profile"):
        configs = [*profile.body.get("QueueConfigs", []), *profile.body.get("ManualAssignmentQueueConfigs", [])]
        if queue.id in (profile.body["DefaultOutboundQueueId"], *(config["QueueId"] for config in configs)):
            yield profile
    for destination in connect.shelf.all(queue.instance, quick_connect.KIND):
        if destination.body["QuickConnectConfig"].get("QueueConfig", {}).get("QueueId") == queue.id:
            yield destination


def _summaries(connect: Connect, instance: Record) -> list[dict[str, Any]]:
    """Standard queues by name, then those of the users; these have no name of their own."""
    queues = by_name(connect.shelf.all(instance.id, KIND))
    standard = [
        {"Id": record.id, "Arn": connect.arn(record), "Name": record.name, "QueueType": "STANDARD",
         **connect.modified(record)}
        for record in queues
    ]  # fmt: skip
    agents = [
        {"Id": agent.id, "Arn": f"{connect.instance_arn(instance.id)}/queue/agent/{agent.id}", "QueueType": "AGENT",
         **connect.modified(agent)}
        for agent in by_name(connect.shelf.all(instance.id, "agent"))
    ]  # fmt: skip
    return standard + agents


def _described(connect: Connect, record: Record) -> dict[str, Any]:
    return {
        "Name": record.name,
        "QueueArn": connect.arn(record),
        "QueueId": record.id,
        **{name: record.body.get(name) for name in _MEMBERS},
        "Tags": record.tags,
        **connect.modified(record),
    }


OPERATIONS: Mapping[str, Operation] = {
    "CreateQueue": _create,
    "DescribeQueue": _describe,
    "ListQueues": _list,
    "SearchQueues": _search,
    "DeleteQueue": _delete,
    "UpdateQueueName": _update_name,
    "UpdateQueueStatus": _update_status,
    "UpdateQueueMaxContacts": _update_max_contacts,
    "UpdateQueueHoursOfOperation": _update_hours,
    "UpdateQueueOutboundCallerConfig": _update_caller,
    "AssociateQueueQuickConnects": _associate,
    "DisassociateQueueQuickConnects": _disassociate,
    "ListQueueQuickConnects": _list_quick_connects,
}
