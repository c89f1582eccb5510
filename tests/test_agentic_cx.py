"""Agentic CX: a whole contact with a described application, and what a description may say."""

from typing import Any

import pytest

from offhook.adapters.services import Services
from offhook.adapters.services.agentic_cx import Service
from offhook.adapters.services.error import ServiceError
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.customer import Script
from offhook.model.errors import UsageError

from .stage import BYE, START_MS, Played, Stubs, action, compiled, contact, flow, say

DESCRIBED = {
    "applications": [
        {"workspace": "other", "application": "a"},
        {
            "workspace": "w",
            "application": "a",
            "greeting": "What is it?",
            "turns": [
                {
                    "hears": ["my bill", "invoice"],
                    "answer": "It is paid.",
                    "is_over": True,
                    "result": "billing",
                    "context_variables": {"topic": "bill"},
                    "metadata": {"turns": "2"},
                },
                {"hears": ["?"], "is_failed": True},
                {"hears": ["nobody"], "is_failed": True},
            ],
        },
    ]
}
ASKED = {"workspaceId": "w", "applicationId": "a", "alias": "live", "text": "hi"}


def no_function(name: str, event: dict[str, Any]) -> Any:
    raise AssertionError(f"nothing should have called {name}")


def talk(*inputs: str) -> Played:
    raw = {"AgentConfiguration": {"WorkspaceId": "w", "ApplicationId": "a", "Alias": "live"}}
    on = compiled(
        flow(
            action("ask", "ConnectParticipantWithAgenticCX", raw, then="done", errors={"NoMatchingError": "sorry"}),
            say("done", "About your $.AgenticCX.ContextVariables.topic, $.AgenticCX.metadata.turns turns"),
            say("sorry", "Sorry"),
            BYE,
        )
    )
    simulator = Simulator(on, Stubs(), services=Services({"agentic-cx": DESCRIBED}, no_function), store=True)
    life = simulator.start(contact(), Script(inputs), at_ms=START_MS)
    simulator.run()
    return Played(life)


def test_a_caller_talks_to_an_application() -> None:
    played = talk("say:hello", "say:Where is MY bill?")

    assert played.said == [
        "What is it?",
        "Sorry, I did not understand that.",
        "It is paid.",
        "About your bill, 2 turns",
    ]


def test_an_application_that_gives_up_takes_the_error_branch() -> None:
    assert talk("say:nobody helps").said == ["What is it?", "Sorry"]


def test_an_application_may_be_silent_at_first() -> None:
    answer = Service({"applications": [{"workspace": "w", "application": "a"}]}, no_function)

    assert answer.call("Converse", {**ASKED, "text": ""}, "c") == {"messages": []}


def test_a_turn_without_words_fits_everything() -> None:
    turns = [{"answer": "Hm."}]
    answer = Service({"applications": [{"workspace": "w", "application": "a", "turns": turns}]}, no_function)

    assert answer.call("Converse", ASKED, "c")["messages"][0]["content"] == "Hm."


@pytest.mark.parametrize(
    ("operation", "change", "refusal"),
    [
        ("Dance", {}, "UnknownOperationException: Dance is not there; Converse is."),
        (
            "Converse",
            {"applicationId": "b"},
            "ResourceNotFoundException: there is no application w/b/live; there is other/a, w/a.",
        ),
    ],
)
def test_what_is_not_there_is_refused_by_name(operation: str, change: dict[str, str], refusal: str) -> None:
    with pytest.raises(ServiceError) as caught:
        Service(DESCRIBED, no_function).call(operation, {**ASKED, **change}, "c")

    assert str(caught.value) == refusal


def test_an_alias_that_is_described_must_be_the_one() -> None:
    described = {"applications": [{"workspace": "w", "application": "a", "alias": "beta"}]}
    with pytest.raises(ServiceError, match="there is no application w/a/live"):
        Service(described, no_function).call("Converse", ASKED, "c")


def test_a_wrong_description_says_where() -> None:
    with pytest.raises(UsageError, match=r"a description of Agentic CX is wrong: .*colour"):
        Service({"applications": [{"workspace": "w", "application": "a", "colour": "red"}]}, no_function)
