"""What users are good at: values of predefined attributes, each with a level.

In the body of a user (kind agent) under UserProficiencies: a list of AttributeName, AttributeValue and Level (1 to 5).
Source: botocore's model, AssociateUserProficiencies and the operations beside it. Ours: to associate what is associated
is refused, to disassociate what is not does nothing.
"""

from collections.abc import Mapping
from typing import Any

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api.connect import Connect, Operation, invalid, page, refused
from offhook.api.connect_api.predefined_attribute import allows
from offhook.api.service import Result

_LEVELS = (1, 2, 3, 4, 5)
_Key = tuple[str, str]


def _associate(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    known = _by_key(record.body.get("UserProficiencies", []))
    for key, each in _checked(asked).items():
        if key in known:
            raise refused(f"{' '.join(key)} is a proficiency of this user; UpdateUserProficiencies changes its level.")
        if not allows(connect, record.instance, *key):
            raise invalid(f"There is no predefined attribute {key[0]!r} with the value {key[1]!r} in this instance.")
        known[key] = each
    connect.change(record, UserProficiencies=list(known.values()))
    return {}


def _update(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    known = _by_key(record.body.get("UserProficiencies", []))
    for key, each in _checked(asked).items():
        if key not in known:
            raise refused(f"{' '.join(key)} is no proficiency of this user; AssociateUserProficiencies adds it.")
        known[key] = each
    connect.change(record, UserProficiencies=list(known.values()))
    return {}


def _disassociate(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    gone = _by_key(asked["UserProficiencies"])
    left = [each for key, each in _by_key(record.body.get("UserProficiencies", [])).items() if key not in gone]
    connect.change(record, UserProficiencies=left)
    return {}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    some, token = page(record.body.get("UserProficiencies", []), asked)
    return {"UserProficiencyList": some, "NextToken": token, **connect.modified(record)}


def _find(connect: Connect, asked: Mapping[str, Any]) -> Record:
    return connect.find(connect.instance(asked).id, "agent", asked["UserId"], "user")


def _checked(asked: Mapping[str, Any]) -> dict[_Key, dict[str, Any]]:
    for each in asked["UserProficiencies"]:
        if each["Level"] not in _LEVELS:
            raise invalid(f"Level is {each['Level']}, must be 1, 2, 3, 4 or 5.")
    return _by_key(asked["UserProficiencies"])


def _by_key(proficiencies: list[dict[str, Any]]) -> dict[_Key, dict[str, Any]]:
    return {(each["AttributeName"], each["AttributeValue"]): each for each in proficiencies}


OPERATIONS: Mapping[str, Operation] = {
    "AssociateUserProficiencies": _associate,
    "UpdateUserProficiencies": _update,
    "DisassociateUserProficiencies": _disassociate,
    "ListUserProficiencies": _list,
}
