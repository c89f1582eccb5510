"""What each party hears and when: every way a contact begins (spec/flow-types.md section 3), and what cuts it short."""

from typing import Any

import pytest

from offhook.drivers.ports import Called
from offhook.drivers.sim.agent import AgentScript, Time
from offhook.drivers.sim.customer import Script
from offhook.model.contact import Agent, Callback
from offhook.model.effect import PlaceCall
from offhook.model.flow import Action

from .floor import END, QUICK, SALES, Lived, centre, jane, live, named
from .stage import BYE, action, say

QUEUED = ["0.0 caller hears Main", "0.3 1 is queued", "0.3 caller hears Default customer queue"]
TAKEN = [
    "1.3 1 is agent_whisper",
    "1.3 agent hears Default agent whisper",
    "2.6 1 is customer_whisper",
    "2.6 caller hears Default customer whisper",
    "4.2 1 is connected",
]
CALLED: dict[str, Any] = {"flow": "", "is_reached": False}


class Absent(Script):
    """A customer who does not answer so many calls, and then does."""

    def __init__(self, misses: int) -> None:
        super().__init__()
        self.misses = misses

    def called(self, effect: PlaceCall) -> Called:
        self.misses -= 1
        return Called() if self.misses < 0 else Called(status="busy", after_ms=1_000)


@pytest.mark.parametrize("method", ["INBOUND", "API", "WEBRTC_API"])
def test_inbound(method: str) -> None:
    lived = live(centre(), {"jane": jane()}, initiation_method=method)

    assert lived.heard() == [*QUEUED, *TAKEN, "14.2 1 ended: agent hung up"]


def test_outbound() -> None:
    lived = live(centre(), {"jane": jane()}, **CALLED, initiation_method="OUTBOUND", agent=Agent("jane"))

    assert lived.heard() == ["5.0 caller hears Default outbound", "6.0 1 is connected", "16.0 1 ended: agent hung up"]


def test_what_stands_before_the_first_prompt_of_an_outbound_whisper_runs_before_the_customer_answers() -> None:
    whisper = named(
        "OUTBOUND_WHISPER",
        "Default outbound",
        action(
            "set", "UpdateContactAttributes", {"Attributes": {"a": "1"}}, then="say", errors={"NoMatchingError": "say"}
        ),
        say("say", "Hello", "end"),
        END,
    )
    lived = live(centre(whisper), {"jane": jane()}, **CALLED, initiation_method="OUTBOUND", agent=Agent("jane"))

    entered = [(event.action, event.at[17:23]) for event in lived.events if type(event).__name__ == "BlockEntered"]
    assert entered[:2] == [("set", "00.000"), ("say", "05.000")]


def test_a_callback_asks_the_agent_first_and_then_calls_the_customer() -> None:
    lived = live(centre(), {"jane": jane()}, **CALLED, initiation_method="CALLBACK", callback=Callback(delay_ms=5_000))

    assert lived.heard() == [
        "6.0 1 is callback_whisper",
        "6.0 agent hears Default agent whisper",
        "7.4 1 is outbound",
        "12.4 caller hears Default outbound",
        "13.4 1 is connected",
        "23.4 1 ended: agent hung up",
    ]


@pytest.mark.parametrize(("attempts", "ends"), [(1, "the call was not answered (busy)"), (2, "agent hung up")])
def test_a_callback_that_is_not_answered_is_tried_as_often_as_it_says(attempts: int, ends: str) -> None:
    callback = Callback(attempts=attempts, retry_ms=60_000)
    lived = live(
        centre(), {"jane": jane()}, customer=Absent(1), **CALLED, initiation_method="CALLBACK", callback=callback
    )

    assert sum("outbound" in each for each in lived.heard()) >= attempts
    assert lived.heard()[-1].endswith(f"1 ended: {ends}")


def test_with_a_creation_flow_that_flow_comes_first() -> None:
    callback = {**CALLED, "flow": "flow:Main", "initiation_method": "CALLBACK", "callback": Callback()}
    lived = live(centre(named("CONTACT_FLOW", "Main", *_queues())), {"jane": jane()}, **callback)

    assert [each.split(" ", 1)[1] for each in lived.heard()][:3] == [
        "1 is callback",
        "1 is callback_whisper",
        "agent hears Default agent whisper",
    ]


def _queues() -> tuple[Any, ...]:
    return (action("queue", "TransferContactToQueue", then="bye", errors={"NoMatchingError": "bye"}), BYE)


def test_a_transfer_to_an_agent_is_heard_by_the_one_who_transfers_and_the_caller_is_on_hold() -> None:
    lived = live(centre(), {"jane": jane("transfer:Joe", "conference"), "joe": jane()})

    assert [each for each in lived.heard() if "Default customer hold" not in each][8:] == [
        "14.2 1 is transferring",
        "14.2 source agent hears Default agent transfer",
        "15.6 2 is joining",
        "16.6 2 is agent_whisper",
        "16.6 agent hears Default agent whisper",
        "18.0 2 is customer_whisper",
        "18.0 source agent hears Default customer whisper",
        "19.5 2 is connected",
        "20.2 1 is conference",
        "21.2 1 ended: transferred",
        "21.2 2: The agent who transferred has left; the customer is on the line.",
        "29.5 2 ended: agent hung up",
    ]
    assert "14.2 caller hears Default customer hold" in lived.heard()


def test_in_a_cold_transfer_the_caller_hears_what_comes_after_the_agent_has_left() -> None:
    lived = live(centre(), {"jane": jane("transfer:Sales", "hangup"), "joe": jane()})

    assert [each for each in lived.heard() if "Default customer hold" not in each][8:] == [
        "14.2 1 is transferring",
        "14.2 source agent hears Default queue transfer",
        "15.2 1 ended: transferred",
        "15.2 2: The agent who transferred has left; the customer is on the line.",
        "15.6 2 is queued",
        "15.6 caller hears Default customer queue",
        "16.6 2 is agent_whisper",
        "16.6 agent hears Default agent whisper",
        "18.0 2 is customer_whisper",
        "18.0 caller hears Default customer whisper",
        "19.5 2 is connected",
        "29.5 2 ended: agent hung up",
    ]


def to_sales(identifier: str, then: str) -> Action:
    parameters = {"QueueId": SALES.arn}
    kind = "DequeueContactAndTransferToQueue"
    return action(identifier, kind, parameters, then=then, errors={"NoMatchingError": then})


def test_a_queue_transfer_hears_the_queue_flow_alone() -> None:
    there = action(
        "there",
        "DequeueContactAndTransferToQueue",
        {"QueueId": SALES.arn},
        then="end",
        errors={"NoMatchingError": "end"},
    )
    is_sales = action(
        "where", "Compare", {"ComparisonValue": "$.Queue.Name"}, then="there", errors={"NoMatchingCondition": "there"},
        when=(("Equals", "Sales", "end"),),
    )  # fmt: skip
    queue = named("CUSTOMER_QUEUE", "Default customer queue", say("say", "queue flow", "where"), is_sales, there, END)
    lived = live(centre(queue), {"joe": jane(status="Lunch")})

    assert lived.heard() == [
        "0.0 caller hears Main",
        "0.3 1 is queued",
        "0.3 caller hears queue flow",
        "0.9 1 ended: transferred to queue 'Sales'",
    ]
    second = lived.contacts[1]
    assert (second.initiation_method, second.phase, second.previous_id) == ("QUEUE_TRANSFER", "queued", "contact-1")
    assert second.initial_id == lived.contacts[0].initial_id


def test_a_disconnect_flow_is_another_contact_with_the_same_caller() -> None:
    after = named("CONTACT_FLOW", "After", say("say", "After"), BYE)
    lived = live(centre(after), {"jane": jane()}, hooks={"CustomerRemaining": "flow:After"})

    assert lived.heard()[8:] == ["14.2 1 ended: agent hung up", "14.2 caller hears After", "14.5 2 ended: disconnected"]
    assert lived.contacts[1].initiation_method == "DISCONNECT"


def test_a_number_that_is_called_by_a_quick_connect_hears_no_flow() -> None:
    lived = live(centre(), {"jane": jane("transfer:Home", "conference", "wait:3s")})

    assert [each for each in lived.heard() if "hears" not in each][4:] == [
        "14.2 1 is transferring",
        "19.2 2 is connected",
        "19.2 1 is conference",
        "23.2 1 ended: transferred",
        "23.2 2: The agent who transferred has left; the customer is on the line.",
        "49.2 2 ended: customer hung up",
    ]
    assert not any("hears" in each for each in lived.heard() if each.startswith(("19.", "23.", "49.")))


# --- what cuts it short, and what goes on


def test_on_hold_both_hear_their_flow_and_talk_again_afterwards() -> None:
    lived = live(centre(), {"jane": jane("hold:10s", "resume", "wait:5s")})

    assert lived.heard()[8:] == [
        "14.2 1 is holding",
        "14.2 caller hears Default customer hold",
        "14.2 agent hears Default agent hold",
        "24.2 1 is connected",
        "29.2 1 ended: agent hung up",
    ]


def test_the_queue_flow_is_cut_where_an_agent_accepts() -> None:
    music = action("loop", "MessageParticipantIteratively", {"Messages": [{"Text": "x" * 100}]})
    lived = live(centre(named("CUSTOMER_QUEUE", "Default customer queue", music)), {"jane": jane()})

    cancelled = [
        event for event in lived.events if type(event).__name__ == "Ordered" and event.effect["type"] == "Cancel"
    ]
    assert lived.heard()[3] == "1.3 1 is agent_whisper"
    assert cancelled == []  # a cancellation is the machine's own and is not traced
    assert lived.heard()[-1] == "14.2 1 ended: agent hung up"


def test_a_whisper_of_more_than_two_minutes_drops_the_call() -> None:
    whisper = named("AGENT_WHISPER", "Default agent whisper", say("say", "x" * 2_900, "end"), END)
    lived = live(centre(whisper), {"jane": jane()})

    assert lived.heard()[-1] == "121.3 1 ended: a whisper took longer than two minutes"


def test_an_agent_who_misses_leaves_the_contact_in_its_queue() -> None:
    lived = live(centre(), {"jane": jane(answers="miss"), "joe": jane(status="Lunch")})

    assert lived.heard()[:3] == QUEUED
    assert lived.contacts[0].phase == "queued"
    offers = [(event.agent, event.by) for event in lived.events if type(event).__name__ == "ContactOffered"]
    assert offers[:3] == [("jane", ""), ("jane", "missed"), ("jane", "")]


def test_an_agent_who_rejects_gives_it_to_another() -> None:
    lived = live(centre(), {"jane": jane(answers="reject"), "joe": jane(accept_after=Time(5_000))})

    assert lived.contacts[0].agent is not None
    assert lived.contacts[0].agent.name == "joe"


def test_chat_hears_whispers_only_where_they_were_set() -> None:
    lived = live(centre(), {"jane": jane()}, channel="CHAT")
    own = named("AGENT_WHISPER", "Own")
    told = live(centre(own), {"jane": jane()}, channel="CHAT", hooks={"AgentWhisper": "flow:Own"})

    assert [each for each in lived.heard() if "hears" in each] == ["0.0 caller hears Main"]
    assert [each for each in told.heard() if "hears" in each] == ["0.0 caller hears Main", "1.0 agent hears Own"]


def test_the_last_flow_that_was_set_wins_and_disabling_leaves_silence() -> None:
    own = named("CUSTOMER_QUEUE", "Own")
    set_it = live(centre(own), {"jane": jane()}, hooks={"CustomerQueue": "flow:Own", "AgentWhisper": ""})

    assert "0.3 caller hears Own" in set_it.heard()
    assert not any("agent hears" in each for each in set_it.heard())


def test_a_chain_of_transfers_has_twelve_contacts() -> None:
    on = action(
        "on", "DequeueContactAndTransferToQueue", {"QueueId": SALES.arn}, then="bye", errors={"NoMatchingError": "bye"}
    )
    lived = live(centre(named("CUSTOMER_QUEUE", "Default customer queue", say("say", "x", "on"), on, BYE)), {})

    assert len(lived.contacts) == 12
    left = [event for event in lived.events if type(event).__name__ == "BlockLeft" and event.action == "on"]
    assert (left[-1].cause, left[-1].detail) == ("chain", "a chain of transfers has at most 12 contacts.")


def test_a_transfer_that_cannot_be_is_told_and_the_call_goes_on() -> None:
    lived = live(centre(), {"jane": jane("transfer:Nowhere", "wait:1s")})

    assert "14.2 1: there is no quick connect 'Nowhere'." in lived.heard()
    assert lived.heard()[-1].endswith("1 ended: agent hung up")


def test_two_callers_are_served_one_after_the_other() -> None:
    lived = live(centre(), {"jane": jane()}, calls=2)

    assert [each for each in lived.heard() if "connected" in each or "ended" in each] == [
        "4.2 1 is connected",
        "14.2 1 ended: agent hung up",
        "18.1 2 is connected",
        "28.1 2 ended: agent hung up",
    ]


# --- a flow for an agent or a task


def test_guides_for_the_agent_are_chats_of_their_own() -> None:
    guide = named("CONTACT_FLOW", "Guide", say("say", "Ask for the number"), BYE)
    hooks = {"DefaultAgentUI": "flow:Guide", "DisconnectAgentUI": "flow:Guide"}
    lived = live(centre(guide), {"jane": jane()}, hooks=hooks)

    guides = [contact for contact in lived.contacts if contact.channel == "CHAT"]
    assert [contact.related_id for contact in guides] == ["contact-1", "contact-1"]
    assert [contact.segment_attributes["connect:Subtype"] for contact in guides] == [
        {"ValueString": "connect:Guide"}
    ] * 2


def test_a_task_is_worked_on_as_a_call_is() -> None:
    lived: Lived = live(centre(), {"jane": AgentScript(accept_after=QUICK, handle_time=Time(5_000))}, channel="TASK")

    assert [each for each in lived.heard() if "is" in each.split()][-1].endswith("1 is connected")
    assert lived.contacts[0].end_reason == "agent hung up"
