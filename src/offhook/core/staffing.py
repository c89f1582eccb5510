"""Agents at work: what they may be offered, which queues they serve, and how they are counted.

Source: adminguide/concepts-routing-profiles.html, channels-and-concurrency.html, check-staffing.html.
"""

from collections.abc import Iterable, Iterator

from offhook.model.instance import AgentSettings, QueueRoute, RoutingProfile
from offhook.model.routing import AVAILABLE

OFFLINE, MISSED, REJECTED = "Offline", "Missed", "Rejected"
DECLINED = (MISSED, REJECTED)  # until the agent is Available again, nobody asks
# ours, where an agent has no routing profile: every queue, one contact at a time, two chats
PLAIN = RoutingProfile("", concurrency={"VOICE": 1, "CHAT": 2, "TASK": 1, "EMAIL": 1})
EVERY = QueueRoute("")


class Agent:
    """`contacts`: contact to channel and state (offered, active, after). `turn`: the place among those who are free."""

    __slots__ = ("_routes", "contacts", "free_since_ms", "profile", "settings", "status", "turn")

    def __init__(self, settings: AgentSettings, profile: RoutingProfile, status: str, at_ms: int) -> None:
        self.status = status
        self.free_since_ms = at_ms
        self.contacts: dict[str, tuple[str, str]] = {}
        self.turn: tuple[int, str] | None = None
        self.adopt(settings, profile)

    def adopt(self, settings: AgentSettings, profile: RoutingProfile) -> None:
        """From now on the agent is like this; contacts stay."""
        self.settings = settings
        self.profile = profile
        self._routes: dict[str, dict[str, QueueRoute]] = {channel: {} for channel in profile.concurrency}
        for route in profile.queues:
            for channel in route.channels or profile.concurrency:
                self._routes.setdefault(channel, {}).setdefault(route.queue, route)

    def takes(self, channel: str) -> bool:
        """Whether one more contact of this channel may be offered: none beside a contact of another channel, unless
        the profile says so of that one (cross-channel concurrency).
        """
        if self.status != AVAILABLE:
            return False
        held = [each for each, _ in self.contacts.values()]
        beside = {channel, *self.profile.cross_channel}
        return held.count(channel) < self.most(channel) and beside.issuperset(held)

    def slots(self, channel: str) -> tuple[int, int, int]:
        """How many contacts of this channel more may be offered, how many the agent may have, and has."""
        held = len([each for each, _ in self.contacts.values() if each == channel])
        return self.most(channel) - held if self.takes(channel) else 0, self.most(channel), held

    def most(self, channel: str) -> int:
        """How many contacts of this channel the agent may have: one call, whatever the profile says."""
        most = self.profile.concurrency.get(channel, 0)
        return min(most, 1) if channel == "VOICE" else most

    def channels(self) -> Iterator[str]:
        """Those of which one more contact may be offered."""
        return filter(self.takes, self.profile.concurrency)

    def route(self, queue: str, channel: str) -> QueueRoute | None:
        """How the agent serves the queue, None where not at all."""
        return EVERY if self.profile is PLAIN else self._routes.get(channel, {}).get(queue)

    def queues(self, channel: str) -> Iterable[str]:
        """The queues of the profile that the agent serves on a channel."""
        return self._routes[channel]

    def state(self, contact: str) -> str:
        """offered, active or after; empty where the agent does not have it."""
        return self.contacts[contact][1] if contact in self.contacts else ""

    def has(self, state: str) -> bool:
        return any(each == state for _, each in self.contacts.values())


def counted(agents: list[Agent], channel: str | None) -> dict[str, int]:
    """Agents by what they do. Staffed: available, on a contact or in after-contact work (adminguide/check-staffing)."""
    of_channel = [each for each in agents if channel is None or each.profile.concurrency.get(channel, 0)]
    busy = [each for each in of_channel if each.has("active")]
    after = [each for each in of_channel if each.has("after")]
    available = [each for each in of_channel if each.status == AVAILABLE and not each.contacts]
    missed = [each for each in of_channel if each.status in DECLINED]
    online = [each for each in of_channel if each.status != OFFLINE]
    staffed = [each for each in online if each.status == AVAILABLE or each.contacts]
    return {
        "Online": len(online),
        "Available": len(available),
        "Staffed": len(staffed),
        "AfterContactWork": len(after),
        "Busy": len(busy),
        "Missed": len(missed),
        "NonProductive": len([each for each in online if each.status not in (AVAILABLE, *DECLINED)]),
    }


def slots(agents: list[Agent], channel: str | None) -> dict[str, int]:
    """How many contacts the agents have, and how many more they may be given (adminguide/metrics-definitions.html)."""
    channels = {name for each in agents for name in each.profile.concurrency} if channel is None else {channel}
    found = [each.slots(name) for each in agents for name in channels]
    return {"SlotsActive": sum(held for _, _, held in found), "SlotsAvailable": sum(free for free, _, _ in found)}


def serves(profile: RoutingProfile, queue: str) -> bool:
    return profile is PLAIN or any(route.queue == queue for route in profile.queues)
