"""Public flows: every one serves twenty virtual customers, and they get nearly everywhere that its arrows lead.

unreached.json lists, by file, the actions that nobody gets to although arrows lead there; the list may only shrink.
`pytest --update -n 0 tests/test_public_flows.py` writes it anew.
"""

import functools
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from offhook.blocks import catalogue
from offhook.core.program import Program
from offhook.core.trace import AnyTrace, Renderer, encode
from offhook.drivers.sim.life import Life
from offhook.flowjson.read import read_flow

from .conftest import FLOWS
from .virtual_customers import PLAIN, at_random, reachable, serve, surroundings, towards

CUSTOMERS, AT_MOST = 20, 120
UNREACHED = Path(__file__).parent / "unreached.json"
LINES: Any = msgspec.json.Decoder(AnyTrace)
NAMES = sorted(path.stem for path in FLOWS.glob("*.json")) or ["no public flows"]


@pytest.mark.parametrize("name", NAMES)
def test_a_public_flow_serves_twenty_customers_and_is_walked_through(
    name: str, flows_folder: Path, request: pytest.FixtureRequest
) -> None:
    """More customers come where twenty have not been everywhere: how many it takes is chance, not a promise."""
    update = request.config.getoption("--update")
    listed = [] if update else json.loads(UNREACHED.read_text()).get(name, [])
    flow = replace(read_flow((flows_folder / f"{name}.json").read_bytes(), catalogue()), arn=f"arn:{name}", name=name)
    place = functools.cache(functools.partial(surroundings, flow))
    program = place(PLAIN).program(flow.arn)
    assert program is not None
    missed = reachable(program)

    for number in range(AT_MOST):
        if number >= CUSTOMERS and missed <= set(listed):
            break
        errand = at_random(program, number)
        if number >= 4 and missed:
            errand = towards(program, sorted(missed)[number % len(missed)], number)
        life = serve(flow, place(errand.kind), errand)
        _check(life)
        missed -= _entered(life, program)

    if update:
        listed = _update(name, missed)
    assert sorted(missed) == listed, "run with --update, and read what it wrote"


def _check(life: Life) -> None:
    assert life.is_over
    assert life.stopped or life.contact.end_reason
    for event in Renderer().render(life.trace, life.contact):
        assert LINES.decode(encode(event)).n == event.n


def _entered(life: Life, program: Program) -> set[str]:
    entered = [entry[2:4] for entry in life.trace if entry[0] == "block.entered"]
    return {step.action.identifier for where, step in entered if where.arn == program.arn}


def _update(name: str, missed: set[str]) -> list[str]:
    known: dict[str, list[str]] = json.loads(UNREACHED.read_text()) if UNREACHED.is_file() else {}
    known[name] = sorted(missed)
    found = {key: known[key] for key in sorted(known) if known[key]}
    UNREACHED.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return known[name]


def test_nine_of_ten_public_flows_are_walked_through_to_the_last_action(flows_folder: Path) -> None:
    unreached = json.loads(UNREACHED.read_text())

    assert set(unreached) <= set(NAMES)
    assert len(unreached) <= len(NAMES) / 10
