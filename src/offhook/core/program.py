"""Flows made ready to run: once per flow, so that a step parses nothing.

For each action: its block, its branches as dictionaries, and its parameters. Where no reference stands in them the
typed parameters are built here; else a small tree of closures builds them when the contact arrives.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import inspect

from offhook.core.conditions import OPERATORS
from offhook.core.expr import MISSING, Reference, Scope, Template, parse_reference, parse_text, text_of
from offhook.core.resolve import Resolver
from offhook.core.spec import ANY_FLOW, BlockSpec, Catalogue, Found, NoParams
from offhook.model.flow import MODULE, Action, Condition, Flow
from offhook.model.instance import Instance

Resolve = Callable[[Scope], Any]
CHANNELS = ("VOICE", "CHAT", "TASK", "EMAIL")
_TYPE_INFO: dict[type[Any], inspect.Type] = {}


class BadParameter(msgspec.Struct, frozen=True):
    """Why parameters do not fit: one sentence, without the values of the contact."""

    detail: str


class Branches:
    """Where an action's arrows lead."""

    __slots__ = ("conditions", "equal", "errors", "next")

    def __init__(self, action: Action) -> None:
        self.next = action.next_action
        self.errors = {arrow.error_type: arrow.next_action for arrow in reversed(action.errors)}
        self.conditions = tuple(_arrow(condition) for condition in action.conditions)
        # the common case: constant Equals only, so one look-up decides (the first of equal operands wins)
        self.equal: dict[str, tuple[str, str]] | None = {}
        for condition, (_, operand, target, label) in zip(action.conditions[::-1], self.conditions[::-1], strict=True):
            if condition.operator != "Equals" or type(operand) is not str:
                self.equal = None
                break
            self.equal[operand] = (target, label)

    def first_true(self, result: Any, scope: Scope) -> tuple[str, str] | None:
        """Target and name (`Equals 1`) of the first true condition, or None."""
        if self.equal is not None:
            text = result if type(result) is str else text_of(result)
            return self.equal.get(text) if result is not MISSING else None
        for holds, operand, target, label in self.conditions:
            value = operand if type(operand) is str else text_of(operand.value(scope))
            if holds is not None and holds(result, value):
                return target, label
        return None


def _arrow(condition: Condition) -> tuple[Any, Any, str, str]:
    """A condition, ready: what holds, its operand, where it leads, what the trace calls it."""
    text = text_of(condition.operands[0]) if condition.operands else ""
    label = f"{condition.operator} {text}"
    return OPERATORS.get(condition.operator), parse_reference(text) or text, condition.next_action, label


class Step:
    """One action, ready: `constant` are its parameters when no reference stands in them, else `resolve` makes them.

    `enter` and `resume` are its block's. On the channels in `free` nothing speaks against it; elsewhere the machine
    asks whether it is built, what `rules` say of the channel, what `refused` of the flow type, if the constant fits.
    `found` remembers what its names mean.
    """

    __slots__ = (
        "action", "branches", "built", "constant", "enter", "found", "free", "refused", "resolve", "resume", "rules",
        "spec",
    )  # fmt: skip

    def __init__(self, action: Action, spec: BlockSpec | None, *, strict: bool, flow_type: str = "") -> None:
        self.action = action
        self.spec = spec
        self.branches = Branches(action)
        self.built = spec is not None and spec.enter is not None
        self.enter = spec.enter if spec is not None else None
        self.resume = spec.resume if spec is not None else None
        self.constant: Any = None
        self.resolve: Resolve | None = None
        self.rules: dict[str, str] = {}
        self.refused: frozenset[str] = frozenset()
        self.found: dict[tuple[str, str, str], Found] = {}
        if spec is not None:
            self.constant, self.resolve = compile_parameters(action.parameters, spec.params)
            self.refused = frozenset(name for name in ANY_FLOW if not spec.flow_types.allows(name, strict=strict))
            rules = {channel: spec.channel_rule(channel, strict=strict) for channel in CHANNELS}
            self.rules = {channel: rule for channel, rule in rules.items() if rule != "works"}
        # in a module the type of the flow that calls it counts
        placed = not self.refused or bool(flow_type and flow_type not in self.refused)
        ready = self.built and placed and type(self.constant) is not BadParameter
        self.free = frozenset(CHANNELS).difference(self.rules) if ready else frozenset()


class Program:
    """A flow, ready to run."""

    __slots__ = ("arn", "flow", "name", "revision", "start", "steps", "type")

    def __init__(self, flow: Flow, catalogue: Catalogue, *, strict: bool) -> None:
        self.flow = flow
        self.arn = flow.arn
        self.name = flow.name
        self.revision = flow.revision
        self.start = flow.start_action
        self.type = "" if flow.type == MODULE else flow.type
        self.steps = {
            identifier: Step(action, catalogue.get(action.type), strict=strict, flow_type=self.type)
            for identifier, action in flow.actions.items()
        }


class Compiled:
    """An instance with its catalogue of blocks: what `step` runs on. Programs are compiled at first use.

    `earlier`: contents of flows that are not the present ones, by ARN and revision; contacts are still in them.
    """

    def __init__(
        self, instance: Instance, catalogue: Catalogue, earlier: Mapping[tuple[str, str], Flow] | None = None
    ) -> None:
        self.instance = instance
        self.strict = instance.strict
        self.catalogue = catalogue
        self.resolver = Resolver(instance)
        self._earlier = earlier if earlier is not None else {}
        self._programs: dict[str, Program] = {}
        self._earlier_programs: dict[tuple[str, str], Program] = {}
        self._named: dict[str, str] | None = None

    def program(self, arn: str) -> Program | None:
        """The flow with this ARN, or None."""
        if (program := self._programs.get(arn)) is None:
            flow = self.instance.flows.get(arn)
            if flow is None:
                return None
            program = self._programs[arn] = Program(flow, self.catalogue, strict=self.instance.strict)
        return program

    def revision(self, arn: str, revision: str) -> Program | None:
        """The flow with this ARN as it was in a revision ("": as it is); as it is, too, where that is not kept."""
        program = self.program(arn)
        if not revision or (program is not None and program.revision == revision):
            return program
        key = arn, revision
        if (earlier := self._earlier_programs.get(key)) is None:
            flow = self._earlier.get(key)
            if flow is None:
                return program
            earlier = self._earlier_programs[key] = Program(flow, self.catalogue, strict=self.instance.strict)
        return earlier

    def named(self, name: str) -> Program | None:
        """The flow of this name, or None."""
        if self._named is None:
            self._named = {flow.name: arn for arn, flow in self.instance.flows.items()}
        return self.program(self._named.get(name, ""))


def _type_info(params: type[Any]) -> inspect.Type:
    # kept, because reading a Struct's annotations takes longer than all the rest
    if (known := _TYPE_INFO.get(params)) is None:
        known = _TYPE_INFO[params] = inspect.type_info(params)
    return known


def compile_parameters(raw: dict[str, Any], params: type[Any]) -> tuple[Any, Resolve | None]:
    """Typed parameters, or how to make them: `(constant, None)` or `(None, resolve)`.

    The constant, and what `resolve` returns, is a BadParameter where the values do not fit.
    """
    if params is NoParams:
        return NoParams(), None
    shape = _type_info(params)
    tree = _plan(raw, shape, "static")
    if not isinstance(tree, _Node):
        return _convert(tree, params), None
    return None, _quick(raw, params, shape) or _slow(tree.resolve, params)


def _slow(resolve: Resolve, params: type[Any]) -> Resolve:
    return lambda scope: _convert(resolve(scope), params)


def _quick(raw: dict[str, Any], params: type[Any], shape: inspect.Type) -> Resolve | None:
    """Where the dynamic fields take whatever a reference gives, only they are made anew: the rest is typed once."""
    assert isinstance(shape, inspect.StructType)
    dynamic: dict[str, Resolve] = {}
    rest = dict(raw)
    for field in shape.fields:
        part = _plan(raw[field.encode_name], field.type, "static") if field.encode_name in raw else None
        if isinstance(part, _Node):
            if (empty := _empty(raw[field.encode_name], field.type)) is None:
                return None
            dynamic[field.name] = part.resolve
            rest[field.encode_name] = empty
    constant = _convert(_plan(rest, shape, "static"), params)
    if type(constant) is BadParameter:
        return lambda scope: constant
    values = [getattr(constant, name) for name in params.__struct_fields__]
    places = [(params.__struct_fields__.index(name), resolve) for name, resolve in dynamic.items()]

    def resolve_all(scope: Scope) -> Any:
        fresh = values.copy()
        for place, resolve in places:
            fresh[place] = resolve(scope)
        return params(*fresh)

    return resolve_all


def _empty(raw: Any, type_info: inspect.Type) -> Any:
    """An empty value of a type that takes whatever a reference gives (text without limits, any JSON, maps to them).

    None for every other type, for a map that is limited in length, and where text is wanted and `raw` is something
    else: that must be converted.
    """
    bare = _bare(type_info)
    if isinstance(bare, inspect.DictType) and (bare.min_length, bare.max_length) != (None, None):
        return None
    if isinstance(bare, inspect.DictType) and isinstance(raw, dict) and _bare(bare.key_type) == _TEXT:
        value_type = _bare(bare.value_type)
        is_text = value_type == _TEXT and all(isinstance(value, str) for value in raw.values())
        return {} if is_text or isinstance(value_type, inspect.AnyType) else None
    return "" if isinstance(bare, inspect.AnyType) or (bare == _TEXT and isinstance(raw, str)) else None


_TEXT = inspect.StrType()


def references_in(raw: Any, params: type[Any]) -> list[Reference]:
    """Every reference that the parameters hold where references may stand."""
    tree = _plan(raw, _type_info(params), "static")
    return list(tree.references) if isinstance(tree, _Node) else []


def _convert(tree: Any, params: type[Any]) -> Any:
    try:
        return msgspec.convert(tree, params, strict=False)
    except msgspec.ValidationError as problem:
        return BadParameter(_sentence(str(problem)))


def _sentence(problem: str) -> str:
    """msgspec's message as ours: `InvocationTimeLimitSeconds: expected `int` <= 8`."""
    what, _, where = problem.partition(" - at ")
    where = where.removeprefix("`key` in ").strip("`").removeprefix("$").removeprefix(".").replace("[...]", "[…]")
    what = what[:1].lower() + what[1:]
    return f"{where}: {what}." if where else f"Parameters: {what}."


class _Node:
    """A part of the parameters that holds references."""

    __slots__ = ("references", "resolve")

    def __init__(self, resolve: Resolve, references: tuple[Reference, ...]) -> None:
        self.resolve = resolve
        self.references = references


def _plan(raw: Any, type_info: inspect.Type, kind: str) -> Any:
    """`raw` with every dynamic part replaced by a _Node; a plain value when there is none."""
    while isinstance(type_info, inspect.Metadata):
        kind = (type_info.extra or {}).get("dynamic", kind)
        type_info = type_info.type
    if isinstance(type_info, inspect.UnionType):
        type_info = _member(type_info, raw)
        return _plan(raw, type_info, kind)
    if isinstance(raw, str):
        return _plan_text(raw, kind)
    if isinstance(raw, dict):
        return _plan_map(raw, type_info, kind)
    if isinstance(raw, list):
        item = getattr(type_info, "item_type", inspect.AnyType())
        return _gather(list, [_plan(value, item, kind) for value in raw])
    return _plan_scalar(raw, type_info)


def _member(union: inspect.UnionType, raw: Any) -> inspect.Type:
    """The member of an optional or mixed type that the raw value is for."""
    wanted = (
        (inspect.StructType, inspect.DictType) if isinstance(raw, dict) else (inspect.ListType, inspect.VarTupleType)
    )
    members = [member for member in union.types if not isinstance(member, inspect.NoneType)]
    if isinstance(raw, (dict, list)):
        members = [member for member in members if isinstance(_bare(member), wanted)] or members
    return members[0]


def _bare(type_info: inspect.Type) -> inspect.Type:
    while isinstance(type_info, inspect.Metadata):
        type_info = type_info.type
    return type_info


def _plan_scalar(raw: Any, type_info: inspect.Type) -> Any:
    # hand-written flows have numbers and booleans where exports have text
    if isinstance(type_info, inspect.StrType) and raw is not None:
        return text_of(raw)
    return float(raw) if isinstance(raw, float) else raw


def _plan_text(raw: str, kind: str) -> Any:
    if kind == "static":
        return raw
    whole = parse_reference(raw, alone=kind in ("single", "reference"))
    if whole is not None:
        return _Node(_WHOLE[kind](whole.path), (whole,))
    if kind in ("single", "reference"):
        return raw
    template = parse_text(raw)
    return _Node(template.value, template.references) if isinstance(template, Template) else template


def _whole_text(path: tuple[str, ...]) -> Resolve:
    def resolve(scope: Scope) -> str:
        value = scope.look_up(path)
        return value if type(value) is str else text_of(value)

    return resolve


def _whole_json(path: tuple[str, ...]) -> Resolve:
    def resolve(scope: Scope) -> Any:
        value = scope.look_up(path)
        return "" if value is MISSING else value

    return resolve


def _whole_value(path: tuple[str, ...]) -> Resolve:
    return lambda scope: scope.look_up(path)


_WHOLE: dict[str, Callable[[tuple[str, ...]], Resolve]] = {
    "single": _whole_text,
    "dynamic": _whole_text,
    "json": _whole_json,
    "reference": _whole_value,
}


def _plan_map(raw: dict[str, Any], type_info: inspect.Type, kind: str) -> Any:
    if isinstance(type_info, inspect.StructType):
        fields = {field.encode_name: field.type for field in type_info.fields}
        known = {key: _plan(value, fields[key], kind) for key, value in raw.items() if key in fields}
        return _gather_map([(key, value) for key, value in known.items()])
    value_type = getattr(type_info, "value_type", inspect.AnyType())
    key_kind = "dynamic" if kind in ("dynamic", "json") else "static"
    return _gather_map([(_plan_text(key, key_kind), _plan(value, value_type, kind)) for key, value in raw.items()])


def _gather_map(pairs: list[tuple[Any, Any]]) -> Any:
    nodes = [part for pair in pairs for part in pair if isinstance(part, _Node)]
    if not nodes:
        return dict(pairs)
    references = tuple(reference for node in nodes for reference in node.references)
    dynamic = [(key, value.resolve) for key, value in pairs if isinstance(value, _Node)]
    if len(dynamic) < len(nodes):
        return _Node(_with_dynamic_keys(pairs), references)
    written = dict(pairs)

    def resolve(scope: Scope) -> dict[str, Any]:
        made = written.copy()
        for key, value in dynamic:
            made[key] = value(scope)
        return made

    return _Node(resolve, references)


def _with_dynamic_keys(pairs: list[tuple[Any, Any]]) -> Resolve:
    def part(value: Any, scope: Scope) -> Any:
        return value.resolve(scope) if type(value) is _Node else value

    return lambda scope: {part(key, scope): part(value, scope) for key, value in pairs}


def _gather(make: Callable[[list[Any]], Any], items: list[Any]) -> Any:
    nodes = [item for item in items if isinstance(item, _Node)]
    if not nodes:
        return make(items)

    def resolve(scope: Scope) -> Any:
        return make([item.resolve(scope) if type(item) is _Node else item for item in items])

    return _Node(resolve, tuple(reference for node in nodes for reference in node.references))
