"""Check Voice ID: branch on what Voice ID found out about the caller. The service ended in May 2026.

Declared, not built. The page prints the results as the designer shows them; on the wire they have no spaces.
Source: APIReference/flow-control-actions-checkvoiceid.html (2023); adminguide/check-voice-id.html.
"""

from typing import Annotated, Literal

import msgspec

from offhook.core.spec import (
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    FlowTypes,
    Legacy,
)

RESULTS = tuple("Enrolled NotEnrolled OptedOut Authenticated NotAuthenticated Inconclusive HighRisk LowRisk".split())


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    check_voice_id_option: Annotated[
        Literal["enrollmentStatus", "voiceAuthentication", "fraudDetection"], STATIC, msgspec.Meta(title="Check")
    ]


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
        example={"CheckVoiceIdOption": "voiceAuthentication"},
    ),
)
