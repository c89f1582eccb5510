"""What an instance has, as it is moved.

`body` are members as the API takes them; `content` is the text of a flow or module. `id` and `arn` are those in the
instance that it was read from, "" for what stands in a folder.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

FLOW, MODULE, FUNCTION, BOT, NUMBER = "flow", "module", "function", "bot", "phone-number"
# In the order in which they are read, shown and made: what others lead to comes first
KINDS = (
    "attribute", FUNCTION, BOT, "hours", "prompt", "view", "security-profile", "agent-status", "queue",
    "routing-profile", "user", MODULE, FLOW, "quick-connect", NUMBER,
)  # fmt: skip
# The word in the ARNs of each kind that has one in an instance
WORDS = {
    "hours": "operating-hours", "prompt": "prompt", "view": "view", "security-profile": "security-profile",
    "agent-status": "agent-state", "queue": "queue", "routing-profile": "routing-profile", "user": "agent",
    MODULE: "flow-module", FLOW: "contact-flow", "quick-connect": "transfer-destination",
}  # fmt: skip

Key = tuple[str, str]  # kind and name


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """See the module."""

    kind: str
    name: str
    body: dict[str, Any] = field(default_factory=dict)
    content: str = ""
    id: str = ""
    arn: str = ""

    @property
    def key(self) -> Key:
        return self.kind, self.name

    @property
    def label(self) -> str:
        return f"{self.kind} {self.name!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """An instance as it was read. `problems` are sentences about what could not be read."""

    id: str
    arn: str
    alias: str
    things: tuple[Thing, ...]
    problems: tuple[str, ...] = ()

    def by_key(self) -> dict[Key, Thing]:
        return {thing.key: thing for thing in self.things}


def only(things: Iterable[Thing], kinds: Iterable[str]) -> tuple[Thing, ...]:
    """Those of these kinds; of all, where there are none."""
    wanted = set(kinds)
    return tuple(thing for thing in things if not wanted or thing.kind in wanted)
