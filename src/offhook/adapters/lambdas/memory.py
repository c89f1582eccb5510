"""Resident memory of a process and its descendants, where /proc tells it."""

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
