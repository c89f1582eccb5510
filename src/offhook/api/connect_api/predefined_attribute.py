"""Predefined attributes, known by their names: what proficiencies and attributes of contacts may be.

Body: Values ({"StringList": […]}), Purposes, AttributeConfiguration; members that were not given are absent.
Source: botocore's model, CreatePredefinedAttribute and the operations beside it.
"""

from collections.abc import Mapping
from typing import Any

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api import search
from offhook.api.connect_api.connect import Connect, Operation, by_name, missing, page
from offhook.api.errors import ServiceError
from offhook.api.service import Result

_KIND = "predefined-attribute"
_MEMBERS = ("Values", "Purposes", "AttributeConfiguration")


def _create(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    body = {member: asked[member] for member in _MEMBERS if member in asked}
    connect.create(connect.instance(asked).id, _KIND, asked, body)
    return {}


def _describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    return {"PredefinedAttribute": _described(connect, _find(connect, asked))}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, token = page(by_name(connect.shelf.all(connect.instance(asked).id, _KIND)), asked)
    summaries = [{"Name": each.name, **connect.modified(each)} for each in records]
    return {"PredefinedAttributeSummaryList": summaries, "NextToken": token}


def _search(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, more = search.found(connect.shelf.all(connect.instance(asked).id, _KIND), asked)
    return {"PredefinedAttributes": [_described(connect, each) for each in records], **more}


def _update(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    connect.change(_find(connect, asked), **{member: asked.get(member) for member in _MEMBERS})
    return {}


def _delete(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    for user in connect.shelf.all(record.instance, "agent"):
        if any(each["AttributeName"] == record.name for each in user.body.get("UserProficiencies", ())):
            message = f"{record.name!r} is a proficiency of the user {user.name!r}."
            raise ServiceError("ResourceInUseException", message, ResourceType="USER", ResourceId=connect.arn(user))
    connect.shelf.delete(record)
    return {}


def allows(connect: Connect, instance: str, name: str, value: str) -> bool:
    """Whether there is such an attribute, and the value is one of its own."""
    record = connect.shelf.named(instance, _KIND, name)
    return record is not None and value in record.body.get("Values", {}).get("StringList", ())


def _find(connect: Connect, asked: Mapping[str, Any]) -> Record:
    record = connect.shelf.named(connect.instance(asked).id, _KIND, asked["Name"])
    if record is None:
        raise missing(f"There is no predefined attribute {asked['Name']!r} in this instance.")
    return record


def _described(connect: Connect, record: Record) -> dict[str, Any]:
    return {
        "Name": record.name,
        **{member: record.body.get(member) for member in _MEMBERS},
        **connect.modified(record),
    }


OPERATIONS: Mapping[str, Operation] = {
    "CreatePredefinedAttribute": _create,
    "DescribePredefinedAttribute": _describe,
    "ListPredefinedAttributes": _list,
    "SearchPredefinedAttributes": _search,
    "UpdatePredefinedAttribute": _update,
    "DeletePredefinedAttribute": _delete,
}
