"""What a block declares, what it is given, and what it answers. One file per block; nothing else knows it.

A block is two pure functions. `enter(params, ctx)` is called when the contact arrives; `resume(params, memo, event,
ctx)` when something happens while it waits, and answers None to whatever is not meant for it (late, foreign and
doubled answers are normal). Both return an outcome:

- `Exit`: leave, by NextAction, by the first true condition on `result`, or by the branch of `error`;
- `Wait`: stay, with effects to perform and a memo to be given back;
- `Jump`: go on at the start of another flow; `Call`: run a module and come back; `Return`: go back to the caller;
- `End`: the flow is over on this line.

Parameters. `params` is a msgspec Struct whose field names encode to AWS's. Each field's annotation says where
references may stand (`dynamic` in spec/actions.json): STATIC none; SINGLE one whole reference; DYNAMIC also inside
text, in keys too where the field is a map; JSON as DYNAMIC, but a whole reference keeps the type of its value;
REFERENCE must be one, and gives the value itself or MISSING. A parameter whose value has the wrong type or range
makes the block take NoMatchingError with cause `bad_parameter`, without the block being asked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypedDict

import msgspec

from offhook.model.contact import Agent, Contact, Place, Queue, Run, Voice
from offhook.model.effect import Effect
from offhook.model.event import Event, LambdaEnded
from offhook.model.flow import FLOW_TYPES, MODULE, Action, Problem
from offhook.model.instance import Instance, Resource


def _marker(kind: str) -> msgspec.Meta:
    return msgspec.Meta(extra={"dynamic": kind}, extra_json_schema={"dynamic": kind})


STATIC = _marker("static")
SINGLE = _marker("single")
DYNAMIC = _marker("dynamic")
JSON = _marker("json")
REFERENCE = _marker("reference")


class NoParams(msgspec.Struct, frozen=True):
    """The block has no parameters."""


class UnknownParams(msgspec.Struct, frozen=True):
    """Nobody knows the block's parameters: AWS has not published them, so none is wrong."""


class Changes(TypedDict, total=False):
    """Fields of the contact and of its run that a block sets. Whole values: a block reads, copies, changes."""

    attributes: dict[str, str]
    external: Any
    invocation_id: str
    flow_attributes: dict[str, str]
    modules: dict[str, Any]
    loops: dict[str, int]
    chain_ms: int
    stored_input: str
    secrets: tuple[str, ...]
    logging: bool
    recording: dict[str, Any]
    hooks: dict[str, str]
    queue: Queue
    priority: int
    age_ms: int
    routing_criteria: tuple[dict[str, Any], ...]
    callback_number: str
    is_paused: bool
    is_reached: bool
    voice: Voice
    language: str
    name: str
    description: str
    customer_id: str
    references: dict[str, Any]
    tags: dict[str, str]
    segment_attributes: dict[str, Any]
    system: dict[str, Any]
    buffers_keys: bool
    has_bot: bool
    in_flight: tuple[str, ...]
    parked: dict[str, LambdaEnded]


class Exit(msgspec.Struct, frozen=True, gc=False):
    """Leave the block.

    `results` and `external_results` are for the flow log as Connect writes it; `cause` (a code), `detail` (a sentence
    for a person) and `attempts` are ours, beside it. `warnings` are sentences for the trace. `records` is what
    only `enter` knows and `log` needs for its lines, of any shape.
    """

    error: str = ""
    result: Any = None
    set: Changes = {}
    effects: tuple[Effect, ...] = ()
    results: str = ""
    external_results: Any = None
    cause: str = ""
    detail: str = ""
    attempts: int = 0
    warnings: tuple[str, ...] = ()
    records: tuple[Any, ...] = ()


class Wait(msgspec.Struct, frozen=True, gc=False):
    """Stay in the block until `resume` answers. A memo is a frozen Struct whose every field has a default."""

    effects: tuple[Effect, ...]
    memo: Any
    set: Changes = {}
    warnings: tuple[str, ...] = ()


class Jump(msgspec.Struct, frozen=True, gc=False):
    """Go on at the start of the flow with this ARN."""

    flow: str


class Call(msgspec.Struct, frozen=True, gc=False):
    """Run the module with this ARN; the block is left when it returns."""

    module: str
    input: Any = {}


class Return(msgspec.Struct, frozen=True, gc=False):
    """Leave the module: `result` is the branch to take, None the module's plain end."""

    result: str | None = None
    data: Any = None


class End(msgspec.Struct, frozen=True, gc=False):
    """The flow ends. `then` is what happens to the contact (core.phases), empty where only the flow is over."""

    reason: str
    then: str = ""
    effects: tuple[Effect, ...] = ()
    set: Changes = {}


Outcome = Exit | Wait | Jump | Call | Return | End


class Ctx(Protocol):
    """What a block may see. It is the machine's working copy: read it, call its methods, never assign to it."""

    now_ms: int
    channel: str
    phase: str
    strict: bool
    instance: Instance
    line: str
    flow: str
    contact: Contact
    run: Run
    attributes: dict[str, str]
    external: Any
    invocation_id: str
    flow_attributes: dict[str, str]
    modules: dict[str, Any]
    loops: dict[str, int]
    chain_ms: int
    stored_input: str
    secrets: tuple[str, ...]
    logging: bool | None
    recording: dict[str, Any]
    hooks: dict[str, str]
    queue: Queue | None
    place: Place | None
    agent: Agent | None
    priority: int
    age_ms: int
    routing_criteria: tuple[dict[str, Any], ...]
    callback_number: str
    is_paused: bool
    is_reached: bool
    voice: Voice
    language: str
    name: str | None
    description: str | None
    customer_id: str | None
    references: dict[str, Any]
    tags: dict[str, str]
    segment_attributes: dict[str, Any]
    system: dict[str, Any]
    buffers_keys: bool
    has_bot: bool
    in_flight: tuple[str, ...]
    parked: dict[str, LambdaEnded]

    @property
    def action(self) -> Action:
        """The action that the run stands on."""

    @property
    def flow_type(self) -> str:
        """The type of the running flow; a module has the type of the flow that called it."""

    def new_id(self) -> str:
        """The id for an effect: `<contact>/<n>`, never given twice."""

    def new_uuid(self, purpose: str) -> str:
        """A version-4-shaped UUID that depends on seed, contact, purpose and counter alone."""

    def chance(self, sides: int) -> int:
        """A whole number in 1..sides from SHA-256 of seed, contact and counter."""

    def find(self, kind: str, raw: str, parameter: str = "") -> "Found":
        """What a name, id or ARN in a flow means (decision S20). `parameter` is where it stands, for its hint."""

    def look_up(self, path: tuple[str, ...]) -> Any:
        """The value of a reference, or MISSING."""

    def callers(self) -> tuple[str, ...]:
        """ARNs of the flows that wait in the return stack, outermost first."""


class Found(msgspec.Struct, frozen=True):
    """The answer of the resolver: a resource, or none and a sentence that says why, naming what is near.

    `assumed`: nothing of that name is known, and decision S20 lets the contact go on with one warning (`problem`).
    `qualifier`: the version or alias of a function that was asked for, empty for none.
    """

    resource: Resource | None
    problem: str = ""
    assumed: bool = False
    qualifier: str = ""


@dataclass(frozen=True, slots=True)
class ErrorBranch:
    """An error that a block may leave by. `required`: refused at publish where it is not wired.

    `when(parameters)` narrows both to raw parameters for which the branch exists (e.g. StoreInput True). `never_in`:
    types of flow in which it does not exist whatever the parameters.
    """

    name: str
    required: bool = True
    when: Callable[[Mapping[str, Any]], bool] | None = None
    never_in: frozenset[str] = frozenset()

    def exists(self, parameters: Mapping[str, Any], flow_type: str) -> bool:
        """Whether an action with these raw parameters, in a flow of this type, may have the branch."""
        return flow_type not in self.never_in and (self.when is None or self.when(parameters))


NO_MATCHING_ERROR = ErrorBranch("NoMatchingError")
ANY_FLOW = frozenset({*FLOW_TYPES, MODULE})


@dataclass(frozen=True, slots=True)
class FlowTypes:
    """Where a block may stand, by the three sources of decision S15. `newer` None: as `designer`."""

    language: frozenset[str] = ANY_FLOW
    designer: frozenset[str] = ANY_FLOW
    newer: frozenset[str] | None = None

    def allows(self, flow_type: str, *, strict: bool) -> bool:
        if flow_type == MODULE:  # the designer's lists say nothing about modules
            return MODULE in self.language
        newer = self.designer if self.newer is None else self.newer
        if strict:
            return flow_type in self.language and flow_type in newer
        return flow_type in self.language or flow_type in self.designer or flow_type in newer


@dataclass(frozen=True, slots=True)
class LegacyModule:
    """A module of the old export as `Legacy.convert` and `Legacy.when` see it, in the spelling of the Flow language.

    A value with a namespace is its reference (`$.Attributes.x`); a literal is text as the console writes it (`True`,
    `20`); null or missing is left out; an empty one is the friendly name that the file gives for it, if any. The
    parameter `Attribute` of a module that has a parameter `Namespace` is a reference, too.

    `values`: parameter name to its (first) value. `repeated`: parameter name to all its values, in order. `keyed`:
    parameter name to {key: value} of the entries that have a key. `names`: parameter name to the friendly name
    (`resourceName`) of its value. `entries`: the parameters as they stand in the file, in order, each with its `value`
    converted as above; read it for fields that only some modules have. `branches` and `metadata` are raw.
    `flow_type` is one of FLOW_TYPES, or empty when the file does not say.
    """

    type: str
    target: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    keyed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    repeated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    entries: tuple[Mapping[str, Any], ...] = ()
    branches: tuple[Mapping[str, Any], ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    flow_type: str = ""


@dataclass(frozen=True, slots=True)
class Legacy:
    """How a module of the old export becomes this action (spec/legacy.md).

    `module` and, where given, `target` say which modules are meant, and `when` which of them; of all declarations in
    the catalogue the first that fits is taken.

    `rename`: parameters that carry over as they are, by their new name; a dot descends into an object. `convert` gives
    further parameters and wins over `rename`. Friendly names need no declaration: wherever the value of a parameter
    with a friendly name ends up, `Action.hints` says so. A KeyError or ValueError from `convert` (so `values["Text"]`
    is fine for what the module must have) becomes a problem of the flow, and the action keeps what `rename` gave.

    `branches`: a branch's name to `next`, to an error type, or to a condition as (operator, operand). They add to the
    ones every module has: Success and Okay are `next`, Error is NoMatchingError, NoMatch is NoMatchingCondition. A
    branch `Evaluate`, or any other with a `conditionType`, is always a condition on its `conditionValue`.

    `mirror`: the branch whose target NextAction repeats when no branch is `next`, as the console writes it. By default
    the no-match branch, else the error branch; never where the action is terminal or may end.

        Legacy(
            "CheckHoursOfOperation",
            rename={"Hours": "HoursOfOperationId"},
            branches={"True": ("Equals", "True"), "False": ("Equals", "False")},
            mirror="False",
        )
        Legacy(
            "Transfer",
            target="PhoneNumber",
            rename={"TimeLimit": "ThirdPartyConnectionTimeLimitSeconds"},
            branches={"CallFailure": "CallFailed", "Timeout": "ConnectionTimeLimitExceeded"},
            convert=lambda module: {"ThirdPartyPhoneNumber": module.values["PhoneNumber"]},
        )
    """

    module: str
    target: str = ""
    rename: Mapping[str, str] | None = None
    branches: Mapping[str, str | tuple[str, str]] | None = None
    mirror: str = ""
    convert: Callable[[LegacyModule], dict[str, Any]] | None = None
    when: Callable[[LegacyModule], bool] | None = None


class LogRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One flow-log line of a block: Parameters, and Results / ExternalResults where they differ from the exit's.

    `module` is the name that Connect logs, where it is not the block's `log_name`.
    """

    parameters: dict[str, Any] = {}
    results: str | None = None
    module: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """Where a block passes what a module has declared.

    `module`: the parameter that names the module, empty for the module in which the block stands. `data`: the parameter
    that holds what is passed, which `part` of the module's settings describes. `result`: the parameter that names a
    branch of the module, empty where the conditions do.
    """

    data: str
    part: str
    module: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSpec:
    """One action type. `enter` None: the action is known, declared and linted, but not built yet.

    `kind` is AWS's category: participant, flow_control, contact, interaction. `operators`: the condition operators
    allowed, empty where conditions are not supported; `operands`: the only operands allowed, empty for any.
    `channels`: channel to `works`, `skip` or `error:NAME`, or a pair of these (compatible, strict); one that is not
    named works. `log(params, outcome)` gives what the flow log says; what it omits is never written.
    `check(action)` finds what the declarations cannot say. `wanted`: parameters without which the strict profile does
    not publish, although the block runs. `example` are parameters that docs show and run.
    """

    action: str
    title: str
    group: str
    kind: str
    params: type[Any] = NoParams
    memo: type[Any] | None = None
    enter: Callable[[Any, Ctx], Outcome] | None = None
    resume: Callable[[Any, Any, Event, Ctx], Outcome | None] | None = None
    errors: tuple[ErrorBranch, ...] = ()
    operators: tuple[str, ...] = ()
    operands: tuple[str, ...] = ()
    terminal: bool = False
    may_end: bool = False
    flow_types: FlowTypes = FlowTypes()
    channels: Mapping[str, str | tuple[str, str]] | None = None
    legacy: tuple[Legacy, ...] = ()
    widgets: Mapping[str, str] | None = None
    log_name: str = ""
    log: Callable[[Any, Any], tuple[LogRecord, ...]] | None = None
    check: Callable[[Action], list[Problem]] | None = None
    wanted: tuple[str, ...] = ()
    contract: Contract | None = None
    example: Mapping[str, Any] | None = None
    summary: str = ""

    def channel_rule(self, channel: str, *, strict: bool) -> str:
        """`works`, `skip` or `error:NAME` on this channel (decision S19)."""
        rule = (self.channels or {}).get(channel, "works")
        return rule if isinstance(rule, str) else rule[strict]


Catalogue = Mapping[str, BlockSpec]
