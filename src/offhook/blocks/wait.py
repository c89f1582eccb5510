"""Wait: stay until a time is over or something happens.

The result is WaitCompleted, or the event: CustomerReturned (a chat customer came back), BotParticipantDisconnected.
Where no bot is in the contact, waiting for its end is ParticipantNotFound. The page calls the limit TimeoutSeconds;
the service takes TimeLimitSeconds alone.
Ours: the event LambdaReturned, the end of the asynchronous invocation LambdaInvocationId (absent: the newest). The
newer designer has it under "Set event based wait"; AWS has not published its wire form, and the service refuses ours
(decision S11). An id that belongs to nothing waits for the time. Its mode "keep running while waiting" is published
nowhere and does not run here.
Voice takes the error branch; the newer designer lets voice wait in an inbound flow, for such an event only.
Source: APIReference/flow-control-actions-wait.html; adminguide/wait.html (2023 and newer).
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from offhook.core.expr import text_of
from offhook.core.spec import (
    NO_MATCHING_ERROR,
    SINGLE,
    STATIC,
    BlockSpec,
    Ctx,
    ErrorBranch,
    Exit,
    FlowTypes,
    Legacy,
    Outcome,
    Wait,
)
from offhook.model.effect import StartTimer
from offhook.model.event import BotDisconnected, CustomerReturned, Event, LambdaEnded, TimerFired
from offhook.model.flow import Action, Problem

MAX_SECONDS = 604_800  # 7 days
COMPLETED, BOT_LEFT, RETURNED = "WaitCompleted", "BotParticipantDisconnected", "LambdaReturned"
_EVENTS: Mapping[type[Any], str] = {CustomerReturned: "CustomerReturned", BotDisconnected: BOT_LEFT}


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    time_limit_seconds: Annotated[int, SINGLE, msgspec.Meta(ge=1, le=MAX_SECONDS, title="Timeout (seconds)")]
    events: Annotated[
        tuple[Literal["CustomerReturned", "BotParticipantDisconnected", "LambdaReturned"], ...], STATIC
    ] = ()
    lambda_invocation_id: Annotated[str, SINGLE, msgspec.Meta(title="Invocation to wait for (ours)")] = ""


class Memo(msgspec.Struct, frozen=True):
    timer_id: str = ""
    invocation_id: str = ""


def enter(p: Params, ctx: Ctx) -> Outcome:
    if ctx.channel == "VOICE" and not (RETURNED in p.events and ctx.flow_type == "CONTACT_FLOW"):
        detail = "on VOICE it can only wait in an inbound flow, for LambdaReturned."
        return Exit(error="NoMatchingError", cause="channel", detail=detail)
    if BOT_LEFT in p.events and not ctx.has_bot:
        detail = "it waits for a bot participant to leave, and none is in the contact."
        return Exit(error="ParticipantNotFound", cause="participant_not_found", detail=detail)
    invocation_id = p.lambda_invocation_id or ctx.invocation_id
    if RETURNED in p.events and invocation_id in ctx.parked:
        return _happened(RETURNED)
    timer = StartTimer(ctx.new_id(), p.time_limit_seconds * 1000)
    return Wait((timer,), Memo(timer.id, invocation_id))


def resume(p: Params, memo: Memo, event: Event, ctx: Ctx) -> Outcome | None:
    if type(event) is TimerFired and event.effect_id == memo.timer_id:
        return _happened(COMPLETED)
    if type(event) is LambdaEnded:  # the machine has parked the answer before
        return _happened(RETURNED) if RETURNED in p.events and memo.invocation_id in ctx.parked else None
    name = _EVENTS.get(type(event), "")
    return _happened(name) if name in p.events else None


def _happened(name: str) -> Exit:
    return Exit(result=name, results=name)


def check(action: Action) -> list[Problem]:
    """Connect wants one branch for the end of the time and one for each event, and knows no LambdaReturned."""
    events = action.parameters.get("Events") or []
    wanted = [COMPLETED, *(text_of(event) for event in events)] if isinstance(events, list) else [COMPLETED]
    wired = [text_of(operand) for condition in action.conditions for operand in condition.operands]
    problems = []
    if sorted(wired) != sorted(wanted):
        message = (
            f"the conditions are {', '.join(wired) or 'none'}, must be {' and '.join(wanted)}: "
            f"wire {COMPLETED} and each event once."
        )
        problems.append(Problem("E-wait-branches", message, action=action.identifier, field="Transitions.Conditions"))
    if RETURNED in wanted:
        message = f"{RETURNED} is offhook's own spelling: AWS has not published its, and Connect refuses this flow."
        problems.append(
            Problem("W-wait-ours", message, severity="warning", action=action.identifier, field="Parameters.Events")
        )
    return problems


def _waits_for_bot(parameters: Mapping[str, Any]) -> bool:
    events = parameters.get("Events")
    return isinstance(events, list) and BOT_LEFT in events


BLOCKS = (
    BlockSpec(
        action="Wait",
        title="Wait",
        summary="Pauses the contact until a time is over or an event happens.",
        group="logic",
        kind="flow_control",
        params=Params,
        memo=Memo,
        enter=enter,
        resume=resume,
        errors=(NO_MATCHING_ERROR, ErrorBranch("ParticipantNotFound", required=False, when=_waits_for_bot)),
        operators=("Equals",),
        operands=(COMPLETED, "CustomerReturned", BOT_LEFT, RETURNED),
        channels={"VOICE": ("works", "error:NoMatchingError")},
        flow_types=FlowTypes(designer=frozenset(("CONTACT_FLOW", "CUSTOMER_QUEUE", "MODULE"))),
        legacy=(
            Legacy("Wait", rename={"TimeoutSeconds": "TimeLimitSeconds"}, branches={"Timeout": ("Equals", COMPLETED)}),
        ),
        check=check,
        example={"TimeLimitSeconds": "60", "Events": ["CustomerReturned"]},
    ),
)
