"""`--watch`: the same run again, whenever something changes that it depends on."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from offhook.adapters.lambdas.spec import LocalFunction
from offhook.adapters.lambdas.watch import Watch
from offhook.cli.asked import Options
from offhook.cli.contact import INTERRUPTED, perform, prepare
from offhook.cli.project import Project, find_file
from offhook.cli.terminal import console_for
from offhook.model.errors import UsageError

POLL_SECONDS = 0.3


def watch(options: Options) -> int:
    """Run, and again whenever something changes that the run depends on, until it is interrupted."""
    try:
        while True:
            watched = _Watched(options)
            if _run(options, watched) == INTERRUPTED:
                return INTERRUPTED
            while not watched.changed():
                time.sleep(POLL_SECONDS)
            _separate(options)
    except KeyboardInterrupt:
        return 0


def _run(options: Options, watched: "_Watched") -> int:
    try:
        ready = prepare(options)
        watched.add(ready.project)
        return perform(ready)
    except UsageError as refusal:
        for sentence in refusal.problems:
            print(f"offhook: {sentence}", file=sys.stderr)
        return 2


def _separate(options: Options) -> None:
    console_for(sys.stderr if options.json else sys.stdout).rule("something changed: again", characters="─")


class _Watched:
    """The files that a run depends on, and how they were when this was made."""

    def __init__(self, options: Options) -> None:
        is_file = os.path.isfile(options.flow)
        start = Path(options.flow).resolve() if is_file else Path.cwd()
        file = find_file(start)
        self._root = file.parent if file is not None else start.parent if is_file else start
        self._project: Project | None = None
        self._code: list[Watch] = []
        self._stamps = self._now()

    def add(self, project: Project) -> None:
        """From now on, just what this project consists of."""
        self._project = project
        functions = (each for each in project.functions.values() if isinstance(each, LocalFunction))
        self._code = [Watch(each) for each in functions]
        # what changed while the project was being read has been read too early
        self._stamps = {path: self._stamps.get(path, stamp) for path, stamp in self._now().items()}

    def changed(self) -> bool:
        return self._now() != self._stamps or any([code.changed() for code in self._code])

    def _now(self) -> dict[Path, tuple[int, int]]:
        return {path: stamp for path in self._files() if (stamp := _stamp(path)) is not None}

    def _files(self) -> Iterator[Path]:
        if self._project is not None:
            yield from self._project.watched()
            return
        # nothing is known yet, for something is wrong: whatever lies near may be the cure
        for pattern in ("*.*", "*/*.*"):
            yield from self._root.glob(pattern)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
