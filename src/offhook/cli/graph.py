"""`offhook graph`: a flow as a picture, in Mermaid's language or as text. The same flow gives the same picture."""

import os
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from offhook.cli.text import one_line

if TYPE_CHECKING:
    from offhook.core.spec import Catalogue
    from offhook.model.flow import Action, Flow

_WIDTH = 48
# what Mermaid reads as something else inside a quoted label, and what begins a list there
_SPECIAL = re.compile(r"[\"#&<>\[\]{}|`;%~^\\=]|\$(?=\$)|^[-*+](?= )|(?<=^\d)\.|(?<=^\d\d)\.")


class Format(StrEnum):
    mermaid = "mermaid"
    text = "text"


class Arrow(NamedTuple):
    """`kind`: next, condition or error."""

    target: str
    label: str
    kind: str


def command(
    flow: Annotated[str, typer.Argument(help="A file, a flow's name in the project, or a phone number.")],
    form: Annotated[Format, typer.Option("--format", help="What to draw it in.")] = Format.mermaid,
) -> None:
    """Draw a flow.

    Mermaid's language is shown as a picture by GitHub, GitLab and many editors.

    Example: offhook graph flows/main.json > main.mmd
    """
    from offhook.blocks import catalogue
    from offhook.cli.project import load_project

    path = Path(flow)
    if os.path.isfile(path):
        _, found = load_project(path).with_flow(path)
    else:
        found = load_project(Path.cwd()).find_flow(flow)
    draw = mermaid if form is Format.mermaid else text
    print("\n".join(draw(found, catalogue())))


def mermaid(flow: "Flow", catalogue: "Catalogue") -> Iterator[str]:
    """Lines of a flowchart. Actions are n0, n1, …, because Mermaid's names are narrower than identifiers."""
    actions, reached = _ordered(flow)
    names = {action.identifier: f"n{place}" for place, action in enumerate(actions)}
    missing: dict[str, str] = {}
    yield "flowchart TD"
    yield "  start([start])"
    for action in actions:
        yield f'  {names[action.identifier]}["{"<br/>".join(map(_escaped, _described(action, catalogue)))}"]'
    for identifier in [flow.start_action, *(arrow.target for action in actions for arrow in _arrows(action))]:
        if identifier not in names and identifier not in missing:
            missing[identifier] = f"missing{len(missing)}"
            yield f'  {missing[identifier]}["{_escaped(_missing(identifier))}"]'
    names |= missing
    yield f"  start --> {names[flow.start_action]}"
    for action in actions:
        for arrow in _arrows(action):
            line = "-.->" if arrow.kind == "error" else "-->"
            label = f'|"{_escaped(arrow.label)}"|' if arrow.label else ""
            yield f"  {names[action.identifier]} {line}{label} {names[arrow.target]}"
    yield from _marked("unreachable", [names[each.identifier] for each in actions if each.identifier not in reached])
    yield from _marked("missing", list(missing.values()))


def text(flow: "Flow", catalogue: "Catalogue") -> Iterator[str]:
    """One paragraph for each action, with its arrows."""
    actions, reached = _ordered(flow)
    title = one_line(flow.name) or "A flow without a name"
    yield f"{title}{f' ({flow.type})' if flow.type else ''}, starts at {_place(flow, flow.start_action)}"
    for action in actions:
        yield ""
        name, kind, *gist = _described(action, catalogue)
        mark = "" if action.identifier in reached else "  (unreachable)"
        yield f"{name}: {' '.join((kind, *gist))}{mark}"
        for arrow in _arrows(action):
            label = one_line(arrow.label)
            after = f" ({label})" if label and arrow.kind == "next" else ""
            before = f"{label} " if label and not after else ""
            yield f"  {before}-> {_place(flow, arrow.target)}{after}"


def _ordered(flow: "Flow") -> tuple[list["Action"], set[str]]:
    """Actions as arrows lead to them from the start, then the rest in file order; and which are reached."""
    found: dict[str, Action] = {}
    ahead = [flow.start_action]
    while ahead:
        action = flow.actions.get(ahead.pop())
        if action is not None and action.identifier not in found:
            found[action.identifier] = action
            ahead += reversed([arrow.target for arrow in _arrows(action)])
    reached = set(found)
    return [*found.values(), *(action for action in flow.actions.values() if action.identifier not in reached)], reached


def _arrows(action: "Action") -> list[Arrow]:
    """One arrow for each target and kind. What repeats the target of another branch is told by that one."""
    found: dict[tuple[str, str], list[str]] = {}
    by_error = {arrow.next_action: arrow.error_type for arrow in reversed(action.errors)}
    # where conditions decide, exports repeat the target of NoMatchingCondition as NextAction
    if action.next_action and not (action.conditions and action.next_action in by_error):
        found[action.next_action, "next"] = []
    for condition in action.conditions:
        label = " ".join((condition.operator, *map(_operand, condition.operands)))
        found.setdefault((condition.next_action, "condition"), []).append(label)
    for error in action.errors:
        kind = "next" if (error.next_action, "next") in found else "error"
        found.setdefault((error.next_action, kind), []).append(error.error_type)
    return [
        Arrow(target, f"or {', '.join(labels)}" if kind == "next" and labels else ", ".join(labels), kind)
        for (target, kind), labels in found.items()
    ]


def _operand(operand: Any) -> str:
    return operand if isinstance(operand, str) else str(operand)


def _described(action: "Action", catalogue: "Catalogue") -> list[str]:
    """Identifier, title of the block, and the beginning of what it says or refers to, if anything."""
    spec = catalogue.get(action.type)
    gist = next(iter(action.hints.values()), "") or next(_texts(action.parameters), "")
    lines = [one_line(action.identifier, _WIDTH), spec.title if spec is not None else one_line(action.type, _WIDTH)]
    return [*lines, f'"{one_line(gist, _WIDTH)}"'] if gist else lines


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _place(flow: "Flow", identifier: str) -> str:
    return one_line(identifier, _WIDTH) if identifier in flow.actions else _missing(identifier)


def _missing(identifier: str) -> str:
    return f"{one_line(identifier, _WIDTH)} (missing)".strip()


def _escaped(label: str) -> str:
    return _SPECIAL.sub(lambda sign: f"#{ord(sign.group())};", one_line(label))


def _marked(name: str, nodes: list[str]) -> Iterator[str]:
    if nodes:
        yield f"  classDef {name} stroke-dasharray: 5 5, color: #888888"
        yield f"  class {','.join(nodes)} {name}"
