"""What is known of contacts, as questions to the database. Satisfies `Store` of drivers/ports.py."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sql

from offhook.adapters.store.database import Database
from offhook.adapters.store.schema import ATTRIBUTES, CONTACT, DUE, ITEM, OUTBOX
from offhook.model.writes import Row, Writes

T = TypeVar("T")


class Contacts:
    """Reads, and writes through."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, writes: Writes) -> None:
        await self._database.write(writes)

    async def contact(self, contact_id: str) -> Row | None:
        whole = sql.outerjoin(CONTACT, ATTRIBUTES, CONTACT.c.initial_id == ATTRIBUTES.c.initial_id)
        columns = (*CONTACT.c, ATTRIBUTES.c.body.label("attributes"))
        statement = sql.select(*columns).select_from(whole).where(CONTACT.c.id == contact_id)
        rows = await self.rows(statement)
        return rows[0] if rows else None

    async def due(self) -> list[Row]:
        return await self.rows(sql.select(DUE).order_by(DUE.c.at_ms))

    async def outbox(self) -> list[Row]:
        return await self.rows(sql.select(OUTBOX))

    async def on_floor(self) -> list[Row]:
        return await self.rows(sql.select(CONTACT).where(CONTACT.c.needs_floor).order_by(CONTACT.c.initiated_ms))

    async def families(self) -> dict[str, list[str]]:
        has_followers = sql.select(CONTACT.c.initial_id).where(CONTACT.c.is_open, CONTACT.c.id != CONTACT.c.initial_id)
        members = sql.select(CONTACT.c.initial_id, CONTACT.c.id).where(
            CONTACT.c.is_open, CONTACT.c.initial_id.in_(has_followers)
        )
        found = defaultdict(list)
        for row in await self.rows(members):
            found[row["initial_id"]].append(row["id"])
        return dict(found)

    async def last_item(self) -> int:
        return await self.ask(lambda connection: connection.execute(sql.select(sql.func.max(ITEM.c.n))).scalar() or 0)

    # --- for whoever asks more ---

    async def rows(self, statement: Any) -> list[Row]:
        """What a SELECT finds."""
        return await self.ask(lambda connection: [dict(row) for row in connection.execute(statement).mappings()])

    async def ask(self, question: Callable[[sql.Connection], T]) -> T:
        return await self._database.read(question)
