"""Routing against a plain account of the rules: whatever happens, in any order, to agents who differ.

The account below keeps lists and looks at everybody each time; the machine keeps rows and gates and looks at the first.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.core.criteria import fits, step_at
from offhook.core.routing import CHANGE_MS, MAX_OF_AGENT, OFFER_MS, Routing
from offhook.core.waiting import Row
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
LIMIT = 4
CALLS = RoutingProfile("Calls", (QueueRoute(SALES), QueueRoute(SUPPORT, 2, 10_000)), {"VOICE": 1})
CHATS = RoutingProfile("Chats", (QueueRoute(SUPPORT, 1, 0, ("CHAT",)), QueueRoute(SALES, 1, 30_000)), {"CHAT": 2})
MIXED = RoutingProfile("Mixed", (QueueRoute(SUPPORT),), {"VOICE": 1, "CHAT": 2}, cross_channel=("CHAT",))
LEVELS = {"Language": {"Thai": 4.0}}
AGENTS = {
    "ann": AgentSettings("ann", "Calls", proficiencies=LEVELS),
    "bob": AgentSettings("bob", "Chats"),
    "cat": AgentSettings("cat", "Mixed", proficiencies=LEVELS),
    "dan": AgentSettings("dan", "Mixed"),
}
CENTRE = Instance(
    agents=AGENTS,
    routing_profiles={each.name: each for each in (CALLS, CHATS, MIXED)},
    queues={SALES: QueueSettings(SALES, max_contacts=LIMIT)},
)
THAI = {
    "Expression": {"AttributeCondition": {"Name": "Language", "Value": "Thai", "ProficiencyLevel": 3}},
    "Expiry": {"DurationInSeconds": 20},
}
NAMED = {"Expression": {"AttributeCondition": {"MatchCriteria": {"AgentsCriteria": {"AgentIds": ["dan"]}}}}}

contacts = st.sampled_from([f"c{n}" for n in range(12)])
agents = st.sampled_from([*AGENTS, "nobody"])
HAPPENINGS = st.one_of(
    st.builds(
        Enqueue,
        st.just(0),
        contacts,
        st.sampled_from([SALES, SUPPORT]),
        st.sampled_from(["VOICE", "CHAT"]),
        priority=st.integers(1, 3),
        since_ms=st.sampled_from([0, 0, -9_000]),
        not_before_ms=st.sampled_from([0, 0, 0, 40_000]),
        agent=st.sampled_from(["", "", "", "ann", "dan"]),
        criteria=st.sampled_from([(), (), (THAI,), (THAI, NAMED), (NAMED,)]),
        replaces=st.sampled_from(["", "", "c0", "c1"]),
    ),
    st.builds(Dequeue, st.just(0), contacts),
    st.builds(Change, st.just(0), contacts, priority=st.sampled_from([None, 1, 9]), age_ms=st.sampled_from([None, 70])),
    st.builds(Accept, st.just(0), contacts, agents),
    st.builds(Reject, st.just(0), contacts, agents),
    st.builds(Take, st.just(0), st.sampled_from(["c1", "t1", "t2"]), agents, st.sampled_from(["VOICE", "CHAT"])),
    st.builds(Leave, st.just(0), contacts, agents),
    st.builds(Clear, st.just(0), st.one_of(contacts, st.sampled_from(["t1", "t2"])), agents),
    st.builds(SignIn, st.just(0), st.sampled_from([*AGENTS])),
    st.builds(Status, st.just(0), agents, st.sampled_from(["Available", "Available", "Offline", "Lunch"])),
)
DAYS = st.lists(st.tuples(HAPPENINGS, st.sampled_from([0, 1, 1, 4_000, 20_000])), max_size=50)


class Account:
    """The rules, spelled out. `queued`: contact to its order, priority, since when, and number."""

    def __init__(self) -> None:
        self.routing = Routing(CENTRE)
        self.now_ms = 0
        self.queued: dict[str, Any] = {}
        self.offered: dict[str, str] = {}
        self.held: dict[str, dict[str, str]] = {}
        self.status: dict[str, str] = {}
        self.changes: list[tuple[int, int, Change]] = []
        self.number = 0
        self.notices: list[Any] = []

    def happen(self, event: Any) -> None:
        self.before(event)
        for notice in self.routing.happen(event):
            self.notices.append(notice)
            self.follow(notice, event)
        self.after(event)

    def before(self, event: Any) -> None:
        match event:
            case SignIn(_, agent, status):
                self.held.setdefault(agent, {})
                self.status[agent] = status
            case Status(_, agent, status) if agent in self.held:
                self.status[agent] = status
            case Dequeue(_, contact):
                self.queued.pop(contact, None)
                if contact in self.offered:
                    self.held[self.offered.pop(contact)].pop(contact)
                # after-contact work goes on; the account does not tell it apart and lets the machine say
            case Take(_, contact, agent, channel) if agent in self.held and contact not in self.offered:
                if contact not in self.held[agent]:
                    self.queued.pop(contact, None)
                    self.held[agent][contact] = channel
            case Clear(_, contact, agent) if self.offered.get(contact) != agent:
                self.held.get(agent, {}).pop(contact, None)
            case Change(_, contact) if contact in self.queued:
                self.changes.append((self.now_ms + CHANGE_MS, self.queued[contact][3], event))

    def follow(self, notice: Any, event: Any) -> None:
        match notice:
            case Queued(contact):
                self.number += 1
                assert contact not in self.queued
                if event.replaces in self.queued:
                    assert event.replaces not in self.offered, "taken out of its queue while it was offered"
                    del self.queued[event.replaces]
                self.queued[contact] = (event, event.priority, event.since_ms or event.at_ms, self.number)
            case Offered(contact, agent, until_ms):
                assert contact in self.queued and contact not in self.offered
                assert until_ms == self.now_ms + OFFER_MS
                assert self.may(agent, contact), "offered to an agent who may not have it"
                others = [each for each in self.queued if each not in self.offered and self.may(agent, each)]
                assert contact == min(others, key=lambda each: self.rank(agent, each)), "out of order"
                self.offered[contact] = agent
                self.held[agent][contact] = self.queued[contact][0].channel
            case Declined(contact, agent, by):
                assert self.offered.pop(contact) == agent
                del self.held[agent][contact]
                if self.status[agent] == "Available":
                    self.status[agent] = by
            case Joined(contact, agent):
                assert self.offered.pop(contact) == agent
                del self.queued[contact]
            case Refused(contact, reason):
                where = event.agent or event.queue
                size = sum(1 for each in self.queued.values() if (each[0].agent or each[0].queue) == where)
                limits = {SALES: LIMIT, **dict.fromkeys(AGENTS, MAX_OF_AGENT)}
                expected = {"full": size >= limits.get(where, size + 1), "queued": contact in self.queued}
                assert expected.get(reason, event.replaces in self.offered)

    def after(self, event: Any) -> None:
        """What always holds; once the clock was looked at, nobody waits whom an agent could have."""
        in_sales = [each for each in self.queued.values() if (each[0].queue, each[0].agent) == (SALES, "")]
        assert len(in_sales) <= LIMIT
        for contact, agent in self.offered.items():
            assert contact in self.queued and agent in self.held
        if isinstance(event, Wake):
            for agent in self.held:
                able = [each for each in self.queued if each not in self.offered and self.may(agent, each)]
                assert able == [], "an agent could have one who waits"

    def may(self, agent: str, contact: str) -> bool:
        return self.takes(agent, self.queued[contact][0].channel) and self.rank(agent, contact) is not None

    def takes(self, agent: str, channel: str) -> bool:
        profile, held = CENTRE.routing_profiles[AGENTS[agent].routing_profile], [*self.held[agent].values()]
        has_room = held.count(channel) < profile.concurrency.get(channel, 0)
        return self.status[agent] == "Available" and has_room and {*held} <= {channel, *profile.cross_channel}

    def rank(self, agent: str, contact: str) -> Any:
        """Where the contact stands among all that the agent may have now, None where it may not."""
        order, *place = self.queued[contact]
        entered_ms = max(order.at_ms, order.not_before_ms)
        waited_ms = self.now_ms - entered_ms
        if waited_ms < 0 or (order.agent and order.agent != agent):
            return None
        step = step_at(order.criteria, waited_ms)
        if step is not None and not fits(step, AGENTS[agent].proficiencies, agent):
            return None
        if order.agent:
            return (0, *place)
        for route in CENTRE.routing_profiles[AGENTS[agent].routing_profile].queues:
            if route.queue == order.queue and order.channel in (route.channels or (order.channel,)):
                return (route.priority, *place) if waited_ms >= route.delay_ms else None
        return None

    def pass_time(self, after_ms: int) -> None:
        """Wake the machine each time it asks for it, and at the end."""
        end_ms = self.now_ms + after_ms
        while (next_ms := self.routing.next_ms) is not None and next_ms < end_ms:
            self.now_ms = max(self.now_ms, next_ms)
            self.wake()
        self.now_ms = end_ms
        self.wake()

    def wake(self) -> None:
        for change in [each for each in self.changes if each[0] <= self.now_ms]:
            self.changes.remove(change)
            _, number, event = change
            found = self.queued.get(event.contact)
            if found is not None and found[3] == number:
                priority = found[1] if event.priority is None else event.priority
                self.queued[event.contact] = (found[0], priority, found[2] - (event.age_ms or 0), number)
        self.happen(Wake(self.now_ms))


def live(day: list[tuple[Any, int]]) -> Account:
    account = Account()
    for name in AGENTS:
        account.happen(SignIn(0, name))
    for event, after_ms in day:
        account.pass_time(after_ms)
        made = type(event)(account.now_ms, *[getattr(event, name) for name in event.__struct_fields__[1:]])
        is_over = isinstance(made, Dequeue) and any(made.contact in held for held in account.held.values())
        if is_over and made.contact not in account.offered:
            continue
        account.happen(made)
    account.pass_time(0)
    return account


@settings(max_examples=300, deadline=None)
@given(DAYS)
def test_the_machine_keeps_the_rules_whatever_happens(day: list[tuple[Any, int]]) -> None:
    account = live(day)

    for queue in (SALES, SUPPORT):
        there = [each[0] for each in account.queued.values() if (each[0].queue, each[0].agent) == (queue, "")]
        there = [order for order in there if order.not_before_ms <= account.now_ms]
        assert account.routing.metrics(queue, "", None, "", account.now_ms)["Size"] == len(there)
        ages = [(account.now_ms - max(order.at_ms, order.not_before_ms)) // 1_000 for order in there]
        oldest = account.routing.metrics(queue, "", None, "", account.now_ms)["OldestContactAge"]
        assert oldest == max(ages, default=None)


@settings(max_examples=50, deadline=None)
@given(DAYS)
def test_equal_days_have_equal_notices(day: list[tuple[Any, int]]) -> None:
    assert live(day).notices == live(day).notices


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 5_000), max_size=30), st.integers(0, 3_000))
def test_a_row_is_a_sorted_list(removed: list[int], size: int) -> None:
    row: Row[tuple[int]] = Row()
    plain = sorted({(number * 7 % (size or 1),) for number in range(size)})
    for value in plain[::2] + plain[1::2]:
        row.add(value)
    for number in removed:
        if (number,) in plain:
            row.remove((number,))
            plain.remove((number,))

    assert list(row) == plain
    assert row.first() == (plain[0] if plain else None)
    assert all(row.before(value) == place for place, value in list(enumerate(plain))[::37])
