"""An invocation on its way, and what a process tells whoever owns it."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from offhook.model.effect import InvokeLambda
from offhook.model.event import LambdaEnded

if TYPE_CHECKING:
    from offhook.adapters.lambdas.process import Process


class Answer(Future[LambdaEnded]):
    """The answer to an invocation. Whoever waits for it in `result` does the waiting for the process, too.

    An answer is then not passed from one thread to another, which would take as long as all the rest that we do for a
    warm invocation. `attend` waits for the process for a moment; `leave` says that nobody will, and is called as soon
    as somebody wants to be told in another way.
    """

    attend: Callable[[], None] | None = None
    leave: Callable[[], None] | None = None

    def result(self, timeout: float | None = None) -> LambdaEnded:
        attend, self.attend = self.attend, None
        if attend is None or timeout is not None or super().done():
            self._left()
        else:
            attend()
        return super().result(timeout)

    def done(self) -> bool:
        self._left()
        return super().done()

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self._left()
        return super().exception(timeout)

    def add_done_callback(self, fn: Callable[["Future[LambdaEnded]"], object]) -> None:
        self._left()
        super().add_done_callback(fn)

    def when_cancelled(self, what: Callable[[], None]) -> None:
        """Call it should the future be cancelled."""
        super().add_done_callback(lambda future: what() if future.cancelled() else None)

    def _left(self) -> None:
        leave, self.leave = self.leave, None
        if leave is not None:
            leave()


@dataclass(frozen=True, slots=True)
class Call:
    """`payload` is the event as JSON. `asked_at` is a time of time.monotonic()."""

    effect: InvokeLambda
    payload: bytes
    future: Answer
    asked_at: float

    def finish(self, ended: LambdaEnded) -> None:
        if self.future.set_running_or_notify_cancel():
            self.future.set_result(ended)


class Owner(Protocol):
    """Whoever has the process. All but `flush` is called under `lock`."""

    lock: threading.RLock

    def freed(self, process: "Process") -> None:
        """It can take an invocation."""

    def left(self, process: "Process", *, replace: bool) -> None:
        """It takes none any more. `replace`: start another, on nobody's time."""

    def give(self, call: Call) -> None:
        """It could not begin this one."""

    def settle(self, call: Call, ended: LambdaEnded) -> None:
        """The invocation is over; whoever waits is told at the next flush."""

    def flush(self) -> None: ...
