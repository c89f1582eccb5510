"""What a whole Lambda block with a warm function costs against a bare Runtime API round trip with the same client.

Budget (design/decisions.md): the whole is at most 1.5 times the bare one, p50. Bare is the measure of
spec/lambda-runtimes.md section 3: around `await invoke()` of an asyncio server that does nothing but hand over an event
(the one that the block sends) and take its answer, in one thread. Run: `python bench/invoke.py [--json]`.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from offhook.adapters.lambdas.host import LambdaHost
from offhook.adapters.lambdas.spec import LocalFunction
from offhook.blocks import catalogue
from offhook.core.birth import new_contact
from offhook.core.machine import step
from offhook.core.program import Compiled
from offhook.core.trace import BlockLeft, Renderer
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.customer import Script
from offhook.model.effect import InvokeLambda
from offhook.model.event import Started
from offhook.model.flow import Action, ErrorArrow, Flow
from offhook.model.instance import Instance

ROUNDS = 7  # bare and whole by turns, so that both meet the same weather; each number is the median of the rounds
WARM_UPS = 50
CALLS = 500
CODE = "def handler(event, context):\n    return {'State': event['Details']['Parameters']['State']}\n"
_OK = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


class Bare(asyncio.Protocol):
    """One client's connection: hands over an event when asked, takes the answer, and does nothing else."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.body = msgspec.json.encode(event())
        self.asked = self.loop.create_future()
        self.answered = self.loop.create_future()
        self.buffer = b""

    async def invoke(self) -> bytes:
        await self.asked
        self.asked, self.answered = self.loop.create_future(), self.loop.create_future()
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: r\r\n"
        head += f"Lambda-Runtime-Deadline-Ms: 9999999999999\r\nContent-Length: {len(self.body)}\r\n\r\n"
        self.transport.write(head.encode() + self.body)
        return bytes(await self.answered)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.buffer.startswith(b"GET"):
            self.buffer = b""
            self.asked.set_result(None)
        elif self.buffer.endswith(b"}"):
            self.transport.write(_OK)
            self.answered.set_result(self.buffer.partition(b"\r\n\r\n")[2])
            self.buffer = b""


async def bare(folder: Path, client: str) -> list[float]:
    """Seconds of each bare round trip."""
    loop = asyncio.get_running_loop()
    stub = Bare()
    server = await loop.create_server(lambda: stub, "127.0.0.1", 0)
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *(["-m", "awslambdaric", "f.handler"] if client == "auto" else ["-c", OWN]),
        cwd=folder,
        env={**os.environ, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.sockets[0].getsockname()[1]}"},
    )
    times = []
    try:
        for _ in range(WARM_UPS + CALLS):
            started = time.perf_counter()
            answer = await stub.invoke()
            times.append(time.perf_counter() - started)
            assert answer == b'{"State": "WA"}', answer
    finally:
        child.kill()
        await child.wait()
        server.close()
    return times[WARM_UPS:]


OWN = "from offhook.adapters.lambdas.child.offhook_runtime import main\nmain(['', 'f.handler'])"


def whole(folder: Path, client: str) -> list[float]:
    """Seconds of each whole block: a contact that enters it, calls the warm function and leaves, in the simulator."""
    function = LocalFunction(name="f", task_root=folder, handler="f.handler", client=client)
    instance = one_block()
    times = []
    with LambdaHost({"f": function}) as host:
        for number in range(WARM_UPS + CALLS):
            contact = new_contact(id=f"c{number}", seed="1", flow="arn:flow", flow_type="CONTACT_FLOW")
            started = time.perf_counter()
            simulator = Simulator(instance, host)
            life = simulator.start(contact, Script(), at_ms=0)
            simulator.run()
            times.append(time.perf_counter() - started)
            told = list(Renderer().render(life.trace, life.contact))
            assert any(isinstance(each, BlockLeft) and each.external == {"State": "WA"} for each in told), told
    return times[WARM_UPS:]


def event() -> dict[str, Any]:
    """What the block sends."""
    contact = new_contact(id="c", seed="1", flow="arn:flow", flow_type="CONTACT_FLOW")
    effects = step(one_block(), contact, Started(0)).effects
    return next(effect.event for effect in effects if isinstance(effect, InvokeLambda))


def one_block() -> Compiled:
    """A flow of one InvokeLambdaFunction and the hang-up after it."""
    parameters = {"LambdaFunctionARN": "f", "LambdaInvocationAttributes": {"State": "WA"}}
    call = Action(
        "call", "InvokeLambdaFunction", parameters, next_action="bye", errors=(ErrorArrow("NoMatchingError", "bye"),)
    )
    actions = {"call": call, "bye": Action("bye", "DisconnectParticipant", {})}
    flow = Flow("flow-language", {}, "call", actions, name="One", type="CONTACT_FLOW", arn="arn:flow")
    resources = (Instance().resource("function", "f"),)
    return Compiled(Instance(flows={"arn:flow": flow}, resources=resources), catalogue())


def percentiles(times: list[float]) -> tuple[float, float]:
    """p50 and p99 in ms."""
    return statistics.median(times) * 1000, sorted(times)[int(len(times) * 0.99)] * 1000


def table(folder: Path, client: str) -> dict[str, float]:
    """Medians over the rounds, in ms, and the median of their ratios."""
    (folder / "f.py").write_text(CODE)
    rounds = [
        (*percentiles(asyncio.run(bare(folder, client))), *percentiles(whole(folder, client))) for _ in range(ROUNDS)
    ]
    columns = zip(
        ("bare_p50_ms", "bare_p99_ms", "whole_p50_ms", "whole_p99_ms"), zip(*rounds, strict=True), strict=True
    )
    medians = {name: round(statistics.median(column), 3) for name, column in columns}
    return {**medians, "ratio_p50": round(statistics.median(each[2] / each[0] for each in rounds), 2)}


def measure() -> float:
    """The whole block over the bare round trip, p50, with AWS's runtime client where it imports."""
    with tempfile.TemporaryDirectory() as name:
        return table(Path(name), "auto")["ratio_p50"]


def main(argv: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        rows = {called: table(Path(name), client) for client, called in (("auto", "awslambdaric"), ("own", "ours"))}
    if "--json" in argv:
        print(json.dumps(rows))
        return
    for called, row in rows.items():
        print(called, *(f"{key} {value}" for key, value in row.items()), sep="  ")


if __name__ == "__main__":
    main(sys.argv[1:])
