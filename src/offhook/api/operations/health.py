"""Whether the process lives, and whether it can serve.

/healthz is 200 as long as the process answers at all: whoever gets no answer starts another one. /readyz is 200 when
calls can be served, else 503 with what is not ready: whoever balances load sends nobody here then.
"""

import asyncio
from dataclasses import dataclass, field

import sqlalchemy as sql

from offhook.adapters.store.database import Database
from offhook.model.errors import StoreRefused

PATIENCE_SECONDS = 2.0  # for the database to say something


@dataclass(slots=True)
class Health:
    """`has_started` and `is_stopping` are set by who runs the server."""

    database: Database
    has_started: bool = False
    is_stopping: bool = False
    _asking: "asyncio.Task[bool] | None" = field(default=None, repr=False)

    async def problems(self) -> dict[str, str]:
        """What is not ready and why, empty where everything is."""
        found = {}
        if not self.has_started:
            found["runtime"] = "has not started yet"
        if self.is_stopping:
            found["server"] = "is stopping"
        if not await self._is_reachable():
            found["database"] = "cannot be reached"
        return found

    async def _is_reachable(self) -> bool:
        """One question at a time: while the connection is cut, none comes back."""
        if not self.database.is_reachable:
            return False
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        try:
            return await asyncio.wait_for(asyncio.shield(self._asking), PATIENCE_SECONDS)
        except TimeoutError:
            return False

    async def _ask(self) -> bool:
        try:
            await self.database.read(lambda connection: connection.execute(sql.text("SELECT 1")).scalar())
        except (StoreRefused, sql.exc.SQLAlchemyError):
            return False
        return True
