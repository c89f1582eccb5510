"""What a function's answer means to a flow: the shape rules of `ResponseValidation` (decisions S3 to S6).

STRING_MAP takes a flat object. Its values are text; compatible profile: numbers and booleans become their JSON
spelling, with a warning. JSON takes any JSON but null. The body, as received, must be smaller than 32 KB in bytes.
Source: APIReference/interactions-invokelambdafunction.html; adminguide/connect-lambda-functions.html.
"""

from typing import Any

import msgspec

from offhook.model.bounds import MAX_DEPTH, is_deep

MAX_BODY_BYTES = 32_768

_MAP = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)
_KINDS = {"{": "an object", "[": "a list", "n": "null", "t": "a boolean", "f": "a boolean"}


class Accepted(msgspec.Struct, frozen=True):
    """The answer as `$.External` holds it."""

    external: Any
    warnings: tuple[str, ...] = ()


class Refused(msgspec.Struct, frozen=True):
    """`cause`: size, unreadable or shape; `detail` is a sentence that names the cure and no value."""

    cause: str
    detail: str


def read(body: str, *, body_bytes: int, response_type: str, strict: bool) -> Accepted | Refused:
    """The answer, accepted or refused. `body_bytes` is the size as received."""
    if body_bytes >= MAX_BODY_BYTES:
        return Refused("size", f"the answer has {body_bytes:,} bytes; it must have fewer than {MAX_BODY_BYTES:,}.")
    if body.strip() == "null":
        return Refused("shape", "the answer is null; return an object, even an empty one.")
    if is_deep(body):
        return Refused("unreadable", f"the answer is nested more than {MAX_DEPTH} deep; return an object.")
    try:
        if response_type == "JSON":
            return _accepted(msgspec.json.decode(body))
        return _string_map(body, strict=strict)
    except msgspec.DecodeError:
        return Refused("unreadable", "the answer is not JSON; return an object.")


def _string_map(body: str, *, strict: bool) -> Accepted | Refused:
    try:
        raw = _MAP.decode(body)
    except msgspec.ValidationError:
        return Refused("shape", "STRING_MAP takes an object at the top; return one, or set the response type to JSON.")
    external: dict[str, str] = {}
    spelled: list[str] = []
    for key, value in raw.items():
        text = bytes(value).decode()
        if text[0] == '"':
            external[key] = _TEXT.decode(value)
        elif text[0] in "{[n" or strict:
            return Refused("shape", _not_text(key, text))
        else:
            external[key] = text
            spelled.append(repr(key))
    if not spelled:
        return _accepted(external)
    return _accepted(
        external, f"STRING_MAP takes text: {', '.join(spelled)} became text; the strict profile refuses it."
    )


def _not_text(key: str, text: str) -> str:
    cure = "set the response type to JSON" if text[0] in "{[" else "return text"
    kind = _KINDS.get(text[0], "a number")
    return f"key {key!r} holds {kind}, STRING_MAP takes a flat object of text; {cure}."


def _accepted(external: Any, *warnings: str) -> Accepted:
    # P17: an API-Gateway-shaped answer is a success to Connect, whatever its status says
    if isinstance(external, dict) and "statusCode" in external:
        text = "W-lambda-statuscode: the answer carries a statusCode; Connect sees a success. Raise an error instead."
        warnings = (text, *warnings)
    return Accepted(external, warnings)
