"""Connections, messages, the transcript, and leaving.

Source: API reference of the participant service; spec/participant-ws.md.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from offhook.api.chat.participant import AGENT, CUSTOMER
from offhook.api.chat.transcript import Wanted, transcript
from offhook.api.participant_api import Desk, Operation, invalid
from offhook.api.service import Result
from offhook.core.calendar import text_of
from offhook.drivers.embedded import chat
from offhook.model.instance import derived_id

_MESSAGES = (chat.PLAIN, "text/markdown", "application/json", chat.INTERACTIVE, chat.RESPONSE)
_JSON = (*_MESSAGES[2:],)
_MAX_BYTES = 16_384  # of Content, whatever its type. Source: API reference, SendMessage


async def _connect(desk: Desk, asked: dict[str, Any], request_id: str) -> Result:
    await desk.chats.holder(asked["ParticipantToken"])
    kinds, accepts = asked.get("Type", ()), asked.get("ConnectParticipant", False)
    if not kinds and not accepts:
        raise invalid("Type or ConnectParticipant must be given.")
    if "WEBRTC_CONNECTION" in kinds:
        raise invalid("Type: a chat has no WEBRTC_CONNECTION.")
    participant, token, until_ms = await desk.chats.connect(asked["ParticipantToken"], accepts=accepts)
    answer: dict[str, Any] = {}
    if "CONNECTION_CREDENTIALS" in kinds:
        answer["ConnectionCredentials"] = {"ConnectionToken": token, "Expiry": text_of(until_ms)}
    if "WEBSOCKET" in kinds:
        answer["Websocket"] = desk.chats.websocket(participant)
    return answer


async def _send(desk: Desk, asked: dict[str, Any], request_id: str) -> Result:
    participant, cell = await desk.chats.allowed(asked["ConnectionToken"])
    kind, content = asked["ContentType"], asked["Content"]
    types = cell.seen_marks.more.get("types", (chat.PLAIN,))
    if kind not in _MESSAGES or (kind == chat.INTERACTIVE and participant.role == CUSTOMER):
        raise invalid(f"ContentType is {kind!r}, must be one of {', '.join(_MESSAGES)}.")
    if kind not in types:
        raise invalid(
            f"ContentType is {kind!r}; this chat supports {', '.join(types)} (SupportedMessagingContentTypes)."
        )
    size = len(content.encode("utf-8", "surrogatepass"))
    if not content.strip() or size > _MAX_BYTES:
        raise invalid(f"Content has {size} bytes; it must have 1 to {_MAX_BYTES}, and not be blank.")
    if kind in _JSON and not _is_json(content):
        raise invalid(f"Content is not JSON, which {kind} must be.")
    token = asked.get("ClientToken")
    item_id = desk.new_id() if token is None else derived_id("item", participant.id, token)
    item = await desk.chats.write(participant, cell, item_id, kind, content)
    return {"Id": item["Id"], "AbsoluteTime": item["AbsoluteTime"]}


def _is_json(content: str) -> bool:
    try:
        msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return True


async def _transcript(desk: Desk, asked: dict[str, Any], request_id: str) -> Result:
    participant, cell = await desk.chats.allowed(asked["ConnectionToken"])
    past = cell.seen_marks.more.get("past", {}) if participant.role in (CUSTOMER, AGENT) else {}
    wanted = Wanted.of(asked, participant.initial_id, past)
    items, token = await transcript(desk.chats.contacts, desk.chats.seal, wanted)
    return {"InitialContactId": participant.initial_id, "Transcript": items, "NextToken": token}


async def _disconnect(desk: Desk, asked: dict[str, Any], request_id: str) -> Result:
    participant, cell = await desk.chats.allowed(asked["ConnectionToken"])
    await desk.chats.leave(participant, cell)
    return {}


OPERATIONS: Mapping[str, Operation] = {
    "CreateParticipantConnection": _connect,
    "SendMessage": _send,
    "GetTranscript": _transcript,
    "DisconnectParticipant": _disconnect,
}
