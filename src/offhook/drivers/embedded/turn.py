"""One turn of a contact: what happens to it now, what must be written for it, and what is performed afterwards."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from offhook.core.machine import Stepped
from offhook.core.marks import marked
from offhook.core.phases import WAITING, WITHOUT_AGENT
from offhook.drivers.embedded.cell import Cell, Entry, happens
from offhook.model.contact import Contact
from offhook.model.effect import Effect
from offhook.model.event import Event
from offhook.model.writes import Writes

if TYPE_CHECKING:
    from offhook.drivers.embedded.runtime import Runtime


class Turn:
    """`now_ms` does not move within it. `trace` are the tuples of its steps, `effects` what they ordered, `items` the
    rows of transcripts that it writes, `after` what is to be done once it is committed, beside performing effects,
    `notes` what its deeds leave for each other.
    """

    def __init__(self, runtime: "Runtime", cell: Cell, now_ms: int) -> None:
        self.runtime = runtime
        self.cell = cell
        self.now_ms = now_ms
        self.writes = Writes()
        self.trace: list[tuple[Any, ...]] = []
        self.effects: list[Effect] = []
        self.items: list[dict[str, Any]] = []
        self.after: list[Callable[[], None]] = []
        self.notes: dict[str, Any] = {}
        self.was = cell.contact
        self._due: set[str] = set()  # what it has ordered itself
        self.has_changed = False
        self.count = 0

    @property
    def contact(self) -> Contact:
        assert self.cell.contact is not None
        return self.cell.contact

    # --- what happens ---

    def took(self, stepped: Stepped, event: Event) -> None:
        """A step was made: the journal has its event."""
        cell = self.cell
        was, cell.contact = self.contact, stepped.contact
        cell.marks = marked(cell.marks, was, stepped.contact, stepped.trace)
        cell.seq += 1
        self.count += 1
        self.has_changed = True
        self.trace += stepped.trace
        body = self.hidden(self.runtime.encode(event))
        self.writes.put("event", {"contact_id": cell.id, "seq": cell.seq, "body": body})

    def at_once(self, event: Event) -> None:
        """It happens to the contact before anything else does, in this turn."""
        self.cell.inbox.appendleft(Entry(happens(event)))

    # --- what is written ---

    def due(
        self, due_id: str, at_ms: int, event: Event, contact_id: str = "", *, is_secret: bool = False
    ) -> None:  # fmt: skip
        """Let it happen then, to this contact or another. `is_secret`: the event is sealed in any case."""
        contact_id = contact_id or self.cell.id
        encoded = self.runtime.encode(event)
        body = self.runtime.seal.close(encoded) if is_secret else self.hidden(encoded)
        self.writes.put("due", {"id": due_id, "contact_id": contact_id, "at_ms": at_ms, "body": body})
        self._due.add(due_id)
        self.after.append(lambda: self.runtime.due.arm(due_id, contact_id, at_ms, event))

    def forget(self, effect_id: str) -> None:
        """Nothing comes of this effect any more: neither what was due nor an answer from outside."""
        if effect_id in self.runtime.due or effect_id in self._due:
            self.writes.drop("due", effect_id)
            self.after.append(lambda: self.runtime.due.disarm(effect_id))
        self.writes.drop("outbox", effect_id)

    def ask_outside(self, effect: Effect) -> None:
        """The effect is performed after the commit, and again by a new process, until it is answered."""
        body = self.hidden(self.runtime.encode(effect))
        self.writes.put("outbox", {"id": effect.id, "contact_id": self.cell.id, "body": body})

    def hidden(self, data: bytes) -> bytes:
        """Sealed, where the contact holds secrets."""
        return self.runtime.seal.close(data) if self.contact.secrets else data

    def save_attributes(self, attributes: dict[str, str]) -> None:
        """The attributes of the family are now these."""
        self.cell.attributes = attributes
        body = self.hidden(msgspec.json.encode(attributes))
        row = {"initial_id": self.contact.initial_id, "instance_id": self.cell.instance_id, "body": body}
        self.writes.put("attributes", row)
        initial_id = self.contact.initial_id
        self.after.append(lambda: self.runtime.share(initial_id, attributes))

    def keep(self) -> None:
        """The row of the contact, as it stands at the end of the turn."""
        cell, contact, marks = self.cell, self.contact, self.cell.marks
        is_open = contact.phase != "ended"
        has_agent = contact.agent is not None and contact.phase not in WITHOUT_AGENT
        is_after = not is_open and bool(marks.agent) and marks.work_ms is None
        self.writes.put(
            "contact",
            {
                "id": cell.id,
                "instance_id": cell.instance_id,
                "initial_id": contact.initial_id,
                "related_id": contact.related_id,
                "channel": contact.channel,
                "initiation_method": contact.initiation_method,
                "is_open": is_open,
                "needs_floor": contact.phase in WAITING or contact.place is not None or has_agent or is_after,
                "initiated_ms": marks.created_ms,
                "ended_ms": marks.ended_ms,
                "queue": marks.queue.name if marks.queue is not None else None,
                "agent": marks.agent or None,
                "seq": cell.seq,
                "marks": msgspec.json.encode(marks),
                "snapshot": self.hidden(self.runtime.snapshots.encode(contact)),
            },
        )
