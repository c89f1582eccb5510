"""Files in a chat: announced, put, completed, and had again.

Source: API reference, StartAttachmentUpload, CompleteAttachmentUpload, GetAttachment; spec/participant-ws.md.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from offhook.api.chat import file
from offhook.api.chat.chats import Denied
from offhook.api.chat.files import COMPLETE, MAX_FILES, PUT, Attachment
from offhook.api.chat.participant import BOT, Participant
from offhook.api.errors import ServiceError
from offhook.api.participant_api import Desk, Operation, invalid
from offhook.api.service import Result
from offhook.core.calendar import text_of
from offhook.drivers.embedded.turn import Turn
from offhook.model.event import Event
from offhook.model.instance import derived_id

# Source: chatjs, docs/ChatAttachmentsFeature.md
_ATTACHMENT = "application/vnd.amazonaws.connect.message.attachment"


async def _start(desk: Desk, asked: dict[str, Any], request_id: str) -> Result:
    participant, cell = await desk.chats.allowed(asked["ConnectionToken"])
    name, kind, size = asked["AttachmentName"], asked["ContentType"], asked["AttachmentSizeInBytes"]
    refusal = file.refusal(name, kind)
    if refusal:
        raise invalid(refusal)
    if size > file.MAX_BYTES:
        raise invalid(f"AttachmentSizeInBytes is {size}, must be at most {file.MAX_BYTES}.")
    if await desk.files.count(cell.id) >= MAX_FILES:
        raise ServiceError("ServiceQuotaExceededException", f"A chat has at most {MAX_FILES} attachments.", status=402)
    attachment_id = derived_id("attachment", participant.id, asked["ClientToken"])
    known = await desk.files.find(attachment_id)
    if known is not None and known.state == COMPLETE:
        raise ServiceError("ConflictException", "This request was answered, and its file is complete.", status=409)
    made, url = await desk.files.start(attachment_id, participant, cell.id, name, kind, size)
    upload = {"Url": url, "UrlExpiry": text_of(made.key.until_ms), "HeadersToInclude": {"Content-Type": kind}}
    return {"AttachmentId": made.id, "UploadMetadata": upload}


async def _complete(desk: Desk, asked: dict[str, Any], request_id: str) -> Result:
    participant, cell = await desk.chats.allowed(asked["ConnectionToken"])
    found = await _of(desk, participant, asked["AttachmentIds"][0])
    if found.participant_id != participant.id:
        raise invalid("AttachmentIds: only who has announced a file completes it.")
    if found.state == COMPLETE:
        return {}
    if found.state != PUT:
        raise ServiceError("ConflictException", "The file is not there yet.", status=409)
    item_id = derived_id("item", "attachment", found.id)

    def complete(turn: Turn) -> Event | None:
        if item_id not in turn.notes and turn.contact.phase != "ended":
            turn.notes[item_id] = found
            turn.writes.put("attachment", replace(found, state=COMPLETE).row)
            desk.chats.item(turn, participant, item_id, "ATTACHMENT", _ATTACHMENT, Attachments=[found.shown])
        return None

    await desk.chats.turn(cell, complete)
    return {}


async def _get(desk: Desk, asked: dict[str, Any], request_id: str) -> Result:
    participant, _ = await desk.chats.allowed(asked["ConnectionToken"])
    if participant.role == BOT:
        raise Denied("A participant with the role CUSTOM_BOT has no access to attachments.")
    found = await _of(desk, participant, asked["AttachmentId"])
    if found.state != COMPLETE:
        raise invalid(f"AttachmentId: the upload of {found.id} is not complete.")
    is_inline = asked.get("UrlContentDisposition") == "INLINE"
    url, until_ms = desk.files.give(found, asked.get("UrlExpiryInSeconds"), is_inline=is_inline)
    return {"Url": url, "UrlExpiry": text_of(until_ms), "AttachmentSizeInBytes": found.size}


async def _of(desk: Desk, participant: Participant, attachment_id: str) -> Attachment:
    """An attachment of the participant's chat."""
    found = await desk.files.find(attachment_id)
    if found is None or found.initial_id not in await desk.chats.chats_of(participant):
        raise invalid(f"There is no attachment {attachment_id} in this chat.")
    return found


OPERATIONS: Mapping[str, Operation] = {
    "StartAttachmentUpload": _start,
    "CompleteAttachmentUpload": _complete,
    "GetAttachment": _get,
}
