"""Tells when the code of a function has changed on disk."""

import itertools
import os
import time
from collections.abc import Iterator

from offhook.adapters.lambdas.kind import BOOTSTRAP, NODE, PYTHON, source
from offhook.adapters.lambdas.spec import LocalFunction

# Endings of code by kind. A bootstrap may be in any language, and a program without an ending
_CODE = {
    PYTHON: (".py",),
    NODE: (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".json"),
    BOOTSTRAP: ("", ".sh", ".py", ".js", ".mjs", ".cjs", ".rb", ".php", ".pl", ".lua", ".jar", ".dll", ".so"),
}
_MAX_FILES = 2000
_MAX_ENTRIES = 20_000  # a task root may be a whole project with its data
_ALWAYS = 32  # files that are looked at each time, about a microsecond each
_PAUSE_SECONDS = 0.05  # between full scans, and at least _PAUSE_FACTOR times what the last one took
_PAUSE_FACTOR = 20
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages"})

_Stamp = tuple[int, int] | None


class Watch:
    """The handler's file and some around it are looked at each time, all files of code as often as is cheap."""

    def __init__(self, function: LocalFunction) -> None:
        self._function = function
        self._scan()

    def changed(self) -> bool:
        """Whether something changed since this was last asked."""
        if time.monotonic() < self._next_scan:
            for path, stamp in self._near:
                if _stamp(path) != stamp:
                    break
            else:
                return False
        before = self._stamps
        self._scan()
        return self._stamps != before

    def _scan(self) -> None:
        started = time.monotonic()
        function = self._function
        handler = source(function.kind, function.task_root, function.handler)
        roots = [str(root) for root in (function.task_root, *function.layers)]
        paths = itertools.chain([str(handler)] if handler is not None else [], _sources(roots, _CODE[function.kind]))
        self._stamps = {path: _stamp(path) for path in paths}
        self._near = tuple(itertools.islice(self._stamps.items(), _ALWAYS))
        ended = time.monotonic()
        self._next_scan = ended + max(_PAUSE_SECONDS, (ended - started) * _PAUSE_FACTOR)


def _stamp(path: str) -> _Stamp:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _sources(roots: list[str], endings: tuple[str, ...]) -> Iterator[str]:
    """Files of code, nearest first, up to the bounds; links to folders are not followed."""
    folders, files, entries = list(roots), 0, 0
    for folder in folders:  # grows while we go: breadth first
        try:
            with os.scandir(folder) as listing:
                for entry in listing:
                    entries += 1
                    if files >= _MAX_FILES or entries >= _MAX_ENTRIES:
                        return
                    if entry.name.startswith(".") or entry.name in _SKIPPED:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    elif os.path.splitext(entry.name)[1] in endings:
                        files += 1
                        yield entry.path
        except OSError:
            continue
