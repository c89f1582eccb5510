"""Users, who take contacts as agents (kind agent; the name of the record is the user name).

Body: RoutingProfileId, SecurityProfileIds, HierarchyGroupId, IdentityInfo, PhoneConfig, DirectoryUserId and the
per-channel configurations, as CreateUser takes them, absent where not given; UserProficiencies: see `proficiency`.
A password is checked and not kept. Source: botocore's model, CreateUser and the operations beside it.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api.connect import Connect, Operation, by_name, invalid, page
from offhook.api.service import Result
from offhook.core.staffing import OFFLINE

_KIND = "agent"
_WHAT = "user"
_PASSWORD = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)\S{8,64}")
_CONFIGS = (
    "AutoAcceptConfigs", "AfterContactWorkConfigs", "PhoneNumberConfigs", "PersistentConnectionConfigs",
    "VoiceEnhancementConfigs",
)  # fmt: skip
_MEMBERS = ("IdentityInfo", "PhoneConfig", "DirectoryUserId", *_CONFIGS)
_REFERENCES = ("RoutingProfileId", "SecurityProfileIds", "HierarchyGroupId")
# What of PhoneConfig must not be given beside which configuration
_CONFLICTS = {
    "AutoAccept": "AutoAcceptConfigs", "AfterContactWorkTimeLimit": "AfterContactWorkConfigs",
    "PhoneType": "PhoneNumberConfigs", "DeskPhoneNumber": "PhoneNumberConfigs",
    "PersistentConnection": "PersistentConnectionConfigs",
}  # fmt: skip


def _create(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    _must_fit(instance.body["IdentityManagementType"], asked)
    for member, configs in _CONFLICTS.items():
        if member in asked.get("PhoneConfig", {}) and configs in asked:
            raise invalid(f"PhoneConfig.{member} and {configs} must not be given together.")
    body = {**_references(connect, instance.id, asked), **{name: asked[name] for name in _MEMBERS if name in asked}}
    record = connect.create(instance.id, _KIND, asked, body, name=asked["Username"])
    return {"UserId": record.id, "UserArn": connect.arn(record)}


def _must_fit(management: str, asked: Mapping[str, Any]) -> None:
    """ServiceError where password and identity are not what the instance's way of managing identities needs."""
    password, identity = asked.get("Password"), asked.get("IdentityInfo", {})
    if (password is not None) != (management == "CONNECT_MANAGED"):
        must = "must be given" if password is None else "must not be given"
        raise invalid(f"Password {must} in an instance whose identities are {management}.")
    if password is not None and not _PASSWORD.fullmatch(password):
        raise invalid("Password must have 8 to 64 characters, among them a-z, A-Z and 0-9, and no space.")
    if management == "EXISTING_DIRECTORY":
        return
    for name in ("FirstName", "LastName"):
        if not identity.get(name):
            raise invalid(f"IdentityInfo.{name} must be given in an instance whose identities are {management}.")
    if management == "SAML" and identity.get("Email"):
        raise invalid("IdentityInfo.Email must not be given in an instance whose identities are SAML.")


def _references(connect: Connect, instance: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The members that name other things, as ids. ServiceError where there is none of these."""
    found: dict[str, Any] = {}
    if "RoutingProfileId" in asked:
        found["RoutingProfileId"] = connect.find(instance, "routing-profile", asked["RoutingProfileId"]).id
    if "SecurityProfileIds" in asked:
        texts = asked["SecurityProfileIds"]
        found["SecurityProfileIds"] = [connect.find(instance, "security-profile", text).id for text in texts]
    if asked.get("HierarchyGroupId"):
        found["HierarchyGroupId"] = connect.find(instance, "agent-group", asked["HierarchyGroupId"]).id
    return found


def _describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    members = {name: record.body.get(name) for name in (*_MEMBERS, *_REFERENCES)}
    return {"User": {**_identity(connect, record), **members, **connect.modified(record)}}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, token = page(by_name(connect.shelf.all(connect.instance(asked).id, _KIND)), asked)
    summaries = [
        {"Id": each.id, "Arn": connect.arn(each), "Username": each.name, **connect.modified(each)} for each in records
    ]
    return {"UserSummaryList": summaries, "NextToken": token}


def _delete(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    connect.shelf.delete(record)
    floor = connect.runtime.floor(record.instance)
    if record.name in floor.staff:
        floor.sign(record.name, OFFLINE)
    return {}


def _update(*members: str) -> Operation:
    """An operation that replaces these members, as far as they are given."""

    def operation(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
        record = _find(connect, asked)
        found = _references(connect, record.instance, {name: asked[name] for name in members if name in asked})
        connect.change(record, **{name: found.get(name, asked.get(name)) for name in members})
        return {}

    return operation


def _update_hierarchy(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """Without a group the user is in none from then on."""
    record = _find(connect, asked)
    found = _references(connect, record.instance, asked)
    rest = {name: value for name, value in record.body.items() if name != "HierarchyGroupId"}
    connect.shelf.put(msgspec.structs.replace(record, body={**rest, **found}))
    return {}


def _find(connect: Connect, asked: Mapping[str, Any]) -> Record:
    return connect.find(connect.instance(asked).id, _KIND, asked["UserId"], _WHAT)


def _identity(connect: Connect, record: Record) -> dict[str, Any]:
    return {"Id": record.id, "Arn": connect.arn(record), "Username": record.name, "Tags": record.tags}


OPERATIONS: Mapping[str, Operation] = {
    "CreateUser": _create,
    "DescribeUser": _describe,
    "ListUsers": _list,
    "DeleteUser": _delete,
    "UpdateUserIdentityInfo": _update("IdentityInfo"),
    "UpdateUserPhoneConfig": _update("PhoneConfig"),
    "UpdateUserRoutingProfile": _update("RoutingProfileId"),
    "UpdateUserSecurityProfiles": _update("SecurityProfileIds"),
    "UpdateUserConfig": _update(*_CONFIGS),
    "UpdateUserHierarchy": _update_hierarchy,
}
