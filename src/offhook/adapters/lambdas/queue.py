"""Events that were accepted to be run later: kept in files until they are done, so that a restart loses none.

A function that fails gets its event twice more, after one minute and after two; what could not run at all (throttled,
or a fault of ours) is tried for six hours, with pauses from a second to five minutes.
Source: the page "How Lambda handles errors and retries with asynchronous invocation"; the API reference of
PutFunctionEventInvokeConfig for what may be set.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import msgspec

from offhook.adapters.lambdas.refusal import Refusal

_LOG = logging.getLogger("offhook.functions")
RETRIES = 2
MAX_AGE_SECONDS = 21_600
_FAILED_SECONDS = 60  # times the number of failures
_REFUSED_SECONDS = 1  # doubled each time
_MOST_SECONDS = 300
_MAX_WAITING_BYTES = 268_435_456  # what may wait, with _EVENT_BYTES for each event beside its payload
_EVENT_BYTES = 4096


class Event(msgspec.Struct, frozen=True):
    """`payload` is JSON, as it came."""

    function: str
    qualifier: str
    request_id: str
    accepted_ms: int
    payload: msgspec.Raw


class Outcome(Enum):
    """DROPPED: it never will run. REFUSED: it could not run now."""

    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an event is tried for."""

    retries: int = RETRIES
    max_age_seconds: int = MAX_AGE_SECONDS


class Queue:
    """Belongs to a running event loop. `run` makes one attempt; `patience` is asked again before each retry."""

    def __init__(
        self,
        folder: Path,
        run: Callable[[Event], Awaitable[Outcome]],
        patience: Callable[[Event], Patience],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now_ms: Callable[[], int] = lambda: int(time.time() * 1000),
    ) -> None:
        self._folder = folder
        self._run = run
        self._patience = patience
        self._sleep = sleep
        self._now_ms = now_ms
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting_bytes = 0
        folder.mkdir(parents=True, exist_ok=True)

    def accept(self, event: Event) -> None:
        """Once this returns, the event is run at least once, if not by us then by who comes after us.

        Raises Refusal where too much waits already.
        """
        if self._waiting_bytes > _MAX_WAITING_BYTES:
            raise Refusal(
                "TooManyRequestsException", "Too many events wait.", Reason="FunctionInvocationRateLimitExceeded"
            )
        written = self._folder / f".{event.request_id}"
        written.write_bytes(msgspec.json.encode(event))
        written.replace(self._file(event))
        self._start(event)

    def resume(self) -> None:
        """Go on with what was accepted before."""
        for file in self._folder.glob(".*"):
            file.unlink()  # half written, and so never accepted
        for file in sorted(self._folder.glob("*.json")):
            try:
                self._start(msgspec.json.decode(file.read_bytes(), type=Event))
            except (OSError, msgspec.DecodeError) as problem:
                _LOG.warning("%s: cannot be read: %s", file, problem)

    async def close(self) -> None:
        """Stop; what is not done remains in its file."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, event: Event) -> None:
        size = len(bytes(event.payload)) + _EVENT_BYTES
        self._waiting_bytes += size
        task = asyncio.get_running_loop().create_task(self._work(event))
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._end(task, size))

    def _end(self, task: "asyncio.Task[None]", size: int) -> None:
        self._tasks.discard(task)
        self._waiting_bytes -= size
        mistake = None if task.cancelled() else task.exception()
        if mistake is not None:  # the event's file is still there, for the next start
            _LOG.error("internal error: an event could not be run: %r", mistake)

    def _file(self, event: Event) -> Path:
        return self._folder / f"{event.request_id}.json"

    async def _work(self, event: Event) -> None:
        failures = refusals = 0
        while (outcome := await self._run(event)) not in (Outcome.DONE, Outcome.DROPPED):
            patience = self._patience(event)
            if outcome is Outcome.FAILED:
                failures += 1
                pause = _FAILED_SECONDS * failures
            else:
                pause = min(_MOST_SECONDS, _REFUSED_SECONDS * 2**refusals)
                refusals += 1
            age = (self._now_ms() - event.accepted_ms) / 1000 + pause
            if failures > patience.retries or age > patience.max_age_seconds:
                _LOG.warning("%s: gives up on the event %s", event.function, event.request_id)
                break
            _LOG.info("%s: the event %s is tried again in %d s", event.function, event.request_id, pause)
            await self._sleep(pause)
        self._file(event).unlink(missing_ok=True)
