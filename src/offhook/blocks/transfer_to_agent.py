"""Transfer to agent (beta): end the flow and join the customer with the agent of the quick connect.

The agent is rung at once, past every queue. Where the agent is busy, or none was chosen, the contact is disconnected.
Calls only: others would take an error branch, but the block has none, so that their contact is over.
Source: APIReference/contact-actions-transfercontacttoagent.html; adminguide/transfer-to-agent-block.html.
"""

from offhook.core.spec import (
    BlockSpec,
    Ctx,
    End,
    FlowTypes,
    Legacy,
    NoParams,
    Outcome,
)
from offhook.model.effect import Enqueue


def enter(p: NoParams, ctx: Ctx) -> Outcome:
    agent = ctx.agent
    if agent is None:
        return End("there is no agent to transfer to", then="disconnect")
    order = Enqueue(ctx.new_id(), agent.arn, agent.name, channel=ctx.channel, agent=agent.name, at_once=True)
    return End(f"transferred to {agent.name}", then="to_agent", effects=(order,))


_TRANSFERS = frozenset({"AGENT_TRANSFER", "QUEUE_TRANSFER"})

BLOCKS = (
    BlockSpec(
        action="TransferContactToAgent",
        title="Transfer to agent (beta)",
        summary="Joins the customer with the agent to whom the contact is transferred.",
        group="terminate",
        kind="contact",
        enter=enter,
        terminal=True,
        channels=dict.fromkeys(("CHAT", "TASK", "EMAIL"), "error:NoMatchingError"),
        flow_types=FlowTypes(language=_TRANSFERS | {"MODULE"}, designer=_TRANSFERS),
        legacy=(Legacy("Transfer", target="Agent"),),
        log_name="Transfer",
        example={},
    ),
)
