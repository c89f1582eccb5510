"""The public flows take the same way in the simulator and in the durable driver, on voice and on chat."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from offhook.blocks import catalogue
from offhook.core.program import Compiled
from offhook.core.trace import AnyTrace, Renderer
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.customer import Script
from offhook.flowjson.read import read_flow
from offhook.model.contact import Contact
from offhook.model.event import HungUp
from tests.durable import Kept, run
from tests.stage import START_MS, Stubs, contact
from tests.test_public_flows import NAMES
from tests.test_public_lives import centre

PATIENCE_MS = 317_003  # whoever is still there then hangs up; no limit of a block is as long


class Answering(Stubs):
    """Every function answers the same."""

    def invoke(self, effect: Any) -> Any:
        self.answers.setdefault(effect.function, {"status": "ok", "State": "WA"})
        return super().invoke(effect)


class Many:
    """An instance for each flow, under the flow's name."""

    def __init__(self, stages: dict[str, Compiled]) -> None:
        self._stages = stages

    def compiled(self, instance_id: str) -> Compiled:
        return self._stages[instance_id]


def told(trace: list[AnyTrace]) -> list[tuple[str, str, str]]:
    return [(type(event).__name__, event.action, getattr(event, "text", "")) for event in trace]


def simulated(stage: Compiled, begun: Contact) -> tuple[str, list[tuple[str, str, str]]]:
    simulator = Simulator(stage, Answering(), agents={})
    life = simulator.start(begun, Script(), at_ms=START_MS)
    simulator.push(life, HungUp(START_MS + PATIENCE_MS))
    simulator.run()
    return life.contact.end_reason, told(list(Renderer().render(life.trace, life.contact)))


@pytest.mark.parametrize("channel", ["VOICE", "CHAT"])
def test_public_flows_take_the_same_way(channel: str, flows_folder: Path) -> None:
    stages, begun = {}, {}
    for name in NAMES:
        flow = read_flow((flows_folder / f"{name}.json").read_bytes(), catalogue())
        flow = replace(flow, arn=f"arn:{name}", name=name)
        stages[name] = centre(flow)
        begun[name] = contact(id=name, flow=flow.arn, flow_type=flow.type or "CONTACT_FLOW", channel=channel)

    async def live(kept: Kept) -> dict[str, tuple[str, list[tuple[str, str, str]]]]:
        async def one(name: str) -> None:
            await kept.runtime.begin(begun[name], name)
            await asyncio.sleep(PATIENCE_MS / 1000)
            await kept.happen(name, HungUp)

        await asyncio.gather(*map(one, NAMES))
        return {name: (kept.contacts[name].end_reason, told(kept.trace[name])) for name in NAMES}

    kept = run(live, stages[NAMES[0]], Answering(), instances=Many(stages))

    different = {name for name in NAMES if kept[name] != simulated(stages[name], begun[name])}
    assert different == set()
