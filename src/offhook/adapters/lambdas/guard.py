"""Keeps the reaper informed: a small process that clears up after our functions, also should we die first."""

import contextlib
import subprocess
import sys
from pathlib import Path

from offhook.adapters.lambdas import reaper


class Guard:
    """One reaper process, from creation until `close`, which also removes the folder."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", reaper.__file__, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def add(self, pid: int, marker: str) -> None:
        self._tell(f"+{pid} {marker}\n")

    def remove(self, pid: int) -> None:
        self._tell(f"-{pid}\n")

    def close(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # somebody killed the reaper: functions still end with us
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()
