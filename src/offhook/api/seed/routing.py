"""Hours, queues, routing profiles, agents and quick connects of a project, as records."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from offhook.api.seed.wanted import Ids, Wanted
from offhook.model.instance import WEEKDAYS, AgentSettings, Hours, QuickConnect, RoutingProfile, Span, derived_id

_HOUR = 60
_DAY_MINUTES = 1440
_ALONE, _ANY = "ROUTE_CURRENT_CHANNEL_ONLY", "ROUTE_ANY_CHANNEL"
_FIRST_QUEUE, _FIRST_HOURS = "BasicQueue", "Basic Hours"
_TRANSFERS = {"user": "Default agent transfer", "queue": "Default queue transfer"}


def hours(ids: Ids) -> Iterator[Wanted]:
    for name, each in ids.instance.hours.items():
        config = [entry for day in WEEKDAYS for entry in _entries(day, each.week.get(day, ()))]
        id = ids.own("operating-hours", name)
        yield Wanted("operating-hours", id, name, {"TimeZone": each.time_zone, "Config": config})
        yield from _overrides(id, each)


def _overrides(hours_id: str, hours: Hours) -> Iterator[Wanted]:
    """By place, since the first of two that meet counts; a name that is there already is told apart by its place."""
    names: set[str] = set()
    for place, override in enumerate(hours.overrides, 1):
        name = override.name if override.name not in names else f"{override.name} ({place})"
        names.add(name)
        body = {
            "HoursOfOperationId": hours_id,
            "EffectiveFrom": override.first_date,
            "EffectiveTill": override.last_date,
            "Config": [entry for day in WEEKDAYS for entry in _entries(day, override.spans)],
            "OverrideType": "STANDARD",
        }
        yield Wanted("operating-hours-override", derived_id("override", hours_id, str(place)), name, body)


def _entries(day: str, spans: Iterable[Span]) -> Iterator[dict[str, Any]]:
    for span in spans:
        yield {"Day": day.upper(), "StartTime": _time(span.start_minute), "EndTime": _time(span.end_minute)}


def _time(minute: int) -> dict[str, int]:
    """Midnight as an end is 0:00, as AWS spells it."""
    return {"Hours": minute % _DAY_MINUTES // _HOUR, "Minutes": minute % _HOUR}


def queues(ids: Ids) -> Iterator[Wanted]:
    """A queue that names no hours is always open, as Basic Hours are."""
    for name, each in ids.instance.queues.items():
        hours_name = each.hours or ("" if _FIRST_HOURS in ids.instance.hours else _FIRST_HOURS)
        caller = {
            "OutboundCallerIdNumberId": ids.of("phone-number", each.outbound_caller_id or ""),
            "OutboundFlowId": ids.of("contact-flow", each.outbound_flow),
        }
        body = {
            "HoursOfOperationId": ids.of("operating-hours", hours_name) or None,
            "MaxContacts": each.max_contacts,
            "OutboundCallerConfig": {key: id for key, id in caller.items() if id} or None,
        }
        usual: dict[str, Any] = {"Status": "ENABLED", "QuickConnectIds": []}
        yield Wanted("queue", ids.own("queue", name), name, _given(body), usual)


def profiles(ids: Ids) -> Iterator[Wanted]:
    for name, each in ids.instance.routing_profiles.items():
        configs = list(_queue_configs(ids, each))
        first = configs[0]["QueueId"] if configs else ""
        outbound = ids.of("queue", each.outbound_queue) or ids.of("queue", _FIRST_QUEUE) or first
        body = {
            "DefaultOutboundQueueId": outbound,
            "MediaConcurrencies": [
                {"Channel": channel, "Concurrency": count, "CrossChannelBehavior": _behaviour(each, channel)}
                for channel, count in each.concurrency.items()
            ],
            "QueueConfigs": configs,
        }
        usual = {"Description": "", "AgentAvailabilityTimer": "TIME_SINCE_LAST_ACTIVITY"}
        yield Wanted("routing-profile", ids.own("routing-profile", name), name, body, usual)


def _queue_configs(ids: Ids, profile: RoutingProfile) -> Iterator[dict[str, Any]]:
    """One of each queue and channel, the one that goes first; a route of no channel is of all that the profile has."""
    routes = sorted(profile.queues, key=lambda route: (route.priority, route.delay_ms))
    kept: dict[tuple[str, str], dict[str, Any]] = {}
    for route in routes:
        id = ids.of("queue", route.queue)
        for channel in route.channels or tuple(profile.concurrency):
            config = {"QueueId": id, "Channel": channel, "Priority": route.priority, "Delay": route.delay_ms // 1_000}
            kept.setdefault((id, channel), config)
    yield from (config for (id, _), config in kept.items() if id)


def _behaviour(profile: RoutingProfile, channel: str) -> dict[str, str]:
    return {"BehaviorType": _ANY if channel in profile.cross_channel else _ALONE}


def agents(ids: Ids) -> Iterator[Wanted]:
    """Users. What a simulated agent would do is not theirs: they do what their clients do."""
    profile = ids.of("security-profile", "Agent")
    for name, each in ids.instance.agents.items():
        body = {
            "RoutingProfileId": ids.of("routing-profile", each.routing_profile) or None,
            "IdentityInfo": _given({"FirstName": each.first_name or None, "LastName": each.last_name or None}),
            "PhoneConfig": {
                "PhoneType": "SOFT_PHONE",
                "AutoAccept": bool(each.accepts),
                "AfterContactWorkTimeLimit": max(each.work_ms.values(), default=0) // 1_000,
            },
            "UserProficiencies": list(_proficiencies(each)),
        }
        usual = {"SecurityProfileIds": [profile] if profile else []}
        yield Wanted("agent", ids.own("agent", name), name, _given(body), usual)


def _proficiencies(agent: AgentSettings) -> Iterator[dict[str, Any]]:
    for attribute, levels in agent.proficiencies.items():
        for value, level in levels.items():
            yield {"AttributeName": attribute, "AttributeValue": value, "Level": level}


def quick_connects(ids: Ids) -> Iterator[Wanted]:
    for name, each in ids.instance.quick_connects.items():
        body = {"QuickConnectConfig": _configuration(ids, each)}
        yield Wanted("transfer-destination", ids.own("transfer-destination", name), name, body, {"Description": ""})


def _configuration(ids: Ids, each: QuickConnect) -> dict[str, Any]:
    if each.kind == "phone":
        return {"QuickConnectType": "PHONE_NUMBER", "PhoneConfig": {"PhoneNumber": each.number}}
    flow = ids.of("contact-flow", each.flow or _TRANSFERS[each.kind])
    if each.kind == "user":
        config = {"UserId": ids.of("agent", each.agent), "ContactFlowId": flow}
        return {"QuickConnectType": "USER", "UserConfig": config}
    config = {"QueueId": ids.of("queue", each.queue), "ContactFlowId": flow}
    return {"QuickConnectType": "QUEUE", "QueueConfig": config}


def _given(members: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in members.items() if value is not None}
