"""Chats begin, anew or where an earlier one ended.

A repeated ClientToken gives the chat that it made, with one more token for it.
Source: API reference, StartChatContact; adminguide/chat-persistence.html.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql

from offhook.adapters.store.schema import CONTACT
from offhook.api.chat import alarm
from offhook.api.chat.chats import Joining
from offhook.api.chat.participant import CUSTOMER, SYSTEM
from offhook.api.connect_api.connect import Connect, Operation, invalid, refused
from offhook.api.connect_api.contact import attributes_of, cell_of, seen
from offhook.api.connect_api.start import begin, flow_of, prepared
from offhook.api.errors import ServiceError
from offhook.api.service import Result
from offhook.core.calendar import text_of
from offhook.drivers.embedded import chat
from offhook.drivers.embedded.cell import Cell
from offhook.drivers.embedded.turn import Turn
from offhook.model.contact import Contact
from offhook.model.event import Event
from offhook.model.instance import derived_id

TYPES = (chat.PLAIN, "text/markdown", "application/json", chat.INTERACTIVE, chat.RESPONSE)
_INTERACTIVE = {chat.INTERACTIVE, chat.RESPONSE}
_MINUTE_MS = 60_000
_GUIDE = "connect:Guide"


@dataclass(frozen=True, slots=True)
class Past:
    """The chat that another goes on from: `source` is the contact, `chats` are initial contact ids and `contacts` ids
    of contacts that can be read again.
    """

    source: Cell
    chats: tuple[str, ...]
    contacts: tuple[str, ...]


async def _start(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    details = asked["ParticipantDetails"]
    types = _types(asked)
    past = await _past(connect, asked)
    if "ChatStreamingConfiguration" in asked:
        sentence = "ChatStreamingConfiguration: streaming to SNS is not built in offhook yet."
        raise ServiceError("NotImplementedException", sentence, status=501)
    contact = prepared(
        connect, instance, asked, flow_of(connect, instance, asked), "CHAT", "API", await _fields(connect, asked, past)
    )
    minutes = asked.get("ChatDurationInMinutes", alarm.CHAT_MINUTES)
    more = {
        "minutes": minutes,
        "types": types,
        "leavers": asked.get("DisconnectOnCustomerExit"),
        "past": None if past is None else {"initial": past.chats, "contacts": past.contacts},
    }
    joined = connect.chats.joining(
        instance.id, contact, CUSTOMER, details["DisplayName"], id=customer_id(contact), life_ms=minutes * _MINUTE_MS
    )

    def join(turn: Turn) -> Event | None:
        connect.chats.keep(turn, joined.participant)
        alarm.begin(turn)
        if past is not None:
            _rehydrated(turn, contact)
        if "InitialMessage" in asked:
            _say(connect, turn, joined, asked["InitialMessage"])
        return None

    if not await begin(connect, instance, contact, more, join):
        known = await connect.chats.find(joined.id)
        if known is None:
            raise refused("ClientToken: what it began is no chat.")
        joined = await connect.chats.joining_again(known, contact.id)
    return {
        "ContactId": contact.id,
        "ParticipantId": joined.id,
        "ParticipantToken": joined.token,
        "ContinuedFromContactId": past.source.id if past is not None else None,
        **await _connected(connect, joined, asked.get("ConnectionTypes", ())),
    }


def customer_id(contact: Contact) -> str:
    """The participant id of the customer of a chat."""
    return derived_id("participant", contact.id, CUSTOMER)


def _types(asked: Mapping[str, Any]) -> tuple[str, ...]:
    """The content types that the chat supports; without any text alone."""
    types = tuple(asked.get("SupportedMessagingContentTypes", (chat.PLAIN,)))
    if chat.PLAIN not in types:
        raise refused(f"SupportedMessagingContentTypes must have {chat.PLAIN}.")
    if unknown := [each for each in types if each not in TYPES]:
        raise refused(f"SupportedMessagingContentTypes has {unknown[0]!r}, must have some of {', '.join(TYPES)}.")
    message = asked.get("InitialMessage", {"ContentType": chat.PLAIN})
    if message["ContentType"] not in types or message["ContentType"] == chat.INTERACTIVE:
        raise refused(f"InitialMessage: ContentType is {message['ContentType']!r}, which the chat does not support.")
    subtype = asked.get("SegmentAttributes", {}).get("connect:Subtype", {}).get("ValueString")
    if subtype == _GUIDE and not _INTERACTIVE.issubset(types):
        raise refused(f"SegmentAttributes: a {_GUIDE} needs SupportedMessagingContentTypes with {chat.INTERACTIVE}.")
    return types


async def _fields(connect: Connect, asked: Mapping[str, Any], past: Past | None) -> dict[str, Any]:
    """Of the contact. One that is related to another has its attributes, to which those of the request are added."""
    related = past.source if past is not None else None
    if "RelatedContactId" in asked:
        if past is not None:
            raise refused("RelatedContactId and PersistentChat cannot both be given.")
        related = await cell_of(connect, asked, "RelatedContactId", unknown="ResourceNotFoundException")
    attributes = attributes_of(asked)
    fields: dict[str, Any] = {
        "attributes": attributes,
        "name": asked["ParticipantDetails"]["DisplayName"],
        "customer_id": asked.get("CustomerId"),
        "segment_attributes": dict(asked.get("SegmentAttributes", {})),
    }
    if related is not None:
        fields |= {"related_id": related.id, "attributes": {**related.seen_attributes, **attributes}}
    if "InitialMessage" in asked:  # $.Media.InitialMessage. Source: adminguide/connect-attrib-list.html
        fields["system"] = {"Media": {"InitialMessage": asked["InitialMessage"]["Content"]}}
    return fields


def _say(connect: Connect, turn: Turn, joined: Joining, message: Mapping[str, Any]) -> None:
    item_id = derived_id("item", turn.cell.id, "initial")
    words = message["ContentType"], message["Content"]
    connect.chats.item(turn, joined.participant, item_id, "MESSAGE", words[0], Content=words[1])


async def _connected(connect: Connect, joined: Joining, kinds: Any) -> dict[str, Any]:
    """A connection, for clients that want it at once."""
    found: dict[str, Any] = {}
    if "CONNECTION_CREDENTIALS" in kinds:
        _, token, until_ms = await connect.chats.connect(joined.token)
        found["ConnectionCredentials"] = {"ConnectionToken": token, "Expiry": text_of(until_ms)}
        if "WEBSOCKET" in kinds:
            found["Websocket"] = connect.chats.websocket(joined.participant)
    return found


# --- a chat that goes on ---


async def _past(connect: Connect, asked: Mapping[str, Any]) -> Past | None:
    persistent = asked.get("PersistentChat")
    if not persistent:
        return None
    if "RehydrationType" not in persistent or "SourceContactId" not in persistent:
        raise invalid("PersistentChat needs RehydrationType and SourceContactId.")
    named = {"InstanceId": asked["InstanceId"], "SourceContactId": persistent["SourceContactId"]}
    source = await cell_of(connect, named, "SourceContactId", unknown="ResourceNotFoundException")
    family = await connect.contacts.rows(
        sql.select(CONTACT.c.id, CONTACT.c.is_open, CONTACT.c.channel)
        .where(CONTACT.c.initial_id == seen(source).initial_id)
        .order_by(CONTACT.c.initiated_ms, CONTACT.c.id)
    )
    if any(row["is_open"] or row["channel"] != "CHAT" for row in family):
        raise refused("PersistentChat: only a chat that has ended can go on.")
    ids = [row["id"] for row in family]
    if persistent["RehydrationType"] == "FROM_SEGMENT":
        ids = ids[: ids.index(source.id) + 1]
    elif source.id != seen(source).initial_id:
        raise refused("PersistentChat: for ENTIRE_PAST_SESSION the SourceContactId is an initial contact id.")
    last = await connect.runtime.look(ids[-1]) or source
    before = source.seen_marks.more.get("past", {})
    chats = (*before.get("initial", ()), seen(source).initial_id)
    return Past(last, chats, (*before.get("contacts", ()), *ids))


def _rehydrated(turn: Turn, contact: Contact) -> None:
    who = derived_id("participant", contact.initial_id, SYSTEM)
    system = {"ParticipantId": who, "ParticipantRole": SYSTEM, "DisplayName": SYSTEM}
    item_id = derived_id("item", contact.id, "rehydrated")
    chat.write(turn, item_id, "EVENT", chat.EVENTS + "chat.rehydrated", **dict[str, Any](system))


OPERATIONS: Mapping[str, Operation] = {"StartChatContact": _start}
