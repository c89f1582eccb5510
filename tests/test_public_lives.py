"""Public flows in a whole contact centre: queues, two agents, our default flows where a hook names one.

Every contact lives its whole life, twenty times a flow: through queue, whispers, hold, transfers, what runs after the
agent has left, and callbacks.
"""

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from offhook.blocks import catalogue
from offhook.blocks.set_event_flow import RULES
from offhook.core.phases import DEFAULT_FLOWS
from offhook.core.program import Compiled
from offhook.core.trace import AnyTrace, Renderer, encode
from offhook.drivers.defaults import with_defaults
from offhook.drivers.sim.agent import AgentScript, Time
from offhook.drivers.sim.life import Life
from offhook.flowjson.read import read_flow
from offhook.model.flow import Flow
from offhook.model.instance import QuickConnect

from .test_public_flows import NAMES
from .virtual_customers import PLAIN, at_random, lives, surroundings

LIVES = 20
AGENTS = {
    "Ann": AgentScript(
        accept_after=Time(1_000, "uniform", 30_000), then=("hold:5s", "resume", "transfer:Sales", "hangup")
    ),
    "Bob": AgentScript(handle_time=Time(30_000, "exponential"), after_contact=Time(5_000)),
}
QUICK_CONNECTS = {"Sales": QuickConnect("Sales", "queue", queue="Sales")}
LINES = msgspec.json.Decoder(AnyTrace)


def centre(flow: Flow) -> Compiled:
    """Everything that the flow names, with our default flows for what its hooks name."""
    named: dict[str, tuple[str, ...]] = {}
    for action in flow.actions.values():
        hooks = action.parameters.get("EventHooks") if action.type == "UpdateContactEventHooks" else None
        for event, raw in hooks.items() if isinstance(hooks, dict) else ():
            default = DEFAULT_FLOWS.get(RULES[event].runs) if event in RULES else None
            if default is not None:
                named[default] = (*named.get(default, ()), str(raw))
    bare = surroundings(flow, PLAIN).instance
    return Compiled(replace(with_defaults(bare, named), quick_connects=QUICK_CONNECTS), catalogue())


@pytest.mark.parametrize("name", NAMES)
def test_a_public_flow_lives_whole_lives(name: str, flows_folder: Path) -> None:
    flow = replace(read_flow((flows_folder / f"{name}.json").read_bytes(), catalogue()), arn=f"arn:{name}", name=name)
    stage = centre(flow)
    program = stage.program(flow.arn)
    assert program is not None

    for number in range(LIVES):
        for life in lives(flow, stage, at_random(program, number), AGENTS):
            _check(life)


def _check(life: Life) -> None:
    assert life.stopped or life.contact.end_reason
    left = [entry[2:5] for entry in life.trace if entry[0] == "block.left"]
    assert [here.action.type for here, _, exit in left if exit.cause == "not_built" and here.spec is not None] == []
    for event in Renderer().render(life.trace, life.contact):
        assert LINES.decode(encode(event)).n == event.n


def test_the_public_flows_see_every_phase_of_a_contact(flows_folder: Path) -> None:
    """What no flow of them makes happen, no test of them could find."""
    seen: set[str] = set()
    for name in NAMES:
        flow = read_flow((flows_folder / f"{name}.json").read_bytes(), catalogue())
        flow = replace(flow, arn=f"arn:{name}", name=name)
        program = centre(flow).program(flow.arn)
        assert program is not None
        for number in range(4):
            for life in lives(flow, centre(flow), at_random(program, number), AGENTS):
                seen |= {entry[3] for entry in life.trace if entry[0] == "contact.phase"}
    assert seen >= {"queued", "agent_whisper", "customer_whisper", "connected", "holding", "transferring"}
