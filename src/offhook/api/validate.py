"""What is wrong with parameters, by the model: types, what is required, least and greatest lengths and numbers.

Patterns are not held against the model, and values of enumerations only where a service asks for it (`enumerations`):
a client may know newer ones. Source: spec/gateway.md.
"""

import re
from collections.abc import Iterator
from typing import Any

from botocore.validate import ParamValidator

_MAX_CHARACTERS = 2000  # of the message: it quotes what was sent
_VALIDATOR = ParamValidator()
_SIZED = ("string", "list", "map")
_NUMBERS = ("integer", "long", "float", "double")


def problems(parameters: dict[str, Any], shape: Any, *, enumerations: bool = False) -> str:
    """Every problem, a line each; "" for none."""
    report = _VALIDATOR.validate(parameters, shape)
    if report.has_errors():
        # The report names Python's types as Python shows them
        return str(re.sub(r"<class '(?:\w+\.)*(\w+)'>", r"\1", report.generate_report())[:_MAX_CHARACTERS])
    found = [*_too_large(parameters, shape, ""), *(_unlisted(parameters, shape, "") if enumerations else ())]
    return "\n".join(found)[:_MAX_CHARACTERS]


def _too_large(value: Any, shape: Any, path: str) -> Iterator[str]:
    """Where a greatest length or number is exceeded: botocore checks the least ones only."""
    kind, most = shape.type_name, shape.metadata.get("max")
    if most is not None and kind in _SIZED and len(value) > most:
        yield f"Invalid length for parameter {path}, length: {len(value)}, valid max length: {most}"
    if most is not None and kind in _NUMBERS and value > most:
        yield f"Invalid value for parameter {path}, value: {value}, valid max value: {most}"
    for name, each, inner in _parts(value, shape):
        yield from _too_large(each, inner, f"{path}.{name}" if path else name)


def _unlisted(value: Any, shape: Any, path: str) -> Iterator[str]:
    """Where a text is none of those that the model lists."""
    listed = shape.metadata.get("enum")
    if listed and value not in listed:
        yield f"Invalid value for parameter {path}, value: {value}, valid values: {', '.join(listed)}"
    for name, each, inner in _parts(value, shape):
        yield from _unlisted(each, inner, f"{path}.{name}" if path else name)


def _parts(value: Any, shape: Any) -> Iterator[tuple[str, Any, Any]]:
    match shape.type_name:
        case "structure" if not shape.is_document_type:
            yield from ((name, each, shape.members[name]) for name, each in value.items())
        case "list":
            yield from ((str(index), each, shape.member) for index, each in enumerate(value))
        case "map":
            yield from ((key, each, shape.value) for key, each in value.items())
