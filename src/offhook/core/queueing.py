"""The order that puts a contact into a queue, as every block that does it and the machine itself write it."""

from typing import Protocol

from offhook.model.contact import Contact, Queue
from offhook.model.effect import Enqueue


class Queues(Protocol):
    """What of a block's context is needed."""

    contact: Contact
    channel: str

    @property
    def priority(self) -> int: ...
    @property
    def age_ms(self) -> int: ...
    @property
    def routing_criteria(self) -> tuple[dict[str, object], ...]: ...
    def new_id(self) -> str: ...


def enqueue(ctx: Queues, queue: Queue) -> Enqueue:
    """Into this queue, with the contact's priority and age. Routing criteria do not count in an agent's queue."""
    return Enqueue(
        ctx.new_id(),
        queue.arn,
        queue.name,
        channel=ctx.channel,
        priority=ctx.priority,
        age_ms=ctx.age_ms,
        agent=queue.name if queue.is_agent else "",
        criteria=() if queue.is_agent else ctx.routing_criteria,
    )
