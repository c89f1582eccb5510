"""What the AWS API costs on the server's side: the gateway alone, and what it adds to an invocation.

Budget (design/decisions.md): at most 0.3 ms p50 for a call that reads. The application is called in this process, so
neither a client's signing nor the network is in it. Run: `python -m bench.api [--json]`.
"""

import asyncio
import base64
import io
import json
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from offhook.adapters.lambdas.spec import Function, LocalFunction, Stub
from offhook.api.application import Application, application
from offhook.drivers.defaults import with_defaults
from offhook.model.effect import InvokeLambda
from offhook.model.instance import Instance

WARM_UPS = 50
CALLS = 400
ROUNDS = 5
CROWD = 32
EVENT = {"Name": "ContactFlowEvent", "Details": {"ContactData": {"Channel": "VOICE"}, "Parameters": {"State": "WA"}}}
CODE = """
import time

def handler(event, context):
    return {"State": event["Details"]["Parameters"]["State"]}

def sleeps(event, context):
    time.sleep(0.2)
"""
_SIGNED = "AWS4-HMAC-SHA256 Credential=AK/20261125/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


async def call(
    made: Application, method: str, path: str, body: bytes = b"", *, kind: str = "RequestResponse",
    service: str = "lambda",
) -> bytes:  # fmt: skip
    """One request to the gateway; the body of the answer. `kind` of invocation."""
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
        "scheme": "http", "server": ("127.0.0.1", 4510),
        "headers": [
            (b"host", b"127.0.0.1:4510"), (b"authorization", _SIGNED.format(service).encode()),
            (b"x-amz-invocation-type", kind.encode()),
        ],
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        sent.append(message)

    await made.gateway(scope, receive, send)
    assert sent[0]["status"] in (200, 201, 202), sent
    return bytes(sent[1]["body"])


async def p50_ms(work: Callable[[], Awaitable[Any]]) -> float:
    times = []
    for _ in range(WARM_UPS + CALLS):
        started = time.perf_counter()
        await work()
        times.append(time.perf_counter() - started)
    return statistics.median(times[WARM_UPS:]) * 1000


async def crowd_seconds(made: Application) -> float:
    """How long so many take at once that each need 200 ms, when there is a process for each."""
    asked = {"FunctionName": "crowd", "Timeout": 60, "Handler": "app.sleeps"}
    await call(made, "POST", "/2015-03-31/functions", _creation(**asked))
    times = []
    for _ in range(3):  # the first round is cold
        started = time.perf_counter()
        await asyncio.gather(
            *(call(made, "POST", "/2015-03-31/functions/crowd/invocations", b"{}") for _ in range(CROWD))
        )
        times.append(time.perf_counter() - started)
    return min(times[1:])


async def measured(folder: Path) -> dict[str, float]:
    (folder / "app.py").write_text(CODE)
    own = LocalFunction(name="own", task_root=folder, handler="app.handler")
    functions: dict[str, Function] = {"own": own, "stub": Stub(name="stub", answers=("{}",))}
    instance = with_defaults(Instance())
    described = f"/contact-flows/{instance.id}/{next(iter(instance.flows.values())).id}"
    async with application(functions, instance, folder=folder / "kept", url="http://localhost:4510") as made:
        await call(made, "POST", "/2015-03-31/functions", _creation())
        effect = InvokeLambda("c/1", "own", "arn:f", EVENT, 8000, "r")
        event = json.dumps(EVENT).encode()
        rounds = [
            (
                await p50_ms(lambda: call(made, "GET", "/2015-03-31/functions/deployed")),
                await p50_ms(lambda: call(made, "POST", "/2015-03-31/functions/own/invocations", event)),
                await p50_ms(lambda: asyncio.wrap_future(made.host.invoke(effect))),
                await p50_ms(lambda: call(made, "POST", "/2015-03-31/functions/stub/invocations", event, kind="Event")),
                await p50_ms(lambda: call(made, "GET", described, service="connect")),
            )
            for _ in range(ROUNDS)
        ]
        crowd = await crowd_seconds(made)
    reads, invocations, bare, events, flows = (statistics.median(column) for column in zip(*rounds, strict=True))
    return {
        "get_function_p50_ms": reads,
        "describe_flow_p50_ms": flows,
        "invoke_p50_ms": invocations,
        "host_p50_ms": bare,
        "invoke_overhead_p50_ms": statistics.median(whole - alone for _, whole, alone, *_ in rounds),
        "event_p50_ms": events,
        "crowd_s": crowd,
    }


def _creation(**more: Any) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("app.py", CODE)
    zipped = base64.b64encode(made.getvalue()).decode()
    asked = {
        "FunctionName": "deployed", "Runtime": "python3.11", "Role": "arn:aws:iam::111122223333:role/r",
        "Handler": "app.handler", "Code": {"ZipFile": zipped}, "Environment": {"Variables": {"TABLE": "demo"}},
        **more,
    }  # fmt: skip
    return json.dumps(asked).encode()


def measure() -> dict[str, float]:
    """p50 in ms of calls and of the host alone, what the API adds to an invocation, and a crowd in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        row = asyncio.run(measured(Path(folder)))
    return {name: round(value, 3) for name, value in row.items()}


if __name__ == "__main__":
    row = measure()
    print(json.dumps(row) if "--json" in sys.argv else "  ".join(f"{name} {value}" for name, value in row.items()))
