"""Get queue metrics: load numbers of a queue into `$.Metrics`.

In Connect the numbers are 5 to 10 seconds old; here they are of now. What there is nothing to count of is not set, and
with an empty report the block takes its error branch (newer page).
Source: APIReference/flow-control-actions-getmetricdata.html; adminguide/get-queue-metrics.html.
"""

from typing import Annotated

import msgspec

from offhook.core import metric
from offhook.core.exclusive import exclusive
from offhook.core.queueing import queue_of
from offhook.core.service import Asking, refused, resumes
from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    SINGLE,
    BlockSpec,
    Ctx,
    Exit,
    Legacy,
    Outcome,
    Wait,
)
from offhook.model.event import ServiceEnded
from offhook.model.flow import Action, Problem

MODULES = ("GetMetricData", "GetQueueMetrics")  # public exports have the first; the second is unconfirmed


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    queue_id: Annotated[str, DYNAMIC, msgspec.Meta(title="Queue")] = ""
    agent_id: Annotated[str, DYNAMIC, msgspec.Meta(title="Agent, for the agent's own queue")] = ""
    # Voice or Chat, in any case of letters; all channels where it is absent
    queue_channel: Annotated[str, SINGLE, msgspec.Meta(title="Channel")] = ""


_AGENTS = ("Online", "Available", "Staffed", "AfterContactWork", "Busy", "Missed", "NonProductive")
_CHANNELS = {"": None, "voice": "VOICE", "chat": "CHAT", "task": "TASK"}


def enter(p: Params, ctx: Ctx) -> Outcome:
    channel = p.queue_channel.lower()
    if channel not in _CHANNELS:
        detail = f"QueueChannel: must be one of Voice, Chat and Task, not {p.queue_channel!r}."
        return Exit(error="NoMatchingError", cause="bad_parameter", detail=detail)
    queue = queue_of(ctx, p.queue_id, p.agent_id)
    if isinstance(queue, Exit):
        return queue
    call = metric.ask(ctx, queue, _CHANNELS[channel])
    return Wait((call,), Asking(call.id))


def _read(p: Params, memo: Asking, event: ServiceEnded, ctx: Ctx) -> Outcome:
    if event.error:
        return refused(event)
    found = event.output
    queue = {name: found.get(name) for name in ("Name", "ARN", "Size", "OldestContactAge", "EstimatedWaitTime")}
    contact = {name: found.get(name) for name in ("EstimatedWaitTime", "PositionInQueue")}
    agents = {name: {"Count": found.get(name)} for name in _AGENTS}
    return Exit(set={"system": {**ctx.system, "Metrics": {"Queue": queue, "Agents": agents, "Contact": contact}}})


def check(action: Action) -> list[Problem]:
    return exclusive(action, "QueueId", "AgentId")


BLOCKS = (
    BlockSpec(
        action="GetMetricData",
        title="Get queue metrics",
        summary="Loads the numbers of a queue and its agents into $.Metrics.",
        group="set",
        kind="flow_control",
        params=Params,
        memo=Asking,
        enter=enter,
        resume=resumes(_read),
        errors=(NO_MATCHING_ERROR,),
        legacy=tuple(Legacy(name, rename={"Queue": "QueueId", "Agent": "AgentId"}) for name in MODULES),
        widgets={"QueueId": "queue-picker", "AgentId": "agent-picker"},
        check=check,
        example={"QueueChannel": "Voice"},
    ),
)
