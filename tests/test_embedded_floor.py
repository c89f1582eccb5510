"""Queues and agents in the embedded driver, and what a new process makes of them, in virtual time."""

import asyncio
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from offhook.core.program import Compiled
from offhook.model.event import HungUp
from offhook.model.instance import AgentSettings, QueueRoute, QueueSettings, RoutingProfile
from tests.durable import INSTANCE, Kept, run
from tests.stage import BYE, CONTACT_ID, Stubs, action, compiled, contact, flow, say

OTHER_ID = "22222222-2222-4222-8222-222222222222"
QUEUED = flow(
    say("hi", "Hello", "set"),
    action("set", "UpdateContactTargetQueue", {"QueueId": "Sales"}, then="to", errors={"NoMatchingError": "bye"}),
    action("to", "TransferContactToQueue", then="bye", errors={"NoMatchingError": "bye", "QueueAtCapacity": "bye"}),
    BYE,
)


def centre(**agent: Any) -> Compiled:
    """A queue, and an agent for it who takes one contact at a time."""
    settings = {"routing_profile": "Sales", "accepts": ("CHAT",), "work_ms": {"CHAT": 1_000}, **agent}
    profile = RoutingProfile("Sales", concurrency={"CHAT": 1, "VOICE": 1, "TASK": 1}, queues=(QueueRoute("Sales"),))
    return compiled(
        QUEUED, queues={"Sales": QueueSettings("Sales")}, routing_profiles={"Sales": profile},
        agents={"jane": AgentSettings("jane", **settings)},
    )  # fmt: skip


async def due(kept: Kept) -> list[str]:
    """The ids of rows of `due`."""
    return [row["id"] for row in await kept.runtime._store.due()]


def test_what_is_ordered_and_cancelled_in_one_turn_leaves_nothing(tmp_path: Path) -> None:
    async def talk(kept: Kept) -> int:
        await kept.runtime.begin(contact(channel="CHAT"), INSTANCE)
        await asyncio.sleep(5)
        assert kept.contacts[CONTACT_ID].phase == "connected"
        await kept.happen(CONTACT_ID, HungUp)
        return kept.runtime.load["due"]

    assert run(talk, centre(), Stubs(), folder=tmp_path, staff={"jane": "Available"}) == 0
