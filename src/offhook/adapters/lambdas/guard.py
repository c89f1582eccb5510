"""Ends processes of functions with everything they started, also when we die first.

Imported, it gives `kill` to us. Run as a script (`python -I -S guard.py`), it is told on its standard input which
processes live, `+PID MARKER` or `-PID MARKER` a line, and kills them when that input ends, because whoever held the
other end is gone. It needs nothing but the standard library.

A process is killed with its process group. What left the group (a daemon, a shell's job) is known on Linux by the
marker in its environment: the log stream's name, which is unique to the process and inherited.
"""

import os
import signal
import sys
from collections.abc import Mapping


def kill(processes: Mapping[int, str]) -> None:
    """Kill process groups and strays at once. `processes`: pid of a group's leader (not yet waited for) to marker."""
    for pid in processes:
        try:
            os.killpg(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue  # nobody is left in it (macOS says permission for a group of zombies)
    markers = [marker.encode() for marker in processes.values()]
    for pid in _all():
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                environment = file.read()
            if any(marker in environment for marker in markers):
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
    if alive:
        kill(alive)


if __name__ == "__main__":
    main()
