"""Everything that one server has, put together: what is kept, what runs functions, what answers requests."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from offhook.adapters.encryption import encrypt
from offhook.adapters.lambdas.answer import MAX_ANSWER_BYTES
from offhook.adapters.lambdas.attempt import Attempts
from offhook.adapters.lambdas.host import LambdaHost
from offhook.adapters.lambdas.invoker import Invoker
from offhook.adapters.lambdas.queue import Queue
from offhook.adapters.lambdas.registered import Registered
from offhook.adapters.lambdas.registry import Registry
from offhook.adapters.lambdas.spec import Function
from offhook.adapters.lambdas.store import Store
from offhook.adapters.store.contacts import Contacts
from offhook.adapters.store.opened import opened
from offhook.adapters.store.shelf import ACCOUNT, Shelf
from offhook.api import aws, connect_api, lambda_api, participant_api
from offhook.api.agent_routes import AgentRoutes
from offhook.api.chat.chats import Chats
from offhook.api.chat.files import Files
from offhook.api.chat.socket import Sockets
from offhook.api.chat.web import PREFIX, Web
from offhook.api.connect_api.connect import Connect
from offhook.api.door import Door
from offhook.api.gateway import Gateway
from offhook.api.instances import Instances
from offhook.api.lambda_api.lambdas import Lambdas
from offhook.api.operations.oversight import Outlook, Oversight, oversee
from offhook.api.participant_api import Desk
from offhook.api.seed import seed
from offhook.blocks import catalogue
from offhook.drivers.embedded.runtime import Runtime
from offhook.drivers.ports import Functions, Services
from offhook.model.instance import Instance


@dataclass(frozen=True, slots=True)
class Entrance:
    """An ASGI application: requests go one way, websockets another, and what is for browsers a third."""

    requests: ASGIApp
    sockets: ASGIApp
    web: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._way(scope)(scope, receive, send)

    def _way(self, scope: Scope) -> ASGIApp:
        if scope["type"] == "websocket":
            return self.sockets
        return self.web if scope["path"].startswith(PREFIX) else self.requests


@dataclass(frozen=True, slots=True)
class Application:
    """`gateway` answers; `names` are the functions there were at the start, `flows` how many flows of the project's
    instance, modules not counted; `end_functions` ends all that run.
    """

    gateway: ASGIApp
    host: LambdaHost
    names: tuple[str, ...]
    flows: int
    runtime: Runtime
    oversight: Oversight

    async def wind_down(self, seconds: float) -> None:
        """Contacts begin nothing more; functions that run for them may end in this time."""
        self.oversight.health.is_stopping = True
        self.oversight.health.database.hurry()
        await self.runtime.wind_down(seconds)

    async def end_functions(self) -> None:
        """What contacts still wait for is asked again by the next process."""
        self.runtime.outside.close()
        await asyncio.to_thread(self.host.close)


@asynccontextmanager
async def application(
    functions: Mapping[str, Function],
    instance: Instance,
    *,
    folder: Path,
    url: str,
    contents: Mapping[str, str] | None = None,
    database: str = "",
    door: Door | None = None,
    services: Callable[[Functions], Services] | None = None,
    outlook: Outlook | None = None,
) -> AsyncIterator[Application]:
    """`functions` are those of the project, `instance` is what it says of them and of itself, `contents` the
    texts of its flows by ARN; all of it is put into the store. `folder` is where deployed functions are kept, and the
    database, unless another is named. `url` is where clients reach the server. `services` makes what flows ask beside
    functions, out of the functions that it may call itself. `outlook` is what the server shows of itself. Raises
    UsageError.
    """
    store = Store(folder / "lambda")
    try:
        kept = await opened(database, folder, now_ms)
        try:
            registry = Registry(store, functions, account=instance.account, region=instance.region)
            host = LambdaHost(functions, max_body_bytes=MAX_ANSWER_BYTES)
            invoker = Invoker(registry, host, functions)
            attempts = Attempts(registry, invoker)
            queue = Queue(folder / "lambda" / ".events", attempts.run, attempts.patience)
            lambdas = Lambdas(registry, invoker, queue, now_ms)
            instances = Instances(kept.shelf, registry, instance)
            contacts = Contacts(kept.database)
            registered = Registered(registry, invoker, host, lambda contact_id: runtime.secrets_of(contact_id))
            runtime = Runtime(
                contacts, instances, registered,
                catalogue=catalogue(), seal=kept.seal, clock=now_ms, encrypt=encrypt,
                services=services(registered) if services is not None else None,
            )  # fmt: skip
            instances.listen(runtime.adopt)
            chats = Chats(runtime, contacts, now_ms, url)
            desk = Desk(
                chats, now_ms, new_id, kept.shelf, Files(folder / "attachments", contacts, now_ms, url),
                instance.account, instance.region,
            )  # fmt: skip
            connect = Connect(
                kept.shelf, instance.account, instance.region, now_ms, new_id,
                runtime, contacts, instances, chats,
            )  # fmt: skip
            made = aws.services(
                connect=connect_api.handlers(connect), participant=participant_api.handlers(desk),
                lambdas=lambda_api.handlers(lambdas),
            )  # fmt: skip
            await seed(connect, instance, contents or {})
            flows = len(kept.shelf.all(instance.id, "contact-flow"))
            entrance = Entrance(
                Gateway(made, door), Sockets(chats), Web(made[0], kept.shelf, instances, desk.files, url, door)
            )
            oversight = await oversee(
                runtime, kept.database, sockets=lambda: chats.hub.count, is_function=registry.has,
                outlook=outlook or Outlook(),
            )  # fmt: skip
            gateway = oversight.before(AgentRoutes(entrance, connect, made[0], door), (door or Door()).pages)
            application = Application(gateway, host, tuple(registry.names()), flows, runtime, oversight)
            queue.resume()
            await runtime.start(presence(kept.shelf))
            oversight.health.has_started = True
            try:
                yield application
            finally:
                await _stop(application, chats, queue)
        finally:
            await kept.database.close()
    finally:
        store.close()


async def _stop(application: Application, chats: Chats, queue: Queue) -> None:
    application.oversight.health.database.hurry()
    chats.hub.close()
    await application.runtime.stop()
    await queue.close()
    await application.end_functions()


def presence(shelf: Shelf) -> dict[str, dict[str, str]]:
    """The status of every agent who has one, by instance and user name."""
    found: dict[str, dict[str, str]] = {}
    for instance in shelf.all(ACCOUNT, "instance"):
        known = [(record, shelf.get(instance.id, "agent", record.id)) for record in shelf.all(instance.id, "presence")]
        found[instance.id] = {user.name: record.body["Status"] for record, user in known if user is not None}
    return found


def new_id() -> str:
    return str(uuid.uuid4())


def now_ms() -> int:
    return time.time_ns() // 1_000_000
