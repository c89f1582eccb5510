"""Everything that one server has, put together: what is kept, what runs functions, what answers requests."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
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
from offhook.adapters.store.opened import Opened, opened
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
from offhook.api.service import Service
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


@dataclass(frozen=True, slots=True)
class _Functions:
    """What runs functions, for whoever calls Lambda and for flows."""

    registry: Registry
    host: LambdaHost
    lambdas: Lambdas
    registered: Registered

    @classmethod
    def of(cls, store: Store, functions: Mapping[str, Function], instance: Instance, folder: Path) -> "_Functions":
        registry = Registry(store, functions, account=instance.account, region=instance.region)
        host = LambdaHost(functions, max_body_bytes=MAX_ANSWER_BYTES)
        invoker = Invoker(registry, host, functions)
        attempts = Attempts(registry, invoker)
        queue = Queue(folder / ".events", attempts.run, attempts.patience)
        return cls(registry, host, Lambdas(registry, invoker, queue, now_ms), Registered(registry, invoker, host))


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
    async with AsyncExitStack() as stack:
        store = Store(folder / "lambda")
        stack.callback(store.close)
        kept = await opened(database, folder, now_ms)
        stack.push_async_callback(kept.database.close)
        ours = _Functions.of(store, functions, instance, folder / "lambda")
        beside = services(ours.registered) if services is not None else None
        connect = _connect(kept, ours, instance, url, beside)
        await seed(connect, instance, contents or {})
        made, gateway = _entrance(connect, ours, folder, url, door)
        oversight = await oversee(
            connect.runtime, kept.database, sockets=lambda: connect.chats.hub.count,
            is_function=ours.registry.has, outlook=outlook or Outlook(),
        )  # fmt: skip
        whole = oversight.before(AgentRoutes(gateway, connect, made[0], door), (door or Door()).pages)
        flows = len(kept.shelf.all(instance.id, "contact-flow"))
        served = Application(whole, ours.host, tuple(ours.registry.names()), flows, connect.runtime, oversight)
        ours.lambdas.queue.resume()
        await connect.runtime.start(presence(kept.shelf))
        stack.push_async_callback(_stop, served, connect.chats, ours.lambdas.queue)
        oversight.health.has_started = True
        yield served


def _connect(kept: Opened, ours: _Functions, instance: Instance, url: str, beside: Services | None) -> Connect:
    """Instances and what runs their contacts, over what is kept."""
    instances = Instances(kept.shelf, ours.registry, instance)
    contacts = Contacts(kept.database)
    runtime = Runtime(
        contacts, instances, ours.registered,
        catalogue=catalogue(), seal=kept.seal, clock=now_ms, encrypt=encrypt, services=beside,
    )  # fmt: skip
    instances.listen(runtime.adopt)
    chats = Chats(runtime, contacts, now_ms, url)
    return Connect(
        kept.shelf, instance.account, instance.region, now_ms, new_id, runtime, contacts, instances, chats
    )  # fmt: skip


def _entrance(
    connect: Connect, ours: _Functions, folder: Path, url: str, door: Door | None
) -> tuple[tuple[Service, ...], Entrance]:
    """The three services, and where what comes in goes."""
    files = Files(folder / "attachments", connect.contacts, now_ms, url)
    desk = Desk(connect.chats, now_ms, new_id, connect.shelf, files, connect.account, connect.region)
    made = aws.services(
        connect=connect_api.handlers(connect), participant=participant_api.handlers(desk),
        lambdas=lambda_api.handlers(ours.lambdas),
    )  # fmt: skip
    web = Web(made[0], connect.shelf, connect.instances, files, url, door)
    return made, Entrance(Gateway(made, door), Sockets(connect.chats), web)


async def _stop(application: Application, chats: Chats, queue: Queue) -> None:
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
