"""What will happen to contacts, by when it is due. The rows are the store's; this is their order in memory."""

import asyncio
import itertools
from collections.abc import Callable
from heapq import heappop, heappush

from offhook.model.event import Event

# Gets the id of the row, the contact and the event
Happen = Callable[[str, str, Event], None]


class Due:
    """`happen` is told what is due, the earliest first, when `fire` is called or the clock comes to it."""

    def __init__(self, clock: Callable[[], int], happen: Happen) -> None:
        self._now_ms = clock
        self._happen = happen
        self._events: dict[str, tuple[str, Event]] = {}
        self._heap: list[tuple[int, int, str]] = []
        self._order = itertools.count()
        self._alarm: asyncio.TimerHandle | None = None
        self._is_running = False

    def __contains__(self, due_id: str) -> bool:
        return due_id in self._events

    def __len__(self) -> int:
        return len(self._events)

    def start(self) -> None:
        self._is_running = True
        self._ring()

    def stop(self) -> None:
        self._is_running = False
        if self._alarm is not None:
            self._alarm.cancel()

    def arm(self, due_id: str, contact_id: str, at_ms: int, event: Event) -> None:
        """Let the event happen then; its row is there."""
        self._events[due_id] = contact_id, event
        heappush(self._heap, (at_ms, next(self._order), due_id))
        if self._heap[0][2] == due_id:
            self._ring()

    def disarm(self, due_id: str) -> None:
        self._events.pop(due_id, None)

    def fire(self) -> None:
        """Everything that is due by now happens."""
        now_ms = self._now_ms()
        while self._heap and self._heap[0][0] <= now_ms:
            _, _, due_id = heappop(self._heap)
            found = self._events.get(due_id)
            if found is not None:
                self._happen(due_id, *found)

    def _ring(self) -> None:
        """Be woken when the next thing is due."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        while self._heap and self._heap[0][2] not in self._events:
            heappop(self._heap)
        if self._heap and self._is_running:
            after_ms = max(0, self._heap[0][0] - self._now_ms())
            self._alarm = asyncio.get_running_loop().call_later(after_ms / 1000, self._wake)

    def _wake(self) -> None:
        self._alarm = None
        self.fire()
        self._ring()
