"""Views, which Show view shows: those of AWS, which are in every instance, and those that are created.

A view has a draft ($SAVED) and what is published ($LATEST); a publish sets both. Body: Description, Saved, Published
(absent until the first publish), each with Template, Actions and ModifiedMs; LastVersion. A version (kind
view-version, id `<view id>:<number>`): Version, Content, Description.
Of AWS's views only that they are there is known; nobody publishes their templates.
Ours: no InputSchema is made from a template. Source: botocore's model, CreateView and the operations beside it;
adminguide/view-resources-managed-view.html.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api import search
from offhook.api.connect_api.connect import Connect, Operation, by_name, id_of, invalid, missing, page, refused
from offhook.api.connect_api.content import LATEST, SAVED, split
from offhook.api.service import Result
from offhook.blocks.show_view import AWS_MANAGED

_KIND = "view"
_MAX_BYTES = 400_000
_VERSION = "view-version"


def _create(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked).id
    content = _content(connect, asked)
    body = {"Description": asked.get("Description", ""), **_stored(content, asked["Status"])}
    record = connect.create(instance, _KIND, asked, body)
    return {"View": _described(connect, record, _qualifier(asked["Status"]))}


def _describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked).id
    own = _managed(asked["ViewId"])
    if own is not None:
        return {"View": {**_managed_summary(connect, own), "Version": 1}}
    text, qualifier = split(asked["ViewId"])
    record = connect.find(instance, _KIND, text)
    if qualifier.isdecimal():
        return {"View": _described_version(connect, record, _version(connect, record, int(qualifier)))}
    if qualifier not in ("", SAVED, LATEST):
        raise missing(f"A view has no {qualifier!r}, only {SAVED}, {LATEST} and versions.")
    return {"View": _described(connect, record, qualifier or LATEST)}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """AWS's come first: by type, then by name."""
    instance = connect.instance(asked).id
    kind = asked.get("Type")
    found: list[dict[str, Any]] = []
    if kind in (None, "AWS_MANAGED"):
        found += [_managed_summary(connect, name) for name in sorted(AWS_MANAGED)]
    if kind in (None, "CUSTOMER_MANAGED"):
        found += [_summary(connect, each) for each in by_name(connect.shelf.all(instance, _KIND))]
    some, token = page(found, asked)
    return {"ViewsSummaryList": some, "NextToken": token}


def _search(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """Among those that were created: AWS's have no tags and no description to look for."""
    records, more = search.found(
        connect.shelf.all(connect.instance(asked).id, _KIND),
        asked,
        tests={
            "ViewTypeCondition": lambda record, value: bool(value == "CUSTOMER_MANAGED"),
            "ViewStatusCondition": lambda record, value: _status(record) == value,
        },
    )
    views = [_described(connect, each, _qualifier(_status(each))) for each in records]
    return {"Views": views, **more}


def _update_content(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    content = _content(connect, asked)
    changed = {**record.body, **_stored(content, asked["Status"])}
    record = connect.shelf.put(msgspec.structs.replace(record, body=changed))
    return {"View": _described(connect, record, _qualifier(asked["Status"]))}


def _update_metadata(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    if "Name" not in asked and "Description" not in asked:
        raise refused("Name or Description must be given.")
    connect.change(record, name=asked.get("Name"), Description=asked.get("Description"))
    return {}


def _delete(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    for version in _versions(connect, record):
        connect.shelf.delete(version)
    connect.shelf.delete(record)
    return {}


# --- versions ---


def _create_version(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """What is published, under a number for good; the highest version, where that has the same content."""
    record = _find(connect, asked)
    content = _published(record, LATEST)
    if asked.get("ViewContentSha256") not in (None, _sha256(content)):
        raise refused("ViewContentSha256 is not the checksum of what is published.")
    versions = _versions(connect, record)
    if versions and _sha256(versions[0].body["Content"]) == _sha256(content):
        return {"View": _described_version(connect, record, versions[0])}
    number = record.body.get("LastVersion", 0) + 1
    connect.change(record, LastVersion=number)
    body = {"Version": number, "Content": content, "Description": asked.get("VersionDescription", "")}
    made = Record(instance=record.instance, kind=_VERSION, id=f"{record.id}:{number}", body=body)
    return {"View": _described_version(connect, record, connect.shelf.put(made))}


def _list_versions(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    own = _managed(asked["ViewId"])
    if own is not None:
        connect.instance(asked)
        summary = _managed_summary(connect, own)
        del summary["Status"]
        return {"ViewVersionSummaryList": [{**summary, "Version": 1}]}
    record = _find(connect, asked)
    versions, token = page(_versions(connect, record), asked)
    summaries = [
        {
            **_named(connect, record, f":{each.body['Version']}"),
            "Version": each.body["Version"],
            "VersionDescription": each.body["Description"] or None,
        }
        for each in versions
    ]
    return {"ViewVersionSummaryList": summaries, "NextToken": token}


def _delete_version(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    connect.shelf.delete(_version(connect, record, asked["ViewVersion"]))
    return {}


def _versions(connect: Connect, record: Record) -> list[Record]:
    """From the highest to the lowest."""
    found = [each for each in connect.shelf.all(record.instance, _VERSION) if split(each.id)[0] == record.id]
    return sorted(found, key=lambda each: int(each.body["Version"]), reverse=True)


def _version(connect: Connect, record: Record, number: int) -> Record:
    found = connect.shelf.get(record.instance, _VERSION, f"{record.id}:{number}")
    if found is None:
        raise missing(f"There is no version {number} of the view {record.name!r}.")
    return found


# --- content ---


def _content(connect: Connect, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent, if it can be a view at all."""
    given = asked["Content"]
    template = given.get("Template")
    if template is None:
        raise invalid("Content.Template must be given.")
    if len(template.encode("utf-8", "surrogatepass")) > _MAX_BYTES:
        raise invalid(f"Content.Template is longer than {_MAX_BYTES} bytes.")
    try:
        document = msgspec.json.decode(template)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        raise invalid(f"Content.Template is not JSON: {problem}.") from None
    if not isinstance(document, dict):
        raise invalid("Content.Template must be a JSON object.")
    if asked["Status"] == "PUBLISHED" and "Body" not in document:
        raise invalid("Content.Template must have a Body to be published.")
    return {"Template": template, "Actions": given.get("Actions", []), "ModifiedMs": connect.now_ms()}


def _stored(content: dict[str, Any], status: str) -> dict[str, Any]:
    return {"Saved": content, **({"Published": content} if status == "PUBLISHED" else {})}


def _qualifier(status: str) -> str:
    return LATEST if status == "PUBLISHED" else SAVED


def _status(record: Record) -> str:
    return "PUBLISHED" if "Published" in record.body else "SAVED"


def _published(record: Record, qualifier: str) -> dict[str, Any]:
    found: dict[str, Any] | None = record.body.get("Saved" if qualifier == SAVED else "Published")
    if found is None:
        raise missing(f"The view {record.name!r} is not published; ask for {record.id}:{SAVED}.")
    return found


def _sha256(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode([content["Template"], content["Actions"]])).hexdigest()


# --- answers ---


def _find(connect: Connect, asked: Mapping[str, Any]) -> Record:
    """A view to be changed, whatever the qualifier. ServiceError where it is AWS's."""
    if _managed(asked["ViewId"]) is not None:
        raise refused(f"{asked['ViewId']} is managed by AWS and cannot be changed.")
    return connect.find(connect.instance(asked).id, _KIND, split(asked["ViewId"])[0])


def _managed(text: str) -> str | None:
    """The name of AWS's view that an ARN means: `…:aws:view/form:1` is `form`."""
    name = split(id_of(text))[0]
    return name if ":aws:view/" in text and name in AWS_MANAGED else None


def _managed_summary(connect: Connect, name: str) -> dict[str, Any]:
    return {
        "Id": name,
        "Arn": f"arn:aws:connect:{connect.region}:aws:view/{name}:1",
        "Name": name.capitalize(),
        "Type": "AWS_MANAGED",
        "Status": "PUBLISHED",
    }


def _named(connect: Connect, record: Record, qualifier: str) -> dict[str, Any]:
    return {
        "Id": record.id,
        "Arn": connect.arn(record) + qualifier,
        "Name": record.name,
        "Type": "CUSTOMER_MANAGED",
        "Description": record.body["Description"] or None,
    }


def _summary(connect: Connect, record: Record) -> dict[str, Any]:
    return {**_named(connect, record, ""), "Status": _status(record)}


def _described(connect: Connect, record: Record, qualifier: str) -> dict[str, Any]:
    """AWS's View, as `$SAVED` or `$LATEST`. ServiceError where that is not published."""
    content = _published(record, qualifier)
    return {
        **_named(connect, record, ""),
        "Status": "SAVED" if qualifier == SAVED else "PUBLISHED",
        "Tags": record.tags,
        **_shown(content),
        "CreatedTime": _instant(record.created_ms),
    }


def _described_version(connect: Connect, record: Record, version: Record) -> dict[str, Any]:
    return {
        **_named(connect, record, f":{version.body['Version']}"),
        "Status": "PUBLISHED",
        "Tags": record.tags,
        **_shown(version.body["Content"]),
        "CreatedTime": _instant(record.created_ms),
        "LastModifiedTime": _instant(version.modified_ms),
        "Version": version.body["Version"],
        "VersionDescription": version.body["Description"] or None,
    }


def _shown(content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Content": {"Template": content["Template"], "Actions": content["Actions"]},
        "LastModifiedTime": _instant(content["ModifiedMs"]),
        "ViewContentSha256": _sha256(content),
    }


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


OPERATIONS: Mapping[str, Operation] = {
    "CreateView": _create,
    "DescribeView": _describe,
    "ListViews": _list,
    "SearchViews": _search,
    "UpdateViewContent": _update_content,
    "UpdateViewMetadata": _update_metadata,
    "DeleteView": _delete,
    "CreateViewVersion": _create_version,
    "ListViewVersions": _list_versions,
    "DeleteViewVersion": _delete_version,
}
