"""Tells when the code of a function has changed on disk."""

import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path

_MAX_FILES = 2000
_MAX_ENTRIES = 20_000  # a task root may be a whole project with its data
_ALWAYS = 32  # files that are looked at each time, about a microsecond each
_PAUSE_SECONDS = 0.05  # between full scans, and at least _PAUSE_FACTOR times what the last one took
_PAUSE_FACTOR = 20
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages"})

_Stamp = tuple[int, int] | None


class Watch:
    """The handler's file and some around it are looked at each time, all .py files as often as is cheap."""

    def __init__(self, task_root: Path, handler: str) -> None:
        module = handler.rpartition(".")[0].replace("/", ".").split(".")
        self._task_root = str(task_root)
        self._handler_file = str(task_root.joinpath(*module)) + ".py"
        self._scan()

    def changed(self) -> bool:
        """Whether something changed since this was last asked."""
        if time.monotonic() < self._next_scan and all(_stamp(path) == stamp for path, stamp in self._near.items()):
            return False
        before = self._stamps
        self._scan()
        return self._stamps != before

    def _scan(self) -> None:
        started = time.monotonic()
        paths = [self._handler_file, *_sources(self._task_root)]
        self._stamps = {path: _stamp(path) for path in paths}
        self._near = dict(itertools.islice(self._stamps.items(), _ALWAYS))
        ended = time.monotonic()
        self._next_scan = ended + max(_PAUSE_SECONDS, (ended - started) * _PAUSE_FACTOR)


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
