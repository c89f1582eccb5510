"""Check call progress: branch on whether a person or a machine answered an outbound call.

Declared, not built yet. For outbound campaigns and, newer, callbacks that call the customer first.
Source: APIReference/flow-control-actions-checkoutboundcallstatus.html.
"""

from offhook.core.spec import (
    NO_MATCHING_ERROR,
    BlockSpec,
)

BLOCKS = (
    BlockSpec(
        action="CheckOutboundCallStatus",
        title="Check call progress",
        summary="Branches on what answered an outbound call.",
        group="check",
        kind="flow_control",
        errors=(NO_MATCHING_ERROR,),
        operators=("Equals",),
        operands=("CallAnswered", "VoicemailBeep", "VoicemailNoBeep", "NotDetected"),
        channels=dict.fromkeys(("CHAT", "TASK", "EMAIL"), "error:NoMatchingError"),
        example={},
    ),
)
