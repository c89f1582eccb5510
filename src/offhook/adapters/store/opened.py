"""The store of a server, opened: its database, its seal and its configuration."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sql

from offhook.adapters.store.database import Database
from offhook.adapters.store.schema import RESOURCE
from offhook.adapters.store.seal import VARIABLE, Seal, seal_in
from offhook.adapters.store.shelf import Shelf

FILE = "offhook.db"


@dataclass(frozen=True, slots=True)
class Opened:
    database: Database
    seal: Seal
    shelf: Shelf


async def opened(location: str, folder: Path, now_ms: Callable[[], int]) -> Opened:
    """`location`: a URL or a file, "" for `offhook.db` in the folder, where the seal's key lies too. UsageError."""
    seal = seal_in(folder, os.environ.get(VARIABLE, ""))
    database = Database.opened(location or str(folder / FILE))
    rows = await database.read(lambda connection: list(connection.execute(sql.select(RESOURCE.c.body)).scalars()))
    return Opened(database, seal, Shelf(database, rows, now_ms))
