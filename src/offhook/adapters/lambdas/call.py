"""An invocation on its way, and what a process tells whoever owns it."""

import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from offhook.model.effect import InvokeLambda
from offhook.model.event import LambdaEnded

if TYPE_CHECKING:
    from offhook.adapters.lambdas.process import Process


@dataclass(frozen=True, slots=True)
class Call:
    """`payload` is the event as JSON. `asked_at` is a time of time.monotonic()."""

    effect: InvokeLambda
    payload: bytes
    future: "Future[LambdaEnded]"
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
