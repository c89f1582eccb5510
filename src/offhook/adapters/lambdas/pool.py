"""The warm processes of one function: one invocation each at a time, as many as there are callers, up to a bound.

A process that was cut at its caller's limit is replaced at once, and the replacement starts on nobody's time: with AWS,
too, the caller gives up and the environment stays warm for the next one. After the function's own time-out, or a crash,
the next caller pays for the cold start, as with AWS.
"""

import asyncio
import contextlib

from offhook.adapters.lambdas import answer
from offhook.adapters.lambdas.process import Call, Process
from offhook.adapters.lambdas.spawn import Site
from offhook.adapters.lambdas.spec import PythonFunction
from offhook.adapters.lambdas.watch import Watch


class Pool:
    """Processes start when they are needed and end with `close`, on errors, or because their code has changed."""

    def __init__(self, function: PythonFunction, site: Site) -> None:
        self._function = function
        self._site = site
        self._watch = Watch(function.task_root, function.handler)
        self._serving: set[Process] = set()
        self._idle: list[Process] = []
        self._lives: set[asyncio.Task[None]] = set()
        self._is_closed = False

    def begin(self, call: Call) -> None:
        """Give an invocation to the process that was used last, to one that is starting, or to a new one."""
        if call.future.cancelled():
            return
        if self._watch.changed():
            self._retire()
        if self._idle:
            self._idle.pop().take(call, on_clock=True)
        elif spares := [process for process in self._serving if process.is_spare]:
            spares[0].take(call, on_clock=False)
        elif len(self._serving) >= self._most():
            call.finish(answer.refused(call.effect, "throttle"))
        else:
            self._start_for(call)

    def cancel(self, call: Call) -> None:
        """Nobody waits for this invocation any more."""
        for process in tuple(self._serving):
            if process.call is call:
                process.give_up()

    async def close(self) -> None:
        """End all processes and wait until they are gone; what they were doing is a failure of the service."""
        self._is_closed = True
        for process in tuple(self._serving):
            if process.call is not None:
                process.call.finish(answer.refused(process.call.effect, "service", answer.CLOSED))
                process.call = None
            process.end()
        if self._lives:
            await asyncio.wait(self._lives, timeout=5)

    def freed(self, process: Process) -> None:
        self._idle.append(process)

    def left(self, process: Process, *, replace: bool) -> None:
        self._serving.discard(process)
        if process in self._idle:
            self._idle.remove(process)
        if replace and not self._is_closed:
            with contextlib.suppress(OSError, ValueError):  # the next caller tries again, and is told
                self._start()

    def _most(self) -> int:
        return 1 if self._function.debug_port is not None else self._site.max_processes

    def _start_for(self, call: Call) -> None:
        try:
            process = self._start()
        except (OSError, ValueError) as error:  # no such interpreter, no descriptors left, a NUL in the environment
            message = f"RequestId: {call.effect.request_id} Error: fork/exec {self._function.interpreter}: {error}"
            body = answer.error_body("Runtime.InvalidEntrypoint", message)
            call.finish(answer.failed(call.effect, "init", body))
            return
        process.take(call, on_clock=True)

    def _start(self) -> Process:
        process = Process(self._function, self._site, self)
        self._serving.add(process)
        self._lives.add(process.life)
        process.life.add_done_callback(self._lives.discard)
        return process

    def _retire(self) -> None:
        for process in tuple(self._serving):
            if process.call is None:
                process.end()
            else:
                process.is_stale = True
