"""What happens to queues and agents, and what follows for contacts: the words of core.routing."""

from typing import Any

import msgspec

AVAILABLE = "Available"
OFFLINE = "Offline"


class _At(msgspec.Struct, frozen=True):
    at_ms: int


class SignIn(_At, frozen=True):
    """The agent comes to work; who is there already keeps their contacts."""

    agent: str
    status: str = AVAILABLE


class Status(_At, frozen=True):
    """Available, Offline, or any other: there, but given no contacts."""

    agent: str
    status: str


class Enqueue(_At, frozen=True):
    """`since_ms`: how old it counts. See the effect of this name for the rest."""

    contact: str
    queue: str
    channel: str = "VOICE"
    priority: int = 5
    since_ms: int = 0
    not_before_ms: int = 0
    agent: str = ""
    at_once: bool = False
    criteria: tuple[dict[str, Any], ...] = ()
    replaces: str = ""


class Dequeue(_At, frozen=True):
    """The contact is gone; whoever has it is free, except for after-contact work."""

    contact: str


class Change(_At, frozen=True):
    """Another priority or age (ms), after a minute; other criteria, or an agent to offer it to, now.

    The agent must be free for it, unless it is `regardless`.
    """

    contact: str
    priority: int | None = None
    age_ms: int | None = None
    agent: str = ""
    criteria: tuple[dict[str, Any], ...] | None = None
    regardless: bool = False


class Accept(_At, frozen=True):
    contact: str
    agent: str


class Reject(_At, frozen=True):
    contact: str
    agent: str


class Take(_At, frozen=True):
    """The agent works on a contact that came by no queue, or takes it out of one unless it is being offered."""

    contact: str
    agent: str
    channel: str = "VOICE"


class Leave(_At, frozen=True):
    """The agent's part is over; after-contact work begins."""

    contact: str
    agent: str


class Clear(_At, frozen=True):
    """After-contact work is over."""

    contact: str
    agent: str


class Wake(_At, frozen=True):
    """Whatever is due by now."""


class Queued(msgspec.Struct, frozen=True):
    contact: str


class Refused(msgspec.Struct, frozen=True):
    """`reason`: full, offered (what it replaces is being offered), busy (the agent is) or queued (it already is)."""

    contact: str
    reason: str


class Offered(msgspec.Struct, frozen=True):
    contact: str
    agent: str
    until_ms: int


class Declined(msgspec.Struct, frozen=True):
    """`by`: missed or rejected. The contact keeps its place."""

    contact: str
    agent: str
    by: str


class Joined(msgspec.Struct, frozen=True):
    contact: str
    agent: str


Notice = Queued | Refused | Offered | Declined | Joined
