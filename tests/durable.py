"""The embedded driver for tests, in virtual time: an event loop whose clock jumps to what is due next.

Work in other threads (the database) takes no time; while there is some, the clock stands still.
"""

import asyncio
import selectors
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from offhook.adapters.store.contacts import Contacts
from offhook.adapters.store.database import Database
from offhook.adapters.store.seal import Seal
from offhook.blocks import catalogue
from offhook.core.program import Compiled
from offhook.core.trace import AnyTrace, Renderer
from offhook.drivers.embedded.runtime import Runtime
from offhook.drivers.embedded.turn import Turn
from offhook.model.contact import Contact
from offhook.model.event import Event
from tests.stage import START_MS

T = TypeVar("T")
INSTANCE = "instance"


class _Selector(selectors.DefaultSelector):
    """Waits only while other threads work; else it moves the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.jobs = 0

    def select(self, timeout: float | None = None) -> Any:
        if self.jobs:
            return super().select(0 if timeout == 0 else 1.0)
        ready = super().select(0)
        if not ready and timeout is None:
            ready = super().select(10)  # a thread that the loop itself has started
            if not ready:
                raise RuntimeError("nothing will ever happen")
        if not ready and timeout:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module."""

    def __init__(self) -> None:
        self.clock = _Selector()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now

    def run_in_executor(self, executor: Any, function: Any, *args: Any) -> Any:
        self.clock.jobs += 1
        future = super().run_in_executor(executor, function, *args)
        future.add_done_callback(self._done)
        return future

    def _done(self, future: Any) -> None:
        self.clock.jobs -= 1

    def now_ms(self) -> int:
        return START_MS + round(self.clock.now * 1000)


class Kept:
    """A runtime over a database in a folder. `trace` is what contacts did, as the trace's events, by contact."""

    def __init__(self, runtime: Runtime, loop: VirtualLoop, store: Any) -> None:
        self.runtime = runtime
        self.store = store
        self.loop = loop
        self.trace: dict[str, list[AnyTrace]] = {}
        self.contacts: dict[str, Contact] = {}
        self._renderers: dict[str, Renderer] = {}
        runtime.watchers.append(self._watch)

    def _watch(self, turn: Turn) -> None:
        contact = turn.contact
        renderer = self._renderers.setdefault(contact.id, Renderer())
        self.trace.setdefault(contact.id, []).extend(renderer.render(turn.trace, contact))
        self.contacts[contact.id] = contact

    async def over(self, contact_id: str) -> Contact:
        """Until the contact has ended."""
        while (cell := await self.runtime.look(contact_id)) is None or cell.seen is None or cell.seen.phase != "ended":
            await asyncio.sleep(0.1)
        return cell.seen

    async def happen(self, contact_id: str, event: Callable[[int], Event]) -> Contact:
        return await self.runtime.happen(contact_id, event(self.loop.now_ms()))


class Fixed:
    """One instance that never changes."""

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled

    def compiled(self, instance_id: str) -> Compiled:
        return self._compiled


def run(
    deed: Callable[[Kept], Awaitable[T]],
    compiled: Compiled,
    functions: Any,
    *,
    folder: Path | None = None,
    url: str = "",
    staff: dict[str, str] | None = None,
    before: Callable[[Kept], None] = lambda kept: None,
    **options: Any,
) -> T:
    """Do something with a runtime; a second time in the same folder it goes on where the first stopped."""
    if folder is None:
        with tempfile.TemporaryDirectory() as made:
            return run(deed, compiled, functions, folder=Path(made), url=url, staff=staff, before=before, **options)

    async def main() -> T:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        database = Database.opened(url or str(folder / "test.db"))
        store = options.pop("store", Contacts)(database)
        runtime = Runtime(
            store, options.pop("instances", None) or Fixed(compiled), functions,
            **{"catalogue": catalogue(), "seal": Seal(bytes(32)), "clock": loop.now_ms, **options},
        )  # fmt: skip
        kept = Kept(runtime, loop, store)
        before(kept)
        await runtime.start({INSTANCE: staff} if staff else {})
        try:
            return await deed(kept)
        finally:
            await runtime.stop()
            await database.close()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())
