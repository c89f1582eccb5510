"""Overrides of hours of operation.

Source: API reference, CreateHoursOfOperationOverride and the pages beside it; 50 overrides:
adminguide/hours-of-operation-overrides.html. Ours: a name is of one override of the same hours.
"""

from collections.abc import Mapping
from operator import eq, ge, gt, le, lt
from typing import Any

import msgspec

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api.connect import Connect, Operation, invalid, page
from offhook.api.connect_api.hours import OVERRIDE, day, hours_of, overrides_of
from offhook.api.connect_api.search import found
from offhook.api.errors import ServiceError
from offhook.api.service import Result

_MEMBERS = ("Description", "Config", "EffectiveFrom", "EffectiveTill", "RecurrenceConfig", "OverrideType")
_MOST = 50
_COMPARISONS = {
    "GREATER_THAN": gt, "LESS_THAN": lt, "GREATER_THAN_OR_EQUAL_TO": ge, "LESS_THAN_OR_EQUAL_TO": le, "EQUAL_TO": eq
}  # fmt: skip
_DATES = {"effectivefrom": "EffectiveFrom", "effectivetill": "EffectiveTill"}


def _create(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    hours = hours_of(connect, asked)
    others = overrides_of(connect, hours)
    if len(others) >= _MOST:
        raise ServiceError("LimitExceededException", f"Hours of operation may have {_MOST} overrides.")
    _must_be_free(others, asked["Name"])
    body = {name: asked[name] for name in _MEMBERS if name in asked}
    _check_dates(body)
    body |= {"HoursOfOperationId": hours.id, "OverrideType": asked.get("OverrideType", "STANDARD")}
    id = connect.new_id()
    connect.shelf.put(Record(instance=hours.instance, kind=OVERRIDE, id=id, name=asked["Name"], body=body))
    return {"HoursOfOperationOverrideId": id}


def _describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    return {"HoursOfOperationOverride": _described(connect, hours_of(connect, asked), _find(connect, asked))}


def _update(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    override = _find(connect, asked)
    name = asked.get("Name", override.name)
    others = overrides_of(connect, hours_of(connect, asked))
    _must_be_free([other for other in others if other.id != override.id], name)
    body = {**override.body, **{key: asked[key] for key in _MEMBERS if key in asked}}
    _check_dates(body)
    connect.shelf.put(msgspec.structs.replace(override, name=name, body=body))
    return {}


def _delete(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    connect.shelf.delete(_find(connect, asked))
    return {}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    hours = hours_of(connect, asked)
    overrides, token = page(overrides_of(connect, hours), asked)
    described = [_described(connect, hours, override) for override in overrides]
    return {"HoursOfOperationOverrideList": described, "NextToken": token, **connect.modified(hours)}


def _search(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """The tags that are filtered by are those of the hours: overrides have none."""
    instance = connect.instance(asked)
    hours = {record.id: record for record in connect.shelf.all(instance.id, "operating-hours")}
    tagged = [
        msgspec.structs.replace(override, tags=hours[override.body["HoursOfOperationId"]].tags)
        for override in connect.shelf.all(instance.id, OVERRIDE)
    ]
    fields = {"hoursofoperationid": lambda record: str(record.body["HoursOfOperationId"])}
    overrides, more = found(tagged, asked, fields=fields, tests={"DateCondition": _has_date})
    described = [_described(connect, hours[each.body["HoursOfOperationId"]], each) for each in overrides]
    return {"HoursOfOperationOverrides": described, **more}


def _has_date(record: Record, condition: Mapping[str, Any]) -> bool:
    name = condition.get("FieldName", "")
    if name.lower() not in _DATES:
        raise invalid(f"FieldName is {name!r}, must be EffectiveFrom or EffectiveTill.")
    compare = _COMPARISONS[condition.get("ComparisonType", "EQUAL_TO")]
    return bool(compare(record.body[_DATES[name.lower()]], condition.get("Value", "")))


def _find(connect: Connect, asked: Mapping[str, Any]) -> Record:
    hours = hours_of(connect, asked)
    override = connect.find(hours.instance, OVERRIDE, asked["HoursOfOperationOverrideId"], "override")
    if override.body["HoursOfOperationId"] != hours.id:
        raise ServiceError("ResourceNotFoundException", f"{hours.name!r} has no override {override.id}.")
    return override


def _must_be_free(others: list[Record], name: str) -> None:
    if any(other.name == name for other in others):
        raise ServiceError("DuplicateResourceException", f"The name {name!r} is taken.")


def _check_dates(body: Mapping[str, Any]) -> None:
    first, last = (day(body[name], name) for name in ("EffectiveFrom", "EffectiveTill"))
    if last < first:
        raise invalid(f"EffectiveTill is {last}, must not be before {first}.")


def _described(connect: Connect, hours: Record, override: Record) -> dict[str, Any]:
    return {
        "HoursOfOperationOverrideId": override.id,
        "HoursOfOperationId": hours.id,
        "HoursOfOperationArn": connect.arn(hours),
        "Name": override.name,
        **{name: override.body.get(name) for name in _MEMBERS},
    }


OPERATIONS: Mapping[str, Operation] = {
    "CreateHoursOfOperationOverride": _create,
    "DescribeHoursOfOperationOverride": _describe,
    "UpdateHoursOfOperationOverride": _update,
    "DeleteHoursOfOperationOverride": _delete,
    "ListHoursOfOperationOverrides": _list,
    "SearchHoursOfOperationOverrides": _search,
}
