"""The references of a template as a whole: names that there are not, and resources that wait for one another.

CloudFormation refuses both before it makes anything, wherever they stand, so all of the template is looked at here and
not only what is worked out later.
"""

import difflib
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from offhook.templates.outline import Declared, Outline

# ${Name}, ${Name.Attribute}; ${!Name} is text
VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")
_PSEUDO = "AWS::"
_MAX_PROBLEMS = 50
_MAX_NEAR = 2000  # names that a wrong one is compared with


class Reference(NamedTuple):
    """`kind`: value (a parameter or resource), resource (its attribute, or DependsOn), condition or map."""

    kind: str
    name: str


def check(parts: Outline, supplied: Iterable[str]) -> list[str]:
    """A sentence for each name that there is not and each circle. `supplied`: names that were given from outside."""
    known = {
        "value": {*parts.parameters, *parts.resources},
        "resource": set(parts.resources),
        "condition": set(parts.conditions),
        "map": set(parts.mappings),
    }
    given = {name.partition(".")[0] for name in supplied}
    named: dict[str, list[Reference]] = {
        each.logical_id: list(dict.fromkeys(_of_resource(each))) for each in parts.resources.values()
    }
    conditions = {
        name: list(dict.fromkeys(references(value, conditions=True))) for name, value in parts.conditions.items()
    }
    rows = (*named.items(), *((f"Conditions: {name}", each) for name, each in conditions.items()))
    unknown = (
        f"{parts.source}: {where}: {_nothing(reference, known[reference.kind])}."
        for where, found in rows
        for reference in found
        if reference.name not in known[reference.kind] and reference.name not in given and not is_free(reference, parts)
    )
    circles = (
        f"{parts.source}: {' -> '.join(circle)}: these {what} refer to one another in a circle."
        for what, graph, kinds in (
            ("resources", named, ("value", "resource")),
            ("conditions", conditions, ("condition",)),
        )
        for circle in _circles({name: [each.name for each in row if each.kind in kinds] for name, row in graph.items()})
    )
    return [*itertools.islice(unknown, _MAX_PROBLEMS), *itertools.islice(circles, _MAX_PROBLEMS)]


def references(node: Any, *, conditions: bool = False) -> Iterator[Reference]:
    """Every name that the value refers to. `{"Condition": name}` is a reference among `conditions` alone."""
    open_nodes = [node]
    while open_nodes:
        node = open_nodes.pop()
        if isinstance(node, dict):
            if len(node) == 1:
                ((name, argument),) = node.items()
                if name != "Condition" or conditions:
                    yield from _of_call(name, argument)
                if name == "Fn::Transform":  # the macro knows what its parameters mean
                    continue
            open_nodes.extend(node.values())
        elif isinstance(node, list):
            open_nodes.extend(node)


def variables(text: str, local: Iterable[str] = ()) -> Iterator[str]:
    """The names in the text of Fn::Sub, but for those that it defines itself."""
    for found in VARIABLE.finditer(text):
        if not found[1] and found[2] not in local:
            yield found[2]


def _of_resource(declared: Declared) -> Iterator[Reference]:
    yield from references(declared.properties)
    yield from (Reference("resource", name) for name in declared.depends_on)
    if declared.condition:
        yield Reference("condition", declared.condition)


def _of_call(name: str, argument: Any) -> Iterator[Reference]:
    first = argument[0] if isinstance(argument, list) and argument else argument
    if not isinstance(first, str):
        return
    match name:
        case "Ref":
            yield Reference("value", first)
        case "Fn::GetAtt":
            yield Reference("resource", first.partition(".")[0])
        case "Fn::If" | "Condition":
            yield Reference("condition", first)
        case "Fn::FindInMap":
            yield Reference("map", first)
        case "Fn::Sub":
            local = argument[1] if isinstance(argument, list) and len(argument) == 2 else ()
            for variable in variables(first, local if isinstance(local, dict) else ()):
                logical_id, dot, _ = variable.partition(".")
                yield Reference("resource" if dot else "value", logical_id)


def is_free(reference: Reference, parts: Outline) -> bool:
    """Whether the name may be AWS's own, or made by SAM: ServerlessRestApi, FunctionUrl, Function.Version."""
    kind, name = reference
    if name.startswith(_PSEUDO) or not re.fullmatch(r"[A-Za-z0-9]+(\.[A-Za-z]+)?", name):
        return True  # an ill-formed name is the evaluation's business
    if kind not in ("value", "resource") or not parts.is_sam:
        return False
    beside = (each.logical_id for each in parts.resources.values() if each.type.startswith("AWS::Serverless::"))
    return name.startswith(("Serverless", *beside))


def _nothing(reference: Reference, known: set[str]) -> str:
    kind, name = reference
    what = {
        "value": "no parameter or resource",
        "resource": "no resource",
        "condition": "no condition",
        "map": "no mapping",
    }
    near = difflib.get_close_matches(name, sorted(known)[:_MAX_NEAR], n=3, cutoff=0.5)
    return f"{name!r} is {what[kind]} of the template" + (f"; nearest: {', '.join(near)}" if near else "")


def _circles(edges: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """One circle for each knot of names that wait for one another, its first name repeated at the end."""
    left = {name: [each for each in follow if each in edges] for name, follow in edges.items()}
    while left := _knotted(left):
        name = min(left)
        path: dict[str, None] = {}
        while name not in path:
            path[name] = None
            name = left[name][0]
        circle = list(itertools.dropwhile(name.__ne__, path))
        start = circle.index(min(circle))
        yield [*circle[start:], *circle[:start], circle[start]]
        left = {name: follow for name, follow in left.items() if name not in circle}


def _knotted(edges: dict[str, list[str]]) -> dict[str, list[str]]:
    """What is left when every name that waits for nothing left is taken away, again and again."""
    waiting = {name: {each for each in follow if each in edges} for name, follow in edges.items()}
    wanted_by: dict[str, list[str]] = {}
    for name, follow in waiting.items():
        for each in follow:
            wanted_by.setdefault(each, []).append(name)
    free = [name for name, follow in waiting.items() if not follow]
    while free:
        gone = free.pop()
        for name in wanted_by.get(gone, ()):
            waiting[name].discard(gone)
            if not waiting[name]:
                free.append(name)
    return {name: [each for each in edges[name] if each in follow] for name, follow in waiting.items() if follow}
