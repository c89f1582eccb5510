"""Transfer to agent (beta): end the flow and join the customer with the agent of the quick connect.

Declared, not built yet. Where the agent is busy the contact is disconnected.
Source: APIReference/contact-actions-transfercontacttoagent.html; adminguide/transfer-to-agent-block.html.
"""

from offhook.core.spec import (
    BlockSpec,
    FlowTypes,
    Legacy,
)

_TRANSFERS = frozenset({"AGENT_TRANSFER", "QUEUE_TRANSFER"})

BLOCKS = (
    BlockSpec(
        action="TransferContactToAgent",
        title="Transfer to agent (beta)",
        summary="Joins the customer with the agent to whom the contact is transferred.",
        group="terminate",
        kind="contact",
        terminal=True,
        flow_types=FlowTypes(language=_TRANSFERS | {"MODULE"}, designer=_TRANSFERS),
        legacy=(Legacy("Transfer", target="Agent"),),
        log_name="Transfer",
        example={},
    ),
)
