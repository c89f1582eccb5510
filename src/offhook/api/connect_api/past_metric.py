"""Numbers of the past: GetMetricDataV2, and GetMetricData, which it has replaced.

They are counted from the marks of contacts (`counted`). What is not counted here is refused by name.
Source: API reference, GetMetricDataV2, GetMetricData. Ours: only groups in which there is a contact have a result; an
agent is in the routing profile that the user has now.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import sqlalchemy as sql

from offhook.adapters.store.schema import CONTACT
from offhook.adapters.store.shelf import Record
from offhook.api.connect_api.connect import Connect, Operation, id_of, invalid, page
from offhook.api.connect_api.contact import at, ms_of
from offhook.api.connect_api.counted import METRICS, WITH_THRESHOLD, Counted, counts_at_ms, within
from offhook.api.service import Result
from offhook.core.marks import Marks

Group = tuple[str, ...]
_MARKS = msgspec.json.Decoder(Marks)
_KEYS = ("QUEUE", "CHANNEL", "AGENT", "ROUTING_PROFILE", "INITIATION_METHOD", "DISCONNECT_REASON")
_METRIC_KEYS = ("INITIATION_METHOD", "DISCONNECT_REASON")
_SOURCES = ("QUEUE", "ROUTING_PROFILE", "AGENT")
_MOST_DAYS = {"FIFTEEN_MIN": 3, "THIRTY_MIN": 3, "HOUR": 3, "DAY": 35, "WEEK": 35, "TOTAL": 35}
_MINUTES = {"FIFTEEN_MIN": 15, "THIRTY_MIN": 30, "HOUR": 60}
_MOST_SECONDS = 604_800
_DAY_MS = 86_400_000
_FIVE_MINUTES_MS = 300_000


# --- GetMetricDataV2 ---


async def _version_2(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked, "ResourceArn")
    groupings, metrics = asked.get("Groupings", []), asked["Metrics"]
    _check_keys("Groupings", groupings, _KEYS)
    for metric in metrics:
        _check_metric(metric)
    wanted = _filters(asked["Filters"])
    spans = list(_spans(asked))
    contacts = [
        each
        for each in await _contacts(connect, instance, spans[0][0], spans[-1][1])
        if all(each.ids[key] in values for key, values in wanted.items())
    ]
    results = []
    for first, last in spans:
        groups = _grouped(contacts, groupings, metrics, (first, last))
        results += [
            {
                "Dimensions": dict(zip(groupings, group, strict=True)),
                "MetricInterval": _interval(asked, first, last),
                "Collections": [_measured(each, metric, (first, last)) for metric in metrics],
            }
            for group, each in sorted(groups.items())
        ]
    some, token = page(results, asked)
    return {"MetricResults": some, "NextToken": token}


def _check_keys(what: str, keys: Sequence[str], known: Sequence[str]) -> None:
    for key in keys:
        if key not in known:
            raise invalid(f"{what} has {key}, which is not counted here; there are {', '.join(known)}.")


def _check_metric(metric: Mapping[str, Any]) -> None:
    name = metric.get("Name", "")
    if name not in METRICS:
        raise invalid(f"The metric {name} is not counted here; there are {', '.join(METRICS)}.")
    thresholds = metric.get("Threshold") or []
    if (name in WITH_THRESHOLD) != (len(thresholds) == 1):
        count = "one Threshold" if name in WITH_THRESHOLD else "no Threshold"
        raise invalid(f"The metric {name} must have {count}.")
    for threshold in thresholds:
        _check_threshold(name, threshold, ("LT", "LTE"))
    _check_keys(
        "MetricFilters", [each.get("MetricFilterKey", "") for each in metric.get("MetricFilters", [])], _METRIC_KEYS
    )


def _check_threshold(name: str, threshold: Mapping[str, Any], comparisons: Sequence[str]) -> None:
    if threshold.get("Comparison") not in comparisons:
        raise invalid(f"The Comparison of {name} must be {' or '.join(comparisons)}.")
    if not 1 <= threshold.get("ThresholdValue", 0) <= _MOST_SECONDS:
        raise invalid(f"The ThresholdValue of {name} must be 1..{_MOST_SECONDS}.")


def _filters(given: Sequence[Mapping[str, Any]]) -> dict[str, set[str]]:
    """What each key may be. One of those that requests are authorised by must be there."""
    _check_keys("Filters", [each.get("FilterKey", "") for each in given], _KEYS)
    keys = [each["FilterKey"] for each in given]
    if not set(keys) & set(_SOURCES):
        raise invalid(f"Filters must have one of {', '.join(_SOURCES)}.")
    return {each["FilterKey"]: {id_of(text) for text in each.get("FilterValues", [])} for each in given}


def _spans(asked: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    """The intervals, from and until (ms)."""
    interval = asked.get("Interval") or {}
    period = interval.get("IntervalPeriod", "TOTAL")
    first, last = ms_of(asked["StartTime"]), ms_of(asked["EndTime"])
    if first >= last:
        raise invalid("StartTime must be before EndTime.")
    if last - first > _MOST_DAYS[period] * _DAY_MS:
        raise invalid(f"StartTime and EndTime may be {_MOST_DAYS[period]} days apart with the interval {period}.")
    zone = _zone(interval.get("TimeZone", "UTC"))
    while first < last:
        end = min(last, _end_of(first, period, zone)) if period != "TOTAL" else last
        yield first, end
        first = end


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise invalid(f"Interval.TimeZone is {name!r}, must be a time zone, as in Europe/Berlin.") from None


def _end_of(first: int, period: str, zone: ZoneInfo) -> int:
    """When the period is over in which this moment is. Weeks begin on Sundays, as calendars of AWS's console do."""
    if period in _MINUTES:
        length = _MINUTES[period] * 60_000
        return first - first % length + length
    day = datetime.fromtimestamp(first / 1000, UTC).astimezone(zone).date()
    days = 1 if period == "DAY" else 7 - day.isoweekday() % 7
    return ms_of(datetime.combine(day + timedelta(days=days), datetime.min.time(), zone))


def _interval(asked: Mapping[str, Any], first: int, last: int) -> dict[str, Any]:
    period = (asked.get("Interval") or {}).get("IntervalPeriod", "TOTAL")
    return {"Interval": period, "StartTime": at(first), "EndTime": at(last)}


def _grouped(
    contacts: Sequence[Counted], groupings: Sequence[str], metrics: Sequence[Mapping[str, Any]], span: tuple[int, int]
) -> dict[Group, list[Counted]]:
    """Contacts that count for some metric in the interval, by what they are grouped by."""
    names = {metric["Name"] for metric in metrics}
    found: dict[Group, list[Counted]] = defaultdict(list)
    for each in contacts:
        group = tuple(each.ids[key] for key in groupings)
        if all(group) and any(_is_in(span, counts_at_ms(name, each.marks)) for name in names):
            found[group].append(each)
    return found


def _is_in(span: tuple[int, int], at_ms: int | None) -> bool:
    return at_ms is not None and span[0] <= at_ms < span[1]


def _measured(contacts: Sequence[Counted], metric: Mapping[str, Any], span: tuple[int, int]) -> dict[str, Any]:
    name = metric["Name"]
    threshold = next(iter(metric.get("Threshold") or ()), None)
    counting = [
        each
        for each in contacts
        if _is_in(span, counts_at_ms(name, each.marks)) and _passes(each, metric.get("MetricFilters", ()))
    ]
    return {"Metric": metric, "Value": METRICS[name](counting, within(threshold))}


def _passes(contact: Counted, filters: Sequence[Mapping[str, Any]]) -> bool:
    return all(
        (contact.ids[each["MetricFilterKey"]] in each.get("MetricFilterValues", ())) is not each.get("Negate", False)
        for each in filters
    )


async def _contacts(connect: Connect, instance: Record, first: int, last: int) -> list[Counted]:
    """The contacts that lived in this time."""
    columns = (CONTACT.c.channel, CONTACT.c.initiation_method, CONTACT.c.marks)
    still = sql.or_(CONTACT.c.ended_ms.is_(None), CONTACT.c.ended_ms >= first)
    statement = sql.select(*columns).where(
        CONTACT.c.instance_id == instance.id, CONTACT.c.initiated_ms < last, still
    )  # fmt: skip
    profiles = {user.id: user.body["RoutingProfileId"] for user in connect.shelf.all(instance.id, "agent")}

    def read(connection: sql.Connection) -> list[Counted]:
        return [_counted(dict(row), profiles) for row in connection.execute(statement).mappings()]

    return await connect.contacts.ask(read)


def _counted(row: Mapping[str, Any], profiles: Mapping[str, str]) -> Counted:
    marks = _MARKS.decode(row["marks"])
    agent = id_of(marks.agent_arn) if marks.agent else ""
    is_standard = marks.queue is not None and not marks.queue.is_agent
    ids = {
        "QUEUE": id_of(marks.queue.arn) if marks.queue is not None and is_standard else "",
        "CHANNEL": row["channel"],
        "AGENT": agent,
        "ROUTING_PROFILE": profiles.get(agent, ""),
        "INITIATION_METHOD": row["initiation_method"],
        "DISCONNECT_REASON": marks.reason or "",
    }
    return Counted(marks, row["initiation_method"], ids)


# --- GetMetricData ---

# What the older operation calls it, with its statistic
_OLDER = {
    "CONTACTS_QUEUED": ("CONTACTS_QUEUED", "SUM"), "CONTACTS_HANDLED": ("CONTACTS_HANDLED", "SUM"),
    "CONTACTS_ABANDONED": ("CONTACTS_ABANDONED", "SUM"), "CONTACTS_MISSED": ("AGENT_NON_RESPONSE", "SUM"),
    "HANDLE_TIME": ("AVG_HANDLE_TIME", "AVG"), "AFTER_CONTACT_WORK_TIME": ("AVG_AFTER_CONTACT_WORK_TIME", "AVG"),
    "QUEUED_TIME": ("MAX_QUEUED_TIME", "MAX"), "ABANDON_TIME": ("AVG_ABANDON_TIME", "AVG"),
    "QUEUE_ANSWER_TIME": ("AVG_QUEUE_ANSWER_TIME", "AVG"), "HOLD_TIME": ("AVG_HOLD_TIME", "AVG"),
    "INTERACTION_TIME": ("AVG_INTERACTION_TIME", "AVG"), "SERVICE_LEVEL": ("SERVICE_LEVEL", "AVG"),
    "INTERACTION_AND_HOLD_TIME": ("AVG_INTERACTION_AND_HOLD_TIME", "AVG"),
}  # fmt: skip
_OLDER_KEYS = {"QUEUE": "Queues", "CHANNEL": "Channels"}


async def _version_1(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    filters, groupings = asked["Filters"], asked.get("Groupings", [])
    _check_keys("Groupings", groupings, tuple(_OLDER_KEYS))
    _check_keys("Filters", [name for name, values in filters.items() if values], tuple(_OLDER_KEYS.values()))
    metrics = [_newer(metric) for metric in asked["HistoricalMetrics"]]
    span = _older_span(connect, asked)
    wanted = {
        key: {id_of(text) for text in filters[name]} for key, name in _OLDER_KEYS.items() if filters.get(name)
    }  # fmt: skip
    contacts = [
        each
        for each in await _contacts(connect, instance, *span)
        if all(each.ids[key] in values for key, values in wanted.items())
    ]
    results = [
        {
            "Dimensions": _older_dimensions(connect, instance, dict(zip(groupings, group, strict=True))),
            "Collections": [
                {"Metric": metric, "Value": _measured(each, newer, span)["Value"]}
                for metric, newer in zip(asked["HistoricalMetrics"], metrics, strict=True)
            ],
        }
        for group, each in sorted(_grouped(contacts, groupings, metrics, span).items())
    ]
    some, token = page(results, asked)
    return {"MetricResults": some, "NextToken": token}


def _newer(metric: Mapping[str, Any]) -> dict[str, Any]:
    """The same metric as GetMetricDataV2 has it."""
    name = metric.get("Name", "")
    if name not in _OLDER:
        raise invalid(f"The metric {name} is not counted here; there are {', '.join(_OLDER)}.")
    newer, statistic = _OLDER[name]
    if metric.get("Statistic", statistic) != statistic:
        raise invalid(f"The Statistic of {name} must be {statistic}.")
    threshold = metric.get("Threshold")
    if (name == "SERVICE_LEVEL") != (threshold is not None):
        raise invalid("SERVICE_LEVEL must have a Threshold, and no other metric may.")
    if threshold is None:
        return {"Name": newer}
    _check_threshold(name, threshold, ("LT",))
    return {"Name": newer, "Threshold": [threshold]}


def _older_span(connect: Connect, asked: Mapping[str, Any]) -> tuple[int, int]:
    first, last = ms_of(asked["StartTime"]), ms_of(asked["EndTime"])
    if first % _FIVE_MINUTES_MS or last % _FIVE_MINUTES_MS:
        raise invalid("StartTime and EndTime must be multiples of five minutes.")
    if not 0 < last - first <= _DAY_MS:
        raise invalid("EndTime must be after StartTime, by 24 hours at most.")
    if first < connect.now_ms() - _DAY_MS - _FIVE_MINUTES_MS:
        raise invalid("StartTime must not be more than 24 hours ago.")
    return first, last


def _older_dimensions(connect: Connect, instance: Record, group: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "QUEUE" in group:
        found["Queue"] = {"Id": group["QUEUE"], "Arn": f"{connect.instance_arn(instance.id)}/queue/{group['QUEUE']}"}
    if "CHANNEL" in group:
        found["Channel"] = group["CHANNEL"]
    return found


OPERATIONS: Mapping[str, Operation] = {
    "GetMetricDataV2": _version_2,
    "GetMetricData": _version_1,
}
