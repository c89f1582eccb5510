"""What is known of a contact's life beside how it stands: when it was where, and how it ended.

`marked` adds what one step tells; what AWS's DescribeContact, SearchContacts and metrics say of a contact follows from
its marks. Times are milliseconds since the epoch, lengths milliseconds.
Source: APIReference/API_Contact.html, API_QueueInfo.html, API_AgentInfo.html.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from offhook.core.phases import EXTERNAL, WITHOUT_AGENT
from offhook.core.written import disconnect_reason
from offhook.model.contact import Contact, Queue
from offhook.model.event import CallEnded

ON_HOLD = frozenset({"holding", "transferring"})
TALKING = frozenset({"connected", "outbound"})


class Marks(msgspec.Struct, frozen=True, omit_defaults=True):
    """`since_ms`: when the queue was entered; `left_ms`: when it was left, by being taken or not. `offered_ms` and
    `joined_ms`: an agent was asked, is there. `held_ms`: since when the customer is on hold now. `reason` is AWS's
    DisconnectReason; `work_ms` the end of after-contact work. `used`: how much of a script a simulated callee has
    played. `more` is what the creator wants to be kept beside.
    """

    created_ms: int = 0
    updated_ms: int = 0
    scheduled_ms: int | None = None
    system_ms: int | None = None
    queue: Queue | None = None
    since_ms: int | None = None
    left_ms: int | None = None
    offered_ms: int | None = None
    joined_ms: int | None = None
    agent: str = ""
    agent_arn: str = ""
    held_ms: int | None = None
    hold_ms: int = 0
    holds: int = 0
    paused_ms: int | None = None
    pauses: int = 0
    pause_ms: int = 0
    resumed_ms: int | None = None
    ended_ms: int | None = None
    reason: str | None = None
    work_ms: int | None = None
    misses: int = 0
    used: int = 0
    more: dict[str, Any] = {}


def marked(marks: Marks, was: Contact, now: Contact, trace: Sequence[tuple[Any, ...]]) -> Marks:
    """The marks after a step from `was` to `now`; `trace` are its tuples."""
    at_ms = now.now_ms
    found: dict[str, Any] = {"updated_ms": at_ms}
    if marks.system_ms is None and now.is_reached and now.phase != "new":
        found["system_ms"] = at_ms
    _queue(marks, was, now, found)
    _agent(marks, now, found)
    _hold(marks, now, found)
    if now.is_paused and not was.is_paused:
        found |= {"paused_ms": at_ms, "pauses": marks.pauses + 1}
    elif was.is_paused and not now.is_paused:
        found |= {"resumed_ms": at_ms, "pause_ms": marks.pause_ms + at_ms - (marks.paused_ms or at_ms)}
    for entry in trace:
        if entry[0] == "offer" and entry[3] == "missed":
            found["misses"] = found.get("misses", marks.misses) + 1
    if now.phase == "ended":
        call = next((entry[2].status for entry in trace if _is_call(entry)), "")
        by = next((entry[4] for entry in trace if entry[0] == "contact.ended"), "")
        found |= {"ended_ms": at_ms, "reason": disconnect_reason(now, by, call)}
    return msgspec.structs.replace(marks, **found)


def _queue(marks: Marks, was: Contact, now: Contact, found: dict[str, Any]) -> None:
    if now.place is not None and was.place is None:
        order = now.place.order
        queue = Queue(order.queue_arn, order.queue_name, is_agent=bool(order.agent))
        since_ms = max(now.place.since_ms, order.not_before_ms)
        found |= {"queue": queue, "since_ms": since_ms, "left_ms": None, "joined_ms": None, "agent": ""}
    elif now.place is None and was.place is not None:
        found["left_ms"] = now.now_ms
    if now.place is not None and now.place.offered and (was.place is None or not was.place.offered):
        found["offered_ms"] = now.now_ms


def _agent(marks: Marks, now: Contact, found: dict[str, Any]) -> None:
    is_there = now.agent is not None and now.phase not in WITHOUT_AGENT and now.initiation_method != EXTERNAL
    if now.agent is not None and is_there and found.get("agent", marks.agent) != now.agent.name:
        found |= {"agent": now.agent.name, "agent_arn": now.agent.arn}
    if is_there and now.phase in TALKING and marks.joined_ms is None:
        found["joined_ms"] = now.now_ms


def _hold(marks: Marks, now: Contact, found: dict[str, Any]) -> None:
    if now.phase in ON_HOLD and marks.held_ms is None:
        found |= {"held_ms": now.now_ms, "holds": marks.holds + 1}
    elif now.phase not in ON_HOLD and marks.held_ms is not None:
        found |= {"held_ms": None, "hold_ms": marks.hold_ms + now.now_ms - marks.held_ms}


def _is_call(entry: tuple[Any, ...]) -> bool:
    return bool(entry[0] == "event" and isinstance(entry[2], CallEnded))
