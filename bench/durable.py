"""Contacts in the durable driver, over SQLite on a disk: events a second, and what a hundred thousand that wait cost.

Budgets (design/decisions.md): 2,000 durable events a second on two cores, each of them done within 50 ms (p99);
100,000 waiting contacts within 1 GiB, without making events of others dearer. Whoever waits for an event waits until it
is on the disk. Run: `python -m bench.durable [--json]`; OFFHOOK_BENCH_SECONDS shortens it, and OFFHOOK_BENCH_CONTACTS
is how many wait.
"""

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from offhook.adapters.store.contacts import Contacts
from offhook.adapters.store.database import Database
from offhook.adapters.store.seal import Seal
from offhook.blocks import catalogue
from offhook.cli.collector import settle
from offhook.core.birth import new_contact
from offhook.core.program import Compiled
from offhook.drivers.embedded.runtime import Runtime
from offhook.drivers.embedded.turn import Turn
from offhook.model.effect import InvokeLambda
from offhook.model.event import CustomerReturned, LambdaEnded
from offhook.model.flow import Action, Condition, ErrorArrow, Flow
from offhook.model.instance import Instance

SECONDS = float(os.environ.get("OFFHOOK_BENCH_SECONDS", "10"))
CONTACTS = int(os.environ.get("OFFHOOK_BENCH_CONTACTS", "100000"))
SOME = CONTACTS // 10
FEW = 1_000  # all of them stay in memory
OFFERED = 2_000  # events a second
ROUNDS = 4
AT_ONCE = 64
INSTANCE = "instance"
_ACTIONS = {
    "wait": Action(
        "wait", "Wait", {"TimeLimitSeconds": "86400", "Events": ["CustomerReturned"]},
        errors=(ErrorArrow("NoMatchingError", "bye"),),
        conditions=(Condition("Equals", ("CustomerReturned",), "say"), Condition("Equals", ("WaitCompleted",), "bye")),
    ),
    "say": Action("say", "MessageParticipant", {"Text": "You said something"}, next_action="wait"),
    "bye": Action("bye", "DisconnectParticipant", {}),
}  # fmt: skip
_FLOW = Flow("flow-language", {}, "wait", _ACTIONS, name="Wait", type="CONTACT_FLOW", arn="arn:flow")


class _Nothing:
    """No functions."""

    def invoke(self, effect: InvokeLambda) -> LambdaEnded:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing to close."""


class _Fixed:
    """One instance that never changes."""

    def __init__(self) -> None:
        self._compiled = Compiled(Instance(flows={"arn:flow": _FLOW}), catalogue())

    def compiled(self, instance_id: str) -> Compiled:
        return self._compiled


async def measured(folder: Path) -> dict[str, float]:
    """Few contacts, as fast as it goes and at the rate that is offered; then some that wait, then all of them."""
    database = Database.opened(str(folder / "bench.db"))
    runtime = Runtime(
        Contacts(database), _Fixed(), _Nothing(), catalogue=catalogue(), seal=Seal(bytes(32)),
        clock=lambda: time.time_ns() // 1_000_000,
    )  # fmt: skip
    await runtime.start()
    settle()
    load = _Load(runtime)
    empty_mb = memory_mb()
    await load.begin(0, FEW)
    fast = await load.fast(FEW)
    # the least of some rounds, so that a busy machine finds a quiet one
    paced = min([await load.paced(FEW) for _ in range(ROUNDS)], key=lambda row: row["p99_ms"])
    await load.begin(FEW, SOME)
    some = await load.fast(SOME)
    began = time.perf_counter()
    await load.begin(SOME, CONTACTS)
    begun = (CONTACTS - SOME) / (time.perf_counter() - began)
    many = await load.fast(CONTACTS)
    waiting_mb = memory_mb()
    await runtime.stop()
    await database.close()
    return {
        "events_per_second": fast["rate"],
        "cpu_us_per_event": fast["cpu_us"],
        "offered_per_second": paced["rate"],
        "offered_p50_ms": paced["p50_ms"],
        "offered_p99_ms": paced["p99_ms"],
        "begun_per_second": begun,
        "waiting": CONTACTS,
        "waiting_mb": waiting_mb,
        "empty_mb": empty_mb,
        "cpu_us_per_event_of_some": some["cpu_us"],
        "cpu_us_per_event_of_many": many["cpu_us"],
        "many_over_some": many["cpu_us"] / some["cpu_us"],
        "events_per_second_of_many": many["rate"],
    }


class _Load:
    """What customers do. An event is whatever the journal has: two for each message that is answered."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._events = 0
        self._times: list[float] = []
        runtime.watchers.append(self._count)

    def _count(self, turn: Turn) -> None:
        self._events += turn.count

    async def begin(self, first: int, last: int) -> None:
        """Contacts with these numbers, so many at once."""
        numbers = iter(range(first, last))

        async def some() -> None:
            for number in numbers:
                contact = new_contact(
                    id=_id(number), seed="1", flow="arn:flow", flow_type="CONTACT_FLOW", channel="CHAT",
                    initiation_method="API", attributes={"name": f"customer {number}", "language": "en-US"},
                )  # fmt: skip
                await self._runtime.begin(contact, INSTANCE)

        await asyncio.gather(*(some() for _ in range(4 * AT_ONCE)))

    async def fast(self, contacts: int) -> dict[str, float]:
        """So many write at once, each the next message when the last is kept."""
        chance = random.Random(1)
        until = self._start() + SECONDS

        async def write() -> None:
            while time.perf_counter() < until:
                await self._write(chance.randrange(contacts))

        await asyncio.gather(*(write() for _ in range(AT_ONCE)))
        return self._row()

    async def paced(self, contacts: int) -> dict[str, float]:
        """A message every so often, whatever becomes of those before."""
        chance = random.Random(2)
        began, count, each_seconds = self._start(), int(SECONDS / ROUNDS * OFFERED / 2), 2 / OFFERED
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                await asyncio.sleep(max(0.0, began + number * each_seconds - time.perf_counter()))
                group.create_task(self._write(chance.randrange(contacts)))
        return self._row()

    async def _write(self, number: int) -> None:
        started = time.perf_counter()
        await self._runtime.happen(_id(number), CustomerReturned(time.time_ns() // 1_000_000))
        self._times.append(time.perf_counter() - started)

    def _start(self) -> float:
        self._events, self._times = 0, []
        self._began, self._cpu = time.perf_counter(), time.process_time()
        return self._began

    def _row(self) -> dict[str, float]:
        took, cpu = time.perf_counter() - self._began, time.process_time() - self._cpu
        cuts = statistics.quantiles(self._times, n=100)
        return {
            "rate": self._events / took, "cpu_us": 1e6 * cpu / self._events, "p50_ms": cuts[49] * 1000,
            "p99_ms": cuts[98] * 1000,
        }  # fmt: skip


def _id(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


def memory_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def measure() -> dict[str, float]:
    """See the module; in a process of its own, because memory counts."""
    words = [sys.executable, "-m", "bench.durable", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    row: dict[str, float] = json.loads(done.stdout)
    return row


def _main() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        row = asyncio.run(measured(Path(folder)))
    return {name: round(value, 3) for name, value in row.items()}


if __name__ == "__main__":
    row = _main()
    print(json.dumps(row) if "--json" in sys.argv else "\n".join(f"{name} {value}" for name, value in row.items()))
