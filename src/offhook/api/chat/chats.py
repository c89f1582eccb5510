"""What participants do: join, write, leave, read. What they write is in the transcript before anybody gets it.

Everything goes through the turn of the participant's contact, so that a message, what it means for the flow and what
the flow answers are one after the other, and all of it lasts.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sql
from msgspec.structs import replace

from offhook.adapters.store.contacts import Contacts
from offhook.adapters.store.schema import PARTICIPANT
from offhook.api.chat.hub import Hub
from offhook.api.chat.participant import (
    BOT,
    CONNECTION_MS,
    CUSTOMER,
    MAX_CONNECTIONS,
    PARTICIPANT_MS,
    TICKET_MS,
    Participant,
    fits,
    new_token,
    owner_of,
)
from offhook.drivers.embedded import chat
from offhook.drivers.embedded.cell import Cell
from offhook.drivers.embedded.runtime import Runtime
from offhook.drivers.embedded.turn import Turn
from offhook.model.contact import Contact
from offhook.model.event import BotDisconnected, CustomerReturned, Event, HungUp
from offhook.model.instance import derived_id

_DECODER = msgspec.json.Decoder(Participant)
_KNOWN = 10_000  # participants in memory


class Denied(Exception):
    """The token is none, not for this, or too old."""


@dataclass(frozen=True, slots=True)
class Joining:
    """Somebody who will take part, and the token that is handed out once."""

    participant: Participant
    token: str

    @property
    def id(self) -> str:
        return self.participant.id


class Chats:
    """`clock` is milliseconds since the epoch; `hub` has the sockets."""

    def __init__(self, runtime: Runtime, contacts: Contacts, clock: Callable[[], int]) -> None:
        self.hub = Hub()
        self._runtime = runtime
        self.contacts = contacts
        self._now_ms = clock
        self._known: OrderedDict[str, Participant] = OrderedDict()
        self._tickets: dict[str, tuple[str, int]] = {}
        runtime.on_items.append(self.hub.push)

    # --- joining ---

    def joining(self, instance: str, contact: Contact, role: str, name: str, *, id: str = "") -> Joining:
        """A participant of a contact, who is kept once `keep` has run in a turn of the contact."""
        participant_id = id or derived_id("participant", contact.id, role, secrets.token_hex(8))
        token, key = new_token(participant_id, until_ms=self._now_ms() + PARTICIPANT_MS)
        made = Participant(participant_id, instance, contact.id, contact.initial_id, role, name, key)
        return Joining(made, token)

    def keep(self, turn: Turn, participant: Participant) -> None:
        """Write the participant with the turn."""
        body = msgspec.json.encode(participant)
        row = {
            "id": participant.id, "instance_id": participant.instance, "contact_id": participant.contact_id,
            "body": body,
        }  # fmt: skip
        turn.writes.put("participant", row)
        turn.after.append(lambda: self._know(participant))

    async def connect(self, token: str) -> tuple[Participant, str, int]:
        """A connection for a participant token: the participant, its connection token, and until when that is good.

        The first connection is their joining. Raises Denied.
        """
        participant = await self._owner(token)
        if not fits(token, participant.token, now_ms=self._now_ms()):
            raise Denied("The participant token is not valid.")
        cell = await self.cell(participant)
        if participant.has_left or cell.seen is None or cell.seen.phase == "ended":
            raise Denied("The chat has ended.")
        until_ms = self._now_ms() + CONNECTION_MS
        made, key = new_token(participant.id, until_ms=until_ms)

        def join(turn: Turn) -> Event | None:
            now = self._known.get(participant.id, participant)
            connections = (*now.connections, key)[-MAX_CONNECTIONS:]
            self.keep(turn, replace(now, connections=connections, has_joined=True))
            if not now.has_joined:
                self.event(turn, now, "participant.joined")
            return None

        await self._runtime.turn(cell.id, join)
        return participant, made, until_ms

    def ticket(self, participant: Participant) -> tuple[str, int]:
        """A word that opens one websocket, and until when."""
        now_ms = self._now_ms()
        for word, (_, until_ms) in list(self._tickets.items()):
            if until_ms > now_ms:
                break
            del self._tickets[word]
        word, until_ms = secrets.token_urlsafe(32), now_ms + TICKET_MS
        self._tickets[word] = participant.id, until_ms
        return word, until_ms

    async def take_ticket(self, word: str) -> Participant | None:
        """Whose websocket this opens, None for nobody's."""
        participant_id, until_ms = self._tickets.pop(word, ("", 0))
        return await self.find(participant_id) if self._now_ms() < until_ms else None

    async def allowed(self, token: str) -> tuple[Participant, Cell]:
        """Whose connection token this is, and the contact they are in now. Raises Denied."""
        participant = await self._owner(token)
        now_ms = self._now_ms()
        if not any(fits(token, key, now_ms=now_ms) for key in participant.connections):
            raise Denied("The connection token is not valid.")
        return participant, await self.cell(participant)

    # --- taking part ---

    async def write(
        self, participant: Participant, cell: Cell, item_id: str, content_type: str, content: str
    ) -> dict[str, Any]:
        """A message, as an item. One of a customer may be what the flow waits for. Raises Denied."""
        found: list[dict[str, Any]] = []

        def write(turn: Turn) -> Event | None:
            if turn.contact.phase == "ended":
                return None
            found.append(self.item(turn, participant, item_id, "MESSAGE", content_type, Content=content))
            if participant.role != CUSTOMER:
                return None
            return chat.meaning(turn, content, content_type) or CustomerReturned(turn.now_ms)

        await self._runtime.turn(cell.id, write)
        if not found:
            raise Denied("The chat has ended.")
        return found[0]

    async def leave(self, participant: Participant, cell: Cell) -> None:
        """The participant is gone for good."""

        def leave(turn: Turn) -> Event | None:
            now = self._known.get(participant.id, participant)
            if now.has_left:
                return None
            self.keep(turn, replace(now, has_left=True, connections=()))
            if turn.contact.phase == "ended":
                return None
            self.event(turn, now, "participant.left")
            if now.role == CUSTOMER:
                return HungUp(turn.now_ms)
            if now.role == BOT:
                return BotDisconnected(turn.now_ms)
            return HungUp(turn.now_ms, "agent") if now.role == "AGENT" else None

        await self._runtime.turn(cell.id, leave)

    def item(
        self, turn: Turn, participant: Participant, item_id: str, type: str, content_type: str, **members: Any
    ) -> dict[str, Any]:
        """Write an item by this participant."""
        return chat.write(
            turn, item_id, type, content_type, **members, ParticipantId=participant.id,
            ParticipantRole=participant.role, DisplayName=participant.name,
        )  # fmt: skip

    def event(self, turn: Turn, participant: Participant, kind: str) -> None:
        """Write an event about this participant."""
        item_id = derived_id("item", participant.id, kind)
        self.item(turn, participant, item_id, "EVENT", chat.EVENTS + kind)

    # --- who ---

    async def find(self, participant_id: str) -> Participant | None:
        known = self._known.get(participant_id)
        if known is None:
            rows = await self.contacts.rows(sql.select(PARTICIPANT.c.body).where(PARTICIPANT.c.id == participant_id))
            if not rows:
                return None
            known = _DECODER.decode(rows[0]["body"])
            self._know(known)
        return known

    async def of_contact(self, contact_id: str) -> list[Participant]:
        rows = await self.contacts.rows(sql.select(PARTICIPANT.c.body).where(PARTICIPANT.c.contact_id == contact_id))
        return [_DECODER.decode(row["body"]) for row in rows]

    async def cell(self, participant: Participant) -> Cell:
        """The contact they are in now: where they began, or an open one of its family that it went on in."""
        cell = await self._runtime.look(participant.contact_id)
        if cell is None or cell.seen is None:
            raise Denied("There is no such chat.")
        if cell.seen.phase != "ended":
            return cell
        for contact_id in self._runtime.family(cell.seen):
            other = await self._runtime.look(contact_id)
            if other is not None and other.seen is not None and other.seen.phase != "ended":
                return other
        return cell

    async def _owner(self, token: str) -> Participant:
        participant = await self.find(owner_of(token))
        if participant is None:
            raise Denied("The token is not valid.")
        return participant

    def _know(self, participant: Participant) -> None:
        self._known[participant.id] = participant
        self._known.move_to_end(participant.id)
        while len(self._known) > _KNOWN:
            self._known.popitem(last=False)
