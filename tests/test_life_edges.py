"""Lives at their edges: what a contact begins without, what the agent is called, where a chain ends."""

from typing import Any

import pytest

from offhook.core import trace
from offhook.core.birth import new_contact
from offhook.core.machine import step
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.customer import Script
from offhook.model import event as events
from offhook.model.contact import Agent, Callback, Contact, Queue
from offhook.model.flow import Action
from offhook.model.instance import QueueSettings

from .floor import END, SUPPORT, Lived, centre, jane, live, named
from .stage import START_MS, Stubs, say

WAITS = Queue(SUPPORT.arn, "Support")
WHO = "Hello $.Agent.FirstName ($.Agent.UserName)"


@pytest.mark.parametrize("method", ["CALLBACK", "QUEUE_TRANSFER"])
def test_a_contact_that_begins_in_a_queue_needs_one(method: str) -> None:
    lived = live(centre(), {"jane": jane()}, flow="", initiation_method=method, queue=None, callback=Callback())

    assert lived.heard() == ["0.0 1 ended: there is no queue to wait in"]


def test_a_queue_may_have_an_outbound_whisper_of_its_own() -> None:
    own = named("OUTBOUND_WHISPER", "Own")
    stage = centre(own, queues={"Support": QueueSettings("Support", outbound_flow="Own")})
    lived = live(stage, {"jane": jane()}, flow="", initiation_method="OUTBOUND", is_reached=False, agent=Agent("jane"))

    assert "5.0 caller hears Own" in lived.heard()


def test_the_first_message_of_a_chat_comes_before_its_flow() -> None:
    lived = live(centre(), {}, channel="CHAT", first_message="Your parcel is there.")

    said = [event.effect["speech"]["text"] if isinstance(event, trace.Ordered) else event.text for event in lived.events
            if isinstance(event, trace.Said)]  # fmt: skip
    assert said[:2] == ["Your parcel is there.", "Main"]


def test_flows_name_the_agent_once_there_is_one() -> None:
    whisper = named("AGENT_WHISPER", "Default agent whisper", say("say", WHO, "end"), END)
    queue = named("CUSTOMER_QUEUE", "Default customer queue", say("say", WHO, "end"), END)
    lived = live(centre(whisper, queue), {"jane": jane()})

    assert "1.3 agent hears Hello Jane (jane)" in lived.heard()
    assert any("hears Hello  ()" in each for each in lived.heard())


def test_the_twelfth_contact_of_a_chain_cannot_be_transferred() -> None:
    lived = live(centre(), {"jane": jane("transfer:Joe", "wait:1s"), "joe": jane()}, segment=12)

    assert "14.2 1: a chain of transfers has at most 12 contacts." in lived.heard()


def test_what_is_already_transferred_is_not_transferred_again() -> None:
    lived = live(centre(), {"jane": jane("transfer:Joe", "transfer:Joe", "hangup"), "joe": jane(answers="miss")})

    assert any("a contact cannot be transferred while it is transferring." in each for each in lived.heard())


def _step(contact: Contact, *happened: Any) -> Contact:
    for event in happened:
        contact = step(centre(), contact, event).contact
    return contact


def test_a_customer_who_returns_where_no_flow_runs_changes_nothing() -> None:
    waiting = _step(
        new_contact(id="c", seed="1", flow="", flow_type="CONTACT_FLOW", initiation_method="QUEUE_TRANSFER",
                    channel="CHAT", queue=Queue(SUPPORT.arn, "Support")),
        events.Started(START_MS),
    )  # fmt: skip

    assert waiting.runs == ()
    assert _step(waiting, events.CustomerReturned(START_MS + 1)) is waiting


def test_an_offer_to_a_contact_that_is_in_no_queue_is_nobody_s() -> None:
    contact = _step(new_contact(id="c", seed="1", flow="flow:Main", flow_type="CONTACT_FLOW"), events.Started(START_MS))

    for event in (events.Offered(START_MS, "jane"), events.AgentJoined(START_MS, "jane"), events.Resumed(START_MS)):
        assert _step(contact, event) is contact


def held(*customer: Action) -> Lived:
    """A chat on hold for ten seconds; the customer returns meanwhile. The agent hears a loop."""
    steps: list[tuple[Any, Any]] = []
    simulator = Simulator(
        centre(named("CUSTOMER_HOLD", "Default customer hold", *customer)),
        Stubs(),
        agents={"jane": jane("hold:10s", "resume")},
        seed="1",
        store=True,
        watch=lambda life, tuples: steps.append((life.contact, tuples)),
    )
    contact = new_contact(id="c", seed="1", flow="flow:Main", flow_type="CONTACT_FLOW", queue=WAITS)
    life = simulator.start(contact, Script(), at_ms=START_MS)
    simulator.push(life, events.CustomerReturned(START_MS + 15_000))
    simulator.run()
    return Lived(simulator, steps)


def test_a_hold_flow_of_the_customer_s_may_end_while_the_agent_s_plays_on() -> None:
    told = held(END).heard()

    assert not any("caller hears Default customer hold" in each for each in told)
    assert any("agent hears Default agent hold" in each for each in told)
    assert [each.partition(" ")[2] for each in told if " is " in each][-2:] == ["1 is holding", "1 is connected"]


def test_a_customer_who_returns_on_hold_is_in_the_customer_s_flow_and_not_in_the_agent_s() -> None:
    told = held().heard()

    assert any("caller hears Default customer hold" in each for each in told)
    assert told[-1].endswith("1 ended: agent hung up")
