"""Set Voice ID: begin to stream the caller's voice to Voice ID. The service ended in May 2026.

Where no Voice ID is described beside the flow, it takes the error branch. The designer's settings are fields of
UpdateContactData.
Source: APIReference/flow-control-actions-startvoiceidstream.html (2023).
"""

from offhook.core.service import Asking, refused, resumes
from offhook.core.spec import (
    NO_MATCHING_ERROR,
    BlockSpec,
    Ctx,
    Exit,
    FlowTypes,
    Legacy,
    NoParams,
    Outcome,
    Wait,
)
from offhook.model.effect import CallService
from offhook.model.event import ServiceEnded


def enter(p: NoParams, ctx: Ctx) -> Outcome:
    speaker = ctx.customer_id or ctx.contact.customer_endpoint or ""
    call = CallService(ctx.new_id(), "voiceid", "StartSession", {"SpeakerId": speaker})
    return Wait((call,), Asking(call.id))


def _read(p: NoParams, memo: Asking, event: ServiceEnded, ctx: Ctx) -> Outcome:
    return refused(event) if event.error else Exit()


_FLOW_TYPES = frozenset(
    "CONTACT_FLOW CUSTOMER_QUEUE CUSTOMER_WHISPER OUTBOUND_WHISPER AGENT_WHISPER AGENT_TRANSFER QUEUE_TRANSFER".split()
)

BLOCKS = (
    BlockSpec(
        action="StartVoiceIdStream",
        title="Set Voice ID",
        summary="Starts the analysis of the caller's voice.",
        group="set",
        kind="flow_control",
        memo=Asking,
        enter=enter,
        resume=resumes(_read),
        errors=(NO_MATCHING_ERROR,),
        channels=dict.fromkeys(("CHAT", "TASK", "EMAIL"), "error:NoMatchingError"),
        flow_types=FlowTypes(language=_FLOW_TYPES | {"MODULE"}, designer=_FLOW_TYPES),
        legacy=(Legacy("SetVoiceId"),),
        log_name="SetVoiceId",
        example={},
    ),
)
