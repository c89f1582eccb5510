"""Test cases, as they are kept; nothing here runs them.

Body: Description; Saved and Published, each with Content and what was given of EntryPoint and InitializationData.
Saved is absent where nothing was saved since the last publish. What is published must be a document of the testing
language; what is saved may be any text. Ours: without Status a test case is published.
Source: botocore's model, CreateTestCase and the operations beside it; spec/testing-language.md, section 1.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api import search
from offhook.api.connect_api.connect import Connect, Operation, by_name, invalid, missing, page
from offhook.api.errors import ServiceError
from offhook.api.service import Result

_KIND = "test-case"
_PARTS = ("Content", "EntryPoint", "InitializationData")
_VERSIONS = ("2019-10-30", "2025-06-21")  # the second in older pages


def _create(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked).id
    status = asked.get("Status", "PUBLISHED")
    parts = {part: asked[part] for part in _PARTS if part in asked}
    _must_be_sound(parts, status)
    body = {"Description": asked.get("Description", ""), _place(status): parts}
    record = connect.create(instance, _KIND, asked, body)
    return {"TestCaseId": record.id, "TestCaseArn": connect.arn(record)}


def _describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    return {"TestCase": _described(connect, record, asked.get("Status") or _status(record))}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, token = page(by_name(connect.shelf.all(connect.instance(asked).id, _KIND)), asked)
    summaries = [
        {
            "Id": each.id,
            "Arn": connect.arn(each),
            "Name": each.name,
            "Status": _status(each),
            **connect.modified(each),
        }
        for each in records
    ]
    return {"TestCaseSummaryList": summaries, "NextToken": token}


def _search(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, more = search.found(
        connect.shelf.all(connect.instance(asked).id, _KIND),
        asked,
        tests={"StatusCondition": lambda record, value: _status(record) == value},
    )
    return {"TestCases": [_described(connect, each, _status(each)) for each in records], **more}


def _update(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """What is not given stays as it is in the newest form, the draft if there is one."""
    record = _find(connect, asked)
    given = {part: asked[part] for part in _PARTS if part in asked}
    if given or "Status" in asked:
        status = asked.get("Status", "PUBLISHED")
        parts = {**_newest(record), **given}
        _must_be_sound(parts, status)
        rest = {name: value for name, value in record.body.items() if name != "Saved"}
        record = msgspec.structs.replace(record, body={**rest, _place(status): parts})
    connect.change(record, name=asked.get("Name"), Description=asked.get("Description"))
    return {}


def _delete(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    connect.shelf.delete(_find(connect, asked))
    return {}


def _find(connect: Connect, asked: Mapping[str, Any]) -> Record:
    return connect.find(connect.instance(asked).id, _KIND, asked["TestCaseId"])


def _place(status: str) -> str:
    return "Published" if status == "PUBLISHED" else "Saved"


def _status(record: Record) -> str:
    return "PUBLISHED" if "Published" in record.body else "SAVED"


def _newest(record: Record) -> dict[str, Any]:
    found: dict[str, Any] = record.body.get("Saved") or record.body["Published"]
    return found


def _must_be_sound(parts: Mapping[str, Any], status: str) -> None:
    """ServiceError where this cannot be kept under the status."""
    if "InitializationData" in parts and not isinstance(_read(parts["InitializationData"]), dict):
        raise invalid("InitializationData must be a JSON object in a text.")
    found = _problem(_read(parts["Content"])) if status == "PUBLISHED" else ""
    if found:
        raise ServiceError("InvalidTestCaseException", found, Problems=[{"message": found}])


def _problem(document: Any) -> str:
    if not isinstance(document, dict):
        return "Content is not a JSON object."
    if document.get("Version") not in _VERSIONS:
        return f"Version must be {_VERSIONS[0]}. Path: Version"
    if not isinstance(document.get("Observations"), list):
        return "Observations must be a list. Path: Observations"
    return ""


def _read(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _described(connect: Connect, record: Record, status: str) -> dict[str, Any]:
    parts = record.body.get(_place(status))
    if parts is None and status == "SAVED":
        parts = record.body["Published"]
    if parts is None:
        raise missing(f"The test case {record.name!r} is not published.")
    return {
        "Arn": connect.arn(record),
        "Id": record.id,
        "Name": record.name,
        "Description": record.body["Description"],
        "Status": status,
        "Tags": record.tags,
        **{part: parts.get(part) for part in _PARTS},
        "TestCaseSha256": hashlib.sha256(parts["Content"].encode("utf-8", "surrogatepass")).hexdigest(),
        **connect.modified(record),
    }


OPERATIONS: Mapping[str, Operation] = {
    "CreateTestCase": _create,
    "DescribeTestCase": _describe,
    "ListTestCases": _list,
    "SearchTestCases": _search,
    "UpdateTestCase": _update,
    "DeleteTestCase": _delete,
}
