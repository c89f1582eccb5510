"""A consistent copy of a database that a server may be using.

SQLite: VACUUM INTO from a connection that only reads. It sees one moment and keeps no writer waiting (the database is
in WAL mode), and it needs no lock of ours. PostgreSQL: pg_dump, which does the same.
Source: sqlite.org/lang_vacuum.html#vacuuminto, sqlite.org/wal.html; postgresql.org/docs/current/app-pgdump.html.
"""

import contextlib
import os
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sql

from offhook.adapters.store.database import address
from offhook.model.errors import UsageError

SQLITE, POSTGRESQL = "offhook.db", "offhook.pgdump"
_STEPS = 200_000  # of SQLite's virtual machine between two reports


def is_file(location: str) -> Path | None:
    """The file of a SQLite database, None for another."""
    url = address(location)
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def copy(location: str, folder: Path, told: Callable[[int], None]) -> Path:
    """The copy in the folder, whose name says of what kind it is. `told` hears how many bytes are written. Raises
    UsageError.
    """
    source = is_file(location)
    if source is None:
        return _dumped(address(location), folder / POSTGRESQL)
    return _vacuumed(source, folder / SQLITE, told)


def _vacuumed(source: Path, target: Path, told: Callable[[int], None]) -> Path:
    def report() -> None:
        with contextlib.suppress(OSError):
            told(target.stat().st_size)

    if not source.is_file():
        raise UsageError(f"{source}: there is no such database.")
    try:
        with contextlib.closing(sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True)) as connection:
            connection.execute("PRAGMA busy_timeout=5000")
            connection.set_progress_handler(report, _STEPS)
            connection.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as problem:
        raise UsageError(f"{source}: cannot be copied: {problem}.") from None
    return target


def _dumped(url: sql.URL, target: Path) -> Path:
    plain = sql.URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    command = ["pg_dump", "--format=custom", "--no-owner", f"--file={target}", f"--dbname={plain.render_as_string()}"]
    if shutil.which("pg_dump") is None:
        by_hand = shlex.join([*command[:3], "--file=offhook.pgdump", command[-1]])
        raise UsageError(f"PostgreSQL's own pg_dump is not on PATH; on a machine that has it, run: {by_hand}")
    secret = {"PGPASSWORD": url.password} if url.password is not None else {}
    done = subprocess.run(
        command, env={**os.environ, **secret}, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["it does not say why"])[0]
        raise UsageError(f"pg_dump has failed: {said.removeprefix('pg_dump: ').removeprefix('error: ').rstrip('.')}.")
    return target
