"""Flow modules. How they are kept: `content`. A module is published when it is made; drafts come by `$SAVED` later.

Settings (a JSON text: what the module takes and gives) belong to the content that they came with.
Source: botocore's model, CreateContactFlowModule and the operations beside it; spec/validation.md, section 1.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api import content, search
from offhook.api.connect_api.connect import Connect, Operation, by_name, page, refused
from offhook.api.connect_api.content import MODULE
from offhook.api.connect_api.publication import module_must_be_sound
from offhook.api.service import Result

_KIND = MODULE.kind


def _create(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked).id
    settings = asked.get("Settings")
    _must_be_json(settings)
    module_must_be_sound(connect, instance, asked["Content"], settings)
    body: dict[str, Any] = {"State": "ACTIVE", "Description": asked.get("Description", ""), "Revision": 0}
    if "ExternalInvocationConfiguration" in asked:
        body["ExternalInvocationConfiguration"] = asked["ExternalInvocationConfiguration"]
    record = connect.create(instance, _KIND, asked, content.published(body, asked["Content"], settings))
    return {"Id": record.id, "Arn": connect.arn(record)}


def _describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record, qualifier = content.find(connect, MODULE, asked)
    found = content.content(connect, MODULE, record, qualifier)
    return {"ContactFlowModule": {**described(connect, record, found), "Content": found.text}}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked).id
    state = asked.get("ContactFlowModuleState")
    found = [each for each in connect.shelf.all(instance, _KIND) if state in (None, each.body["State"])]
    records, token = page(by_name(found), asked)
    summaries = [
        {"Id": each.id, "Arn": connect.arn(each), "Name": each.name, "State": each.body["State"]} for each in records
    ]
    return {"ContactFlowModulesSummaryList": summaries, "NextToken": token}


def _search(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, more = search.found(
        connect.shelf.all(connect.instance(asked).id, _KIND),
        asked,
        tests={
            "StateCondition": lambda record, value: bool(record.body["State"] == value),
            "StatusCondition": lambda record, value: bool(content.newest(record).status == value),
        },
    )
    return {"ContactFlowModules": [described(connect, each, content.newest(each)) for each in records], **more}


def _update_content(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """Publishes, unless `$SAVED` is asked for. What is not given stays as it is."""
    record, qualifier = content.find(connect, MODULE, asked)
    if "Content" not in asked and "Settings" not in asked:
        raise refused("Content or Settings must be given.")
    before = content.content(connect, MODULE, record, content.SAVED if qualifier == content.SAVED else "")
    text, settings = asked.get("Content", before.text), asked.get("Settings", before.settings)
    if qualifier == content.SAVED:
        content.keep(connect, record, content.saved(record.body, text, settings))
        return {}
    content.whole(connect, MODULE, asked)
    _must_be_json(settings)
    module_must_be_sound(connect, record.instance, text, settings)
    content.keep(connect, record, content.published(record.body, text, settings))
    return {}


def _update_metadata(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = content.whole(connect, MODULE, asked)
    connect.change(record, name=asked.get("Name"), Description=asked.get("Description"), State=asked.get("State"))
    return {}


def _delete(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    content.delete(connect, MODULE, content.whole(connect, MODULE, asked))
    return {}


def _must_be_json(settings: str | None) -> None:
    try:
        read = {} if settings is None else msgspec.json.decode(settings)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise refused("Settings must be a JSON object in a text.")


def described(connect: Connect, record: Record, found: content.Content) -> dict[str, Any]:
    """AWS's ContactFlowModule, without Content."""
    body = record.body
    return {
        "Arn": connect.arn(record),
        "Id": record.id,
        "Name": record.name,
        "Description": body["Description"],
        "State": body["State"],
        "Status": found.status,
        "Tags": record.tags,
        "FlowModuleContentSha256": content.sha256(found.text),
        "Version": found.version,
        "VersionDescription": found.description,
        "Settings": found.settings,
        "ExternalInvocationConfiguration": body.get("ExternalInvocationConfiguration"),
    }


OPERATIONS: Mapping[str, Operation] = {
    "CreateContactFlowModule": _create,
    "DescribeContactFlowModule": _describe,
    "ListContactFlowModules": _list,
    "SearchContactFlowModules": _search,
    "UpdateContactFlowModuleContent": _update_content,
    "UpdateContactFlowModuleMetadata": _update_metadata,
    "DeleteContactFlowModule": _delete,
}
