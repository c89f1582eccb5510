"""Transfer to queue: put the contact into its working queue; the flow ends and the queue takes over.

A full queue is QueueAtCapacity, no working queue the error branch; the contact keeps its working queue either way. A
QueueId is written in some hand-made flows: it is no parameter of this action, so strict refuses it, and else it wins
over the working queue.
Out of a customer queue flow the other action takes the contact to another queue, as a contact of its own: the customer
goes on in that one. While an agent is asked to take it, it cannot leave its queue.
Source: APIReference/contact-actions-transfercontacttoqueue.html, contact-actions-dequeuecontactandtransfertoqueue.html;
adminguide/transfer-to-queue.html.
"""

from typing import Annotated

import msgspec
from msgspec.structs import replace

from offhook.core import objection
from offhook.core.phases import MAX_CHAIN
from offhook.core.queueing import enqueue, queue_of
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
    Wait,
)
from offhook.model.contact import Place, Queue
from offhook.model.effect import CreateContact, Enqueue
from offhook.model.event import Event, Queued, QueueRefused
from offhook.model.flow import Action, Problem

TRANSFERS = frozenset({"CONTACT_FLOW", "AGENT_TRANSFER", "QUEUE_TRANSFER"})
QUEUED = frozenset({"CUSTOMER_QUEUE"})
QUEUE_AT_CAPACITY = ErrorBranch("QueueAtCapacity")
REFUSALS = {
    "offered": "the contact is being offered to an agent and cannot leave its queue now.",
    "busy": "the agent is not free.",
    "queued": "the contact is in a queue already.",
}


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    queue_id: Annotated[str, SINGLE, msgspec.Meta(title="Queue (hand-made flows only)")] | None = None


class DequeueParams(msgspec.Struct, frozen=True, rename="pascal"):
    queue_id: Annotated[str, SINGLE, msgspec.Meta(title="Queue")] | None = None
    agent_id: Annotated[str, SINGLE, msgspec.Meta(title="Agent, for the agent's own queue")] | None = None


class Memo(msgspec.Struct, frozen=True):
    queue: Queue = Queue("", "")


class DequeueMemo(msgspec.Struct, frozen=True):
    queue: Queue = Queue("", "")
    order: Enqueue = Enqueue("", "", "")


def enter(p: Params, ctx: Ctx) -> Outcome:
    if p.queue_id is not None and ctx.strict:
        detail = "QueueId: is no parameter of TransferContactToQueue; set the queue by Set working queue."
        return Exit(error="NoMatchingError", cause="bad_parameter", detail=detail)
    queue = queue_of(ctx, p.queue_id, None)
    if isinstance(queue, Exit):
        return queue
    return Wait((enqueue(ctx, queue),), Memo(queue))


def resume(p: Params, memo: Memo, event: Event, ctx: Ctx) -> Outcome | None:
    if isinstance(event, QueueRefused):
        return _refused(event, memo.queue)
    if isinstance(event, Queued):
        return End(f"queued in {memo.queue.name!r}", then="queued", set={"queue": memo.queue})
    return None


def _refused(event: QueueRefused, queue: Queue) -> Exit:
    """The exit of a contact that a queue did not take."""
    if event.by == "full":
        return Exit(error="QueueAtCapacity", cause="queue_full", detail=f"queue {queue.name!r} takes no more contacts.")
    return Exit(error="NoMatchingError", cause=event.by, detail=f"queue {queue.name!r}: {REFUSALS[event.by]}")


def enter_dequeue(p: DequeueParams, ctx: Ctx) -> Outcome:
    queue = queue_of(ctx, p.queue_id, p.agent_id)
    if isinstance(queue, Exit):
        return queue
    if ctx.place is None:
        return Exit(error="NoMatchingError", cause="not_queued", detail="the contact is in no queue.")
    if ctx.contact.segment >= MAX_CHAIN:
        detail = f"a chain of transfers has at most {MAX_CHAIN} contacts."
        return Exit(error="NoMatchingError", cause="chain", detail=detail)
    made = ctx.new_uuid("contact")
    order = replace(enqueue(ctx, queue), contact_id=made, replaces=ctx.contact.id)
    return Wait((order,), DequeueMemo(queue, order))


def resume_dequeue(p: DequeueParams, memo: DequeueMemo, event: Event, ctx: Ctx) -> Outcome | None:
    if isinstance(event, QueueRefused):
        return _refused(event, memo.queue)
    if not isinstance(event, Queued):
        return None
    place = Place(replace(memo.order, contact_id="", replaces=""), ctx.now_ms)
    fields = {"queue": memo.queue, "agent": None, "place": place}
    made = memo.order.contact_id
    order = CreateContact(ctx.new_id(), made, "QUEUE_TRANSFER", ctx.channel, kin="previous", fields=fields)
    return End(f"transferred to queue {memo.queue.name!r}", then="transferred", effects=(order,))


def check(action: Action) -> list[Problem]:
    if "QueueId" not in action.parameters:
        return []
    message = (
        "TransferContactToQueue has a QueueId, which Connect refuses as unknown; "
        "put an UpdateContactTargetQueue with that queue before it."
    )
    place = {"action": action.identifier, "field": "Parameters.QueueId"}
    said = objection.unknown(f"{objection.ACTION}.Parameters.QueueId")
    return [Problem("E-transfer-queue-id", message, refusal=said, **place)]


def check_dequeue(action: Action) -> list[Problem]:
    if len(action.parameters.keys() & {"QueueId", "AgentId"}) < 2:
        return []
    message = "DequeueContactAndTransferToQueue has QueueId and AgentId; it takes one of them at most."
    said = objection.only_one(("QueueId", "AgentId"))
    return [Problem("E-queue-or-agent", message, action=action.identifier, field="Parameters", refusal=said)]


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
        memo=Memo,
        enter=enter,
        resume=resume,
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
        memo=DequeueMemo,
        enter=enter_dequeue,
        resume=resume_dequeue,
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
