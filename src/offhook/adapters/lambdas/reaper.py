"""Ends processes of functions with everything they started, also when we die first.

Imported, it gives us the killing. Run as a script (`python -I -S reaper.py FOLDER`), it is told on its standard input
which processes live, `+PID MARKER` or `-PID` a line. When that input ends, whoever held the other end is gone: it kills
them and removes the folder. It needs nothing but the standard library.

A process is killed with its process group. What left the group (a daemon, a shell's job) is known on Linux by the
marker in its environment: the log stream's name, which is unique to the process and inherited.
"""

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Iterable


def kill_group(pid: int) -> None:
    """Kill the process group of a leader that was not yet waited for."""
    # Nobody may be left in it; macOS says permission where only the dead are
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def kill_strays(markers: Iterable[str]) -> None:
    """Kill every process of ours that has one of these markers in its environment."""
    sought = [marker.encode() for marker in markers]
    for pid in _all():
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                environment = file.read()
            if any(marker in environment for marker in sought):
                os.kill(pid, signal.SIGKILL)
        except OSError:
            continue  # not ours, or already gone


def _all() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    except FileNotFoundError:
        return []


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    alive: dict[int, str] = {}
    for line in sys.stdin:
        pid, _, marker = line[1:].strip().partition(" ")
        if line.startswith("+"):
            alive[int(pid)] = marker
        else:
            alive.pop(int(pid), None)
    for pid in alive:
        kill_group(pid)
    kill_strays(alive.values())
    shutil.rmtree(sys.argv[1], ignore_errors=True)


if __name__ == "__main__":
    main()
