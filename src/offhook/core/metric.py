"""Numbers of a queue, of an agent or of the contact in it, as blocks ask for them.

The operation is Connect's GetCurrentMetricData; what is asked and answered is ours, because the blocks ask for less.
Asked: `Queue` (ARN) and its `Name`, or `Agent` (user name); `Channel` (or None for all) and `Contact`. Answered:
`Numbers`, and where they are assumed a sentence beside them that says so.
"""

import msgspec

from offhook.core.spec import Ctx
from offhook.model.contact import Queue
from offhook.model.effect import CallService
from offhook.model.event import ServiceEnded

SERVICE, OPERATION = "connect", "GetCurrentMetricData"


class Numbers(msgspec.Struct, frozen=True, rename="pascal"):
    """Counts of agents and of contacts (`size`), ages and waits in seconds; None where there is nothing to count."""

    name: str | None = None
    arn: str | None = msgspec.field(name="ARN", default=None)
    size: int | None = None
    oldest_contact_age: int | None = None
    online: int | None = None
    available: int | None = None
    staffed: int | None = None
    after_contact_work: int | None = None
    busy: int | None = None
    missed: int | None = None
    non_productive: int | None = None
    estimated_wait_time: int | None = None
    position_in_queue: int | None = None


def ask(ctx: Ctx, queue: Queue, channel: str | None = None) -> CallService:
    """The question about a queue, or, for an agent's own queue, about that agent."""
    asked = {
        "Queue": "" if queue.is_agent else queue.arn,
        "Name": queue.name,
        "Agent": queue.name if queue.is_agent else "",
        "Channel": channel,
        "Contact": ctx.contact.id,
    }
    return CallService(ctx.new_id(), SERVICE, OPERATION, asked)


def read(event: ServiceEnded) -> Numbers:
    """What was answered; msgspec's ValidationError where that is something else."""
    return msgspec.convert(event.output, Numbers)


def said(event: ServiceEnded) -> tuple[str, ...]:
    """Warnings: what the answer says beside its numbers."""
    return (event.detail,) if event.detail else ()
