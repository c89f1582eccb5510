"""Agents at work: what they may be offered, which queues they serve, and how they are counted.

Source: adminguide/concepts-routing-profiles.html, channels-and-concurrency.html, check-staffing.html.
"""

from offhook.model.instance import AgentSettings, RoutingProfile
from offhook.model.routing import AVAILABLE

OFFLINE, MISSED, REJECTED = "Offline", "Missed", "Rejected"
# ours, where an agent has no routing profile: every queue, one contact at a time, two chats
PLAIN = RoutingProfile("", concurrency={"VOICE": 1, "CHAT": 2, "TASK": 1, "EMAIL": 1})


class Agent:
    """`contacts`: contact to channel and state (offered, active, after)."""

    __slots__ = ("contacts", "free_since_ms", "profile", "settings", "status")

    def __init__(self, settings: AgentSettings, profile: RoutingProfile, status: str, at_ms: int) -> None:
        self.settings = settings
        self.profile = profile
        self.status = status
        self.free_since_ms = at_ms
        self.contacts: dict[str, tuple[str, str]] = {}

    def takes(self, channel: str) -> bool:
        """Whether one more contact of this channel may be offered."""
        if self.status != AVAILABLE:
            return False
        limit = self.profile.concurrency.get(channel, 0)
        if not self.contacts:
            return limit > 0
        channels = [each for each, _ in self.contacts.values()]
        return set(channels) == {channel} and channel != "VOICE" and len(channels) < limit

    def has(self, state: str) -> bool:
        return any(each == state for _, each in self.contacts.values())


def counted(agents: list[Agent], channel: str | None) -> dict[str, int]:
    """Agents by what they do. Staffed: available, on a contact or in after-contact work (adminguide/check-staffing)."""
    of_channel = [each for each in agents if channel is None or each.profile.concurrency.get(channel, 0)]
    busy = [each for each in of_channel if each.has("active")]
    after = [each for each in of_channel if each.has("after")]
    available = [each for each in of_channel if each.status == AVAILABLE and not each.contacts]
    missed = [each for each in of_channel if each.status in (MISSED, REJECTED)]
    online = [each for each in of_channel if each.status != OFFLINE]
    staffed = [each for each in online if each.status == AVAILABLE or each.contacts]
    return {
        "Online": len(online),
        "Available": len(available),
        "Staffed": len(staffed),
        "AfterContactWork": len(after),
        "Busy": len(busy),
        "Missed": len(missed),
        "NonProductive": len([each for each in online if each.status not in (AVAILABLE, MISSED, REJECTED)]),
    }


def rank_of(profile: RoutingProfile, queue: str, channel: str) -> int | None:
    """The priority that the profile gives the queue, None where it does not have it. The plain one has them all."""
    if profile is PLAIN:
        return 1
    for route in profile.queues:
        if route.queue == queue and channel in (route.channels or (channel,)):
            return route.priority
    return None


def serves(profile: RoutingProfile, queue: str) -> bool:
    return profile is PLAIN or any(route.queue == queue for route in profile.queues)
