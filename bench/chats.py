"""Many chats at once on a real server, over its websockets: throughput, how long an answer takes, and memory.

Every customer has a websocket, writes a message and waits for the flow's answer, pauses, and writes again. The clients
run in a process of their own and cost something, too: the same clients measure a bare server beside it that only sends
back what it gets, over HTTP and over the websocket, so that what is theirs can be told apart.
Run: `python -m bench.chats [--json]`; OFFHOOK_BENCH_SECONDS and OFFHOOK_BENCH_CHATS make it shorter.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.caller import Caller
from tests.server import environment
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve

SECONDS = float(os.environ.get("OFFHOOK_BENCH_SECONDS", "60"))
CHATS = int(os.environ.get("OFFHOOK_BENCH_CHATS", "1000"))
THINK_SECONDS = 2.0  # from an answer to the next message: nearly 500 messages a second of 1,000 customers
STARTING = 20  # at once
_ANSWER = "You said something"
_SUBSCRIBE = json.dumps({"topic": "aws/subscribe", "content": {"topics": ["aws/chat"]}})

_FLOW = {
    "Version": "2019-10-30", "StartAction": "wait", "Metadata": {"name": "Talk", "type": "contactFlow"},
    "Actions": [
        {
            "Identifier": "wait", "Type": "Wait",
            "Parameters": {"TimeLimitSeconds": "3600", "Events": ["CustomerReturned"]},
            "Transitions": {
                "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "bye"}],
                "Conditions": [
                    {"NextAction": "say", "Condition": {"Operator": "Equals", "Operands": ["CustomerReturned"]}},
                    {"NextAction": "bye", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}},
                ],
            },
        },
        {
            "Identifier": "say", "Type": "MessageParticipant", "Parameters": {"Text": _ANSWER},
            "Transitions": {
                "NextAction": "wait", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "wait"}],
                "Conditions": [],
            },
        },
        {"Identifier": "bye", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}},
    ],
}  # fmt: skip


class _Customer:
    """`times` are seconds from a message to its answer on the websocket; `sent` those until the message was kept."""

    def __init__(self, caller: Caller, socket: ClientConnection, token: str) -> None:
        self.times: list[float] = []
        self.sent: list[float] = []
        self._caller = caller
        self._socket = socket
        self._token = token

    async def talk(self, first: float, until: float) -> None:
        await asyncio.sleep(first)
        message = {"ContentType": "text/plain", "Content": "Hello"}
        while time.perf_counter() < until:
            started = time.perf_counter()
            status, answer = await self._caller.call("POST", "/participant/message", message, X_Amz_Bearer=self._token)
            assert status == 200, answer
            self.sent.append(time.perf_counter() - started)
            while _ANSWER not in await self._socket.recv():
                pass
            self.times.append(time.perf_counter() - started)
            await asyncio.sleep(THINK_SECONDS)

    async def leave(self) -> None:
        await self._socket.close()


async def _all(customers: list[_Customer], pid: int) -> dict[str, float]:
    """Everybody talks for so long; what it cost the server with this id, and us."""
    before, ours = _cpu_seconds(pid), time.process_time()
    began = time.perf_counter()
    count = len(customers)
    await asyncio.gather(*(each.talk(THINK_SECONDS * n / count, began + SECONDS) for n, each in enumerate(customers)))
    took = time.perf_counter() - began
    times = sorted(seconds for each in customers for seconds in each.times)
    sent = sorted(seconds for each in customers for seconds in each.sent)
    cuts, kept = statistics.quantiles(times, n=100), statistics.quantiles(sent, n=100)
    return {
        "messages": len(times), "messages_per_second": len(times) / took,
        "answer_p50_ms": cuts[49] * 1000, "answer_p99_ms": cuts[98] * 1000,
        "send_p50_ms": kept[49] * 1000, "send_p99_ms": kept[98] * 1000,
        "server_cpu": (_cpu_seconds(pid) - before) / took, "client_cpu": (time.process_time() - ours) / took,
        "memory_mb": _memory_mb(pid),
    }  # fmt: skip


# --- on offhook ---


async def _on_offhook(folder: Path) -> dict[str, float]:
    (folder / "talk.json").write_text(json.dumps(_FLOW))
    # one client stands for all customers
    (folder / "offhook.toml").write_text('[flows]\npaths = ["talk.json"]\n[server]\nrequests_per_second = 1000000\n')
    words = [sys.executable, "-m", "offhook", "serve", "--port", "0", "--json"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            words, cwd=folder, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log
        )
    assert server.stdout is not None
    try:
        ready = json.loads(server.stdout.readline())
        caller = Caller(ready["url"])
        began = time.perf_counter()
        customers = await _enter(caller, ready["instance"]["id"])
        begun = len(customers) / (time.perf_counter() - began)
        row = await _all(customers, server.pid)
        for each in customers:
            await each.leave()
        caller.close()
        return {"begun_per_second": begun, **row}
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


async def _enter(caller: Caller, instance: str) -> list[_Customer]:
    _, listed = await caller.call("GET", f"/contact-flows-summary/{instance}")
    flow = next(each["Id"] for each in listed["ContactFlowSummaryList"] if each["Name"] == "Talk")
    numbers, found = iter(range(CHATS)), []

    async def some() -> None:
        for _ in numbers:
            asked = {"InstanceId": instance, "ContactFlowId": flow, "ParticipantDetails": {"DisplayName": "Ann"}}
            _, begun = await caller.call("PUT", "/contact/chat", asked)
            _, made = await caller.call(
                "POST", "/participant/connection", {"Type": ["WEBSOCKET", "CONNECTION_CREDENTIALS"]},
                X_Amz_Bearer=begun["ParticipantToken"],
            )  # fmt: skip
            socket = await connect(made["Websocket"]["Url"], compression=None, ping_interval=None)
            await socket.send(_SUBSCRIBE)
            await socket.recv()
            found.append(_Customer(caller, socket, made["ConnectionCredentials"]["ConnectionToken"]))

    await asyncio.gather(*(some() for _ in range(STARTING)))
    return found


# --- on a server that does nothing ---


async def _on_echo() -> dict[str, float]:
    """The same clients; the message goes to the websocket that its token names."""
    words = [sys.executable, "-m", "bench.chats", "--echo"]
    server = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert server.stdout is not None
    try:
        ready = json.loads(server.stdout.readline())
        caller = Caller(ready["http"])
        customers = []
        for number in range(CHATS):
            socket = await connect(f"{ready['ws']}/{number}", compression=None, ping_interval=None)
            customers.append(_Customer(caller, socket, str(number)))
        row = await _all(customers, server.pid)
        for each in customers:
            await each.leave()
        caller.close()
        return row
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


async def _echo() -> None:
    sockets: dict[str, ServerConnection] = {}
    answer = json.dumps({"content": _ANSWER, "padding": "x" * 300})

    async def attend(socket: ServerConnection) -> None:
        assert socket.request is not None
        sockets[socket.request.path[1:]] = socket
        await socket.wait_closed()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            named = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
            await reader.readexactly(int(named["content-length"]))
            await sockets[named["x-amz-bearer"]].send(answer)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    http = await asyncio.start_server(hear, "127.0.0.1", 0)
    async with serve(attend, "127.0.0.1", 0, compression=None, ping_interval=None) as ws:
        ports = [next(iter(each.sockets)).getsockname()[1] for each in (http, ws)]
        print(json.dumps({"http": f"http://127.0.0.1:{ports[0]}", "ws": f"ws://127.0.0.1:{ports[1]}"}), flush=True)
        await asyncio.Event().wait()


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def measure() -> dict[str, Any]:
    """The row of offhook, and under `bare` that of the server that does nothing."""
    with tempfile.TemporaryDirectory() as folder:
        row: dict[str, Any] = asyncio.run(_on_offhook(Path(folder)))
    row = {name: round(value, 3) for name, value in row.items()}
    row["bare"] = {name: round(value, 3) for name, value in asyncio.run(_on_echo()).items()}
    return row


if __name__ == "__main__":
    if "--echo" in sys.argv:
        asyncio.run(_echo())
    else:
        found = measure()
        print(json.dumps(found) if "--json" in sys.argv else "\n".join(f"{key} {found[key]}" for key in found))
