"""How much may run at once in a host, and which process has to go when another one needs its place."""

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from offhook.adapters.lambdas.process import Process


class Capacity:
    """Counts processes and invocations of all functions of a host. All but `lock` is used under that lock.

    `processes` bounds how many there are, `invocations` how many invocations run at once (None: no bound).
    """

    def __init__(self, *, processes: int, invocations: int | None) -> None:
        self.lock = threading.RLock()
        self._processes = processes
        self._invocations = invocations
        self._serving = 0
        self._running = 0
        self._idle: dict[Process, None] = {}  # in the order in which they became idle

    def begin(self) -> bool:
        """Count an invocation, if it may run."""
        if self._invocations is not None and self._running >= self._invocations:
            return False
        self._running += 1
        return True

    def finish(self) -> None:
        self._running -= 1

    def enter(self) -> bool:
        """Count a process, if there is room: else the one that was idle for longest, of whatever function, ends."""
        if self._serving >= self._processes and self._idle:
            next(iter(self._idle)).end()
        if self._serving >= self._processes:
            return False
        self._serving += 1
        return True

    def leave(self, process: "Process") -> None:
        self._serving -= 1
        self.occupy(process)

    def free(self, process: "Process") -> None:
        self._idle[process] = None

    def occupy(self, process: "Process") -> None:
        self._idle.pop(process, None)
