"""Who gets which contact: the rules one by one, and what holds whatever happens."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.core.criteria import fits, step_at
from offhook.core.routing import CHANGE_MS, OFFER_MS, Routing
from offhook.model.instance import AgentSettings, Instance, QueueRoute, QueueSettings, RoutingProfile
from offhook.model.routing import (
    Accept,
    Change,
    Clear,
    Declined,
    Dequeue,
    Enqueue,
    Joined,
    Leave,
    Offered,
    Queued,
    Refused,
    Reject,
    SignIn,
    Status,
    Take,
    Wake,
)

SALES, SUPPORT = "Sales", "Support"
NORWEGIAN = {"Expression": {"AttributeCondition": {"Name": "Language", "Value": "Norwegian", "ProficiencyLevel": 3}}}


def routes(*queues: Any, **concurrency: int) -> RoutingProfile:
    return RoutingProfile("p", tuple(queues), concurrency or {"VOICE": 1})


def centre(**profiles: RoutingProfile) -> Routing:
    """Agents by name, each with a profile of their own (None: the plain one)."""
    agents = {name: AgentSettings(name, name if profile is not None else "") for name, profile in profiles.items()}
    return Routing(
        Instance(
            agents=agents,
            routing_profiles={name: profile for name, profile in profiles.items() if profile is not None},
            queues={SALES: QueueSettings(SALES, max_contacts=2)},
        )
    )


def offers(notices: list[Any]) -> list[tuple[str, str]]:
    return [(each.contact, each.agent) for each in notices if isinstance(each, Offered)]


def serve(routing: Routing, contact: str, agent: str, at_ms: int) -> list[Any]:
    """The agent takes the contact, and is free of it at once."""
    assert routing.happen(Accept(at_ms, contact, agent)) == [Joined(contact, agent)]
    return routing.happen(Leave(at_ms, contact, agent)) + routing.happen(Clear(at_ms, contact, agent))


def test_a_contact_is_offered_to_an_agent_who_is_free() -> None:
    routing = Routing(Instance())
    assert routing.happen(SignIn(0, "ann")) == []
    assert routing.happen(Enqueue(5, "a", SALES)) == [Queued("a"), Offered("a", "ann", 5 + OFFER_MS)]


def test_of_several_the_agent_who_has_been_free_for_longest_is_asked() -> None:
    routing = Routing(Instance())
    for at_ms, name in ((0, "zoe"), (1, "ann"), (1, "bob")):
        routing.happen(SignIn(at_ms, name))
    asked = [offers(routing.happen(Enqueue(9, contact, SUPPORT)))[0][1] for contact in "abc"]
    assert asked == ["zoe", "ann", "bob"]


def test_the_lower_priority_goes_first_and_then_who_has_waited_longer() -> None:
    routing = Routing(Instance())
    for contact, priority, since_ms in (("new", 5, 50), ("old", 5, 10), ("vip", 1, 60), ("older", 5, 5)):
        routing.happen(Enqueue(60, contact, SUPPORT, priority=priority, since_ms=since_ms))
    notices = routing.happen(SignIn(100, "ann"))
    order = []
    while notices:
        ((contact, agent),) = offers(notices)
        order.append(contact)
        notices = serve(routing, contact, agent, 100)
    assert order == ["vip", "older", "old", "new"]


def test_a_profile_s_priority_goes_before_the_contacts_own() -> None:
    routing = centre(ann=routes(QueueRoute(SALES, 2), QueueRoute(SUPPORT, 1)))
    routing.happen(Enqueue(0, "sale", SALES, priority=1))
    routing.happen(Enqueue(9, "help", SUPPORT, priority=9))
    assert offers(routing.happen(SignIn(10, "ann"))) == [("help", "ann")]


def test_a_delay_keeps_contacts_for_others_first() -> None:
    routing = centre(ann=routes(QueueRoute(SALES, delay_ms=30_000)))
    routing.happen(SignIn(0, "ann"))
    assert offers(routing.happen(Enqueue(0, "a", SALES))) == []
    assert routing.next_ms == 30_000
    assert offers(routing.happen(Wake(30_000))) == [("a", "ann")]


def test_of_those_whose_delay_is_over_at_once_the_first_in_order_goes_first() -> None:
    routing = centre(ann=routes(QueueRoute(SUPPORT, 2, 30_000), QueueRoute(SALES, 1, 30_000)))
    routing.happen(SignIn(0, "ann"))
    for contact, queue, priority in (("a", SUPPORT, 1), ("b", SALES, 5), ("c", SALES, 4)):
        routing.happen(Enqueue(0, contact, queue, priority=priority))
    assert offers(routing.happen(Wake(30_000))) == [("c", "ann")]


def test_agents_get_contacts_of_their_queues_and_channels_alone() -> None:
    routing = centre(ann=routes(QueueRoute(SALES, channels=("CHAT",)), VOICE=1, CHAT=2))
    routing.happen(SignIn(0, "ann"))
    assert offers(routing.happen(Enqueue(0, "call", SALES))) == []
    assert offers(routing.happen(Enqueue(0, "help", SUPPORT, "CHAT"))) == []
    assert offers(routing.happen(Enqueue(0, "chat", SALES, "CHAT"))) == [("chat", "ann")]


def test_an_agent_has_as_many_chats_as_the_profile_says_and_no_call_beside_them() -> None:
    routing = centre(ann=routes(QueueRoute(SUPPORT), VOICE=1, CHAT=2))
    routing.happen(SignIn(0, "ann"))
    taken = [offers(routing.happen(Enqueue(0, name, SUPPORT, "CHAT"))) for name in "abc"]
    assert taken == [[("a", "ann")], [("b", "ann")], []]
    assert offers(routing.happen(Enqueue(0, "call", SUPPORT))) == []


def test_a_full_queue_refuses_and_a_place_that_is_left_is_free() -> None:
    routing = centre()
    assert routing.happen(Enqueue(0, "a", SALES)) == [Queued("a")]
    routing.happen(Enqueue(0, "b", SALES))
    assert routing.happen(Enqueue(0, "c", SALES)) == [Refused("c", "full")]
    routing.happen(Dequeue(1, "a"))
    assert routing.happen(Enqueue(2, "c", SALES)) == [Queued("c")]


def test_an_offer_that_nobody_takes_is_missed_and_the_contact_keeps_its_place() -> None:
    routing = Routing(Instance())
    routing.happen(SignIn(0, "ann"))
    routing.happen(Enqueue(0, "a", SUPPORT))
    routing.happen(Enqueue(1, "b", SUPPORT))
    assert routing.happen(Wake(OFFER_MS)) == [Declined("a", "ann", "missed")]
    assert offers(routing.happen(Status(OFFER_MS + 1, "ann", "Available"))) == [("a", "ann")]


def test_who_went_to_lunch_while_being_asked_is_there_when_the_offer_is_over() -> None:
    routing = Routing(Instance())
    routing.happen(SignIn(0, "ann"))
    routing.happen(Enqueue(0, "a", SUPPORT))
    routing.happen(Status(5, "ann", "Lunch"))
    assert routing.happen(Wake(OFFER_MS)) == [Declined("a", "ann", "missed")]
    assert not routing.has_declined("ann")
    assert routing.happen(Enqueue(OFFER_MS + 1, "b", SUPPORT)) == [Queued("b")]


def test_who_rejects_is_asked_again_after_going_back_to_available() -> None:
    routing = Routing(Instance())
    routing.happen(SignIn(0, "ann"))
    routing.happen(Enqueue(0, "a", SUPPORT))
    assert routing.happen(Reject(5, "a", "ann")) == [Declined("a", "ann", "rejected")]
    assert routing.happen(Reject(6, "a", "ann")) == []
    assert offers(routing.happen(SignIn(7, "bob"))) == [("a", "bob")]


def test_a_second_offer_is_not_ended_by_the_time_of_the_first() -> None:
    routing = Routing(Instance())
    routing.happen(SignIn(0, "ann"))
    routing.happen(Enqueue(0, "a", SUPPORT))
    routing.happen(Reject(5_000, "a", "ann"))
    assert offers(routing.happen(Status(6_000, "ann", "Available"))) == [("a", "ann")]
    assert routing.happen(Wake(OFFER_MS)) == []
    assert routing.happen(Wake(6_000 + OFFER_MS)) == [Declined("a", "ann", "missed")]


def test_what_is_being_offered_cannot_be_replaced() -> None:
    routing = Routing(Instance())
    routing.happen(SignIn(0, "ann"))
    routing.happen(Enqueue(0, "a", SUPPORT))
    assert routing.is_offered("a")
    assert routing.happen(Enqueue(1, "b", SALES, replaces="a")) == [Refused("b", "offered")]
    routing.happen(Wake(OFFER_MS))
    assert routing.happen(Enqueue(OFFER_MS, "b", SALES, replaces="a")) == [Queued("b")]
    assert routing.metrics(SUPPORT, "", None, "a", OFFER_MS)["Size"] == 0


def test_a_contact_that_is_gone_frees_whoever_was_asked() -> None:
    routing = Routing(Instance())
    routing.happen(SignIn(0, "ann"))
    routing.happen(Enqueue(0, "a", SUPPORT))
    routing.happen(Enqueue(1, "b", SUPPORT))
    assert offers(routing.happen(Dequeue(2, "a"))) == [("b", "ann")]
    assert routing.happen(Accept(3, "a", "ann")) == []


def test_an_agent_s_own_queue_is_for_that_agent_and_goes_first() -> None:
    routing = Routing(Instance())
    routing.happen(SignIn(0, "bob"))
    assert offers(routing.happen(Enqueue(0, "own", "ann", agent="ann"))) == []
    routing.happen(Take(0, "other", "bob"))
    routing.happen(Enqueue(0, "any", SUPPORT, priority=1))
    assert offers(routing.happen(SignIn(5, "ann"))) == [("own", "ann")]


def test_who_is_wanted_at_once_must_be_free() -> None:
    routing = Routing(Instance())
    assert routing.happen(Enqueue(0, "a", "ann", agent="ann", at_once=True)) == [Refused("a", "busy")]
    routing.happen(SignIn(1, "ann"))
    assert offers(routing.happen(Enqueue(2, "b", "ann", agent="ann", at_once=True))) == [("b", "ann")]


def test_a_change_takes_a_minute_and_then_counts() -> None:
    routing = Routing(Instance())
    routing.happen(Enqueue(0, "a", SUPPORT))
    routing.happen(Enqueue(1, "b", SUPPORT))
    routing.happen(Change(2, "b", priority=1))
    routing.happen(Wake(2 + CHANGE_MS))
    assert offers(routing.happen(SignIn(3 + CHANGE_MS, "ann"))) == [("b", "ann")]


def test_an_older_age_goes_before_a_longer_wait() -> None:
    routing = Routing(Instance())
    routing.happen(Enqueue(0, "a", SUPPORT))
    routing.happen(Enqueue(100, "b", SUPPORT))
    routing.happen(Change(100, "b", age_ms=500))
    routing.happen(Change(100, "nobody", age_ms=500))
    routing.happen(Wake(100 + CHANGE_MS))
    assert offers(routing.happen(SignIn(101 + CHANGE_MS, "ann"))) == [("b", "ann")]


def test_a_change_of_a_contact_that_has_left_changes_nothing() -> None:
    routing = Routing(Instance())
    routing.happen(Enqueue(0, "a", SUPPORT))
    routing.happen(Change(1, "a", priority=1))
    routing.happen(Dequeue(2, "a"))
    assert routing.happen(Wake(1 + CHANGE_MS)) == []


def test_an_agent_can_be_asked_past_the_queue() -> None:
    routing = centre(ann=routes(QueueRoute(SALES)))
    routing.happen(SignIn(0, "ann"))
    routing.happen(Enqueue(0, "a", SUPPORT))
    assert offers(routing.happen(Change(1, "a", agent="ann"))) == [("a", "ann")]
    assert routing.happen(Change(2, "a", agent="nobody")) == []


def test_a_callback_is_not_offered_before_its_time() -> None:
    routing = Routing(Instance())
    routing.happen(SignIn(0, "ann"))
    assert offers(routing.happen(Enqueue(0, "a", SUPPORT, not_before_ms=5_000))) == []
    assert offers(routing.happen(Wake(5_000))) == [("a", "ann")]


def test_criteria_narrow_the_agents_until_they_expire() -> None:
    ola = AgentSettings("ola", proficiencies={"Language": {"Norwegian": 4}})
    routing = Routing(Instance(agents={"ola": ola}))
    steps = ({**NORWEGIAN, "Expiry": {"DurationInSeconds": 30}},)
    routing.happen(SignIn(0, "ann"))
    assert offers(routing.happen(Enqueue(0, "a", SUPPORT, criteria=steps))) == []
    assert offers(routing.happen(SignIn(1, "ola"))) == [("a", "ola")]
    serve(routing, "a", "ola", 1)
    routing.happen(Status(1, "ola", "Lunch"))
    assert offers(routing.happen(Enqueue(2, "b", SUPPORT, criteria=steps))) == []
    assert offers(routing.happen(Wake(2 + 30_000))) == [("b", "ann")]


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ({"AttributeCondition": {"Name": "Language", "Value": "Norwegian", "ProficiencyLevel": 4}}, True),
        ({"AttributeCondition": {"Name": "Language", "Value": "Norwegian", "ProficiencyLevel": 5}}, False),
        ({"NotAttributeCondition": {"Name": "Language", "Value": "Thai"}}, True),
        ({"AndExpression": [NORWEGIAN["Expression"], {"NotAttributeCondition": {"Name": "L", "Value": "T"}}]}, True),
        ({"OrExpression": [{"AttributeCondition": {"Name": "L", "Value": "T"}}, NORWEGIAN["Expression"]]}, True),
        ({"OrExpression": []}, False),
    ],
)
def test_an_expression_holds_for_an_agent(expression: Any, holds: bool) -> None:
    assert fits({"Expression": expression}, {"Language": {"Norwegian": 4}}) is holds


def test_steps_follow_each_other_and_the_last_without_an_end_stays() -> None:
    first: dict[str, Any] = {"Expiry": {"DurationInSeconds": 10}}
    last: dict[str, Any] = {"Expression": {}}
    assert [step_at((first, last), each) for each in (0, 9_999, 10_000, 10**9)] == [first, first, last, last]
    assert step_at((first,), 10_000) is None
    assert step_at((), 0) is None


def test_numbers_of_a_queue_and_of_an_agent() -> None:
    routing = Routing(Instance())
    for name in ("ann", "bob", "cat"):
        routing.happen(SignIn(0, name))
    routing.happen(Status(0, "cat", "Lunch"))
    routing.happen(Enqueue(0, "a", SUPPORT))
    serve(routing, "a", "ann", 1)
    routing.happen(Take(1, "x", "ann"))
    routing.happen(Take(1, "y", "bob"))
    routing.happen(Leave(2, "y", "bob"))
    routing.happen(Enqueue(1_000, "b", SUPPORT))
    routing.happen(Enqueue(2_000, "c", SUPPORT, "CHAT"))
    found = routing.metrics(SUPPORT, "", None, "c", 61_000)
    counts = ("Online", "Available", "Staffed", "AfterContactWork", "Busy", "Missed", "NonProductive")
    assert [found[name] for name in counts] == [3, 0, 2, 1, 1, 0, 1]
    assert (found["Size"], found["OldestContactAge"], found["PositionInQueue"]) == (2, 60, 1)
    assert routing.metrics(SUPPORT, "", "CHAT", "nobody", 61_000)["Size"] == 1
    assert routing.metrics(SUPPORT, "", None, "nobody", 61_000)["PositionInQueue"] is None
    own = routing.metrics("", "ann", None, "", 61_000)
    assert (own["Busy"], own["Size"], own["OldestContactAge"]) == (1, 0, None)


# --- whatever happens

CONTACTS, AGENTS = [f"c{n}" for n in range(8)], ["ann", "bob", "cat"]
EVENTS = st.one_of(
    st.tuples(st.just("enqueue"), st.sampled_from(CONTACTS), st.sampled_from([SALES, SUPPORT]), st.integers(1, 3)),
    st.tuples(st.just("dequeue"), st.sampled_from(CONTACTS)),
    st.tuples(st.just("answer"), st.sampled_from([Accept, Accept, Reject]), st.integers(0, 7)),
    st.tuples(st.just("work"), st.sampled_from([Leave, Clear]), st.integers(0, 7)),
    st.tuples(st.just("status"), st.sampled_from(AGENTS), st.sampled_from(["Available", "Offline", "Lunch"])),
    st.tuples(st.just("wait"), st.sampled_from([1, 5_000, 20_000])),
)


class Ledger:
    """What must be so, kept by hand beside the machine."""

    def __init__(self) -> None:
        profile = routes(QueueRoute(SALES, 2), QueueRoute(SUPPORT, 1), VOICE=1)
        self.routing = centre(ann=profile, bob=profile, cat=profile)
        self.now_ms = 0
        self.waiting: dict[str, tuple[str, int, int]] = {}
        self.offered: dict[str, str] = {}
        self.active: dict[str, str] = {}
        self.used: set[str] = set()
        for name in AGENTS:
            self.happen(SignIn(0, name))

    def do(self, word: str, *values: Any) -> None:
        self.now_ms += 1
        made = getattr(self, word)(*values)
        if made is not None:
            self.happen(made)

    def enqueue(self, contact: str, queue: str, priority: int) -> Enqueue | None:
        return None if contact in self.used else Enqueue(self.now_ms, contact, queue, priority=priority)

    def dequeue(self, contact: str) -> Dequeue:
        for held in (self.waiting, self.offered, self.active):
            held.pop(contact, None)
        return Dequeue(self.now_ms, contact)

    def answer(self, kind: Any, count: int) -> Any:
        contact = sorted(self.offered)[count % len(self.offered)] if self.offered else None
        return None if contact is None else kind(self.now_ms, contact, self.offered[contact])

    def work(self, kind: Any, count: int) -> Any:
        contact = sorted(self.active)[count % len(self.active)] if self.active else None
        if contact is None:
            return None
        agent = self.active.pop(contact) if kind is Clear else self.active[contact]
        return kind(self.now_ms, contact, agent)

    def status(self, agent: str, status: str) -> Status:
        return Status(self.now_ms, agent, status)

    def wait(self, after_ms: int) -> Wake:
        self.now_ms += after_ms
        return Wake(self.now_ms)

    def happen(self, event: Any) -> None:
        for notice in self.routing.happen(event):
            match notice:
                case Queued(contact):
                    self.waiting[contact] = (event.queue, event.priority, self.now_ms)
                    self.used.add(contact)
                    assert sum(1 for queue, _, _ in self.waiting.values() if queue == SALES) <= 2, "over capacity"
                case Offered(contact, agent, _):
                    self.check_offer(contact, agent)
                    self.offered[contact] = agent
                case Declined(contact, agent, _):
                    assert self.offered.pop(contact) == agent
                case Joined(contact, agent):
                    assert self.offered.pop(contact) == agent
                    del self.waiting[contact]
                    self.active[contact] = agent
                case Refused():
                    assert event.queue == SALES

    def check_offer(self, contact: str, agent: str) -> None:
        assert contact in self.waiting, "offered who does not wait"
        assert contact not in self.offered, "offered twice"
        assert agent not in (*self.offered.values(), *self.active.values()), "an agent has two"
        queue, *place = self.waiting[contact]
        others = [each[1:] for name, each in self.waiting.items() if name not in self.offered and each[0] == queue]
        assert tuple(place) == min(others), "out of order"


@settings(max_examples=400, deadline=None)
@given(st.lists(EVENTS, max_size=60))
def test_no_contact_is_lost_or_served_twice_whatever_happens(happenings: list[Any]) -> None:
    ledger = Ledger()
    for word, *values in happenings:
        ledger.do(word, *values)
    sizes = [ledger.routing.metrics(queue, "", None, "", ledger.now_ms)["Size"] for queue in (SALES, SUPPORT)]
    assert sum(sizes) == len(ledger.waiting), "a contact is lost"


def test_equal_events_have_equal_notices() -> None:
    events = [SignIn(0, "ann"), SignIn(0, "bob"), *(Enqueue(n, f"c{n}", SUPPORT) for n in range(5)), Wake(OFFER_MS)]
    first, again = Routing(Instance()), Routing(Instance())
    assert [first.happen(each) for each in events] == [again.happen(each) for each in events]


def test_a_contact_in_an_agent_s_own_queue_waits_until_the_agent_is_free() -> None:
    routing = Routing(Instance())
    routing.happen(SignIn(0, "ann"))
    routing.happen(Take(0, "x", "ann"))
    routing.happen(Enqueue(1, "own", "ann", agent="ann"))
    routing.happen(Leave(2, "x", "ann"))
    assert offers(routing.happen(Clear(3, "x", "ann"))) == [("own", "ann")]
    assert routing.happen(Leave(4, "nothing", "ann")) == routing.happen(Clear(4, "nothing", "ann")) == []


def test_the_place_is_kept_among_those_of_the_same_age() -> None:
    routing = Routing(Instance())
    routing.happen(SignIn(0, "ann"))
    for contact in "abc":
        routing.happen(Enqueue(0, contact, SUPPORT))
    routing.happen(Reject(1, "a", "ann"))
    assert [routing.metrics(SUPPORT, "", None, each, 1)["PositionInQueue"] for each in "abc"] == [1, 2, 3]
    assert offers(routing.happen(SignIn(2, "bob"))) == [("a", "bob")]


def test_who_signs_in_again_keeps_what_they_have() -> None:
    routing = Routing(Instance())
    routing.happen(SignIn(0, "ann"))
    routing.happen(Enqueue(0, "a", SUPPORT))
    assert routing.happen(SignIn(1, "ann")) == []
    assert routing.happen(Enqueue(1, "b", SUPPORT)) == [Queued("b")]
    assert routing.happen(Wake(OFFER_MS)) == [Declined("a", "ann", "missed")]


def test_nothing_follows_from_what_agents_do_who_are_not_there() -> None:
    routing = Routing(Instance())
    routing.happen(Enqueue(0, "a", SUPPORT))
    for event in (Status(1, "x", "Available"), Take(1, "t", "x"), Accept(1, "a", "x"), Reject(1, "a", "x"),
                  Leave(1, "a", "x"), Clear(1, "a", "x")):  # fmt: skip
        assert routing.happen(event) == []
    assert offers(routing.happen(SignIn(2, "ann"))) == [("a", "ann")]


def test_a_contact_waits_in_one_queue_at_most() -> None:
    routing = Routing(Instance())
    routing.happen(Enqueue(0, "a", SUPPORT))
    assert routing.happen(Enqueue(1, "a", SALES)) == [Refused("a", "queued")]
    assert routing.metrics(SALES, "", None, "", 1)["Size"] == 0


def test_who_takes_a_contact_by_hand_takes_it_out_of_its_queue_unless_it_is_offered() -> None:
    routing = Routing(Instance())
    routing.happen(Enqueue(0, "a", SUPPORT))
    routing.happen(SignIn(1, "bob", "Lunch"))
    routing.happen(Take(2, "a", "bob"))
    routing.happen(Take(2, "a", "bob"))
    routing.happen(SignIn(3, "ann"))
    assert routing.metrics(SUPPORT, "", None, "", 3)["Size"] == 0
    assert offers(routing.happen(Enqueue(4, "b", SUPPORT))) == [("b", "ann")]
    routing.happen(Take(5, "b", "bob"))
    assert routing.happen(Accept(6, "b", "ann")) == [Joined("b", "ann")]


def test_after_contact_work_goes_on_when_the_contact_is_gone() -> None:
    routing = Routing(Instance())
    routing.happen(SignIn(0, "ann"))
    routing.happen(Take(0, "x", "ann"))
    routing.happen(Leave(1, "x", "ann"))
    routing.happen(Enqueue(2, "a", SUPPORT))
    assert routing.happen(Dequeue(3, "x")) == []
    assert offers(routing.happen(Clear(4, "x", "ann"))) == [("a", "ann")]


def test_all_who_have_a_contact_that_is_gone_are_free() -> None:
    routing = Routing(Instance())
    for name in ("ann", "bob"):
        routing.happen(SignIn(0, name))
        routing.happen(Take(0, "x", name))
    for contact in "ab":
        routing.happen(Enqueue(1, contact, SUPPORT))
    assert offers(routing.happen(Dequeue(2, "x"))) == [("a", "ann"), ("b", "bob")]


def test_an_agent_s_own_queue_takes_ten_contacts_whatever_is_set() -> None:
    routing = centre()
    for number in range(10):
        assert routing.happen(Enqueue(0, str(number), SALES, agent="ann")) == [Queued(str(number))]
    assert routing.happen(Enqueue(0, "late", SALES, agent="ann")) == [Refused("late", "full")]
    assert routing.happen(Enqueue(0, "other", SALES, agent="bob")) == [Queued("other")]
    routing.happen(Dequeue(1, "3"))
    assert routing.happen(Enqueue(2, "late", SALES, agent="ann")) == [Queued("late")]


def test_an_agent_s_own_contact_makes_no_room_in_a_queue() -> None:
    routing = centre()
    for contact in "ab":
        routing.happen(Enqueue(0, contact, SALES))
    routing.happen(Enqueue(0, "own", SALES, agent="ann"))
    routing.happen(Dequeue(1, "own"))
    assert routing.happen(Enqueue(2, "c", SALES)) == [Refused("c", "full")]


def test_what_is_on_offer_is_nothing_to_clear() -> None:
    routing = Routing(Instance())
    routing.happen(SignIn(0, "ann"))
    routing.happen(Enqueue(0, "a", SUPPORT))
    assert routing.happen(Leave(1, "a", "ann")) == routing.happen(Clear(1, "a", "ann")) == []
    assert routing.happen(Accept(2, "a", "ann")) == [Joined("a", "ann")]


def test_a_callback_is_counted_once_its_delay_is_over_but_has_a_place_before() -> None:
    routing = centre()
    routing.happen(Enqueue(0, "a", SALES, not_before_ms=99_000))
    routing.happen(Enqueue(0, "b", SALES, not_before_ms=99_000))
    assert routing.happen(Enqueue(1, "c", SALES)) == [Refused("c", "full")]
    early = routing.metrics(SALES, "", None, "a", 50_000)
    assert (early["Size"], early["OldestContactAge"], early["PositionInQueue"]) == (0, None, None)
    routing.happen(Change(10_000, "b", priority=1))
    routing.happen(Dequeue(60_000, "a"))
    routing.happen(Wake(10_000 + CHANGE_MS))
    routing.happen(Wake(99_000))
    late = routing.metrics(SALES, "", None, "b", 120_000)
    assert (late["Size"], late["OldestContactAge"], late["PositionInQueue"]) == (1, 21, 1)


def test_a_delay_can_be_for_one_channel_alone() -> None:
    calls, chats = QueueRoute(SALES, channels=("VOICE",)), QueueRoute(SALES, delay_ms=30_000, channels=("CHAT",))
    routing = centre(ann=routes(chats, calls, VOICE=1, CHAT=1))
    routing.happen(SignIn(0, "ann"))
    assert offers(routing.happen(Enqueue(0, "chat", SALES, "CHAT"))) == []
    assert offers(routing.happen(Enqueue(0, "call", SALES))) == [("call", "ann")]


def test_of_two_profiles_one_waits_longer() -> None:
    routing = centre(ann=routes(QueueRoute(SALES, delay_ms=25_000)), bob=routes(QueueRoute(SALES, delay_ms=10_000)))
    for name in ("ann", "bob"):
        routing.happen(SignIn(0, name))
    for contact in "ab":
        routing.happen(Enqueue(0, contact, SALES))
    assert offers(routing.happen(Wake(10_000))) == [("a", "bob")]
    assert offers(routing.happen(Wake(25_000))) == [("b", "ann")]


def test_an_agent_has_contacts_of_several_channels_where_the_profile_says_so() -> None:
    """Which channels let others come beside them (channels-and-concurrency.html)."""
    profile = RoutingProfile("p", (QueueRoute(SUPPORT),), {"VOICE": 1, "CHAT": 2}, cross_channel=("CHAT",))
    routing = centre(ann=profile)
    routing.happen(SignIn(0, "ann"))
    chat = offers(routing.happen(Enqueue(0, "chat", SUPPORT, "CHAT")))
    call = offers(routing.happen(Enqueue(1, "call", SUPPORT)))
    assert chat + call == [("chat", "ann"), ("call", "ann")]
    assert offers(routing.happen(Enqueue(2, "more", SUPPORT, "CHAT"))) == [], "nothing beside a call"


def test_one_call_at_a_time_whatever_the_profile_says() -> None:
    routing = centre(ann=routes(QueueRoute(SUPPORT), VOICE=3))
    routing.happen(SignIn(0, "ann"))
    assert len([each for n in range(3) for each in offers(routing.happen(Enqueue(n, f"c{n}", SUPPORT)))]) == 1


def test_a_queue_and_an_agent_of_one_name_are_apart() -> None:
    routing = Routing(Instance(queues={"ann": QueueSettings("ann", max_contacts=1)}))
    routing.happen(Enqueue(0, "own", "ann", agent="ann"))
    assert routing.happen(Enqueue(1, "a", "ann")) == [Queued("a")]
    assert routing.metrics("ann", "", None, "", 1)["Size"] == routing.metrics("", "ann", None, "", 1)["Size"] == 1


def test_a_wake_for_a_contact_that_is_gone_is_not_due() -> None:
    routing = Routing(Instance())
    routing.happen(SignIn(0, "ann"))
    routing.happen(Enqueue(0, "a", SUPPORT, criteria=({**NORWEGIAN, "Expiry": {"DurationInSeconds": 30}},)))
    assert routing.next_ms == 30_000
    routing.happen(Dequeue(1, "a"))
    assert routing.next_ms is None


def test_a_change_counts_while_the_contact_is_offered() -> None:
    routing = Routing(Instance())
    for contact in "ab":
        routing.happen(Enqueue(0, contact, SUPPORT))
    routing.happen(Change(1, "b", priority=1))
    routing.happen(SignIn(CHANGE_MS, "ann"))
    routing.happen(Reject(CHANGE_MS, "a", "ann"))
    routing.happen(SignIn(CHANGE_MS, "bob"))
    routing.happen(Wake(CHANGE_MS + 1))
    routing.happen(Reject(CHANGE_MS + 2, "a", "bob"))
    assert offers(routing.happen(Status(CHANGE_MS + 3, "ann", "Available"))) == [("b", "ann")]


def test_what_is_replaced_may_be_gone_already() -> None:
    assert Routing(Instance()).happen(Enqueue(0, "b", SUPPORT, replaces="a")) == [Queued("b")]


def test_a_contact_that_waits_for_another_agent_does_not_hold_up_those_behind_it() -> None:
    ola = AgentSettings("ola", proficiencies={"Language": {"Norwegian": 4}})
    routing = Routing(Instance(agents={"ola": ola}))
    routing.happen(Enqueue(0, "a", SUPPORT, criteria=(NORWEGIAN,)))
    routing.happen(Enqueue(1, "b", SUPPORT))
    assert offers(routing.happen(SignIn(2, "ann"))) == [("b", "ann")]
    assert offers(routing.happen(SignIn(3, "ola"))) == [("a", "ola")]


def test_chats_go_to_one_agent_after_the_other() -> None:
    """Whoever was given a contact goes to the end of the list, although there is room for more (about-routing.html)."""
    routing = centre(ann=routes(QueueRoute(SUPPORT), CHAT=2), bob=routes(QueueRoute(SUPPORT), CHAT=2))
    for name in ("ann", "bob"):
        routing.happen(SignIn(0, name))
    asked = [offers(routing.happen(Enqueue(n, f"c{n}", SUPPORT, "CHAT"))) for n in range(1, 6)]
    assert asked == [[("c1", "ann")], [("c2", "bob")], [("c3", "ann")], [("c4", "bob")], []]


def test_who_is_at_lunch_is_not_free_at_once() -> None:
    routing = Routing(Instance())
    routing.happen(SignIn(0, "ann", "Lunch"))
    assert routing.happen(Enqueue(1, "a", "ann", agent="ann", at_once=True)) == [Refused("a", "busy")]
