"""What marks say of whole lives, out of nothing but the steps."""

from typing import Any

from offhook.core.birth import new_contact
from offhook.core.marks import Marks, marked
from offhook.core.program import Compiled
from offhook.drivers.ports import Called, Customer
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.agent import AgentScript, Time
from offhook.drivers.sim.customer import Script
from offhook.drivers.sim.life import Life
from offhook.model.contact import Agent, Contact
from offhook.model.event import Continued, HungUp, Paused
from tests.floor import QUICK, SUPPORT, centre, jane, named
from tests.stage import START_MS, Stubs, action


def live(
    agents: dict[str, AgentScript], *events: Any, customer: Customer | None = None, stage: Compiled | None = None,
    **fields: Any,
) -> tuple[Contact, Marks]:  # fmt: skip
    """The first contact at its end, and its marks."""
    first = new_contact(
        **{
            "id": "1",
            "seed": "1",
            "flow": "flow:Main",
            "flow_type": "CONTACT_FLOW",
            "customer_endpoint": "+1",
            **fields,
        }
    )
    known: dict[str, tuple[Contact, Marks]] = {"1": (first, Marks(created_ms=START_MS))}

    def watch(life: Life, tuples: Any) -> None:
        was, marks = known.get(life.contact.id, (life.contact, Marks()))
        known[life.contact.id] = life.contact, marked(marks, was, life.contact, tuples)

    simulator = Simulator(stage or centre(), Stubs(), agents=agents, seed="1", watch=watch)
    life = simulator.start(first, customer or Script(), at_ms=START_MS)
    for event in events:
        simulator.push(life, event)
    simulator.run()
    return known["1"]


WRONG = {"NoMatchingError": "x"}
QUEUED = centre(
    named(
        "CONTACT_FLOW", "Main",
        action("to", "UpdateContactTargetQueue", {"QueueId": SUPPORT.arn}, then="queue", errors=WRONG),
        action("queue", "TransferContactToQueue", then="x", errors=WRONG),
        action("x", "DisconnectParticipant"),
    ),
)  # fmt: skip


def test_a_call_that_is_queued_held_and_hung_up() -> None:
    contact, marks = live({"jane": jane("hold:5s", "resume", "wait:2s")}, stage=QUEUED)

    assert contact.end_reason == "agent hung up"
    assert marks.queue is not None
    assert (marks.queue.name, marks.agent, marks.holds, marks.hold_ms) == ("Support", "jane", 1, 5_000)
    assert marks.system_ms == START_MS
    assert marks.since_ms == START_MS
    assert marks.offered_ms is not None
    assert marks.joined_ms is not None
    assert marks.left_ms is not None
    assert marks.since_ms <= marks.offered_ms < marks.left_ms <= marks.joined_ms
    assert (marks.ended_ms, marks.reason) == (contact.now_ms, "AGENT_DISCONNECT")


def test_an_agent_who_misses_it_twice() -> None:
    script = AgentScript(answers="miss")

    _, marks = live({"jane": script}, HungUp(START_MS + 60_000), stage=QUEUED)

    assert marks.misses >= 2
    assert (marks.agent, marks.joined_ms, marks.reason) == ("", None, "CUSTOMER_DISCONNECT")
    assert marks.left_ms == marks.ended_ms


def test_a_call_that_nobody_answers_says_so() -> None:
    class Busy(Script):
        def called(self, effect: Any) -> Called:
            return Called(status="busy", after_ms=1_000)

    contact, marks = live(
        {"jane": jane()}, customer=Busy(), flow="", is_reached=False, initiation_method="OUTBOUND", agent=Agent("jane")
    )

    assert contact.phase == "ended"
    assert marks.system_ms is None
    assert marks.reason == "TELECOM_BUSY"


def test_a_task_that_is_paused_and_goes_on() -> None:
    slow = AgentScript(accept_after=QUICK, handle_time=Time(60_000))
    paused, goes_on = Paused(START_MS + 10_000), Continued(START_MS + 14_000)

    _, marks = live({"jane": slow}, paused, goes_on, stage=QUEUED, channel="TASK")

    assert (marks.paused_ms, marks.resumed_ms, marks.pauses, marks.pause_ms) == (
        START_MS + 10_000, START_MS + 14_000, 1, 4_000,
    )  # fmt: skip
