"""Transfer to queue: put the contact into its working queue; the flow ends and the queue takes over.

A full queue is QueueAtCapacity, no working queue the error branch; the contact keeps its working queue either way.
Here nobody answers from a queue yet, so the contact is over when it is queued, and a queue is full only where its
settings allow no contact at all. A QueueId is written in some hand-made flows: it is no parameter of this action, so
strict refuses it, and else it wins over the working queue.
Out of a customer queue flow the other action takes the contact to another queue; it is not built yet.
Source: APIReference/contact-actions-transfercontacttoqueue.html, contact-actions-dequeuecontactandtransfertoqueue.html;
adminguide/transfer-to-queue.html.
"""

from typing import Annotated

import msgspec

from offhook.core.spec import (
    NO_MATCHING_ERROR,
    SINGLE,
    BlockSpec,
    Ctx,
    End,
    ErrorBranch,
    Exit,
    FlowTypes,
    Legacy,
    LegacyModule,
    Outcome,
)
from offhook.model.contact import Queue
from offhook.model.effect import Enqueue
from offhook.model.flow import Action, Problem

TRANSFERS = frozenset({"CONTACT_FLOW", "AGENT_TRANSFER", "QUEUE_TRANSFER"})
QUEUED = frozenset({"CUSTOMER_QUEUE"})
QUEUE_AT_CAPACITY = ErrorBranch("QueueAtCapacity")


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    queue_id: Annotated[str, SINGLE, msgspec.Meta(title="Queue (hand-made flows only)")] | None = None


class DequeueParams(msgspec.Struct, frozen=True, rename="pascal"):
    queue_id: Annotated[str, SINGLE, msgspec.Meta(title="Queue")] | None = None
    agent_id: Annotated[str, SINGLE, msgspec.Meta(title="Agent, for the agent's own queue")] | None = None


def enter(p: Params, ctx: Ctx) -> Outcome:
    if p.queue_id is not None and ctx.strict:
        detail = "QueueId: is no parameter of TransferContactToQueue; set the queue by Set working queue."
        return Exit(error="NoMatchingError", cause="bad_parameter", detail=detail)
    queue = ctx.queue if p.queue_id is None else _named(p.queue_id, ctx)
    if isinstance(queue, str):
        return Exit(error="NoMatchingError", cause="not_found", detail=queue)
    if queue is None:
        detail = "the contact has no working queue; set one by Set working queue before."
        return Exit(error="NoMatchingError", cause="no_queue", detail=detail)
    settings = ctx.instance.queues.get(queue.name)
    if settings is not None and settings.max_contacts == 0:
        return Exit(error="QueueAtCapacity", cause="queue_full", detail=f"queue {queue.name!r} takes no contacts.")
    order = Enqueue(ctx.new_id(), queue.arn, queue.name)
    return End(f"queued in {queue.name!r}", phase="queued", effects=(order,), set={"queue": queue})


def _named(raw: str, ctx: Ctx) -> Queue | str:
    """The queue, or one sentence that says why there is none."""
    found = ctx.find("queue", raw, "QueueId")
    return found.problem if found.resource is None else Queue(found.resource.arn, found.resource.name)


def check(action: Action) -> list[Problem]:
    if "QueueId" not in action.parameters:
        return []
    message = (
        "TransferContactToQueue has a QueueId, which Connect refuses as unknown; "
        "put an UpdateContactTargetQueue with that queue before it."
    )
    return [Problem("E-transfer-queue-id", message, action=action.identifier, field="Parameters.QueueId")]


def check_dequeue(action: Action) -> list[Problem]:
    if len(action.parameters.keys() & {"QueueId", "AgentId"}) < 2:
        return []
    message = "DequeueContactAndTransferToQueue has QueueId and AgentId; it takes one of them at most."
    return [Problem("E-queue-or-agent", message, action=action.identifier, field="Parameters")]


def _in_queue(module: LegacyModule) -> bool:
    return module.flow_type == "CUSTOMER_QUEUE"


def _before_queue(module: LegacyModule) -> bool:
    return not _in_queue(module)


_BRANCHES = {"AtCapacity": "QueueAtCapacity"}

BLOCKS = (
    BlockSpec(
        action="TransferContactToQueue",
        title="Transfer to queue",
        summary="Puts the contact into its working queue and ends the flow.",
        group="terminate",
        kind="contact",
        params=Params,
        enter=enter,
        errors=(QUEUE_AT_CAPACITY, NO_MATCHING_ERROR),
        flow_types=FlowTypes(language=TRANSFERS | {"MODULE"}, designer=TRANSFERS),
        legacy=(
            Legacy("Transfer", target="Queue", branches=_BRANCHES, when=_before_queue),
            Legacy("CustomerInQueue", branches=_BRANCHES, when=_before_queue),
        ),
        log_name="Transfer",
        check=check,
        example={},
    ),
    BlockSpec(
        action="DequeueContactAndTransferToQueue",
        title="Transfer to queue (from a queue)",
        summary="Takes the contact out of its queue and puts it into another.",
        group="terminate",
        kind="contact",
        params=DequeueParams,
        errors=(QUEUE_AT_CAPACITY, NO_MATCHING_ERROR),
        flow_types=FlowTypes(language=QUEUED | {"MODULE"}, designer=QUEUED),
        legacy=(
            Legacy(
                "Transfer",
                target="Queue",
                rename={"Queue": "QueueId", "Agent": "AgentId"},
                branches=_BRANCHES,
                when=_in_queue,
            ),
            Legacy("CustomerInQueue", branches=_BRANCHES, when=_in_queue),
        ),
        widgets={"QueueId": "queue-picker", "AgentId": "agent-picker"},
        log_name="Transfer",
        check=check_dequeue,
        example={},
    ),
)
