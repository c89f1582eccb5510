"""Resident memory of a process and its descendants, where /proc tells it."""

import math
import os
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def resident_bytes(pid: int) -> int:
    """Bytes in memory of the process tree, shared pages counted for each; 0 where there is no /proc."""
    total = 0
    pids = [pid]
    for each in pids:  # grows while we go
        try:
            total += int(Path(f"/proc/{each}/statm").read_bytes().split()[1]) * _PAGE_BYTES
            for thread in os.listdir(f"/proc/{each}/task"):
                pids.extend(map(int, Path(f"/proc/{each}/task/{thread}/children").read_bytes().split()))
        except OSError:
            continue  # it has just ended, or there is no /proc
    return total


class Memory:
    """The memory of a process tree, looked at now and then. `now` is a time of time.monotonic()."""

    def __init__(self, pid: int) -> None:
        self.peak_mb = 0.0
        self._pid = pid
        self._looked_at = -math.inf

    def look(self, now: float, *, after_seconds: float) -> float:
        """MB in use; 0 where the last look was less than that ago."""
        if now - self._looked_at < after_seconds:
            return 0
        self._looked_at = now
        used_mb = resident_bytes(self._pid) / 1024**2
        self.peak_mb = max(self.peak_mb, used_mb)
        return used_mb
