"""The one trace: what a contact did, as events that everything else reads (docs/trace.md is the reference).

`step` gives cheap tuples; nothing is rendered until somebody reads. `Renderer` turns them into events: frozen
structs, one JSON line each. Flow-log lines as Connect writes them are events of type `log`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from offhook.core import calendar
from offhook.core.expr import text_of
from offhook.core.spec import Exit, LogRecord
from offhook.model import effect as effects
from offhook.model import event as events
from offhook.model.contact import Contact

VERSION = 1
HIDDEN = "[secret]"


class TraceEvent(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Fields that every event has. `v` is the version of the format; `n` counts from 1 in a contact; `line`, `flow` and
    `action` say where.
    """

    v: int
    n: int
    at: str
    contact: str
    line: str = ""
    flow: str = ""
    action: str = ""


class ContactStarted(TraceEvent, frozen=True, tag_field="type", tag="contact.started", kw_only=True):
    """`initial_id` and `previous_id` are those of other contacts, empty in the first of a chain."""

    channel: str
    flow_name: str = ""
    flow_type: str = ""
    initiation_method: str = ""
    customer: str | None = None
    system: str | None = None
    attributes: dict[str, str] = {}
    initial_id: str = ""
    previous_id: str = ""
    related_id: str = ""
    name: str = ""


class BlockEntered(TraceEvent, frozen=True, tag_field="type", tag="block.entered", kw_only=True):
    block: str
    title: str = ""
    flow_name: str = ""


class BlockLeft(TraceEvent, frozen=True, tag_field="type", tag="block.left", kw_only=True):
    """`branch`: NextAction, the condition that held (`Equals 1`), the error type, Jump, Return or End; empty where none
    is wired.

    `parameters` are resolved. `unset` lists the references that resolved to nothing. `cause` is a code of ours.
    """

    block: str
    branch: str = ""
    next: str = ""
    parameters: dict[str, Any] = {}
    result: str = ""
    results: str = ""
    error: str = ""
    cause: str = ""
    detail: str = ""
    attempts: int = 0
    external: Any = None
    set: dict[str, Any] = {}
    unset: tuple[str, ...] = ()


class Said(TraceEvent, frozen=True, tag_field="type", tag="said", kw_only=True):
    kind: str
    text: str
    voice: str = ""
    engine: str = ""
    style: str = ""
    language: str = ""


class Input(TraceEvent, frozen=True, tag_field="type", tag="input", kw_only=True):
    value: str = ""
    by: str = ""
    secret: bool = False


class FunctionCalled(TraceEvent, frozen=True, tag_field="type", tag="function.called", kw_only=True):
    """`version`: where the version or alias in `arn` leads this time, as far as that is known."""

    function: str
    arn: str
    attempt: int
    request_id: str
    timeout_ms: int
    asynchronous: bool = False
    version: str = ""
    event: Any = None


class FunctionEnded(TraceEvent, frozen=True, tag_field="type", tag="function.ended", kw_only=True):
    """`measured` stands apart: what a clock or a real process made, and what two equal runs may differ in."""

    function: str
    attempt: int
    request_id: str
    status: int
    body: str = ""
    function_error: str = ""
    error_code: str = ""
    cause: str = ""
    detail: str = ""
    log: str = ""
    measured: dict[str, Any] = {}


class Log(TraceEvent, frozen=True, tag_field="type", tag="log", kw_only=True):
    """A flow-log line, in Connect's keys, with our Cause, Attempts and Detail beside."""

    entry: dict[str, Any]


class Warned(TraceEvent, frozen=True, tag_field="type", tag="warning", kw_only=True):
    message: str


class ServiceEnded(TraceEvent, frozen=True, tag_field="type", tag="service.ended", kw_only=True):
    """What a service beside the flow answered: `output`, or AWS's name of the `error` and a sentence."""

    service: str
    operation: str
    output: Any = None
    error: str = ""
    detail: str = ""


class Ordered(TraceEvent, frozen=True, tag_field="type", tag="effect", kw_only=True):
    """Any other effect: timers, cancellations, attributes saved, the queue, the hang-up."""

    effect: dict[str, Any]


class FlowEnded(TraceEvent, frozen=True, tag_field="type", tag="flow.ended", kw_only=True):
    """The flow on the line is over. `then` is what it makes of the contact: queued, disconnect, …"""

    reason: str
    then: str = ""
    flow_name: str = ""


class ContactOffered(TraceEvent, frozen=True, tag_field="type", tag="contact.offered", kw_only=True):
    """An agent is asked to take the contact; with `by` (missed, rejected) the agent did not."""

    agent: str
    by: str = ""


class ContactPhase(TraceEvent, frozen=True, tag_field="type", tag="contact.phase", kw_only=True):
    """The contact goes from one phase of its life to the next, because of what happened (`by`); see core.phases."""

    phase: str
    was: str
    by: str
    agent: str = ""
    queue: str = ""


class CallEnded(TraceEvent, frozen=True, tag_field="type", tag="call.ended", kw_only=True):
    """How an outgoing call went: answered, no_answer, busy or failed."""

    status: str
    answered_by: str = ""


class ContactEnded(TraceEvent, frozen=True, tag_field="type", tag="contact.ended", kw_only=True):
    """`by` is what happened, in a word of core.phases; handed_over: it goes on in the contact of a transfer."""

    reason: str
    by: str = ""


AnyTrace = (
    ContactStarted
    | BlockEntered
    | BlockLeft
    | Said
    | Input
    | FunctionCalled
    | FunctionEnded
    | Log
    | Warned
    | ServiceEnded
    | Ordered
    | FlowEnded
    | ContactOffered
    | ContactPhase
    | CallEnded
    | ContactEnded
)
_JSON = msgspec.json.Encoder()


def encode(event: AnyTrace) -> bytes:
    """One line, without its newline."""
    return _JSON.encode(event)


def schema() -> dict[str, Any]:
    """JSON Schema of a trace line."""
    return msgspec.json.schema(AnyTrace)


class Renderer:
    """Renders the tuples of one contact, in order. Holds nothing but the count, the place and the secrets so far."""

    def __init__(self) -> None:
        self._n = 0
        self._contact = ""
        self._line = "customer"
        self._flow = ""
        self._flow_name = ""

    def go_on(self, contact: str, flow: str, flow_name: str) -> None:
        """The contact stands in this flow (its ARN); what it did before was rendered elsewhere."""
        self._contact, self._flow, self._flow_name = contact, flow, flow_name

    def render(self, tuples: Iterable[tuple[Any, ...]], contact: Contact) -> Iterator[AnyTrace]:
        """Events for what one or more steps gave; `contact` is the contact after them."""
        for kind, at_ms, *rest in tuples:
            for cls, action, fields in _RENDER[kind](self, at_ms, *rest):
                self._n += 1
                yield cls(
                    v=VERSION,
                    n=self._n,
                    at=calendar.text_of(at_ms),
                    contact=contact.id,
                    line=fields.pop("line", self._line),
                    flow=self._flow,
                    action=action,
                    **_shown(fields, contact.secrets),
                )

    def _started(self, at_ms: int, contact: Contact, program: Any) -> Iterator[Any]:
        self._contact, self._flow = contact.id, contact.flow
        yield (
            ContactStarted,
            "",
            {
                "channel": contact.channel,
                "flow_name": program.name if program else "",
                "flow_type": contact.flow_type,
                "initiation_method": contact.initiation_method,
                "customer": contact.customer_endpoint,
                "system": contact.system_endpoint,
                "attributes": contact.attributes,
                "initial_id": contact.initial_id if contact.initial_id != contact.id else "",
                "previous_id": contact.previous_id if contact.previous_id not in (None, contact.id) else "",
                "related_id": contact.related_id or "",
                "name": contact.name or "",
            },
        )

    def _entered(self, at_ms: int, program: Any, here: Any) -> Iterator[Any]:
        self._flow, self._flow_name = program.arn, program.name
        title = here.spec.title if here.spec else ""
        fields = {"block": here.action.type, "title": title, "flow_name": program.name}
        yield BlockEntered, here.action.identifier, fields

    def _left(
        self, at_ms: int, here: Any, params: Any, exit: Exit, target: str, by: str, unset: Any, logging: Any
    ) -> Iterator[Any]:
        action = here.action
        for message in exit.warnings:
            yield Warned, action.identifier, {"message": message}
        yield (
            BlockLeft,
            action.identifier,
            {
                "block": action.type,
                "branch": by,
                "next": target,
                "parameters": _plain(params, action.parameters),
                "result": text_of(exit.result),
                "results": exit.results,
                "error": exit.error,
                "cause": exit.cause,
                "detail": exit.detail,
                "attempts": exit.attempts,
                "external": exit.external_results,
                "set": _changes(exit),
                "unset": tuple(dict.fromkeys(unset)),
            },
        )
        if logging:
            yield from self._log_lines(at_ms, here, params, exit)

    def _log_lines(self, at_ms: int, here: Any, params: Any, exit: Exit) -> Iterator[Any]:
        spec = here.spec
        records = spec.log(params, exit) if spec is not None and spec.log is not None else (LogRecord(),)
        for record in records:
            yield Log, here.action.identifier, {"entry": self._entry(at_ms, here, record, exit)}

    def _entry(self, at_ms: int, here: Any, record: LogRecord, exit: Exit) -> dict[str, Any]:
        spec = here.spec
        results = record.results if record.results is not None else exit.results
        entry = {
            "ContactId": self._contact,
            "ContactFlowId": self._flow,
            "ContactFlowName": self._flow_name,
            "ContactFlowModuleType": record.module or (spec.log_name if spec else "") or here.action.type,
            "Identifier": here.action.identifier,
            "Timestamp": calendar.text_of(at_ms),
            "Parameters": record.parameters,
        }
        if results or exit.error:
            entry["Results"] = results or exit.error
        if exit.external_results is not None:
            entry["ExternalResults"] = exit.external_results
        ours = {"Cause": exit.cause, "Attempts": exit.attempts, "Detail": exit.detail}
        return {**entry, **{key: value for key, value in ours.items() if value}}

    def _effects(self, at_ms: int, here: Any, wanted: Any, warnings: Any) -> Iterator[Any]:
        action = here.action.identifier
        for message in warnings:
            yield Warned, action, {"message": message}
        for effect in wanted:
            yield from _effect(action, effect)

    def _event(self, at_ms: int, event: Any, effect: Any, action: str) -> Iterator[Any]:
        if isinstance(event, events.InputEnded):
            value = HIDDEN if effect.secret and event.value else event.value
            yield Input, action, {"value": value, "by": event.by, "secret": effect.secret}
        elif isinstance(event, events.Heard):
            yield Input, action, {"value": event.text, "by": event.by}
        elif isinstance(event, events.ViewAnswered):
            value = HIDDEN if effect.secret else event.action
            yield Input, action, {"value": value, "by": "view", "secret": effect.secret}
        elif isinstance(event, events.ServiceEnded):
            fields = {name: getattr(event, name) for name in ("output", "error", "detail")}
            yield ServiceEnded, action, {"service": effect.service, "operation": effect.operation, **fields}
        elif isinstance(event, events.CallEnded):
            yield CallEnded, action, {"status": event.status, "answered_by": event.answered_by}
        elif isinstance(event, events.LambdaEnded):
            yield (
                FunctionEnded,
                action,
                {
                    "function": effect.function,
                    "attempt": effect.attempt,
                    "request_id": effect.request_id,
                    "status": event.status,
                    "body": event.body,
                    "function_error": event.function_error,
                    "error_code": event.error_code,
                    "cause": event.cause,
                    "detail": event.detail,
                    "log": event.log,
                    "measured": {"took_ms": event.took_ms, "init_ms": event.init_ms, "cold": event.cold},
                },
            )

    def _module(self, at_ms: int, here: Any, program: Any) -> Iterator[Any]:
        yield Ordered, here.action.identifier, {"effect": {"type": "CallModule", "module": program.arn}}

    def _module_left(self, at_ms: int, program: Any) -> Iterator[Any]:
        self._flow, self._flow_name = program.arn, program.name
        yield from ()

    def _switched(self, at_ms: int, line: str, program: Any) -> Iterator[Any]:
        self._line, self._flow, self._flow_name = line, program.arn, program.name
        yield from ()

    def _hung_up(self, at_ms: int, action: str, line: str) -> Iterator[Any]:
        yield Input, action, {"by": "hangup", "line": line}

    def _ordered(self, at_ms: int, effect: Any) -> Iterator[Any]:
        if not isinstance(effect, effects.Disconnect):  # that the contact has ended says as much
            yield from _effect("", effect)

    def _warned(self, at_ms: int, message: str) -> Iterator[Any]:
        yield Warned, "", {"message": message}

    def _offered(self, at_ms: int, agent: str, by: str) -> Iterator[Any]:
        yield ContactOffered, "", {"agent": agent, "by": by, "line": ""}

    def _phase(self, at_ms: int, was: str, phase: str, by: str, agent: Any, queue: Any) -> Iterator[Any]:
        names = {"agent": agent.name if agent else "", "queue": queue.name if queue else "", "line": ""}
        yield ContactPhase, "", {"phase": phase, "was": was, "by": by, **names}

    def _flow_ended(self, at_ms: int, action: str, outcome: Any) -> Iterator[Any]:
        if is_fatal(outcome.reason):
            # written whether flow logs are on or not: somebody must be able to find out (decisions S16, S18)
            entry = {
                "ContactId": self._contact,
                "ContactFlowId": self._flow,
                "ContactFlowName": self._flow_name,
                "Identifier": action,
                "Timestamp": calendar.text_of(at_ms),
                "Results": outcome.reason,
            }
            yield Log, action, {"entry": entry}
        for effect in outcome.effects:
            yield from _effect(action, effect)
        yield FlowEnded, action, {"reason": outcome.reason, "then": outcome.then, "flow_name": self._flow_name}

    def _ended(self, at_ms: int, action: str, reason: str, by: str) -> Iterator[Any]:
        yield ContactEnded, action, {"reason": reason, "by": by}


def is_fatal(reason: str) -> bool:
    """Whether a contact that ended for this reason was dropped by a mistake of the flow (decisions S16, S18)."""
    return any(mark in reason for mark in ("no branch for", "blocks without waiting", "no action of the flow"))


_RENDER: dict[str, Callable[..., Iterator[Any]]] = {
    "contact.started": Renderer._started,
    "block.entered": Renderer._entered,
    "block.left": Renderer._left,
    "effects": Renderer._effects,
    "event": Renderer._event,
    "module": Renderer._module,
    "module.left": Renderer._module_left,
    "hung_up": Renderer._hung_up,
    "line": Renderer._switched,
    "order": Renderer._ordered,
    "warning": Renderer._warned,
    "offer": Renderer._offered,
    "contact.phase": Renderer._phase,
    "flow.ended": Renderer._flow_ended,
    "contact.ended": Renderer._ended,
}


def _effect(action: str, effect: Any) -> Iterator[Any]:
    speech = getattr(effect, "speech", None)
    if speech is not None:
        fields = {name: getattr(speech, name) for name in ("kind", "text", "voice", "engine", "style", "language")}
        yield Said, action, fields
    if isinstance(effect, effects.InvokeLambda):
        names = ("function", "arn", "attempt", "request_id", "timeout_ms", "asynchronous", "version", "event")
        yield FunctionCalled, action, {name: getattr(effect, name) for name in names}
    elif not isinstance(effect, effects.PlayPrompt):
        plain = {key: value for key, value in msgspec.to_builtins(effect).items() if key not in ("speech", "encrypt")}
        yield Ordered, action, {"effect": plain}


def _plain(params: Any, written: dict[str, Any]) -> dict[str, Any]:
    """The resolved parameters that the flow gives, as JSON."""
    if params is None:
        return {}
    return {key: value for key, value in msgspec.to_builtins(params, enc_hook=str).items() if key in written}


def _changes(exit: Exit) -> dict[str, Any]:
    return {
        key: msgspec.to_builtins(value)
        for key, value in exit.set.items()
        if key not in ("external", "chain_ms", "secrets", "in_flight", "parked", "loops")
    }


def _shown(fields: dict[str, Any], secrets: tuple[str, ...]) -> dict[str, Any]:
    """The fields without secrets. What counts and measures is ours and holds none."""
    if not secrets:
        return fields
    ours = ("attempt", "attempts", "status", "timeout_ms", "measured")
    return {name: value if name in ours else hidden(value, secrets) for name, value in fields.items()}


def hidden(value: Any, secrets: tuple[str, ...]) -> Any:
    """The value with every secret hidden: short ones where they are a whole value, longer ones anywhere in a text."""
    if isinstance(value, str):
        for secret in secrets:
            if value == secret:
                return HIDDEN
            if len(secret) >= 4:
                value = value.replace(secret, HIDDEN)
        return value
    if isinstance(value, dict):
        return {hidden(key, secrets): hidden(item, secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(hidden(item, secrets) for item in value)
    return HIDDEN if text_of(value) in secrets else value
