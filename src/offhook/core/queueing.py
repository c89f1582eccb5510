"""Queues as blocks name them, and the order that puts a contact into one."""

from offhook.core.spec import Ctx, Exit
from offhook.model.contact import Queue
from offhook.model.effect import Enqueue


def queue_of(ctx: Ctx, queue_id: str | None, agent_id: str | None) -> Queue | Exit:
    """The queue that a block means: one by its id, an agent's own, or the working queue; else the exit for none."""
    for kind, raw, parameter in (("queue", queue_id, "QueueId"), ("agent", agent_id, "AgentId")):
        if raw is None:
            continue
        found = ctx.find(kind, raw, parameter)
        if found.resource is None:
            return Exit(error="NoMatchingError", cause="not_found", detail=found.problem)
        return Queue(found.resource.arn, found.resource.name, is_agent=kind == "agent")
    if ctx.queue is None:
        detail = "the contact has no working queue; set one by Set working queue before."
        return Exit(error="NoMatchingError", cause="no_queue", detail=detail)
    return ctx.queue


def enqueue(ctx: Ctx, queue: Queue) -> Enqueue:
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


def caller_id(ctx: Ctx) -> str | None:
    """The number that a customer sees who is called: the callback's own, else the queue's."""
    callback = ctx.contact.callback
    if callback is not None and callback.caller_id is not None:
        return callback.caller_id
    settings = ctx.instance.queues.get(ctx.queue.name) if ctx.queue is not None else None
    return settings.outbound_caller_id if settings is not None else None
