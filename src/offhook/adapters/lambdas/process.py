"""One child process of a function: it starts, serves one invocation at a time, and ends, by itself or by us.

Each process has a thread that waits for whatever happens to it: a request, output, its end, a limit. Everything but
that waiting is done under the lock of the pool, by that thread or by a caller's, which hands its event over itself
when the process is idle: two changes of thread less for a warm call than with a common loop. Futures are settled after
the lock is released, because what hangs on them is not ours.

The clocks: an invocation's own limit (`effect.timeout_ms`) counts from when the caller asked, cold start included; the
function's time-out counts from when the event was handed over; starting has a limit of its own, as in Lambda.
Whichever ends first decides, and the process is killed: the Runtime API has no cancel.
"""

import math
import signal
import threading
import time
import uuid
from functools import partial
from typing import Any

import msgspec

from offhook.adapters.lambdas import answer, reaper, report
from offhook.adapters.lambdas.call import Call, Owner
from offhook.adapters.lambdas.command import cannot_start
from offhook.adapters.lambdas.connection import Connection
from offhook.adapters.lambdas.memory import Memory
from offhook.adapters.lambdas.runtime_api import ACCEPTED, CONTINUE, Asked, next_event, refusal
from offhook.adapters.lambdas.spawn import Child, Site, start
from offhook.adapters.lambdas.spec import LocalFunction
from offhook.adapters.lambdas.switchboard import Switchboard
from offhook.model.event import LambdaEnded

_TICK_SECONDS = 0.1  # how often limits and memory are looked at while something runs
_ALERT_SECONDS = 1.0  # how long an idle process ticks on, so that the next caller need not wake its thread
_GRACE_SECONDS = 1.0  # how long a process may take from its answer to asking for the next event
_LONGEST_SECONDS = 3600.0  # one pause: poll takes no more than some weeks
_ATTEND_MS = 50.0  # how long a caller waits for the process itself
_MEMORY_SECONDS = 1.0  # how old the last look at a process's memory may be when it answers
_MAX_CONNECTIONS = 16
_DAY_MS = 86_400_000


class Process:
    """Starts on creation; `thread` ends when nothing of it is left. Call its methods under the lock of its owner.

    `is_stale`: the code has changed since it started, so it ends after the invocation it has.
    """

    def __init__(self, function: LocalFunction, site: Site, owner: Owner) -> None:
        self.call: Call | None = None
        self.is_ready = False
        self.is_stale = False
        self._function = function
        self._site = site
        self._owner = owner
        self._child: Child | None = None
        self._board: Switchboard | None = None
        self._waiting: Connection | None = None
        self._line: Connection | None = None  # where the event went, and where the answer came from the last time
        self._is_steady = False
        self._is_attended = False
        self._memory: Memory | None = None
        self._idle_from = site.now()
        self._started_at = self._run_from = time.monotonic()
        self._clock_from: float | None = None
        self._wakes_at = 0.0
        self._is_handed = False
        self._is_cold = False
        self._init_ms = 0.0
        self._has_left = False
        self._has_ended = False
        self.thread = threading.Thread(target=self._live, name=f"offhook-{function.name}", daemon=True)
        self.thread.start()

    @property
    def is_spare(self) -> bool:
        """It is starting, and for nobody."""
        return self.call is None and not self.is_ready

    @property
    def is_outdated(self) -> bool:
        """It had nothing to do for longer than it may."""
        return self.call is None and self.is_ready and self._idle_seconds() <= 0

    def take(self, call: Call, *, on_clock: bool) -> None:
        """Serve an invocation. Off the clock: what is left of the start is not the caller's time."""
        now = time.monotonic()
        self.call = call
        self._clock_from = call.asked_at if on_clock else None
        self._is_cold = on_clock and not self.is_ready
        self._is_handed = False
        self._run_from = now
        if self._board is None:
            return
        if self._is_steady and self._line is not None and self._board.lend(self._line):
            self._board.receive(self._line)  # it has probably asked by now
            call.future.attend = partial(self._attend_for, call)
            call.future.leave = partial(self._unattended, call)
        if self._waiting is not None and self._waiting.is_open and not self._is_handed:
            self._hand_over(call, self._waiting)
        if self._limit()[0] < self._wakes_at:
            self._board.wake()

    def _attend_for(self, call: Call) -> None:
        """In the caller's thread: do what the process asks for, until it has answered or a moment is over."""
        board, line = self._board, self._line
        until = time.monotonic() + _ATTEND_MS / 1000
        try:
            with self._owner.lock:
                self._is_attended = self.call is call
            while board is not None and line is not None and line.is_lent and self.call is call:
                if not line.wait(max(0.0, until - time.monotonic()) * 1000):
                    return
                with self._owner.lock:
                    board.receive(line)
                self._owner.flush()
        finally:
            self._unattended(call)

    def _unattended(self, call: Call) -> None:
        """The caller waits for the process no more."""
        with self._owner.lock:
            if self.call is call:
                self._is_attended = False
                if self._board is not None and self._line is not None:
                    self._board.take_back(self._line)

    def give_up(self) -> None:
        """The caller no longer waits. What is still starting goes on, so that somebody has use of it; else: killed."""
        if self.call is not None:
            measured = self._measured(took_ms=self.call.effect.timeout_ms)
            self._settle(answer.given_up(self.call.effect, **measured))
        if self.is_ready:
            self.end(replace=True)

    def end(self, *, replace: bool = False) -> None:
        """Kill it. `replace`: with a process that starts on nobody's time."""
        if self._child is not None and not self._has_ended:
            reaper.kill_group(self._child.popen.pid)
        self._leave(replace=replace)

    # What its thread does

    def _live(self) -> None:
        log_stream = f"[$LATEST]{uuid.uuid4().hex}"
        try:
            board, child = self._start(log_stream)
        except (OSError, ValueError) as error:
            with self._owner.lock:
                self._not_started(error)
            self._owner.flush()
            return
        pid = child.popen.pid
        self._site.guard.add(pid, log_stream)
        try:
            self._attend(board, child)
        finally:
            # Its pid is not free before it is waited for: until then, no stranger can be hit
            reaper.kill_group(pid)
            reaper.kill_strays([log_stream])
            status = child.popen.wait()
            self._site.guard.remove(pid)
            with self._owner.lock:
                self._ended(status)
                board.close()
                child.close()
            self._owner.flush()

    def _start(self, log_stream: str) -> tuple[Switchboard, Child]:
        board = Switchboard(self._asked)
        try:
            return board, start(self._function, self._site, port=board.port, log_stream=log_stream)
        except (OSError, ValueError):
            board.close()
            raise

    def _attend(self, board: Switchboard, child: Child) -> None:
        """Do what there is to do until the process has ended."""
        with self._owner.lock:
            self._board, self._child, self._memory = board, child, Memory(child.popen.pid)
            board.watch(child.ended, self._notice_end)
            board.watch(child.output.descriptor, lambda: self._read(board, child))
            if self._has_left:
                reaper.kill_group(child.popen.pid)
        pause_ms = 0.0
        while not self._has_ended:
            ready = board.wait(pause_ms)
            with self._owner.lock:
                board.handle(ready)
                if board.size > _MAX_CONNECTIONS:
                    reaper.kill_group(child.popen.pid)  # no runtime client needs as many
                if self._line is not None and not self._is_attended:
                    board.take_back(self._line)  # nobody else waits for it
                self._look()
                pause_ms = self._pause_ms()
            self._owner.flush()

    def _pause_ms(self) -> float:
        """How long the thread may wait while nothing happens."""
        now = time.monotonic()
        if self.call is not None or not self.is_ready:
            self._wakes_at = min(now + _TICK_SECONDS, self._limit()[0])
        else:
            pause = _TICK_SECONDS if now - self._run_from < _ALERT_SECONDS else _LONGEST_SECONDS
            self._wakes_at = now + max(0.0, min(pause, self._idle_seconds()))
        return max(0.0, (self._wakes_at - now) * 1000)

    def _idle_seconds(self) -> float:
        """How long it may still have nothing to do. A debugger stays attached."""
        if self._function.debug_port is not None:
            return math.inf
        return self._idle_from + self._function.idle_ms / 1000 - self._site.now()

    def _read(self, board: Switchboard, child: Child) -> None:
        child.output.read()
        if not child.output.is_open:
            board.unwatch(child.output.descriptor)

    def _notice_end(self) -> None:
        if self._board is not None:
            self._board.hear_out()
        self._has_ended = True
        self._leave(replace=False)

    # The Runtime API

    def _send(self, connection: Connection, data: bytes) -> None:
        if self._board is not None:
            self._board.send(connection, data)

    def _asked(self, connection: Connection, asked: Asked) -> None:
        if self._has_left:
            return  # it was killed, but had already sent this
        match asked.what:
            case "next":
                self._next(connection)
            case "response" | "error":
                self._posted(connection, asked)
            case "init/error":
                self._send(connection, ACCEPTED)
                self._fail("init", _text(asked.body or b""))
                self.end()
            case "expect":
                self._send(connection, CONTINUE)
            case _:
                self._send(connection, refusal("404 Not Found", "InvalidPath"))

    def _next(self, connection: Connection) -> None:
        self._waiting = connection
        if not self.is_ready:
            self.is_ready = True
            self._init_ms = _ms_since(self._started_at)
            self._look_at_memory(0)
            if self.call is None:
                self._free()
        if self.call is not None and not self._is_handed:
            self._hand_over(self.call, connection)

    def _hand_over(self, call: Call, connection: Connection) -> None:
        self._waiting, self._line = None, connection
        self._is_handed = True
        self._run_from = time.monotonic()
        if self._clock_from is None:
            self._clock_from = self._run_from
        left_ms = self._function.timeout_ms if self._function.debug_port is None else _DAY_MS
        deadline_ms = int(time.time() * 1000) + left_ms
        self._send(
            connection, next_event(call.payload, call.effect.request_id, call.effect.arn, deadline_ms=deadline_ms)
        )

    def _posted(self, connection: Connection, asked: Asked) -> None:
        call = self.call
        if call is None or not self._is_handed or asked.request_id != call.effect.request_id:
            self._send(connection, refusal("400 Bad Request", "InvalidRequestID"))
            return
        if asked.body is None:
            self._send(connection, refusal("413 Content Too Large", "RequestEntityTooLarge"))
            self._fail("function_error", answer.too_large_body())
            self.end()
            return
        self._is_steady = connection is self._line
        self._send(connection, ACCEPTED)
        if asked.what == "error":
            self._fail("function_error", _text(asked.body))
        else:
            body, size = _text(asked.body[: self._site.max_body_bytes]), len(asked.body)
            self._settle(LambdaEnded(0, call.effect.id, 200, body=body, body_bytes=size, **self._measured()))
        if self.is_stale:
            self.end()
        else:
            self._free()

    def _free(self) -> None:
        self._idle_from = self._site.now()
        self._owner.freed(self)

    # Limits

    def _limit(self) -> tuple[float, str]:
        """The limit that is due first: when, and which."""
        if self._function.debug_port is not None:
            return math.inf, ""
        first = (math.inf, "")
        if not self.is_ready:
            first = (self._started_at + self._site.init_limit_ms / 1000, "init")
        elif self._is_handed:
            first = (self._run_from + self._function.timeout_ms / 1000, "function_timeout")
        elif self.call is not None:
            first = (self._run_from + _GRACE_SECONDS, "lost")
        if self.call is None or self._clock_from is None:
            return first
        return min((self._clock_from + self.call.effect.timeout_ms / 1000, "time_limit"), first)

    def _look(self) -> None:
        """Whether a limit is due, and from time to time at the memory that is used."""
        if self._has_left:
            return
        if self.is_outdated:
            self.end()
        if self.is_ready and self.call is None:
            return
        at, what = self._limit()
        if at > time.monotonic():
            self._check_memory()
        elif what == "time_limit":
            self.give_up()
        elif what == "lost":
            self._pass_on()
        else:
            self._cut(what)

    def _check_memory(self) -> None:
        if self._function.debug_port is None:
            used_mb = self._look_at_memory(_TICK_SECONDS)
            if used_mb > self._function.memory_mb:
                self._cut("crash", f"the function used {used_mb:.0f} MB of its {self._function.memory_mb} MB.")

    def _look_at_memory(self, after_seconds: float) -> float:
        """MB in use; 0 where the last look was less than that ago."""
        return 0 if self._memory is None else self._memory.look(time.monotonic(), after_seconds=after_seconds)

    def _pass_on(self) -> None:
        """It answered, and then never asked for more: what it was to do next is for another one."""
        call, self.call = self.call, None
        self.end()
        if call is not None:
            self._owner.give(call)

    def _cut(self, cause: str, detail: str = "") -> None:
        """End it with its invocation: function_timeout, init or crash."""
        if self.call is not None:
            request_id, took_ms = self.call.effect.request_id, None
            if cause == "function_timeout":
                body = answer.timed_out_body(request_id, timeout_ms=self._function.timeout_ms)
                waited_ms = 0 if self._clock_from is None else int((self._run_from - self._clock_from) * 1000)
                took_ms = waited_ms + self._function.timeout_ms  # when it was due, not when we got to it
            elif cause == "init":
                body = answer.init_timed_out_body(request_id, limit_ms=self._site.init_limit_ms)
            else:
                body = answer.exited_body(request_id, status=-signal.SIGKILL)
            self._fail(cause, body, detail=detail, took_ms=took_ms)
        self.end()

    # Ends

    def _not_started(self, error: Exception) -> None:
        if self.call is not None:
            body = answer.not_started_body(self.call.effect.request_id, self._function.program, error)
            self._fail("init", body, detail=cannot_start(self._function, error))
        self._leave(replace=False)

    def _ended(self, status: int) -> None:
        """If there still is an invocation, it ended by itself: with it, or before it could take it."""
        call = self.call
        self._has_ended = True
        self._leave(replace=False)
        if call is not None and self.is_ready and not self._is_handed:
            self.call = None
            self._owner.give(call)
        elif call is not None:
            self._fail("crash" if self.is_ready else "init", answer.exited_body(call.effect.request_id, status=status))

    def _fail(self, cause: str, body: str, *, detail: str = "", took_ms: int | None = None) -> None:
        if self.call is None:
            return
        measured = self._measured(took_ms=took_ms, status=report.status(cause, body))
        ended = answer.failed(self.call.effect, cause, body, detail=detail, **measured)
        if ended.body_bytes > self._site.max_body_bytes:
            ended = msgspec.structs.replace(ended, body=_text(body.encode()[: self._site.max_body_bytes]))
        self._settle(ended)

    def _measured(self, *, took_ms: int | None = None, status: str = "") -> dict[str, Any]:
        """`took_ms` where it is known better than the clock tells."""
        if not self.is_ready:
            self._init_ms = _ms_since(self._started_at)
        run_ms = _ms_since(self._run_from) if self._is_handed else 0.0
        if took_ms is None:
            took_ms = 0 if self._clock_from is None else math.ceil(_ms_since(self._clock_from))
        return {
            "took_ms": took_ms,
            "cold": self._is_cold,
            "init_ms": math.ceil(self._init_ms) if self._is_cold else 0,
            "log": "" if self._child is None else self._child.output.take(),
            "report": self._report(run_ms, status),
        }

    def _report(self, run_ms: float, status: str) -> str:
        self._look_at_memory(_MEMORY_SECONDS if self.is_ready else 0)
        if self.call is None:
            return ""
        if status == report.TIMED_OUT:
            run_ms = self._function.timeout_ms
        return report.report(
            self.call.effect.request_id, run_ms=run_ms, init_ms=self._init_ms if self._is_cold else None,
            memory_mb=self._function.memory_mb, used_mb=self._memory.peak_mb if self._memory else 0, status=status,
        )  # fmt: skip

    def _settle(self, ended: LambdaEnded) -> None:
        call, self.call = self.call, None
        self._is_handed = self._is_attended = False
        if call is not None:
            self._owner.settle(call, ended)

    def _leave(self, *, replace: bool) -> None:
        if not self._has_left:
            self._has_left = True
            self._owner.left(self, replace=replace)


def _ms_since(at: float) -> float:
    return (time.monotonic() - at) * 1000


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
