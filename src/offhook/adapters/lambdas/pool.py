"""The warm processes of one function: one invocation each at a time, as many as there are callers, up to a bound.

A process that was cut at its caller's limit is replaced at once, and the replacement starts on nobody's time: with AWS,
too, the caller gives up and the environment stays warm for the next one. After the function's own time-out, or a crash,
the next caller pays for the cold start, as with AWS.
"""

import itertools
import threading
import time
from collections import deque

from offhook.adapters.lambdas import answer
from offhook.adapters.lambdas.call import Call
from offhook.adapters.lambdas.process import Process
from offhook.adapters.lambdas.spawn import Site
from offhook.adapters.lambdas.spec import LocalFunction
from offhook.adapters.lambdas.watch import Watch
from offhook.model.event import LambdaEnded

_CLOSE_SECONDS = 5


class Pool:
    """Processes start when they are needed and end with `close`, on errors, or because their code has changed.

    `lock` is that of the host, which all its pools share: a pool may have to end a process of another one.
    """

    def __init__(self, function: LocalFunction, site: Site) -> None:
        self.lock = site.capacity.lock
        self._function = function
        self._site = site
        self._watch = Watch(function)
        self._watching = threading.Lock()
        self._count = itertools.count()
        self._running = 0
        self._serving: set[Process] = set()
        self._idle: list[Process] = []
        self._threads: set[threading.Thread] = set()
        self._settled: deque[tuple[Call, LambdaEnded]] = deque()
        self._is_closed = False
        self._is_retired = False

    @property
    def is_alive(self) -> bool:
        """Whether a process of it still runs."""
        return any(thread.is_alive() for thread in self._threads)

    def begin(self, call: Call) -> None:
        """Start an invocation, from any thread. Its future says how it went."""
        with self._watching:
            has_changed = self._watch.changed()
        with self.lock:
            if has_changed:
                self._replace()
            self._admit(call)
        self.flush()

    def cancel(self, call: Call) -> None:
        """Nobody waits for this invocation any more."""
        with self.lock:
            for process in tuple(self._serving):
                if process.call is call:
                    process.give_up()
        self.flush()

    def retire(self) -> None:
        """Nobody will ask again: end each process as soon as it has nothing to do."""
        with self.lock:
            self._is_retired = True
            self._replace()

    def close(self) -> None:
        """End all processes and wait until they are gone; what they were doing is a failure of the service."""
        with self.lock:
            self._is_closed = True
            for process in tuple(self._serving):
                if process.call is not None:
                    self.settle(process.call, answer.refused(process.call.effect, "service", answer.CLOSED))
                    process.call = None
                process.end()
            threads = tuple(self._threads)
        self.flush()
        until = time.monotonic() + _CLOSE_SECONDS
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))

    def give(self, call: Call) -> None:
        """To the process that was used last, to one that is starting for nobody, or to a new one."""
        if self._is_closed:
            self.settle(call, answer.refused(call.effect, "service", answer.CLOSED))
        elif self._idle:
            self._site.capacity.occupy(self._idle[-1])
            self._idle.pop().take(call, on_clock=True)
        elif spares := [process for process in self._serving if process.is_spare]:
            spares[0].take(call, on_clock=False)
        elif process := self._started():
            process.take(call, on_clock=True)
        else:
            self.settle(call, answer.refused(call.effect, "throttle"))

    def freed(self, process: Process) -> None:
        if self._is_retired:
            process.end()
        else:
            self._idle.append(process)
            self._site.capacity.free(process)

    def left(self, process: Process, *, replace: bool) -> None:
        self._serving.discard(process)
        self._site.capacity.leave(process)
        if process in self._idle:
            self._idle.remove(process)
        if replace and not self._is_closed:
            self._started()

    def settle(self, call: Call, ended: LambdaEnded) -> None:
        self._running -= 1
        self._site.capacity.finish()
        self._settled.append((call, ended))

    def flush(self) -> None:
        while self._settled:
            try:
                call, ended = self._settled.popleft()
            except IndexError:
                return  # another thread was faster
            call.finish(ended)

    def _admit(self, call: Call) -> None:
        """Begin an invocation, unless too many run already; where one is to start anew, what is idle makes way."""
        reserved = self._function.reserved
        if reserved is not None and self._running >= reserved:
            detail = f"Rate Exceeded: {reserved} may run at once."
            self._settled.append((call, answer.refused(call.effect, "throttle", detail)))
            return
        if not self._site.capacity.begin():
            self._settled.append((call, answer.refused(call.effect, "instance_limit")))
            return
        self._running += 1
        every = self._function.cold_every
        if every is not None and next(self._count) % every == 0:
            self._clear()
        while self._idle and self._idle[0].is_outdated:  # the first of them is idle for longest
            self._idle[0].end()
        self.give(call)

    def _started(self) -> Process | None:
        """A new process, where there is room for one."""
        is_debugged = self._function.debug_port is not None
        if (is_debugged and self._serving) or not self._site.capacity.enter():
            return None
        process = Process(self._function, self._site, self)
        self._serving.add(process)
        self._threads = {thread for thread in self._threads if thread.is_alive()} | {process.thread}
        return process

    def _replace(self) -> None:
        self._clear()
        for process in self._serving:
            process.is_stale = True

    def _clear(self) -> None:
        """End what has nothing to do, or starts for nobody."""
        for process in tuple(self._serving):
            if process.call is None:
                process.end()
