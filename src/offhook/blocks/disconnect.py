"""Disconnect / hang up: disconnect the participant and stop the flow.

The language page names no flow types; the service refuses the block in whisper and hold flows (WIRE).
Source: APIReference/participant-actions-disconnectparticipant.html; adminguide/disconnect-hang-up.html.
"""

from offhook.core.spec import BlockSpec, Ctx, End, FlowTypes, Legacy, NoParams, Outcome


def enter(p: NoParams, ctx: Ctx) -> Outcome:
    return End("disconnected", then="disconnect")


BLOCKS = (
    BlockSpec(
        action="DisconnectParticipant",
        title="Disconnect / hang up",
        summary="Disconnects the participant and stops the flow.",
        group="terminate",
        kind="participant",
        enter=enter,
        terminal=True,
        flow_types=FlowTypes(
            language=frozenset("CONTACT_FLOW AGENT_TRANSFER QUEUE_TRANSFER CUSTOMER_QUEUE MODULE".split()),
            designer=frozenset("CONTACT_FLOW CUSTOMER_QUEUE AGENT_TRANSFER QUEUE_TRANSFER".split()),
        ),
        legacy=(Legacy("Disconnect"),),
        log_name="Disconnect",
        example={},
    ),
)
