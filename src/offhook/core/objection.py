"""What Connect says when it refuses to publish a flow, and how it spells where.

The beginnings are the service's own. Where it leaves out which action it means, we add the path, as it does elsewhere.
`{path}` stands for the path of the action (`Actions[2]`) in what blocks say, who do not know it.
Source: spec/validation.md section 2; answers of CreateContactFlow and CreateContactFlowModule in public issue threads,
trails and notes (read 2026-11), which quote some sentences with the path and some without.
"""

from collections.abc import Iterable

ACTION = "{path}"


def missing(path: str) -> str:
    return f"Action is missing required property. Path: {path}"


def invalid(path: str) -> str:
    return f"Invalid Action property value. Path: {path}"


def unknown(path: str) -> str:
    return f"Invalid Action property name. Path: {path}"


def unknown_type(kind: str, path: str) -> str:
    return f"Invalid Action type. Type: {kind}, Path: {path}.Type"


def missing_error(error: str, path: str) -> str:
    return f"Action is missing required error. Error: {error}, Path: {path}"


def unknown_error(error: str, path: str) -> str:
    return f"Invalid Action error. Error: {error}, Path: {path}"


def no_transitions(path: str) -> str:
    return f"Action does not support transitions. Path: {path}"


def no_conditions(path: str = ACTION) -> str:
    return f"Action does not support conditions. Path: {path}"


def only_one(names: Iterable[str], path: str = ACTION) -> str:
    return f"Only one of these properties may be defined. Properties: [{', '.join(names)}], Path: {path}"


def at_least_one(names: Iterable[str], path: str = ACTION) -> str:
    return f"At least one of [{', '.join(names)}] must be set, Path: {path}"


def empty_operand(index: int) -> str:
    """`index` is that of the action: the service says no more."""
    return f"Invalid branch. Path: {index}.Evaluate"
