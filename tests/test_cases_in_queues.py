"""Cases from the field about queues, channels and hours, each named as in the collection, with the right value."""

import json
from pathlib import Path
from typing import Any

import pytest

from offhook.blocks import catalogue
from offhook.core import trace
from offhook.core.calendar import parse_instant
from offhook.drivers.sim.agent import AgentScript
from offhook.drivers.sim.customer import Script
from offhook.flowjson.lint import lint
from offhook.model.flow import Flow
from offhook.model.instance import AgentSettings, QueueRoute, RoutingProfile

from .command_line import call
from .floor import END, SALES, TO_QUEUE, Lived, centre, live, named
from .stage import BYE, START_MS, action

MISSES = {"jane": AgentScript(answers="miss")}


# --- P43: Loop prompts whose interval is that of an offer ---


def looped(every_s: int, **more: Any) -> Flow:
    """Prompts that are interrupted every so often, then a transfer to another queue; where it fails, all over again."""
    messages = {"Messages": [{"Text": "Please wait."}], "InterruptFrequencySeconds": str(every_s), **more}
    interrupted = (("Equals", "MessagesInterrupted", "move"),)
    loop = action(
        "loop", "MessageParticipantIteratively", messages, then="move",
        errors={"NoMatchingError": "move"}, when=interrupted,
    )  # fmt: skip
    move = action(
        "move", "DequeueContactAndTransferToQueue", {"QueueId": SALES.arn},
        then="end", errors={"NoMatchingError": "loop"},
    )  # fmt: skip
    return named("CUSTOMER_QUEUE", "Looped", loop, move, END)


def in_queue(queue_flow: Flow, offered_after_s: int) -> Lived:
    """A contact in Support. Jane serves it, but not at once, and lets it ring."""
    profile = RoutingProfile("Support", queues=(QueueRoute("Support", delay_ms=offered_after_s * 1_000),))
    stage = centre(
        named("CONTACT_FLOW", "Main", TO_QUEUE, BYE),
        queue_flow,
        agents={"jane": AgentSettings("jane", routing_profile="Support")},
        routing_profiles={"Support": profile},
    )
    return live(stage, MISSES, hooks={"CustomerQueue": queue_flow.arn})


def moves(lived: Lived) -> list[tuple[float, str]]:
    """When the contact's transfer was tried, in s, and what came of it: End is success."""
    found = []
    for event in lived.events:
        if isinstance(event, trace.BlockLeft) and (event.contact, event.action) == ("contact-1", "move"):
            found.append(((parse_instant(event.at) - START_MS) / 1_000, event.cause or event.branch))
    return found


def test_p43_an_interruption_in_the_offer_fails_and_succeeds_a_round_later() -> None:
    lived = in_queue(looped(19), offered_after_s=15)

    assert moves(lived) == [(19.0, "offered"), (38.0, "End")]


def test_p43_a_longer_interval_is_the_cure() -> None:
    assert moves(in_queue(looped(25), offered_after_s=2)) == [(25.0, "End")]


@pytest.mark.parametrize("offered_after_s", [19, 15, 1])
def test_p43_the_offer_is_in_the_way_from_its_first_moment(offered_after_s: int) -> None:
    assert moves(in_queue(looped(20), offered_after_s))[0] == (20.0, "offered")


def test_p43_once_the_offer_is_over_the_transfer_succeeds() -> None:
    """It rings from 0 to 20; the agent who missed it comes back later."""
    assert moves(in_queue(looped(21), offered_after_s=0)) == [(21.0, "End")]


@pytest.mark.parametrize(("every_s", "is_warned"), [(19, True), (20, True), (21, False)])
def test_p43_lint_warns_of_an_interval_as_long_as_an_offer(every_s: int, is_warned: bool) -> None:
    found = [each.code for each in lint(looped(every_s), catalogue(), strict=False)]

    assert ("W-loop-interval" in found) == is_warned


# --- P44: a block in a type of flow that does not have it ---


@pytest.mark.parametrize("kind", ["CONTACT_FLOW", "CUSTOMER_QUEUE"])
def test_p44_loop_prompts_belong_into_queues_and_holds(kind: str) -> None:
    loop = action("loop", "MessageParticipantIteratively", {"Messages": [{"Text": "Please wait."}]}, then="end",
                  errors={"NoMatchingError": "end"})  # fmt: skip
    here = named(kind, "Somewhere", loop, END)

    found = {each.code: each.message for each in lint(here, catalogue(), strict=False)}

    assert ("E-flow-type" in found) == (kind == "CONTACT_FLOW"), found


# --- P47: one flow, two channels ---


WAIT = ("Wait", {"TimeLimitSeconds": "5"}, "WaitCompleted")
DIGITS = ("GetParticipantInput", {"Text": "Press 1.", "InputTimeLimitSeconds": "5", "StoreInput": "False"}, "1")
LOOP = ("MessageParticipantIteratively", {"Messages": [{"Text": "Please wait."}], "InterruptFrequencySeconds": "5"},
        "MessagesInterrupted")  # fmt: skip


@pytest.mark.parametrize(
    ("block", "kind", "channel", "branch"),
    [
        (WAIT, "CONTACT_FLOW", "CHAT", "Equals WaitCompleted"),
        (WAIT, "CONTACT_FLOW", "VOICE", "NoMatchingError"),
        (DIGITS, "CONTACT_FLOW", "VOICE", "Equals 1"),
        (DIGITS, "CONTACT_FLOW", "CHAT", "NoMatchingError"),
        (LOOP, "CUSTOMER_QUEUE", "VOICE", "Equals MessagesInterrupted"),
        (LOOP, "CUSTOMER_QUEUE", "CHAT", "NoMatchingError"),
    ],
)
def test_p47_the_same_flow_on_two_channels(
    block: tuple[str, dict[str, Any], str], kind: str, channel: str, branch: str
) -> None:
    name, parameters, result = block
    errors = dict.fromkeys(("NoMatchingError", "NoMatchingCondition", "InputTimeLimitExceeded"), "end")
    asked = action("asked", name, parameters, then="end", errors=errors, when=(("Equals", result, "end"),))
    started = live(
        centre(named(kind, "Asked", asked, END)), {}, customer=Script(("1",)),
        flow="flow:Asked", flow_type=kind, channel=channel,
    )  # fmt: skip

    left = [each for each in started.events if isinstance(each, trace.BlockLeft) and each.action == "asked"]
    assert [each.branch for each in left] == [branch]


# --- P49: hours with holidays, at any time ---


OFFICE = """
[hours.Office]
time_zone = "America/New_York"
monday = "09:00-17:00"
tuesday = "09:00-17:00"
wednesday = "09:00-17:00"
thursday = "09:00-17:00"
friday = "09:00-17:00"
overrides = [{ name = "Christmas", date = "2026-12-25", open = "closed" }]
"""


@pytest.mark.parametrize(
    ("at", "branch"),
    [
        (
            "2026-11-01T01:30:00-04:00",
            "Equals False",
        ),  # a Sunday night: the hour that comes twice, first
        ("2026-11-01T01:30:00-05:00", "Equals False"),  # and again
        ("2026-10-30T09:00:00-04:00", "Equals True"),
        ("2026-11-02T08:30:00-05:00", "Equals False"),  # half past nine of summer time
        ("2026-11-02T09:00:00-05:00", "Equals True"),
        ("2026-12-24T10:00:00-05:00", "Equals True"),
        ("2026-12-25T10:00:00-05:00", "Equals False"),  # a Friday
    ],
)
def test_p49_hours_know_holidays_and_the_clocks_at_any_fake_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str, branch: str
) -> None:
    (tmp_path / "offhook.toml").write_text(OFFICE)
    arrows = {
        "NextAction": "bye",
        "Errors": [{"NextAction": "bye", "ErrorType": "NoMatchingError"}],
        "Conditions": [
            {"NextAction": "bye", "Condition": {"Operator": "Equals", "Operands": [operand]}}
            for operand in ("True", "False")
        ],
    }
    check = {"Type": "CheckHoursOfOperation", "Parameters": {"HoursOfOperationId": "Office"}, "Transitions": arrows}
    bye = {"Identifier": "bye", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
    actions = [{"Identifier": "check", **check}, bye]
    flow = {"Version": "2019-10-30", "StartAction": "check", "Metadata": {}, "Actions": actions}
    (tmp_path / "hours.json").write_text(json.dumps(flow))
    monkeypatch.chdir(tmp_path)

    told = call("run", "hours.json", "--silent", "--at", at, "--json")

    events = [json.loads(line) for line in told.out.splitlines()]
    assert [each["branch"] for each in events if each["type"] == "block.left" and each["action"] == "check"] == [branch]
