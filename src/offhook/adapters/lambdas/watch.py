"""Tells when the code of a function has changed on disk."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

_MAX_FILES = 2000
_MAX_ENTRIES = 20_000  # a task root may be a whole project with its data
_SCAN_SHARE = 20  # at most one twentieth of the time goes into looking
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages"})

_Stamp = tuple[int, int] | None


class Watch:
    """The handler's file is looked at each time; all .py files under the task root as often as is cheap."""

    def __init__(self, task_root: Path, handler: str) -> None:
        module = handler.rpartition(".")[0].replace("/", ".").split(".")
        self._task_root = task_root
        self._handler_file = str(task_root.joinpath(*module)) + ".py"
        self._handler_stamp = _stamp(self._handler_file)
        self._next_scan = 0.0
        self._stamps = self._scan()

    def changed(self) -> bool:
        """Whether something changed since this was last asked."""
        stamp = _stamp(self._handler_file)
        if stamp == self._handler_stamp and time.monotonic() < self._next_scan:
            return False
        stamps = self._scan()
        if stamp == self._handler_stamp and stamps == self._stamps:
            return False
        self._handler_stamp, self._stamps = stamp, stamps
        return True

    def _scan(self) -> dict[str, _Stamp]:
        started = time.monotonic()
        stamps = {path: _stamp(path) for path in _sources(str(self._task_root))}
        ended = time.monotonic()
        self._next_scan = ended + (ended - started) * _SCAN_SHARE
        return stamps


def _stamp(path: str) -> _Stamp:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _sources(root: str) -> Iterator[str]:
    """Python files, nearest first, up to the bounds; links to folders are not followed."""
    folders, files, entries = [root], 0, 0
    for folder in folders:  # grows while we go: breadth first
        try:
            with os.scandir(folder) as listing:
                for entry in listing:
                    entries += 1
                    if files >= _MAX_FILES or entries >= _MAX_ENTRIES:
                        return
                    if entry.name.endswith(".py"):
                        files += 1
                        yield entry.path
                    elif (
                        not entry.name.startswith(".")
                        and entry.name not in _SKIPPED
                        and entry.is_dir(follow_symlinks=False)
                    ):
                        folders.append(entry.path)
        except OSError:
            continue
