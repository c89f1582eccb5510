"""Pages of a transcript. Items are numbered; a page begins at one of them and goes one way.

Source: API reference, GetTranscript: the newest ten, the newest first, unless a client says otherwise, as chatjs does.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sql

from offhook.adapters.store.contacts import Contacts
from offhook.adapters.store.schema import ITEM
from offhook.api.errors import ServiceError
from offhook.core.calendar import parse_instant
from offhook.drivers.ports import Seal
from offhook.model.errors import UsageError

_MOST = 100
_USUAL = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """`initial_id` is the chat; `past` are `initial` contact ids and `contacts` of chats that it goes on from.

    `contact_id`: the items of this contact alone. `from_n`: where the page begins, by number, None for the end it is
    read from.
    """

    initial_id: str
    past: Mapping[str, Sequence[str]]
    contact_id: str
    count: int
    is_backward: bool
    is_descending: bool
    start: Mapping[str, Any]
    from_n: int | None = None

    @classmethod
    def of(cls, asked: Mapping[str, Any], initial_id: str, past: Mapping[str, Sequence[str]]) -> "Wanted":
        """From the parameters of GetTranscript. ServiceError where the token is none."""
        start = asked.get("StartPosition", {})
        return cls(
            initial_id,
            past,
            asked.get("ContactId", ""),
            min(asked.get("MaxResults") or _USUAL, _MOST),
            asked.get("ScanDirection", "FORWARD" if start else "BACKWARD") == "BACKWARD",
            asked.get("SortOrder", "DESCENDING") == "DESCENDING",
            start,
            _number(asked["NextToken"]) if "NextToken" in asked else None,
        )

    @property
    def where(self) -> list[Any]:
        """What items belong to it."""
        found = [ITEM.c.initial_id == self.initial_id]
        if self.past:
            of_past = ITEM.c.initial_id.in_(self.past["initial"]) & ITEM.c.contact_id.in_(self.past["contacts"])
            found = [(ITEM.c.initial_id == self.initial_id) | of_past]
        if self.contact_id:
            found.append(ITEM.c.contact_id == self.contact_id)
        return found


async def transcript(contacts: Contacts, seal: Seal, wanted: Wanted) -> tuple[list[dict[str, Any]], str | None]:
    """The items of the page, and the token of the next one."""
    first = await _first(contacts, wanted)
    where = wanted.where
    if first is not None:
        where.append(ITEM.c.n <= first if wanted.is_backward else ITEM.c.n >= first)
    order = ITEM.c.n.desc() if wanted.is_backward else ITEM.c.n
    rows = await contacts.rows(sql.select(ITEM.c.n, ITEM.c.body).where(*where).order_by(order).limit(wanted.count + 1))
    page, more = rows[: wanted.count], rows[wanted.count :]
    page.sort(key=lambda row: row["n"], reverse=wanted.is_descending)
    shown = [_shown(seal.open(row["body"]), wanted.initial_id) for row in page]
    return shown, _token(more[0]["n"]) if more else None


async def _first(contacts: Contacts, wanted: Wanted) -> int | None:
    """The number that the page begins with."""
    if wanted.from_n is not None:
        return wanted.from_n
    start, where = wanted.start, wanted.where
    if "Id" in start:
        rows = await contacts.rows(sql.select(ITEM.c.n).where(*where, ITEM.c.id == start["Id"]))
        if not rows:
            raise _invalid("StartPosition: there is no such item in this chat.")
        return int(rows[0]["n"])
    if "AbsoluteTime" in start:
        try:
            at_ms = parse_instant(start["AbsoluteTime"])
        except (UsageError, ValueError):
            raise _invalid("StartPosition: AbsoluteTime must be a time in ISO 8601.") from None
        column = sql.func.max(ITEM.c.n) if wanted.is_backward else sql.func.min(ITEM.c.n)
        side = ITEM.c.at_ms <= at_ms if wanted.is_backward else ITEM.c.at_ms >= at_ms
        rows = await contacts.rows(sql.select(column.label("n")).where(*where, side))
        nothing = -1 if wanted.is_backward else 2**62
        return nothing if rows[0]["n"] is None else int(rows[0]["n"])
    if "MostRecent" in start:
        most_recent = sql.select(ITEM.c.n).where(*where).order_by(ITEM.c.n.desc()).limit(start["MostRecent"])
        rows = await contacts.rows(most_recent)
        return int(rows[-1]["n"]) if rows and not wanted.is_backward else None
    return None


def _shown(body: bytes, initial_id: str) -> dict[str, Any]:
    """As GetTranscript has it: what was said in an earlier chat has a RelatedContactId in place of a ContactId."""
    item: dict[str, Any] = msgspec.json.decode(body)
    if item.pop("InitialContactId", initial_id) != initial_id:
        item["RelatedContactId"] = item.pop("ContactId")
    return item


def _token(number: int) -> str:
    return base64.urlsafe_b64encode(f"at {number}".encode()).decode()


def _number(token: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("at "))
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise _invalid("NextToken is none of ours; leave it out to begin anew.") from None


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)
