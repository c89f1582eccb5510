"""Many invocations of functions that misbehave at random: each ends as it must, and nothing is left of them.

Here it is a short run with a fixed seed; `make soak` sets OFFHOOK_SOAK to the number of invocations, and
OFFHOOK_SEED to another seed than 1.
"""

import json
import os
import random
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from offhook.adapters.lambdas.host import LambdaHost
from offhook.adapters.lambdas.spec import LocalFunction
from offhook.model.event import LambdaEnded
from tests.hosted import AMPLE_MS, FUNCTIONS, answer, effect, wait_until_gone

INVOCATIONS = int(os.environ.get("OFFHOOK_SOAK", "150"))
SEED = os.environ.get("OFFHOOK_SEED", "1")
CALLERS = 6
HANG_MS = 250
CHAOS = FUNCTIONS / "chaos"

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found in /proc")

Check = Callable[[LambdaEnded, dict[str, object]], bool]


def is_echo(ended: LambdaEnded, event: dict[str, object]) -> bool:
    return answer(ended) == event


def failed(cause: str, detail: str) -> Check:
    return lambda ended, event: ended.cause == cause and detail in ended.detail


def is_flood(ended: LambdaEnded, event: dict[str, object]) -> bool:
    return answer(ended) == event and len(ended.log.encode()) == 4096


def is_garbage(ended: LambdaEnded, event: dict[str, object]) -> bool:
    return (ended.status, ended.function_error, ended.body) == (200, "", "<html>no JSON</html>")


EXPECTED: dict[str, Check] = {
    "answers": is_echo,
    "raises": failed("function_error", "on purpose"),
    "exits": failed("crash", "exit status 3"),
    "is_killed": failed("crash", "signal: killed"),
    "hangs": lambda ended, event: (ended.status, ended.cause, ended.took_ms) == (0, "time_limit", HANG_MS),
    "floods": is_flood,
    "answers_garbage": is_garbage,
    "answers_too_much": failed("function_error", "Function.ResponseSizeTooLarge"),
    "sends_junk": is_echo,
    "loses_its_connection": failed("crash", "exit status 1"),
    "leaves_a_child": is_echo,
    # of the bootstrap in bash
    "fail": failed("function_error", "as asked"),
    "exit": failed("crash", "exit status 3"),
}
ONLY_PYTHON = ("answers_garbage", "loses_its_connection")
IN_BASH = ("answers", "fail", "exit")


def functions(prefix: str) -> Iterator[tuple[LocalFunction, tuple[str, ...]]]:
    """The functions, and what each may be told to do: to answer as often as all the rest together."""
    both = tuple(name for name in EXPECTED if name not in (*ONLY_PYTHON, *IN_BASH))
    usual = {"timeout_ms": AMPLE_MS, "memory_mb": 512, "client": "own"}
    python = LocalFunction(
        name=f"{prefix}-python", task_root=CHAOS, handler="chaos.handler", interpreter=sys.executable, **usual
    )
    yield python, (*both, *ONLY_PYTHON, *["answers"] * len(both))
    if shutil.which("node") is not None:
        node = LocalFunction(name=f"{prefix}-node", task_root=CHAOS, handler="chaos.handler", kind="node", **usual)
        yield node, (*both, *["answers"] * len(both))
    if shutil.which("bash") is not None:
        folder = FUNCTIONS / "bootstrap"
        bash = LocalFunction(name=f"{prefix}-bash", task_root=folder, handler="h", kind="bootstrap", **usual)
        yield bash, (*IN_BASH, *["answers"] * len(IN_BASH))


def pids_of(prefix: str) -> list[int]:
    """Processes of these functions, and what they started, wherever it went."""
    found = []
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            environment = Path("/proc", pid, "environ").read_bytes()
        except OSError:
            continue
        if f"AWS_LAMBDA_FUNCTION_NAME={prefix}-".encode() in environment:
            found.append(int(pid))
    return found


def test_whatever_functions_do_each_invocation_ends_as_it_must() -> None:
    prefix = f"chaos{os.getpid()}"
    chance = random.Random(SEED)
    made = list(functions(prefix))
    orders = []
    for number in range(INVOCATIONS):
        function, things = chance.choice(made)
        event: dict[str, object] = {"do": chance.choice(things), "n": number}
        limit_ms = HANG_MS if event["do"] == "hangs" else AMPLE_MS
        orders.append((event, effect(event, timeout_ms=limit_ms, function=function.name)))
    with LambdaHost({}) as nothing:
        nothing.invoke(effect()).result()
    descriptors, threads = len(os.listdir("/dev/fd")), threading.active_count()

    with (
        LambdaHost({function.name: function for function, _ in made}) as host,
        ThreadPoolExecutor(CALLERS) as callers,
    ):
        ended = list(callers.map(lambda order: host.invoke(order[1]).result(), orders))
        last = [host.invoke(effect({"do": "answers"}, function=function.name)).result() for function, _ in made]

    wrong = [
        (event, one)
        for (event, order), one in zip(orders, ended, strict=True)
        if not as_expected(one, event, in_bash=order.function.endswith("-bash"))
    ]
    assert wrong == []
    assert all(one.status == 200 and not one.function_error for one in last), "the next call works"
    for pid in pids_of(prefix):
        wait_until_gone(pid)
    assert len(os.listdir("/dev/fd")) == descriptors
    assert threading.active_count() == threads


def as_expected(ended: LambdaEnded, event: dict[str, object], *, in_bash: bool) -> bool:
    if in_bash and event["do"] == "answers":
        return bool(json.loads(ended.body)["event"] == event)
    return EXPECTED[str(event["do"])](ended, event)
