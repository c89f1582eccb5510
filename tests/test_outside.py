"""What is done to a contact from outside its flow, as the machine and the routing machine see it."""

from typing import Any

import pytest
from msgspec.structs import replace

from offhook.core.machine import Stepped, step
from offhook.core.phases import MAX_CHAIN
from offhook.core.routing import Routing
from offhook.model import effect as effects
from offhook.model import event as events
from offhook.model import routing
from offhook.model.contact import Agent, Contact, Place
from offhook.model.instance import AgentSettings, Instance
from offhook.model.routing import Offered

from .stage import BYE, START_MS, compiled, contact, flow, say

STAGE = compiled(flow(say("hi", "Hello", "again"), say("again", "$.Name $.Tags.team"), BYE))
ANN = {"Expression": {"AttributeCondition": {"MatchCriteria": {"AgentsCriteria": {"AgentIds": ["ann"]}}}}}
BOB = {"Expression": {"AttributeCondition": {"MatchCriteria": {"AgentsCriteria": {"AgentIds": ["bob"]}}}}}


def started(**fields: Any) -> Stepped:
    return step(STAGE, contact(**fields), events.Started(START_MS))


def queued(**order: Any) -> Contact:
    """A task that waits in a queue."""
    enqueue = effects.Enqueue("c/1", "arn:sales", "Sales", channel="TASK", **order)
    return contact(channel="TASK", phase="queued", runs=(), place=Place(enqueue, START_MS))


def test_fields_that_somebody_sets_are_seen_by_the_next_block() -> None:
    before = started(name="old", description="kept", tags={"team": "south"})

    updated = step(STAGE, before.contact, events.ContactUpdated(START_MS + 5, {"name": "n", "tags": {"team": "north"}}))
    said = step(STAGE, updated.contact, events.PromptEnded(START_MS + 9, before.effects[0].id))

    assert updated.contact.runs == before.contact.runs
    assert updated.contact.description == "kept"
    (effect,) = said.effects
    assert isinstance(effect, effects.PlayPrompt)
    assert effect.speech.text == "n north"


def test_who_is_in_no_queue_has_another_priority_when_it_comes_to_one() -> None:
    rerouted = step(STAGE, started(age_ms=1_000).contact, events.Rerouted(START_MS, 2, 5_000, (ANN,)))

    assert not rerouted.effects
    assert (rerouted.contact.priority, rerouted.contact.age_ms) == (2, 6_000)
    assert rerouted.contact.routing_criteria == (ANN,)


def test_who_is_in_a_queue_has_another_place_there() -> None:
    stepped = step(STAGE, queued(), events.Rerouted(START_MS, criteria=(ANN,)))

    (order,) = stepped.effects
    assert isinstance(order, effects.ChangeRouting)
    assert (order.priority, order.age_ms, order.criteria) == (None, None, (ANN,))
    assert stepped.contact.place is not None
    assert stepped.contact.place.order.criteria == (ANN,)


def test_criteria_do_not_count_in_the_queue_of_an_agent() -> None:
    stepped = step(STAGE, queued(agent="ann"), events.Rerouted(START_MS, 1, criteria=(BOB,)))

    (order,) = stepped.effects
    assert isinstance(order, effects.ChangeRouting)
    assert (order.priority, order.criteria) == (1, None)
    assert stepped.contact.place is not None
    assert stepped.contact.place.order.criteria == ()


def test_a_transfer_from_outside_goes_on_as_another_contact() -> None:
    queue = {"arn": "arn:jane", "name": "jane", "is_agent": True}
    stepped = step(STAGE, queued(), events.Moved(START_MS + 1, "moved", "arn:next", queue))

    kinds = [type(effect) for effect in stepped.effects]
    assert kinds == [effects.Dequeue, effects.CreateContact]
    order = stepped.effects[1]
    assert isinstance(order, effects.CreateContact)
    assert (order.contact_id, order.flow, order.kin) == ("moved", "arn:next", "previous")
    assert order.fields == {"agent": None, "queue": queue}
    assert (stepped.contact.phase, stepped.contact.place) == ("ended", None)


def test_the_agent_is_done_with_what_is_transferred_from_outside() -> None:
    talking = contact(channel="TASK", phase="connected", runs=(), agent=Agent("jane"))

    stepped = step(STAGE, talking, events.Moved(START_MS, "moved", "arn:next"))

    created, left = stepped.effects
    assert isinstance(created, effects.CreateContact)
    assert created.fields == {"agent": None}
    assert left == effects.Disconnect(left.id, "agent")


@pytest.mark.parametrize("fields", [{"phase": "new"}, {"phase": "queued", "segment": MAX_CHAIN}])
def test_what_has_not_begun_or_was_transferred_too_often_stays(fields: dict[str, Any]) -> None:
    before = contact(channel="TASK", **fields)

    assert step(STAGE, before, events.Moved(START_MS, "moved", "arn:next")).contact is before


def test_a_task_that_is_paused_with_a_flow_runs_that_one() -> None:
    task = replace(started(channel="TASK").contact, hooks={"PauseContact": "arn:set"}, phase="connected")

    stepped = step(STAGE, task, events.Paused(START_MS, flow="arn:given"))

    (order,) = stepped.effects
    assert isinstance(order, effects.CreateContact)
    assert order.flow == "arn:given"


# --- queues ---


def floor(*agents: str, status: str = "Available") -> Routing:
    made = Routing(Instance(agents={name: AgentSettings(name) for name in agents}))
    for name in agents:
        made.happen(routing.SignIn(0, name, status))
    return made


def offers(notices: list[Any]) -> list[tuple[str, str]]:
    return [(each.contact, each.agent) for each in notices if isinstance(each, Offered)]


def test_numbers_over_several_queues_count_an_agent_once() -> None:
    made = floor("ann", "bob")
    made.happen(routing.Enqueue(0, "a", "Sales", channel="CHAT"))
    made.happen(routing.Accept(0, "a", "ann"))
    made.happen(routing.Status(0, "bob", "Lunch"))
    made.happen(routing.Enqueue(1_000, "b", "Support"))
    made.happen(routing.Enqueue(1_000, "later", "Support", not_before_ms=60_000))

    found = made.totals(("Sales", "Support"), (), None, 4_000)
    assert (found["Online"], found["Busy"], found["NonProductive"]) == (2, 1, 1)
    assert (found["Size"], found["Scheduled"], found["OldestContactAge"]) == (1, 1, 3)
    assert (found["SlotsActive"], found["SlotsAvailable"]) == (1, 1), "one more chat for ann, nothing for bob"
    chats = made.totals(("Sales", "Support"), (), "CHAT", 4_000)
    assert (chats["Size"], chats["Scheduled"], chats["OldestContactAge"]) == (0, 0, None)
    assert made.totals(("Sales",), ("Elsewhere",), None, 4_000)["Online"] == 0
    assert made.slots_of("ann")["CHAT"] == (1, 2, 1)
    assert made.slots_of("nobody") == {}


def test_other_criteria_count_at_once_and_from_their_beginning() -> None:
    made = floor("bob")
    made.happen(routing.Enqueue(0, "c", "Sales", criteria=(ANN,)))
    brief = {**ANN, "Expiry": {"DurationInSeconds": 30}}

    assert offers(made.happen(routing.Change(60_000, "c", criteria=(brief, BOB)))) == []
    assert made.next_ms == 90_000
    assert offers(made.happen(routing.Wake(90_000))) == [("c", "bob")]


def test_criteria_of_a_callback_that_is_not_due_count_once_it_is() -> None:
    made = floor("ann")
    made.happen(routing.Enqueue(0, "c", "Sales", not_before_ms=10_000))
    made.happen(routing.Change(1_000, "c", criteria=(BOB,)))

    assert offers(made.happen(routing.Wake(10_000))) == []
    assert offers(made.happen(routing.Change(11_000, "c", criteria=()))) == [("c", "ann")]


def test_criteria_that_change_during_an_offer_count_after_it() -> None:
    made = floor("ann", "bob")
    made.happen(routing.Enqueue(0, "c", "Sales"))
    assert made.happen(routing.Change(1_000, "c", criteria=(BOB,))) == []

    assert offers(made.happen(routing.Reject(2_000, "c", "ann"))) == [("c", "bob")]


def test_an_agent_who_is_busy_elsewhere_is_asked_regardless() -> None:
    made = floor("ann", status="Lunch")
    made.happen(routing.Enqueue(0, "c", "Sales"))

    assert made.happen(routing.Change(1, "c", agent="ann")) == []
    assert offers(made.happen(routing.Change(1, "c", agent="ann", regardless=True))) == [("c", "ann")]
    assert made.happen(routing.Change(1, "c", agent="ann", regardless=True)) == [], "it is on offer already"
