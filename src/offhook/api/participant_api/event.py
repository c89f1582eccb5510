"""Events that participants send: typing, receipts, and an agent's acknowledgement.

Typing is told to the others and kept nowhere. A client repeats one ClientToken for all receipts of a kind, so it is not
what tells them apart: what was sent does (spec/participant-ws.md section 2). Source: API reference, SendEvent.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from offhook.api.chat.chats import is_in
from offhook.api.chat.participant import AGENT, Participant
from offhook.api.errors import ServiceError
from offhook.api.participant_api import Desk, Operation, invalid
from offhook.api.service import Result
from offhook.core.calendar import text_of
from offhook.drivers.embedded import chat
from offhook.drivers.embedded.cell import Cell
from offhook.drivers.embedded.turn import Turn
from offhook.model.event import Event
from offhook.model.instance import derived_id

_TYPING = chat.EVENTS + "typing"
_ACKNOWLEDGED = chat.EVENTS + "connection.acknowledged"
_RECEIPTS = {chat.EVENTS + "message.delivered": "DeliveredTimestamp", chat.EVENTS + "message.read": "ReadTimestamp"}
_KINDS = (_TYPING, _ACKNOWLEDGED, *_RECEIPTS)
_MOST_WITH_RECEIPTS = 2  # participants, beside the flow


async def _send(desk: Desk, asked: dict[str, Any], request_id: str) -> Result:
    participant, cell = await desk.chats.allowed(asked["ConnectionToken"])
    kind, content = asked["ContentType"], asked.get("Content", "")
    if kind not in _KINDS:
        raise invalid(f"ContentType is {kind!r}, must be one of {', '.join(_KINDS)}.")
    token = asked.get("ClientToken") or desk.new_id()
    item_id = derived_id("event", participant.id, kind, content, token)
    at = text_of(desk.now_ms())
    if kind == _TYPING:
        _type(desk, participant, cell, item_id, at)
    elif kind == _ACKNOWLEDGED:
        await desk.chats.acknowledge(participant, cell)
    else:
        await _receive(desk, participant, cell, content, _RECEIPTS[kind])
    return {"Id": item_id, "AbsoluteTime": at}


def _type(desk: Desk, participant: Participant, cell: Cell, item_id: str, at: str) -> None:
    if participant.role == AGENT and (cell.seen is None or not is_in(cell.seen, participant)):
        raise invalid("The agent has not accepted the chat.")
    item = {
        "Id": item_id, "Type": "EVENT", "ContentType": _TYPING, "AbsoluteTime": at, **participant.shown,
        "ContactId": cell.id, "InitialContactId": participant.initial_id,
    }  # fmt: skip
    desk.chats.hub.tell(participant.initial_id, msgspec.json.encode(item).decode(), but=participant.id)


async def _receive(desk: Desk, participant: Participant, cell: Cell, content: str, kind: str) -> None:
    """Somebody has got or read the message of somebody else."""
    message_id = _message_id(content)
    message = await desk.chats.receipts.message(participant.initial_id, message_id)
    if message is None or message["Type"] not in ("MESSAGE", "ATTACHMENT"):
        raise invalid(f"Content: there is no message {message_id} in this chat.")
    if message["ParticipantId"] == participant.id:
        raise invalid("Content: nobody sends receipts for messages of their own.")
    if len(cell.seen_marks.more.get("people", {})) > _MOST_WITH_RECEIPTS:
        sentence = "Receipts are not supported with more than two participants in the chat."
        raise ServiceError("ConflictException", sentence, status=409)

    def note(turn: Turn) -> Event | None:
        desk.chats.receipts.note(turn, participant, message_id, kind)
        return None

    await desk.chats.turn(cell, note)


def _message_id(content: str) -> str:
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        found = None
    message_id = found.get("messageId") if isinstance(found, dict) else None
    if not isinstance(message_id, str):
        raise invalid('Content must be JSON with the id of a message: {"messageId": "…"}.')
    return message_id


OPERATIONS: Mapping[str, Operation] = {"SendEvent": _send}
