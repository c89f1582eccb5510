"""Check Voice ID: branch on what Voice ID found out about the caller. The service ended in May 2026.

Here a service beside the flow knows the callers, by the contact's customer id or number. Authentication and fraud
detection need the session that Set Voice ID begins. The page prints the results as the designer shows them; on the wire
they have no spaces.
Source: APIReference/flow-control-actions-checkvoiceid.html (2023); adminguide/check-voice-id.html.
"""

from typing import Annotated, Literal

import msgspec

from offhook.core.service import Asking, refused, resumes
from offhook.core.spec import (
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    Ctx,
    Exit,
    FlowTypes,
    Legacy,
    Outcome,
    Wait,
)
from offhook.model.effect import CallService
from offhook.model.event import ServiceEnded

RESULTS = tuple("Enrolled NotEnrolled OptedOut Authenticated NotAuthenticated Inconclusive HighRisk LowRisk".split())


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    check_voice_id_option: Annotated[
        Literal["enrollmentStatus", "voiceAuthentication", "fraudDetection"], STATIC, msgspec.Meta(title="Check")
    ]


# the words of the Voice ID API (voice-id 2021-09-27) in those of the block
_DECISIONS = {
    "ENROLLED": "Enrolled",
    "OPTED_OUT": "OptedOut",
    "ACCEPT": "Authenticated",
    "REJECT": "NotAuthenticated",
    "NOT_ENOUGH_SPEECH": "Inconclusive",
    "SPEAKER_NOT_ENROLLED": "NotEnrolled",
    "SPEAKER_OPTED_OUT": "OptedOut",
    "HIGH_RISK": "HighRisk",
    "LOW_RISK": "LowRisk",
}


def enter(p: Params, ctx: Ctx) -> Outcome:
    speaker = ctx.customer_id or ctx.contact.customer_endpoint or ""
    operation = "DescribeSpeaker" if p.check_voice_id_option == "enrollmentStatus" else "EvaluateSession"
    call = CallService(ctx.new_id(), "voiceid", operation, {"SpeakerId": speaker})
    return Wait((call,), Asking(call.id))


def _read(p: Params, memo: Asking, event: ServiceEnded, ctx: Ctx) -> Outcome:
    if event.error == "ResourceNotFoundException" and p.check_voice_id_option == "enrollmentStatus":
        return Exit(result="NotEnrolled", results="NotEnrolled")
    if event.error:
        return refused(event)
    found = event.output
    decision = {
        "enrollmentStatus": lambda: found["Speaker"]["Status"],
        "voiceAuthentication": lambda: found["AuthenticationResult"]["Decision"],
        "fraudDetection": lambda: found["FraudDetectionResult"]["Decision"],
    }[p.check_voice_id_option]()
    result = _DECISIONS.get(decision, "NotEnrolled")
    return Exit(result=result, results=result)


_FLOW_TYPES = frozenset(
    "CONTACT_FLOW CUSTOMER_QUEUE CUSTOMER_WHISPER OUTBOUND_WHISPER AGENT_WHISPER AGENT_TRANSFER QUEUE_TRANSFER".split()
)

BLOCKS = (
    BlockSpec(
        action="CheckVoiceId",
        title="Check Voice ID",
        summary="Branches on enrollment, authentication or fraud risk of the caller's voice.",
        group="check",
        kind="flow_control",
        params=Params,
        memo=Asking,
        enter=enter,
        resume=resumes(_read),
        errors=(NO_MATCHING_ERROR,),
        operators=("Equals",),
        operands=RESULTS,
        channels=dict.fromkeys(("CHAT", "TASK", "EMAIL"), "error:NoMatchingError"),
        flow_types=FlowTypes(language=_FLOW_TYPES | {"MODULE"}, designer=_FLOW_TYPES),
        legacy=(
            Legacy(
                "CheckVoiceId",
                rename={"CheckVoiceIdOption": "CheckVoiceIdOption"},
                branches={name: ("Equals", name) for name in RESULTS},
            ),
        ),
        example={"CheckVoiceIdOption": "enrollmentStatus"},
    ),
)
