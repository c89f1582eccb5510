"""Runs what the registry has, within the limits of the account and of each function.

Source of the limits: the page "Lambda function scaling", the reasons of TooManyRequestsException in botocore's model.
"""

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from typing import Any, cast

import msgspec

from offhook.adapters.lambdas.deployment import Deployment
from offhook.adapters.lambdas.host import LambdaHost
from offhook.adapters.lambdas.refusal import Refusal
from offhook.adapters.lambdas.registry import Registry, Target
from offhook.adapters.lambdas.runtime import function
from offhook.adapters.lambdas.spec import Function, Stub
from offhook.core.trace import hidden
from offhook.model.effect import InvokeLambda
from offhook.model.event import LambdaEnded

CONCURRENCY = 1000  # of an account
_LONGEST_MS = 1_000_000  # a function may take 900 s, and some to start
_LOG = logging.getLogger("offhook.functions")


class Invoker:
    """`project` are the functions of offhook.toml, which the host has already; it gets others as they are invoked.

    Any thread may finish an invocation, one begins them.
    """

    def __init__(self, registry: Registry, host: LambdaHost, project: Mapping[str, Function]) -> None:
        self._registry = registry
        self._host = host
        self._project = project
        self._running: Counter[str] = Counter()
        self._lock = threading.Lock()

    def begin(
        self, target: Target, payload: msgspec.Raw, *, request_id: str, id: str = "", timeout_ms: int = _LONGEST_MS,
        secrets: tuple[str, ...] = (),
    ) -> "Future[LambdaEnded]":  # fmt: skip
        """Start an invocation. Raises Refusal when too much runs; what goes wrong later is in the answer.

        `id` is what the answer refers to, the request's id where there is none. `secrets` are left out of the log.
        """
        name = target.deployment.name
        self._admit(target.deployment)
        effect = InvokeLambda(
            id=id or request_id,
            function=self._hosted(target),
            arn=self._registry.arn(name, target.qualifier),
            event=cast(dict[str, Any], payload),  # the host encodes it, which leaves it as it is
            timeout_ms=timeout_ms,
            request_id=request_id,
            qualifier=target.qualifier,
            version=target.version.number,
        )
        future = self._host.invoke(effect)
        if isinstance(self._project.get(effect.function), Stub):
            future = _in_real_time(future.result())
        future.add_done_callback(lambda done: self._finish(name, done, secrets))
        return future

    def forget(self, name: str, numbers: Iterable[str]) -> None:
        """Versions of a function are gone."""
        for number in numbers:
            self._host.drop(f"{name}:{number}")

    def _hosted(self, target: Target) -> str:
        """The host's name for a version; the host has the function after this."""
        name, version = target.deployment.name, target.version
        if version.code is None:
            return name
        key = f"{name}:{version.number}"
        self._host.put(key, function(name, version, self._registry.folder(name, version.code)))
        return key

    def _admit(self, deployment: Deployment) -> None:
        name, limit = deployment.name, deployment.reserved
        with self._lock:
            if limit is None:
                reserved = self._registry.reserved()
                running = sum(count for other, count in self._running.items() if other not in reserved)
                limit, reason = CONCURRENCY - sum(reserved.values()), "ConcurrentInvocationLimitExceeded"
            else:
                running, reason = self._running[name], "ReservedFunctionConcurrentInvocationLimitExceeded"
            if running >= limit:
                raise Refusal("TooManyRequestsException", "Rate Exceeded.", Reason=reason)
            self._running[name] += 1

    def _finish(self, name: str, done: "Future[LambdaEnded]", secrets: tuple[str, ...]) -> None:
        with self._lock:
            self._running[name] -= 1
        if done.cancelled():
            return
        ended = done.result()
        for line in ended.log.splitlines():
            _LOG.info("%s: %s", name, hidden("".join(sign if sign.isprintable() else " " for sign in line), secrets))
        if ended.status != 200 or ended.function_error:
            _LOG.warning("%s failed: %s", name, hidden(ended.detail or ended.error_code, secrets))


def _in_real_time(ended: LambdaEnded) -> "Future[LambdaEnded]":
    """A stub answers at once and says how long it would have taken: here, somebody waits for it."""
    later: Future[LambdaEnded] = Future()
    timer = threading.Timer(ended.took_ms / 1000, later.set_result, [ended])
    timer.daemon = True
    timer.start()
    return later
