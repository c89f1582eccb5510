"""`kill -9` at random moments, and connections to the database that are cut: contacts go on as if nothing had been.

Here it is a short run with a fixed seed; `make soak` sets OFFHOOK_SOAK to the number of kills, and OFFHOOK_SEED to
another seed than 1.
"""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sql

from tests import killing, postgres
from tests.caller import Caller
from tests.killing import Centre

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


def lived(folder: Path, location: str, disturb: Disturb, *, times: int, contacts: int = CONTACTS) -> Centre:
    """Contacts by and by, while the server is disturbed so often; all of them to their ends."""
    chance = random.Random(SEED)
    killing.write_project(folder / "project")
    engine = sql.create_engine(
        sql.make_url(location).set(drivername="postgresql+psycopg") if "postgres" in location else location,
        poolclass=sql.pool.NullPool,
    )

    async def main() -> Centre:
        server = killing.serve(folder / "project", location)
        centre = Centre(folder / "project", location, server, Caller(server.url))
        try:
            await centre.set_up()
            waiting = killing.customers(times * contacts, chance)
            tasks = []
            for _ in range(times):
                tasks += [asyncio.create_task(killing.live(centre, waiting.pop())) for _ in range(contacts)]
                await disturb(centre, chance)
            await asyncio.gather(*tasks)
            await killing.until_over(engine)
            assert centre.server.stop() == 0
            return centre
        finally:
            centre.caller.close()
            if centre.server.process.poll() is None:
                centre.server.stop(9)

    return asyncio.run(main())


async def kill(centre: Centre, chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(0.0, 0.6))
    await centre.kill()


def test_contacts_survive_kills_at_random_moments(location: str, tmp_path: Path) -> None:
    centre = lived(tmp_path, location, kill, times=KILLS)

    kept = killing.read(centre.folder, location)
    assert killing.problems(centre, kept, centre.folder / "invocations") == []
    assert len(centre.customers) == KILLS * CONTACTS
