"""Hours of operation, and the two spellings of an instant. The only core module that knows about dates and zones.

A day is a local date, a time is what the clock on the wall shows: an hour that a change of the clocks repeats is
open twice, one that it skips never comes. An override rules its whole local dates: the week does not reach into them,
not even with a span that began the evening before. A span that ends before it starts ends on the next day.
Source: adminguide/set-hours-operation.html (midnight as an end is 12:00 AM; overrides win over the week). Ours: where
overrides overlap, the first in the file wins.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from offhook.model.errors import UsageError
from offhook.model.instance import WEEKDAYS, Hours, Override, Span

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_MILLISECOND = timedelta(milliseconds=1)
_DAY_MINUTES = 1440

_WORDS = {"closed": (), "24h": (Span(0, _DAY_MINUTES),)}
_SPAN = re.compile(r"\s*([01]?[0-9]|2[0-3]):([0-5][0-9])\s*-\s*([01]?[0-9]|2[0-4]):([0-5][0-9])\s*")
# `matches` is the resource's, not the schedule's
_SETTINGS = ("time_zone", *WEEKDAYS, "overrides", "matches")


def is_open(hours: Hours, at_ms: int) -> bool:
    """Whether the hours are open at this instant. The time zone must be one that exists."""
    local = (_EPOCH + at_ms * _MILLISECOND).astimezone(ZoneInfo(hours.time_zone))
    minute = local.hour * 60 + local.minute
    today, yesterday = local.date(), local.date() - _DAY
    ruling, before = _override(hours, today), _override(hours, yesterday)
    if any(_covers(span, minute) for span in _spans(hours, today, ruling)):
        return True
    if ruling is not None and ruling is not before:
        return False
    return any(_spills(span, minute) for span in _spans(hours, yesterday, before))


def _override(hours: Hours, day: date) -> Override | None:
    text = day.isoformat()
    return next((entry for entry in hours.overrides if entry.first_date <= text <= entry.last_date), None)


def _spans(hours: Hours, day: date, override: Override | None) -> tuple[Span, ...]:
    return hours.week.get(WEEKDAYS[day.weekday()], ()) if override is None else override.spans


def _covers(span: Span, minute: int) -> bool:
    """Whether the span is open at this minute of the day it starts on."""
    if span.start_minute < span.end_minute:
        return span.start_minute <= minute < span.end_minute
    return minute >= span.start_minute or span.start_minute == span.end_minute


def _spills(span: Span, minute: int) -> bool:
    """Whether the span is open at this minute of the day after the one it starts on."""
    return minute < span.end_minute < span.start_minute


def text_of(at_ms: int) -> str:
    """An instant in UTC as AWS spells it: 2026-01-05T15:00:00.000Z."""
    return (_EPOCH + at_ms * _MILLISECOND).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_instant(text: str) -> int:
    """The instant that the text spells, in ms since the epoch; UsageError where it leaves a choice."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UsageError(f"{text!r} is not an instant, must be date, time and offset: 2026-01-05T10:00:00-05:00, or Z.")
    return (moment - _EPOCH) // _MILLISECOND


def parse_hours(name: str, table: Mapping[str, Any]) -> Hours:
    """Hours from a table of offhook.toml; UsageError with one sentence per mistake.

    `time_zone`; days by name, each a span "09:00-17:00", a list of spans, "closed" (as a day that is not named) or
    "24h"; `overrides`, a list of tables: `date`, or `from` and `to`, with `open` (as a day; without it, closed)
    and `name`.
    """
    where = f"hours {name!r}"
    problems = _unknown(table, _SETTINGS, where)
    zone = table.get("time_zone")
    if not _is_zone(zone):
        problems.append(f"{where}: time_zone is {zone!r}, must be the name of a zone, such as 'America/New_York'.")
    week = {day: _parse_day(table[day], f"{where}: {day}", problems) for day in WEEKDAYS if day in table}
    entries = table.get("overrides", [])
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        problems.append(f"{where}: overrides is {entries!r}, must be a list of tables.")
        entries = []
    overrides = tuple(
        _parse_override(entry, f"{where}: override {count}", problems) for count, entry in enumerate(entries, 1)
    )
    if problems:
        raise UsageError(*problems)
    return Hours(name, str(zone), week, overrides)


def _unknown(table: Mapping[str, Any], settings: tuple[str, ...], where: str) -> list[str]:
    known = ", ".join(settings)
    return [f"{where}: {key!r} is not a setting here, must be one of {known}." for key in table if key not in settings]


def _is_zone(zone: Any) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, TypeError, OSError):  # unknown; a path; not text; the name of a folder of zones
        return False
    return True


def _parse_day(value: Any, where: str, problems: list[str]) -> tuple[Span, ...]:
    if isinstance(value, str) and value in _WORDS:
        return _WORDS[value]
    spans = []
    for text in value if isinstance(value, list) else [value]:
        span = _parse_span(text)
        if span is None:
            problems.append(f"{where} is {text!r}, must be such as '09:00-17:00', or alone 'closed' or '24h'.")
        else:
            spans.append(span)
    return tuple(spans)


def _parse_span(text: Any) -> Span | None:
    found = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    start_hour, start_minute, end_hour, end_minute = (int(part) for part in found.groups())
    end = end_hour * 60 + end_minute
    return Span(start_hour * 60 + start_minute, end) if end <= _DAY_MINUTES else None


def _parse_override(table: Mapping[str, Any], where: str, problems: list[str]) -> Override:
    keys = ("date",) if "date" in table else ("from", "to")
    problems += _unknown(table, ("name", *keys, "open"), where)
    dates = [_parse_date(table.get(key), f"{where}: {key}", problems) for key in keys]
    first, last = dates[0], dates[-1]
    if "" < last < first:
        problems.append(f"{where}: to is {last}, must not be before {first}.")
    spans = _parse_day(table.get("open", "closed"), f"{where}: open", problems)
    return Override(str(table.get("name", first)), first, last, spans)


def _parse_date(value: Any, where: str, problems: list[str]) -> str:
    """The date as YYYY-MM-DD; TOML gives text or a date."""
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        problems.append(f"{where} is {value!r}, must be a date, such as 2026-12-25.")
        return ""
