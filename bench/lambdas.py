"""Functions of each kind: what a warm and a cold invocation cost, many at once, and many that wait.

Warm is `host.invoke(…).result()` against a bare round trip with the very same process (bench/invoke.py). Not for bash,
which sends line by line and waits 40 ms for a server that does not acknowledge each, as a bare one does not. Cold is
the first invocation of a trivial handler, so nearly nothing of it is the function's own import time. A kind whose
program is not on this machine has no row. Run: `python -m bench.lambdas [--json]`.
"""

import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench.invoke import Bare, event, percentiles
from offhook.adapters.lambdas.command import command
from offhook.adapters.lambdas.environment import environment
from offhook.adapters.lambdas.folder import Folder
from offhook.adapters.lambdas.host import LambdaHost
from offhook.adapters.lambdas.kind import BOOTSTRAP
from offhook.adapters.lambdas.memory import resident_bytes
from offhook.adapters.lambdas.spec import LocalFunction
from offhook.cli.project import load_project
from offhook.model.effect import InvokeLambda

ROUNDS = 5
WARM_UPS = 50
CALLS = 300
COLD_STARTS = 10
CROWD = 32
REGISTERED = 1000
PYTHON = """import time
def handler(event, context):
    return {'State': 'WA'}
def sleeps(event, context):
    time.sleep(0.2)
    return {'State': 'WA'}
"""
NODE = "exports.handler = async () => ({ State: 'WA' });\n"
BASH = """#!/usr/bin/env bash
exec 3<>"/dev/tcp/${AWS_LAMBDA_RUNTIME_API%:*}/${AWS_LAMBDA_RUNTIME_API##*:}"
export LC_ALL=C
hear() {
  local name value length=0
  while IFS=': ' read -r name value <&3; do
    value="${value%$'\\r'}"
    case "${name,,}" in
      lambda-runtime-aws-request-id) id="$value" ;;
      content-length) length="$value" ;;
      $'\\r') break ;;
    esac
  done
  [ "$length" -gt 0 ] && IFS= read -r -N "$length" body <&3
}
root=/2018-06-01/runtime/invocation
while true; do
  printf 'GET %s/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' "$root" >&3
  hear
  printf 'POST %s/%s/response HTTP/1.1\\r\\nContent-Length: 14\\r\\n\\r\\n{"State":"WA"}' "$root" "$id" >&3
  hear
done
"""


@contextmanager
def functions() -> Iterator[dict[str, LocalFunction]]:
    """One of each kind that runs here, by what it is called in the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "f.py").write_text(PYTHON)
        (folder / "f.js").write_text(NODE)
        (folder / "bootstrap").write_text(BASH)
        (folder / "bootstrap").chmod(0o755)
        python = LocalFunction(name="f", task_root=folder, handler="f.handler", client="own")
        made = {"Python": python}
        if shutil.which("node"):
            made["Node.js"] = replace(python, kind="node", memory_mb=512)
        if shutil.which("bash"):
            made["bash bootstrap"] = replace(python, kind="bootstrap")
        yield made


async def bare(function: LocalFunction) -> list[float]:
    """Seconds of each bare round trip with the process that the host would start."""
    stub = Bare()
    server = await asyncio.get_running_loop().create_server(lambda: stub, "127.0.0.1", 0)
    folder = Folder()
    address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    variables = environment(function, api_address=address, home=str(folder.home), log_stream="bench")
    child = await asyncio.create_subprocess_exec(*command(function, folder), cwd=function.task_root, env=variables)
    times = []
    try:
        for _ in range(WARM_UPS + CALLS):
            started = time.perf_counter()
            await stub.invoke()
            times.append(time.perf_counter() - started)
    finally:
        child.kill()
        await child.wait()
        server.close()
        shutil.rmtree(folder.root)
    return times[WARM_UPS:]


def warm(function: LocalFunction) -> list[float]:
    """Seconds of each invocation by a host."""
    effect = InvokeLambda("c/1", "f", "arn:f", event(), 3000, "r")
    times = []
    with LambdaHost({"f": function}) as host:
        for _ in range(WARM_UPS + CALLS):
            started = time.perf_counter()
            ended = host.invoke(effect).result()
            times.append(time.perf_counter() - started)
            assert json.loads(ended.body) == {"State": "WA"}, ended
    return times[WARM_UPS:]


def warm_over_bare(function: LocalFunction) -> dict[str, float]:
    """Medians over rounds, bare and warm by turns."""
    if function.kind == BOOTSTRAP:
        return dict(zip(("warm_p50_ms", "warm_p99_ms"), percentiles(warm(function)), strict=True))
    rounds = [(*percentiles(asyncio.run(bare(function))), *percentiles(warm(function))) for _ in range(ROUNDS)]
    names = ("bare_p50_ms", "bare_p99_ms", "warm_p50_ms", "warm_p99_ms")
    medians = {name: statistics.median(column) for name, column in zip(names, zip(*rounds, strict=True), strict=True)}
    return {**medians, "ratio_p50": statistics.median(each[2] / each[0] for each in rounds)}


def cold(function: LocalFunction) -> float:
    """ms that the caller of a cold start waits, p50; the host is there already."""
    effect = InvokeLambda("c/1", "f", "arn:f", event(), 8000, "r")
    times = []
    with LambdaHost({"f": replace(function, cold_every=1)}) as host:
        host.invoke(effect).result()
        for _ in range(COLD_STARTS):
            started = time.perf_counter()
            ended = host.invoke(effect).result()
            times.append(time.perf_counter() - started)
            assert ended.cold and not ended.cause, ended
    return statistics.median(times) * 1000


def crowd(function: LocalFunction) -> float:
    """Seconds for 32 invocations at once of a function that sleeps for 200 ms, all processes warm."""
    effect = InvokeLambda("c/1", "f", "arn:f", event(), 8000, "r")
    with LambdaHost({"f": replace(function, handler="f.sleeps")}) as host, ThreadPoolExecutor(CROWD) as callers:
        for _ in range(2):
            started = time.perf_counter()
            ended = list(callers.map(lambda _: host.invoke(effect).result(), range(CROWD)))
            took = time.perf_counter() - started
            assert not any(each.cause for each in ended), ended
    return took


def registered() -> tuple[float, float]:
    """Seconds to load a project of 1,000 functions and invoke one of them, and MB that it takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "f.py").write_text(PYTHON)
        tables = (f'[functions.f{number}]\nhandler = "f.handler"\nclient = "own"\n' for number in range(REGISTERED))
        (folder / "offhook.toml").write_text("".join(tables))
        before = resident_bytes(os.getpid())
        started = time.perf_counter()
        project = load_project(folder)
        with LambdaHost(project.functions) as host:
            ended = host.invoke(InvokeLambda("c/1", "f999", "arn:f", event(), 8000, "r")).result()
            took = time.perf_counter() - started
            child = next(iter(_children()), 0)
            used = resident_bytes(os.getpid()) - before - (resident_bytes(child) if child else 0)
        assert not ended.cause, ended
    return took, used / 1024**2


def _children() -> list[int]:
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(pid) for pid in listed.read_text().split()] if listed.exists() else []


def measure() -> dict[str, dict[str, float]]:
    """A row for each kind, and one, `many`, for what concerns the host."""
    load_project(Path(tempfile.gettempdir()))  # what is imported for the first one is not the project's
    took_s, used_mb = registered()
    with functions() as made:
        rows = {name: {**warm_over_bare(function), "cold_ms": cold(function)} for name, function in made.items()}
        rows["many"] = {"crowd_s": crowd(made["Python"]), "registered_s": took_s, "registered_mb": used_mb}
    return rows


def main(argv: list[str]) -> None:
    rows = measure()
    if "--json" in argv:
        print(json.dumps(rows))
        return
    for called, row in rows.items():
        print(called, *(f"{key} {value:.3f}" for key, value in row.items()), sep="  ")


if __name__ == "__main__":
    main(sys.argv[1:])
