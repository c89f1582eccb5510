"""A contact in this process: how it stands, and what is still to happen to it."""

from asyncio import Future
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from offhook.core.marks import Marks
from offhook.model.contact import Contact
from offhook.model.event import Event

if TYPE_CHECKING:
    from offhook.drivers.embedded.turn import Turn

# Looks at the contact in its turn, may write something beside, and says what happens to it, if anything. One that
# raises has written nothing, and whoever waits for it gets the exception
Deed = Callable[["Turn"], "Event | None"]


class Entry(NamedTuple):
    """Something for the inbox. `due_id`: the row of `due` that it comes from. `future` is told how the contact stands
    once all of it is committed.
    """

    deed: Deed
    due_id: str = ""
    future: "Future[Contact] | None" = None


class Cell:
    """`contact` is how it stands within its turn, `seen` what is committed; both are None until it is loaded.

    `attributes` are those of its family as they were last written. `buffer`: keys pressed ahead (a simulated callee).
    """

    __slots__ = ("attributes", "buffer", "busy", "contact", "id", "inbox", "instance_id", "marks", "seen", "seq")

    def __init__(self, contact_id: str) -> None:
        self.id = contact_id
        self.instance_id = ""
        self.contact: Contact | None = None
        self.seen: Contact | None = None
        self.marks = Marks()
        self.seq = 0
        self.attributes: dict[str, str] = {}
        self.inbox: deque[Entry] = deque()
        self.buffer = ""
        self.busy = False


def happens(event: Event) -> Deed:
    """The deed that is nothing but this event."""
    return lambda turn: event
