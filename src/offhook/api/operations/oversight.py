"""The observers of one server, put together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp

from offhook.adapters.store.contacts import Contacts
from offhook.adapters.store.database import Database
from offhook.api.browser import Pages
from offhook.api.operations.entrance import Operations
from offhook.api.operations.flow_log import FlowLog
from offhook.api.operations.health import Health
from offhook.api.operations.metrics import Metrics
from offhook.api.operations.passage import Passages
from offhook.api.operations.standing import Standing
from offhook.api.operations.watch import Reader, Watch
from offhook.drivers.embedded.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Outlook:
    """What whoever runs the server wants of it. `readers` are told of turns too (traces)."""

    shows_metrics: bool = True
    readers: Sequence[Reader] = ()


@dataclass(frozen=True, slots=True)
class Oversight:
    """`health` is told when the server starts and stops."""

    health: Health
    metrics: Metrics
    outlook: Outlook

    def before(self, app: ASGIApp, pages: Pages) -> Operations:
        """The application with the routes of operations."""
        return Operations(app, self.health, self.metrics, pages, self.outlook.shows_metrics)


async def oversee(
    runtime: Runtime,
    database: Database,
    *,
    sockets: Callable[[], int],
    is_function: Callable[[str], bool],
    outlook: Outlook,
) -> Oversight:
    """Watch a runtime that has not started yet. `sockets` counts those that are open."""

    def flow_name(instance_id: str, arn: str) -> str:
        program = runtime.compiled(instance_id).program(arn)
        return (program.name if program is not None else "") or arn

    metrics, standing = Metrics(is_function), Standing(runtime, sockets)
    metrics.add(standing)
    await standing.recount(Contacts(database))
    database.on_commit = metrics.committed
    runtime.watchers += [
        FlowLog(flow_name), standing.watch, Watch(Passages(flow_name), (metrics.watch, *outlook.readers))
    ]  # fmt: skip
    return Oversight(Health(database), metrics, outlook)
