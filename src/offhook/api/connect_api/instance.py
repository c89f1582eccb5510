"""Instances and their attributes.

Source: API reference, CreateInstance and the pages beside it. Ours: an instance is ACTIVE at once.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from offhook.adapters.store.shelf import ACCOUNT, Record
from offhook.api.connect_api.beginning import begin
from offhook.api.connect_api.connect import Connect, Operation, by_name, page, refused
from offhook.api.service import Result

# What a new instance has; the two that the request gives are not among them. Source: the defaults of the console
DEFAULTS = {
    "CONTACTFLOW_LOGS": "false", "CONTACT_LENS": "true", "AUTO_RESOLVE_BEST_VOICES": "true",
    "USE_CUSTOM_TTS_VOICES": "false", "EARLY_MEDIA": "true", "MULTI_PARTY_CONFERENCE": "false",
    "AUTO_MUTE_AGENT_ON_HOLD": "false", "HIGH_VOLUME_OUTBOUND": "false", "ENHANCED_CONTACT_MONITORING": "false",
    "ENHANCED_CHAT_MONITORING": "false", "MULTI_PARTY_CHAT_CONFERENCE": "false", "MESSAGE_STREAMING": "true",
}  # fmt: skip


def _create(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    alias = asked.get("InstanceAlias", "")
    if not alias and asked["IdentityManagementType"] != "EXISTING_DIRECTORY":
        raise refused("InstanceAlias is required, unless an existing directory manages identities.")
    attributes = {
        "INBOUND_CALLS": _word(asked["InboundCallsEnabled"]), "OUTBOUND_CALLS": _word(asked["OutboundCallsEnabled"])
    }  # fmt: skip
    body = {"IdentityManagementType": asked["IdentityManagementType"], "Attributes": {**DEFAULTS, **attributes}}
    record = connect.create(ACCOUNT, "instance", asked, body, name=alias)
    if not list(connect.shelf.kinds(record.id)):  # a request that is repeated finds what it made
        begin(connect, record.id)
    return {"Id": record.id, "Arn": connect.arn(record)}


def _describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = connect.instance(asked)
    return {"Instance": {**_summary(connect, record), "Tags": record.tags}}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, token = page(by_name(connect.shelf.all(ACCOUNT, "instance")), asked, usual=10)
    return {"InstanceSummaryList": [_summary(connect, record) for record in records], "NextToken": token}


def _delete(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """The instance with all that is in it."""
    instance = connect.instance(asked)
    for kind in list(connect.shelf.kinds(instance.id)):
        for record in connect.shelf.all(instance.id, kind):
            connect.shelf.delete(record)
    connect.shelf.delete(instance)
    return {}


def _describe_attribute(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    kind = asked["AttributeType"]
    value = connect.instance(asked).body["Attributes"].get(kind, "false")
    return {"Attribute": {"AttributeType": kind, "Value": value}}


def _list_attributes(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    found = sorted(connect.instance(asked).body["Attributes"].items())
    attributes, token = page([{"AttributeType": kind, "Value": value} for kind, value in found], asked, usual=7)
    return {"Attributes": attributes, "NextToken": token}


def _update_attribute(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    if asked["Value"] not in ("true", "false"):
        raise refused(f"Value is {asked['Value']!r}, must be true or false.")
    connect.change(instance, Attributes={**instance.body["Attributes"], asked["AttributeType"]: asked["Value"]})
    return {}


def _summary(connect: Connect, record: Record) -> dict[str, Any]:
    attributes = record.body["Attributes"]
    return {
        "Id": record.id,
        "Arn": connect.arn(record),
        "IdentityManagementType": record.body["IdentityManagementType"],
        "InstanceAlias": record.name or None,
        "CreatedTime": datetime.fromtimestamp(record.created_ms / 1000, UTC),
        "ServiceRole": f"arn:aws:iam::{connect.account}:role/aws-service-role/connect.amazonaws.com/offhook",
        "InstanceStatus": "ACTIVE",
        "InboundCallsEnabled": attributes["INBOUND_CALLS"] == "true",
        "OutboundCallsEnabled": attributes["OUTBOUND_CALLS"] == "true",
    }


def _word(value: bool) -> str:
    return "true" if value else "false"


OPERATIONS: Mapping[str, Operation] = {
    "CreateInstance": _create,
    "DescribeInstance": _describe,
    "ListInstances": _list,
    "DeleteInstance": _delete,
    "DescribeInstanceAttribute": _describe_attribute,
    "ListInstanceAttributes": _list_attributes,
    "UpdateInstanceAttribute": _update_attribute,
}
