"""What `offhook backup` and `offhook restore` do."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from offhook.adapters.store.copy import POSTGRESQL, SQLITE, copy, is_file
from offhook.adapters.store.opened import FILE
from offhook.adapters.store.seal import VARIABLE
from offhook.cli import archive
from offhook.cli.project import load_project, shown
from offhook.cli.server import location
from offhook.core.calendar import text_of
from offhook.model.errors import UsageError

_FOLDER = ".offhook"


def keep(target: Path, start: Path, database: str | None, *, env: str | None) -> str:
    """Write a backup of the project that `start` lies in. A sentence about it. Raises UsageError."""
    if target.exists():
        raise UsageError(f"{target}: exists already; a backup replaces nothing.")
    if not target.absolute().parent.is_dir():
        raise UsageError(f"{target}: there is no folder {target.absolute().parent}.")
    project = load_project(start, env=env)
    folder = project.root / _FOLDER
    where = location(project, database) or str(folder / FILE)
    sizes = [path.stat().st_size for _, path in archive.files_of(folder)]
    source = is_file(where)
    expected = source.stat().st_size if source is not None and source.is_file() else 0
    with (
        tempfile.TemporaryDirectory(prefix=".offhook-backup-", dir=target.absolute().parent) as made,
        _progress("Backing up", 2 * expected + sum(sizes)) as moved,
    ):
        copied = copy(where, Path(made), moved.at)
        moved.at(expected)
        files = chain([(copied.name, copied)], archive.files_of(folder))
        manifest = archive.write(target, files, text_of(time.time_ns() // 1_000_000), moved.by)
    return _kept(target, manifest)


def _kept(target: Path, manifest: archive.Manifest) -> str:
    names = list(manifest.files)
    functions = sum(name.startswith("lambda/") and name.endswith("/function.json") for name in names)
    attachments = sum(name.startswith("attachments/") for name in names)
    parts = ["the database", _count(functions, "function"), _count(attachments, "attachment")]
    said = f"{target}: {', '.join(parts)}, {target.stat().st_size:,} bytes."
    if "seal.key" not in names:
        return f"{said} It has no key: keep {VARIABLE} yourself."
    return f"{said} It has the key to what is secret: keep it safe."


def give_back(source: Path, folder: Path) -> str:
    """Unpack a backup. A sentence about what to do next. Raises UsageError."""
    target = folder / _FOLDER
    if os.path.lexists(target):
        raise UsageError(f"{target}: exists already; give --to another folder, or move it away.")
    if not source.is_file():
        raise UsageError(f"{source}: there is no such file.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".offhook-restore-", dir=folder))
    except OSError as problem:
        raise UsageError(f"{folder}: cannot be written: {problem.strerror}.") from None
    try:
        with _progress("Restoring", source.stat().st_size) as moved:
            manifest = archive.read(source, made, moved.by)
        made.chmod(0o755)
        made.rename(target)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return _next(folder, target, manifest)


def _next(folder: Path, target: Path, manifest: archive.Manifest) -> str:
    said = f"{shown(target.absolute())}: as it was at {manifest.made}."
    if SQLITE in manifest.files:
        return f"{said} Serve it with: cd {folder} && offhook serve --database {_FOLDER}/{SQLITE}"
    fill = f"pg_restore --no-owner --dbname=URL {target / POSTGRESQL}"
    return f"{said} Fill an empty database with: {fill}, and serve that: offhook serve --database URL"


class _Moved:
    def __init__(self, set_to: Callable[[int], None]) -> None:
        self._set_to = set_to
        self._before = 0

    def at(self, size: int) -> None:
        """So many bytes, all in all."""
        self._before = size
        self._set_to(size)

    def by(self, size: int) -> None:
        """So many more."""
        self.at(self._before + size)


@contextmanager
def _progress(what: str, total: int) -> Iterator[_Moved]:
    """A bar on stderr, where that is a terminal."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=max(total, 1))
        yield _Moved(lambda size: bar.update(task, completed=size))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
