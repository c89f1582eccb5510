"""End flow / Resume: end the flow that runs, without hanging up.

What follows depends on the flow: a contact that waits in a queue keeps waiting, a whisper or hold flow just ends, and
where nothing is left to run the contact is disconnected. Newer pages allow the block everywhere.
Source: APIReference/flow-control-actions-endflowexecution.html; adminguide/end-flow-resume.html.
"""

from offhook.core.spec import ANY_FLOW, BlockSpec, Ctx, End, FlowTypes, Legacy, NoParams, Outcome

WHISPERS = frozenset({"CUSTOMER_WHISPER", "OUTBOUND_WHISPER", "AGENT_WHISPER"})


def enter(p: NoParams, ctx: Ctx) -> Outcome:
    return End("flow ended")


BLOCKS = (
    BlockSpec(
        action="EndFlowExecution",
        title="End flow / Resume",
        summary="Ends the flow; a contact in a queue goes on waiting.",
        group="terminate",
        kind="flow_control",
        enter=enter,
        terminal=True,
        flow_types=FlowTypes(
            language=WHISPERS | {"CUSTOMER_QUEUE", "MODULE"}, designer=WHISPERS | {"CUSTOMER_QUEUE"}, newer=ANY_FLOW
        ),
        legacy=(Legacy("Resume"),),
        log_name="Resume",
        example={},
    ),
)
