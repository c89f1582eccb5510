"""Reads each committed turn once, for all who want to know what is over with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from offhook.api.operations.passage import Invoked, Passages, Passed
from offhook.drivers.embedded.turn import Turn

Reader = Callable[[Turn, list[Passed | Invoked]], None]


@dataclass(frozen=True, slots=True)
class Watch:
    """One of `Runtime.watchers`."""

    passages: Passages
    readers: Sequence[Reader]

    def __call__(self, turn: Turn) -> None:
        found = self.passages.read(turn)
        for read in self.readers:
            read(turn, found)
