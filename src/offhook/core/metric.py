"""Numbers of a queue, of an agent or of the contact in it, as blocks ask for them.

The operation is Connect's GetCurrentMetricData; what is asked and answered is ours, because the blocks ask for less.
Asked: `Queue` (ARN), `Agent` (user name), `Channel` (or None for all) and `Contact`. Answered: counts `Size`, `Online`,
`Available`, `Staffed`, `AfterContactWork`, `Busy`, `Missed`, `NonProductive`; `OldestContactAge` in seconds,
`PositionInQueue` and `EstimatedWaitTime` in seconds, each None where there is nothing to count; `Name`.
"""

from offhook.core.spec import Ctx
from offhook.model.contact import Queue
from offhook.model.effect import CallService

SERVICE, OPERATION = "connect", "GetCurrentMetricData"


def ask(ctx: Ctx, queue: Queue, channel: str | None = None) -> CallService:
    """The question about a queue, or, for an agent's own queue, about that agent."""
    asked = {
        "Queue": "" if queue.is_agent else queue.arn,
        "Agent": queue.name if queue.is_agent else "",
        "Channel": channel,
        "Contact": ctx.contact.id,
    }
    return CallService(ctx.new_id(), SERVICE, OPERATION, asked)
