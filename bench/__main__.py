"""`make bench`: every budget that can be measured by now, as a table and, with --json, as JSON.

Absolute rows are scaled by a calibration loop: `scale` is how much slower this core is now than the one the budgets
were written for, so a budget of 4 us is held against the measured time divided by the scale.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from bench import api, chats, contact, crowd, durable, invoke, lambdas, plain
from offhook.blocks import catalogue
from offhook.flowjson.lint import lint
from offhook.flowjson.read import read_flow
from offhook.flowjson.text import write

REFERENCE_LOOP_SECONDS = 0.137  # ten million empty turns of a loop on the reference core when quiet, Python 3.11


def calibrate() -> float:
    """Seconds for ten million turns: a hundred times the least of many short rounds."""
    return 100 * min(_seconds(_spin) for _ in range(200))


def _spin() -> None:
    for _ in range(100_000):
        pass


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _best(work: Callable[[], Any], *, times: int = 20, rounds: int = 100) -> float:
    """Seconds for one call: the least mean of many short rounds, so that a busy machine finds a quiet one."""

    def loop() -> None:
        for _ in range(times):
            work()

    return min(_seconds(loop) for _ in range(rounds)) / times


def block_step(scale: float) -> list[dict[str, Any]]:
    compiled = contact.instance()
    life = contact.run(compiled, 0)
    entered = [entry[3].action.identifier for entry in life.trace if entry[0] == "block.entered"]
    assert len(entered) == contact.BLOCKS, entered
    numbers = iter(range(1, 10**9))
    # rounds of one length for both: the shorter a round, the quieter the moment it may find
    ours = _best(lambda: contact.run(compiled, next(numbers)), times=4, rounds=500)
    twin = _best(lambda: plain.run("+12065550100", lambda event: {"State": "Washington"}), times=160, rounds=500)
    per_block = ours / contact.BLOCKS * 1e6 / scale
    return [
        _row("block step in the simulator", per_block, "us", 4.0),
        _row("the same contact over its plain-Python twin", ours / twin, "x", 40.0),
    ]


def load_and_lint(scale: float) -> list[dict[str, Any]]:
    actions = [
        dict(action, Identifier=f"{action['Identifier']} {turn}") for turn in range(15) for action in contact.ACTIONS
    ]
    document = {"Version": "2019-10-30", "StartAction": "logging 0", "Metadata": {}, "Actions": actions[:250]}
    text = write(document)
    took = _best(lambda: lint(read_flow(text, catalogue()), catalogue(), strict=False, known=None), times=1, rounds=40)
    return [_row("load and lint of a 250-action flow", took * 1000 / scale, "ms", 25.0)]


def function(scale: float) -> list[dict[str, Any]]:
    return [_row("warm Python function, whole block over a bare Runtime API round trip", invoke.measure(), "x", 1.5)]


def kinds_of_functions(scale: float) -> list[dict[str, Any]]:
    measured = lambdas.measure()
    many = measured.pop("many")
    rows = []
    for kind, row in measured.items():
        what = f"warm function, {kind}, p50"
        if "ratio_p50" in row:
            rows.append(_row(f"{what} over a bare Runtime API round trip", row["ratio_p50"], "x", 1.5))
        rows.append(_row(what, row["warm_p50_ms"] / scale, "ms", 1.0))
        rows.append(_row(f"{what.replace('p50', 'p99')}", row["warm_p99_ms"] / scale, "ms", 5.0))
        rows.append(_row(f"cold start, {kind}", row["cold_ms"] / scale, "ms", 200.0 if kind == "Node.js" else 150.0))
    return [
        *rows,
        _row("32 warm functions of 200 ms at once", many["crowd_s"] / scale, "s", 1.0),
        _row("1,000 functions: load the project and invoke one", many["registered_s"] / scale, "s", 1.0),
        _row("1,000 functions: memory", many["registered_mb"], "MB", 50.0),
    ]


def api_calls(scale: float) -> list[dict[str, Any]]:
    row = api.measure()
    return [
        _row("GetFunction over the API, server side, p50", row["get_function_p50_ms"] / scale, "ms", 0.3),
        _row("DescribeContactFlow over the API, server side, p50", row["describe_flow_p50_ms"] / scale, "ms", 0.3),
        _row("what the API adds to an invocation, p50", row["invoke_overhead_p50_ms"] / scale, "ms", 0.3),
        _row("an asynchronous invocation accepted over the API, p50", row["event_p50_ms"] / scale, "ms", 50.0),
        _row("1,000 warm invocations over the API, one by one", row["invoke_p50_ms"] / scale, "s", 1.0),
        _row("32 warm invocations of 200 ms at once over the API", row["crowd_s"] / scale, "s", 1.0),
    ]


def durable_contacts(scale: float) -> list[dict[str, Any]]:
    row = durable.measure()
    many = f"{durable.CONTACTS:,} contacts that wait"
    return [
        _row("2,000 durable contact events with SQLite", 2_000 / row["events_per_second"] / scale, "s", 1.0),
        _row("a durable event, of 2,000 a second, p99", row["offered_p99_ms"] / scale, "ms", 50.0),
        _row(f"{many}: memory", row["waiting_mb"], "MB", 1024.0),
        _row(f"an event among {many} over one among a tenth", row["many_over_some"], "x", 1.5),
    ]


def many_chats(scale: float) -> list[dict[str, Any]]:
    """There is no budget for a second of messages: it is as many as the customers write."""
    row = chats.measure()
    bare, said = row["bare"], f"{chats.CHATS:,} chats, {row['messages_per_second']:.0f} messages a second"
    return [
        _row(f"{said}: answered, p50", row["answer_p50_ms"] / scale, "ms", 50.0),
        _row(f"{said}: answered, p99", row["answer_p99_ms"] / scale, "ms", 250.0),
        _row("the same from a server that only echoes, p99", bare["answer_p99_ms"] / scale, "ms", 250.0),
        _row(f"{said}: cores of the server", row["server_cpu"] / scale, "", 1.0),
        _row(f"{said}: cores of the clients", row["client_cpu"] / scale, "", 1.0),
        _row(f"{said}: memory of the server", row["memory_mb"], "MB", 1024.0),
    ]


def ten_thousand_contacts(scale: float) -> list[dict[str, Any]]:
    return [_row("10,000 contacts, a queue and ten agents, in virtual time", _seconds(crowd.run) / scale, "s", 30.0)]


def start_up(scale: float) -> list[dict[str, Any]]:
    bare = (
        "import typer\napp = typer.Typer()\n@app.command()\ndef a(): ...\n@app.command()\ndef b(): ...\napp(['--help'])"
    )
    ours = [sys.executable, "-m", "offhook", "--help"]
    pairs = [(_process(ours), _process([sys.executable, "-c", bare])) for _ in range(7)]
    ratio = statistics.median(mine / its for mine, its in pairs)
    return [_row("offhook --help over a bare typer app", ratio, "x", 1.5)]


def _process(command: list[str]) -> float:
    return _seconds(lambda: subprocess.run(command, capture_output=True, check=False))


def _row(what: str, measured: float, unit: str, budget: float) -> dict[str, Any]:
    return {"what": what, "measured": round(measured, 2), "unit": unit, "budget": budget, "kept": measured <= budget}


PARTS = (
    block_step, load_and_lint, ten_thousand_contacts, function, kinds_of_functions, api_calls, start_up,
    durable_contacts, many_chats,
)  # fmt: skip


def main() -> None:
    loop = calibrate()
    scale = loop / REFERENCE_LOOP_SECONDS
    rows = [row for part in PARTS for row in part(scale)]
    if "--json" in sys.argv:
        print(json.dumps({"calibration_seconds": round(loop, 3), "scale": round(scale, 2), "rows": rows}, indent=1))
        return
    print(f"calibration loop {loop:.3f} s, scale {scale:.2f} (absolute rows are divided by it)")
    for row in rows:
        mark = "kept" if row["kept"] else "MISSED"
        print(f"{row['what']:72} {row['measured']:8.2f} {row['unit']:3} budget {row['budget']:6.1f}  {mark}")


if __name__ == "__main__":
    main()
