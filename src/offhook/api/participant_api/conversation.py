"""Connections, messages, events, the transcript, and leaving.

Source: API reference of the participant service; spec/participant-ws.md.
"""

from collections.abc import Mapping
from typing import Any

from offhook.api.chat import socket
from offhook.api.chat.transcript import Wanted, transcript
from offhook.api.errors import ServiceError
from offhook.api.participant_api import Desk, Operation
from offhook.api.service import Result
from offhook.core.calendar import text_of
from offhook.drivers.embedded import chat
from offhook.model.instance import derived_id

_MESSAGES = (chat.PLAIN, "text/markdown", "application/json", chat.INTERACTIVE, chat.RESPONSE)
_MAX_CHARACTERS = {chat.PLAIN: 1_024, "text/markdown": 1_024}  # of Content; 12,000 else. Source: the model's text
_MOST_CHARACTERS = 12_000
_TYPING = chat.EVENTS + "typing"
_RECEIPTS = {chat.EVENTS + "message.delivered": "DeliveredTimestamp", chat.EVENTS + "message.read": "ReadTimestamp"}
_ACKNOWLEDGED = chat.EVENTS + "connection.acknowledged"


async def _connect(desk: Desk, asked: dict[str, Any], request_id: str) -> Result:
    participant, token, until_ms = await desk.chats.connect(asked["ParticipantToken"])
    kinds = asked.get("Type", ())
    answer: dict[str, Any] = {}
    if "CONNECTION_CREDENTIALS" in kinds:
        answer["ConnectionCredentials"] = {"ConnectionToken": token, "Expiry": text_of(until_ms)}
    if "WEBSOCKET" in kinds:
        word, open_until_ms = desk.chats.ticket(participant)
        url = f"ws{desk.url.removeprefix('http')}{socket.PATH}?ticket={word}"
        answer["Websocket"] = {"Url": url, "ConnectionExpiry": text_of(open_until_ms)}
    return answer


async def _send(desk: Desk, asked: dict[str, Any], request_id: str) -> Result:
    participant, cell = await desk.chats.allowed(asked["ConnectionToken"])
    kind, content = asked["ContentType"], asked["Content"]
    if kind not in _MESSAGES:
        raise _invalid(f"ContentType is {kind!r}, must be one of {', '.join(_MESSAGES)}.")
    most = _MAX_CHARACTERS.get(kind, _MOST_CHARACTERS)
    if not content.strip() or len(content) > most:
        raise _invalid(f"Content has {len(content)} characters; it must have 1 to {most}, and not be blank.")
    token = asked.get("ClientToken")
    item_id = desk.new_id() if token is None else derived_id("item", participant.id, token)
    item = await desk.chats.write(participant, cell, item_id, kind, content)
    return {"Id": item["Id"], "AbsoluteTime": item["AbsoluteTime"]}


async def _transcript(desk: Desk, asked: dict[str, Any], request_id: str) -> Result:
    participant, _ = await desk.chats.allowed(asked["ConnectionToken"])
    items, token = await transcript(desk.chats.contacts, participant.initial_id, Wanted.of(asked))
    return {"InitialContactId": participant.initial_id, "Transcript": items, "NextToken": token}


async def _disconnect(desk: Desk, asked: dict[str, Any], request_id: str) -> Result:
    participant, cell = await desk.chats.allowed(asked["ConnectionToken"])
    await desk.chats.leave(participant, cell)
    return {}


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)


OPERATIONS: Mapping[str, Operation] = {
    "CreateParticipantConnection": _connect,
    "SendMessage": _send,
    "GetTranscript": _transcript,
    "DisconnectParticipant": _disconnect,
}
