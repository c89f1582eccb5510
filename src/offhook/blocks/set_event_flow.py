"""Set event flow, and its kin: Set customer queue flow, Set hold flow, Set whisper flow, Set disconnect flow.

One action for five designer blocks: the flow that runs at an event of the contact. It is looked up now, and must be of
the type that the event runs (a disconnect flow is an inbound flow). The last one set wins, per event. A hold flow is
for voice alone. The page allows one event an action, the service took none and two. `DisableExecution` in saved
exports means that not even the default flow runs; `hooks` then holds an empty text.
Which flows may hold which of the five blocks is the designer's rule and holds in strict alone: the language page
allows the action in every flow.
Source: APIReference/contact-actions-updatecontacteventhooks.html; adminguide/set-event-flow.html,
set-customer-queue-flow.html, set-hold-flow.html, set-whisper-flow.html, set-disconnect-flow.html.
"""

from typing import Annotated, Literal, NamedTuple

import msgspec

from offhook.core.spec import (
    ANY_FLOW,
    NO_MATCHING_ERROR,
    SINGLE,
    STATIC,
    BlockSpec,
    Ctx,
    Exit,
    Legacy,
    LegacyModule,
    LogRecord,
    Outcome,
)
from offhook.model.flow import Action, Problem


class Rule(NamedTuple):
    """The type of the flows that an event runs, and the designer's flow types for the block that sets it."""

    runs: str = "CONTACT_FLOW"
    stands_in: frozenset[str] = ANY_FLOW
    voice_only: bool = False


_TRANSFERS = frozenset({"CONTACT_FLOW", "AGENT_TRANSFER", "QUEUE_TRANSFER"})
_HOLD = _TRANSFERS | {"CUSTOMER_QUEUE", "OUTBOUND_WHISPER"}
_WHISPER = _TRANSFERS | {"CUSTOMER_QUEUE"}

RULES = {
    "AgentHold": Rule("AGENT_HOLD", _HOLD, voice_only=True),
    "AgentWhisper": Rule("AGENT_WHISPER", _WHISPER),
    "CustomerHold": Rule("CUSTOMER_HOLD", _HOLD, voice_only=True),
    "CustomerQueue": Rule("CUSTOMER_QUEUE", _TRANSFERS),
    "CustomerRemaining": Rule(),
    "CustomerWhisper": Rule("CUSTOMER_WHISPER", _WHISPER),
    "DefaultAgentUI": Rule(),
    "DisconnectAgentUI": Rule(),
    "PauseContact": Rule(),
    "ResumeContact": Rule(),
}

EventName = Literal[
    "AgentHold",
    "AgentWhisper",
    "CustomerHold",
    "CustomerQueue",
    "CustomerRemaining",
    "CustomerWhisper",
    "DefaultAgentUI",
    "DisconnectAgentUI",
    "PauseContact",
    "ResumeContact",
]


class Configuration(msgspec.Struct, frozen=True, rename="pascal"):
    disable_execution: Annotated[bool, STATIC] = False


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    event_hooks: Annotated[dict[EventName, str], SINGLE, msgspec.Meta(title="Event and flow")]
    event_hooks_configuration: Annotated[dict[EventName, Configuration], STATIC] = {}


def enter(p: Params, ctx: Ctx) -> Outcome:
    disabled = {event for event, settings in p.event_hooks_configuration.items() if settings.disable_execution}
    hooks = dict(ctx.hooks)
    for event in dict.fromkeys([*p.event_hooks, *disabled]):
        refused = _refused(event, ctx)
        if refused is not None:
            return refused
        arn = "" if event in disabled else _flow(event, p.event_hooks[event], ctx)
        if isinstance(arn, Exit):
            return arn
        hooks[event] = arn
    return Exit(set={"hooks": hooks})


def _refused(event: str, ctx: Ctx) -> Exit | None:
    rule = RULES[event]
    if rule.voice_only and ctx.channel != "VOICE":
        return Exit(error="NoMatchingError", cause="channel", detail=f"{event} does not work on {ctx.channel}.")
    if ctx.strict and ctx.flow_type not in rule.stands_in:
        allowed = ", ".join(sorted(rule.stands_in))
        detail = f"{event} may not be set in a flow of type {ctx.flow_type}; it may in {allowed}."
        return Exit(error="NoMatchingError", cause="flow_type", detail=detail)
    return None


def _flow(event: str, raw: str, ctx: Ctx) -> str | Exit:
    """The ARN of the flow, or the exit for a flow that is not known or that the event cannot run."""
    found = ctx.find("flow", raw, f"EventHooks.{event}")
    if found.resource is None:
        return Exit(error="NoMatchingError", cause="not_found", detail=found.problem)
    flow = ctx.instance.flows.get(found.resource.arn)
    if flow is not None and flow.type not in ("", RULES[event].runs):
        detail = f"{event} runs flows of type {RULES[event].runs}, but flow {flow.name!r} is of type {flow.type}."
        return Exit(error="NoMatchingError", cause="flow_type", detail=detail)
    return found.resource.arn


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    known = outcome.set.get("hooks", {})
    hooks = {} if p is None else {event: known.get(event, flow) for event, flow in p.event_hooks.items()}
    lines = (LogRecord({"Type": event, "ContactFlowId": flow}) for event, flow in hooks.items())
    return tuple(lines) or (LogRecord(),)


def check(action: Action) -> list[Problem]:
    place = {"action": action.identifier, "severity": "warning"}
    problems = []
    hooks = action.parameters.get("EventHooks")
    if isinstance(hooks, dict) and len(hooks) != 1:
        message = f"EventHooks has {len(hooks)} entries; the page of UpdateContactEventHooks allows exactly one."
        problems.append(Problem("W-event-hooks", message, field="Parameters.EventHooks", **place))
    if "EventHooksConfiguration" in action.parameters:
        message = "EventHooksConfiguration is written by the designer, but Connect refuses it when a flow is created."
        field = "Parameters.EventHooksConfiguration"
        # one probe says so; templates that AWS publishes create flows with it, so it is no reason to refuse one
        problems.append(Problem("W-event-hooks-configuration", message, field=field, **place))
    return problems


def _from_legacy(module: LegacyModule) -> dict[str, dict[str, str]]:
    return {"EventHooks": {module.values["Type"]: module.values["ContactFlowId"]}}


BLOCKS = (
    BlockSpec(
        action="UpdateContactEventHooks",
        title="Set event flow",
        summary="Names the flow that runs at an event: in the queue, on hold, as a whisper, after the agent left.",
        group="set",
        kind="contact",
        params=Params,
        enter=enter,
        errors=(NO_MATCHING_ERROR,),
        legacy=(Legacy("SetEventHook", convert=_from_legacy), Legacy("SetContactFlow", convert=_from_legacy)),
        widgets={"EventHooks": "event-flows"},
        log_name="SetEventHook",
        log=log,
        check=check,
        example={"EventHooks": {"CustomerQueue": "Default customer queue"}},
    ),
)
