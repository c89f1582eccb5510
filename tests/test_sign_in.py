"""Customers who sign in during a chat, and callers whose voice is known: whole flows with the services beside them."""

from typing import Any

import pytest

from offhook.adapters.services import Services
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.customer import Script

from .stage import BYE, START_MS, Played, Stubs, action, call, compiled, contact, flow, say

STATUS = "$.SegmentAttributes['connect:CustomerAuthentication']['Status']"
SIGN_IN = action(
    "sign in",
    "AuthenticateParticipant",
    {"CognitoConfiguration": {}, "CustomerProfilesConfiguration": {}, "TimeLimitMinutes": "3"},
    then="wrong",
    errors={"NoMatchingError": "wrong"},
    when=tuple(("Equals", result, "ask") for result in ("Success", "Timeout", "OptedOut")),
)


def run(*actions: Any, described: dict[str, Any], stubs: Stubs | None = None, **fields: Any) -> Played:
    services = Services(described, lambda name, event: None)
    simulator = Simulator(compiled(flow(*actions)), stubs or Stubs(lookup={}), services=services, store=True)
    life = simulator.start(contact(**fields), Script(), at_ms=START_MS)
    simulator.run()
    return Played(life)


@pytest.mark.parametrize(
    ("customer", "status", "at"),
    [
        ({"customer_id": "C-77", "after_seconds": 20}, "AUTHENTICATED", "15:00:20"),
        ({"result": "OptedOut"}, "FAILED", "15:00:00"),
        ({"result": "Timeout"}, "TIMEOUT", "15:03:00"),
        ({"customer_id": "C-77", "after_seconds": 180}, "TIMEOUT", "15:03:00"),
    ],
)
def test_how_a_customer_signs_in_is_known_to_the_flow_and_its_functions(
    customer: dict[str, Any], status: str, at: str
) -> None:
    stubs = Stubs(lookup={})
    played = run(
        SIGN_IN,
        call("ask", "say", sorry="wrong"),
        say("say", STATUS),
        say("wrong", "wrong"),
        BYE,
        described={"authentication": {"default": customer}},
        stubs=stubs,
        channel="CHAT",
    )

    data = stubs.calls[0].event["Details"]["ContactData"]
    assert played.said == [status]
    assert at in played.left("sign in").at
    assert data["SegmentAttributes"]["connect:CustomerAuthentication"]["ValueMap"]["Status"] == {"ValueString": status}
    assert data["CustomerId"] == ("C-77" if status == "AUTHENTICATED" else None)


def test_nobody_signs_in_where_nothing_is_described() -> None:
    played = run(SIGN_IN, say("wrong", "wrong"), BYE, described={}, channel="CHAT")

    assert played.left("sign in").detail.startswith("ServiceUnavailableException: there is no service 'authentication'")


VOICE = {"voice-id": {"speakers": {"C-77": {"authentication": "REJECT"}, "+12065550100": {"fraud": "HIGH_RISK"}}}}
LISTEN = action("listen", "StartVoiceIdStream", then="judge", errors={"NoMatchingError": "wrong"})


def judge(option: str, *results: str) -> Any:
    when = tuple(("Equals", result, result) for result in results)
    raw = {"CheckVoiceIdOption": option}
    return action("judge", "CheckVoiceId", raw, then="wrong", errors={"NoMatchingError": "wrong"}, when=when)


@pytest.mark.parametrize(
    ("caller", "option", "result"),
    [
        ({"customer_id": "C-77"}, "voiceAuthentication", "NotAuthenticated"),
        ({"customer_endpoint": "+12065550100"}, "fraudDetection", "HighRisk"),
        ({"customer_endpoint": "+12065550100"}, "enrollmentStatus", "Enrolled"),
        ({"customer_endpoint": "+12065550199"}, "enrollmentStatus", "NotEnrolled"),
        ({"customer_endpoint": "+12065550199"}, "voiceAuthentication", "NotEnrolled"),
        ({"customer_endpoint": "+12065550199"}, "fraudDetection", "LowRisk"),
    ],
)
def test_a_caller_s_voice_leads_to_the_branch_of_its_result(caller: dict[str, Any], option: str, result: str) -> None:
    rest = (say(result, result), say("wrong", "wrong"), BYE)
    played = run(LISTEN, judge(option, result), *rest, described=VOICE, **caller)

    assert played.said == [result]


def test_a_voice_that_nobody_listens_to_cannot_be_judged() -> None:
    rest = (say("Authenticated", "yes"), say("wrong", "wrong"), BYE)
    played = run(judge("voiceAuthentication", "Authenticated"), *rest, described=VOICE)

    assert played.said == ["wrong"]
    assert "Set Voice ID begins one" in played.left("judge").detail
