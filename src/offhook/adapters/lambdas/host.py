"""The functions of a project, ready to be invoked: the one object that drivers see."""

import asyncio
import contextlib
import itertools
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from types import TracebackType
from typing import Self

import msgspec

from offhook.adapters.lambdas import answer, stub
from offhook.adapters.lambdas.folder import Folder
from offhook.adapters.lambdas.guard import Guard
from offhook.adapters.lambdas.pool import Pool
from offhook.adapters.lambdas.process import Call
from offhook.adapters.lambdas.spawn import Site
from offhook.adapters.lambdas.spec import Function, PythonFunction, Stub
from offhook.model.effect import InvokeLambda
from offhook.model.event import LambdaEnded


class LambdaHost:
    """Invokes functions by name. Satisfies `Functions` of drivers/ports.py.

    Any thread may call it. Nothing is started before the first Python function is invoked; then one thread with one
    loop serves all of them. `close` ends every process.
    """

    def __init__(
        self,
        functions: Mapping[str, Function],
        *,
        max_processes: int = 100,
        max_body_bytes: int = 65_536,
        init_limit_ms: int = 10_000,
    ) -> None:
        self._functions = {name: _rooted(function) for name, function in functions.items()}
        self._counts = {name: itertools.count() for name in functions}
        self._limits = (max_processes, max_body_bytes, init_limit_ms)
        self._lock = threading.Lock()
        self._workshop: _Workshop | None = None
        self._is_closed = False

    def invoke(self, effect: InvokeLambda) -> "Future[LambdaEnded]":
        """Start an attempt. The future never raises; cancelling it ends the attempt. `at_ms` of the answer is 0."""
        future: Future[LambdaEnded] = Future()
        function = self._functions.get(effect.function)
        if isinstance(function, Stub):
            future.set_result(stub.answered(function, effect, nth=next(self._counts[effect.function])))
        elif isinstance(function, PythonFunction):
            self._begin(function, effect, future)
        else:
            future.set_result(answer.refused(effect, "not_found", f"Function not found: {effect.function}"))
        return future

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            workshop, self._workshop = self._workshop, None
        if workshop is not None:
            workshop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self, function: PythonFunction, effect: InvokeLambda, future: "Future[LambdaEnded]") -> None:
        with self._lock:
            if self._is_closed:
                future.set_result(answer.refused(effect, "service", answer.CLOSED))
                return
            if self._workshop is None:
                self._workshop = _Workshop(*self._limits)
            # Only now, because our own first start is not the function's time
            call = Call(effect, msgspec.json.encode(effect.event), future, time.monotonic())
            self._workshop.begin(function, call)


def _rooted(function: Function) -> Function:
    """Its process starts elsewhere, so its folder must not depend on ours."""
    if isinstance(function, Stub):
        return function
    return replace(function, task_root=function.task_root.absolute())


class _Workshop:
    """The thread, its loop, and what all processes share."""

    def __init__(self, max_processes: int, max_body_bytes: int, init_limit_ms: int) -> None:
        self._loop = asyncio.new_event_loop()
        folder = Folder()
        self._site = Site(self._loop, folder, Guard(folder.root), max_processes, max_body_bytes, init_limit_ms)
        self._pools: dict[str, Pool] = {}
        self._thread = threading.Thread(target=self._loop.run_forever, name="offhook-functions", daemon=True)
        self._thread.start()

    def begin(self, function: PythonFunction, call: Call) -> None:
        self._loop.call_soon_threadsafe(self._begin, function, call)
        call.future.add_done_callback(lambda future: self._cancel(function, call) if future.cancelled() else None)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close_pools(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._site.guard.close()

    def _begin(self, function: PythonFunction, call: Call) -> None:
        pool = self._pools.get(function.name)
        if pool is None:
            pool = self._pools[function.name] = Pool(function, self._site)
        pool.begin(call)

    def _cancel(self, function: PythonFunction, call: Call) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: everything has ended
            self._loop.call_soon_threadsafe(self._pools[function.name].cancel, call)

    async def _close_pools(self) -> None:
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))
        await asyncio.sleep(0)  # connections that were aborted say goodbye in the next turn
