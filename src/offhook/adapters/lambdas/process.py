"""One child process of a function: it starts, serves one invocation at a time, and ends, by itself or by us.

Everything runs on the loop's thread. The clocks: an invocation's own limit (`effect.timeout_ms`) counts from when the
caller asked, cold start included; the function's time-out counts from when the event was handed over; starting has a
limit of its own, as in Lambda. Whichever ends first decides, and the process is killed: the Runtime API has no cancel.
"""

import asyncio
import math
import os
import socket
import subprocess
import threading
import time
import uuid
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from offhook.adapters.lambdas import answer, reaper
from offhook.adapters.lambdas.environment import environment
from offhook.adapters.lambdas.folder import Folder
from offhook.adapters.lambdas.guard import Guard
from offhook.adapters.lambdas.memory import resident_bytes
from offhook.adapters.lambdas.output import Output
from offhook.adapters.lambdas.runtime_api import Asked, Connection
from offhook.adapters.lambdas.spec import PythonFunction
from offhook.model.effect import InvokeLambda
from offhook.model.event import LambdaEnded

_TICK_SECONDS = 0.1  # how often memory is looked at, and only in what runs as long
_MAX_CONNECTIONS = 16
_OK = b'{"status":"OK"}\n'


@dataclass(frozen=True, slots=True)
class Site:
    """What all processes share. `init_limit_ms` is 10 s in Lambda."""

    loop: asyncio.AbstractEventLoop
    folder: Folder
    guard: Guard
    max_processes: int
    max_body_bytes: int
    init_limit_ms: int


@dataclass(frozen=True, slots=True)
class Call:
    """An invocation on its way. `asked_at` is a time of time.monotonic()."""

    effect: InvokeLambda
    payload: bytes
    future: "Future[LambdaEnded]"
    asked_at: float

    def finish(self, ended: LambdaEnded) -> None:
        if self.future.set_running_or_notify_cancel():
            self.future.set_result(ended)


class Owner(Protocol):
    """Whoever has the process: told when it is free, when it no longer serves, and what it could not begin."""

    def freed(self, process: "Process") -> None: ...

    def left(self, process: "Process", *, replace: bool) -> None: ...

    def begin(self, call: Call) -> None: ...


class Process:
    """Starts on creation; OSError or ValueError if it cannot. `life` is done when nothing of it is left.

    `is_stale`: the code has changed since it started, so it ends after the invocation it has.
    """

    def __init__(self, function: PythonFunction, site: Site, owner: Owner) -> None:
        self.call: Call | None = None
        self.is_ready = False
        self.is_stale = False
        self._function = function
        self._site = site
        self._owner = owner
        self._connections: set[Connection] = set()
        self._waiting: Connection | None = None
        self._clock_from: float | None = None
        self._handed_at: float | None = None
        self._is_cold = False
        self._init_ms = 0
        self._has_left = False
        self._timer: asyncio.TimerHandle | None = None
        self._log_stream = f"[$LATEST]{uuid.uuid4().hex}"
        self._listener = socket.create_server(("127.0.0.1", 0))
        try:
            self._popen, self._output = self._start()
        except (OSError, ValueError):
            self._listener.close()
            raise
        self._started_at = time.monotonic()
        site.guard.add(self._popen.pid, self._log_stream)
        self.life = site.loop.create_task(self._live())
        self._arm()

    def take(self, call: Call, *, on_clock: bool) -> None:
        """Serve an invocation. Off the clock: what is left of the start is not the caller's time."""
        self.call = call
        self._clock_from = call.asked_at if on_clock else None
        self._is_cold = on_clock and not self.is_ready
        self._handed_at = None
        if self._waiting is not None:
            self._hand_over(call, self._waiting)
        self._arm()

    def give_up(self) -> None:
        """The caller no longer waits. What is still starting goes on, so that somebody has use of it; else: killed."""
        call, self.call = self.call, None
        if call is not None:
            took_ms = call.effect.timeout_ms
            call.finish(answer.given_up(call.effect, took_ms=took_ms, log=self._output.take(), cold=self._is_cold))
        if self.is_ready:
            self.end(replace=True)
        else:
            self._arm()

    def end(self, *, replace: bool = False) -> None:
        """Kill it. `replace`: with a process that starts on nobody's time."""
        self._disarm()
        reaper.kill_group(self._popen.pid)
        self._leave(replace=replace)

    def _start(self) -> tuple[subprocess.Popen[bytes], Output]:
        function, folder = self._function, self._site.folder
        port = self._listener.getsockname()[1]
        command = [function.interpreter, "-u", str(folder.runtime / "launch.py"), str(function.task_root)]
        command += [function.handler, function.client, str(folder.runtime)]
        if function.debug_port is not None:
            command.append(str(function.debug_port))
        reading, writing = os.pipe()
        try:
            popen = subprocess.Popen(
                command,
                env=environment(
                    function, api_address=f"127.0.0.1:{port}", home=str(folder.home), log_stream=self._log_stream
                ),
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
            )
        except (OSError, ValueError):
            os.close(reading)
            raise
        finally:
            os.close(writing)
        return popen, Output(self._site.loop, reading)

    async def _live(self) -> None:
        server = await self._site.loop.create_server(self._connect, sock=self._listener)
        await _exit_of(self._popen)
        # Its pid is not free before it is waited for: until then, no stranger can be hit
        reaper.kill_group(self._popen.pid)
        reaper.kill_strays([self._log_stream])
        status = self._popen.wait()
        self._site.guard.remove(self._popen.pid)
        self._disarm()
        server.close()
        for connection in self._connections:
            connection.close()
        self._exited(status)
        self._output.close()
        self._leave(replace=False)

    def _exited(self, status: int) -> None:
        """It ended by itself: with an invocation, or before it could take the one that it was given."""
        call = self.call
        if call is None:
            return
        if self.is_ready and self._handed_at is None:
            self.call = None
            self._leave(replace=False)
            self._owner.begin(call)
            return
        body = answer.exited_body(call.effect.request_id, status=status)
        self._finish(self._failed(call, "crash" if self.is_ready else "init", body))

    def _connect(self) -> Connection:
        connection = Connection(self._asked, self._lost)
        self._connections.add(connection)
        if len(self._connections) > _MAX_CONNECTIONS:
            reaper.kill_group(self._popen.pid)  # no runtime client needs as many
        return connection

    def _lost(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if self._waiting is connection:
            self._waiting = None

    def _asked(self, connection: Connection, asked: Asked) -> None:
        if asked.what == "next":
            self._next(connection)
        elif asked.what == "init/error":
            connection.answer("202 Accepted", _OK)
            if self.call is not None:
                self._finish(self._failed(self.call, "init", _text(asked.body or b"")))
            self.end()
        else:
            self._posted(connection, asked)

    def _next(self, connection: Connection) -> None:
        self._waiting = connection
        if not self.is_ready:
            self.is_ready = True
            self._init_ms = _ms_since(self._started_at)
            if self.call is None:
                self._owner.freed(self)
        if self.call is not None and self._handed_at is None:
            self._hand_over(self.call, connection)
        self._arm()

    def _hand_over(self, call: Call, connection: Connection) -> None:
        self._waiting = None
        self._handed_at = time.monotonic()
        if self._clock_from is None:
            self._clock_from = self._handed_at
        effect, function = call.effect, self._function
        arn = effect.arn if effect.arn.startswith("arn:") else f"arn:aws:lambda:::function:{function.name}"
        headers = {
            "Lambda-Runtime-Aws-Request-Id": effect.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + function.timeout_ms),
            "Lambda-Runtime-Invoked-Function-Arn": arn,
        }
        connection.answer("200 OK", call.payload, headers)

    def _posted(self, connection: Connection, asked: Asked) -> None:
        call = self.call
        if call is None or self._handed_at is None or asked.request_id != call.effect.request_id:
            connection.answer("400 Bad Request", b'{"errorType":"InvalidRequestID"}')
            return
        if asked.body is None:
            connection.answer("413 Content Too Large", b'{"errorType":"RequestEntityTooLarge"}')
            self._finish(self._failed(call, "function_error", answer.too_large_body()))
            self.end()
            return
        connection.answer("202 Accepted", _OK)
        if asked.what == "error":
            self._finish(self._failed(call, "function_error", _text(asked.body)))
        else:
            body = _text(asked.body[: self._site.max_body_bytes])
            measured = self._measured()
            self._finish(LambdaEnded(0, call.effect.id, 200, body=body, body_bytes=len(asked.body), **measured))
        if self.is_stale:
            self.end()
        else:
            self._owner.freed(self)

    def _failed(self, call: Call, cause: str, body: str, detail: str = "") -> LambdaEnded:
        return answer.failed(call.effect, cause, body, detail=detail, **self._measured())

    def _measured(self) -> dict[str, Any]:
        if self._is_cold and not self.is_ready:
            self._init_ms = _ms_since(self._started_at)
        return {
            "took_ms": 0 if self._clock_from is None else _ms_since(self._clock_from),
            "cold": self._is_cold,
            "init_ms": self._init_ms if self._is_cold else 0,
            "log": self._output.take(),
        }

    def _finish(self, ended: LambdaEnded) -> None:
        call, self.call = self.call, None
        self._disarm()
        if call is not None:
            call.finish(ended)

    def _leave(self, *, replace: bool) -> None:
        if not self._has_left:
            self._has_left = True
            self._owner.left(self, replace=replace)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        """Look again when the next limit is due, or after a tick."""
        self._disarm()
        if self._function.debug_port is None and (self.call is not None or not self.is_ready):
            due_seconds = min(self._limits().values(), default=math.inf) - time.monotonic()
            self._timer = self._site.loop.call_later(max(0.0, min(_TICK_SECONDS, due_seconds)), self._tick)

    def _limits(self) -> dict[str, float]:
        """When which limit is due. Where two are due at once the caller's comes first."""
        limits = {}
        if self.call is not None and self._clock_from is not None:
            limits["time_limit"] = self._clock_from + self.call.effect.timeout_ms / 1000
        if not self.is_ready:
            limits["init"] = self._started_at + self._site.init_limit_ms / 1000
        elif self._handed_at is not None:
            limits["function_timeout"] = self._handed_at + self._function.timeout_ms / 1000
        return limits

    def _tick(self) -> None:
        now = time.monotonic()
        due = [what for what, at in self._limits().items() if at <= now]
        used_mb = resident_bytes(self._popen.pid) / 1024**2
        if due and due[0] == "time_limit":
            self.give_up()
        elif due:
            self._cut(due[0])
        elif used_mb > self._function.memory_mb:
            self._cut("crash", f"the function used {used_mb:.0f} MB of its {self._function.memory_mb} MB.")
        else:
            self._arm()

    def _cut(self, cause: str, detail: str = "") -> None:
        call = self.call
        if call is not None:
            request_id = call.effect.request_id
            if cause == "function_timeout":
                body = answer.timed_out_body(request_id, timeout_ms=self._function.timeout_ms)
            elif cause == "init":
                body = answer.init_timed_out_body(request_id, limit_ms=self._site.init_limit_ms)
            else:
                body = answer.exited_body(request_id, status=-9)
            failed = self._failed(call, cause, body, detail)
            if cause == "function_timeout" and self._handed_at is not None and self._clock_from is not None:
                # when it was due, not when we got to it
                due_ms = int((self._handed_at - self._clock_from) * 1000) + self._function.timeout_ms
                failed = msgspec.structs.replace(failed, took_ms=due_ms)
            self._finish(failed)
        self.end()


async def _exit_of(popen: "subprocess.Popen[bytes]") -> None:
    """Wait until the process has ended; on Linux it is left to be waited for."""
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    try:
        descriptor = os.pidfd_open(popen.pid)
    except (AttributeError, OSError):  # macOS, or an old kernel

        def wait() -> None:
            popen.wait()
            loop.call_soon_threadsafe(ended.set_result, None)

        threading.Thread(target=wait, daemon=True).start()
        await ended
        return
    loop.add_reader(descriptor, ended.set_result, None)
    await ended
    loop.remove_reader(descriptor)
    os.close(descriptor)


def _ms_since(at: float) -> int:
    return math.ceil((time.monotonic() - at) * 1000)


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
