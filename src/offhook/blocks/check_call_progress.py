"""Check call progress: branch on whether a person or a machine answered an outbound call.

Where no call was placed nothing is detected. For outbound campaigns and, newer, callbacks that call the customer first.
Source: APIReference/flow-control-actions-checkoutboundcallstatus.html.
"""

from offhook.core.spec import (
    NO_MATCHING_ERROR,
    BlockSpec,
    Ctx,
    Exit,
    NoParams,
    Outcome,
)


def enter(p: NoParams, ctx: Ctx) -> Outcome:
    status = ctx.system.get("OutboundCall", {}).get("Status", "NotDetected")
    return Exit(result=status, results=status)


BLOCKS = (
    BlockSpec(
        action="CheckOutboundCallStatus",
        title="Check call progress",
        summary="Branches on what answered an outbound call.",
        group="check",
        kind="flow_control",
        enter=enter,
        errors=(NO_MATCHING_ERROR,),
        operators=("Equals",),
        operands=("CallAnswered", "VoicemailBeep", "VoicemailNoBeep", "NotDetected"),
        channels=dict.fromkeys(("CHAT", "TASK", "EMAIL"), "error:NoMatchingError"),
        example={},
    ),
)
