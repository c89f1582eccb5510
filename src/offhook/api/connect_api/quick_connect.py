"""Quick connects: where an agent can transfer a contact to.

Source: API reference, CreateQuickConnect and the pages beside it.
"""

from collections.abc import Mapping
from typing import Any

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api.connect import Connect, Operation, by_name, invalid, page, refused
from offhook.api.connect_api.search import found
from offhook.api.service import Result
from offhook.core.phone import is_e164

KIND = "transfer-destination"
# Which member a type needs
_CONFIGS = {"USER": "UserConfig", "QUEUE": "QueueConfig", "PHONE_NUMBER": "PhoneConfig", "FLOW": "FlowConfig"}
# What the members of a configuration mean
_REFERENCES = {"UserId": "agent", "QueueId": "queue", "ContactFlowId": "contact-flow"}


def _create(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    body = {"QuickConnectConfig": _configuration(connect, instance, asked["QuickConnectConfig"])}
    if "Description" in asked:
        body["Description"] = asked["Description"]
    record = connect.create(instance.id, KIND, asked, body)
    return {"QuickConnectARN": connect.arn(record), "QuickConnectId": record.id}


def _describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    return {"QuickConnect": _described(connect, _find(connect, asked))}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records = by_name(connect.shelf.all(connect.instance(asked).id, KIND))
    types = asked.get("QuickConnectTypes")
    some, token = page([record for record in records if not types or type_of(record) in types], asked)
    return {"QuickConnectSummaryList": [summary(connect, record) for record in some], "NextToken": token}


def _search(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, more = found(connect.shelf.all(connect.instance(asked).id, KIND), asked)
    return {"QuickConnects": [_described(connect, record) for record in records], **more}


def _update_name(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    if asked.get("Name") is None and asked.get("Description") is None:
        raise refused("Name or Description is required.")
    connect.change(record, name=asked.get("Name"), Description=asked.get("Description"))
    return {}


def _update_config(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    config = _configuration(connect, connect.instance(asked), asked["QuickConnectConfig"])
    connect.change(record, QuickConnectConfig=config)
    return {}


def _delete(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """Queues that had it have it no more."""
    record = _find(connect, asked)
    for queue in connect.shelf.all(record.instance, "queue"):
        ids = queue.body.get("QuickConnectIds", [])
        if record.id in ids:
            connect.change(queue, QuickConnectIds=[id for id in ids if id != record.id])
    connect.shelf.delete(record)
    return {}


def type_of(record: Record) -> str:
    return str(record.body["QuickConnectConfig"]["QuickConnectType"])


def summary(connect: Connect, record: Record) -> dict[str, Any]:
    """A quick connect in a list."""
    return {
        "Id": record.id,
        "Arn": connect.arn(record),
        "Name": record.name,
        "QuickConnectType": type_of(record),
        **connect.modified(record),
    }


def _find(connect: Connect, asked: Mapping[str, Any]) -> Record:
    return connect.find(connect.instance(asked).id, KIND, asked["QuickConnectId"], "quick connect")


def _configuration(connect: Connect, instance: Record, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with ids in place of ARNs. ServiceError where it is not that of its type, or leads nowhere."""
    needed = _CONFIGS[asked["QuickConnectType"]]
    given = [name for name in _CONFIGS.values() if asked.get(name) is not None]
    if given != [needed]:
        raise invalid(f"A quick connect of type {asked['QuickConnectType']} takes {needed}, and no other.")
    members = dict(asked[needed])
    for name, kind in _REFERENCES.items():
        if name in members:
            members[name] = connect.find(instance.id, kind, members[name]).id
    if "PhoneNumber" in members and not is_e164(members["PhoneNumber"]):
        raise invalid("PhoneNumber must be spelled as E.164, such as +15550100000.")
    return {"QuickConnectType": asked["QuickConnectType"], needed: members}


def _described(connect: Connect, record: Record) -> dict[str, Any]:
    return {
        "QuickConnectARN": connect.arn(record),
        "QuickConnectId": record.id,
        "Name": record.name,
        "Description": record.body.get("Description"),
        "QuickConnectConfig": record.body["QuickConnectConfig"],
        "Tags": record.tags,
        **connect.modified(record),
    }


OPERATIONS: Mapping[str, Operation] = {
    "CreateQuickConnect": _create,
    "DescribeQuickConnect": _describe,
    "ListQuickConnects": _list,
    "SearchQuickConnects": _search,
    "UpdateQuickConnectName": _update_name,
    "UpdateQuickConnectConfig": _update_config,
    "DeleteQuickConnect": _delete,
}
