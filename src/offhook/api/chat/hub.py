"""The sockets of all chats: an item that was committed goes to every socket of its family, in order.

A socket has a queue of its own; one that does not read is dropped, and its client finds the items in the transcript.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec

from offhook.api.chat import frame
from offhook.drivers.embedded import chat

MAX_WAITING = 1_000  # frames for one socket (ours)
_ENDED = chat.ENDED.encode()


class Outlet:
    """What is to be sent to one socket of a participant. None in the queue: close it."""

    def __init__(self, participant_id: str, initial_id: str) -> None:
        self.participant_id = participant_id
        self.initial_id = initial_id
        self.is_subscribed = False
        self.frames: asyncio.Queue[str | None] = asyncio.Queue(MAX_WAITING)

    def put(self, frame: str | None) -> None:
        try:
            self.frames.put_nowait(frame)
        except asyncio.QueueFull:
            while not self.frames.empty():
                self.frames.get_nowait()
            self.frames.put_nowait(None)


class Hub:
    """See the module."""

    def __init__(self) -> None:
        self._outlets: dict[str, set[Outlet]] = defaultdict(set)

    @property
    def count(self) -> int:
        return sum(map(len, self._outlets.values()))

    def of(self, participant_id: str, initial_id: str) -> list[Outlet]:
        return [each for each in self._outlets.get(initial_id, ()) if each.participant_id == participant_id]

    def open(self, outlet: Outlet) -> None:
        self._outlets[outlet.initial_id].add(outlet)

    def shut(self, outlet: Outlet) -> None:
        self._outlets[outlet.initial_id].discard(outlet)
        if not self._outlets[outlet.initial_id]:
            del self._outlets[outlet.initial_id]

    def push(self, items: Sequence[dict[str, Any]]) -> None:
        """Items that were committed, as rows of transcripts. After the end of a chat its sockets are closed."""
        for row in items:
            outlets = self._outlets.get(row["initial_id"])
            if not outlets:
                continue
            self._send(outlets, row["body"].decode())
            if _ENDED in row["body"] and msgspec.json.decode(row["body"])["ContentType"] == chat.ENDED:
                for outlet in outlets:
                    outlet.put(None)

    def dismiss(self, participant_id: str, initial_id: str, item: str) -> None:
        """A last item for one participant, who is gone."""
        self.tell(initial_id, item, only=participant_id)
        for outlet in self.of(participant_id, initial_id):
            outlet.put(None)

    def tell(self, initial_id: str, item: str, *, but: str = "", only: str = "") -> None:
        """An item that no transcript keeps (typing, receipts), to all but one participant, or to one only."""
        outlets = self._outlets.get(initial_id, set())
        chosen = {
            each for each in outlets if each.participant_id != but and only in ("", each.participant_id)
        }  # fmt: skip
        self._send(chosen, item)

    def _send(self, outlets: set[Outlet], item: str) -> None:
        sent = frame.chat(item)
        for outlet in outlets:
            if outlet.is_subscribed:
                outlet.put(sent)

    def close(self) -> None:
        """Every socket is told to go."""
        for outlets in self._outlets.values():
            for outlet in outlets:
                outlet.put(None)
