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
from offhook.adapters.store.schema import ITEM, PARTICIPANT
from offhook.api.chat import alarm
from offhook.api.chat.hub import Hub
from offhook.api.chat.participant import (
    AGENT,
    BOT,
    CUSTOMER,
    MAX_CONNECTIONS,
    MAX_TOKENS,
    Lifetimes,
    Participant,
    fits,
    new_token,
    owner_of,
)
from offhook.api.chat.receipt import Receipts
from offhook.core.calendar import text_of
from offhook.core.phases import WITHOUT_AGENT
from offhook.drivers.embedded import chat
from offhook.drivers.embedded.cell import Cell, Deed
from offhook.drivers.embedded.runtime import Runtime
from offhook.drivers.embedded.turn import Turn
from offhook.model.contact import Contact
from offhook.model.event import BotDisconnected, CustomerReturned, Event, HungUp
from offhook.model.instance import derived_id

_DECODER = msgspec.json.Decoder(Participant)
SOCKET = "/participant/websocket"
_KNOWN = 10_000  # participants in memory
_SENT = 50_000  # messages, as far as a repeated request asks for them


class Denied(Exception):
    """The token is none, not for this, or too old; or the chat is over."""


@dataclass(frozen=True, slots=True)
class Joining:
    """Somebody who will take part, and the token that is handed out once."""

    participant: Participant
    token: str
    until_ms: int

    @property
    def id(self) -> str:
        return self.participant.id


class Chats:
    """`clock` is milliseconds since the epoch; `url` is where clients reach the server; `hub` has the sockets."""

    def __init__(
        self, runtime: Runtime, contacts: Contacts, clock: Callable[[], int], url: str,
        lifetimes: Lifetimes | None = None,
    ) -> None:  # fmt: skip
        self.hub = Hub()
        self.contacts = contacts
        self.lifetimes = lifetimes or Lifetimes()
        self.receipts = Receipts(contacts, runtime.seal, self.hub)
        self.seal = runtime.seal
        self._runtime = runtime
        self._now_ms = clock
        self._url = url
        self._known: OrderedDict[str, Participant] = OrderedDict()
        self._inherited: set[str] = set()
        self._has_forgotten = False
        self._sent: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._tickets: dict[str, tuple[str, int]] = {}
        runtime.on_items.append(self.hub.push)
        alarm.wind(runtime)

    # --- joining ---

    def joining(
        self, instance: str, contact: Contact, role: str, name: str, *, id: str = "", agent: str = "",
        life_ms: int | None = None,
    ) -> Joining:  # fmt: skip
        """A participant of a contact, who is kept once `keep` has run in a turn of the contact."""
        participant_id = id or derived_id("participant", contact.id, role, secrets.token_hex(8))
        until_ms = self._now_ms() + (life_ms or self.lifetimes.participant_ms)
        token, key = new_token(participant_id, until_ms=until_ms)
        made = Participant(participant_id, instance, contact.id, contact.initial_id, role, name, (key,), agent=agent)
        return Joining(made, token, until_ms)

    async def joining_again(self, participant: Participant, cell_id: str) -> Joining:
        """One more token for somebody who takes part already: the request that made them was repeated."""
        until_ms = participant.tokens[0].until_ms
        token, key = new_token(participant.id, until_ms=until_ms)

        def add(turn: Turn) -> Event | None:
            now = self.now(turn, participant)
            self.keep(turn, replace(now, tokens=(*now.tokens, key)[-MAX_TOKENS:]))
            return None

        await self._runtime.turn(cell_id, add)
        return Joining(participant, token, until_ms)

    def keep(self, turn: Turn, participant: Participant) -> None:
        """Write the participant with the turn."""
        row = {
            "id": participant.id, "instance_id": participant.instance, "contact_id": participant.contact_id,
            "body": msgspec.json.encode(participant),
        }  # fmt: skip
        turn.writes.put("participant", row)
        turn.notes[participant.id] = participant
        turn.after.append(lambda: self._know(participant))

    def now(self, turn: Turn, participant: Participant) -> Participant:
        """The participant as they are now, within this turn."""
        found: Participant = turn.notes.get(participant.id) or self._known.get(participant.id, participant)
        return found

    async def holder(self, token: str) -> Participant:
        """Whose participant token this is. Raises Denied."""
        participant = await self._owner(token)
        if not any(fits(token, key, now_ms=self._now_ms()) for key in participant.tokens):
            raise Denied("The participant token is not valid.")
        return participant

    async def connect(self, token: str, *, accepts: bool = False) -> tuple[Participant, str, int]:
        """A connection for a participant token: the participant, its connection token, and until when that is good.

        The first connection is their joining; an agent's is the one with which the agent `accepts`, or has accepted.
        Raises Denied.
        """
        participant = await self.holder(token)
        cell = await self.cell(participant)
        if participant.has_left or cell.seen is None or cell.seen.phase == "ended":
            raise Denied("The chat has ended.")
        if participant.role == AGENT and accepts:
            self._runtime.floor(cell.instance_id).accept(cell.id, participant.agent)
        until_ms = self._now_ms() + self.lifetimes.connection_ms
        made, key = new_token(participant.id, until_ms=until_ms)

        def join(turn: Turn) -> Event | None:
            now = self.now(turn, participant)
            self._join(turn, replace(now, connections=(*now.connections, key)[-MAX_CONNECTIONS:]))
            return None

        await self._runtime.turn(cell.id, join)
        return participant, made, until_ms

    def _join(self, turn: Turn, now: Participant) -> None:
        """They are there from now on, unless they were before or must not be yet."""
        joins = not now.has_joined and is_in(turn.contact, now)
        self.keep(turn, replace(now, has_joined=now.has_joined or joins))
        if joins:
            self.event(turn, now, "participant.joined")
            alarm.joined(turn, now)

    def websocket(self, participant: Participant) -> dict[str, str]:
        """Where the participant may open one websocket, and until when."""
        now_ms = self._now_ms()
        for word, (_, until_ms) in list(self._tickets.items()):
            if until_ms > now_ms:
                break
            del self._tickets[word]
        word, until_ms = secrets.token_urlsafe(32), now_ms + self.lifetimes.ticket_ms
        self._tickets[word] = participant.id, until_ms
        url = f"ws{self._url.removeprefix('http')}{SOCKET}?ticket={word}"
        return {"Url": url, "ConnectionExpiry": text_of(until_ms)}

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
        cell = await self.cell(participant)
        if cell.seen is None or cell.seen.phase == "ended":
            raise Denied("The chat has ended.")
        return participant, cell

    # --- taking part ---

    async def write(
        self, participant: Participant, cell: Cell, item_id: str, content_type: str, content: str
    ) -> dict[str, Any]:
        """A message, as an item. One of a customer may be what the flow waits for. Raises Denied.

        A message that is there already (the request was repeated) is not written again.
        """
        found = await self._before(participant, item_id)
        if found is not None:
            return found
        written: list[dict[str, Any]] = []

        def write(turn: Turn) -> Event | None:
            sent = self._sent.get(item_id) or turn.notes.get(item_id)
            if sent is not None:
                written.append(sent)
                return None
            if turn.contact.phase == "ended" or not is_in(turn.contact, participant):
                return None
            is_secret = participant.role == CUSTOMER and chat.is_secret(turn, content_type)
            item = self.item(turn, participant, item_id, "MESSAGE", content_type, is_secret=is_secret, Content=content)
            return self._wrote(turn, participant, item, written)

        await self._runtime.turn(cell.id, write)
        if not written:
            raise Denied("The chat has ended, or the agent has not accepted it.")
        return written[0]

    def _wrote(
        self, turn: Turn, participant: Participant, item: dict[str, Any], written: list[dict[str, Any]]
    ) -> Event | None:
        """What a message means for the contact."""
        written.append(item)
        turn.notes[item["Id"]] = item
        turn.after.append(lambda: self._remember(item))
        alarm.wrote(turn, participant)
        if participant.role != CUSTOMER:
            return None
        return chat.meaning(turn, item["Content"], item["ContentType"]) or CustomerReturned(turn.now_ms)

    async def _before(self, participant: Participant, item_id: str) -> dict[str, Any] | None:
        """The item that an earlier request has written. Only what is not in memory any more must be looked for."""
        if item_id in self._sent or not (self._has_forgotten or participant.id in self._inherited):
            return self._sent.get(item_id)
        rows = await self.contacts.rows(sql.select(ITEM.c.body).where(ITEM.c.id == item_id))
        return msgspec.json.decode(self.seal.open(rows[0]["body"])) if rows else None

    def _remember(self, item: dict[str, Any]) -> None:
        self._sent[item["Id"]] = {"Id": item["Id"], "AbsoluteTime": item["AbsoluteTime"]}
        if len(self._sent) > _SENT:
            self._sent.popitem(last=False)
            self._has_forgotten = True

    async def acknowledge(self, participant: Participant, cell: Cell) -> None:
        """The agent accepts the contact that is on offer to them; for others it changes nothing."""
        if participant.role != AGENT:
            return
        self._runtime.floor(cell.instance_id).accept(cell.id, participant.agent)

        def join(turn: Turn) -> Event | None:
            self._join(turn, self.now(turn, participant))
            return None

        await self._runtime.turn(cell.id, join)

    async def turn(self, cell: Cell, deed: Deed) -> None:
        """Do something in the turn of a chat."""
        await self._runtime.turn(cell.id, deed)

    async def leave(self, participant: Participant, cell: Cell) -> None:
        """The participant is gone for good."""

        def leave(turn: Turn) -> Event | None:
            now = self.now(turn, participant)
            if now.has_left or turn.contact.phase == "ended":
                return None
            if now.role == CUSTOMER and _stays_for_survey(turn):
                return self._send_agent_away(turn)
            self.keep(turn, replace(now, has_left=True, connections=()))
            self.event(turn, now, "participant.left")
            turn.after.append(lambda: self._dismiss(now, turn.cell.id, turn.now_ms))
            return _left(turn, now)

        await self._runtime.turn(cell.id, leave)

    def _send_agent_away(self, turn: Turn) -> Event:
        agent = turn.cell.marks.more.get("people", {}).get(AGENT)
        if agent is not None:
            item_id = derived_id("item", turn.cell.id, "sent away")
            chat.write(turn, item_id, "EVENT", chat.EVENTS + "participant.left", **agent)
        alarm.end_for(turn, "CUSTOMER_DISCONNECT")
        return HungUp(turn.now_ms, "agent")

    def _dismiss(self, participant: Participant, contact_id: str, at_ms: int) -> None:
        """Who leaves a chat that goes on hears that it is over for them; where it has ended they have heard already."""
        ended = {
            "Id": derived_id("item", participant.id, "over"), "Type": "EVENT", "ContentType": chat.ENDED,
            "AbsoluteTime": text_of(at_ms), "ContactId": contact_id, "InitialContactId": participant.initial_id,
        }  # fmt: skip
        text = msgspec.json.encode(ended).decode()
        # after the items of the turn, which are pushed when all of its deeds are done
        self._runtime.later(0, lambda: self.hub.dismiss(participant.id, participant.initial_id, text))

    def item(
        self, turn: Turn, participant: Participant, item_id: str, type: str, content_type: str, **members: Any
    ) -> dict[str, Any]:
        """Write an item by this participant."""
        return chat.write(turn, item_id, type, content_type, **members, **participant.shown)

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
            known = self._known.get(participant_id)
            if known is None:
                known = _DECODER.decode(rows[0]["body"])
                self._inherited.add(participant_id)
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

    async def chats_of(self, participant: Participant) -> set[str]:
        """The chats, by initial contact id, that they may read: their own, and those that it goes on from."""
        cell = await self.cell(participant)
        return {participant.initial_id, *cell.seen_marks.more.get("past", {}).get("initial", ())}

    async def _owner(self, token: str) -> Participant:
        participant = await self.find(owner_of(token))
        if participant is None:
            raise Denied("The token is not valid.")
        return participant

    def _know(self, participant: Participant) -> None:
        self._known[participant.id] = participant
        self._known.move_to_end(participant.id)
        while len(self._known) > _KNOWN:
            gone, _ = self._known.popitem(last=False)
            self._inherited.discard(gone)


def is_in(contact: Contact, participant: Participant) -> bool:
    """Whether they may take part in the contact now: an agent, once the agent has it."""
    if participant.role != AGENT:
        return True
    return contact.agent is not None and contact.agent.name == participant.agent and contact.phase not in WITHOUT_AGENT


def _left(turn: Turn, participant: Participant) -> Event | None:
    """What it means for the contact that somebody has left."""
    if participant.role == CUSTOMER:
        first = turn.cell.marks.more.get("people", {}).get(CUSTOMER, participant.shown)
        return HungUp(turn.now_ms) if first["ParticipantId"] == participant.id else None
    if participant.role == BOT:
        return BotDisconnected(turn.now_ms)
    return HungUp(turn.now_ms, "agent") if participant.role == AGENT and is_in(turn.contact, participant) else None


def _stays_for_survey(turn: Turn) -> bool:
    """Whether the customer who ends the chat goes on into its disconnect flow, and the agent leaves.

    Source: API reference, StartChatContact, DisconnectOnCustomerExit.
    """
    contact = turn.contact
    has_agent = contact.agent is not None and contact.phase not in WITHOUT_AGENT
    wants = AGENT in turn.cell.marks.more.get("leavers", ())
    return wants and has_agent and bool(contact.hooks.get("CustomerRemaining"))
