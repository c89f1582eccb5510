"""What lint rules look at: a flow, and each action with its parameters taken apart once.

A *leaf* is one text in the parameters, with the kind of place it stands in (core.spec: static, single, dynamic, json,
reference). A *mention* is one reference in a leaf or in the operand of a condition.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from offhook.core.expr import ROOTS, Template, looks_dynamic, parse_reference, parse_text
from offhook.core.program import BadParameter, compile_parameters
from offhook.core.resolve import Resolver
from offhook.core.spec import BlockSpec, Catalogue, Found, UnknownParams
from offhook.flowjson.lint.source import Source, python_source, stub_source
from offhook.model.flow import Action, Flow, Problem
from offhook.model.instance import Instance

_ROOT = re.compile(r"\$(?:\.|\.?\[\s*['\"])([A-Za-z]\w*)")
# actions that set attributes: the parameter that holds them, and the namespace in which they are read
_WRITERS = {
    "UpdateContactAttributes": ("Attributes", "Attributes"),
    "UpdateFlowAttributes": ("FlowAttributes", "FlowAttributes"),
}
# widgets whose name does not say which kind of resource (core.resolve) they pick
_PICKS = {"lambda-picker": "function", "event-flows": "flow"}
ANY_KEY = "*"
LAMBDA = "InvokeLambdaFunction"


class Leaf(NamedTuple):
    """`path` as in the file (`Media.Uri`, `Messages.0.PromptId`). `is_key`: it is a key of a map, not a value."""

    path: str
    text: str
    kind: str
    is_key: bool = False


class Mention(NamedTuple):
    """`field` is where it stands. `is_whole`: it is all of the text."""

    field: str
    kind: str
    text: str
    path: tuple[str, ...]
    is_whole: bool


class Stray(NamedTuple):
    """Text that looks like a reference and is none: `root` is unknown to Connect, or empty when something else is."""

    field: str
    kind: str
    text: str
    root: str


class Named(NamedTuple):
    """A constant that names a resource of this kind. `found` is None outside of a project."""

    leaf: Leaf
    kind: str
    found: Found | None


class Bad(NamedTuple):
    """A parameter whose constant value does not fit, and the rule that it breaks."""

    path: str
    rule: str
    value: Any


@dataclass(frozen=True, slots=True)
class Known:
    """What the project knows beside the flow.

    `sources` says what functions answer and read, by name. `written` are the attributes that any flow sets
    (`written_by`).
    """

    resolver: Resolver
    instance: Instance
    sources: Mapping[str, Source]
    written: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Whole:
    """A flow being linted. `actions` in file order; `written` are the attributes that are set somewhere."""

    flow: Flow
    catalogue: Catalogue
    strict: bool
    known: Known | None
    written: frozenset[tuple[str, str]]
    actions: dict[str, "Here"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Here:
    """One action being linted. `path` is how Connect names it (`Actions[2]`); `unknown` are parameters it lacks."""

    whole: Whole
    action: Action
    spec: BlockSpec | None
    path: str
    leaves: tuple[Leaf, ...] = ()
    named: tuple[Named, ...] = ()
    unknown: tuple[str, ...] = ()
    bad: tuple[Bad, ...] = ()
    mentions: tuple[Mention, ...] = ()
    strays: tuple[Stray, ...] = ()
    checked: tuple[Problem, ...] = ()


def known_in(instance: Instance, sources: Mapping[str, str], answers: Mapping[str, tuple[str, ...]]) -> Known:
    """What an instance knows. `sources`: Python text, and `answers`: JSON that a stub gives, by function name."""
    read = {name: python_source(text) for name, text in sources.items()}
    return Known(
        Resolver(instance),
        instance,
        {name: source for name, source in read.items() if source is not None}
        | {name: stub_source(texts) for name, texts in answers.items()},
        frozenset(pair for flow in instance.flows.values() for pair in written_by(flow)),
    )


def written_by(flow: Flow) -> Iterator[tuple[str, str]]:
    """(namespace, key) of the attributes that a flow sets; the key ANY_KEY where it is not written out."""
    for action in flow.actions.values():
        yield from written_in(action)


def written_in(action: Action) -> Iterator[tuple[str, str]]:
    """The same for one action. A function may answer with any key."""
    if action.type == LAMBDA:
        yield "External", ANY_KEY
    parameter, namespace = _WRITERS.get(action.type, ("", ""))
    attributes = action.parameters.get(parameter)
    for key in attributes if isinstance(attributes, dict) else ():
        yield namespace, ANY_KEY if looks_dynamic(key) else key


def source_of(here: Here) -> Source | None:
    """What is known about the function that the action names, if anything."""
    for _, kind, found in here.named:
        if kind == "function" and found is not None and found.resource is not None and here.whole.known is not None:
            return here.whole.known.sources.get(found.resource.name)
    return None


def look(flow: Flow, catalogue: Catalogue, *, strict: bool, known: Known | None) -> Whole:
    """The flow, taken apart."""
    written = frozenset(written_by(flow)) | (known.written if known is not None else frozenset())
    whole = Whole(flow, catalogue, strict, known, written)
    places = _places(flow)
    for identifier, action in flow.actions.items():
        spec = catalogue.get(action.type)
        path = f"Actions[{places.get(identifier, len(whole.actions))}]"
        whole.actions[identifier] = _look_at(Here(whole, action, spec, path))
    return whole


def bare_type(type_info: inspect.Type) -> inspect.Type:
    while isinstance(type_info, inspect.Metadata):
        type_info = type_info.type
    return type_info


def fields_of(params: type[Any]) -> dict[str, inspect.Field]:
    """The parameters that a block takes, by their name in the file. Read once per block: it is slow."""
    if (fields := _FIELDS.get(params)) is None:
        shape = inspect.type_info(params)
        assert isinstance(shape, inspect.StructType)
        fields = _FIELDS[params] = {each.encode_name: each for each in shape.fields}
    return fields


_FIELDS: dict[type[Any], dict[str, inspect.Field]] = {}
_CHECKS: dict[type[Any], tuple[type[Any], dict[str, type[Any]]]] = {}


def _places(flow: Flow) -> dict[str, int]:
    """The index of each action in the file: actions that could not be read count, too."""
    entries = flow.document.get("Actions")
    places: dict[str, int] = {}
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        identifier = entry.get("Identifier") if isinstance(entry, dict) else None
        if isinstance(identifier, str):
            places.setdefault(identifier, index)
    return places


def _look_at(here: Here) -> Here:
    action, spec = here.action, here.spec
    if spec is None:
        return here
    leaves: list[Leaf] = []
    unknown: list[str] = []
    fields = fields_of(spec.params)
    for key, value in action.parameters.items():
        if key in fields:
            _Walk(leaves, unknown).go(value, fields[key].type, "static", key)
        elif spec.params is not UnknownParams:
            unknown.append(key)
    mentions: list[Mention] = []
    strays: list[Stray] = []
    dynamic = _in_parameters(leaves, mentions, strays)
    _in_operands(action, mentions, strays)
    constants = {key: value for key, value in action.parameters.items() if key in fields and key not in dynamic}
    return Here(
        here.whole,
        action,
        spec,
        here.path,
        tuple(leaves),
        tuple(_named(here, leaves)),
        tuple(unknown),
        tuple(_bad(constants, spec.params)),
        tuple(mentions),
        tuple(strays),
        tuple(spec.check(action)) if spec.check is not None else (),
    )


def _in_parameters(leaves: list[Leaf], mentions: list[Mention], strays: list[Stray]) -> set[str]:
    """Note the references in leaves. The parameters in which there are any, or what looks like one."""
    dynamic = set()
    for leaf in leaves:
        if "$" in leaf.text:
            before = len(mentions) + len(strays)
            _mentions(f"Parameters.{leaf.path}", leaf.kind, leaf.text, mentions, strays)
            if len(mentions) + len(strays) > before:
                dynamic.add(leaf.path.partition(".")[0])
    return dynamic


def _in_operands(action: Action, mentions: list[Mention], strays: list[Stray]) -> None:
    for index, condition in enumerate(action.conditions):
        for operand in condition.operands:
            if isinstance(operand, str) and "$" in operand:
                _mentions(f"Transitions.Conditions[{index}]", "operand", operand, mentions, strays)


def _named(here: Here, leaves: list[Leaf]) -> Iterator[Named]:
    known = here.whole.known
    for leaf in leaves:
        kind = _resource_kind(here.spec, leaf)
        if kind and leaf.text and not looks_dynamic(leaf.text):
            hint = here.action.hints.get(leaf.path, "")
            yield Named(leaf, kind, None if known is None else known.resolver.find(kind, leaf.text, hint=hint))


def _resource_kind(spec: BlockSpec | None, leaf: Leaf) -> str:
    """The kind of resource that a leaf names (core.resolve), or empty: what its widget picks."""
    if spec is None or not spec.widgets or leaf.is_key:
        return ""
    steps = [step for step in leaf.path.split(".") if not step.isdecimal()]
    for name in (".".join(steps), steps[-1], steps[0]):
        widget = spec.widgets.get(name, "")
        if widget in _PICKS or widget.endswith("-picker"):
            return _PICKS.get(widget) or widget.removesuffix("-picker")
    return ""


class _Walk(NamedTuple):
    """Goes down a parameter beside its type, noting leaves and keys that the type does not have."""

    leaves: list[Leaf]
    unknown: list[str]

    def go(self, raw: Any, type_info: inspect.Type, kind: str, path: str) -> None:
        while isinstance(type_info, inspect.Metadata):
            kind = (type_info.extra or {}).get("dynamic", kind)
            type_info = type_info.type
        if isinstance(type_info, inspect.UnionType):
            return self.go(raw, _member(type_info, raw), kind, path)
        if isinstance(raw, str):
            self.leaves.append(Leaf(path, raw, kind))
        elif isinstance(raw, dict):
            self._map(raw, type_info, kind, path)
        elif isinstance(raw, list):
            item = getattr(type_info, "item_type", inspect.AnyType())
            for index, value in enumerate(raw):
                self.go(value, item, kind, f"{path}.{index}")
        return None

    def _map(self, raw: dict[str, Any], type_info: inspect.Type, kind: str, path: str) -> None:
        if isinstance(type_info, inspect.StructType):
            fields = fields_of(type_info.cls)
            for key, value in raw.items():
                if key in fields:
                    self.go(value, fields[key].type, kind, f"{path}.{key}")
                else:
                    self.unknown.append(f"{path}.{key}")
            return
        value_type = getattr(type_info, "value_type", inspect.AnyType())
        for key, value in raw.items():
            if "$" in key:
                self.leaves.append(Leaf(f"{path}.{key}", key, kind, is_key=True))
            self.go(value, value_type, kind, f"{path}.{key}")


def _member(union: inspect.UnionType, raw: Any) -> inspect.Type:
    """The member of an optional or mixed type that the raw value is for."""
    members = [member for member in union.types if not isinstance(member, inspect.NoneType)]
    wanted: tuple[type[inspect.Type], ...] = ()
    if isinstance(raw, dict):
        wanted = (inspect.StructType, inspect.DictType)
    elif isinstance(raw, list):
        wanted = (inspect.ListType, inspect.VarTupleType)
    return next((member for member in members if isinstance(bare_type(member), wanted)), members[0])


def _mentions(where: str, kind: str, text: str, mentions: list[Mention], strays: list[Stray]) -> None:
    whole = parse_reference(text, alone=kind in ("single", "reference"))
    if whole is not None:
        mentions.append(Mention(where, kind, whole.text, whole.path, True))
        return
    parsed = parse_text(text)
    references = parsed.references if isinstance(parsed, Template) else ()
    mentions += (Mention(where, kind, each.text, each.path, False) for each in references)
    roots = [root for root in _ROOT.findall(text) if root not in ROOTS]
    strays += (Stray(where, kind, text, root) for root in roots)
    if not roots and not references and kind in ("single", "reference") and looks_dynamic(text):
        strays.append(Stray(where, kind, text, ""))


def _bad(constants: dict[str, Any], params: type[Any]) -> Iterator[Bad]:
    """Constants of the wrong type or range, each once."""
    whole, probes = _checks(params)
    value, _ = compile_parameters(constants, whole)
    if type(value) is not BadParameter:
        return
    for name, constant in constants.items():
        value, _ = compile_parameters({name: constant}, probes[name])
        if type(value) is BadParameter:
            path, _, rule = value.detail.partition(": ")
            yield Bad(path, rule.removesuffix("."), constant)


def _checks(params: type[Any]) -> tuple[type[Any], dict[str, type[Any]]]:
    """The parameters as a Struct that requires none of them, and a Struct for each: no mistake hides another."""
    if (checks := _CHECKS.get(params)) is None:
        types = [(each.name, each.type, None) for each in msgspec.structs.fields(params)]
        names = {each.name: each.encode_name for each in msgspec.structs.fields(params)}
        whole = msgspec.defstruct("Whole", types, rename=names)
        probes = {names[each[0]]: msgspec.defstruct("Probe", [each], rename=names) for each in types}
        checks = _CHECKS[params] = (whole, probes)
    return checks
