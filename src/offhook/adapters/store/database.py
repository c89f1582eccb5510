"""One database, owned by one process: opened, migrated, read, and written in transactions that many share.

Whoever writes waits until it is committed. What several want to write meanwhile goes into one transaction (group
commit). Everything runs on one thread, in the order in which it was asked for.

PostgreSQL's connection may be cut. A transaction that was under way is then done again, unless the number of
transactions in `owner` says that it was committed; the same row tells whether somebody else has taken the database.
"""

import asyncio
import contextlib
import fcntl
import logging
import math
import os
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sql
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from offhook.adapters.store.migrate import migrate
from offhook.adapters.store.schema import METADATA, OWNER
from offhook.model.errors import StoreRefused, UsageError
from offhook.model.writes import KEYS, Writes

T = TypeVar("T")
_LOG = logging.getLogger("offhook.store")
_LOCK_NUMBER = 0x0FF_400C  # of PostgreSQL's advisory lock; any number that nobody else uses
_LAST_SECONDS = 5  # for a database that cannot be reached when the process stops
# Who hears nothing of the server for so long is cut off; a URL may say otherwise
_PATIENCE = {
    "connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}  # fmt: skip
_PAUSE_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0)  # between attempts to connect again; the last one for ever


class StoreFull(StoreRefused):
    """There is no room for what was to be written; nothing of it was."""


class StoreLost(StoreRefused):
    """Another process has taken the database, or it cannot be written any more; nothing was."""


class Database:
    """See the module. `opened` makes one. `is_reachable` is false while the connection is cut.

    `seconds` is how long the last transaction took, `count` how many there have been in this process; `on_commit` is
    told of each, on the database's thread.
    """

    def __init__(self, url: sql.URL, lock: int | None) -> None:
        self.is_reachable = True
        self.seconds = 0.0
        self.count = 0
        self.on_commit: Callable[[float], None] | None = None
        self._url = url
        self._lock = lock
        self._holder = str(uuid.uuid4())
        self._engine = _engine(url, f"offhook {self._holder}")
        self._batch = 0
        self._thread = ThreadPoolExecutor(1, "offhook-store")
        self._waiting: list[tuple[Writes, asyncio.Future[None]]] = []
        self._flusher: asyncio.Task[None] | None = None
        self._upserts = {name: _upsert(METADATA.tables[name], url) for name in KEYS}
        self._deletes = {name: _delete(METADATA.tables[name]) for name in KEYS}
        self._connection: sql.Connection
        self._closes_at = math.inf

    @classmethod
    def opened(cls, location: str) -> "Database":
        """The database at a URL (`sqlite:///file`, `postgresql://…`), or in a file. Raises UsageError."""
        url = address(location)
        database = cls(url, _locked(url))
        try:
            database._open()
        except SQLAlchemyError as problem:
            database._release()
            raise UsageError(f"{_shown(url)}: {_reason(problem)}.") from None
        except UsageError:
            database._release()
            raise
        return database

    # --- reading and writing ---

    async def read(self, ask: Callable[[sql.Connection], T]) -> T:
        """What `ask` finds; it runs on the database's own thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, ask)

    async def write(self, writes: Writes) -> None:
        """Returns when it is committed. Raises StoreFull or StoreLost where it was not."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((writes, future))
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush())
        await future

    def hurry(self) -> None:
        """The process will stop: from now on a database that cannot be reached is not waited for much longer."""
        self._closes_at = min(self._closes_at, time.monotonic() + _LAST_SECONDS)

    async def close(self) -> None:
        """What waits to be written is written first."""
        self.hurry()
        while self._flusher is not None:
            await asyncio.wait([self._flusher])
        await asyncio.get_running_loop().run_in_executor(self._thread, self._release)
        self._thread.shutdown()

    async def _flush(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            problem = await self._try([writes for writes, _ in taken])
            alone = problem is not None and len(taken) > 1
            for writes, future in taken:
                # One that cannot be written must not keep the others from it
                own = await self._try([writes]) if alone else problem
                if not future.cancelled():
                    future.set_result(None) if own is None else future.set_exception(own)
        self._flusher = None

    async def _try(self, several: list[Writes]) -> StoreRefused | None:
        """All of it in one transaction, or why not."""
        whole = Writes()
        for writes in several:
            whole.add(writes)
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, whole)
        except StoreRefused as refusal:
            return refusal
        except Exception as mistake:  # ours; whoever waits must hear of it, and the next must be written
            _LOG.exception("an internal error of offhook while writing")
            return StoreLost(f"The rows cannot be written: {mistake}.")
        return None

    # --- on the thread ---

    def _read(self, ask: Callable[[sql.Connection], T]) -> T:
        self._reach()
        while True:
            try:
                with self._connection.begin():
                    return ask(self._connection)
            except DBAPIError as problem:
                if not problem.connection_invalidated:
                    raise
                self._connect_again()

    def _commit(self, writes: Writes) -> None:
        began = time.perf_counter()
        self._reach()
        number = self._batch + 1
        while True:
            try:
                self._transact(writes, number)
                break
            except DBAPIError as problem:
                if not problem.connection_invalidated:
                    raise _refused(problem) from None
                self._connect_again()
                if self._batch == number:  # the cut came after the commit
                    break
        self._batch = number
        self.count += 1
        self.seconds = time.perf_counter() - began
        if self.on_commit is not None:
            self.on_commit(self.seconds)

    def _transact(self, writes: Writes, number: int) -> None:
        connection = self._connection
        with connection.begin():
            mine = sql.update(OWNER).where(OWNER.c.holder == self._holder, OWNER.c.batch == number - 1)
            if connection.execute(mine.values(batch=number)).rowcount != 1:
                raise StoreLost(f"{_shown(self._url)}: another offhook has taken the database.")
            for table, rows in writes.drops():
                connection.execute(self._deletes[table], [_bound(row) for row in rows])
            for table, rows in writes.puts():
                connection.execute(self._upserts[table], rows)

    def _open(self) -> None:
        self._connection = self._engine.connect()
        _own(self._connection, self._url)
        migrate(self._connection, _shown(self._url))
        with self._connection.begin():
            row = self._connection.execute(sql.select(OWNER.c.batch)).first()
            self._batch = 0 if row is None else row.batch
            self._connection.execute(sql.delete(OWNER))
            self._connection.execute(sql.insert(OWNER), {"id": 1, "holder": self._holder, "batch": self._batch})

    def _reach(self) -> None:
        """Whoever asked before has given up on a connection that was cut."""
        if self._connection.closed:
            self._connect_again()

    def _connect_again(self) -> None:
        """Until there is a connection. Raises StoreLost where the database is somebody else's now."""
        self.is_reachable = False
        _LOG.warning("%s: the connection was cut; trying again.", _shown(self._url))
        for attempt in range(1_000_000):
            if time.monotonic() > self._closes_at:
                raise StoreLost("offhook is stopping.")
            time.sleep(_PAUSE_SECONDS[min(attempt, len(_PAUSE_SECONDS) - 1)])
            try:
                with contextlib.suppress(SQLAlchemyError):
                    self._connection.close()
                self._connection = self._engine.connect()
                self._end_former()
                _own(self._connection, self._url)
                with self._connection.begin():
                    row = self._connection.execute(sql.select(OWNER.c.holder, OWNER.c.batch)).one()
            except (SQLAlchemyError, UsageError):  # the server may still hold the lock of the connection that was cut
                continue
            if row.holder != self._holder:
                raise StoreLost(f"{_shown(self._url)}: another offhook has taken the database.")
            self._batch = row.batch
            self.is_reachable = True
            _LOG.warning("%s: connected again.", _shown(self._url))
            return

    def _end_former(self) -> None:
        """What the server still has of our connection that was cut would keep the lock until it hears of the cut."""
        ended = sql.text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = :name AND usename = current_user AND pid <> pg_backend_pid()"
        )
        with self._connection.begin():
            self._connection.execute(ended, {"name": f"offhook {self._holder}"})

    def _release(self) -> None:
        with contextlib.suppress(SQLAlchemyError, AttributeError):
            self._connection.close()
        self._engine.dispose()
        if self._lock is not None:
            os.close(self._lock)


# --- one kind of database or the other ---


def address(location: str) -> sql.URL:
    """The URL of a database that is named by a URL or a file. Raises UsageError where it is none of ours."""
    if "://" not in location:
        return sql.URL.create("sqlite", database=str(Path(location).absolute()))
    try:
        url = sql.make_url(location)
    except SQLAlchemyError:
        raise UsageError(f"{location.partition('@')[2] or location!r} is no URL of a database.") from None
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise UsageError("sqlite: name a file, as in sqlite:///offhook.db; what is in memory survives nothing.")
        return url.set(drivername="sqlite")
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise UsageError(f"{_shown(url)}: must begin with sqlite:// or postgresql://.")


def _engine(url: sql.URL, name: str) -> sql.Engine:
    """`name` is how PostgreSQL lists our connection."""
    try:
        if url.get_backend_name() == "sqlite":
            engine = sql.create_engine(url, poolclass=sql.pool.NullPool, connect_args={"check_same_thread": False})
            sql.event.listen(engine, "connect", _prepare)
            sql.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
            return engine
        settings = {key: value for key, value in _PATIENCE.items() if key not in url.query}
        return sql.create_engine(url, poolclass=sql.pool.NullPool, connect_args={**settings, "application_name": name})
    except ModuleNotFoundError as missing:
        cure = "install it with: pip install 'offhook[postgres]'"
        raise UsageError(f"{_shown(url)}: needs the package {missing.name}; {cure}.") from None


def _prepare(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # transactions are ours to begin
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")
    pages = os.environ.get("OFFHOOK_MAX_PAGES", "")
    if pages.isdecimal():  # a bound for the file, in pages of 4 KiB
        connection.execute(f"PRAGMA max_page_count={pages}")


def _locked(url: sql.URL) -> int | None:
    """A lock that says a SQLite file is ours, as a descriptor. Raises UsageError where it is not."""
    if url.get_backend_name() != "sqlite":
        return None
    file = Path(str(url.database))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(f"{file}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise UsageError(f"{file}: cannot be opened: {problem.strerror}.") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise UsageError(f"{file}: another offhook uses this database; stop it, or give --database another.") from None
    return lock


def _own(connection: sql.Connection, url: sql.URL) -> None:
    """PostgreSQL: hold the lock for as long as the connection lives. Raises UsageError where somebody else does."""
    if url.get_backend_name() != "postgresql":
        return
    with connection.begin():
        if not connection.execute(sql.text("SELECT pg_try_advisory_lock(:n)"), {"n": _LOCK_NUMBER}).scalar():
            cure = "stop it, or give --database another"
            raise UsageError(f"{_shown(url)}: another offhook uses this database; {cure}.")


def _shown(url: sql.URL) -> str:
    """Without a password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)


def _refused(problem: DBAPIError) -> Exception:
    if "is full" in str(problem.orig) or getattr(problem.orig, "sqlstate", "") == "53100":
        return StoreFull("The database is full.")
    return StoreLost(f"The database cannot be written: {_reason(problem)}.")


def _reason(problem: SQLAlchemyError) -> str:
    text = str(problem.orig) if isinstance(problem, DBAPIError) else str(problem)
    return (text.strip().splitlines() or ["unknown"])[0].rstrip(".")


# --- statements ---


def _upsert(table: sql.Table, url: sql.URL) -> Any:
    # here, because each takes a while to import, and the other is not needed
    dialect = import_module(f"sqlalchemy.dialects.{url.get_backend_name()}")
    statement = dialect.insert(table)
    rest = [column.name for column in table.columns if not column.primary_key]
    return statement.on_conflict_do_update(
        index_elements=list(KEYS[table.name]), set_={name: statement.excluded[name] for name in rest}
    )


def _delete(table: sql.Table) -> Any:
    return sql.delete(table).where(*(table.c[name] == sql.bindparam(f"key_{name}") for name in KEYS[table.name]))


def _bound(row: dict[str, Any]) -> dict[str, Any]:
    return {f"key_{name}": value for name, value in row.items()}
