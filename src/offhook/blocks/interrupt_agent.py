"""Interrupt agent: offer the queued contact to a named agent while it stays in its queue flow.

Declared, not built yet. Its parameters are published nowhere.
Source: adminguide/interrupt-agent.html (newer).
"""

from offhook.core.spec import (
    NO_MATCHING_ERROR,
    BlockSpec,
    FlowTypes,
    UnknownParams,
)

BLOCKS = (
    BlockSpec(
        action="RouteContactToAgent",
        title="Interrupt agent",
        summary="Offers the queued contact to a named agent.",
        group="terminate",
        kind="contact",
        params=UnknownParams,
        errors=(NO_MATCHING_ERROR,),
        flow_types=FlowTypes(language=frozenset({"CUSTOMER_QUEUE"}), designer=frozenset({"CUSTOMER_QUEUE"})),
        example={},
    ),
)
