"""Contacts that go on from others, begun from outside: one set of attributes for all of them."""

import asyncio

from offhook.core.birth import new_contact
from tests.durable import INSTANCE, Kept, run
from tests.stage import BYE, CONTACT_ID, Stubs, action, compiled, contact, flow

WAITING = flow(action("wait", "Wait", {"TimeLimitSeconds": "60"}, errors={"NoMatchingError": "bye"}), BYE)
SECOND = "33333333-3333-4333-8333-333333333333"


def test_what_is_set_of_one_is_known_to_the_others() -> None:
    async def live(kept: Kept) -> list[dict[str, str]]:
        first = contact(channel="TASK")
        await kept.runtime.begin(first, INSTANCE)
        second = new_contact(
            id=SECOND, seed="2", flow=first.flow, flow_type="CONTACT_FLOW", channel="TASK", initial_id=CONTACT_ID,
            previous_id=CONTACT_ID,
        )  # fmt: skip
        await kept.runtime.begin(second, INSTANCE)
        await kept.runtime.set_attributes(SECOND, {"a": "1"})
        await kept.runtime.set_attributes(CONTACT_ID, {"b": "2"})
        await asyncio.sleep(1)
        return [kept.contacts[each].attributes for each in (CONTACT_ID, SECOND)]

    assert run(live, compiled(WAITING), Stubs()) == [{"a": "1", "b": "2"}] * 2
