"""What is attached to chats: bytes in a folder, under ids that we make; what is known of them is in the database.

A file is announced, put to a URL of ours that expires, and completed; only then does the chat have it. A URL holds a
random word, of which the hash alone is kept; what a client calls a file is never a path.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import quote

import msgspec
import sqlalchemy as sql
from msgspec.structs import replace

from offhook.adapters.store.contacts import Contacts
from offhook.adapters.store.schema import ATTACHMENT
from offhook.api.chat import file
from offhook.api.chat.participant import Key, Lifetimes, Participant, fits, new_token, owner_of
from offhook.model.writes import Row, Writes

PATH = "/offhook/attachments/"
MAX_FILES = 35  # of one chat (ours)
_PIECE_BYTES = 1_048_576
STARTED, PUT, COMPLETE = "started", "put", "complete"


class Attachment(msgspec.Struct, frozen=True):
    """`key` opens the URL to put it to. `state`: started, put (its bytes are here) or complete (the chat has it)."""

    id: str
    contact_id: str
    initial_id: str
    participant_id: str
    name: str
    content_type: str
    size: int
    key: Key
    state: str = STARTED

    @property
    def row(self) -> Row:
        return {"id": self.id, "contact_id": self.contact_id, "body": msgspec.json.encode(self)}

    @property
    def shown(self) -> dict[str, str]:
        """As an item has it."""
        return {
            "AttachmentId": self.id, "AttachmentName": self.name, "ContentType": self.content_type,
            "Status": "APPROVED",
        }  # fmt: skip


class Refused(Exception):
    """What was put is not what was announced, or not any more. `status` as HTTP has it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Files:
    """`url` is where clients reach the server."""

    def __init__(
        self, folder: Path, contacts: Contacts, clock: Callable[[], int], url: str, lifetimes: Lifetimes | None = None
    ) -> None:
        self._folder = folder
        self._contacts = contacts
        self._now_ms = clock
        self._url = url
        self._lifetimes = lifetimes or Lifetimes()
        self._given: dict[str, tuple[Attachment, int, bool]] = {}

    async def start(
        self, attachment_id: str, participant: Participant, contact_id: str, name: str, content_type: str, size: int
    ) -> tuple[Attachment, str]:
        """Announce a file; the URL to put it to."""
        token, key = new_token(attachment_id, until_ms=self._now_ms() + self._lifetimes.upload_ms)
        made = Attachment(
            attachment_id, contact_id, participant.initial_id, participant.id, name, content_type, size, key
        )
        await self._write(made)
        return made, f"{self._url}{PATH}{token}"

    async def put(self, word: str, content_type: str, pieces: AsyncIterator[bytes]) -> None:
        """The bytes of a file. Raises Refused."""
        found = await self.find(owner_of(word))
        if found is None or not fits(word, found.key, now_ms=self._now_ms()):
            raise Refused(403, "This URL is not valid, or not any more; call StartAttachmentUpload again.")
        if found.state == COMPLETE:
            raise Refused(409, "The file is in the chat already.")
        if content_type.partition(";")[0].strip().lower() != found.content_type:
            raise Refused(400, f"Content-Type must be {found.content_type}, as it was announced.")
        part = self._folder / f"{found.id}.{secrets.token_hex(4)}.part"
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        try:
            await self._receive(found, part, pieces)
            await asyncio.to_thread(part.replace, self._folder / found.id)
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)
        await self._write(replace(found, state=PUT))

    async def _receive(self, found: Attachment, part: Path, pieces: AsyncIterator[bytes]) -> None:
        waiting, size = bytearray(), 0
        async for piece in pieces:
            if size == 0 and waiting == b"" and piece:
                await asyncio.to_thread(part.write_bytes, b"")
            size += len(piece)
            waiting += piece
            if size > found.size:
                raise Refused(400, f"The file has more than {found.size} bytes, as it was announced.")
            if len(waiting) >= _PIECE_BYTES:
                await asyncio.to_thread(_append, part, bytes(waiting))
                waiting.clear()
        await asyncio.to_thread(_append, part, bytes(waiting))
        if size != found.size:
            raise Refused(400, f"The file has {size} bytes; {found.size} were announced.")
        beginning = await asyncio.to_thread(_beginning, part)
        if not file.begins_well(beginning, found.name, found.content_type):
            raise Refused(400, f"The file does not begin as a file of the type {found.content_type} does.")

    async def find(self, attachment_id: str) -> Attachment | None:
        rows = await self._contacts.rows(sql.select(ATTACHMENT.c.body).where(ATTACHMENT.c.id == attachment_id))
        return msgspec.json.decode(rows[0]["body"], type=Attachment) if rows else None

    async def count(self, contact_id: str) -> int:
        """How many files were announced in a contact."""
        counted = sql.select(sql.func.count().label("n")).where(ATTACHMENT.c.contact_id == contact_id)
        return int((await self._contacts.rows(counted))[0]["n"])

    def give(self, found: Attachment, seconds: int | None, *, is_inline: bool) -> tuple[str, int]:
        """A URL from which it can be had for so long, and until when."""
        now_ms = self._now_ms()
        self._given = {word: each for word, each in self._given.items() if each[1] > now_ms}
        until_ms = now_ms + (self._lifetimes.download_ms if seconds is None else seconds * 1_000)
        word = secrets.token_urlsafe(32)
        self._given[_digest(word)] = found, until_ms, is_inline
        return f"{self._url}{PATH}{word}", until_ms

    def taken(self, word: str) -> tuple[Path, dict[str, str]] | None:
        """The file that the word of a URL is for, and the headers it goes with; None for none, or none any more."""
        found, until_ms, is_inline = self._given.get(_digest(word), (None, 0, False))
        if found is None or self._now_ms() >= until_ms:
            return None
        how, name = "inline" if is_inline else "attachment", quote(found.name, safe="")
        headers = {
            "content-type": found.content_type,
            "content-disposition": f"{how}; filename*=UTF-8''{name}",
            "x-content-type-options": "nosniff",
            "content-security-policy": "sandbox; default-src 'none'",
        }  # fmt: skip
        return self._folder / found.id, headers

    async def _write(self, made: Attachment) -> None:
        writes = Writes()
        writes.put("attachment", made.row)
        await self._contacts.write(writes)


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as stream:
        stream.write(data)


def _beginning(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(file.LONGEST_BEGINNING)


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode("utf-8", "surrogatepass")).hexdigest()
