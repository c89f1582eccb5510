"""Interrupt agent: offer the queued contact to a named agent while it stays in its queue flow.

An agent who is free is asked at once; one who is not is left alone, and the contact waits on either way. The parameters
are published nowhere: `AgentId` (an id, an ARN or a user name) is ours.
Source: adminguide/interrupt-agent.html (newer).
"""

from typing import Annotated

import msgspec

from offhook.core.spec import (
    NO_MATCHING_ERROR,
    SINGLE,
    BlockSpec,
    Ctx,
    Exit,
    FlowTypes,
    Outcome,
)
from offhook.model.effect import ChangeRouting


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    agent_id: Annotated[str, SINGLE, msgspec.Meta(title="Agent")] = ""


def enter(p: Params, ctx: Ctx) -> Outcome:
    if ctx.place is None:
        return Exit(error="NoMatchingError", cause="not_queued", detail="the contact is in no queue.")
    found = ctx.find("agent", p.agent_id, "AgentId")
    if found.resource is None:
        return Exit(error="NoMatchingError", cause="not_found", detail=found.problem)
    return Exit(effects=(ChangeRouting(ctx.new_id(), agent=found.resource.name),))


BLOCKS = (
    BlockSpec(
        action="RouteContactToAgent",
        title="Interrupt agent",
        summary="Offers the queued contact to a named agent.",
        group="terminate",
        kind="contact",
        params=Params,
        enter=enter,
        errors=(NO_MATCHING_ERROR,),
        flow_types=FlowTypes(language=frozenset({"CUSTOMER_QUEUE"}), designer=frozenset({"CUSTOMER_QUEUE"})),
        example={"AgentId": "jane"},
    ),
)
