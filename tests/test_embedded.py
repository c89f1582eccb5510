"""The embedded driver: the same machine, kept in a database, in virtual time."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from offhook.adapters.store.contacts import Contacts
from offhook.core.trace import Said
from offhook.model.contact import Contact
from offhook.model.errors import StoreRefused
from offhook.model.event import CustomerReturned, HungUp
from offhook.model.instance import Resource
from offhook.model.writes import Writes
from tests.durable import INSTANCE, Kept, run
from tests.stage import BYE, CONTACT_ID, Stubs, action, call, compiled, contact, flow, play, say


def said(kept: Kept, contact_id: str = CONTACT_ID) -> list[str]:
    return [event.text for event in kept.trace[contact_id] if isinstance(event, Said)]


@pytest.mark.parametrize("channel", ["VOICE", "CHAT", "TASK"])
def test_a_contact_does_what_it_does_in_the_simulator(channel: str) -> None:
    instance = compiled(flow(say("hi", "Hello", "fn"), call("fn", "name"), say("name", "You are $.External.name"), BYE))

    async def live(kept: Kept) -> tuple[Contact, list[str]]:
        await kept.runtime.begin(contact(channel=channel), INSTANCE)
        ended = await kept.over(CONTACT_ID)
        return ended, [type(event).__name__ for event in kept.trace[CONTACT_ID]]

    ended, trace = run(live, instance, Stubs(lookup={"name": "Ann"}))

    simulated = play(instance, Stubs(lookup={"name": "Ann"}), channel=channel)
    assert ended == simulated.contact
    assert trace == [type(event).__name__ for event in simulated.trace]


WAITING = flow(
    say("hi", "Hello", "wait"),
    action(
        "wait", "Wait", {"TimeLimitSeconds": "3600"}, errors={"NoMatchingError": "bye"},
        when=(("Equals", "WaitCompleted", "late"),),
    ),
    say("late", "Still there?"),
    BYE,
)  # fmt: skip


def test_a_contact_that_waits_goes_on_in_the_next_process(tmp_path: Path) -> None:
    async def begin(kept: Kept) -> None:
        await kept.runtime.begin(contact(channel="CHAT"), INSTANCE)
        await asyncio.sleep(10)

    async def go_on(kept: Kept) -> tuple[float, list[str]]:
        await kept.over(CONTACT_ID)
        return kept.loop.time(), said(kept)

    run(begin, compiled(WAITING), Stubs(), folder=tmp_path)
    seconds, texts = run(go_on, compiled(WAITING), Stubs(), folder=tmp_path)

    assert texts == ["Still there?"]
    assert seconds == pytest.approx(3600, abs=1)  # the clock of these tests begins anew with each process


def test_what_was_due_while_nobody_ran_happens_at_the_start(tmp_path: Path) -> None:
    async def begin(kept: Kept) -> None:
        await kept.runtime.begin(contact(channel="CHAT"), INSTANCE)

    async def late(kept: Kept) -> float:
        await kept.over(CONTACT_ID)
        return kept.loop.time()

    run(begin, compiled(WAITING), Stubs(), folder=tmp_path)
    later: Any = {"clock": lambda: 2_000_000_000_000}

    assert run(late, compiled(WAITING), Stubs(), folder=tmp_path, **later) < 1


def test_a_function_that_did_not_answer_is_called_again_under_the_same_id(tmp_path: Path) -> None:
    instance = compiled(flow(call("fn", "name"), say("name", "You are $.External.name"), BYE))
    first, second = Stubs(lookup={"name": "Ann"}, takes_ms=1_000), Stubs(lookup={"name": "Bob"})

    async def begin(kept: Kept) -> None:
        await kept.runtime.begin(contact(), INSTANCE)

    async def go_on(kept: Kept) -> list[str]:
        await kept.over(CONTACT_ID)
        return said(kept)

    run(begin, instance, first, folder=tmp_path)
    texts = run(go_on, instance, second, folder=tmp_path)

    assert texts == ["You are Bob"]
    assert [each.request_id for each in first.calls] == [each.request_id for each in second.calls]


def test_hanging_up_ends_it() -> None:
    async def leave(kept: Kept) -> Contact:
        await kept.runtime.begin(contact(channel="CHAT"), INSTANCE)
        return await kept.happen(CONTACT_ID, HungUp)

    assert run(leave, compiled(WAITING), Stubs()).phase == "ended"


def test_a_contact_is_begun_once_however_often_it_is_asked_for_at_a_time() -> None:
    stubs = Stubs(lookup={"name": "Ann"})

    async def begin(kept: Kept) -> None:
        await asyncio.gather(*(kept.runtime.begin(contact(), INSTANCE) for _ in range(3)))
        await kept.over(CONTACT_ID)

    run(begin, compiled(flow(call("fn", "bye"), BYE)), stubs)

    assert len(stubs.calls) == 1


def test_attributes_of_a_family_are_the_same_for_all_of_it() -> None:
    """The second contact of a family sets one; who asks the first gets it, though nothing happens to that one."""
    queue = compiled(
        flow(
            action("hooks", "UpdateContactEventHooks", {"EventHooks": {"CustomerRemaining": "flow:after"}}, then="bye"),
            BYE,
        ),
        flow(
            action("set", "UpdateContactAttributes", {"Attributes": {"seen": "1"}}, then="bye"), BYE, arn="flow:after"
        ),
        resources=(Resource("flow", "After", "flow:after", "after"),),
    )

    async def live(kept: Kept) -> dict[str, str]:
        await kept.runtime.begin(contact(channel="CHAT", attributes={"a": "1"}), INSTANCE)
        await asyncio.sleep(5)
        cell = await kept.runtime.look(CONTACT_ID)
        assert cell is not None
        return cell.attributes

    assert run(live, queue, Stubs()) == {"a": "1", "seen": "1"}


class Refusing(Contacts):
    """A store that refuses what is asked of it while `refuses` is true."""

    refuses = False

    async def write(self, writes: Writes) -> None:
        if self.refuses:
            raise StoreRefused("The database is full.")
        await super().write(writes)


def test_what_the_store_refuses_has_not_happened_and_timers_try_again() -> None:
    async def live(kept: Kept) -> tuple[list[str], float]:
        store = kept.store
        await kept.runtime.begin(contact(channel="CHAT"), INSTANCE)
        store.refuses = True
        with pytest.raises(StoreRefused):
            await kept.happen(CONTACT_ID, HungUp)
        cell = await kept.runtime.look(CONTACT_ID)
        assert cell is not None
        assert cell.seen is not None
        assert cell.seen.phase == "inbound"
        await asyncio.sleep(3_700)  # the wait is over, and cannot be written
        store.refuses = False
        await kept.over(CONTACT_ID)
        return said(kept), kept.loop.time()

    texts, seconds = run(live, compiled(WAITING), Stubs(), store=Refusing)

    assert texts == ["Hello", "Still there?"]
    assert seconds == pytest.approx(3_701, abs=1)


def test_a_deed_that_refuses_spoils_nothing_for_others() -> None:
    class No(Exception):
        pass

    def refuse(turn: Any) -> None:
        raise No

    async def live(kept: Kept) -> list[Any]:
        await kept.runtime.begin(contact(channel="CHAT"), INSTANCE)
        asked = (
            kept.runtime.turn(CONTACT_ID, refuse),
            kept.happen(CONTACT_ID, CustomerReturned),
            kept.runtime.turn(CONTACT_ID, refuse),
        )
        return await asyncio.gather(*asked, return_exceptions=True)

    first, second, third = run(live, compiled(WAITING), Stubs())

    assert isinstance(first, No)
    assert isinstance(third, No)
    assert second.phase == "inbound"
