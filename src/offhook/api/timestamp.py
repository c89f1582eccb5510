"""Instants in the three spellings of AWS's protocols.

A JSON body has seconds since the epoch, a query or path ISO 8601, a header RFC 822, unless the model says otherwise.
Source: spec/aws-api.md, rule 2.
"""

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

BODY, QUERY, HEADER = "unixTimestamp", "iso8601", "rfc822"


def read(value: Any) -> datetime:
    """The instant, however it is spelled. ValueError where it is none."""
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(value)
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError):
        raise ValueError(value) from None


def _from_text(text: str) -> datetime:
    try:
        return read(float(text))
    except ValueError:
        pass
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = parsedate_to_datetime(text)
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)


def write(instant: datetime, spelling: str) -> str | float:
    """A number with milliseconds for a body, else a text."""
    instant = instant.astimezone(UTC)
    if spelling == BODY:
        return round(instant.timestamp(), 3)
    if spelling == QUERY:
        return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return format_datetime(instant, usegmt=True)
