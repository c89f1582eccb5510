"""Many contacts on a centre: against queueing theory, and what the command prints."""

import json
import math
import statistics
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from offhook.cli.main import app
from offhook.core.birth import new_contact
from offhook.core.program import Compiled
from offhook.drivers.sim.agent import AgentScript, Time
from offhook.drivers.sim.customer import Script
from offhook.drivers.sim.load import Load, Tally
from offhook.model.contact import Queue

from .floor import SUPPORT
from .stage import BYE, START_MS, Stubs, action, compiled, flow

AGENTS, HANDLE_MS, LOAD = 10, 180_000, 0.8
BETWEEN_MS = HANDLE_MS / (AGENTS * LOAD)
TO_QUEUE = action("queue", "TransferContactToQueue", then="bye", errors={"QueueAtCapacity": "bye"})


FOLDER = Path(__file__).parent / "fixtures" / "run"


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["load", *words], prog_name="offhook")


def centre() -> Compiled:
    """One flow that queues; no default flows, so agents talk at once."""
    return compiled(flow(TO_QUEUE, BYE, arn="flow:Main", name="Main"), resources=(SUPPORT,))


def loaded(contacts: int, seed: str, **words: Any) -> Tally:
    script = AgentScript(accept_after=Time(0), handle_time=Time(HANDLE_MS, "exponential"))
    given: dict[str, Any] = {
        "contacts": contacts,
        "between": Time(round(BETWEEN_MS), "exponential"),
        "agents": {f"agent-{count}": script for count in range(AGENTS)},
        "contact": lambda count: new_contact(
            id=f"c{count}", seed=seed, flow="flow:Main", flow_type="CONTACT_FLOW", queue=Queue(SUPPORT.arn, "Support")
        ),
        "customer": lambda count: Script(),
        "at_ms": START_MS,
        "seed": seed,
    }
    return Load(centre(), Stubs(), **{**given, **words}).run()


def erlang_c(agents: int, offered: float) -> float:
    """The probability that a contact has to wait in M/M/c (Erlang C), `offered` in Erlangs."""
    lost = offered**agents / math.factorial(agents) * agents / (agents - offered)
    return lost / (sum(offered**count / math.factorial(count) for count in range(agents)) + lost)


def test_waits_are_as_erlang_says_over_twenty_seeds() -> None:
    tallies = [loaded(2_000, str(seed)) for seed in range(1, 21)]
    probability = erlang_c(AGENTS, AGENTS * LOAD)
    wait_ms = probability * HANDLE_MS / (AGENTS * (1 - LOAD))
    for measured, theory in (
        ([tally.waiting_probability or 0 for tally in tallies], probability),
        ([tally.mean_wait_ms or 0 for tally in tallies], wait_ms),
    ):
        error = statistics.stdev(measured) / math.sqrt(len(measured))
        assert abs(statistics.mean(measured) - theory) <= 3 * error, (statistics.mean(measured), theory, error)
    assert all(tally.handled == tally.contacts == 2_000 and tally.abandoned == 0 for tally in tallies)


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others() -> None:
    first, again, other = loaded(200, "1"), loaded(200, "1"), loaded(200, "2")
    assert first == again
    assert first != other


def test_who_is_not_patient_gives_up() -> None:
    tally = loaded(300, "1", agents={"one": AgentScript(handle_time=Time(HANDLE_MS))}, patience=Time(30_000))
    assert tally.abandoned + tally.handled == tally.queued == 300
    assert tally.abandoned > tally.handled
    assert (tally.wait_ms(1) or 0) <= 30_000
    assert tally.outcomes["Main", "customer hung up"] == tally.abandoned


def test_after_contact_work_is_work() -> None:
    calm = {"agents": {"one": AgentScript(handle_time=Time(60_000))}, "between": Time(600_000)}
    lazy = loaded(20, "1", **calm)
    busy = loaded(
        20, "1", **{**calm, "agents": {"one": AgentScript(handle_time=Time(60_000), after_contact=Time(60_000))}}
    )
    assert lazy.busy_ms == 20 * 60_000
    assert busy.busy_ms == 20 * 120_000


def test_a_centre_without_contacts_in_queues_has_no_shares() -> None:
    tally = Tally()
    shares = (tally.service_level(1), tally.abandonment, tally.waiting_probability, tally.mean_wait_ms, tally.occupancy)
    assert (*shares, tally.wait_ms(0.5)) == (None,) * 6


def test_the_command_prints_numbers_as_json_and_as_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    words = ["State line", "--env", "test", "--contacts", "40", "--agents", "3"]
    counted = json.loads(run(*words, "--json").stdout)
    assert counted["contacts"] == 40
    assert sum(row["contacts"] for row in counted["outcomes"]) == 40
    printed = run(*words).stdout
    assert printed.startswith("contacts       40, 0 of them queued\n")
    assert "simulated in" in printed


def test_inputs_answer_in_the_order_in_which_they_are_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for `offhook run`: who is silent first hears the menu of the sample once more, and so is longer there."""
    assert CliRunner().invoke(app, ["init", str(tmp_path / "p")]).exit_code == 0
    monkeypatch.chdir(tmp_path / "p")
    words = ["Inbound", "--contacts", "1", "--function", "state-lookup=stub:{}", "--json"]

    first = json.loads(run(*words, "--input", "silence", "--press", "7").stdout)
    last = json.loads(run(*words, "--press", "7", "--input", "silence").stdout)

    assert first["lasted_ms"] > last["lasted_ms"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--rate", "often"], "--rate is 'often', must be a number in a second, minute or hour, such as 120/h."),
        (["--rate", "0/h"], "--rate is '0/h', must be a number in a second, minute or hour, such as 120/h."),
        (["--service-level", "x"], "--service-level is 'x', must be a length of time such as 20s."),
        (["--patience", "uniform:3s"],
         "--patience: 'uniform:3s': only uniform has two lengths, the lesser one first, as in uniform:30s-90s."),
        (["--handle-time", "long"],
         "--handle-time: 'long': must be a time: 20s, 3m, fixed:60s, uniform:30s-90s or exponential:180s."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(words: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    refused = run("State line", *words)
    assert (refused.exit_code, refused.stderr) == (2, f"offhook: {sentence}\n")
