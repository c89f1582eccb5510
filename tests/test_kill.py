"""`kill -9` at random moments, and connections to the database that are cut: contacts go on as if nothing had been.

Here it is a short run with a fixed seed; `make soak` sets OFFHOOK_SOAK to the number of kills, and OFFHOOK_SEED to
another seed than 1.
"""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sql
from botocore.exceptions import ReadTimeoutError

from tests import killing, postgres
from tests.cable import Cable, plugged
from tests.caller import Caller
from tests.killing import Centre
from tests.server import PATIENCE_SECONDS

KILLS = int(os.environ.get("OFFHOOK_SOAK", "20"))
SEED = os.environ.get("OFFHOOK_SEED", "1")
CONTACTS = 25  # between two kills

Disturb = Callable[[Centre, random.Random], Awaitable[None]]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.running() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a database may be made."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'contacts.db'}"
        return
    with postgres.database(request.getfixturevalue("server")) as url:
        yield url


def lived(
    folder: Path, location: str, disturb: Disturb, *, times: int, contacts: int = CONTACTS, through: str = ""
) -> Centre:
    """Contacts by and by, while the server is disturbed so often; all of them to their ends.

    `through`: where the server finds the database, where that is somewhere else.
    """
    chance = random.Random(SEED)
    killing.write_project(folder / "project")
    engine = postgres.admin(location) if "postgres" in location else sql.create_engine(location)

    async def main() -> Centre:
        server = await asyncio.to_thread(killing.serve, folder / "project", through or location)
        centre = Centre(folder / "project", through or location, server, Caller(server.url))
        try:
            await centre.set_up()
            waiting = killing.customers(times * contacts, chance)
            tasks = []
            for _ in range(times):
                tasks += [asyncio.create_task(killing.live(centre, waiting.pop())) for _ in range(contacts)]
                await disturb(centre, chance)
            await asyncio.gather(*tasks)
            await killing.until_over(engine)
            assert await asyncio.to_thread(centre.server.stop) == 0
            return centre
        finally:
            centre.caller.close()
            if centre.server.process.poll() is None:
                await asyncio.to_thread(centre.server.stop, signal.SIGKILL)
            engine.dispose()

    return asyncio.run(main())


async def kill(centre: Centre, chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(0.0, 0.6))
    await centre.kill()


def test_contacts_survive_kills_at_random_moments(location: str, tmp_path: Path) -> None:
    centre = lived(tmp_path, location, kill, times=KILLS)

    kept = killing.read(centre.folder, location)
    assert killing.problems(centre, kept, centre.folder / "invocations") == []
    assert len(centre.customers) == KILLS * CONTACTS


# --- the connection to PostgreSQL ---


@pytest.fixture
def database(server: str) -> Iterator[str]:
    with postgres.database(server) as url:
        yield url


@pytest.fixture
def connected(database: str) -> Iterator[Cable]:
    """The way to the database."""
    where = sql.make_url(database)
    with plugged(str(where.host), where.port or 5432) as made:
        yield made


def over(cable: Cable, database: str) -> str:
    """The URL of the database at the other end of a cable."""
    return sql.make_url(database).set(host="127.0.0.1", port=cable.port).render_as_string(hide_password=False)


async def until_ready(centre: Centre, *, is_ready: bool = True) -> None:
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while await centre.is_ready() is not is_ready:
        assert asyncio.get_running_loop().time() < deadline, f"/readyz never said {is_ready}"
        await asyncio.sleep(0.02)


def test_contacts_survive_a_connection_that_is_cut(database: str, connected: Cable, tmp_path: Path) -> None:
    ways = ["end", "cut", "hold", "hold and cut"]

    async def hurt(way: str) -> None:
        if way == "end":
            await asyncio.to_thread(postgres.cut, database)
        if "hold" in way:
            connected.hold()
            await asyncio.sleep(0.3)
        if "cut" in way:
            connected.cut()
        connected.go_on()

    async def disturb(centre: Centre, chance: random.Random) -> None:
        await asyncio.sleep(chance.uniform(0.0, 0.4))
        await centre.without(hurt(chance.choice(ways)))
        await until_ready(centre)

    centre = lived(tmp_path, database, disturb, times=KILLS, contacts=10, through=over(connected, database))

    kept = killing.read(centre.folder, database)
    assert killing.problems(centre, kept, centre.folder / "invocations", is_killed=False) == []


def test_readiness_says_that_the_database_is_gone_and_is_back(database: str, connected: Cable, tmp_path: Path) -> None:
    async def disturb(centre: Centre, chance: random.Random) -> None:
        async def away() -> None:
            connected.refuse()
            await until_ready(centre, is_ready=False)
            assert (await centre.caller.call("GET", "/healthz"))[0] == 200
            connected.accept()

        await centre.without(away())
        await until_ready(centre)

    centre = lived(tmp_path, database, disturb, times=1, contacts=10, through=over(connected, database))

    kept = killing.read(centre.folder, database)
    assert killing.problems(centre, kept, centre.folder / "invocations", is_killed=False) == []


def test_a_server_whose_database_is_gone_still_stops(database: str, connected: Cable, tmp_path: Path) -> None:
    killing.write_project(tmp_path / "project")
    server = killing.serve(tmp_path / "project", over(connected, database))
    connected.refuse()
    asking = server.client("connect", read_timeout=1)
    flows = asking.list_contact_flows(InstanceId=server.ready["instance"]["id"])["ContactFlowSummaryList"]
    with pytest.raises(ReadTimeoutError):  # it waits for the database
        asking.start_task_contact(
            InstanceId=server.ready["instance"]["id"], Name="waits",
            ContactFlowId=next(each["Id"] for each in flows if each["Name"] == "Work"),
        )  # fmt: skip

    assert server.stop() == 0
