"""Interrupt agent: offer the queued contact to a named agent while it stays in its queue flow.

An agent who is free is asked at once; one who is not is left alone, and the contact waits on either way. The page says
that the agent is named by ARN, id or user name, and not how: the names of the parameters are ours, of which one counts.
Source: adminguide/interrupt-agent.html (newer).
"""

from typing import Annotated

import msgspec

from offhook.core.exclusive import exclusive
from offhook.core.service import unfit
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
from offhook.model.flow import Action, Problem

NAMES = ("AgentId", "UserId", "Username")


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    agent_id: Annotated[str, SINGLE, msgspec.Meta(title="Agent")] | None = None
    user_id: Annotated[str, SINGLE, msgspec.Meta(title="Agent, by another name")] | None = None
    username: Annotated[str, SINGLE, msgspec.Meta(title="User name of the agent")] | None = None


def enter(p: Params, ctx: Ctx) -> Outcome:
    if ctx.place is None:
        return Exit(error="NoMatchingError", cause="not_queued", detail="the contact is in no queue.")
    named = zip(NAMES, (p.agent_id, p.user_id, p.username), strict=True)
    given = [(name, raw) for name, raw in named if raw is not None]
    if len(given) != 1:
        return unfit(f"exactly one of {', '.join(NAMES)} counts, not {len(given)}.")
    name, raw = given[0]
    found = ctx.find("agent", raw, name)
    if found.resource is None:
        return Exit(error="NoMatchingError", cause="not_found", detail=found.problem)
    return Exit(effects=(ChangeRouting(ctx.new_id(), agent=found.resource.name),))


def check(action: Action) -> list[Problem]:
    return exclusive(action, *NAMES, is_needed=True)


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
        widgets=dict.fromkeys(NAMES, "agent-picker"),
        check=check,
        example={"AgentId": "jane"},
    ),
)
