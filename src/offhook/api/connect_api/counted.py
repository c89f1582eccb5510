"""What is counted of contacts that are over, by the names that GetMetricDataV2 has for it.

A metric takes the contacts of a group and its threshold, and gives a number; None where there is nothing to divide by.
Contacts count in the interval in which they ended, but for those that count by the time of another event (`CLOCKS`).
Source: adminguide/metrics-definitions.html, data-lake-reference-queries.html (what an abandoned contact is, and that
the time of the end counts). Ours: a queue is left when the agent's whisper is over; work after a contact counts as far
as it is done.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

import msgspec

from offhook.core.marks import Marks


class Counted(msgspec.Struct, frozen=True):
    """A contact that counts. `ids`: what it is grouped and filtered by, by the grouping's name."""

    marks: Marks
    method: str
    ids: dict[str, str]

    @property
    def is_queued(self) -> bool:
        return self.marks.since_ms is not None

    @property
    def is_handled(self) -> bool:
        return self.marks.joined_ms is not None

    @property
    def is_abandoned(self) -> bool:
        """The customer left while it was in a queue. Callbacks are no abandoned contacts."""
        marks = self.marks
        is_left = self.is_queued and not self.is_handled and marks.left_ms == marks.ended_ms
        return is_left and marks.reason == "CUSTOMER_DISCONNECT" and self.method != "CALLBACK"

    @property
    def waited(self) -> float:
        """Seconds in the queue."""
        return _seconds(self.marks.since_ms, self.marks.left_ms)

    @property
    def held(self) -> float:
        return self.marks.hold_ms / 1_000

    @property
    def talked(self) -> float:
        """Seconds with the agent, on hold or not."""
        return _seconds(self.marks.joined_ms, self.marks.ended_ms)

    @property
    def worked(self) -> float:
        """Seconds of work after it."""
        return _seconds(self.marks.ended_ms, self.marks.work_ms)


Contacts = Sequence[Counted]
Within = Callable[[float], bool]
Metric = Callable[[Contacts, Within], float | None]


def _seconds(from_ms: int | None, until_ms: int | None) -> float:
    return 0.0 if from_ms is None or until_ms is None else max(0, until_ms - from_ms) / 1_000


def within(threshold: Mapping[str, Any] | None) -> Within:
    """Whether seconds are as a threshold says (LT, LTE); any are where there is none."""
    if threshold is None:
        return lambda seconds: True
    limit = threshold["ThresholdValue"]
    return (lambda seconds: seconds <= limit) if threshold["Comparison"] == "LTE" else (lambda seconds: seconds < limit)


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return fmean(found) if found else None


def _percent(part: Sequence[Any], whole: Sequence[Any]) -> float | None:
    return 100 * len(part) / len(whole) if whole else None


def _handled(contacts: Contacts) -> Contacts:
    return [each for each in contacts if each.is_handled]


def _queued(contacts: Contacts) -> Contacts:
    return [each for each in contacts if each.is_queued]


def _abandoned(contacts: Contacts) -> Contacts:
    return [each for each in contacts if each.is_abandoned]


def _answered(contacts: Contacts) -> Contacts:
    return [each for each in contacts if each.is_queued and each.is_handled]


def _on_hold(contacts: Contacts) -> Contacts:
    return [each for each in contacts if each.marks.holds]


def _handle_seconds(contacts: Contacts) -> list[float]:
    return [each.talked + each.worked for each in _handled(contacts)]


def _in_time(contacts: Contacts, fits: Within) -> int:
    return len([each for each in contacts if fits(each.waited)])


def _level(contacts: Contacts, fits: Within) -> float | None:
    """Those that left their queue in time, in per cent of all that were in one."""
    queued = _queued(contacts)
    return 100 * _in_time(_removed(contacts), fits) / len(queued) if queued else None


def _removed(contacts: Contacts) -> Contacts:
    """Those that an agent answered or that their customers gave up."""
    return [*_answered(contacts), *_abandoned(contacts)]


METRICS: Mapping[str, Metric] = {
    "CONTACTS_CREATED": lambda contacts, fits: len(contacts),
    "CONTACTS_QUEUED": lambda contacts, fits: len(_queued(contacts)),
    "CONTACTS_QUEUED_BY_ENQUEUE": lambda contacts, fits: len(_queued(contacts)),
    "CONTACTS_HANDLED": lambda contacts, fits: len(_handled(contacts)),
    "CONTACTS_HANDLED_BY_CONNECTED_TO_AGENT": lambda contacts, fits: len(_handled(contacts)),
    "CONTACTS_ABANDONED": lambda contacts, fits: len(_abandoned(contacts)),
    "CONTACTS_PUT_ON_HOLD": lambda contacts, fits: len(_on_hold(contacts)),
    "ABANDONMENT_RATE": lambda contacts, fits: _percent(_abandoned(contacts), _queued(contacts)),
    "AGENT_NON_RESPONSE": lambda contacts, fits: sum(each.marks.misses for each in contacts),
    "SUM_CONTACTS_DISCONNECTED": lambda contacts, fits: len(contacts),
    "SUM_CONTACTS_ANSWERED_IN_X": lambda contacts, fits: _in_time(_answered(contacts), fits),
    "SUM_CONTACTS_ABANDONED_IN_X": lambda contacts, fits: len(
        [1 for each in _abandoned(contacts) if fits(each.waited)]
    ),
    "CONTACTS_REMOVED_FROM_QUEUE_IN_X": lambda contacts, fits: _in_time(_removed(contacts), fits),
    "SERVICE_LEVEL": _level,
    "AVG_QUEUE_ANSWER_TIME": lambda contacts, fits: _mean(each.waited for each in _answered(contacts)),
    "AVG_ABANDON_TIME": lambda contacts, fits: _mean(each.waited for each in _abandoned(contacts)),
    "MAX_QUEUED_TIME": lambda contacts, fits: max((each.waited for each in _queued(contacts)), default=None),
    "AVG_HANDLE_TIME": lambda contacts, fits: _mean(_handle_seconds(contacts)),
    "SUM_HANDLE_TIME": lambda contacts, fits: sum(_handle_seconds(contacts)),
    "AVG_HOLD_TIME": lambda contacts, fits: _mean(each.held for each in _on_hold(contacts)),
    "AVG_HOLD_TIME_ALL_CONTACTS": lambda contacts, fits: _mean(each.held for each in _handled(contacts)),
    "SUM_HOLD_TIME": lambda contacts, fits: sum(each.held for each in contacts),
    "AVG_HOLDS": lambda contacts, fits: _mean(each.marks.holds for each in _handled(contacts)),
    "AVG_INTERACTION_TIME": lambda contacts, fits: _mean(each.talked - each.held for each in _handled(contacts)),
    "SUM_INTERACTION_TIME": lambda contacts, fits: sum(each.talked - each.held for each in _handled(contacts)),
    "AVG_INTERACTION_AND_HOLD_TIME": lambda contacts, fits: _mean(each.talked for each in _handled(contacts)),
    "AVG_AFTER_CONTACT_WORK_TIME": lambda contacts, fits: _mean(each.worked for each in _handled(contacts)),
    "SUM_AFTER_CONTACT_WORK_TIME": lambda contacts, fits: sum(each.worked for each in _handled(contacts)),
    "AVG_CONTACT_DURATION": lambda contacts, fits: _mean(
        _seconds(each.marks.created_ms, each.marks.ended_ms) for each in contacts
    ),
}
WITH_THRESHOLD = frozenset(
    {
        "SERVICE_LEVEL", "SUM_CONTACTS_ANSWERED_IN_X", "SUM_CONTACTS_ABANDONED_IN_X",
        "CONTACTS_REMOVED_FROM_QUEUE_IN_X",
    }
)  # fmt: skip


def _ended_ms(marks: Marks) -> int | None:
    return marks.ended_ms


# When a contact counts, where that is not its end
CLOCKS: Mapping[str, Callable[[Marks], int | None]] = {
    "CONTACTS_CREATED": lambda marks: marks.created_ms,
    "CONTACTS_QUEUED_BY_ENQUEUE": lambda marks: marks.since_ms,
    "CONTACTS_HANDLED_BY_CONNECTED_TO_AGENT": lambda marks: marks.joined_ms,
}


def counts_at_ms(name: str, marks: Marks) -> int | None:
    """When a contact counts for the metric of this name; None: not yet."""
    return CLOCKS.get(name, _ended_ms)(marks)
