"""Functions in a host, as tests of the function host need them."""

import json
import os
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from offhook.adapters.lambdas.host import LambdaHost
from offhook.adapters.lambdas.spec import LocalFunction
from offhook.model.effect import InvokeLambda
from offhook.model.event import LambdaEnded

FUNCTIONS = Path(__file__).parent / "functions"
REQUEST = "8f0e3b7c-0000-4000-8000-000000000001"
AMPLE_MS = 30_000

Hosting = Callable[..., LambdaHost]


def effect(event: Any = None, *, timeout_ms: int = AMPLE_MS, function: str = "f") -> InvokeLambda:
    arn = f"arn:aws:lambda:us-east-1:111122223333:function:{function}"
    return InvokeLambda("c/1", function, arn, {} if event is None else event, timeout_ms, REQUEST)


def answer(ended: LambdaEnded) -> Any:
    assert ended.status == 200, ended
    assert not ended.function_error, ended
    return json.loads(ended.body)


def wait_until_gone(pid: int) -> None:
    """Returns once the process has ended; fails after ten seconds."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([descriptor], [], [], 10)[0], f"process {pid} still runs"
    finally:
        os.close(descriptor)


@contextmanager
def hosts(**usual: Any) -> Iterator[Hosting]:
    """Makes hosts of one function `f`, closed at the end. `usual` are its settings unless a test says otherwise."""
    made = []

    def make(handler: str = "any.thing", *, limits: dict[str, Any] | None = None, **settings: Any) -> LambdaHost:
        function = LocalFunction(**{"name": "f", "handler": handler, "timeout_ms": AMPLE_MS, **usual, **settings})
        made.append(LambdaHost({"f": function}, **limits or {}))
        return made[-1]

    yield make
    for host in made:
        host.close()
