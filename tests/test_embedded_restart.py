"""What a new process makes of what the last one left, beside queues and agents: in virtual time."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql

from offhook.adapters.store.schema import DUE, EVENT, OUTBOX
from offhook.model.event import AttributesUpdated, HungUp, LambdaEnded
from tests.durable import INSTANCE, Kept, run
from tests.stage import BYE, CONTACT_ID, Stubs, action, call, compiled, contact, flow, say

OTHER_ID = "22222222-2222-4222-8222-222222222222"


def waits(seconds: int, arn: str) -> Any:
    return flow(
        action(
            "wait", "Wait", {"TimeLimitSeconds": str(seconds)}, errors={"NoMatchingError": "bye"},
            when=(("Equals", "WaitCompleted", "over"),),
        ),
        say("over", "It is over"), BYE, arn=arn,
    )  # fmt: skip


STAGE = compiled(waits(60, "flow:long"), waits(30, "flow:short"))
LATER: dict[str, Any] = {"clock": lambda: 2_000_000_000_000}


async def rows(kept: Kept, *statements: Any) -> list[Any]:
    return [row for statement in statements for row in await kept.store.rows(statement)]


def test_what_was_due_happens_in_the_order_in_which_it_was_due(tmp_path: Path) -> None:
    async def begin(kept: Kept) -> None:
        await kept.runtime.begin(contact(flow="flow:long", channel="CHAT"), INSTANCE)
        await kept.runtime.begin(contact(id=OTHER_ID, flow="flow:short", channel="CHAT"), INSTANCE)

    async def go_on(kept: Kept) -> list[str]:
        ended: list[str] = []
        kept.runtime.watchers.append(lambda turn: ended.append(turn.contact.id))
        await kept.over(CONTACT_ID)
        await kept.over(OTHER_ID)
        assert await rows(kept, sql.select(DUE), sql.select(OUTBOX)) == []
        return ended

    run(begin, STAGE, Stubs(), folder=tmp_path)

    assert run(go_on, STAGE, Stubs(), folder=tmp_path, **LATER) == [OTHER_ID, CONTACT_ID]


def test_an_answer_that_comes_twice_is_heard_once(tmp_path: Path) -> None:
    stage = compiled(flow(call("fn", "wait"), *waits(60, "").actions.values()))
    stubs = Stubs(lookup={"name": "Ann"})

    async def live(kept: Kept) -> list[str]:
        await kept.runtime.begin(contact(channel="CHAT"), INSTANCE)
        await asyncio.sleep(1)
        [first] = stubs.calls
        for _ in range(2):
            answer = LambdaEnded(kept.loop.now_ms(), first.id, 200, body='{"name": "Bob"}')
            await kept.runtime.happen(CONTACT_ID, answer)
        found = await rows(kept, sql.select(EVENT.c.body).order_by(EVENT.c.seq))
        return [json.loads(row["body"])["type"] for row in found]

    assert run(live, stage, stubs, folder=tmp_path) == ["Started", "LambdaEnded"]


def test_an_answer_after_the_limit_that_passed_while_nobody_ran_is_late(tmp_path: Path) -> None:
    stage = compiled(flow(call("fn", "bye", "sorry"), say("sorry", "Sorry"), BYE))

    async def begin(kept: Kept) -> None:
        await kept.runtime.begin(contact(channel="CHAT"), INSTANCE)

    async def go_on(kept: Kept) -> list[str]:
        await kept.over(CONTACT_ID)
        return [type(event).__name__ for event in kept.trace[CONTACT_ID]]

    run(begin, stage, Stubs(lookup={}, takes_ms=1_000), folder=tmp_path)
    trace = run(go_on, stage, Stubs(lookup={}), folder=tmp_path, **LATER)

    assert "Said" in trace  # that it is sorry


def test_a_family_hears_of_its_attributes_in_the_next_process(tmp_path: Path) -> None:
    async def begin(kept: Kept) -> None:
        await kept.runtime.begin(contact(flow="flow:long", channel="TASK"), INSTANCE)
        later = contact(id=OTHER_ID, flow="flow:long", channel="TASK", initial_id=CONTACT_ID, previous_id=CONTACT_ID)
        await kept.runtime.begin(later, INSTANCE)
        await kept.runtime.set_attributes(CONTACT_ID, {"first": "1"})
        await asyncio.sleep(1)
        assert kept.contacts[OTHER_ID].attributes == {"first": "1"}

    async def go_on(kept: Kept) -> list[dict[str, str]]:
        await kept.runtime.set_attributes(OTHER_ID, {"second": "2"})
        await asyncio.sleep(1)
        return [kept.contacts[id].attributes for id in (CONTACT_ID, OTHER_ID)]

    run(begin, STAGE, Stubs(), folder=tmp_path)
    both = {"first": "1", "second": "2"}

    assert run(go_on, STAGE, Stubs(), folder=tmp_path) == [both, both]


def test_attributes_of_an_ended_contact_are_those_of_its_family(tmp_path: Path) -> None:
    async def begin(kept: Kept) -> None:
        await kept.runtime.begin(contact(flow="flow:long", channel="TASK"), INSTANCE)
        later = contact(id=OTHER_ID, flow="flow:long", channel="TASK", initial_id=CONTACT_ID, previous_id=CONTACT_ID)
        await kept.runtime.begin(later, INSTANCE)
        await kept.happen(CONTACT_ID, HungUp)

    async def go_on(kept: Kept) -> list[dict[str, str]]:
        await kept.runtime.set_attributes(CONTACT_ID, {"late": "yes"})
        await asyncio.sleep(1)
        found = [await kept.runtime.look(id) for id in (CONTACT_ID, OTHER_ID)]
        assert kept.contacts[OTHER_ID].attributes == {"late": "yes"}
        return [cell.attributes for cell in found if cell is not None]

    run(begin, STAGE, Stubs(), folder=tmp_path)

    assert run(go_on, STAGE, Stubs(), folder=tmp_path)[0] == {"late": "yes"}


def test_what_happens_to_nobody_changes_nothing(tmp_path: Path) -> None:
    async def live(kept: Kept) -> list[Any]:
        kept.runtime.push(CONTACT_ID, AttributesUpdated(kept.loop.now_ms(), {"a": "b"}))
        await asyncio.sleep(1)
        return await rows(kept, sql.select(EVENT))

    assert run(live, STAGE, Stubs(), folder=tmp_path) == []


def test_nobody_sees_what_is_not_committed_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies then would have told of something that never was."""

    async def live(kept: Kept) -> list[Any]:
        await kept.runtime.begin(contact(flow="flow:long", channel="CHAT", attributes={"a": "1"}), INSTANCE)
        write, seen = kept.store.write, []

        async def look() -> None:
            cell = await kept.runtime.look(CONTACT_ID)
            assert cell is not None and cell.seen is not None
            seen.append((cell.seen.phase, cell.seen_marks.reason, cell.seen_attributes, cell.seen.attributes))

        async def write_late(writes: Any) -> None:
            await look()
            await write(writes)

        monkeypatch.setattr(kept.store, "write", write_late)
        await kept.runtime.set_attributes(CONTACT_ID, {"a": "2"})
        await kept.happen(CONTACT_ID, HungUp)
        await look()
        return seen

    one, two = {"a": "1"}, {"a": "2"}
    assert run(live, STAGE, Stubs(), folder=tmp_path) == [
        ("inbound", None, one, one), ("inbound", None, two, two), ("ended", "CUSTOMER_DISCONNECT", two, two),
    ]  # fmt: skip
