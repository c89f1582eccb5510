"""Prompts: a name, and where their audio lies.

GetPromptFile is not built: there is no S3 here that could be asked for the file.
Source: API reference, CreatePrompt and the pages beside it.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api.connect import Connect, Operation, by_name, invalid, page
from offhook.api.connect_api.search import found
from offhook.api.service import Result

KIND = "prompt"


def _create(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    _check_uri(asked["S3Uri"])
    body: dict[str, Any] = {name: asked[name] for name in ("Description", "S3Uri") if name in asked}
    return _named(connect, connect.create(instance.id, KIND, asked, body))


def _describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    return {"Prompt": _described(connect, _find(connect, asked))}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, token = page(by_name(connect.shelf.all(connect.instance(asked).id, KIND)), asked)
    listed = [
        {"Id": record.id, "Arn": connect.arn(record), "Name": record.name, **connect.modified(record)}
        for record in records
    ]
    return {"PromptSummaryList": listed, "NextToken": token}


def _search(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, more = found(connect.shelf.all(connect.instance(asked).id, KIND), asked)
    return {"Prompts": [_described(connect, record) for record in records], **more}


def _update(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    if asked.get("S3Uri") is not None:
        _check_uri(asked["S3Uri"])
    members = {name: asked.get(name) for name in ("Description", "S3Uri")}
    return _named(connect, connect.change(record, name=asked.get("Name"), **members))


def _delete(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    connect.shelf.delete(_find(connect, asked))
    return {}


def _find(connect: Connect, asked: Mapping[str, Any]) -> Record:
    return connect.find(connect.instance(asked).id, KIND, asked["PromptId"])


def _check_uri(text: str) -> None:
    """An object in S3, or a URL that S3 signed."""
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("s3", "https", "http") or not parts.netloc or len(parts.path) < 2:
        raise invalid(f"S3Uri is {text!r}, must be such as s3://bucket/name.wav.")


def _named(connect: Connect, record: Record) -> Result:
    return {"PromptARN": connect.arn(record), "PromptId": record.id}


def _described(connect: Connect, record: Record) -> dict[str, Any]:
    return {
        **_named(connect, record),
        "Name": record.name,
        "Description": record.body.get("Description"),
        "Tags": record.tags,
        **connect.modified(record),
    }


OPERATIONS: Mapping[str, Operation] = {
    "CreatePrompt": _create,
    "DescribePrompt": _describe,
    "ListPrompts": _list,
    "SearchPrompts": _search,
    "UpdatePrompt": _update,
    "DeletePrompt": _delete,
}
