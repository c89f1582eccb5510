"""Get queue metrics: load numbers of a queue, and of the contact in it, into `$.Metrics`.

In Connect the numbers are 5 to 10 seconds old; here they are of now. Where there are no agents nothing of agents is
set, and where nobody waits no age. An empty report (no agents, nobody waits) is the error branch, as the newer page
says, and sets nothing. The pages name the channels Voice and Chat; that Task can be asked for, too, is ours.
Source: APIReference/flow-control-actions-getmetricdata.html; adminguide/get-queue-metrics.html.
"""

from typing import Annotated, Any

import msgspec

from offhook.core import metric
from offhook.core.exclusive import exclusive
from offhook.core.queueing import queue_of
from offhook.core.service import Asking, refused, resumes, unfit
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
CHANNELS = ("VOICE", "CHAT", "TASK")


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    queue_id: Annotated[str, DYNAMIC, msgspec.Meta(title="Queue")] | None = None
    agent_id: Annotated[str, DYNAMIC, msgspec.Meta(title="Agent, for the agent's own queue")] | None = None
    # Voice or Chat, in any case of letters; all channels where it is absent
    queue_channel: Annotated[str, SINGLE, msgspec.Meta(title="Channel")] | None = None


def enter(p: Params, ctx: Ctx) -> Outcome:
    channel = None if p.queue_channel is None else p.queue_channel.upper()
    if channel not in (None, *CHANNELS):
        return unfit(f"QueueChannel: must be one of Voice, Chat and Task, not {p.queue_channel!r}.")
    queue = queue_of(ctx, p.queue_id, p.agent_id)
    if isinstance(queue, Exit):
        return queue
    call = metric.ask(ctx, queue, channel)
    return Wait((call,), Asking(call.id))


def _read(p: Params, memo: Asking, event: ServiceEnded, ctx: Ctx) -> Outcome:
    if event.error:
        return refused(event)
    found = metric.read(event)
    if not found.online and not found.size:
        detail = "the report is empty: the queue has no agents, and nobody waits in it."
        return Exit(error="NoMatchingError", cause="empty_report", detail=detail)
    system = {**ctx.system, "Metrics": _metrics(found, is_of_one_channel=p.queue_channel is not None)}
    return Exit(set={"system": system}, warnings=metric.said(event))


def _metrics(found: metric.Numbers, *, is_of_one_channel: bool) -> dict[str, Any]:
    """As references name them."""
    wait = found.estimated_wait_time
    queue = {
        "Name": found.name,
        "ARN": found.arn,
        "Size": found.size,
        "OldestContactAge": found.oldest_contact_age,
        "EstimatedWaitTime": wait if is_of_one_channel else None,
    }
    agents = {
        "Online": found.online,
        "Available": found.available,
        "Staffed": found.staffed,
        "AfterContactWork": found.after_contact_work,
        "Busy": found.busy,
        "Missed": found.missed,
        "NonProductive": found.non_productive,
    }
    counts = {name: {"Count": count if found.online else None} for name, count in agents.items()}
    contact = {"EstimatedWaitTime": wait, "PositionInQueue": found.position_in_queue}
    return {"Queue": queue, "Agents": counts, "Contact": contact}


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
