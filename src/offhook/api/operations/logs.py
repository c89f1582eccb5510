"""Lines of the log: text for people, or JSON for machines, one event a line in either.

A record may say where it belongs in `extra`: `contact_id`, `instance_id`, `flow`, and `entry`, an object.
"""

import logging
import time
from collections.abc import Callable

import msgspec

from offhook.core.calendar import text_of

PLACES = ("contact_id", "instance_id", "flow", "entry")
_ENCODER = msgspec.json.Encoder()
PAUSE_SECONDS = 60
_MAX_REMEMBERED = 1_000
_ALWAYS = "offhook.store"


class TextLines(logging.Formatter):
    """`offhook: what happened`, with the entry behind it."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"offhook: {super().format(record)}"
        entry = getattr(record, "entry", None)
        return line if entry is None else f"{line} {_ENCODER.encode(entry).decode()}"


class JsonLines(logging.Formatter):
    """`time`, `level`, `logger`, `message`, then the place, and `exception` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": text_of(int(record.created * 1000)),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **{name: getattr(record, name) for name in PLACES if hasattr(record, name)},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _ENCODER.encode(line).decode()


class Sparing(logging.Filter):
    """The same warning is written once a minute; the next time says how often it was left out. What the database says
    of its connection is always written: each line is a change.
    """

    def __init__(self, now_seconds: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now_seconds = now_seconds
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno != logging.WARNING or record.name == _ALWAYS:
            return True
        message = record.getMessage()
        key, now = (record.name, message), self._now_seconds()
        since, left_out = self._said.get(key, (-PAUSE_SECONDS, 0))
        if now - since < PAUSE_SECONDS:
            self._said[key] = since, left_out + 1
            return False
        if left_out:
            record.msg, record.args = f"{message} ({left_out} times more since then)", None
        if len(self._said) >= _MAX_REMEMBERED:
            self._said = {each: found for each, found in self._said.items() if now - found[0] < PAUSE_SECONDS}
        if len(self._said) < _MAX_REMEMBERED:
            self._said[key] = now, 0
        return True


def handler(style: str) -> logging.Handler:
    """Writes to stderr, as `text` or `json`."""
    made = logging.StreamHandler()
    made.setFormatter(JsonLines() if style == "json" else TextLines())
    made.addFilter(Sparing())
    return made
