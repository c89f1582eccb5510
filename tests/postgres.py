"""A PostgreSQL for tests: the one that OFFHOOK_TEST_POSTGRES names (a URL), else one of our own in a new folder.

Ours runs as long as the test session, as somebody who is not root, and writes nothing through to the disk: what is
tested is whether offhook survives, not whether PostgreSQL does.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sql

VARIABLE = "OFFHOOK_TEST_POSTGRES"
_SETTINGS = (
    "listen_addresses=127.0.0.1", "unix_socket_directories=''", "fsync=off", "full_page_writes=off",
    "max_connections=40", "shared_buffers=16MB", "logging_collector=off",
)  # fmt: skip


def programs() -> Path | None:
    """The folder of initdb and pg_ctl, None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[4].split(".")[0]))
    usual = shutil.which("pg_ctl")
    if found:
        return found[-1].parent
    return Path(usual).resolve().parent if usual is not None else None


def absent() -> None:
    """Skip, or fail where nothing may be left out."""
    message = f"no PostgreSQL: install it (Debian: apt-get install postgresql), or set {VARIABLE} to a URL of one"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def running() -> Iterator[str]:
    """A server's URL."""
    given = os.environ.get(VARIABLE)
    if given:
        yield given
        return
    folder = programs()
    if folder is None:
        absent()
    assert folder is not None
    with tempfile.TemporaryDirectory(prefix="offhook-pg-", dir="/tmp") as made, _started(folder, Path(made)) as url:
        yield url


@contextmanager
def _started(programs: Path, folder: Path) -> Iterator[str]:
    run = _runner(folder)
    data = folder / "data"
    run(programs / "initdb", "-D", data, "-U", "offhook", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    port = _free_port()
    options = " ".join(f"-c {setting}" for setting in (*_SETTINGS, f"port={port}"))
    run(programs / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
    try:
        yield f"postgresql://offhook@127.0.0.1:{port}/postgres"
    finally:
        run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _runner(folder: Path) -> Callable[..., None]:
    """PostgreSQL refuses to run as root."""
    prefix: list[str] = []
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        prefix = ["runuser", "-u", user.pw_name, "--"]

    def run(*words: object) -> None:
        command = [*prefix, *map(str, words)]
        # no pipes: what is started would keep them open
        with (folder / "said").open("wb") as said:
            done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False)
        assert done.returncode == 0, (folder / "said").read_text()

    return run


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def admin(url: str) -> sql.Engine:
    """To look into a server from outside; every statement is a transaction of its own."""
    made = sql.make_url(url).set(drivername="postgresql+psycopg")
    return sql.create_engine(made, poolclass=sql.pool.NullPool, isolation_level="AUTOCOMMIT")


@contextmanager
def database(url: str) -> Iterator[str]:
    """The URL of a new, empty database on the server; it is dropped at the end."""
    name = f"test_{uuid.uuid4().hex}"
    engine = admin(url)
    with engine.connect() as connection:
        connection.execute(sql.text(f"CREATE DATABASE {name}"))
    try:
        yield sql.make_url(url).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(sql.text(f"DROP DATABASE {name} WITH (FORCE)"))


def cut(url: str) -> int:
    """End every other session of the URL's database, as a failing network would; how many there were."""
    ended = sql.text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with admin(url).connect() as connection:
        return int(connection.execute(ended).scalar_one())
