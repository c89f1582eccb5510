"""Queues and agents in the embedded driver, and what a new process makes of them, in virtual time."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import offhook.cli
from offhook.blocks import catalogue
from offhook.cli.project import load_project
from offhook.core.marks import Marks
from offhook.core.program import Compiled
from offhook.drivers.embedded.floor import Floor
from offhook.drivers.sim.customer import Script
from offhook.model.contact import Contact, Queue
from offhook.model.event import HungUp, TransferStarted
from offhook.model.instance import AgentSettings, QueueRoute, QueueSettings, QuickConnect, RoutingProfile
from tests.durable import INSTANCE, Kept, run
from tests.floor import SUPPORT, named
from tests.floor import centre as floor_of
from tests.stage import BYE, CONTACT_ID, Stubs, action, compiled, contact, flow, say

OTHER_ID = "22222222-2222-4222-8222-222222222222"
QUEUED = flow(
    say("hi", "Hello", "set"),
    action("set", "UpdateContactTargetQueue", {"QueueId": "Sales"}, then="to", errors={"NoMatchingError": "bye"}),
    action("to", "TransferContactToQueue", then="bye", errors={"NoMatchingError": "bye", "QueueAtCapacity": "bye"}),
    BYE,
)


def centre(*, others: tuple[str, ...] = (), **agent: Any) -> Compiled:
    """A queue, and jane for it who takes one contact at a time; `others` are like her."""
    settings = {"routing_profile": "Sales", "accepts": ("CHAT",), "work_ms": {"CHAT": 1_000}, **agent}
    profile = RoutingProfile("Sales", concurrency={"CHAT": 1, "VOICE": 1, "TASK": 1}, queues=(QueueRoute("Sales"),))
    return compiled(
        QUEUED, queues={"Sales": QueueSettings("Sales")}, routing_profiles={"Sales": profile},
        agents={name: AgentSettings(name, **settings) for name in ("jane", *others)},
    )  # fmt: skip


MANUAL: dict[str, Any] = {"accepts": (), "work_ms": {}}
JANE = {"jane": "Available"}


async def queue(kept: Kept, *ids: str) -> None:
    """Chats come, one a second, and wait."""
    for id in ids:
        await kept.runtime.begin(contact(id=id, channel="CHAT"), INSTANCE)
        await asyncio.sleep(1)


async def phase(kept: Kept, id: str = CONTACT_ID) -> str:
    cell = await kept.runtime.look(id)
    assert cell is not None and cell.seen is not None
    return cell.seen.phase


async def hang_up(kept: Kept, id: str = CONTACT_ID) -> None:
    await kept.happen(id, HungUp)
    await asyncio.sleep(1)


def test_what_is_ordered_and_cancelled_in_one_turn_leaves_nothing(tmp_path: Path) -> None:
    async def talk(kept: Kept) -> int:
        await kept.runtime.begin(contact(channel="CHAT"), INSTANCE)
        await asyncio.sleep(5)
        assert kept.contacts[CONTACT_ID].phase == "connected"
        await kept.happen(CONTACT_ID, HungUp)
        return kept.runtime.load["due"]

    assert run(talk, centre(), Stubs(), folder=tmp_path, staff={"jane": "Available"}) == 0


def test_an_agent_who_joins_as_the_customer_leaves_is_free_again() -> None:
    """Both happen in one turn: nobody sees the contact with the agent."""

    async def meet(kept: Kept) -> tuple[dict[str, str], str]:
        await queue(kept, CONTACT_ID, OTHER_ID)
        floor = kept.runtime.floor(INSTANCE)
        assert floor.accept(CONTACT_ID, "jane")
        kept.runtime.push(CONTACT_ID, HungUp(kept.loop.now_ms()))
        await asyncio.sleep(5)
        return floor.contacts_of("jane"), await phase(kept)

    manual = centre(accepts=(), work_ms={"CHAT": 1_000})

    assert run(meet, manual, Stubs(), staff=JANE) == ({OTHER_ID: "INCOMING"}, "ended")


def test_an_agent_who_takes_what_has_just_left_the_queue_is_free_again() -> None:
    """The contact hears of the agent when it is not in the queue any more."""

    async def meet(kept: Kept) -> tuple[dict[str, str], str]:
        await queue(kept, CONTACT_ID, OTHER_ID)
        floor = kept.runtime.floor(INSTANCE)
        kept.runtime.push(CONTACT_ID, HungUp(kept.loop.now_ms()))
        assert floor.accept(CONTACT_ID, "jane")  # it has not left yet, as far as anybody knows
        await asyncio.sleep(5)
        return floor.contacts_of("jane"), await phase(kept)

    manual = centre(accepts=(), work_ms={"CHAT": 1_000})

    assert run(meet, manual, Stubs(), staff=JANE) == ({OTHER_ID: "INCOMING"}, "ended")


# --- the next process ---


def test_who_waits_is_offered_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    async def come(kept: Kept) -> None:
        await queue(kept, OTHER_ID, CONTACT_ID)  # the greater id came first

    async def go_on(kept: Kept) -> list[str]:
        await asyncio.sleep(1)
        first = await phase(kept, OTHER_ID), await phase(kept)
        await hang_up(kept, OTHER_ID)
        await asyncio.sleep(2)
        return [*first, await phase(kept)]

    run(come, centre(), Stubs(), folder=tmp_path)
    phases = run(go_on, centre(), Stubs(), folder=tmp_path, staff=JANE)

    assert phases == ["connected", "queued", "connected"]


def test_who_was_killed_on_the_way_into_the_queue_waits_there_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order is kept, and nobody has carried it out."""

    async def come(kept: Kept) -> int:
        await queue(kept, CONTACT_ID)
        return len(await kept.store.outbox())

    async def go_on(kept: Kept) -> tuple[list[dict[str, str]], int, int]:
        await asyncio.sleep(2)
        floor = kept.runtime.floor(INSTANCE)
        had = [floor.contacts_of(agent) for agent in ("jane", "joe")]
        await hang_up(kept)
        await asyncio.sleep(2)
        free = sum(floor.slots(agent)["CHAT"][0] for agent in ("jane", "joe"))
        return had, free, len(await kept.store.on_floor())

    two = centre(others=("joe",))
    with monkeypatch.context() as killed:
        killed.setattr(Floor, "perform", lambda *order: None)
        assert run(come, two, Stubs(), folder=tmp_path, staff=JANE) == 1
    had, free, left = run(go_on, two, Stubs(), folder=tmp_path, staff={**JANE, "joe": "Available"})

    assert sorted(map(len, had)) == [0, 1]
    assert (free, left) == (2, 0)


def test_an_offer_ends_with_its_process_and_is_made_anew(tmp_path: Path) -> None:
    async def come(kept: Kept) -> dict[str, str]:
        await queue(kept, CONTACT_ID)
        return kept.runtime.floor(INSTANCE).contacts_of("jane")

    async def go_on(kept: Kept) -> tuple[dict[str, str], str]:
        await asyncio.sleep(1)
        floor = kept.runtime.floor(INSTANCE)
        offered = floor.contacts_of("jane")
        assert floor.accept(CONTACT_ID, "jane")
        await asyncio.sleep(1)
        return offered, await phase(kept)

    first = run(come, centre(**MANUAL), Stubs(), folder=tmp_path, staff=JANE)
    offered, then = run(go_on, centre(**MANUAL), Stubs(), folder=tmp_path, staff=JANE)

    assert first == offered == {CONTACT_ID: "INCOMING"}
    assert then == "connected"


def test_an_agent_who_talks_stays_with_the_contact(tmp_path: Path) -> None:
    async def come(kept: Kept) -> None:
        await queue(kept, CONTACT_ID, OTHER_ID)

    async def go_on(kept: Kept) -> tuple[dict[str, str], str, str]:
        await asyncio.sleep(5)
        had = kept.runtime.floor(INSTANCE).contacts_of("jane")
        waits = await phase(kept, OTHER_ID)
        await hang_up(kept)
        await asyncio.sleep(2)
        return had, waits, await phase(kept, OTHER_ID)

    run(come, centre(), Stubs(), folder=tmp_path, staff=JANE)
    had, waits, then = run(go_on, centre(), Stubs(), folder=tmp_path, staff=JANE)

    assert had == {CONTACT_ID: "CONNECTED"}
    assert (waits, then) == ("queued", "connected")


def test_the_work_after_a_contact_goes_on_until_the_agent_is_done(tmp_path: Path) -> None:
    async def come(kept: Kept) -> None:
        await queue(kept, CONTACT_ID, OTHER_ID)
        await hang_up(kept)

    async def go_on(kept: Kept) -> tuple[dict[str, str], str, str]:
        await asyncio.sleep(60)
        floor = kept.runtime.floor(INSTANCE)
        had, waits = floor.contacts_of("jane"), await phase(kept, OTHER_ID)
        assert floor.clear(CONTACT_ID, "jane")
        await asyncio.sleep(1)
        return had, waits, await phase(kept, OTHER_ID)

    async def look(kept: Kept) -> dict[str, str]:
        await asyncio.sleep(1)
        return kept.runtime.floor(INSTANCE).contacts_of("jane")

    endless = centre(work_ms={})
    run(come, endless, Stubs(), folder=tmp_path, staff=JANE)
    had, waits, then = run(go_on, endless, Stubs(), folder=tmp_path, staff=JANE)
    later = run(look, endless, Stubs(), folder=tmp_path, staff=JANE)

    assert had == {CONTACT_ID: "ENDED"}
    assert (waits, then) == ("queued", "connected")
    assert later == {OTHER_ID: "CONNECTED"}  # the work that is done stays done


def test_work_with_a_limit_ends_in_the_next_process(tmp_path: Path) -> None:
    async def come(kept: Kept) -> None:
        await queue(kept, CONTACT_ID)
        await kept.happen(CONTACT_ID, HungUp)

    async def go_on(kept: Kept) -> tuple[dict[str, str], dict[str, str]]:
        floor = kept.runtime.floor(INSTANCE)
        before = floor.contacts_of("jane")
        await asyncio.sleep(20)
        return before, floor.contacts_of("jane")

    limited = centre(work_ms={"CHAT": 15_000})
    run(come, limited, Stubs(), folder=tmp_path, staff=JANE)
    before, after = run(go_on, limited, Stubs(), folder=tmp_path, staff=JANE)

    assert (before, after) == ({CONTACT_ID: "ENDED"}, {})


def test_work_of_somebody_who_is_no_agent_any_more_is_over(tmp_path: Path) -> None:
    async def come(kept: Kept) -> None:
        await queue(kept, CONTACT_ID)
        await hang_up(kept)

    async def look(kept: Kept) -> int:
        await asyncio.sleep(5)
        return len(await kept.store.on_floor())

    run(come, centre(work_ms={}), Stubs(), folder=tmp_path, staff=JANE)

    assert run(look, centre(work_ms={}), Stubs(), folder=tmp_path) == 0


def test_who_hangs_up_in_a_queue_is_not_offered_by_the_next_process(tmp_path: Path) -> None:
    async def come(kept: Kept) -> None:
        await queue(kept, CONTACT_ID)
        await hang_up(kept)

    async def look(kept: Kept) -> tuple[dict[str, str], int]:
        await asyncio.sleep(5)
        return kept.runtime.floor(INSTANCE).contacts_of("jane"), len(await kept.store.on_floor())

    run(come, centre(), Stubs(), folder=tmp_path)

    assert run(look, centre(), Stubs(), folder=tmp_path, staff=JANE) == ({}, 0)


def test_a_queued_callback_is_made_by_the_next_process(tmp_path: Path) -> None:
    instance = load_project(Path(offhook.cli.__file__).parent / "sample").instance
    jane = AgentSettings("jane", accepts=("VOICE",), work_ms={"VOICE": 1_000})
    stage = Compiled(replace(instance, agents={"jane": jane}), catalogue())
    [main] = [each for each in instance.flows.values() if each.name == "Queued callback"]

    def callee(contact: Contact, marks: Marks) -> Script:
        script = Script(("1", "2", "5550123#"))
        script.used = marks.used
        return script

    async def ask(kept: Kept) -> list[str]:
        await kept.runtime.begin(
            contact(flow=main.arn, flow_type=main.type, customer_endpoint="+12065550100"), INSTANCE
        )
        await asyncio.sleep(300)
        return [id for id in kept.contacts if id != CONTACT_ID]

    async def go_on(kept: Kept) -> tuple[str, str]:
        await asyncio.sleep(20)
        cell = await kept.runtime.look(callback)
        assert cell is not None and cell.seen is not None
        return cell.seen.initiation_method, cell.seen_marks.agent

    usual: dict[str, Any] = {"folder": tmp_path, "callee": callee}
    [callback] = run(ask, stage, Stubs(), **usual)
    called = run(go_on, stage, Stubs(), staff=JANE, **usual)

    assert called == ("CALLBACK", "jane")


def test_a_transfer_that_waits_reaches_its_agent_in_the_next_process(tmp_path: Path) -> None:
    flows = (named("QUEUE_TRANSFER", "To Sales"), named("AGENT_TRANSFER", "To Joe"))
    quick = {"Sales": QuickConnect("Sales", "queue", queue="Sales", flow="To Sales")}
    agents = {name: AgentSettings(name, name, accepts=("CHAT",)) for name in ("jane", "joe")}
    profiles = {
        name: RoutingProfile(name, (QueueRoute(queue),), {"CHAT": 1})
        for name, queue in (("jane", "Support"), ("joe", "Sales"))
    }
    queues = {name: QueueSettings(name) for name in ("Support", "Sales")}
    stage = floor_of(*flows, quick_connects=quick, agents=agents, routing_profiles=profiles, queues=queues)

    async def hand_over(kept: Kept) -> list[str]:
        chat = contact(channel="CHAT", flow="flow:Main", initiation_method="API", queue=Queue(SUPPORT.arn, "Support"))
        await kept.runtime.begin(chat, INSTANCE)
        await asyncio.sleep(2)
        assert kept.runtime.floor(INSTANCE).contacts_of("jane") == {CONTACT_ID: "CONNECTED"}
        await kept.happen(CONTACT_ID, lambda at_ms: TransferStarted(at_ms, "Sales"))
        await asyncio.sleep(5)
        return [id for id in kept.contacts if id != CONTACT_ID]

    async def go_on(kept: Kept) -> dict[str, str]:
        await asyncio.sleep(5)
        return kept.runtime.floor(INSTANCE).contacts_of("joe")

    [second] = run(hand_over, stage, Stubs(), folder=tmp_path, staff=JANE)
    has = run(go_on, stage, Stubs(), folder=tmp_path, staff={**JANE, "joe": "Available"})

    assert has == {second: "CONNECTED"}
