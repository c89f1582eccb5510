"""Everything that one server has, put together: what is kept, what runs functions, what answers requests."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from offhook.adapters.lambdas.answer import MAX_ANSWER_BYTES
from offhook.adapters.lambdas.attempt import Attempts
from offhook.adapters.lambdas.host import LambdaHost
from offhook.adapters.lambdas.invoker import Invoker
from offhook.adapters.lambdas.queue import Queue
from offhook.adapters.lambdas.registry import Registry
from offhook.adapters.lambdas.spec import Function
from offhook.adapters.lambdas.store import Store
from offhook.adapters.store.opened import opened
from offhook.api import connect_api, lambda_api
from offhook.api.aws import services
from offhook.api.connect_api.connect import Connect
from offhook.api.door import Door
from offhook.api.gateway import Gateway
from offhook.api.lambda_api.lambdas import Lambdas


@dataclass(frozen=True, slots=True)
class Application:
    """`gateway` answers; `names` are the functions there were at the start; `end_functions` ends all that run."""

    gateway: Gateway
    host: LambdaHost
    names: tuple[str, ...]

    async def end_functions(self) -> None:
        await asyncio.to_thread(self.host.close)


@asynccontextmanager
async def application(
    functions: Mapping[str, Function],
    *,
    account: str,
    region: str,
    folder: Path,
    database: str = "",
    door: Door | None = None,
) -> AsyncIterator[Application]:
    """`functions` are those of the project, `folder` is where deployed ones are kept, and the database, unless another
    is named. Raises UsageError.
    """
    store = Store(folder / "lambda")
    try:
        kept = await opened(database, folder, now_ms)
        try:
            registry = Registry(store, functions, account=account, region=region)
            host = LambdaHost(functions, max_body_bytes=MAX_ANSWER_BYTES)
            invoker = Invoker(registry, host, functions)
            attempts = Attempts(registry, invoker)
            queue = Queue(folder / "lambda" / ".events", attempts.run, attempts.patience)
            lambdas = Lambdas(registry, invoker, queue, now_ms)
            connect = Connect(kept.shelf, account, region, now_ms, lambda: str(uuid.uuid4()))
            made = services(connect=connect_api.handlers(connect), lambdas=lambda_api.handlers(lambdas))
            application = Application(Gateway(made, door), host, tuple(registry.names()))
            queue.resume()
            try:
                yield application
            finally:
                await queue.close()
                await application.end_functions()
        finally:
            await kept.database.close()
    finally:
        store.close()


def now_ms() -> int:
    return time.time_ns() // 1_000_000
