"""Authenticate customer: ask a chat customer to sign in through Amazon Cognito.

Who signs in is described in a service beside the flow; who takes longer than the time limit does not. What stands in
the two configurations, and the names of the branches (success, timeout, opted out), are published nowhere: Success,
Timeout and OptedOut are ours. The outcome is also the segment attribute connect:CustomerAuthentication, and the
customer's id is the one that was signed in with.
Source: adminguide/authenticate-customer.html (newer).
"""

from typing import Annotated, Any

import msgspec

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


RESULTS = ("Success", "Timeout", "OptedOut")


class Memo(msgspec.Struct, frozen=True):
    call_id: str = ""
    timer_id: str = ""


def enter(p: Params, ctx: Ctx) -> Outcome:
    asked = {"ContactId": ctx.contact.id, "CustomerId": ctx.customer_id or ""}
    call = CallService(ctx.new_id(), "authentication", "AuthenticateCustomer", asked)
    timer = StartTimer(ctx.new_id(), p.time_limit_minutes * 60_000)
    return Wait((timer, call), Memo(call.id, timer.id))


def resume(p: Params, memo: Memo, event: Event, ctx: Ctx) -> Outcome | None:
    if type(event) is TimerFired and event.effect_id == memo.timer_id:
        return _left("Timeout", ctx, None)
    if type(event) is not ServiceEnded or event.effect_id != memo.call_id:
        return None
    if event.error:
        return refused(event)
    result = event.output.get("Result")
    if result not in RESULTS:
        return Exit(error="NoMatchingError", cause="service", detail=f"the answer is none of {', '.join(RESULTS)}.")
    return _left(result, ctx, event.output.get("CustomerId"))


def _left(result: str, ctx: Ctx, customer_id: str | None) -> Exit:
    noted = {"ValueMap": {"Status": {"ValueString": result}}}
    changes: Changes = {"segment_attributes": {**ctx.segment_attributes, "connect:CustomerAuthentication": noted}}
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
        operands=RESULTS,
        channels=dict.fromkeys(("VOICE", "TASK", "EMAIL"), "error:NoMatchingError"),
        flow_types=FlowTypes(language=frozenset({"CONTACT_FLOW"}), designer=frozenset({"CONTACT_FLOW"})),
        example={"CognitoConfiguration": {}, "CustomerProfilesConfiguration": {}, "TimeLimitMinutes": "5"},
    ),
)
