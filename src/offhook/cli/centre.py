"""A contact centre under load: from options to numbers, and the numbers as a table or JSON."""

import re
import sys
import time
from dataclasses import dataclass
from typing import Any

from msgspec import structs
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from offhook.adapters.encryption import encrypt
from offhook.adapters.lambdas.host import LambdaHost
from offhook.blocks import catalogue
from offhook.cli.asked import Options
from offhook.cli.contact import prepare
from offhook.cli.line import Ready, contact_of
from offhook.cli.services import beside
from offhook.cli.terminal import as_json, console_for, plain, seconds
from offhook.core.program import Compiled
from offhook.drivers.sim.agent import AgentScript, Time, length_of, parse_time
from offhook.drivers.sim.customer import Script
from offhook.drivers.sim.load import Load, Tally
from offhook.model.errors import UsageError
from offhook.model.instance import derived_id

_RATE = re.compile(r"(\d{1,9}(?:\.\d+)?)/(s|min|h)")
_SPANS_MS = {"s": 1_000, "min": 60_000, "h": 3_600_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The options that `offhook run` does not have, as they were written."""

    contacts: int
    rate: str
    patience: str | None
    handle_time: str
    accept_after: str
    after_contact: str
    service_level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    between: Time
    patience: Time | None
    script: AgentScript
    within_ms: int


def run(options: Options, wanted: Wanted) -> None:
    """Run it and print what was counted. Raises UsageError with everything that is wrong at once."""
    problems: list[str] = []
    plan = _plan(wanted, problems)
    try:
        ready = prepare(options)
    except UsageError as refusal:
        problems += refusal.problems
    if problems or plan is None:
        raise UsageError(*problems)
    began = time.monotonic()
    tally = _run(ready, wanted, plan)
    took_s = time.monotonic() - began
    if options.json:
        print(as_json(_numbers(tally, plan.within_ms)))
    else:
        _show(tally, plan.within_ms, took_s)


def _plan(wanted: Wanted, problems: list[str]) -> _Plan | None:
    times: dict[str, Time] = {}
    for name in ("patience", "handle_time", "accept_after", "after_contact"):
        text = getattr(wanted, name)
        if text is None:
            continue
        try:
            times[name] = parse_time(text)
        except UsageError as refusal:
            problems += [f"--{name.replace('_', '-')}: {sentence}" for sentence in refusal.problems]
    rate = _RATE.fullmatch(wanted.rate)
    if rate is None or not float(rate.group(1)):
        problems.append(f"--rate is {wanted.rate!r}, must be a number in a second, minute or hour, such as 120/h.")
    within_ms = length_of(wanted.service_level)
    if within_ms is None:
        problems.append(f"--service-level is {wanted.service_level!r}, must be a length of time such as 20s.")
    if problems or rate is None or within_ms is None:
        return None
    between = Time(round(_SPANS_MS[rate.group(2)] / float(rate.group(1))), "exponential")
    script = AgentScript(
        handle_time=times["handle_time"], accept_after=times["accept_after"], after_contact=times["after_contact"]
    )
    return _Plan(between=between, patience=times.get("patience"), script=script, within_ms=within_ms)


def _run(ready: Ready, wanted: Wanted, plan: _Plan) -> Tally:
    first = contact_of(ready)
    # agents of a file are as the file says; so many plain ones as the options say
    agents = dict.fromkeys(ready.agents, plan.script) if (ready.options.agents or "").isdigit() else ready.agents
    columns = TextColumn("contacts"), BarColumn(), MofNCompleteColumn()
    shown = Progress(*columns, console=console_for(sys.stderr), transient=True, disable=not sys.stderr.isatty())
    with LambdaHost(ready.project.functions, max_invocations=ready.project.instance_limit) as host, shown as progress:
        task = progress.add_task("contacts", total=wanted.contacts)
        load = Load(
            Compiled(ready.project.instance, catalogue()),
            host,
            contacts=wanted.contacts,
            between=plan.between,
            agents=agents,
            contact=lambda count: _another(first, ready.options.seed, count),
            customer=lambda count: Script(ready.options.inputs),
            at_ms=ready.at_ms,
            patience=plan.patience,
            seed=ready.options.seed,
            progress=lambda count: progress.update(task, completed=count),
            encrypt=encrypt,
            services=beside(ready.project, host),
        )
        return load.run()


def _another(first: Any, seed: str, count: int) -> Any:
    """The same contact with ids of its own."""
    made = derived_id("contact", seed, str(count))
    return structs.replace(first, id=made, initial_id=made, previous_id=made)


# --- numbers ---


def _numbers(tally: Tally, within_ms: int) -> dict[str, Any]:
    """Shares from 0 to 1, times in ms; null where there is nothing to count."""
    return {
        "contacts": tally.contacts,
        "queued": tally.queued,
        "handled": tally.handled,
        "abandoned": tally.abandoned,
        "service_level": tally.service_level(within_ms),
        "service_level_within_ms": within_ms,
        "abandonment": tally.abandonment,
        "waiting_probability": tally.waiting_probability,
        "mean_wait_ms": tally.mean_wait_ms,
        "wait_p95_ms": tally.wait_ms(0.95),
        "longest_wait_ms": tally.wait_ms(1),
        "longest_queue": tally.longest_queue,
        "agents": tally.agents,
        "occupancy": tally.occupancy,
        "lasted_ms": tally.ended_ms - tally.began_ms,
        "outcomes": [
            {"flow": flow, "outcome": outcome, "contacts": count}
            for (flow, outcome), count in sorted(tally.outcomes.items(), key=lambda each: (-each[1], each[0]))
        ],
    }


def _show(tally: Tally, within_ms: int, took_s: float) -> None:
    console = console_for(sys.stdout)
    numbers = _numbers(tally, within_ms)
    rows = [
        ("contacts", f"{tally.contacts:,}, {tally.queued:,} of them queued"),
        ("handled", f"{tally.handled:,}"),
        ("abandoned", f"{tally.abandoned:,} ({_percent(tally.abandonment)})"),
        ("service level", f"{_percent(numbers['service_level'])} within {seconds(within_ms)}"),
        ("had to wait", _percent(tally.waiting_probability)),
        ("wait", f"{_length(tally.mean_wait_ms)} on average, {_length(numbers['wait_p95_ms'])} at 95 %, "
                 f"{_length(numbers['longest_wait_ms'])} at longest"),
        ("queue", f"{tally.longest_queue:,} at most"),
        ("occupancy", f"{_percent(tally.occupancy)} of {tally.agents:,} agents"),
        ("time", f"{seconds(numbers['lasted_ms'])}, simulated in {took_s:.1f} s"),
    ]  # fmt: skip
    for name, text in rows:
        console.print(f"{name:<15}{text}", soft_wrap=True)
    table = Table("flow", "outcome", "contacts", box=None, pad_edge=False, header_style="dim")
    for row in numbers["outcomes"]:
        table.add_row(plain(row["flow"]), plain(row["outcome"]), f"{row['contacts']:,}")
    console.print()
    console.print(table)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:.1f} %"


def _length(length_ms: float | None) -> str:
    return "-" if length_ms is None else seconds(round(length_ms))
