"""The machine's private working copy of a contact during one step.

Reading a field takes it from what this step changed, else from the run, else from the contact. Only the machine
writes: `set`. From outside, a step is a pure function: the draft is thawed from a contact and frozen into one.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from msgspec.structs import force_setattr, replace

from offhook.core import system
from offhook.core.expr import MISSING, walk
from offhook.core.program import Compiled, Program, Step
from offhook.core.spec import Changes, Found
from offhook.model.contact import Agent, Callback, Contact, Frame, Place, Queue, Run
from offhook.model.effect import EXPECTS_ANSWER, Cancel, Effect
from offhook.model.event import LambdaEnded
from offhook.model.flow import Action, Flow
from offhook.model.instance import derived_id

RUN_FIELDS = frozenset(Run.__struct_fields__) - {"waits"}  # what the contact itself waits for has the name, too
_NOWHERE = Step(Action("", "", {}), None, strict=False)
_EMPTY = Program(Flow("flow-language", {}, "", {}), {}, strict=False)
_ANSWERED = frozenset(EXPECTS_ANSWER)
NOBODY = Run(line="", flow="")


def _looked_up(name: str) -> Any:
    """A field that few steps touch: what this step made of it, else what the run or the contact holds."""
    of_run = name in RUN_FIELDS

    def read(draft: "Draft") -> Any:
        changed = draft.changed_run if of_run else draft.changed
        return changed[name] if name in changed else getattr(draft.run if of_run else draft.contact, name)

    return property(read)


class Draft:
    """See the module. Also what blocks get as `ctx` (core.spec.Ctx).

    What nearly every step touches is a slot; the rest is looked up when asked for. There is no `__getattr__`: with
    one, the interpreter would take the slow way to every field.
    """

    __slots__ = (
        "attributes", "begins", "blocks_now", "chain_ms", "changed", "changed_run", "channel", "compiled", "contact",
        "counter", "effects", "external", "flow", "instance", "is_reached", "language", "line", "logging", "now_ms",
        "others", "params", "pending", "program", "run", "step", "strict", "trace", "unset", "voice",
    )  # fmt: skip

    phase: str = _looked_up("phase")
    stored_input: str = _looked_up("stored_input")
    secrets: tuple[str, ...] = _looked_up("secrets")
    recording: dict[str, Any] = _looked_up("recording")
    hooks: dict[str, str] = _looked_up("hooks")
    queue: Queue | None = _looked_up("queue")
    agent: Agent | None = _looked_up("agent")
    place: Place | None = _looked_up("place")
    priority: int = _looked_up("priority")
    age_ms: int = _looked_up("age_ms")
    routing_criteria: tuple[dict[str, Any], ...] = _looked_up("routing_criteria")
    callback_number: str = _looked_up("callback_number")
    callback: Callback | None = _looked_up("callback")
    transfer: str = _looked_up("transfer")
    has_customer: bool = _looked_up("has_customer")
    is_paused: bool = _looked_up("is_paused")
    limit_id: str = _looked_up("limit_id")
    waits: dict[str, Effect] = _looked_up("waits")
    name: str | None = _looked_up("name")
    description: str | None = _looked_up("description")
    customer_id: str | None = _looked_up("customer_id")
    references: dict[str, Any] = _looked_up("references")
    tags: dict[str, str] = _looked_up("tags")
    segment_attributes: dict[str, Any] = _looked_up("segment_attributes")
    system: dict[str, Any] = _looked_up("system")
    buffers_keys: bool = _looked_up("buffers_keys")
    has_bot: bool = _looked_up("has_bot")
    in_flight: tuple[str, ...] = _looked_up("in_flight")
    parked: dict[str, LambdaEnded] = _looked_up("parked")
    invocation_id: str = _looked_up("invocation_id")
    flow_attributes: dict[str, str] = _looked_up("flow_attributes")
    modules: dict[str, Any] = _looked_up("modules")
    frames: tuple[Frame, ...] = _looked_up("frames")
    loops: dict[str, int] = _looked_up("loops")
    revision: str = _looked_up("revision")

    def __init__(self, compiled: Compiled, contact: Contact, at_ms: int, run: Run = NOBODY) -> None:
        self.compiled = compiled
        self.instance = compiled.instance
        self.strict = compiled.strict
        self.contact = contact
        self.changed: dict[str, Any] = {}
        self.effects: list[Effect] = []
        self.trace: list[tuple[Any, ...]] = []
        self.begins: list[tuple[str, str]] = []
        self.others: tuple[Run, ...] = ()
        self.channel = contact.channel
        self.is_reached = contact.is_reached
        self.attributes = contact.attributes
        self.voice = contact.voice
        self.language = contact.language
        self.logging = contact.logging
        self.counter = contact.counter
        if at_ms > contact.now_ms:
            self.now_ms = at_ms
            self.blocks_now = 0  # decision S16 counts the blocks that are entered without time moving
        else:
            self.now_ms = contact.now_ms
            self.blocks_now = contact.blocks_now
        runs = contact.runs
        if len(runs) > 1 or (runs and runs[0] is not run):
            self.others = tuple(each for each in runs if each is not run)
        self._take(run)
        if run is not NOBODY and (self.others or run.line != "customer"):
            self.trace.append(("line", self.now_ms, run.line, self.program))

    def _take(self, run: Run) -> None:
        """Make this the run that blocks see and that the machine moves."""
        self.run = run
        self.line = run.line
        self.flow = run.flow
        compiled, flow = self.compiled, run.flow
        self.program = (compiled.revision(flow, run.revision) if run.revision else compiled.program(flow)) or _EMPTY
        self.external = run.external
        self.chain_ms = run.chain_ms
        self.pending = run.waits
        self.changed_run: dict[str, Any] = {}
        self.unset: tuple[str, ...] = ()
        self.params: Any = None
        self.step: Step = _NOWHERE

    # --- what blocks may call ---

    @property
    def action(self) -> Action:
        return self.step.action

    @property
    def flow_type(self) -> str:
        """The type of the running flow; a module has the type of the flow that called it."""
        for arn in (self.flow, *(frame.flow for frame in reversed(self.frames))):
            program = self.compiled.program(arn)
            if program is not None and program.flow.type not in ("", "MODULE"):
                return program.flow.type
        return self.contact.flow_type

    def new_id(self) -> str:
        self.counter += 1
        return f"{self.contact.id}/{self.counter}"

    def new_uuid(self, purpose: str) -> str:
        self.counter += 1
        return derived_id(self.contact.seed, self.contact.id, purpose, str(self.counter))

    def chance(self, sides: int) -> int:
        self.counter += 1
        text = f"{self.contact.seed}\x00{self.contact.id}\x00{self.counter}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % sides + 1

    def find(self, kind: str, raw: str, parameter: str = "") -> Found:
        known, key = self.step.found, (kind, raw, parameter)
        if (found := known.get(key)) is None:
            action = self.step.action
            written = walk(action.parameters, tuple(parameter.split(".")))
            hint, dynamic = action.hints.get(parameter, ""), bool(parameter) and written != raw
            found = known[key] = self.compiled.resolver.find(kind, raw, hint=hint, dynamic=dynamic)
        return found

    def look_up(self, path: tuple[str, ...]) -> Any:
        given = self.contact.given
        value = walk(given, path) if given else MISSING
        if value is MISSING:
            value = _READERS.get(path[0], _read_system)(self, path)
        if value is MISSING or value is None:
            self.unset = (*self.unset, "$." + ".".join(path))
            return MISSING
        return value

    def callers(self) -> tuple[str, ...]:
        return tuple(frame.flow for frame in self.frames)

    # --- what only the machine calls ---

    def go_to(self, program: Program) -> str:
        """Make this the running flow. The action it starts with."""
        self.program = program
        if program.arn != self.flow:
            self.put("flow", program.arn)
        if program.revision != self.revision:
            self.put("revision", program.revision)
        return program.start

    def set(self, changes: Changes) -> None:
        for name, value in changes.items():
            (self.changed_run if name in RUN_FIELDS else self.changed)[name] = value
            if name in _SLOTS:
                setattr(self, name, value)

    def put(self, name: str, value: Any) -> None:
        self.set({name: value})  # type: ignore[misc]  # names that only the machine sets are in no Changes

    def emit(self, effects: tuple[Effect, ...]) -> None:
        """Order effects; the run waits for the ones that are answered, where none runs the contact itself."""
        self.effects += effects
        for effect in effects:
            if type(effect) not in _ANSWERED:
                continue
            if self.run is NOBODY:
                self.put("waits", {**self.waits, effect.id: effect})
            else:
                self.pending = {**self.pending, effect.id: effect}

    def cancel_pending(self) -> None:
        """Nothing that the run still waits for is wanted any more; asynchronous functions go on."""
        if not self.pending:
            return
        kept, in_flight = {}, self.in_flight
        for target, effect in self.pending.items():
            if target in in_flight:
                kept[target] = effect
            else:
                self.effects.append(Cancel(self.new_id(), target))
        self.pending = kept

    def take(self, line: str) -> None:
        """Make the run on this line the one that moves; none where there is none."""
        for run in self.others:
            if run.line == line:
                self.others = tuple(each for each in self.others if each is not run)
                self._take(run)
                if self.others:
                    self.trace.append(("line", self.now_ms, line, self.program))

    def begin(self, line: str, program: Program) -> str:
        """Another flow begins on a line. The action it starts with."""
        self._take(Run(line=line, flow=program.arn, revision=program.revision))
        self.trace.append(("line", self.now_ms, line, program))
        return program.start

    def shelve(self, memo: Any, action: str) -> None:
        """The run stands on the action with this memo; another may be taken."""
        self.others = (*self.others, self._frozen(memo, action))
        self._take(NOBODY)

    def drop(self) -> None:
        """The run is over. Asynchronous functions that it called go on."""
        self.cancel_pending()
        if self.pending:
            self.put("waits", {**self.waits, **self.pending})
        self._take(NOBODY)

    def silence(self, line: str) -> None:
        """The run on this line, if any, is over; none is taken."""
        for run in self.others:
            if run.line == line:
                self.others = tuple(each for each in self.others if each is not run)
                self._take(run)
                self.drop()

    def cancel_waits(self) -> None:
        """What the contact itself waits for is no longer wanted; asynchronous functions go on."""
        kept = {key: effect for key, effect in self.waits.items() if key in self.in_flight}
        self.effects += [Cancel(self.new_id(), key) for key in self.waits if key not in kept]
        self.put("waits", kept)

    def _frozen(self, memo: Any, action: str) -> Run:
        run = replace(self.run, memo=memo, action=action, waits=self.pending)
        # nobody holds it yet, so the rest is put in instead of copying it once more
        for name, value in self.changed_run.items():
            force_setattr(run, name, value)
        return run

    def freeze(self, memo: Any = None, action: str = "") -> Contact:
        """The contact after this step, whose run (if one is taken) stands on the action with this memo."""
        runs = self.others
        if self.run is not NOBODY:
            run = self._frozen(memo, action)
            runs = (run,) if not runs else (*runs, run) if run.line != "customer" else (run, *runs)
        contact = replace(self.contact, runs=runs, now_ms=self.now_ms, counter=self.counter, blocks_now=self.blocks_now)
        for name, value in self.changed.items():
            force_setattr(contact, name, value)
        return contact


_SLOTS = frozenset(Draft.__slots__)


def _leaf(name: str) -> Callable[[Draft, tuple[str, ...]], Any]:
    return lambda draft, path: getattr(draft, name) if len(path) == 1 else MISSING


def _constant(name: str) -> Callable[[Draft, tuple[str, ...]], Any]:
    return lambda draft, path: getattr(draft.contact, name) if len(path) == 1 else MISSING


def _read_attribute(draft: Draft, path: tuple[str, ...]) -> Any:
    # keys cannot hold a dot, so `a.b` can only be a slip: it is looked up as it stands
    return draft.attributes.get(path[1] if len(path) == 2 else ".".join(path[1:]), MISSING)


def _read_flow_attribute(draft: Draft, path: tuple[str, ...]) -> Any:
    return draft.flow_attributes.get(".".join(path[1:]), MISSING)


def _read_external(draft: Draft, path: tuple[str, ...]) -> Any:
    external = draft.external
    if len(path) == 2 and type(external) is dict:
        return external.get(path[1], MISSING)
    if len(path) > 1 and type(external) is not dict:
        return MISSING  # only an object's keys can be referenced (decision S5)
    value = walk(external, path[1:])
    # a flat answer may have dots in its keys
    return external.get(".".join(path[1:]), MISSING) if value is MISSING else value


def _read_lambda(draft: Draft, path: tuple[str, ...]) -> Any:
    if path[1:2] == ("ResultData",):
        return _read_external(draft, path[1:])
    if path[1:] == ("InvocationId",):
        return draft.invocation_id or MISSING
    return MISSING


def _endpoint(name: str) -> Callable[[Draft, tuple[str, ...]], Any]:
    return lambda draft, path: walk(system.endpoint(getattr(draft.contact, name), draft.channel), path[1:])


def _read_queue(draft: Draft, path: tuple[str, ...]) -> Any:
    return walk(system.queue(draft.queue, draft.instance), path[1:])


def _read_segment(draft: Draft, path: tuple[str, ...]) -> Any:
    """What the wrapped values (`{"ValueMap": {"Status": {"ValueString": …}}}`) hold, step by step."""
    value: Any = draft.segment_attributes
    for step in path[1:]:
        value = _unwrapped(walk(value, (step,)))
    return value


def _unwrapped(value: Any) -> Any:
    return next(iter(value.values())) if type(value) is dict and len(value) == 1 and value.keys() <= _WRAPS else value


_WRAPS = {"ValueString", "ValueInteger", "ValueMap", "ValueList", "ValueArn"}


def _mapping(name: str) -> Callable[[Draft, tuple[str, ...]], Any]:
    return lambda draft, path: walk(getattr(draft, name), path[1:])


def _read_system(draft: Draft, path: tuple[str, ...]) -> Any:
    return walk(draft.system, path)


_READERS: dict[str, Callable[[Draft, tuple[str, ...]], Any]] = {
    "Attributes": _read_attribute,
    "FlowAttributes": _read_flow_attribute,
    "External": _read_external,
    "LambdaInvocation": _read_lambda,
    "StoredCustomerInput": lambda draft, path: draft.stored_input or MISSING,
    "CustomerEndpoint": _endpoint("customer_endpoint"),
    "SystemEndpoint": _endpoint("system_endpoint"),
    "Queue": _read_queue,
    "Agent": lambda draft, path: walk(system.agent(draft.agent), path[1:]),
    "SegmentAttributes": _read_segment,
    "References": _mapping("references"),
    "Tags": _mapping("tags"),
    "Modules": _mapping("modules"),
    "Channel": _constant("channel"),
    "ContactId": _constant("id"),
    "InitialContactId": _constant("initial_id"),
    "PreviousContactId": _constant("previous_id"),
    "RelatedContactId": _constant("related_id"),
    "InitiationMethod": _constant("initiation_method"),
    "Name": _leaf("name"),
    "Description": _leaf("description"),
    "CustomerId": _leaf("customer_id"),
    "LanguageCode": _leaf("language"),
    "TextToSpeechVoiceId": lambda draft, path: draft.voice.name,
    "InstanceARN": lambda draft, path: draft.instance.arn,
    "AwsRegion": lambda draft, path: draft.instance.region,
}
