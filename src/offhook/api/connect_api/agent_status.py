"""Agent statuses (kind agent-state). Available and Offline are in every instance from its beginning.

Body: Type (ROUTABLE | CUSTOM | OFFLINE), State (ENABLED | DISABLED), Description, DisplayOrder (absent for none).
Those who are created are CUSTOM. Ours: a status that is not can be renamed, not disabled, since agents could then
neither work nor leave. Source: botocore's model, CreateAgentStatus and the operations beside it.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api import search
from offhook.api.connect_api.connect import Connect, Operation, page, refused
from offhook.api.service import Result

_KIND = "agent-state"
_WHAT = "agent status"


def _create(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    body = {"Type": "CUSTOM", "State": asked["State"], "Description": asked.get("Description", "")}
    if "DisplayOrder" in asked:
        body["DisplayOrder"] = asked["DisplayOrder"]
    record = connect.create(connect.instance(asked).id, _KIND, asked, body)
    return {"AgentStatusARN": connect.arn(record), "AgentStatusId": record.id}


def _describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    return {"AgentStatus": _described(connect, _find(connect, asked))}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    types = asked.get("AgentStatusTypes")
    records = connect.shelf.all(connect.instance(asked).id, _KIND)
    found = [each for each in records if not types or each.body["Type"] in types]
    some, token = page(sorted(found, key=_place), asked)
    return {"AgentStatusSummaryList": [_summary(connect, each) for each in some], "NextToken": token}


def _search(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, more = search.found(
        connect.shelf.all(connect.instance(asked).id, _KIND),
        asked,
        fields={
            "state": lambda record: str(record.body["State"]),
            "type": lambda record: str(record.body["Type"]),
            "displayOrder": lambda record: str(record.body.get("DisplayOrder", "")),
        },
    )
    return {"AgentStatuses": [_described(connect, each) for each in records], **more}


def _update(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    order = asked.get("DisplayOrder")
    if order is not None and asked.get("ResetOrderNumber"):
        raise refused("DisplayOrder and ResetOrderNumber must not be given together.")
    if asked.get("State") == "DISABLED" and record.body["Type"] != "CUSTOM":
        raise refused(f"{record.name!r} is of type {record.body['Type']}, which cannot be disabled.")
    if asked.get("ResetOrderNumber"):
        body = {key: value for key, value in record.body.items() if key != "DisplayOrder"}
        record = msgspec.structs.replace(record, body=body)
    connect.change(
        record,
        name=asked.get("Name"),
        Description=asked.get("Description"),
        State=asked.get("State"),
        DisplayOrder=order,
    )
    return {}


def _find(connect: Connect, asked: Mapping[str, Any]) -> Record:
    return connect.find(connect.instance(asked).id, _KIND, asked["AgentStatusId"], _WHAT)


def _place(record: Record) -> tuple[int, str, str]:
    """Those that have a place in the order first."""
    return record.body.get("DisplayOrder", 1_000), record.name, record.id


def _described(connect: Connect, record: Record) -> dict[str, Any]:
    return {
        "AgentStatusARN": connect.arn(record),
        "AgentStatusId": record.id,
        "Name": record.name,
        "Description": record.body["Description"] or None,
        "Type": record.body["Type"],
        "DisplayOrder": record.body.get("DisplayOrder"),
        "State": record.body["State"],
        "Tags": record.tags,
        **connect.modified(record),
    }


def _summary(connect: Connect, record: Record) -> dict[str, Any]:
    return {
        "Id": record.id,
        "Arn": connect.arn(record),
        "Name": record.name,
        "Type": record.body["Type"],
        **connect.modified(record),
    }


OPERATIONS: Mapping[str, Operation] = {
    "CreateAgentStatus": _create,
    "DescribeAgentStatus": _describe,
    "ListAgentStatuses": _list,
    "SearchAgentStatuses": _search,
    "UpdateAgentStatus": _update,
}
