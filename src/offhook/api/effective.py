"""Which hours are effective on a day: the week's, or what overrides make of them. No records here, only their members.

An override without a type, or of type STANDARD, replaces the whole day; of several, the first one counts. Otherwise
those of type OPEN add hours, and those of type CLOSED take hours away, also from what was added. An entry of an
override that names no day is of every day, one without times is of the whole day.
Source: adminguide/hours-of-operation-overrides.html (temporary hours supersede everything else; events recur and open
or close) and API reference, RecurrencePattern. Ours: the order among overrides, and what is not said.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from offhook.model.instance import WEEKDAYS

Override = tuple[str, Mapping[str, Any]]  # its name and its members
Interval = tuple[int, int]  # minutes of the day; the end is after the start, beyond 1440 on the next day

_DAY = timedelta(days=1)
_DAY_MINUTES = 1440
_MOST_DAYS = 4_000  # of one override, from its first day
_MIDNIGHT = {"Hours": 0, "Minutes": 0}


def hours(config: Sequence[Mapping[str, Any]], overrides: Sequence[Override], on: date) -> list[dict[str, Any]]:
    """When it is open that day: Start and End, in order. An End that is not after its Start is on the next day."""
    return _spelled(_open(config, overrides, on))


def changes(
    config: Sequence[Mapping[str, Any]], overrides: Sequence[Override]
) -> Iterator[tuple[date, date, tuple[Interval, ...]]]:
    """First and last of the days that overrides rule, in order, and when it is open on each of those days."""
    began: date | None = None
    before, spans = date.min, tuple[Interval, ...]()
    for on in sorted({on for _, members in overrides for on in _days(members)}):
        found = tuple(_open(config, overrides, on))
        if began is None or on - before != _DAY or found != spans:
            if began is not None:
                yield began, before, spans
            began, spans = on, found
        before = on
    if began is not None:
        yield began, before, spans


def rules(overrides: Sequence[Override], on: date) -> list[dict[str, Any]]:
    """What the overrides say about that day, each with its name."""
    said = []
    for name, members in overrides:
        if not _applies(members, on):
            continue
        is_open = _type(members) == "OPEN" or (_type(members) == "STANDARD" and any(_intervals(members["Config"], on)))
        spans = _intervals(members["Config"], on) if is_open else _closed(members, on)
        status = "OPEN" if is_open else "CLOSED"
        said += [{**span, "OverrideName": name, "OperationalStatus": status} for span in _spelled(spans)]
    return said


def _open(config: Sequence[Mapping[str, Any]], overrides: Sequence[Override], on: date) -> list[Interval]:
    ruling = [members for _, members in overrides if _applies(members, on)]
    standard = next((members for members in ruling if _type(members) == "STANDARD"), None)
    if standard is not None:
        return _joined(_intervals(standard["Config"], on))
    found = list(_intervals(config, on))
    for members in ruling:
        if _type(members) == "OPEN":
            found += _intervals(members["Config"], on)
    for members in ruling:
        if _type(members) == "CLOSED":
            for gone in _closed(members, on):
                found = [left for interval in found for left in _without(interval, gone)]
    return _joined(found)


def _days(members: Mapping[str, Any]) -> Iterator[date]:
    """The days of an override."""
    first, last = date.fromisoformat(members["EffectiveFrom"]), date.fromisoformat(members["EffectiveTill"])
    for count in range(min((last - first).days + 1, _MOST_DAYS)):
        if _applies(members, first + count * _DAY):
            yield first + count * _DAY


def _type(members: Mapping[str, Any]) -> str:
    return str(members.get("OverrideType") or "STANDARD")


def _closed(members: Mapping[str, Any], on: date) -> Iterable[Interval]:
    """Without any entry, the whole day."""
    return _intervals(members["Config"], on) if members["Config"] else [(0, _DAY_MINUTES)]


def _intervals(config: Iterable[Mapping[str, Any]], on: date) -> Iterator[Interval]:
    weekday = WEEKDAYS[on.weekday()].upper()
    for entry in config:
        if entry.get("Day", weekday) == weekday:
            start, end = (_minute(entry.get(name) or _MIDNIGHT) for name in ("StartTime", "EndTime"))
            yield start, end if end > start else end + _DAY_MINUTES


def _minute(slice: Mapping[str, int]) -> int:
    return slice["Hours"] * 60 + slice["Minutes"]


def _without(interval: Interval, gone: Interval) -> Iterator[Interval]:
    """What is left of an interval."""
    if interval[0] < min(interval[1], gone[0]):
        yield interval[0], min(interval[1], gone[0])
    if max(interval[0], gone[1]) < interval[1]:
        yield max(interval[0], gone[1]), interval[1]


def _joined(intervals: Iterable[Interval]) -> list[Interval]:
    """In order; those that touch are one."""
    joined: list[Interval] = []
    for start, end in sorted(intervals):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


def _spelled(intervals: Iterable[Interval]) -> list[dict[str, Any]]:
    return [{"Start": _slice(start), "End": _slice(end)} for start, end in _joined(intervals)]


def _slice(minute: int) -> dict[str, int]:
    return {"Hours": minute % _DAY_MINUTES // 60, "Minutes": minute % 60}


# --- events that recur ---


def _applies(members: Mapping[str, Any], on: date) -> bool:
    first, last = date.fromisoformat(members["EffectiveFrom"]), date.fromisoformat(members["EffectiveTill"])
    if not first <= on <= last:
        return False
    recurrence = members.get("RecurrenceConfig")
    return recurrence is None or _recurs(recurrence["RecurrencePattern"], first, on)


def _recurs(pattern: Mapping[str, Any], first: date, on: date) -> bool:
    match pattern["Frequency"]:
        case "WEEKLY":
            passed = (_monday(on) - _monday(first)).days // 7
        case "MONTHLY":
            passed = (on.year - first.year) * 12 + on.month - first.month
        case _:
            passed = on.year - first.year
            if on.month not in (pattern.get("ByMonth") or [first.month]):
                return False
    if passed % pattern["Interval"] != 0:
        return False
    return pattern["Frequency"] == "WEEKLY" or _is_place(pattern, first, on)


def _is_place(pattern: Mapping[str, Any], first: date, on: date) -> bool:
    """Whether it is the day of the month that the pattern means: counted from its end where negative."""
    length = monthrange(on.year, on.month)[1]
    if pattern.get("ByWeekdayOccurrence"):
        places = {(on.day - 1) // 7 + 1, -((length - on.day) // 7 + 1)}
        return bool(places & set(pattern["ByWeekdayOccurrence"]))
    return bool({on.day, on.day - length - 1} & set(pattern.get("ByMonthDay") or [first.day]))


def _monday(on: date) -> date:
    return on - timedelta(days=on.weekday())
