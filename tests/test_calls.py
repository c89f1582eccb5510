"""Calls in whole flows: to a third party, to the customer in an outbound whisper, and what is played meanwhile."""

from typing import Any

import pytest

from offhook.core import calendar, trace
from offhook.drivers.ports import Called
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.agent import Time
from offhook.drivers.sim.customer import Script
from offhook.model.contact import Agent, Queue
from offhook.model.event import Paused
from offhook.model.flow import Action, Flow
from offhook.model.instance import QueueSettings

from .floor import END, SUPPORT, TO_QUEUE, Line, Lived, centre, jane, live, named
from .stage import BYE, START_MS, Played, Stubs, action, compiled, contact, flow, play, say

FORMER = "+15550199"


def third_party(*, goes_on: bool = True, then: str = "after", **parameters: Any) -> Action:
    given = {
        "ThirdPartyPhoneNumber": FORMER,
        "ThirdPartyConnectionTimeLimitSeconds": "30",
        "ContinueFlowExecution": str(goes_on),
        **parameters,
    }
    errors = {"ConnectionTimeLimitExceeded": "late", "CallFailed": "failed"} if goes_on else {}
    return action(
        "out", "TransferParticipantToThirdParty", given, then=then, errors={**errors, "NoMatchingError": "error"}
    )


def outcomes(then: str) -> tuple[Action, ...]:
    """What is said after each branch."""
    return tuple(say(word.lower(), word, then) for word in ("After", "Late", "Failed", "Error"))


def calls(**options: Any) -> Flow:
    return flow(third_party(**options), *outcomes("bye"), BYE)


def ending(played: Played) -> tuple[float, str]:
    """When the contact was over, in seconds, and why."""
    (ended,) = played.of("ContactEnded")
    return (calendar.parse_instant(ended.at) - START_MS) / 1_000, ended.reason


def told(lived: Lived, number: str) -> list[str]:
    """What became of one contact, with times."""
    return [line for line in lived.heard() if line.split()[1] == number]


# --- Transfer to phone number ---


@pytest.mark.parametrize(
    ("called", "said"),
    [
        (Called(after_ms=30_000), "After"),
        (Called(after_ms=30_001), "Late"),
        (Called(status="no_answer"), "Late"),
        (Called(status="busy"), "Failed"),
        (Called(status="failed"), "Failed"),
    ],
)
def test_a_flow_that_goes_on_hears_how_the_call_went(called: Called, said: str) -> None:
    assert play(compiled(calls()), customer=Line(called)).said == [said]


def test_a_flow_goes_on_when_the_third_party_has_hung_up() -> None:
    played = play(compiled(calls()), customer=Line(Called(after_ms=4_000, talk_ms=90_000)))

    (said,) = played.of("Said")
    assert said.at == "2026-01-05T15:01:34.000Z"


def test_who_does_not_answer_in_time_is_given_up_at_the_limit() -> None:
    played = play(compiled(calls()), customer=Line(Called(after_ms=600_000)))

    (said,) = played.of("Said")
    assert (said.text, said.at) == ("Late", "2026-01-05T15:00:30.000Z")


def test_a_flow_that_does_not_go_on_is_over_once_they_talk() -> None:
    played = play(compiled(calls(goes_on=False)), customer=Line(Called(after_ms=4_000, talk_ms=90_000)))

    assert [event.phase for event in played.of("ContactPhase")] == ["talking"]
    assert played.said == []
    assert ending(played) == (94.0, "the third party hung up")


@pytest.mark.parametrize(
    "called", [Called(status="busy"), Called(status="failed"), Called(status="no_answer"), Called(after_ms=31_000)]
)
def test_a_call_that_would_not_have_come_back_has_one_branch_for_every_failure(called: Called) -> None:
    assert play(compiled(calls(goes_on=False)), customer=Line(called)).said == ["Error"]


def test_the_call_is_made_as_the_block_says() -> None:
    line = Line(Called())
    number = {"Number": "+15550177", "Name": "Us"}
    stage = compiled(
        calls(ThirdPartyConnectionTimeLimitSeconds="20", ThirdPartyDTMFDigits="1,2#", CallerId=number),
        numbers={"+15550177": "It"},
    )

    played = play(stage, customer=line)

    (placed,) = line.placed
    assert (placed.number, placed.caller_id, placed.timeout_ms, placed.digits) == (FORMER, "+15550177", 20_000, "1,2#")
    assert played.of("Warned") == []


def test_a_caller_id_of_somebody_else_is_warned_about_and_strictly_refused() -> None:
    line, somebody = Line(Called()), calls(CallerId={"Number": "+15550188"})
    mine = {"+15550177": "It"}

    assert [event.message for event in play(compiled(somebody, numbers=mine), customer=line).of("Warned")] == [
        "CallerId.Number: must be a number that is claimed for the instance."
    ]
    assert play(compiled(somebody, numbers=mine, strict=True), customer=line).said == ["Error"]
    assert len(line.placed) == 1


# --- the same while the customer waits in a queue ---


def queue_flow(*actions: Action) -> Flow:
    return named("CUSTOMER_QUEUE", "Default customer queue", *actions, END)


AWAY = queue_flow(third_party(goes_on=False), *outcomes("end"))


def test_nobody_is_asked_to_take_a_customer_who_was_put_through_to_somebody_else() -> None:
    """The second of three callers is put through while the only agent is busy, and the third one gets the agent."""
    line = Line(Called(after_ms=60_000), Called(after_ms=1_000), Called(after_ms=60_000))

    lived = live(centre(AWAY), {"jane": jane()}, customer=line, calls=3)

    assert [each.agent and each.agent.name for each in lived.contacts] == ["jane", None, "jane"]
    assert [each.end_reason for each in lived.contacts] == ["agent hung up", "the third party hung up", "agent hung up"]


def test_an_agent_who_is_asked_just_then_is_free_for_the_next() -> None:
    line = Line(Called(after_ms=1_000, talk_ms=60_000), Called(after_ms=25_000))

    lived = live(centre(AWAY), {"jane": jane(accept_after=Time(5_000))}, customer=line, calls=2)

    assert told(lived, "1")[-2:] == ["1.3 1 is talking", "61.3 1 ended: the third party hung up"]
    assert told(lived, "2")[1] == "6.3 2 is agent_whisper"  # asked at 1.3, when the first one was gone


def test_a_customer_who_will_come_back_keeps_the_place_and_an_agent_may_cut_in() -> None:
    flow = queue_flow(third_party(), *outcomes("end"))

    lived = live(centre(flow), {"jane": jane(accept_after=Time(10_000))}, customer=Line(Called(after_ms=1_000)))

    assert told(lived, "1") == [
        "0.3 1 is queued",
        "10.3 1 is agent_whisper",
        "11.6 1 is customer_whisper",
        "13.2 1 is connected",
        "23.2 1 ended: agent hung up",
    ]


# --- the outbound whisper, Call phone number, Check call progress ---


ATTRIBUTE = {"Attributes": {"dialled": "yes"}, "TargetContact": "Current"}


def before(then: str) -> Action:
    return action("set", "UpdateContactAttributes", ATTRIBUTE, then=then, errors={"NoMatchingError": then})


def dials(then: str, **parameters: Any) -> Action:
    return action("dial", "CompleteOutboundCall", parameters, then=then)


def whisper(*actions: Action) -> Flow:
    return named("OUTBOUND_WHISPER", "Default outbound", *actions, END)


HELLO = say("say", "Hello", "end")


def outbound(flow: Flow, line: Line, **settings: Any) -> Lived:
    """An agent calls a customer."""
    fields: dict[str, Any] = {"initiation_method": "OUTBOUND", "flow": "", "is_reached": False, "agent": Agent("jane")}
    return live(centre(flow, **settings), {"jane": jane()}, customer=line, **fields)


def test_an_agent_who_calls_is_not_asked_to_take_another_call() -> None:
    """Jane calls somebody; who comes meanwhile waits until she is done."""
    steps: list[tuple[Any, Any]] = []
    simulator = Simulator(
        centre(whisper(HELLO)), Stubs(), agents={"jane": jane()}, seed="1",
        watch=lambda life, tuples: steps.append((life.contact, tuples)),
    )  # fmt: skip
    dialled = contact(id="out", initiation_method="OUTBOUND", flow="", is_reached=False, agent=Agent("jane"))
    waiting = contact(id="in", flow="flow:Main", queue=Queue(SUPPORT.arn, "Support"))
    simulator.start(dialled, Line(Called(after_ms=7_000)), at_ms=START_MS)
    simulator.start(waiting, Script(), at_ms=START_MS + 1_000)
    simulator.run()

    said = [line.partition(" ")[2] for line in Lived(simulator, steps).heard()]
    assert said.index("2 is queued") < said.index("1 ended: agent hung up") < said.index("2 is agent_whisper")
    assert "2 is connected" in said


def entered(lived: Lived) -> list[tuple[str, float]]:
    """The blocks, each with the second in which it was entered."""
    return [
        (event.action, (calendar.parse_instant(event.at) - START_MS) / 1_000)
        for event in lived.events
        if isinstance(event, trace.BlockEntered)
    ]


def test_what_comes_before_the_first_prompt_runs_before_the_customer_answers() -> None:
    line = Line(Called(after_ms=7_000))

    lived = outbound(whisper(before("say"), HELLO), line)

    assert entered(lived)[:2] == [("set", 0.0), ("say", 7.0)]
    assert told(lived, "1")[0].endswith("1 is connected")
    assert len(line.placed) == 1


def test_a_block_that_calls_is_where_the_flow_waits_for_the_customer() -> None:
    line = Line(Called(after_ms=7_000))
    after = action("late", "UpdateContactAttributes", ATTRIBUTE, then="say", errors={"NoMatchingError": "say"})

    lived = outbound(whisper(before("dial"), dials("late"), after, HELLO), line)

    assert entered(lived)[:4] == [("set", 0.0), ("dial", 0.0), ("late", 7.0), ("say", 7.0)]
    assert len(line.placed) == 1  # the prompt finds the customer there


def test_two_blocks_that_call_call_once() -> None:
    line = Line(Called())
    again = action("again", "CompleteOutboundCall", {}, then="say")

    lived = outbound(whisper(dials("again"), again, HELLO), line)

    assert len(line.placed) == 1
    assert lived.contacts[0].end_reason == "agent hung up"


@pytest.mark.parametrize(
    ("parameters", "number"), [({}, "+15550122"), ({"CallerId": {"Number": "+15550133"}}, "+15550133")]
)
def test_the_customer_sees_the_number_of_the_block_or_of_the_queue(parameters: dict[str, Any], number: str) -> None:
    line = Line(Called())

    outbound(
        whisper(dials("say", **parameters), HELLO),
        line,
        queues={"Support": QueueSettings("Support", outbound_caller_id="+15550122")},
    )

    assert [each.caller_id for each in line.placed] == [number]


@pytest.mark.parametrize("flow", [whisper(dials("say"), HELLO), whisper(HELLO)], ids=["block", "prompt"])
def test_a_customer_who_is_not_reached_ends_the_contact(flow: Flow) -> None:
    lived = outbound(flow, Line(Called(status="busy", after_ms=3_000)))

    assert lived.heard() == ["3.0 1 ended: the call was not answered (busy)"]


@pytest.mark.parametrize(
    ("answered_by", "said"),
    [
        ("CallAnswered", "A person"),
        ("VoicemailBeep", "A beep"),
        ("VoicemailNoBeep", "A machine"),
        ("NotDetected", "Nobody knows"),
    ],
)
@pytest.mark.parametrize("has_block", [True, False])
def test_a_flow_may_ask_who_answered(answered_by: str, said: str, *, has_block: bool) -> None:
    words = {
        "CallAnswered": "A person",
        "VoicemailBeep": "A beep",
        "VoicemailNoBeep": "A machine",
        "NotDetected": "Nobody knows",
    }
    check = action(
        "check", "CheckOutboundCallStatus", then="error", errors={"NoMatchingError": "error"},
        when=tuple(("Equals", name, name) for name in words),
    )  # fmt: skip
    sayings = [say(name, text, "end") for name, text in words.items()]
    first = dials("check") if has_block else say("first", "Hello", "check")
    flow = whisper(first, check, *sayings, say("error", "Error", "end"))

    lived = outbound(flow, Line(Called(answered_by=answered_by)))

    heard = [line.partition("hears ")[2] for line in lived.heard() if "caller hears" in line]
    assert heard == ([said] if has_block else ["Hello", said])


def callback(attempts: str) -> Flow:
    """Asks for a callback, and hangs up."""
    given = {"InitialCallDelaySeconds": "1", "MaximumConnectionAttempts": attempts, "RetryDelaySeconds": "60"}
    order = action("order", "CreateCallbackContact", given, then="say", errors={"NoMatchingError": "say"})
    return named("CONTACT_FLOW", "Main", order, say("say", "We call you."), BYE)


DIALS = whisper(dials("say"), HELLO)


def test_a_block_that_calls_tries_a_callback_again_as_often_as_it_says() -> None:
    line = Line(*[Called(status="no_answer", after_ms=5_000)] * 3)

    lived = live(centre(callback("3"), DIALS), {"jane": jane()}, customer=line)

    assert len(line.placed) == 3
    phases = [each.split(" is ")[1] for each in told(lived, "2") if " is " in each]
    assert phases == ["callback_whisper", "outbound", "callback", "callback_whisper", "outbound", "callback",
                      "callback_whisper", "outbound"]  # fmt: skip
    assert told(lived, "2")[-1].endswith("ended: the call was not answered (no_answer)")
    assert not any("Hello" in line for line in lived.heard())


def test_a_callback_that_is_answered_later_is_a_call_like_any_other() -> None:
    line = Line(Called(status="busy"), Called(after_ms=4_000))

    lived = live(centre(callback("5"), DIALS), {"jane": jane()}, customer=line)

    assert len(line.placed) == 2
    assert [each.partition(" ")[2] for each in lived.heard()][-3:] == [
        "caller hears Hello",
        "2 is connected",
        "2 ended: agent hung up",
    ]


def test_between_two_attempts_the_agent_takes_other_contacts() -> None:
    """The callback waits behind the second caller and before the third, and is tried a minute after it failed."""
    line = Line(Called(status="busy"), Called(after_ms=4_000))
    main = named("CONTACT_FLOW", "Main", *_by_turn())

    lived = live(centre(main, DIALS), {"jane": jane()}, customer=line, calls=3)

    method = {each.id: each.initiation_method for each in lived.contacts}
    assert [
        (method[event.contact], event.phase)
        for event in lived.events
        if isinstance(event, trace.ContactPhase) and event.phase in ("connected", "callback")
    ] == [("INBOUND", "connected"), ("CALLBACK", "callback"), ("INBOUND", "connected"), ("CALLBACK", "connected")]


def _by_turn() -> tuple[Action, ...]:
    """The first contact asks for a callback, the second waits for the agent."""
    given = {"InitialCallDelaySeconds": "1", "MaximumConnectionAttempts": "2", "RetryDelaySeconds": "60"}
    return (
        action(
            "who", "Compare", {"ComparisonValue": "$.ContactId"}, then="queue",
            errors={"NoMatchingCondition": "queue"}, when=(("Equals", "contact-1", "order"),),
        ),
        action("order", "CreateCallbackContact", given, then="bye", errors={"NoMatchingError": "bye"}),
        TO_QUEUE,
        BYE,
    )  # fmt: skip


# --- Loop prompts ---


def loops(*texts: str, then: str = "", **parameters: Any) -> Action:
    given = {"Messages": [{"Text": text} for text in texts], **parameters}
    when = (("Equals", "MessagesInterrupted", "tick"),) if "InterruptFrequencySeconds" in parameters else ()
    return action("loop", "MessageParticipantIteratively", given, then=then, when=when)


def at(lived: Lived) -> list[tuple[float, str]]:
    """What the caller is told in the queue, each with the seconds since the first of it."""
    said = [event for event in lived.events if isinstance(event, trace.Said) and event.line == "customer"]
    began = calendar.parse_instant(said[1].at)
    return [((calendar.parse_instant(event.at) - began) / 1_000, event.text) for event in said[1:]]


LONG, SHORT = "L" * 100, "S" * 40  # 6.5 s and 2.6 s


def waits(*actions: Action, **fields: Any) -> Lived:
    """A caller waits in a queue whose agent takes nineteen seconds to accept."""
    script = jane(accept_after=Time(19_000))
    return live(centre(queue_flow(*actions)), {"jane": script}, **fields)


def test_messages_are_played_in_order_for_ever_until_an_agent_is_there() -> None:
    assert at(waits(loops(LONG, SHORT)))[:4] == [(0.0, LONG), (6.5, SHORT), (9.1, LONG), (15.6, SHORT)]


TICK = say("tick", "Tick", "loop")


def test_an_interruption_cuts_the_message_and_the_loop_begins_again() -> None:
    told = at(waits(loops(LONG, SHORT, InterruptFrequencySeconds="8"), TICK))

    assert told[:5] == [(0.0, LONG), (6.5, SHORT), (8.0, "Tick"), (8.26, LONG), (14.76, SHORT)]


def test_or_it_goes_on_with_the_message_after_the_one_that_was_cut() -> None:
    parameters = {"InterruptFrequencySeconds": "3", "ContinueMessagingDuringInterrupt": "True"}

    told = at(waits(loops(LONG, SHORT, "Three", **parameters), TICK))

    assert [text for _, text in told[:7]] == [LONG, "Tick", SHORT, "Three", LONG, "Tick", SHORT]


def test_a_loop_of_next_to_nothing_takes_its_time() -> None:
    """Each message counts as a tenth of a second at least: whoever waits with it would never come to an end."""
    told = at(waits(loops(".")))

    assert [at_s for at_s, text in told if text == "."][:3] == [0.0, 0.1, 0.2]


@pytest.mark.parametrize("then", ["", "tick"])
@pytest.mark.parametrize("channel", ["CHAT", "TASK", "EMAIL"])
def test_outside_voice_a_loop_without_an_error_branch_stops_and_the_contact_stays_queued(
    channel: str, then: str
) -> None:
    flow = queue_flow(loops("Please wait.", then=then), TICK)
    hooks = {"CustomerQueue": "flow:Default customer queue"}

    lived = live(centre(flow), {"jane": jane(answers="miss")}, channel=channel, hooks=hooks)

    ended = [event for event in lived.events if isinstance(event, trace.FlowEnded)]
    assert (ended[-1].action, ended[-1].reason) == ("loop", "flow ended")
    assert not any("Tick" in line for line in lived.heard())
    assert lived.contacts[0].phase == "queued"


# --- Resume contact ---


def test_a_task_that_somebody_paused_goes_on() -> None:
    wait = action("wait", "Wait", {"TimeLimitSeconds": "60"}, then="resume", errors={"NoMatchingError": "bye"})
    resume = action("resume", "ResumeContact", then="again", errors={"NoMatchingError": "bye"})
    again = action("again", "ResumeContact", then="bye", errors={"NoMatchingError": "bye"})
    simulator = Simulator(compiled(flow(wait, resume, again, BYE)), Stubs(), store=True)
    life = simulator.start(contact(channel="TASK"), Script(), at_ms=START_MS)
    simulator.push(life, Paused(START_MS + 1_000))
    simulator.run()

    played = Played(life)
    assert (played.left("resume").branch, played.left("again").branch) == ("NextAction", "NoMatchingError")
    assert not played.contact.is_paused
