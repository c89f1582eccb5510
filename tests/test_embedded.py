"""The embedded driver: the same machine, kept in a database, in virtual time."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from offhook.core.trace import Said
from offhook.model.contact import Contact
from offhook.model.event import HungUp
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
