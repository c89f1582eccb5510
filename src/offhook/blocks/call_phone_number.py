"""Call phone number: place the call of an outbound whisper flow. Else the first participant action places it.

There is no error branch: where the call fails the flow ends and the agent goes on to after-contact work; a callback is
tried again as often as it says. A customer who is on the line already is not called again.
Source: APIReference/contact-actions-completeoutboundcall.html; adminguide/call-phone-number.html.
"""

from typing import Annotated

import msgspec
from msgspec.structs import replace

from offhook.core import queueing
from offhook.core.spec import (
    DYNAMIC,
    SINGLE,
    BlockSpec,
    Ctx,
    End,
    Exit,
    FlowTypes,
    Outcome,
    Wait,
)
from offhook.model.effect import PlaceCall
from offhook.model.event import CallEnded, Event


class CallerId(msgspec.Struct, frozen=True, rename="pascal"):
    number: Annotated[str, SINGLE, msgspec.Meta(title="Caller ID number")]


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    caller_id: CallerId | None = None
    voice_connector: Annotated[dict[str, str], DYNAMIC, msgspec.Meta(title="Voice connector")] = {}
    connection_time_limit_seconds: (
        Annotated[int, DYNAMIC, msgspec.Meta(ge=1, le=600, title="Timeout (seconds), with a voice connector")] | None
    ) = None


class Memo(msgspec.Struct, frozen=True):
    call_id: str = ""


def enter(p: Params, ctx: Ctx) -> Outcome:
    if ctx.is_reached:
        return Exit()
    number = (p.caller_id.number if p.caller_id is not None else "") or queueing.caller_id(ctx)
    limit_s = p.connection_time_limit_seconds if p.voice_connector else None
    call = PlaceCall(ctx.new_id(), ctx.line, ctx.contact.customer_endpoint or "", number)
    call = call if limit_s is None else replace(call, timeout_ms=limit_s * 1_000)
    return Wait((call,), Memo(call.id))


def resume(p: Params, memo: Memo, event: Event, ctx: Ctx) -> Outcome | None:
    if type(event) is not CallEnded or event.effect_id != memo.call_id:
        return None
    if event.status != "answered":
        return End(event.status, then="not_answered")
    call = {**ctx.system, "OutboundCall": {"Status": event.answered_by}}
    return Exit(set={"is_reached": True, "system": call})


BLOCKS = (
    BlockSpec(
        action="CompleteOutboundCall",
        title="Call phone number",
        summary="Places the outbound call of a whisper flow.",
        group="integrate",
        kind="contact",
        params=Params,
        memo=Memo,
        enter=enter,
        resume=resume,
        flow_types=FlowTypes(language=frozenset({"OUTBOUND_WHISPER"}), designer=frozenset({"OUTBOUND_WHISPER"})),
        example={"CallerId": {"Number": "+15550100"}},
    ),
)
