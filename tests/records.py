"""A desk for tests of contact records: contacts that are moved by hand, one happening after the other.

`Desk(stage)` writes down everything; `desk.start(...)` begins a contact, and `desk.happen(seconds, event)` lets
something happen to it. Prompts (but those that a waiting party hears) and queues answer at once; contacts that it
begins begin, and hear what they are told.
"""

from typing import Any

from offhook.core.birth import born, new_contact
from offhook.core.machine import step
from offhook.core.program import Compiled
from offhook.core.record import Records
from offhook.core.trace import Renderer
from offhook.core.written import is_record
from offhook.model import effect as effects
from offhook.model import event as events
from offhook.model.contact import Contact, Queue

from .floor import SUPPORT
from .stage import START_MS

FIRST = "contact-1"
HEARD = frozenset({"inbound", "agent_whisper", "customer_whisper", "callback_whisper", "outbound"})


class Desk:
    """`entries` is what was written down, in order; `contacts` are the contacts as they stand now, by id."""

    def __init__(self, stage: Compiled) -> None:
        self.stage = stage
        self.records = Records(stage.instance)
        self.contacts: dict[str, Contact] = {}
        self.entries: list[dict[str, Any]] = []
        self._renderers: dict[str, Renderer] = {}

    def start(self, **fields: Any) -> None:
        """A contact on the flow Main, with a working queue."""
        plain = {
            "id": FIRST,
            "seed": "1",
            "flow": "flow:Main",
            "flow_type": "CONTACT_FLOW",
            "queue": Queue(SUPPORT.arn, "Support"),
            "customer_endpoint": "+15550100",
            "system_endpoint": "+15550111",
        }
        self.begin(new_contact(**{**plain, **fields}), START_MS)

    def begin(self, contact: Contact, at_ms: int) -> None:
        self.contacts[contact.id] = contact
        self.step(contact.id, events.Started(at_ms))

    def happen(self, second: float, kind: type, *arguments: Any, to: str = FIRST, **more: Any) -> None:
        """So many seconds after the start."""
        self.step(to, kind(START_MS + round(second * 1_000), *arguments, **more))

    def step(self, contact_id: str, event: Any) -> None:
        before = self.contacts[contact_id]
        stepped = step(self.stage, before, event)
        if stepped.contact is before:
            return
        self.contacts[contact_id] = contact = stepped.contact
        told = self._renderers.setdefault(contact_id, Renderer()).render(stepped.trace, contact)
        self.entries += self.records.take(told, contact)
        for effect in stepped.effects:
            self._perform(contact_id, contact.now_ms, effect)

    def answer(self, second: float, kind: type, to: str = FIRST, *, asks: type, **more: Any) -> None:
        """The answer to the first thing of this kind that the contact waits for."""
        effect = next(each for each in self.contacts[to].pending.values() if isinstance(each, asks))
        self.step(to, kind(START_MS + round(second * 1_000), effect.id, **more))

    def cleared(self, second: float, *, since: float, agent: str = "jane", of: str = FIRST) -> None:
        from_ms, until_ms = (START_MS + round(each * 1_000) for each in (since, second))
        self.entries += self.records.cleared(of, from_ms, until_ms, agent=agent)

    def _perform(self, contact_id: str, now_ms: int, effect: effects.Effect) -> None:
        contact = self.contacts[contact_id]
        match effect:
            case effects.PlayPrompt() if contact.phase in HEARD:
                self.step(contact_id, events.PromptEnded(now_ms, effect.id))
            case effects.Enqueue():
                self.step(contact_id, events.Queued(now_ms, effect.id))
            case effects.CreateContact():
                made = born(effect, contact, self.stage.instance)
                self.begin(made, now_ms + effect.delay_ms)
            case effects.Tell():
                self.step(effect.contact_id, effect.event)

    # --- what was written down ---

    def record(self, contact_id: str = FIRST) -> dict[str, Any]:
        (found,) = (each for each in self.entries if is_record(each) and each["ContactId"] == contact_id)
        return found

    def part(self, *keys: str, of: str = FIRST) -> list[Any]:
        """Values of the record, in this order."""
        record = self.record(of)
        return [record[key] for key in keys]

    @property
    def made(self) -> list[str]:
        """Ids of the contacts that others began, in order."""
        return list(self.contacts)[1:]

    def told(self, contact_id: str = FIRST) -> list[str]:
        """The events of a contact: `SECONDS KIND`."""
        return [f"{each['time'][14:19]} {each['detail']['eventType']}" for each in self.events(contact_id)]

    def events(self, contact_id: str = FIRST, kind: str = "") -> list[dict[str, Any]]:
        return [
            each
            for each in self.entries
            if not is_record(each)
            and each["detail"]["contactId"] == contact_id
            and kind in ("", each["detail"]["eventType"])
        ]
