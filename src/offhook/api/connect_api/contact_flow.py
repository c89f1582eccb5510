"""Contact flows: drafts, publishing, and what they are called. How they are kept: `content`.

Ours: a search answers without Content, which an answer to a hundred flows has no room for. A default flow can be
neither archived nor deleted, since contacts come to it where no other flow is set.
Source: botocore's model, CreateContactFlow and the operations beside it; spec/validation.md, section 1.
"""

from collections.abc import Mapping
from typing import Any

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api import content, search
from offhook.api.connect_api.connect import Connect, Operation, by_name, page, refused
from offhook.api.connect_api.content import FLOW
from offhook.api.connect_api.publication import must_be_sound
from offhook.api.service import Result

_KIND = FLOW.kind


def _create(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked).id
    text = asked["Content"]
    content.must_be_short(text)
    connect.must_be_free(instance, _KIND, asked["Name"])
    body = {"Type": asked["Type"], "State": "ACTIVE", "Description": asked.get("Description", ""), "Revision": 0}
    publish = asked.get("Status", "PUBLISHED") == "PUBLISHED"
    if publish:
        must_be_sound(connect, instance, text, asked["Type"])
    made = content.published(body, text) if publish else content.saved(body, text)
    record = connect.create(instance, _KIND, asked, made)
    sha = content.sha256(text) if publish else None
    return {"ContactFlowId": record.id, "ContactFlowArn": connect.arn(record), "FlowContentSha256": sha}


def _describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record, qualifier = content.find(connect, FLOW, asked)
    found = content.content(connect, FLOW, record, qualifier)
    return {"ContactFlow": {**described(connect, record, found), "Content": found.text}}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked).id
    types = asked.get("ContactFlowTypes")
    found = [each for each in connect.shelf.all(instance, _KIND) if not types or each.body["Type"] in types]
    records, token = page(by_name(found), asked)
    return {"ContactFlowSummaryList": [_summary(connect, each) for each in records], "NextToken": token}


def _search(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked).id
    condition = (asked.get("SearchFilter") or {}).get("FlowAttributeFilter") or {}
    records = [each for each in connect.shelf.all(instance, _KIND) if _has_attributes(each, condition)]
    found, more = search.found(
        records,
        asked,
        fields={"type": lambda record: str(record.body["Type"]), "state": lambda record: str(record.body["State"])},
        tests={
            "TypeCondition": lambda record, value: bool(record.body["Type"] == value),
            "StateCondition": lambda record, value: bool(record.body["State"] == value),
            "StatusCondition": lambda record, value: bool(content.newest(record).status == value),
        },
    )
    return {"ContactFlows": [described(connect, each, content.newest(each)) for each in found], **more}


def _has_attributes(record: Record, condition: Mapping[str, Any]) -> bool:
    """Whether a flow is as a ContactFlowAttributeFilter says, or a part of one: tags and types."""
    parts = [_has_attributes(record, condition["AndCondition"])] if condition.get("AndCondition") else []
    if condition.get("OrConditions"):
        parts.append(any(_has_attributes(record, each) for each in condition["OrConditions"]))
    if condition.get("TagConditions"):
        parts.append(search.has_tags(record.tags, {"AndConditions": condition["TagConditions"]}))
    if condition.get("TagCondition"):
        parts.append(search.has_tags(record.tags, {"TagCondition": condition["TagCondition"]}))
    if condition.get("ContactFlowTypeCondition"):
        parts.append(record.body["Type"] == condition["ContactFlowTypeCondition"].get("ContactFlowType"))
    return all(parts)


def _update_content(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """Publishes, unless `$SAVED` is asked for."""
    record, qualifier = content.find(connect, FLOW, asked)
    text = asked["Content"]
    content.must_be_short(text)
    if qualifier == content.SAVED:
        content.keep(connect, record, content.saved(record.body, text))
        return {}
    content.whole(connect, FLOW, asked)
    must_be_sound(connect, record.instance, text, record.body["Type"])
    content.keep(connect, record, content.published(record.body, text))
    return {}


def _update_metadata(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = content.whole(connect, FLOW, asked)
    state = asked.get("ContactFlowState")
    if state == "ARCHIVED" and _is_default(record):
        raise refused(f"{record.name!r} is a default flow, which cannot be archived.")
    connect.change(record, name=asked.get("Name"), Description=asked.get("Description"), State=state)
    return {}


def _update_name(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = content.whole(connect, FLOW, asked)
    connect.change(record, name=asked.get("Name"), Description=asked.get("Description"))
    return {}


def _delete(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = content.whole(connect, FLOW, asked)
    if _is_default(record):
        raise refused(f"{record.name!r} is a default flow, which cannot be deleted.")
    content.delete(connect, FLOW, record)
    return {}


def _is_default(record: Record) -> bool:
    return bool(record.body.get("IsDefault"))


def described(connect: Connect, record: Record, found: content.Content) -> dict[str, Any]:
    """AWS's ContactFlow, without Content."""
    body = record.body
    return {
        "Arn": connect.arn(record),
        "Id": record.id,
        "Name": record.name,
        "Type": body["Type"],
        "State": body["State"],
        "Status": found.status,
        "Description": body["Description"],
        "Tags": record.tags,
        "FlowContentSha256": content.sha256(found.text),
        "Version": found.version,
        "VersionDescription": found.description,
        **connect.modified(record),
    }


def _summary(connect: Connect, record: Record) -> dict[str, Any]:
    return {
        "Id": record.id,
        "Arn": connect.arn(record),
        "Name": record.name,
        "ContactFlowType": record.body["Type"],
        "ContactFlowState": record.body["State"],
        "ContactFlowStatus": content.newest(record).status,
    }


OPERATIONS: Mapping[str, Operation] = {
    "CreateContactFlow": _create,
    "DescribeContactFlow": _describe,
    "ListContactFlows": _list,
    "SearchContactFlows": _search,
    "UpdateContactFlowContent": _update_content,
    "UpdateContactFlowMetadata": _update_metadata,
    "UpdateContactFlowName": _update_name,
    "DeleteContactFlow": _delete,
}
