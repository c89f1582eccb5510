"""Hours of operation, the hours whose overrides others take over, and which hours are effective on which day.

Source: API reference, CreateHoursOfOperation and the pages beside it. Ours: hours that a queue needs cannot be deleted.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from offhook.adapters.store.shelf import Record
from offhook.api import effective
from offhook.api.connect_api.connect import Connect, Operation, by_name, id_of, invalid, page, refused
from offhook.api.connect_api.search import found
from offhook.api.errors import ServiceError
from offhook.api.service import Result

KIND = "operating-hours"
OVERRIDE = "operating-hours-override"
_MOST_PARENTS = 3  # Source: ParentHoursOfOperationConfigList
_MOST_DAYS = 366  # of one question for effective hours; ours


def _create(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    body: dict[str, Any] = {name: asked[name] for name in ("Description", "TimeZone", "Config") if name in asked}
    _check_zone(body["TimeZone"])
    configs = asked.get("ParentHoursOfOperationConfigs", [])
    body["ParentIds"] = [_find(connect, instance, config["HoursOfOperationId"]).id for config in configs if config]
    record = connect.create(instance.id, KIND, asked, body)
    return {"HoursOfOperationId": record.id, "HoursOfOperationArn": connect.arn(record)}


def _describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = hours_of(connect, asked)
    return {"HoursOfOperation": _described(connect, record)}


def _update(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = hours_of(connect, asked)
    if asked.get("TimeZone") is not None:
        _check_zone(asked["TimeZone"])
    members = {name: asked.get(name) for name in ("Description", "TimeZone", "Config")}
    connect.change(record, name=asked.get("Name"), **members)
    return {}


def _delete(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """The hours with their overrides."""
    record = hours_of(connect, asked)
    users = [each.name for each in connect.shelf.all(record.instance, "queue")
             if each.body.get("HoursOfOperationId") == record.id]  # fmt: skip
    users += [child.name for child in _children(connect, record)]
    if users:
        raise refused(f"The hours {record.name!r} are used by {users[0]!r}.")
    for override in overrides_of(connect, record):
        connect.shelf.delete(override)
    connect.shelf.delete(record)
    return {}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    records, token = page(by_name(connect.shelf.all(instance.id, KIND)), asked)
    return {
        "HoursOfOperationSummaryList": [
            {"Id": record.id, "Arn": connect.arn(record), "Name": record.name, **connect.modified(record)}
            for record in records
        ],
        "NextToken": token,
    }


def _search(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    fields = {"timezone": lambda record: str(record.body["TimeZone"])}
    records, more = found(connect.shelf.all(instance.id, KIND), asked, fields=fields)
    return {"HoursOfOperations": [_described(connect, record) for record in records], **more}


# --- hours that take over the overrides of others ---


def _associate(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = hours_of(connect, asked)
    instance = connect.instance(asked)
    parents = list(record.body.get("ParentIds", []))
    for config in asked["ParentHoursOfOperationConfigs"]:
        parent = _find(connect, instance, config.get("HoursOfOperationId", ""))
        if parent.id == record.id or record.id in parent.body.get("ParentIds", []):
            raise refused(f"The hours {record.name!r} would take over their own overrides.")
        if parent.id not in parents:
            parents.append(parent.id)
    if len(parents) > _MOST_PARENTS:
        raise ServiceError("ServiceQuotaExceededException", f"Hours may have {_MOST_PARENTS} parents.")
    connect.change(record, ParentIds=parents)
    return {}


def _disassociate(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = hours_of(connect, asked)
    gone = {id_of(text) for text in asked["ParentHoursOfOperationIds"]}
    parents = record.body.get("ParentIds", [])
    if unknown := sorted(gone - set(parents)):
        raise refused(f"The hours {unknown[0]} are no parent of {record.name!r}.")
    connect.change(record, ParentIds=[parent for parent in parents if parent not in gone])
    return {}


def _list_children(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = hours_of(connect, asked)
    children, token = page(by_name(_children(connect, record)), asked)
    named = [_identifier(connect, child) for child in children]
    return {"ChildHoursOfOperationsSummaryList": named, "NextToken": token, **connect.modified(record)}


# --- effective hours ---


def _get_effective(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = hours_of(connect, asked)
    first, last = day(asked["FromDate"], "FromDate"), day(asked["ToDate"], "ToDate")
    if not timedelta(0) <= last - first < timedelta(days=_MOST_DAYS):
        raise invalid(f"ToDate must be at most {_MOST_DAYS - 1} days after FromDate, and not before it.")
    days = [first + timedelta(days=count) for count in range((last - first).days + 1)]
    overrides = [(each.name, each.body) for each in all_overrides(connect, record)]
    config = record.body["Config"]
    overridden = [(each, effective.rules(overrides, each)) for each in days]
    return {
        "EffectiveHoursOfOperationList": [
            {"Date": each.isoformat(), "OperationalHours": effective.hours(config, overrides, each)} for each in days
        ],
        "EffectiveOverrideHoursList": [
            {"Date": each.isoformat(), "OverrideHours": rules} for each, rules in overridden if rules
        ],
        "TimeZone": record.body["TimeZone"],
    }


# --- finding and describing ---


def hours_of(connect: Connect, asked: Mapping[str, Any]) -> Record:
    """The hours of operation that a request names."""
    return _find(connect, connect.instance(asked), asked["HoursOfOperationId"])


def day(text: str, member: str) -> date:
    """A date as the API spells it. ServiceError where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid(f"{member} is {text!r}, must be a date, such as 2026-12-25.") from None


def overrides_of(connect: Connect, record: Record) -> list[Record]:
    """The hours' own overrides, in the order in which they were made."""
    overrides = connect.shelf.all(record.instance, OVERRIDE)
    return [override for override in overrides if override.body["HoursOfOperationId"] == record.id]


def all_overrides(connect: Connect, record: Record) -> list[Record]:
    """The hours' own overrides, then those that they take over."""
    taken = [connect.shelf.get(record.instance, KIND, parent) for parent in record.body.get("ParentIds", [])]
    owners = [record, *(parent for parent in taken if parent is not None)]
    return [override for owner in owners for override in overrides_of(connect, owner)]


def _find(connect: Connect, instance: Record, text: str) -> Record:
    return connect.find(instance.id, KIND, text, "hours of operation")


def _children(connect: Connect, record: Record) -> list[Record]:
    return [each for each in connect.shelf.all(record.instance, KIND) if record.id in each.body.get("ParentIds", [])]


def _described(connect: Connect, record: Record) -> dict[str, Any]:
    taken = [connect.shelf.get(record.instance, KIND, parent) for parent in record.body.get("ParentIds", [])]
    return {
        "HoursOfOperationId": record.id,
        "HoursOfOperationArn": connect.arn(record),
        "Name": record.name,
        "Description": record.body.get("Description"),
        "TimeZone": record.body["TimeZone"],
        "Config": record.body["Config"],
        "ParentHoursOfOperations": [_identifier(connect, parent) for parent in taken if parent is not None] or None,
        "Tags": record.tags,
        **connect.modified(record),
    }


def _identifier(connect: Connect, record: Record) -> dict[str, Any]:
    return {"Name": record.name, "Id": record.id, "Arn": connect.arn(record)}


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # unknown; a path; the name of a folder of zones
        raise invalid(f"TimeZone is {zone!r}, must be the name of a zone, such as America/New_York.") from None


OPERATIONS: Mapping[str, Operation] = {
    "CreateHoursOfOperation": _create,
    "DescribeHoursOfOperation": _describe,
    "UpdateHoursOfOperation": _update,
    "DeleteHoursOfOperation": _delete,
    "ListHoursOfOperations": _list,
    "SearchHoursOfOperations": _search,
    "AssociateHoursOfOperations": _associate,
    "DisassociateHoursOfOperations": _disassociate,
    "ListChildHoursOfOperations": _list_children,
    "GetEffectiveHoursOfOperations": _get_effective,
}
