"""A terminal as a telephone: each key counts at once, and the wall's clock ticks."""

import os
import re
import select
import signal
import sys
import termios
import time
import tty
from collections import deque
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

from offhook.drivers.sim.live import HANG_UP

KEYS = "0123456789*#"
_ENDS = (signal.SIGTERM, signal.SIGHUP)
# Arrow keys and their like arrive as several characters, digits among them; none of them is a key of a telephone
_ESCAPE = re.compile(rb"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|O.)?")


class Phone:
    """Use as a context: on leaving, the terminal is as it was. `keyboard` None: a clock without keys.

    Satisfies `Phone` of drivers/sim/live.py. Ctrl-D hangs up; Ctrl-C raises KeyboardInterrupt, as anywhere.
    """

    def __init__(self, keyboard: int | None, *, show: Callable[[str], None]) -> None:
        self._keyboard = keyboard
        self.show = show
        self._keys: deque[str] = deque()
        self._woken, self._wake = os.pipe()
        self._before: list[Any] = []
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if self._keyboard is not None:
            self._before = termios.tcgetattr(self._keyboard)
            self._handlers = {number: signal.signal(number, _leave) for number in _ENDS}
            tty.setcbreak(self._keyboard)
            mode = termios.tcgetattr(self._keyboard)
            mode[6][termios.VSUSP] = b"\x00"  # a call cannot be put aside with Ctrl-Z, and the terminal stays ours
            termios.tcsetattr(self._keyboard, termios.TCSADRAIN, mode)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._keyboard is not None:
            termios.tcsetattr(self._keyboard, termios.TCSADRAIN, self._before)
            for number, handler in self._handlers.items():
                signal.signal(number, handler)
        os.close(self._woken)
        os.close(self._wake)

    def now_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    def nudge(self) -> None:
        os.write(self._wake, b".")

    def wait(self, until_ms: int) -> str:
        if self._keys:
            return self._keys.popleft()
        left_ms = max(0, until_ms - self.now_ms())
        watched = [self._woken] if self._keyboard is None else [self._woken, self._keyboard]
        ready, _, _ = select.select(watched, [], [], left_ms / 1000)
        if self._woken in ready:
            os.read(self._woken, 4096)
        if self._keyboard in ready:
            self._read(self._keyboard)
        return self._keys.popleft() if self._keys else ""

    def _read(self, keyboard: int) -> None:
        data = os.read(keyboard, 1024)
        if not data:  # the terminal is gone
            self._keys.append(HANG_UP)
        for sign in _ESCAPE.sub(b"", data).decode("ascii", "ignore"):
            if sign in KEYS or sign == HANG_UP:
                self._keys.append(sign)


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
