"""What a run writes beside the transcript, as lines of JSON: flow log, contact records, contact events."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any, TextIO

from offhook.cli.terminal import as_json
from offhook.core import trace
from offhook.core.record import Records
from offhook.core.written import is_record
from offhook.model.contact import Contact
from offhook.model.errors import UsageError
from offhook.model.instance import Instance

STDOUT = "-"
Write = Callable[[Any], None]


def writer(option: str, path: str, out: TextIO, stack: ExitStack) -> Write:
    """Writes one line for each value, to this file or to stdout. UsageError where the file cannot be written."""
    stream = out if path == STDOUT else stack.enter_context(_opened(option, path))

    def write(value: Any) -> None:
        stream.write(as_json(value) + "\n")
        stream.flush()

    return write


def _opened(option: str, path: str) -> TextIO:
    try:
        return open(path, "w", encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"{option} {path!r}: cannot be written: {problem.strerror}.") from None


def flow_log(write: Write) -> Callable[[trace.AnyTrace], None]:
    """A sink of trace events that writes the flow log's lines."""

    def sink(event: trace.AnyTrace) -> None:
        if isinstance(event, trace.Log):
            write(event.entry)

    return sink


class Papers:
    """Contact records and contact events of all contacts of a run, each written as it comes, where it is asked for."""

    def __init__(self, instance: Instance, *, record: Write | None = None, event: Write | None = None) -> None:
        self._records = Records(instance)
        self._record = record
        self._event = event

    def take(self, events: Iterable[trace.AnyTrace], contact: Contact) -> None:
        """What follows from one step of a contact."""
        self._write(self._records.take(events, contact))

    def cleared(self, contact_id: str, agent: str, from_ms: int, until_ms: int) -> None:
        """An agent's after-contact work is over."""
        self._write(self._records.cleared(contact_id, from_ms, until_ms, agent=agent))

    def close(self) -> None:
        """The run is over, and nobody waits for agents any more."""
        self._write(self._records.rest())

    def _write(self, entries: Iterable[dict[str, Any]]) -> None:
        for entry in entries:
            write = self._record if is_record(entry) else self._event
            if write is not None:
                write(entry)
