"""The hierarchy of agents: its levels, and the groups on them.

A level has one of five places and the place's number as id. They are one record (kind hierarchy-structure, id
`structure`): by place (LevelOne, …) Name and ModifiedMs. A group is of kind agent-group; its body: LevelId and
ParentGroupId (absent on the first level). An update of the structure gives all levels there are from then on.
Source: botocore's model, CreateUserHierarchyGroup and UpdateUserHierarchyStructure; adminguide/agent-hierarchy.html.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api import search
from offhook.api.connect_api.connect import Connect, Operation, by_name, invalid, page, refused
from offhook.api.errors import ServiceError
from offhook.api.service import Result

_KIND = "agent-group"
_WHAT = "hierarchy group"
_STRUCTURE = "hierarchy-structure"
_PLACES = ("LevelOne", "LevelTwo", "LevelThree", "LevelFour", "LevelFive")
_MOST_CHARACTERS = 100  # of a group's name
_MOST_LEVEL_CHARACTERS = 50


# --- levels ---


def _update_structure(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked).id
    wanted = asked["HierarchyStructure"]
    if [place for place in _PLACES if place in wanted] != list(_PLACES[: len(wanted)]):
        raise refused(f"The levels are {', '.join(wanted)}, must follow each other from LevelOne on.")
    before = _levels(connect, instance)
    for place in before.keys() - wanted.keys():
        _must_be_empty(connect, instance, place)
    levels = {}
    for place, level in wanted.items():
        _must_be_short(level["Name"], _MOST_LEVEL_CHARACTERS)
        same = before.get(place, {}).get("Name") == level["Name"]
        levels[place] = before[place] if same else {"Name": level["Name"], "ModifiedMs": connect.now_ms()}
    connect.shelf.put(Record(instance=instance, kind=_STRUCTURE, id="structure", body=levels))
    return {}


def _describe_structure(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked).id
    levels = {}
    for place, level in _levels(connect, instance).items():
        id = _level_id(place)
        levels[place] = {
            "Id": id,
            "Arn": f"{connect.instance_arn(instance)}/agent-group-level/{id}",
            "Name": level["Name"],
            "LastModifiedTime": datetime.fromtimestamp(level["ModifiedMs"] / 1000, UTC),
            "LastModifiedRegion": connect.region,
        }
    return {"HierarchyStructure": levels}


def _levels(connect: Connect, instance: str) -> dict[str, Any]:
    record = connect.shelf.get(instance, _STRUCTURE, "structure")
    return {} if record is None else record.body


def _level_id(place: str) -> str:
    return str(_PLACES.index(place) + 1)


def _must_be_empty(connect: Connect, instance: str, place: str) -> None:
    for group in connect.shelf.all(instance, _KIND):
        if group.body["LevelId"] == _level_id(place):
            message = f"{place} has the group {group.name!r}; delete its groups first."
            arn = connect.arn(group)
            raise ServiceError("ResourceInUseException", message, ResourceType="HIERARCHY_GROUP", ResourceId=arn)


# --- groups ---


def must_be_group(connect: Connect, instance: str, text: str | None) -> None:
    """ServiceError unless this is a hierarchy group of the instance, or None."""
    if text is not None:
        connect.find(instance, _KIND, text, _WHAT)


def _create(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked).id
    _must_be_short(asked["Name"], _MOST_CHARACTERS)
    depth, body = 0, {}
    if asked.get("ParentGroupId"):
        parent = connect.find(instance, _KIND, asked["ParentGroupId"], _WHAT)
        depth, body = int(parent.body["LevelId"]), {"ParentGroupId": parent.id}
    if depth >= len(_levels(connect, instance)):
        raise refused(f"The hierarchy has no level {depth + 1}; UpdateUserHierarchyStructure adds one.")
    record = connect.create(instance, _KIND, asked, {"LevelId": str(depth + 1), **body})
    return {"HierarchyGroupId": record.id, "HierarchyGroupArn": connect.arn(record)}


def _describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    return {"HierarchyGroup": _described(connect, _find(connect, asked))}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, token = page(by_name(connect.shelf.all(connect.instance(asked).id, _KIND)), asked)
    return {"UserHierarchyGroupSummaryList": [_summary(connect, each) for each in records], "NextToken": token}


def _search(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, more = search.found(
        connect.shelf.all(connect.instance(asked).id, _KIND),
        asked,
        fields={
            "parentId": lambda record: str(record.body.get("ParentGroupId", "")),
            "levelId": lambda record: str(record.body["LevelId"]),
        },
    )
    return {"UserHierarchyGroups": [_described(connect, each) for each in records], **more}


def _rename(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    _must_be_short(asked["Name"], _MOST_CHARACTERS)
    connect.change(_find(connect, asked), name=asked["Name"])
    return {}


def _delete(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    for kind, word, member in ((_KIND, "HIERARCHY_GROUP", "ParentGroupId"), ("agent", "USER", "HierarchyGroupId")):
        for other in connect.shelf.all(record.instance, kind):
            if other.body.get(member) == record.id:
                message = f"The hierarchy group {record.name!r} still has {other.name!r}."
                arn = connect.arn(other)
                raise ServiceError("ResourceInUseException", message, ResourceType=word, ResourceId=arn)
    connect.shelf.delete(record)
    return {}


def is_within(connect: Connect, instance: str, group: str | None, outer: str) -> bool:
    """Whether the group is the outer one, or below it."""
    return outer in [each.id for each in _path(connect, instance, group)]


def _find(connect: Connect, asked: Mapping[str, Any]) -> Record:
    return connect.find(connect.instance(asked).id, _KIND, asked["HierarchyGroupId"], _WHAT)


def _path(connect: Connect, instance: str, group: str | None) -> list[Record]:
    """From the first level to the group."""
    found: list[Record] = []
    record = connect.shelf.get(instance, _KIND, group or "")
    while record is not None and len(found) < len(_PLACES):
        found.insert(0, record)
        record = connect.shelf.get(instance, _KIND, record.body.get("ParentGroupId", ""))
    return found


def _described(connect: Connect, record: Record) -> dict[str, Any]:
    path = _path(connect, record.instance, record.id)
    return {
        "Id": record.id,
        "Arn": connect.arn(record),
        "Name": record.name,
        "LevelId": record.body["LevelId"],
        "HierarchyPath": {place: _summary(connect, each) for place, each in zip(_PLACES, path, strict=False)},
        "Tags": record.tags,
        **connect.modified(record),
    }


def _summary(connect: Connect, record: Record) -> dict[str, Any]:
    return {"Id": record.id, "Arn": connect.arn(record), "Name": record.name, **connect.modified(record)}


def _must_be_short(name: str, most: int) -> None:
    if not 1 <= len(name) <= most:
        raise invalid(f"Name has {len(name)} characters, must have 1 to {most}.")


OPERATIONS: Mapping[str, Operation] = {
    "UpdateUserHierarchyStructure": _update_structure,
    "DescribeUserHierarchyStructure": _describe_structure,
    "CreateUserHierarchyGroup": _create,
    "DescribeUserHierarchyGroup": _describe,
    "ListUserHierarchyGroups": _list,
    "SearchUserHierarchyGroups": _search,
    "UpdateUserHierarchyGroupName": _rename,
    "DeleteUserHierarchyGroup": _delete,
}
