"""Authenticate customer: ask a chat customer to sign in through Amazon Cognito.

Who signs in, and after how long, is described in a service beside the flow; who takes longer than the time limit does
not. What stands in the two configurations, and the names of the branches (success, timeout, opted out), are published
nowhere: Success, Timeout and OptedOut are ours. The outcome is also the segment attribute
connect:CustomerAuthentication (that opting out is FAILED there is ours), and the customer's id is the one that was
signed in with.
Source: adminguide/authenticate-customer.html, connect-attrib-list.html (newer).
"""

from typing import Annotated, Any

import msgspec
from msgspec.structs import replace

from offhook.core.service import refused
from offhook.core.spec import (
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    Changes,
    Ctx,
    Exit,
    FlowTypes,
    Outcome,
    Wait,
)
from offhook.model.effect import CallService, StartTimer
from offhook.model.event import Event, ServiceEnded, TimerFired


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    cognito_configuration: Annotated[dict[str, Any], STATIC]
    customer_profiles_configuration: Annotated[dict[str, Any], STATIC]
    time_limit_minutes: Annotated[int, STATIC, msgspec.Meta(ge=3, le=15, title="Timeout (minutes)")]


STATUSES = {"Success": "AUTHENTICATED", "Timeout": "TIMEOUT", "OptedOut": "FAILED"}


class Memo(msgspec.Struct, frozen=True):
    """`result` and `customer_id` are what the customer does when the timer `does_id` fires."""

    call_id: str = ""
    timer_id: str = ""
    does_id: str = ""
    result: str = ""
    customer_id: str = ""


def enter(p: Params, ctx: Ctx) -> Outcome:
    asked = {"ContactId": ctx.contact.id, "CustomerId": ctx.customer_id or ""}
    call = CallService(ctx.new_id(), "authentication", "AuthenticateCustomer", asked)
    timer = StartTimer(ctx.new_id(), p.time_limit_minutes * 60_000)
    return Wait((timer, call), Memo(call.id, timer.id))


def resume(p: Params, memo: Memo, event: Event, ctx: Ctx) -> Outcome | None:
    if type(event) is TimerFired and event.effect_id == memo.timer_id:
        return _left("Timeout", "", ctx)
    if type(event) is TimerFired and event.effect_id == memo.does_id:
        return _left(memo.result, memo.customer_id, ctx)
    if type(event) is not ServiceEnded or event.effect_id != memo.call_id:
        return None
    return refused(event) if event.error else _answered(memo, event.output, ctx)


def _answered(memo: Memo, output: dict[str, Any], ctx: Ctx) -> Outcome:
    result, customer_id, after_seconds = (output.get(name) for name in ("Result", "CustomerId", "AfterSeconds"))
    if result not in STATUSES:
        return Exit(error="NoMatchingError", cause="service", detail=f"the answer is none of {', '.join(STATUSES)}.")
    if result == "Timeout":  # the customer does nothing, for as long as the block waits
        return Wait((), memo)
    timer = StartTimer(ctx.new_id(), (after_seconds or 0) * 1_000)
    return Wait((timer,), replace(memo, does_id=timer.id, result=result, customer_id=customer_id or ""))


def _left(result: str, customer_id: str, ctx: Ctx) -> Exit:
    noted = {"Status": STATUSES[result], "AuthenticationMethod": "CONNECT"}
    if customer_id:
        noted["AssociatedCustomerId"] = customer_id
    value = {"ValueMap": {name: {"ValueString": text} for name, text in noted.items()}}
    changes: Changes = {"segment_attributes": {**ctx.segment_attributes, "connect:CustomerAuthentication": value}}
    if customer_id:
        changes["customer_id"] = customer_id
    return Exit(result=result, results=result, set=changes)


BLOCKS = (
    BlockSpec(
        action="AuthenticateParticipant",
        title="Authenticate customer",
        summary="Asks a chat customer to sign in.",
        group="interact",
        kind="participant",
        params=Params,
        memo=Memo,
        enter=enter,
        resume=resume,
        errors=(NO_MATCHING_ERROR,),
        operators=("Equals",),
        operands=tuple(STATUSES),
        channels=dict.fromkeys(("VOICE", "TASK", "EMAIL"), "error:NoMatchingError"),
        flow_types=FlowTypes(language=frozenset({"CONTACT_FLOW"}), designer=frozenset({"CONTACT_FLOW"})),
        example={"CognitoConfiguration": {}, "CustomerProfilesConfiguration": {}, "TimeLimitMinutes": "5"},
    ),
)
