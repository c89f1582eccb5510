"""Keeps the reaper informed: a small process that clears up after our functions, also should we die first."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from offhook.adapters.lambdas import reaper


class Guard:
    """One reaper process, from creation until `close`, which also removes the folder. Any thread may use it."""

    def __init__(self, folder: Path) -> None:
        reading, self._writing = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", reaper.__file__, str(folder)],
            stdin=reading,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(reading)

    def add(self, pid: int, marker: str) -> None:
        self._tell(f"+{pid} {marker}\n")

    def remove(self, pid: int) -> None:
        self._tell(f"-{pid}\n")

    def close(self) -> None:
        os.close(self._writing)
        self._process.wait()

    def _tell(self, line: str) -> None:
        with contextlib.suppress(OSError):  # somebody killed the reaper: functions still end with us
            os.write(self._writing, line.encode())  # short enough to be written in one piece
