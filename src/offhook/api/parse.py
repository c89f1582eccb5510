"""Reads a request into the parameters of its operation, as botocore's model declares them.

Parameters are what a handler gets: names as in the model, texts, numbers, `bytes` for blobs, aware datetimes. What is
null or left out is absent, and what the model does not know is ignored, because a client may be newer than our model.
Whether a value is allowed is not asked here (`validate`). Raises ServiceError where something cannot be read at all.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from offhook.api import timestamp
from offhook.api.errors import malformed


@dataclass(frozen=True, slots=True)
class Received:
    """A request. `labels` and `query` are decoded, names of `headers` are lower case."""

    labels: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes


def parameters(received: Received, shape: Any) -> dict[str, Any]:
    """The parameters; `shape` is botocore's input shape of the operation, None for none."""
    if shape is None:
        return {}
    found: dict[str, Any] = {}
    in_body = {}
    for name, member in shape.members.items():
        place = member.serialization.get("location")
        if place is None:
            in_body[name] = member
            continue
        value = _PLACES[place](received, member, member.serialization.get("name", name))
        if value is not None:
            found[name] = value
    payload = shape.serialization.get("payload")
    if payload is not None:
        # An empty body is no payload: nothing on the wire tells them apart
        return {**found, payload: _payload(received.body, shape.members[payload])} if received.body else found
    return {**found, **_members(_document(received.body), in_body, "the body")} if in_body else found


def _payload(body: bytes, shape: Any) -> Any:
    if shape.type_name == "blob":
        return body
    if shape.type_name == "string":
        return body.decode("utf-8", "replace")
    return _value(_document(body), shape, "the body")


def _document(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body) if body.strip() else {}
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise malformed(f"The body is not JSON: {problem}.") from None
    except RecursionError:
        raise malformed("The body is nested too deeply.") from None


# --- places outside the body ---


def _from_path(received: Received, shape: Any, name: str) -> Any:
    return _scalar(received.labels[name], shape, name, timestamp.QUERY)


def _from_query(received: Received, shape: Any, name: str) -> Any:
    texts = [value for key, value in received.query if key == name]
    if not texts:
        return None
    if shape.type_name == "list":
        return [_scalar(text, shape.member, name, timestamp.QUERY) for text in texts]
    return _scalar(texts[0], shape, name, timestamp.QUERY)


def _from_header(received: Received, shape: Any, name: str) -> Any:
    text = received.headers.get(name.lower())
    if text is None:
        return None
    if shape.serialization.get("jsonvalue"):
        return _json_header(text, name)
    return _scalar(text, shape, name, timestamp.HEADER)


def _from_headers(received: Received, shape: Any, prefix: str) -> Any:
    prefix = prefix.lower()
    return {name.removeprefix(prefix): text for name, text in received.headers.items() if name.startswith(prefix)}


def _json_header(text: str, name: str) -> Any:
    try:
        return msgspec.json.decode(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise malformed(f"{name} must be JSON in base64.") from None


_PLACES: dict[str, Callable[[Received, Any, str], Any]] = {
    "uri": _from_path,
    "querystring": _from_query,
    "header": _from_header,
    "headers": _from_headers,
}


def _scalar(text: str, shape: Any, name: str, spelling: str) -> Any:
    try:
        match shape.type_name:
            case "integer" | "long":
                return int(text)
            case "float" | "double":
                return float(text)
            case "boolean":
                return {"true": True, "false": False}[text.lower()]
            case "timestamp":
                return timestamp.read(text)
            case _:
                return text
    except (ValueError, KeyError):
        raise malformed(f"{name} must be of type {shape.type_name}.") from None


# --- the body ---


def _members(document: Any, members: Mapping[str, Any], where: str) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise malformed(f"{where} must be a JSON object.")
    found = {}
    for name, member in members.items():
        value = document.get(member.serialization.get("name", name))
        if value is not None:
            found[name] = _value(value, member, name)
    return found


def _value(value: Any, shape: Any, where: str) -> Any:
    read = _READERS.get(shape.type_name)
    return value if read is None else read(value, shape, where)


def _structure(value: Any, shape: Any, where: str) -> Any:
    return value if shape.is_document_type else _members(value, shape.members, where)


def _list(value: Any, shape: Any, where: str) -> Any:
    if not isinstance(value, list):
        raise malformed(f"{where} must be a JSON list.")
    return [_value(each, shape.member, where) for each in value]


def _map(value: Any, shape: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise malformed(f"{where} must be a JSON object.")
    return {key: _value(each, shape.value, where) for key, each in value.items() if each is not None}


def _blob(value: Any, shape: Any, where: str) -> Any:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise malformed(f"{where} must be a text in base64.") from None


def _timestamp(value: Any, shape: Any, where: str) -> Any:
    try:
        return timestamp.read(value)
    except ValueError:
        raise malformed(f"{where} must be a timestamp.") from None


def _number(value: Any, shape: Any, where: str) -> Any:
    # To Python, true is a number
    if isinstance(value, bool):
        raise malformed(f"{where} must be of type {shape.type_name}.")
    return value


_READERS: dict[str, Callable[[Any, Any, str], Any]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "blob": _blob,
    "timestamp": _timestamp,
    "integer": _number,
    "long": _number,
    "float": _number,
    "double": _number,
}
