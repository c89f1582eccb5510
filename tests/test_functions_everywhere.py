"""The Invoke AWS Lambda function block in every flow type: a function that answers, fails and stalls, and what happens
to the contact meanwhile.
"""

from typing import Any

import pytest

from offhook.core import trace
from offhook.drivers.ports import Answer
from offhook.drivers.sim.customer import Script
from offhook.model.effect import InvokeLambda, PlayPrompt
from offhook.model.event import LambdaEnded

from .floor import END, TO_QUEUE, Lived, centre, jane, live, named
from .stage import BYE, Stubs, action, call, say

SEEN = "State $.External.State"


def answers(effect: InvokeLambda) -> LambdaEnded:
    return LambdaEnded(0, effect.id, 200, '{"State":"Washington"}', took_ms=500)


def fails(effect: InvokeLambda) -> LambdaEnded:
    return LambdaEnded(0, effect.id, 200, "{}", function_error="Unhandled", cause="function_error", took_ms=100)


def stalls(effect: InvokeLambda) -> LambdaEnded:
    return LambdaEnded(0, effect.id, 0, took_ms=10**7)


def comes_late(effect: InvokeLambda) -> LambdaEnded:
    return LambdaEnded(0, effect.id, 200, '{"State":"late"}', took_ms=2_500)


def flow_of(kind: str) -> Any:
    """A flow of this type that calls a function and goes on as its type does; whether it speaks, too."""
    loops = action("loop", "MessageParticipantIteratively", {"Messages": [{"Text": SEEN}]})
    if kind in ("CUSTOMER_HOLD", "AGENT_HOLD"):
        sorry = action("sorry", "MessageParticipantIteratively", {"Messages": [{"Text": "Sorry"}]})
        return call("fn", "loop", "sorry"), loops, sorry
    last = {
        "CONTACT_FLOW": TO_QUEUE,
        "QUEUE_TRANSFER": TO_QUEUE,
        "AGENT_TRANSFER": action("queue", "TransferContactToAgent"),
    }
    end = last.get(kind, END)
    return call("fn", "ok", "sorry"), say("ok", SEEN, end.identifier), say("sorry", "Sorry", end.identifier), end, BYE


NAMES = {
    "CONTACT_FLOW": "Main",
    "CUSTOMER_QUEUE": "Default customer queue",
    "CUSTOMER_HOLD": "Default customer hold",
    "CUSTOMER_WHISPER": "Default customer whisper",
    "AGENT_HOLD": "Default agent hold",
    "AGENT_WHISPER": "Default agent whisper",
    "AGENT_TRANSFER": "Default agent transfer",
    "QUEUE_TRANSFER": "Default queue transfer",
}
# what the agent does so that the flow is heard
SCRIPTS = {
    "CUSTOMER_HOLD": ("hold:20s", "resume"),
    "AGENT_HOLD": ("hold:20s", "resume"),
    "AGENT_TRANSFER": ("transfer:Joe", "conference"),
    "QUEUE_TRANSFER": ("transfer:Sales", "conference"),
}


def lived(kind: str, function: Any, **words: Any) -> Lived:
    stage = centre(named(kind, NAMES[kind], *flow_of(kind)), functions=("lookup",))
    return live(stage, {"jane": jane(*SCRIPTS.get(kind, ())), "joe": jane()}, functions=Stubs(lookup=function), **words)


def said(found: Lived) -> list[str]:
    return [event.text for event in found.events if isinstance(event, trace.Said)]


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize(("function", "text"), [(answers, "State Washington"), (fails, "Sorry"), (stalls, "Sorry")])
def test_a_function_answers_fails_and_stalls_in_every_flow_type(kind: str, function: Any, text: str) -> None:
    if kind == "CUSTOMER_QUEUE":  # an agent who comes later, so that the flow has its time
        found = live(
            centre(named(kind, NAMES[kind], *flow_of(kind)), functions=("lookup",)),
            {"jane": jane(status="Lunch")}, functions=Stubs(lookup=function),
        )  # fmt: skip
    else:
        found = lived(kind, function)

    assert text in said(found)
    called = [event for event in found.events if isinstance(event, trace.FunctionCalled)]
    assert called[0].event["Details"]["ContactData"]["ContactId"] in [contact.id for contact in found.contacts]
    left = next(event for event in found.events if isinstance(event, trace.BlockLeft) and event.action == "fn")
    assert left.branch == ("NextAction" if function is answers else "NoMatchingError")
    if kind != "CUSTOMER_QUEUE":
        assert all(contact.phase == "ended" for contact in found.contacts)


@pytest.mark.parametrize("kind", ["AGENT_HOLD", "AGENT_WHISPER"])
def test_what_the_agent_s_flow_hears_is_the_agent_s(kind: str) -> None:
    found = lived(kind, answers)

    lines = {event.line for event in found.events if isinstance(event, trace.Said) and "Washington" in event.text}
    assert lines == {"agent"}


def test_each_party_has_an_answer_of_its_own() -> None:
    """Decision S7: another party's flow has its own `$.External`."""
    hears = named("AGENT_WHISPER", "Default agent whisper", say("say", f"agent {SEEN}", "end"), END)
    stage = centre(named("CONTACT_FLOW", "Main", *flow_of("CONTACT_FLOW")), hears, functions=("lookup",))
    found = live(stage, {"jane": jane()}, functions=Stubs(lookup=answers))

    assert "State Washington" in said(found)
    assert "agent State " in said(found)


def test_an_agent_who_accepts_while_a_function_runs_cuts_the_queue_flow() -> None:
    found = lived("CUSTOMER_QUEUE", comes_late)

    assert not any("late" in text or "Sorry" in text for text in said(found))
    assert found.heard()[2:4] == ["0.3 1 calls lookup", "1.3 1 is agent_whisper"]
    assert found.contacts[0].end_reason == "agent hung up"


class Leaves(Script):
    """A customer who hangs up half a second after the first prompt."""

    def hears(self, effect: PlayPrompt) -> Answer:
        return Answer(hang_up_ms=500)


@pytest.mark.parametrize("kind", ["CONTACT_FLOW", "CUSTOMER_QUEUE", "AGENT_WHISPER", "CUSTOMER_WHISPER"])
def test_a_customer_who_hangs_up_while_a_function_runs_ends_it(kind: str) -> None:
    first = say("first", "Hello", "fn")
    stage = centre(named(kind, NAMES[kind], first, *flow_of(kind)), functions=("lookup",))
    found = live(
        stage, {"jane": jane(accept_after=jane().accept_after)}, functions=Stubs(lookup=stalls), customer=Leaves()
    )

    assert found.contacts[0].end_reason == "customer hung up"
    assert found.contacts[0].pending == {}
    assert "Sorry" not in said(found)


@pytest.mark.parametrize("kind", ["AGENT_WHISPER", "CUSTOMER_WHISPER", "CUSTOMER_HOLD"])
def test_a_function_that_stalls_holds_a_flow_up_no_longer_than_its_limit(kind: str) -> None:
    quick, slow = lived(kind, answers), lived(kind, stalls)
    last = [contact.now_ms for found in (quick, slow) for contact in found.contacts]

    assert 0 <= last[1] - last[0] <= 3_000
