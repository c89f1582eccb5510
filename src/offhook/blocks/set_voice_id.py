"""Set Voice ID: begin to stream the caller's voice to Voice ID. The service ended in May 2026.

Declared, not built. The designer's settings are fields of UpdateContactData.
Source: APIReference/flow-control-actions-startvoiceidstream.html (2023).
"""

from offhook.core.spec import (
    NO_MATCHING_ERROR,
    BlockSpec,
    FlowTypes,
    Legacy,
)

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
        errors=(NO_MATCHING_ERROR,),
        channels=dict.fromkeys(("CHAT", "TASK", "EMAIL"), "error:NoMatchingError"),
        flow_types=FlowTypes(language=_FLOW_TYPES | {"MODULE"}, designer=_FLOW_TYPES),
        legacy=(Legacy("SetVoiceId"),),
        example={},
    ),
)
