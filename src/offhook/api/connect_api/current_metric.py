"""Numbers of this moment: queues, and the agents who serve them.

Source: API reference, GetCurrentMetricData, GetContactMetrics; adminguide/metrics-definitions.html. What is not counted
here is refused by name. Ours: there is a result for each queue that is asked for, also where nobody waits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api.connect import Connect, Operation, by_name, id_of, invalid, page
from offhook.api.connect_api.contact import at, cell_of, seen
from offhook.api.service import Result

Numbers = Mapping[str, Any]
_COUNTS = {
    "AGENTS_ONLINE": "Online", "AGENTS_AVAILABLE": "Available", "AGENTS_ON_CALL": "Busy", "AGENTS_ON_CONTACT": "Busy",
    "AGENTS_NON_PRODUCTIVE": "NonProductive", "AGENTS_AFTER_CONTACT_WORK": "AfterContactWork",
    "AGENTS_ERROR": "Missed", "AGENTS_STAFFED": "Staffed", "CONTACTS_IN_QUEUE": "Size",
    "CONTACTS_SCHEDULED": "Scheduled", "OLDEST_CONTACT_AGE": "OldestContactAge", "SLOTS_ACTIVE": "SlotsActive",
    "SLOTS_AVAILABLE": "SlotsAvailable",
}  # fmt: skip
_GROUPINGS = ("QUEUE", "CHANNEL", "ROUTING_PROFILE")
_FILTERS = ("Queues", "Channels", "RoutingProfiles")
_MOST_QUEUES = 100


def _current(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    filters, groupings = asked["Filters"], asked.get("Groupings", [])
    _check(filters, groupings, asked["CurrentMetrics"])
    floor = connect.runtime.floor(instance.id)
    results = []
    for group in _groups(connect, instance, filters, groupings):
        numbers = floor.totals(group.queues, group.profiles, group.channel)
        collections = [_measured(each, numbers, is_grouped=bool(groupings)) for each in asked["CurrentMetrics"]]
        results.append({"Dimensions": group.dimensions, "Collections": collections})
    some, token = page(_sorted(results, asked.get("SortCriteria") or []), asked)
    return {
        "MetricResults": some,
        "NextToken": token,
        "DataSnapshotTime": at(connect.now_ms()),
        "ApproximateTotalCount": len(results),
    }


def _check(filters: Mapping[str, Any], groupings: list[str], metrics: list[Mapping[str, Any]]) -> None:
    """ServiceError for what cannot be told."""
    for name, values in filters.items():
        if values and name not in _FILTERS:
            raise invalid(f"Filters.{name}: that is not counted here; there are {', '.join(_FILTERS)}.")
    if filters.get("Queues") and filters.get("RoutingProfiles"):
        raise invalid("Filters may have Queues or RoutingProfiles, not both.")
    if not filters.get("Queues") and not filters.get("RoutingProfiles"):
        raise invalid("Filters must have Queues or RoutingProfiles.")
    if len(filters.get("Queues", ())) > _MOST_QUEUES:
        raise invalid(f"Filters.Queues has {len(filters['Queues'])} queues, may have {_MOST_QUEUES}.")
    for grouping in groupings:
        if grouping not in _GROUPINGS:
            raise invalid(f"Groupings has {grouping}, which is not counted here; there are {', '.join(_GROUPINGS)}.")
    for metric in metrics:
        if metric.get("Name") not in _COUNTS:
            given = metric.get("Name") or metric.get("MetricId", "")
            raise invalid(f"The metric {given} is not counted here; there are {', '.join(_COUNTS)}.")


@dataclass(frozen=True, slots=True)
class _Group:
    """What is counted together: queues by name, of agents of some profiles (or any), on a channel or all."""

    queues: list[str]
    profiles: list[str]
    channel: str | None
    dimensions: dict[str, Any]


def _groups(connect: Connect, instance: Record, filters: Mapping[str, Any], groupings: list[str]) -> list[_Group]:
    profiles = [connect.find(instance.id, "routing-profile", text) for text in filters.get("RoutingProfiles", ())]
    queues = [connect.find(instance.id, "queue", text) for text in filters.get("Queues", ())]
    if profiles:
        queues = _served(connect, instance, profiles)
    channels = list(filters.get("Channels", ()))
    by_channel: list[str | None] = [None] if not channels else [*channels]
    if "CHANNEL" in groupings and not channels:
        by_channel = ["VOICE", "CHAT", "TASK", "EMAIL"]
    if "ROUTING_PROFILE" in groupings and not profiles:
        profiles = by_name(connect.shelf.all(instance.id, "routing-profile"))
    each_queue = [[queue] for queue in queues] if "QUEUE" in groupings else [queues]
    each_profile = [[profile] for profile in profiles] if "ROUTING_PROFILE" in groupings else [profiles]
    if "CHANNEL" not in groupings and len(by_channel) > 1:
        raise invalid("Filters has several Channels; group by CHANNEL.")
    return [
        _Group(
            [queue.name for queue in some],
            [profile.name for profile in of],
            channel,
            _dimensions(connect, some, of, channel, groupings),
        )
        for some, of, channel in product(each_queue, each_profile, by_channel)
    ]


def _served(connect: Connect, instance: Record, profiles: list[Record]) -> list[Record]:
    """The queues of routing profiles, each once."""
    ids = {each["QueueId"] for of in profiles for each in of.body.get("QueueConfigs", ())}
    return by_name(filter(None, (connect.shelf.get(instance.id, "queue", queue_id) for queue_id in ids)))


def _dimensions(
    connect: Connect, queues: list[Record], profiles: list[Record], channel: str | None, groupings: list[str]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "QUEUE" in groupings:
        found["Queue"] = {"Id": queues[0].id, "Arn": connect.arn(queues[0])}
    if "ROUTING_PROFILE" in groupings:
        found["RoutingProfile"] = {"Id": profiles[0].id, "Arn": connect.arn(profiles[0])}
    if "CHANNEL" in groupings:
        found["Channel"] = channel
    return found


def _measured(metric: Mapping[str, Any], numbers: Numbers, *, is_grouped: bool) -> dict[str, Any]:
    """One number. The greatest age is told in milliseconds where nothing is grouped, whatever its unit says."""
    value = numbers[_COUNTS[metric["Name"]]]
    if metric["Name"] == "OLDEST_CONTACT_AGE":
        value = (value or 0) * (1 if is_grouped else 1_000)
    return {"Metric": metric, "Value": float(value)}


def _sorted(results: list[dict[str, Any]], criteria: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if not criteria:
        return results
    name = criteria[0].get("SortByMetric", "")

    def value(result: dict[str, Any]) -> float:
        return next((each["Value"] for each in result["Collections"] if each["Metric"]["Name"] == name), 0.0)

    return sorted(results, key=value, reverse=criteria[0].get("SortOrder") == "DESCENDING")


# --- one contact ---


async def _of_contact(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """Only while it waits in a queue."""
    instance = connect.instance(asked)
    cell = await cell_of(connect, asked, unknown="ResourceNotFoundException")
    for metric in asked["Metrics"]:
        if metric["Name"] not in _OF_CONTACT:
            raise invalid(f"The metric {metric['Name']} is not counted here; there is {', '.join(_OF_CONTACT)}.")
    place = seen(cell).place
    if place is None:
        raise invalid(f"The contact {cell.id} is in no queue.")
    order = place.order
    floor = connect.runtime.floor(instance.id)
    numbers = floor.metrics(order.queue_name, agent=order.agent, channel=order.channel, contact=cell.id)
    results = [
        {"Name": each["Name"], "Value": {"Number": float(_OF_CONTACT[each["Name"]](numbers))}}
        for each in asked["Metrics"]
    ]
    arn = f"{connect.instance_arn(instance.id)}/contact/{cell.id}"
    return {"MetricResults": results, "Id": id_of(asked["ContactId"]), "Arn": arn}


_OF_CONTACT: Mapping[str, Callable[[Numbers], int]] = {
    "POSITION_IN_QUEUE": lambda numbers: numbers["PositionInQueue"] or 0,
}

OPERATIONS: Mapping[str, Operation] = {
    "GetCurrentMetricData": _current,
    "GetContactMetrics": _of_contact,
}
