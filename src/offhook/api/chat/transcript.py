"""Pages of a transcript. Items are numbered; a page begins at one of them and goes one way.

Source: API reference, GetTranscript (MaxResults 15, BACKWARD and ASCENDING are the client's defaults).
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sql

from offhook.adapters.store.contacts import Contacts
from offhook.adapters.store.schema import ITEM
from offhook.api.errors import ServiceError
from offhook.core.calendar import parse_instant
from offhook.model.errors import UsageError

_MOST = 100
_USUAL = 15


@dataclass(frozen=True, slots=True)
class Wanted:
    """`from_n`: where the page begins, by number, None for the end it is read from."""

    count: int
    is_backward: bool
    is_descending: bool
    start: Mapping[str, Any]
    from_n: int | None = None

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> "Wanted":
        """From the parameters of GetTranscript. ServiceError where the token is none."""
        start = asked.get("StartPosition", {})
        return cls(
            min(asked.get("MaxResults") or _USUAL, _MOST),
            asked.get("ScanDirection", "BACKWARD") == "BACKWARD",
            asked.get("SortOrder", "ASCENDING") == "DESCENDING",
            start,
            _number(asked["NextToken"]) if "NextToken" in asked else None,
        )


async def transcript(contacts: Contacts, initial_id: str, wanted: Wanted) -> tuple[list[dict[str, Any]], str | None]:
    """The items of the page, and the token of the next one."""
    first = await _first(contacts, initial_id, wanted)
    where = [ITEM.c.initial_id == initial_id]
    if first is not None:
        where.append(ITEM.c.n <= first if wanted.is_backward else ITEM.c.n >= first)
    order = ITEM.c.n.desc() if wanted.is_backward else ITEM.c.n
    rows = await contacts.rows(sql.select(ITEM.c.n, ITEM.c.body).where(*where).order_by(order).limit(wanted.count + 1))
    page, more = rows[: wanted.count], rows[wanted.count :]
    page.sort(key=lambda row: row["n"], reverse=wanted.is_descending)
    return [_shown(row["body"]) for row in page], _token(more[0]["n"]) if more else None


async def _first(contacts: Contacts, initial_id: str, wanted: Wanted) -> int | None:
    """The number that the page begins with."""
    if wanted.from_n is not None:
        return wanted.from_n
    start = wanted.start
    where = [ITEM.c.initial_id == initial_id]
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


def _shown(body: bytes) -> dict[str, Any]:
    item: dict[str, Any] = msgspec.json.decode(body)
    item.pop("InitialContactId", None)
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
