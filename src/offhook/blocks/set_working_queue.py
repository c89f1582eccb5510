"""Set working queue: the queue that later checks look at and that Transfer to queue puts the contact in.

Exactly one of QueueId and AgentId, each an id or ARN; out of an attribute a name is not enough (decision S20).
Source: APIReference/contact-actions-updatecontacttargetqueue.html; adminguide/set-working-queue.html.
"""

from typing import Annotated

import msgspec

from offhook.core import objection
from offhook.core.spec import (
    NO_MATCHING_ERROR,
    SINGLE,
    BlockSpec,
    Ctx,
    Exit,
    FlowTypes,
    Legacy,
    LogRecord,
    Outcome,
)
from offhook.model.contact import Queue
from offhook.model.flow import Action, Problem


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    queue_id: Annotated[str, SINGLE, msgspec.Meta(title="Queue")] | None = None
    agent_id: Annotated[str, SINGLE, msgspec.Meta(title="Agent, for the agent's own queue")] | None = None


def enter(p: Params, ctx: Ctx) -> Outcome:
    if (p.queue_id is None) == (p.agent_id is None):
        detail = f"Parameters: exactly one of QueueId and AgentId; {'none' if p.queue_id is None else 'both'} is given."
        return Exit(error="NoMatchingError", cause="bad_parameter", detail=detail)
    kind, raw, parameter = ("queue", p.queue_id, "QueueId") if p.agent_id is None else ("agent", p.agent_id, "AgentId")
    found = ctx.find(kind, raw or "", parameter)
    if found.resource is None:
        return Exit(error="NoMatchingError", cause="not_found", detail=found.problem)
    queue = Queue(found.resource.arn, found.resource.name, is_agent=kind == "agent")
    return Exit(set={"queue": queue}, warnings=(found.problem,) if found.assumed else ())


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    if "queue" in outcome.set:
        return (LogRecord({"Queue": outcome.set["queue"].arn}),)
    raw = "" if p is None else p.queue_id or p.agent_id
    return (LogRecord({"Queue": raw} if raw else {}),)


def check(action: Action) -> list[Problem]:
    given = [name for name in ("QueueId", "AgentId") if name in action.parameters]
    if len(given) == 1:
        return []
    message = f"UpdateContactTargetQueue has {' and '.join(given) or 'no queue'}; it takes one of QueueId and AgentId."
    said = objection.only_one(given) if given else objection.at_least_one(("QueueId", "AgentId"))
    return [Problem("E-queue-or-agent", message, action=action.identifier, field="Parameters", refusal=said)]


BLOCKS = (
    BlockSpec(
        action="UpdateContactTargetQueue",
        title="Set working queue",
        summary="Sets the queue that checks look at and that Transfer to queue puts the contact in.",
        group="set",
        kind="contact",
        params=Params,
        enter=enter,
        errors=(NO_MATCHING_ERROR,),
        flow_types=FlowTypes(
            language=frozenset("CONTACT_FLOW AGENT_TRANSFER QUEUE_TRANSFER MODULE".split()),
            designer=frozenset("CONTACT_FLOW AGENT_TRANSFER QUEUE_TRANSFER".split()),
        ),
        legacy=(Legacy("SetQueue", rename={"Queue": "QueueId", "Agent": "AgentId"}),),
        widgets={"QueueId": "queue-picker", "AgentId": "agent-picker"},
        log_name="SetQueue",
        log=log,
        check=check,
        example={"QueueId": "BasicQueue"},
    ),
)
