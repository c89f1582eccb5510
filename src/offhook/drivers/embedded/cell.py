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
    """`contact`, `marks` and `attributes` (those of its family) are how it stands within its turn; `seen`, `seen_marks`
    and `seen_attributes` are what is committed, and what anybody outside the turn may know. `contact` and `seen` are
    None until it is loaded. `buffer`: keys pressed ahead (a simulated callee).
    """

    __slots__ = (
        "attributes", "buffer", "busy", "contact", "id", "inbox", "instance_id", "marks", "seen", "seen_attributes",
        "seen_marks", "seq",
    )  # fmt: skip

    def __init__(self, contact_id: str) -> None:
        self.id = contact_id
        self.instance_id = ""
        self.contact: Contact | None = None
        self.seen: Contact | None = None
        self.marks = Marks()
        self.seen_marks = self.marks
        self.seq = 0
        self.attributes: dict[str, str] = {}
        self.seen_attributes = self.attributes
        self.inbox: deque[Entry] = deque()
        self.buffer = ""
        self.busy = False

    def committed(self) -> None:
        """As it stands now it is in the database."""
        self.seen, self.seen_marks, self.seen_attributes = self.contact, self.marks, self.attributes


def happens(event: Event) -> Deed:
    """The deed that is nothing but this event."""
    return lambda turn: event
