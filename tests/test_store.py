"""The store, on SQLite and on a real PostgreSQL: one body of tests for both."""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given
from hypothesis import strategies as st

from offhook.adapters.store.contacts import Contacts
from offhook.adapters.store.database import Database, StoreFull, StoreLost
from offhook.adapters.store.migrate import FOLDER
from offhook.adapters.store.schema import ITEM, METADATA, OWNER, REVISION
from offhook.adapters.store.seal import VARIABLE, Seal, seal_in
from offhook.adapters.store.shelf import Record, Shelf
from offhook.model.errors import StoreRefused, UsageError
from offhook.model.writes import KEYS, Row, Writes
from tests import postgres


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.running() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a database may be made."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    with postgres.database(request.getfixturevalue("server")) as url:
        yield url


@pytest.fixture
def postgres_url(server: str) -> Iterator[str]:
    with postgres.database(server) as url:
        yield url


def using(location: str, deed: Callable[[Database], Coroutine[Any, Any, Any]]) -> Any:
    """What comes of it, with the database opened and closed again."""

    async def main() -> Any:
        database = Database.opened(location)
        try:
            return await deed(database)
        finally:
            await database.close()

    return asyncio.run(main())


def order(id: str, body: bytes = b"{}", contact: str = "c") -> Writes:
    """One row of `outbox`."""
    writes = Writes()
    writes.put("outbox", {"id": id, "contact_id": contact, "body": body})
    return writes


async def orders(database: Database) -> dict[str, bytes]:
    return {row["id"]: row["body"] for row in await Contacts(database).outbox()}


def contact_row(id: str, **more: Any) -> Row:
    usual = {
        "instance_id": "i", "initial_id": id, "related_id": None, "channel": "CHAT", "initiation_method": "API",
        "is_open": True, "needs_floor": False, "initiated_ms": 1, "ended_ms": None, "queue": None, "agent": None,
        "seq": 0, "marks": b"{}", "snapshot": b"{}",
    }  # fmt: skip
    return {"id": id, **usual, **more}


# --- tables ---


def test_migrations_make_the_tables_that_the_schema_says(location: str) -> None:
    def differences(connection: sql.Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), METADATA))

    assert using(location, lambda database: database.read(differences)) == []


def test_the_schema_names_the_last_revision() -> None:
    assert ScriptDirectory(str(FOLDER)).get_heads() == [REVISION]


def test_every_table_can_be_written() -> None:
    assert set(KEYS) == set(METADATA.tables) - {OWNER.name}
    for name, keys in KEYS.items():
        assert tuple(column.name for column in METADATA.tables[name].primary_key) == keys


def test_a_database_of_a_newer_version_is_refused_and_left_alone(location: str) -> None:
    async def age(database: Database) -> None:
        await database.read(
            lambda connection: connection.execute(sql.text("UPDATE alembic_version SET version_num=9999"))
        )

    using(location, age)

    with pytest.raises(UsageError, match=r"was written by a newer offhook \(revision 9999\); update this one\.$"):
        Database.opened(location)


def test_a_database_opens_again_with_what_it_had(location: str) -> None:
    using(location, lambda database: database.write(order("o", b"kept")))

    assert using(location, orders) == {"o": b"kept"}


# --- writing ---


def test_what_is_put_twice_is_there_once_as_it_was_put_last(location: str) -> None:
    async def write(database: Database) -> dict[str, bytes]:
        await database.write(order("o", b"1"))
        await database.write(order("o", b"2"))
        return await orders(database)

    assert using(location, write) == {"o": b"2"}


def test_what_is_dropped_is_gone_and_need_not_have_been_there(location: str) -> None:
    async def write(database: Database) -> dict[str, bytes]:
        await database.write(order("gone"))
        both = order("stays")
        both.drop("outbox", "gone")
        both.drop("outbox", "never was")
        await database.write(both)
        return await orders(database)

    assert using(location, write) == {"stays": b"{}"}


def test_many_writers_share_few_transactions(location: str) -> None:
    async def write(database: Database) -> tuple[int, int]:
        await asyncio.gather(*(database.write(order(f"o{n}")) for n in range(200)))
        return database.count, len(await orders(database))

    transactions, rows = using(location, write)

    assert rows == 200
    assert transactions <= 2  # the first, and whoever came while it was under way


def test_a_writer_hears_only_once_it_lasts(location: str) -> None:
    async def write(database: Database) -> bool:
        writing = asyncio.create_task(database.write(order("o")))
        while not writing.done():
            was_done = writing.done()
            found = await orders(database)
            assert found or not was_done
        return "o" in await orders(database)

    assert using(location, write)


def test_writes_of_one_row_keep_their_order(location: str) -> None:
    async def write(database: Database) -> dict[str, bytes]:
        await asyncio.gather(*(database.write(order("o", str(n).encode())) for n in range(50)))
        return await orders(database)

    assert using(location, write) == {"o": b"49"}


def test_one_that_cannot_be_written_keeps_nobody_else_from_it(location: str) -> None:
    async def write(database: Database) -> tuple[list[Any], dict[str, bytes]]:
        bad = order("with it")
        bad.put("outbox", {"id": "bad", "contact_id": None, "body": b""})
        shared = [database.write(order("before")), database.write(bad), database.write(order("after"))]
        return await asyncio.gather(*shared, return_exceptions=True), await orders(database)

    failed, rows = using(location, write)

    assert [isinstance(each, StoreRefused) for each in failed] == [False, True, False]
    assert sorted(rows) == ["after", "before"]


def test_a_writer_that_gave_up_does_not_hold_the_others(location: str) -> None:
    async def write(database: Database) -> dict[str, bytes]:
        gone = asyncio.create_task(database.write(order("gone")))
        stays = asyncio.create_task(database.write(order("stays")))
        await asyncio.sleep(0)
        gone.cancel()
        await stays
        return await orders(database)

    assert "stays" in using(location, write)


def test_what_waits_is_written_before_it_closes(location: str) -> None:
    async def leave(database: Database) -> None:
        asyncio.get_running_loop().create_task(database.write(order("last")))
        await asyncio.sleep(0)

    using(location, leave)

    assert using(location, orders) == {"last": b"{}"}


# --- one owner ---


def test_a_second_process_hears_whose_it_is(location: str) -> None:
    database = Database.opened(location)
    try:
        with pytest.raises(UsageError, match=r"another offhook uses this database; stop it, or give --database anoth"):
            Database.opened(location)
    finally:
        asyncio.run(database.close())
    asyncio.run(Database.opened(location).close())  # free again


def test_who_has_lost_the_database_writes_nothing_more(location: str) -> None:
    def take(connection: sql.Connection) -> None:
        connection.execute(sql.update(OWNER).values(holder="somebody else"))

    async def write(database: Database) -> dict[str, bytes]:
        await database.read(take)
        with pytest.raises(StoreLost, match="another offhook has taken the database"):
            await database.write(order("o"))
        return await orders(database)

    assert using(location, write) == {}


# --- no database ---


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("mysql://root:hidden@host/db", "mysql://root:***@host/db: must begin with sqlite:// or postgresql://."),
        ("sqlite://", "sqlite: name a file, as in sqlite:///offhook.db; what is in memory survives nothing."),
        ("postgresql://u:hidden@127.0.0.1:1/db", "postgresql://u:***@127.0.0.1:1/db: "),
    ],
)
def test_what_cannot_be_opened_is_one_sentence_without_a_password(given: str, said: str) -> None:
    with pytest.raises(UsageError) as problem:
        Database.opened(given)

    [sentence] = problem.value.problems
    assert sentence.startswith(said)
    assert "hidden" not in sentence and "\n" not in sentence


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "not.db").write_bytes(b"no database at all" * 1000)

    with pytest.raises(UsageError, match=r"not\.db: file is not a database\.$"):
        Database.opened(str(tmp_path / "not.db"))


def test_a_database_that_was_damaged_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "damaged.db"
    using(str(file), lambda database: database.write(order("o", b"x" * 200_000)))
    sqlite3.connect(file).execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))

    with pytest.raises(UsageError, match=r"damaged\.db: database disk image is malformed\.$"):
        Database.opened(str(file))


def test_a_folder_that_nobody_may_write_is_one_sentence() -> None:
    with pytest.raises(UsageError, match=r"test\.db: cannot be opened: [A-Z][A-Za-z -]+\.$"):
        Database.opened("/proc/offhook/test.db")  # not even root


def test_a_folder_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(UsageError, match=r"test\.db: cannot be opened: (File exists|Not a directory)\.$"):
        Database.opened(str(tmp_path / "file" / "test.db"))


def test_a_full_file_says_so_and_goes_on_once_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFHOOK_MAX_PAGES", "100")

    async def fill(database: Database) -> dict[str, bytes]:
        with pytest.raises(StoreFull, match="The database is full"):
            await database.write(order("large", b"x" * 1_000_000))
        await database.write(order("small"))
        return await orders(database)

    assert using(str(tmp_path / "test.db"), fill) == {"small": b"{}"}


# --- a connection that is cut ---


def test_a_cut_connection_is_made_again_and_nothing_is_lost(postgres_url: str) -> None:
    async def write(database: Database) -> tuple[int, dict[str, bytes]]:
        cuts = 0
        for n in range(40):
            if n % 8 == 4:
                cuts += await asyncio.to_thread(postgres.cut, postgres_url)
            await database.write(order(f"o{n}"))
        assert database.is_reachable
        return cuts, await orders(database)

    cuts, rows = using(postgres_url, write)

    assert cuts == 5
    assert len(rows) == 40


def test_a_cut_while_writing_is_no_error_of_the_writers(postgres_url: str) -> None:
    async def write(database: Database) -> dict[str, bytes]:
        async def writer(name: str) -> None:
            for n in range(25):
                await database.write(order(f"{name}{n}"))

        async def cutter() -> None:
            while any(not each.done() for each in writers):
                await asyncio.to_thread(postgres.cut, postgres_url)
                await asyncio.sleep(0.05)

        writers = [asyncio.create_task(writer(name)) for name in "abcdef"]
        await asyncio.gather(*writers, cutter())
        return await orders(database)

    assert len(using(postgres_url, write)) == 150


def test_a_commit_whose_answer_was_lost_is_not_made_twice(postgres_url: str) -> None:
    """The transaction is in, and the number in `owner` says so; only its sender never heard."""

    async def write(database: Database) -> tuple[int, bytes]:
        await database.write(order("o", b"1"))
        armed: list[str] = []

        def deafen(connection: sql.Connection) -> None:
            @sql.event.listens_for(connection.engine, "commit")
            def cut(committing: sql.Connection) -> None:
                if armed:
                    armed.clear()
                    committing.connection.commit()
                    postgres.cut(postgres_url)
                    committing.exec_driver_sql("SELECT 1")  # raises what a cut raises

        await database.read(deafen)
        before = database.count
        armed.append("now")
        await database.write(order("o", b"2"))
        assert not armed
        number = await database.read(lambda connection: connection.execute(sql.select(OWNER.c.batch)).scalar_one())
        return number - before, (await orders(database))["o"]

    assert using(postgres_url, write) == (1, b"2")


def test_who_is_cut_off_while_another_takes_the_database_stops(postgres_url: str) -> None:
    async def write(database: Database) -> None:
        with postgres.admin(postgres_url).connect() as other:
            other.execute(sql.text("UPDATE owner SET holder = 'somebody else'"))
        postgres.cut(postgres_url)
        with pytest.raises(StoreLost, match="another offhook has taken the database"):
            await database.write(order("o"))

    using(postgres_url, write)


# --- the questions about contacts ---


def test_contacts_are_found_with_the_attributes_of_their_family(location: str) -> None:
    async def ask(database: Database) -> list[Any]:
        writes = Writes()
        for row in (contact_row("a"), contact_row("b", initial_id="a"), contact_row("c")):
            writes.put("contact", row)
        writes.put("attributes", {"initial_id": "a", "instance_id": "i", "body": b"of a"})
        await database.write(writes)
        contacts = Contacts(database)
        rows = [await contacts.contact(id) for id in ("a", "b", "c", "d")]
        return [row and row["attributes"] for row in rows]

    assert using(location, ask) == [b"of a", b"of a", None, None]


def test_families_are_open_contacts_that_have_open_followers(location: str) -> None:
    async def ask(database: Database) -> dict[str, list[str]]:
        writes = Writes()
        rows = [
            contact_row("a"), contact_row("a2", initial_id="a"), contact_row("a3", initial_id="a", is_open=False),
            contact_row("alone"), contact_row("b", is_open=False), contact_row("b2", initial_id="b"),
        ]  # fmt: skip
        for row in rows:
            writes.put("contact", row)
        await database.write(writes)
        return {id: sorted(members) for id, members in (await Contacts(database).families()).items()}

    assert using(location, ask) == {"a": ["a", "a2"], "b": ["b2"]}


def test_the_floor_has_contacts_in_the_order_of_their_age(location: str) -> None:
    async def ask(database: Database) -> tuple[list[str], int]:
        writes = Writes()
        for id, at_ms, needed in (("late", 3, True), ("early", 1, True), ("elsewhere", 2, False)):
            writes.put("contact", contact_row(id, initiated_ms=at_ms, needs_floor=needed))
        item = {"contact_id": "c", "initial_id": "c", "at_ms": 1, "body": b"{}"}
        for n in (3, 9, 4):
            writes.put("item", {"id": f"i{n}", "n": n, **item})
        await database.write(writes)
        contacts = Contacts(database)
        return [row["id"] for row in await contacts.on_floor()], await contacts.last_item()

    assert using(location, ask) == (["early", "late"], 9)


def test_what_is_due_comes_in_order(location: str) -> None:
    async def ask(database: Database) -> list[str]:
        writes = Writes()
        for id, at_ms in (("b", 2), ("c", 3), ("a", 1)):
            writes.put("due", {"id": id, "contact_id": "c", "at_ms": at_ms, "body": b"{}"})
        await database.write(writes)
        return [row["id"] for row in await Contacts(database).due()]

    assert using(location, ask) == ["a", "b", "c"]


def test_text_of_every_kind_comes_back(location: str) -> None:
    texts = ("", "ä€😀", "line\nline", "'; DROP TABLE item; --", "%s %(x)s :x ?", "\\x00")

    async def ask(database: Database) -> list[bytes]:
        writes = Writes()
        for n, text in enumerate(texts):
            row = {"id": str(n), "n": n, "contact_id": "c", "initial_id": "c", "at_ms": 1, "body": text.encode()}
            writes.put("item", row)
        await database.write(writes)
        return [row["body"] for row in await Contacts(database).rows(sql.select(ITEM.c.body).order_by(ITEM.c.n))]

    assert [body.decode() for body in using(location, ask)] == list(texts)


# --- writes, as data ---


def test_what_comes_later_in_a_transaction_counts() -> None:
    first, second = order("o", b"1"), Writes()
    second.drop("outbox", "o")
    first.add(second)
    assert (list(first.puts()), list(first.drops())) == ([], [("outbox", [{"id": "o"}])])

    first.add(order("o", b"2"))
    assert (list(first.puts()), list(first.drops())) == (
        [("outbox", [{"id": "o", "contact_id": "c", "body": b"2"}])],
        [],
    )


def test_nothing_written_is_false() -> None:
    assert not Writes()
    assert order("o")


# --- the shelf ---


def queue(name: str, id: str = "q", **more: Any) -> Record:
    return Record(instance="i", kind="queue", id=id, name=name, **more)


async def shelf_in(database: Database, now_ms: Callable[[], int] = lambda: 5) -> Shelf:
    statement = sql.select(METADATA.tables["resource"].c.body)
    rows = await database.read(lambda connection: list(connection.execute(statement).scalars()))
    return Shelf(database, rows, now_ms)


def test_what_is_on_the_shelf_is_there_in_the_next_process(location: str) -> None:
    async def put(database: Database) -> None:
        shelf = await shelf_in(database)
        shelf.put(queue("Sales", body={"MaxContacts": 3}, tags={"a": "b"}, managed=True))
        await shelf.commit()

    async def look(database: Database) -> tuple[Record | None, Record | None]:
        shelf = await shelf_in(database)
        return shelf.get("i", "queue", "q"), shelf.named("i", "queue", "Sales")

    using(location, put)
    by_id, by_name = using(location, look)

    assert by_id == by_name
    assert by_id == queue("Sales", body={"MaxContacts": 3}, tags={"a": "b"}, managed=True, created_ms=5, modified_ms=5)


def test_what_is_deleted_stays_deleted(location: str) -> None:
    async def put(database: Database) -> None:
        shelf = await shelf_in(database)
        made = shelf.put(queue("Sales"))
        await shelf.commit()
        shelf.delete(made)
        await shelf.commit()

    async def look(database: Database) -> list[Record]:
        return (await shelf_in(database)).all("i", "queue")

    using(location, put)

    assert using(location, look) == []


class Broken:
    """A database that takes nothing."""

    async def write(self, writes: Writes) -> None:
        raise StoreFull("The database is full.")


def test_where_the_database_fails_memory_is_as_before() -> None:
    shelf = Shelf(Broken(), [], lambda: 1)
    shelf.put(queue("Sales"))

    with pytest.raises(StoreFull):
        asyncio.run(shelf.commit())

    assert shelf.get("i", "queue", "q") is None
    assert shelf.named("i", "queue", "Sales") is None
    assert not shelf.is_dirty


def test_a_name_is_free_once_its_record_has_another(location: str) -> None:
    async def rename(database: Database) -> tuple[Record | None, str]:
        shelf = await shelf_in(database)
        shelf.put(queue("Old"))
        shelf.put(queue("New"))
        shelf.put(queue("Old", id="second"))
        await shelf.commit()
        named = shelf.named("i", "queue", "Old")
        return shelf.get("i", "queue", "q"), named.id if named is not None else ""

    record, owner = using(location, rename)

    assert record is not None
    assert (record.name, owner) == ("New", "second")


# --- the seal ---


@given(st.binary(max_size=200))
def test_what_is_sealed_is_hidden_and_comes_back(data: bytes) -> None:
    seal = Seal(bytes(32))
    hidden = seal.close(data)

    assert seal.open(hidden) == data
    assert seal.close(data) != hidden  # nobody sees that two are the same
    assert len(data) < 8 or data not in hidden


def test_what_is_not_sealed_comes_back_as_it_is() -> None:
    assert Seal(bytes(32)).open(b'{"a":1}') == b'{"a":1}'


def test_another_key_opens_nothing_and_says_what_to_do() -> None:
    hidden = Seal(bytes(32)).close(b"secret")

    with pytest.raises(UsageError, match=f"sealed with another key; give the right one as {VARIABLE}"):
        Seal(b"\x01" * 32).open(hidden)


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    hidden = seal_in(tmp_path / "new").close(b"secret")

    assert seal_in(tmp_path / "new").open(hidden) == b"secret"
    assert (tmp_path / "new" / "seal.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "zz", "00" * 31, "00" * 33])
def test_a_key_that_is_none_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "seal.key").write_text(text)

    with pytest.raises(UsageError, match=r"seal\.key: must be 64 hexadecimal digits\.$"):
        seal_in(tmp_path)


def test_the_variable_goes_before_the_file(tmp_path: Path) -> None:
    hidden = Seal(bytes(32)).close(b"secret")

    assert seal_in(tmp_path, "00" * 32).open(hidden) == b"secret"
    assert not (tmp_path / "seal.key").exists()
