"""Change routing priority / age: the contact's place in its queue.

A lower priority comes first, 5 is the default; the seconds make the contact older, or younger. On a contact that is
queued already it takes effect after a minute at least, which is routing's business. The older page has no chats, the
newer has; the newer no longer lists outbound whisper flows; the language page names inbound flows alone.
Source: APIReference/contact-actions-updatecontactroutingbehavior.html; adminguide/change-routing-priority.html.
"""

from typing import Annotated

import msgspec

from offhook.core.exclusive import exclusive
from offhook.core.spec import (
    STATIC,
    BlockSpec,
    Changes,
    Ctx,
    Exit,
    FlowTypes,
    Legacy,
    Outcome,
)
from offhook.model.effect import ChangeRouting
from offhook.model.flow import Action, Problem


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    queue_priority: Annotated[int, STATIC, msgspec.Meta(ge=1, le=2**63 - 1, title="Priority")] | None = None
    queue_time_adjustment_seconds: (
        Annotated[int, STATIC, msgspec.Meta(ge=-(2**31), le=2**31 - 1, title="Older by (seconds)")] | None
    ) = None  # the API of the same name takes 32 bits


def enter(p: Params, ctx: Ctx) -> Outcome:
    if (p.queue_priority is None) == (p.queue_time_adjustment_seconds is None):
        # the action has no error branch; the service refuses such a flow
        return Exit(cause="bad_parameter", detail="exactly one of QueuePriority and QueueTimeAdjustmentSeconds counts.")
    older_ms = (p.queue_time_adjustment_seconds or 0) * 1_000
    changes: Changes = {"age_ms": ctx.age_ms + older_ms}
    if p.queue_priority is not None:
        changes = {"priority": p.queue_priority}
    if ctx.place is None:
        return Exit(set=changes)
    order = ChangeRouting(ctx.new_id(), p.queue_priority, None if p.queue_priority is not None else older_ms)
    return Exit(set=changes, effects=(order,))


def check(action: Action) -> list[Problem]:
    return exclusive(action, "QueuePriority", "QueueTimeAdjustmentSeconds", is_needed=True)


_FLOW_TYPES = frozenset("CONTACT_FLOW CUSTOMER_QUEUE AGENT_TRANSFER QUEUE_TRANSFER".split())

BLOCKS = (
    BlockSpec(
        action="UpdateContactRoutingBehavior",
        title="Change routing priority / age",
        summary="Changes the priority or the age of the contact in its queue.",
        group="set",
        kind="contact",
        params=Params,
        enter=enter,
        channels={"CHAT": ("works", "skip")},
        flow_types=FlowTypes(
            language=frozenset({"CONTACT_FLOW", "MODULE"}),
            designer=_FLOW_TYPES | {"OUTBOUND_WHISPER"},
            newer=_FLOW_TYPES,
        ),
        legacy=(
            Legacy(
                "UpdateRoutingPriority",
                rename={"AbsolutePosition": "QueuePriority", "TimeOffset": "QueueTimeAdjustmentSeconds"},
            ),
        ),
        check=check,
        log_name="UpdateRoutingPriority",
        example={"QueuePriority": "1"},
    ),
)
