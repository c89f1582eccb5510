"""Writes what a handler answers, as botocore's model declares it.

A member that is None is left out. One that the model does not know is a mistake of ours, and raises KeyError.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from offhook.api import timestamp

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. The body's type is JSON."""

    status: int
    headers: dict[str, str]
    body: bytes


def answer(result: Mapping[str, Any], shape: Any, status: int) -> Answer:
    """`shape` is the output shape or that of an error, None for none; a member may replace `status`."""
    if shape is None:
        return Answer(status, {}, b"")
    headers: dict[str, str] = {}
    in_body: dict[str, Any] = {}
    payload = shape.serialization.get("payload")
    body: bytes | None = None
    for name, value in result.items():
        member = shape.members[name]
        place = member.serialization.get("location")
        wire_name = member.serialization.get("name", name)
        if value is None:
            continue
        if place == "statusCode":
            status = value
        elif place == "header":
            headers[wire_name] = _header(value, member)
        elif place == "headers":
            headers |= {wire_name + key: text for key, text in value.items()}
        elif name == payload:
            body = _payload(value, member)
        else:
            in_body[wire_name] = _value(value, member)
    if body is None:
        body = msgspec.json.encode(in_body) if payload is None and status != 204 else b""
    return Answer(status, headers, body)


def _payload(value: Any, shape: Any) -> bytes:
    if shape.type_name == "blob":
        return bytes(value)
    if shape.type_name == "string":
        return str(value).encode()
    return msgspec.json.encode(_value(value, shape))


def _header(value: Any, shape: Any) -> str:
    if shape.serialization.get("jsonvalue"):
        return base64.b64encode(msgspec.json.encode(value)).decode()
    if shape.type_name == "timestamp":
        return str(timestamp.write(value, shape.serialization.get("timestampFormat", timestamp.HEADER)))
    if shape.type_name == "boolean":
        return "true" if value else "false"
    return str(value)


def _value(value: Any, shape: Any) -> Any:
    match shape.type_name:
        case "structure" if not shape.is_document_type:
            members = shape.members
            return {
                members[name].serialization.get("name", name): _value(each, members[name])
                for name, each in value.items()
                if each is not None
            }
        case "list":
            return [_value(each, shape.member) for each in value]
        case "map":
            return {key: _value(each, shape.value) for key, each in value.items()}
        case "blob":
            return base64.b64encode(value).decode()
        case "timestamp":
            return timestamp.write(value, shape.serialization.get("timestampFormat", timestamp.BODY))
        case _:
            return value
