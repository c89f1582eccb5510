"""One child process of a function: it starts, serves one invocation at a time, and ends, by itself or by us.

Everything runs on the loop's thread. The clocks: an invocation's own limit (`effect.timeout_ms`) counts from when the
caller asked, cold start included; the function's time-out counts from when the event was handed over; starting has a
limit of its own, as in Lambda. Whichever ends first decides, and the process is killed: the Runtime API has no cancel.
"""

import asyncio
import math
import signal
import socket
import time
import uuid
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from offhook.adapters.lambdas import answer, reaper
from offhook.adapters.lambdas.memory import resident_bytes
from offhook.adapters.lambdas.runtime_api import Asked, Connection
from offhook.adapters.lambdas.spawn import Site, exit_of, start
from offhook.adapters.lambdas.spec import PythonFunction
from offhook.model.effect import InvokeLambda
from offhook.model.event import LambdaEnded

_TICK_SECONDS = 0.1  # how often memory is looked at, and only in what runs as long
_MAX_CONNECTIONS = 16
_DAY_MS = 86_400_000


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
        self._run_from = 0.0
        self._is_handed = False
        self._is_cold = False
        self._init_ms = 0
        self._has_left = False
        self._timer: asyncio.TimerHandle | None = None
        self._log_stream = f"[$LATEST]{uuid.uuid4().hex}"
        self._listener = socket.create_server(("127.0.0.1", 0))
        try:
            port = self._listener.getsockname()[1]
            self._popen, self._output = start(function, site, port=port, log_stream=self._log_stream)
        except (OSError, ValueError):
            self._listener.close()
            raise
        self._started_at = time.monotonic()
        site.guard.add(self._popen.pid, self._log_stream)
        self.life = site.loop.create_task(self._live())
        self._arm()

    @property
    def is_spare(self) -> bool:
        """It is starting, and for nobody."""
        return self.call is None and not self.is_ready

    def take(self, call: Call, *, on_clock: bool) -> None:
        """Serve an invocation. Off the clock: what is left of the start is not the caller's time."""
        self.call = call
        self._clock_from = call.asked_at if on_clock else None
        self._is_cold = on_clock and not self.is_ready
        self._is_handed = False
        self._run_from = time.monotonic()
        if self._waiting is not None:
            self._hand_over(call, self._waiting)
        self._arm()

    def give_up(self) -> None:
        """The caller no longer waits. What is still starting goes on, so that somebody has use of it; else: killed."""
        call, self.call = self.call, None
        if call is not None:
            call.finish(answer.given_up(call.effect, **self._measured(took_ms=call.effect.timeout_ms)))
        if self.is_ready:
            self.end(replace=True)
        else:
            self._arm()

    def end(self, *, replace: bool = False) -> None:
        """Kill it. `replace`: with a process that starts on nobody's time."""
        self._disarm()
        reaper.kill_group(self._popen.pid)
        self._leave(replace=replace)

    async def _live(self) -> None:
        server = await self._site.loop.create_server(self._connect, sock=self._listener)
        await exit_of(self._popen)
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
        if self.is_ready and not self._is_handed:
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
        if self._has_left:
            connection.close()  # it was killed, but had already sent this
        elif asked.what == "next":
            self._next(connection)
        elif asked.what == "init/error":
            connection.accept()
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
        if self.call is not None and not self._is_handed:
            self._hand_over(self.call, connection)
            self._arm()

    def _hand_over(self, call: Call, connection: Connection) -> None:
        self._waiting = None
        self._is_handed = True
        self._run_from = time.monotonic()
        if self._clock_from is None:
            self._clock_from = self._run_from
        effect, function = call.effect, self._function
        left_ms = function.timeout_ms if function.debug_port is None else _DAY_MS
        arn = effect.arn if effect.arn.startswith("arn:") else f"arn:aws:lambda:::function:{function.name}"
        headers = {
            "Lambda-Runtime-Aws-Request-Id": effect.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + left_ms),
            "Lambda-Runtime-Invoked-Function-Arn": arn,
        }
        connection.answer("200 OK", call.payload, headers)

    def _posted(self, connection: Connection, asked: Asked) -> None:
        call = self.call
        if call is None or not self._is_handed or asked.request_id != call.effect.request_id:
            connection.answer("400 Bad Request", b'{"errorType":"InvalidRequestID"}')
            return
        if asked.body is None:
            connection.answer("413 Content Too Large", b'{"errorType":"RequestEntityTooLarge"}')
            self._finish(self._failed(call, "function_error", answer.too_large_body()))
            self.end()
            return
        connection.accept()
        if asked.what == "error":
            ended = self._failed(call, "function_error", _text(asked.body))
        else:
            body, size = _text(asked.body[: self._site.max_body_bytes]), len(asked.body)
            ended = LambdaEnded(0, call.effect.id, 200, body=body, body_bytes=size, **self._measured())
        self.call = None
        if self.is_stale:
            self.end()
        else:
            self._owner.freed(self)
        call.finish(ended)

    def _failed(
        self, call: Call, cause: str, body: str, *, detail: str = "", took_ms: int | None = None
    ) -> LambdaEnded:
        ended = answer.failed(call.effect, cause, body, detail=detail, **self._measured(took_ms=took_ms))
        if ended.body_bytes > self._site.max_body_bytes:
            return msgspec.structs.replace(ended, body=_text(body.encode()[: self._site.max_body_bytes]))
        return ended

    def _measured(self, *, took_ms: int | None = None) -> dict[str, Any]:
        """`took_ms` where it is known better than the clock tells."""
        if not self.is_ready:
            self._init_ms = _ms_since(self._started_at)
        if took_ms is None:
            took_ms = 0 if self._clock_from is None else _ms_since(self._clock_from)
        return {
            "took_ms": took_ms,
            "cold": self._is_cold,
            "init_ms": self._init_ms if self._is_cold else 0,
            "log": self._output.take(),
        }

    def _finish(self, ended: LambdaEnded) -> None:
        call, self.call = self.call, None
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
        """See to it that we look when the next limit is due, or after a tick.

        A look that is due earlier, from a call before, will do: warm calls set no timers of their own.
        """
        if self._function.debug_port is None:
            at = min(time.monotonic() + _TICK_SECONDS, self._limit()[0])
            if self._timer is None or self._timer.when() > at:
                self._disarm()
                self._timer = self._site.loop.call_at(at, self._tick)

    def _limit(self) -> tuple[float, str]:
        """The limit that is due first: when, and which."""
        if not self.is_ready:
            first = (self._started_at + self._site.init_limit_ms / 1000, "init")
        elif self.call is not None:
            first = (self._run_from + self._function.timeout_ms / 1000, "function_timeout")
        else:
            first = (math.inf, "")
        if self.call is None or self._clock_from is None:
            return first
        return min((self._clock_from + self.call.effect.timeout_ms / 1000, "time_limit"), first)

    def _tick(self) -> None:
        self._timer = None
        if self.is_ready and self.call is None:
            return
        at, what = self._limit()
        if at <= time.monotonic():
            if what == "time_limit":
                self.give_up()
            else:
                self._cut(what)
            return
        used_mb = resident_bytes(self._popen.pid) / 1024**2
        if used_mb > self._function.memory_mb:
            self._cut("crash", f"the function used {used_mb:.0f} MB of its {self._function.memory_mb} MB.")
        else:
            self._arm()

    def _cut(self, cause: str, detail: str = "") -> None:
        """End it with its invocation: function_timeout, init or crash."""
        if self.call is not None:
            request_id, took_ms = self.call.effect.request_id, None
            if cause == "function_timeout":
                body = answer.timed_out_body(request_id, timeout_ms=self._function.timeout_ms)
                # when it was due, not when we got to it
                took_ms = (
                    int((self._run_from - (self._clock_from or self._run_from)) * 1000) + self._function.timeout_ms
                )
            elif cause == "init":
                body = answer.init_timed_out_body(request_id, limit_ms=self._site.init_limit_ms)
            else:
                body = answer.exited_body(request_id, status=-signal.SIGKILL)
            self._finish(self._failed(self.call, cause, body, detail=detail, took_ms=took_ms))
        self.end()


def _ms_since(at: float) -> int:
    return math.ceil((time.monotonic() - at) * 1000)


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
