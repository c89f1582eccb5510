"""Blocks about queues, callbacks, holds and agents in whole flows, with what the contact centre makes of them."""

from itertools import pairwise
from typing import Any

import pytest

from offhook.core.birth import new_contact
from offhook.core.program import Compiled
from offhook.drivers.ports import Called
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.agent import AgentScript, Time
from offhook.drivers.sim.customer import Script
from offhook.drivers.sim.floor import IS_ASSUMED
from offhook.drivers.sim.life import Life
from offhook.model.contact import Queue
from offhook.model.effect import Enqueue
from offhook.model.event import HungUp
from offhook.model.flow import Action, Flow
from offhook.model.instance import AgentSettings, QueueRoute, Resource, RoutingProfile
from offhook.model.routing import Accept, Status

from .floor import END, SUPPORT, TO_QUEUE, Line, Lived, centre, jane, live, named
from .stage import BYE, START_MS, Played, Stubs, action, say

WAITS = Queue(SUPPORT.arn, "Support")
MISSED = AgentScript(answers="miss")


def main(*actions: Action) -> Flow:
    return named("CONTACT_FLOW", "Main", *actions)


def asks(metric: str, operator: str, operand: str, **parameters: Any) -> Flow:
    """Says Yes, No or Error, and then queues the contact."""
    check = action(
        "check", "CheckMetricData", {"MetricType": metric, **parameters},
        then="no", errors={"NoMatchingCondition": "no", "NoMatchingError": "error"}, when=((operator, operand, "yes"),),
    )  # fmt: skip
    said = [say(word.lower(), word, "queue") for word in ("Yes", "No", "Error")]
    return main(check, *said, TO_QUEUE, BYE)


def first_words(lived: Lived, count: int = 1) -> list[str]:
    """What the first words of each contact were."""
    played = [Played(life) for life in lived.lives]
    return [each.said[0] for each in played if each.said][:count]


# --- Check staffing, Check queue status, Get queue metrics ---


@pytest.mark.parametrize(
    ("kind", "script", "answer"),
    [
        ("Available", AgentScript(), "Yes"),
        ("Available", AgentScript(status="Lunch"), "No"),
        ("Online", AgentScript(status="Lunch"), "Yes"),
        ("Staffed", AgentScript(status="Lunch"), "No"),
        ("Online", AgentScript(status="Offline"), "No"),
    ],
)
def test_agents_are_counted_by_what_they_do(kind: str, script: AgentScript, answer: str) -> None:
    stage = centre(asks(f"NumberOfAgents{kind}", "NumberGreaterThan", "0"))

    assert first_words(live(stage, {"jane": script})) == [answer]


def test_who_talks_is_staffed_and_not_available() -> None:
    agents = {"jane": jane(accept_after=Time(100), handle_time=Time(60_000))}
    available = centre(asks("NumberOfAgentsAvailable", "NumberGreaterThan", "0"))
    staffed = centre(asks("NumberOfAgentsStaffed", "NumberGreaterThan", "0"))

    assert first_words(live(available, agents, calls=2), 2) == ["Yes", "No"]
    assert first_words(live(staffed, agents, calls=2), 2) == ["Yes", "Yes"]


def test_agents_of_another_queue_do_not_count() -> None:
    profile = RoutingProfile("Sellers", queues=(QueueRoute("Sales"),))
    stage = centre(
        asks("NumberOfAgentsOnline", "NumberGreaterThan", "0"),
        routing_profiles={"Sellers": profile},
        agents={"jane": AgentSettings("jane", routing_profile="Sellers")},
    )

    assert first_words(live(stage, {"jane": AgentScript(status="Lunch")})) == ["No"]


def test_without_agents_given_one_who_is_free_is_assumed_and_the_trace_says_so() -> None:
    simulator = Simulator(centre(asks("NumberOfAgentsAvailable", "NumberGreaterThan", "0")), Stubs(), store=True)
    life = simulator.start(_contact(), Script(), at_ms=START_MS)
    simulator.run()

    played = Played(life)
    assert played.said[0] == "Yes"
    assert [event.message for event in played.of("Warned")] == [IS_ASSUMED]
    assert life.stopped == "queued"


def _contact(name: str = "contact-1", **fields: Any) -> Any:
    plain = {"id": name, "seed": "1", "flow": "flow:Main", "flow_type": "CONTACT_FLOW", "queue": WAITS}
    return new_contact(**{**plain, "customer_endpoint": "+15550100", **fields})


def run(stage: Compiled, agents: dict[str, AgentScript], *contacts: tuple[int, Any]) -> dict[str, Life]:
    """Contacts that begin so many ms after the start."""
    simulator = Simulator(stage, Stubs(), agents=agents, seed="1", store=True)
    for after_ms, contact in contacts:
        simulator.start(contact, Script(), at_ms=START_MS + after_ms)
    simulator.run()
    return simulator.lives


@pytest.mark.parametrize(("operand", "answer"), [("300000", "No"), ("290000", "Yes")])
def test_the_oldest_contact_is_as_old_as_the_console_writes_it_in_milliseconds(operand: str, answer: str) -> None:
    stage = centre(asks("OldestContactInQueueAgeSeconds", "NumberGreaterThan", operand))

    lives = run(stage, {"jane": MISSED}, (0, _contact()), (299_000, _contact("contact-2")))

    # the first has waited since it was told Yes or No, less than a second after its start
    assert Played(lives["contact-2"]).said[0] == answer


def test_contacts_in_the_queue_are_counted_before_one_joins() -> None:
    stage = centre(asks("NumberOfContactsInQueue", "NumberGreaterOrEqualTo", "2"))

    lived = live(stage, {"jane": MISSED}, calls=3)

    assert first_words(lived, 3) == ["No", "No", "Yes"]


def test_a_queue_that_is_only_assumed_is_counted_by_the_name_it_has() -> None:
    """What nobody knows is assumed by the last part of its ARN (decision S20), in every block alike."""
    unknown = "arn:aws:connect:us-east-1:111122223333:instance/i/queue/q1"
    names = {"QueueId": unknown}
    to_queue = action("set", "UpdateContactTargetQueue", names, then="check", errors={"NoMatchingError": "bye"})
    check = asks("NumberOfContactsInQueue", "NumberGreaterThan", "0")
    stage = centre(main(to_queue, *check.actions.values()))

    assert first_words(live(stage, {"jane": MISSED}, calls=2), 2) == ["No", "Yes"]


METRICS = (
    "$.Metrics.Queue.Name has $.Metrics.Queue.Size, the oldest $.Metrics.Queue.OldestContactAge, "
    "$.Metrics.Agents.Online.Count online, $.Metrics.Agents.Busy.Count busy, at $.Metrics.Contact.PositionInQueue"
)


def loads(then: str = "say") -> Action:
    return action("load", "GetMetricData", {"QueueChannel": "voice"}, then=then, errors={"NoMatchingError": "error"})


def test_a_queued_customer_hears_how_many_wait_before() -> None:
    told = (loads(), say("say", METRICS, "end"), say("error", "Error", "end"), END)
    lived = live(centre(named("CUSTOMER_QUEUE", "Default customer queue", *told)), {"jane": MISSED}, calls=2)

    assert [Played(life).said[-1] for life in lived.lives] == [
        "Support has 1, the oldest 0, 1 online, 0 busy, at 1",
        "Support has 2, the oldest 1, 1 online, 0 busy, at 2",
    ]


def test_a_report_of_nobody_is_the_error_branch() -> None:
    flow = main(loads(), say("say", METRICS), say("error", "Nobody", "bye"), BYE)

    assert first_words(live(centre(flow), {})) == ["Nobody"]


# --- Change routing priority / age, Set routing criteria, Interrupt agent ---


def _chooses(*ways: tuple[str, Action]) -> Flow:
    """A flow whose way depends on the attribute `way`; each ends in the queue."""
    choose = action(
        "choose", "Compare", {"ComparisonValue": "$.Attributes.way"},
        then="queue", errors={"NoMatchingCondition": "queue", "NoMatchingError": "queue"},
        when=tuple(("Equals", name, each.identifier) for name, each in ways),
    )  # fmt: skip
    return main(choose, *(each for _, each in ways), TO_QUEUE, BYE)


def _joined(lives: dict[str, Life]) -> list[str]:
    """The contacts in the order in which the agent took them."""
    taken = {
        name: event.at
        for name, life in lives.items()
        for event in Played(life).of("ContactPhase")
        if event.phase == "agent_whisper"
    }
    return sorted(taken, key=lambda name: taken[name])


FIRST = action("first", "UpdateContactRoutingBehavior", {"QueuePriority": "1"}, then="queue")
OLDER = action("older", "UpdateContactRoutingBehavior", {"QueueTimeAdjustmentSeconds": "600"}, then="queue")
YOUNGER = action("younger", "UpdateContactRoutingBehavior", {"QueueTimeAdjustmentSeconds": "-600"}, then="queue")
ORDER = _chooses(("first", FIRST), ("older", OLDER), ("younger", YOUNGER))


def test_priority_goes_before_age_and_age_before_arrival() -> None:
    ways = ("busy", "younger", "plain", "older", "first")
    contacts = [(at * 100, _contact(way, attributes={"way": way})) for at, way in enumerate(ways)]

    lives = run(centre(ORDER), {"jane": jane()}, *contacts)

    assert _joined(lives) == ["busy", "first", "older", "plain", "younger"]


def _queue_flow(change: Action) -> Flow:
    choose = action(
        "choose", "Compare", {"ComparisonValue": "$.Attributes.way"},
        then="end", errors={"NoMatchingCondition": "end"}, when=(("Equals", "change", change.identifier),),
    )  # fmt: skip
    return named("CUSTOMER_QUEUE", "Default customer queue", choose, change, END)


@pytest.mark.parametrize(("talk_ms", "order"), [(30_000, ["a", "b", "c"]), (90_000, ["a", "c", "b"])])
def test_in_the_queue_a_change_takes_a_minute(talk_ms: int, order: list[str]) -> None:
    first = action("first", "UpdateContactRoutingBehavior", {"QueuePriority": "1"}, then="end")
    contacts = [(0, _contact("a")), (1_000, _contact("b")), (2_000, _contact("c", attributes={"way": "change"}))]

    lives = run(centre(_queue_flow(first)), {"jane": jane(handle_time=Time(talk_ms))}, *contacts)

    assert _joined(lives) == order


def test_what_was_changed_in_the_queue_counts_when_an_agent_gives_the_contact_back() -> None:
    whisper = named("AGENT_WHISPER", "Default agent whisper", say("say", "About the customer. " * 20, "end"), END)
    first = action("first", "UpdateContactRoutingBehavior", {"QueuePriority": "1"}, then="older")
    older = action("older", "UpdateContactRoutingBehavior", {"QueueTimeAdjustmentSeconds": "60"}, then="end")
    queue_flow = named("CUSTOMER_QUEUE", "Default customer queue", first, older, END)
    simulator = Simulator(centre(queue_flow, whisper), Stubs(), agents={"jane": jane()}, seed="1", store=True)
    life = simulator.start(_contact(), Script(), at_ms=START_MS)
    simulator.push(life, HungUp(START_MS + 5_000, "agent"))
    simulator.run()

    queued = [entry[2] for entry in life.trace if entry[0] == "order" and isinstance(entry[2], Enqueue)]
    assert [(order.priority, order.age_ms) for order in queued] == [(1, 60_000)]


def test_an_interrupted_agent_is_asked_although_the_contact_is_for_others() -> None:
    """The agent serves another queue, and is free."""
    profile = RoutingProfile("Sellers", queues=(QueueRoute("Sales"),))
    interrupt = action("it", "RouteContactToAgent", {"Username": "jane"}, then="end", errors={"NoMatchingError": "end"})
    stage = centre(
        named("CUSTOMER_QUEUE", "Default customer queue", interrupt, END),
        routing_profiles={"Sellers": profile},
        agents={"jane": AgentSettings("jane", routing_profile="Sellers")},
    )

    lived = live(stage, {"jane": jane()})

    assert lived.contacts[0].agent is not None
    assert lived.contacts[0].agent.name == "jane"
    assert "1.3 1 is agent_whisper" in lived.heard()


def test_an_interrupted_agent_who_is_busy_is_left_alone() -> None:
    profile = RoutingProfile("Sellers", queues=(QueueRoute("Sales"),))
    interrupt = action("it", "RouteContactToAgent", {"AgentId": "jane"}, then="end", errors={"NoMatchingError": "end"})
    stage = centre(
        named("CUSTOMER_QUEUE", "Default customer queue", interrupt, END),
        routing_profiles={"Sellers": profile},
        agents={"jane": AgentSettings("jane", routing_profile="Sellers")},
    )

    lived = live(stage, {"jane": jane(status="Lunch")})

    assert lived.contacts[0].agent is None
    assert lived.contacts[0].phase == "queued"


def criteria(*steps: dict[str, Any]) -> Flow:
    given = {"RoutingCriteria": {"Steps": list(steps)}}
    return main(
        action("it", "UpdateContactRoutingCriteria", given, then="queue", errors={"NoMatchingError": "bye"}),
        TO_QUEUE,
        BYE,
    )


def one_of(*agents: str) -> dict[str, Any]:
    match = {"ComparisonOperator": "Match", "MatchCriteria": {"AgentsCriteria": {"AgentIds": agents}}}
    return {"AttributeCondition": match}


@pytest.mark.parametrize(
    ("expression", "taker"),
    [
        (one_of("joe"), "joe"),
        ({"NotAttributeCondition": one_of("jane")["AttributeCondition"]}, "joe"),
        ({"OrExpression": [one_of("jane"), one_of("joe")]}, "jane"),
    ],
)
def test_routing_criteria_may_name_the_agents(expression: dict[str, Any], taker: str) -> None:
    lived = live(centre(criteria({"Expression": expression})), {"jane": jane(), "joe": jane()})

    assert [each.agent.name for each in lived.contacts if each.agent] == [taker]


def test_after_the_last_step_has_expired_any_agent_will_do() -> None:
    stage = centre(criteria({"Expression": one_of("joe"), "Expiry": {"DurationInSeconds": "30"}}))

    lived = live(stage, {"jane": jane()})

    assert "31.0 1 is agent_whisper" in lived.heard()


# --- Transfer to queue, the callback tab ---


def callback(**parameters: str) -> Flow:
    """Creates a callback, and hangs up."""
    given = {
        "InitialCallDelaySeconds": "60",
        "MaximumConnectionAttempts": "3",
        "RetryDelaySeconds": "600",
        **parameters,
    }
    order = action("order", "CreateCallbackContact", given, then="say", errors={"NoMatchingError": "sorry"})
    return main(order, say("say", "We call you."), say("sorry", "Sorry."), BYE)


def phases(lived: Lived, contact: str = "2") -> list[str]:
    return [line for line in lived.heard() if line.split()[1] == contact]


def test_a_callback_waits_its_delay_then_the_agent_is_there_first() -> None:
    lived = live(centre(callback()), {"jane": jane()}, customer=Line(Called(after_ms=4_000)))

    assert lived.heard() == [
        "0.0 caller hears We call you.",
        "0.8 1 ended: disconnected",
        "61.0 2 is callback_whisper",
        "61.0 agent hears Default agent whisper",
        "62.4 2 is outbound",
        "66.4 caller hears Default outbound",
        "67.4 2 is connected",
        "77.4 2 ended: agent hung up",
    ]


def test_a_customer_who_is_not_reached_is_called_again_until_the_attempts_are_used_up() -> None:
    line = Line(*[Called(status="no_answer", after_ms=5_000)] * 3)

    lived = live(centre(callback()), {"jane": jane()}, customer=line)

    assert len(line.placed) == 3
    asked = [float(each.split()[0]) for each in phases(lived) if "callback_whisper" in each]
    assert [round(later - earlier) for earlier, later in pairwise(asked)] == [
        607,
        607,
    ]  # 600, and the agent's and the call's
    assert phases(lived)[-1].endswith("ended: the call was not answered (no_answer)")


def test_no_attempts_are_one() -> None:
    line = Line(*[Called(status="busy")] * 3)

    live(centre(callback(MaximumConnectionAttempts="0")), {"jane": jane()}, customer=line)

    assert len(line.placed) == 1


def test_a_callback_is_made_to_the_number_that_was_set_and_from_the_number_that_is_given() -> None:
    line = Line(Called())

    live(centre(callback(CallerId="+15550177")), {"jane": jane()}, customer=line, callback_number="+15550123")

    assert [(each.number, each.caller_id) for each in line.placed] == [("+15550123", "+15550177")]


def test_a_callback_may_wait_for_one_agent_alone() -> None:
    agents = {"jane": jane(), "joe": jane()}

    lived = live(centre(callback(AgentId="joe")), agents, customer=Line(Called()))

    assert [each.agent.name for each in lived.contacts if each.agent] == ["joe"]


def test_a_creation_flow_runs_at_once_and_queues_the_callback() -> None:
    creation = named("CONTACT_FLOW", "Creation", _priority("queue"), TO_QUEUE, BYE)
    stage = centre(callback(ContactFlowId="flow:Creation"), creation, resources=(SUPPORT, _flow("Creation")))

    lived = live(stage, {"jane": jane()}, customer=Line(Called(after_ms=4_000)))

    made = lived.contacts[1]
    assert (made.initiation_method, made.priority) == ("CALLBACK", 1)
    assert phases(lived)[0] == "0.0 2 is callback"


# --- Hold customer or agent, Transfer to agent ---


def hold(name: str, state: str, then: str) -> Action:
    given = {"PreviousContactParticipantState": state}
    return action(name, "UpdatePreviousContactParticipantState", given, then=then, errors={"NoMatchingError": "bye"})


def music(kind: str, name: str, text: str) -> Flow:
    """A hold flow."""
    return named(kind, name, action("loop", "MessageParticipantIteratively", {"Messages": [{"Text": text}]}))


ON_HOLD = (
    music("AGENT_HOLD", "Default agent hold", "You hold, Jane."),
    music("CUSTOMER_HOLD", "Default customer hold", "You hold, caller."),
)


def once(lines: list[str]) -> list[str]:
    """Without times, and what is repeated once."""
    return list(dict.fromkeys(line.partition(" ")[2] for line in lines))


def test_a_transfer_takes_a_number_from_the_customer_while_the_agent_is_on_hold() -> None:
    """As in AWS's sample of secure input with an agent."""
    given = {
        "StoreInput": "True",
        "Text": "Your number?",
        "InputTimeLimitSeconds": "5",
        "InputValidation": {"CustomValidation": {"MaximumLength": "4"}},
    }
    flow = named(
        "QUEUE_TRANSFER",
        "Default queue transfer",
        say("hello", "One moment.", "all"),
        hold("all", "OffHold", "say"),
        say("say", "All are here.", "aside"),
        hold("aside", "AgentOnHold", "listen"),
        action("listen", "GetParticipantInput", given, then="back", errors={"NoMatchingError": "bye"}),
        hold("back", "OffHold", "told"),
        say("told", "Thank you for $.StoredCustomerInput."),
        BYE,
    )
    then = jane("transfer:Sales", "wait:30s", "hangup")

    lived = live(centre(flow, *ON_HOLD), {"jane": then}, customer=Script(("1234",)))

    assert once(lived.heard()[8:]) == [
        "1 is transferring",
        "caller hears You hold, caller.",
        "source agent hears One moment.",
        "source agent hears All are here.",
        "1 is conference",
        "source agent hears Your number?",
        "1 is aside",
        "agent hears You hold, Jane.",
        "source agent hears Thank you for 1234.",
        "2 ended: disconnected",
        "1 is connected",
        "1 ended: agent hung up",
    ]


def test_with_the_customer_on_hold_the_agent_alone_hears_the_transfer() -> None:
    """The customer would press a key; the agent does not."""
    errors = {"InputTimeLimitExceeded": "late", "NoMatchingCondition": "bye", "NoMatchingError": "bye"}
    given = {"StoreInput": "False", "Text": "Press 1.", "InputTimeLimitSeconds": "5"}
    flow = named(
        "QUEUE_TRANSFER",
        "Default queue transfer",
        hold("aside", "AgentOnHold", "say"),
        say("say", "The customer hears this.", "away"),
        hold("away", "CustomerOnHold", "menu"),
        action("menu", "GetParticipantInput", given, then="bye", errors=errors),
        say("late", "Nobody did."),
        BYE,
    )
    then = jane("transfer:Sales", "wait:30s", "hangup")

    lived = live(centre(flow, *ON_HOLD), {"jane": then}, customer=Script(("1",)))

    told = [line.partition(" ")[2] for line in lived.heard()[8:]]
    assert [line for line in told if " is " in line or line.startswith("source")] == [
        "1 is transferring",
        "source agent hears The customer hears this.",
        "1 is aside",
        "source agent hears Press 1.",
        "1 is transferring",
        "source agent hears Nobody did.",
        "1 is holding",
    ]


def test_a_customer_goes_on_in_the_transfer_that_an_agent_on_hold_leaves() -> None:
    told = (hold("aside", "AgentOnHold", "say"), say("say", "Long. " * 40), BYE)
    flow = named("QUEUE_TRANSFER", "Default queue transfer", *told)

    lived = live(centre(flow), {"jane": jane("transfer:Sales", "hangup")})

    assert phases(lived, "1")[-2:] == ["14.2 1 is aside", "15.2 1 ended: transferred"]
    assert lived.contacts[1].has_customer


def test_an_agent_stays_on_hold_where_the_transfer_ends_before_all_are_joined() -> None:
    flow = named("QUEUE_TRANSFER", "Default queue transfer", hold("aside", "AgentOnHold", "bye"), BYE)

    lived = live(centre(flow), {"jane": jane("transfer:Sales", "wait:5s", "resume", "wait:5s", "hangup")})

    assert [line.split()[3] for line in phases(lived, "1") if " is " in line][-4:] == [
        "transferring",
        "aside",
        "agent_holding",
        "connected",
    ]


TO_AGENT = action("it", "TransferContactToAgent")
TO_JOE = named("AGENT_TRANSFER", "Default agent transfer", say("say", "To Joe", "it"), TO_AGENT)


def test_the_agent_of_a_user_quick_connect_is_rung_at_once() -> None:
    then = jane("transfer:Joe", "wait:10s", "conference", "hangup")

    lived = live(centre(TO_JOE), {"jane": then, "joe": jane()})

    assert phases(lived)[:4] == [
        "14.6 2 is joining",
        "15.6 2 is agent_whisper",
        "16.9 2 is customer_whisper",
        "18.5 2 is connected",
    ]
    assert [each.agent.name for each in lived.contacts if each.agent] == ["jane", "joe"]
    assert "1 ended: transferred" in " ".join(lived.heard())


def test_a_busy_agent_ends_the_transfer_and_the_customer_is_still_there() -> None:
    then = jane("transfer:Joe", "wait:10s", "resume", "hangup")

    lived = live(centre(TO_JOE), {"jane": then, "joe": AgentScript(status="Lunch")})

    assert phases(lived) == ["14.6 2 is joining", "14.6 2 ended: not queued: busy"]
    assert [line.split()[-1] for line in phases(lived, "1")][-3:] == ["holding", "connected", "up"]


def _priority(then: str) -> Action:
    return action("first", "UpdateContactRoutingBehavior", {"QueuePriority": "1"}, then=then)


def _flow(name: str) -> Resource:
    return Resource("flow", name, f"flow:{name}", name)


# --- agents between contacts ---


@pytest.mark.parametrize(("status", "phase"), [("Available", "ended"), ("Lunch", "queued")])
def test_who_misses_a_contact_comes_back_but_from_lunch(status: str, phase: str) -> None:
    """Jane lets it ring until 20 s, and would be back at 25 s; the contact is offered again if she is."""
    simulator = Simulator(centre(), Stubs(), agents={"jane": MISSED}, seed="1", max_contact_ms=60_000)
    life = simulator.start(_contact(), Script(), at_ms=START_MS)
    simulator.act(Status(START_MS + 10_000, "jane", status))
    simulator.act(Accept(START_MS + 30_000, life.contact.id, "jane"))
    simulator.push(life, HungUp(START_MS + 50_000, "agent"))
    simulator.run()

    assert life.contact.phase == phase
