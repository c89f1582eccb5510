"""Security profiles, as data: what they permit is kept and told, and holds nobody back.

Body: Type (AWS_MANAGED | CUSTOMER_MANAGED), Permissions and the other members that CreateSecurityProfile takes.
Source: botocore's model, CreateSecurityProfile and the operations beside it.
"""

from collections.abc import Mapping
from typing import Any

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api import search
from offhook.api.connect_api.connect import Connect, Operation, by_name, page
from offhook.api.connect_api.hierarchy import must_be_group
from offhook.api.errors import ServiceError
from offhook.api.service import Result

_KIND = "security-profile"
# What the request and the record have alike
_MEMBERS = (
    "Description", "Permissions", "AllowedAccessControlTags", "TagRestrictedResources", "Applications",
    "HierarchyRestrictedResources", "AllowedAccessControlHierarchyGroupId", "AllowedFlowModules", "AllowedAIAgents",
    "GranularAccessControlConfiguration",
)  # fmt: skip
_DESCRIBED = (
    "Description", "AllowedAccessControlTags", "TagRestrictedResources", "HierarchyRestrictedResources",
    "AllowedAccessControlHierarchyGroupId", "GranularAccessControlConfiguration", "Type",
)  # fmt: skip


def _create(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked).id
    must_be_group(connect, instance, asked.get("AllowedAccessControlHierarchyGroupId"))
    body = {
        "Type": "CUSTOMER_MANAGED", "Description": "", "Permissions": [],
        **{member: asked[member] for member in _MEMBERS if member in asked},
    }  # fmt: skip
    record = connect.create(instance, _KIND, asked, body, name=asked["SecurityProfileName"])
    return {"SecurityProfileId": record.id, "SecurityProfileArn": connect.arn(record)}


def _describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    described = {member: record.body.get(member) for member in _DESCRIBED}
    return {"SecurityProfile": {**_identity(connect, record), **described, **connect.modified(record)}}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, token = page(by_name(connect.shelf.all(connect.instance(asked).id, _KIND)), asked)
    summaries = [
        {
            "Id": each.id,
            "Arn": connect.arn(each),
            "Name": each.name,
            "Type": each.body["Type"],
            **connect.modified(each),
        }
        for each in records
    ]
    return {"SecurityProfileSummaryList": summaries, "NextToken": token}


def _search(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, more = search.found(connect.shelf.all(connect.instance(asked).id, _KIND), asked)
    described = [
        {**_identity(connect, each), "Description": each.body["Description"], "Type": each.body["Type"]}
        for each in records
    ]
    return {"SecurityProfiles": described, **more}


def _update(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    must_be_group(connect, record.instance, asked.get("AllowedAccessControlHierarchyGroupId"))
    connect.change(record, **{member: asked.get(member) for member in _MEMBERS})
    return {}


def _delete(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    for user in connect.shelf.all(record.instance, "agent"):
        if record.id in user.body["SecurityProfileIds"]:
            message = f"The security profile {record.name!r} is that of the user {user.name!r}."
            raise ServiceError("ResourceInUseException", message, ResourceType="USER", ResourceId=connect.arn(user))
    connect.shelf.delete(record)
    return {}


def _listed(member: str, answer: str) -> Operation:
    """An operation that lists one member of the body."""

    def operation(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
        record = _find(connect, asked)
        some, token = page(record.body.get(member, []), asked)
        return {answer: some, "NextToken": token, **connect.modified(record)}

    return operation


def _find(connect: Connect, asked: Mapping[str, Any]) -> Record:
    return connect.find(connect.instance(asked).id, _KIND, asked["SecurityProfileId"])


def _identity(connect: Connect, record: Record) -> dict[str, Any]:
    return {
        "Id": record.id,
        "OrganizationResourceId": record.instance,
        "Arn": connect.arn(record),
        "SecurityProfileName": record.name,
        "Tags": record.tags,
    }


OPERATIONS: Mapping[str, Operation] = {
    "CreateSecurityProfile": _create,
    "DescribeSecurityProfile": _describe,
    "ListSecurityProfiles": _list,
    "SearchSecurityProfiles": _search,
    "UpdateSecurityProfile": _update,
    "DeleteSecurityProfile": _delete,
    "ListSecurityProfilePermissions": _listed("Permissions", "Permissions"),
    "ListSecurityProfileApplications": _listed("Applications", "Applications"),
    "ListSecurityProfileFlowModules": _listed("AllowedFlowModules", "AllowedFlowModules"),
}
