"""The functions of a project, ready to be invoked: the one object that drivers see."""

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from offhook.adapters.lambdas import answer, stub
from offhook.adapters.lambdas.call import Answer, Call
from offhook.adapters.lambdas.capacity import Capacity
from offhook.adapters.lambdas.folder import Folder
from offhook.adapters.lambdas.guard import Guard
from offhook.adapters.lambdas.pool import Pool
from offhook.adapters.lambdas.requirements import install
from offhook.adapters.lambdas.spawn import Site
from offhook.adapters.lambdas.spec import DeployedFunction, Function, LocalFunction, Stub
from offhook.model.effect import InvokeLambda
from offhook.model.errors import UsageError
from offhook.model.event import LambdaEnded

if TYPE_CHECKING:
    from offhook.adapters.lambdas.deployed import Caller


class LambdaHost:
    """Invokes functions by name. Satisfies `Functions` of drivers/ports.py.

    Any thread may call it. Nothing is started before the first function that is no stub is invoked. `close` ends every
    process and every request. `max_processes` bounds the processes of all functions, and more invocations at once are
    throttled; `max_invocations` is the instance's limit, and more are refused as Connect does (None: no limit). `now`
    is a clock in seconds, by which processes are idle for too long.
    """

    def __init__(
        self,
        functions: Mapping[str, Function],
        *,
        max_processes: int = 100,
        max_invocations: int | None = None,
        max_body_bytes: int = 65_536,
        init_limit_ms: int = 10_000,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._functions = {name: _rooted(function) for name, function in functions.items()}
        self._counts = {name: itertools.count() for name in functions}
        self._capacity = Capacity(processes=max_processes, invocations=max_invocations)
        self._max_body_bytes = max_body_bytes
        self._init_limit_ms = init_limit_ms
        self._now = now
        self._lock = threading.Lock()
        self._workshop: _Workshop | None = None
        self._caller: Caller | None = None
        self._is_closed = False

    def invoke(self, effect: InvokeLambda) -> "Future[LambdaEnded]":
        """Start an attempt. The future never raises; cancelling it ends the attempt. `at_ms` of the answer is 0."""
        future = Answer()
        function = self._functions.get(effect.function)
        if isinstance(function, DeployedFunction):
            return self._call(function, effect)
        if isinstance(function, Stub):
            future.set_result(stub.answered(function, effect, nth=next(self._counts[effect.function])))
        elif isinstance(function, LocalFunction):
            if function.packages is None or function.packages.is_dir():
                self._begin(function, effect, future)
            else:
                threading.Thread(target=self._install_first, args=(function, effect, future), daemon=True).start()
        else:
            future.set_result(answer.refused(effect, "not_found", f"Function not found: {effect.function}"))
        return future

    def put(self, name: str, function: Function) -> None:
        """Add a function, or replace the one of this name. What runs already goes on as it was begun."""
        function = _rooted(function)
        with self._lock:
            if self._functions.get(name) == function:
                return
            self._functions[name] = function
            self._counts[name] = itertools.count()
            if self._workshop is not None:
                self._workshop.retire(name)

    def drop(self, name: str) -> None:
        """Forget a function. What runs already goes on as it was begun."""
        with self._lock:
            self._functions.pop(name, None)
            if self._workshop is not None:
                self._workshop.retire(name)

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            workshop, self._workshop = self._workshop, None
            caller, self._caller = self._caller, None
        for each in (workshop, caller):
            if each is not None:
                each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _install_first(self, function: LocalFunction, effect: InvokeLambda, future: Answer) -> None:
        try:
            install(function)
        except UsageError as problem:
            body = answer.error_body("Runtime.ImportModuleError", str(problem), requestId=effect.request_id)
            if future.set_running_or_notify_cancel():
                future.set_result(answer.failed(effect, "init", body))
            return
        if not future.cancelled():
            self._begin(function, effect, future)

    def _begin(self, function: LocalFunction, effect: InvokeLambda, future: Answer) -> None:
        with self._lock:
            if self._is_closed:
                future.set_result(answer.refused(effect, "service", answer.CLOSED))
                return
            if self._workshop is None:
                self._workshop = _Workshop(
                    self._capacity,
                    max_body_bytes=self._max_body_bytes,
                    init_limit_ms=self._init_limit_ms,
                    now=self._now,
                )
            pool = self._workshop.pool(effect.function, function)
        # Only now, because our own start is not the function's time
        call = Call(effect, msgspec.json.encode(effect.event), future, time.monotonic())
        pool.begin(call)
        future.when_cancelled(partial(pool.cancel, call))

    def _call(self, function: DeployedFunction, effect: InvokeLambda) -> "Future[LambdaEnded]":
        from offhook.adapters.lambdas.deployed import Caller  # botocore and httpx: only for those who need them

        with self._lock:
            if not self._is_closed:
                if self._caller is None:
                    self._caller = Caller(max_body_bytes=self._max_body_bytes)
                return self._caller.invoke(function, effect)
        future: Future[LambdaEnded] = Future()
        future.set_result(answer.refused(effect, "service", answer.CLOSED))
        return future


def _rooted(function: Function) -> Function:
    """Its process starts elsewhere, so its folders must not depend on ours."""
    if not isinstance(function, LocalFunction):
        return function
    return replace(
        function,
        task_root=function.task_root.absolute(),
        layers=tuple(layer.absolute() for layer in function.layers),
        packages=function.packages.absolute() if function.packages is not None else None,
    )


class _Workshop:
    """What all processes share, and a pool for each function that was invoked."""

    def __init__(self, capacity: Capacity, **limits: Any) -> None:
        folder = Folder()
        self._site = Site(folder, Guard(folder.root), capacity, **limits)
        self._pools: dict[str, Pool] = {}
        self._retired: list[Pool] = []

    def pool(self, name: str, function: LocalFunction) -> Pool:
        if name not in self._pools:
            self._pools[name] = Pool(function, self._site)
        return self._pools[name]

    def retire(self, name: str) -> None:
        """The next one to ask for this name gets another pool."""
        pool = self._pools.pop(name, None)
        if pool is not None:
            pool.retire()
            self._retired = [each for each in self._retired if each.is_alive] + [pool]

    def close(self) -> None:
        for pool in (*self._pools.values(), *self._retired):
            pool.close()
        self._site.guard.close()
