"""Searching for users, by names, tags, groups of the hierarchy and proficiencies.

Source: botocore's model, SearchUsers.
"""

import operator
from collections.abc import Mapping
from typing import Any

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api import search
from offhook.api.connect_api.connect import Connect, Operation
from offhook.api.connect_api.hierarchy import is_within
from offhook.api.service import Result

# What a user's body and the answer have alike
_ALIKE = (
    "RoutingProfileId", "SecurityProfileIds", "HierarchyGroupId", "DirectoryUserId", "AutoAcceptConfigs",
    "AfterContactWorkConfigs", "PhoneNumberConfigs", "PersistentConnectionConfigs", "VoiceEnhancementConfigs",
)  # fmt: skip
_COMPARISONS = {
    "GREATER_OR_EQUAL": operator.ge, "GREATER": operator.gt, "LESSER_OR_EQUAL": operator.le, "LESSER": operator.lt,
    "EQUAL": operator.eq, "NOT_EQUAL": operator.ne,
}  # fmt: skip


def _search(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked).id

    def is_in(record: Record, condition: Any) -> bool:
        return _is_in_group(connect, record, condition)

    condition = (asked.get("SearchFilter") or {}).get("UserAttributeFilter") or {}
    records, more = search.found(
        [each for each in connect.shelf.all(instance, "agent") if _has_attributes(connect, each, condition)],
        asked,
        fields={
            "Username": lambda record: record.name,
            "FirstName": lambda record: str(record.body.get("IdentityInfo", {}).get("FirstName", "")),
            "LastName": lambda record: str(record.body.get("IdentityInfo", {}).get("LastName", "")),
            "RoutingProfileId": lambda record: str(record.body["RoutingProfileId"]),
            "SecurityProfileId": lambda record: list(map(str, record.body["SecurityProfileIds"])),
        },
        tests={"HierarchyGroupCondition": is_in, "ListCondition": _is_good_at},
    )
    return {"Users": [_searched(connect, each) for each in records], **more}


def _has_attributes(connect: Connect, record: Record, condition: Mapping[str, Any]) -> bool:
    """Whether a user is as a ControlPlaneUserAttributeFilter says, or a part of one: tags and groups."""
    parts = [_has_attributes(connect, record, condition["AndCondition"])] if condition.get("AndCondition") else []
    if condition.get("OrConditions"):
        parts.append(any(_has_attributes(connect, record, each) for each in condition["OrConditions"]))
    if condition.get("TagConditions"):
        parts.append(search.has_tags(record.tags, {"AndConditions": condition["TagConditions"]}))
    if condition.get("TagCondition"):
        parts.append(search.has_tags(record.tags, {"TagCondition": condition["TagCondition"]}))
    if condition.get("HierarchyGroupCondition"):
        parts.append(_is_in_group(connect, record, condition["HierarchyGroupCondition"]))
    return all(parts)


def _is_in_group(connect: Connect, record: Record, condition: Mapping[str, Any]) -> bool:
    group, wanted = record.body.get("HierarchyGroupId"), condition.get("Value", "")
    if condition.get("HierarchyGroupMatchType") == "WITH_CHILD_GROUPS":
        return is_within(connect, record.instance, group, wanted)
    return bool(group == wanted)


def _is_good_at(record: Record, condition: Any) -> bool:
    """Whether one proficiency meets all conditions of a ListCondition."""
    conditions, known = condition.get("Conditions", ()), record.body.get("UserProficiencies", ())
    return any(all(_meets(proficiency, each) for each in conditions) for proficiency in known)


def _meets(proficiency: Mapping[str, Any], condition: Mapping[str, Any]) -> bool:
    text, number = condition.get("StringCondition"), condition.get("NumberCondition")
    met = True
    if text:
        member = "AttributeName" if text.get("FieldName", "").lower() == "name" else "AttributeValue"
        comparison = text.get("ComparisonType", "CONTAINS")
        met = search.text_meets(proficiency[member], text.get("Value", ""), comparison)
    if number:
        met = met and _number_meets(proficiency["Level"], number)
    return met


def _number_meets(level: float, condition: Mapping[str, Any]) -> bool:
    """A comparison with one limit takes it from whichever member it came in."""
    least, most = condition.get("MinValue"), condition.get("MaxValue")
    comparison = condition.get("ComparisonType", "EQUAL")
    if comparison == "RANGE":
        return (least is None or level >= least) and (most is None or level <= most)
    first, second = (most, least) if comparison in ("LESSER", "LESSER_OR_EQUAL") else (least, most)
    limit = first if first is not None else second
    return limit is None or bool(_COMPARISONS[comparison](level, limit))


def _searched(connect: Connect, record: Record) -> dict[str, Any]:
    """AWS's UserSearchSummary. Its PhoneConfig has the time limit in milliseconds, unlike any other."""
    body = record.body
    identity = body.get("IdentityInfo", {})
    phone = dict(body["PhoneConfig"]) if "PhoneConfig" in body else None
    if phone is not None and "AfterContactWorkTimeLimit" in phone:
        phone["AfterContactWorkTimeLimit"] *= 1000
    return {
        "Id": record.id,
        "Arn": connect.arn(record),
        "Username": record.name,
        "Tags": record.tags,
        **{name: body.get(name) for name in _ALIKE},
        "IdentityInfo": {name: identity.get(name) for name in ("FirstName", "LastName")},
        "PhoneConfig": phone,
    }


OPERATIONS: Mapping[str, Operation] = {"SearchUsers": _search}
