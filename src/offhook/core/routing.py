"""Who gets which contact: queues and agents as a machine of their own.

`Routing.happen(event)` gives notices; no clock, chance or I/O. Unlike a contact it is one object that changes: a
hundred thousand contacts may wait, and no event may cost more for it. What it holds follows from the contacts that
wait and the agents who work, so it is built anew from them.

Rules (adminguide/about-routing.html, concepts-routing-profiles.html, routing-criteria; spec/flow-types.md section 4):
in a queue the lower priority number goes first, then who waits longer; among the queues of a routing profile the
profile's priority goes first; a queue's delay is for how long its contacts are not for agents of this profile. Of the
agents who are free the one gets the contact who has been for longest. An offer stands for about 20 seconds; who misses
or rejects one is asked again only after going back to Available. A contact in an agent's own queue is for that agent
alone, and goes first (ours). One voice contact at a time, and nothing beside it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from itertools import count
from typing import Any

from offhook.core.criteria import fits, step_at
from offhook.core.staffing import MISSED, PLAIN, REJECTED, Agent, counted, rank_of, serves
from offhook.model.instance import AgentSettings, Instance
from offhook.model.routing import (
    AVAILABLE,
    Accept,
    Change,
    Clear,
    Declined,
    Dequeue,
    Enqueue,
    Joined,
    Leave,
    Notice,
    Offered,
    Queued,
    Refused,
    Reject,
    SignIn,
    Status,
    Take,
    Wake,
)

OFFER_MS = 20_000
CHANGE_MS = 60_000  # APIReference/contact-actions-updatecontactroutingbehavior.html: at least a minute


class Waiting:
    """A contact in a queue. `offered` is the agent who is asked, `entry` its newest place in the order."""

    __slots__ = ("entered_ms", "entry", "offered", "order", "priority", "since_ms", "until_ms")

    def __init__(self, order: Enqueue) -> None:
        self.order = order
        self.priority = order.priority
        self.since_ms = order.since_ms or order.at_ms
        self.entered_ms = order.at_ms
        self.offered = ""
        self.until_ms = 0
        self.entry: tuple[int, int, int] = (0, 0, 0)


class Routing:
    """See the module. Queues and agents go by their names."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._waiting: dict[str, Waiting] = {}
        self._agents: dict[str, Agent] = {}
        self._lines: dict[tuple[str, str], list[tuple[tuple[int, int, int], Waiting]]] = defaultdict(list)
        self._own: dict[str, list[tuple[tuple[int, int, int], Waiting]]] = defaultdict(list)
        self._sizes: dict[str, int] = defaultdict(int)
        self._due: list[tuple[int, int, Callable[[int], Iterator[Notice]]]] = []
        self._count = count(1)

    @property
    def next_ms(self) -> int | None:
        """When the next Wake is due."""
        return self._due[0][0] if self._due else None

    def happen(self, event: Any) -> list[Notice]:
        """What follows from the event, in order."""
        return list(_HAPPEN[type(event)](self, event))

    def is_offered(self, contact: str) -> bool:
        waiting = self._waiting.get(contact)
        return waiting is not None and bool(waiting.offered)

    # --- contacts ---

    def _enqueue(self, event: Enqueue) -> Iterator[Notice]:
        reason = self._refusal(event)
        if reason:
            yield Refused(event.contact, reason)
            return
        if event.replaces:
            self._remove(event.replaces)
        waiting = self._waiting[event.contact] = Waiting(event)
        self._sizes[event.queue] += 1
        self._place(waiting)
        yield Queued(event.contact)
        if event.not_before_ms > event.at_ms:
            self._at(event.not_before_ms, lambda now_ms: self._match(waiting, now_ms))
        for after_ms in self._moments(waiting):
            self._at(event.at_ms + after_ms, lambda now_ms: self._match(waiting, now_ms))
        yield from self._match(waiting, event.at_ms)

    def _refusal(self, event: Enqueue) -> str:
        """Why the contact may not have its place; a queue's own limit counts all that wait in it."""
        if event.replaces and self.is_offered(event.replaces):
            return "offered"
        if event.agent:
            agent = self._agents.get(event.agent)
            return "busy" if event.at_once and (agent is None or not agent.takes(event.channel)) else ""
        settings = self._instance.queues.get(event.queue)
        limit = settings.max_contacts if settings is not None else None
        return "full" if limit is not None and self._sizes[event.queue] >= limit else ""

    def _moments(self, waiting: Waiting) -> set[int]:
        """When after its arrival other agents may get it: delays of profiles, ends of criteria's steps."""
        profiles = self._instance.routing_profiles.values()
        delays = {route.delay_ms for each in profiles for route in each.queues if route.queue == waiting.order.queue}
        passed = 0
        for step in waiting.order.criteria:
            passed += int(step.get("Expiry", {}).get("DurationInSeconds", 0)) * 1_000
            delays.add(passed)
        return delays - {0}

    def _place(self, waiting: Waiting) -> None:
        """Put it where its priority and age belong; where it stood before it counts no more."""
        waiting.entry = (waiting.priority, waiting.since_ms, next(self._count))
        order = waiting.order
        line = self._own[order.agent] if order.agent else self._lines[order.queue, order.channel]
        heappush(line, (waiting.entry, waiting))

    def _dequeue(self, event: Dequeue) -> Iterator[Notice]:
        self._remove(event.contact)
        for name, agent in self._agents.items():
            if agent.contacts.pop(event.contact, None) is not None:
                yield from self._free(name, event.at_ms)

    def _remove(self, contact: str) -> None:
        waiting = self._waiting.pop(contact, None)
        if waiting is not None:
            waiting.entry = (0, 0, 0)
            self._sizes[waiting.order.queue] -= 1

    def _change(self, event: Change) -> Iterator[Notice]:
        waiting = self._waiting.get(event.contact)
        if waiting is None:
            return
        if event.priority is not None or event.age_ms is not None:
            self._at(event.at_ms + CHANGE_MS, lambda now_ms: self._changed(waiting, event))
        agent = self._agents.get(event.agent)
        if agent is not None and not waiting.offered and agent.takes(waiting.order.channel):
            yield self._offer(waiting, event.agent, event.at_ms)

    def _changed(self, waiting: Waiting, event: Change) -> Iterator[Notice]:
        if self._waiting.get(event.contact) is waiting:
            waiting.priority = waiting.priority if event.priority is None else event.priority
            waiting.since_ms -= event.age_ms or 0
            self._place(waiting)
        yield from ()

    # --- agents ---

    def _sign_in(self, event: SignIn) -> Iterator[Notice]:
        settings = self._instance.agents.get(event.agent) or AgentSettings(event.agent)
        profile = self._instance.routing_profiles.get(settings.routing_profile, PLAIN)
        self._agents[event.agent] = Agent(settings, profile, event.status, event.at_ms)
        yield from self._feed(event.agent, event.at_ms)

    def _status(self, event: Status) -> Iterator[Notice]:
        agent = self._agents[event.agent]
        if event.status == AVAILABLE and agent.status != AVAILABLE:
            agent.free_since_ms = event.at_ms
        agent.status = event.status
        yield from self._feed(event.agent, event.at_ms)

    def _accept(self, event: Accept) -> Iterator[Notice]:
        waiting = self._waiting.get(event.contact)
        if waiting is None or waiting.offered != event.agent:
            return
        self._remove(event.contact)
        self._agents[event.agent].contacts[event.contact] = (waiting.order.channel, "active")
        yield Joined(event.contact, event.agent)

    def _reject(self, event: Reject) -> Iterator[Notice]:
        waiting = self._waiting.get(event.contact)
        if waiting is not None and waiting.offered == event.agent:
            yield from self._decline(waiting, event.at_ms, REJECTED)

    def _decline(self, waiting: Waiting, now_ms: int, status: str) -> Iterator[Notice]:
        """The offer is over and the contact is where it was; the agent has to come back to Available."""
        name, waiting.offered = waiting.offered, ""
        agent = self._agents[name]
        del agent.contacts[waiting.order.contact]
        if agent.status == AVAILABLE:
            agent.status = status
        self._place(waiting)
        yield Declined(waiting.order.contact, name, status.lower())
        yield from self._match(waiting, now_ms)

    def _take(self, event: Take) -> Iterator[Notice]:
        self._agents[event.agent].contacts[event.contact] = (event.channel, "active")
        yield from ()

    def _leave(self, event: Leave) -> Iterator[Notice]:
        agent = self._agents[event.agent]
        if event.contact in agent.contacts:
            agent.contacts[event.contact] = (agent.contacts[event.contact][0], "after")
        yield from ()

    def _clear(self, event: Clear) -> Iterator[Notice]:
        if self._agents[event.agent].contacts.pop(event.contact, None) is not None:
            yield from self._free(event.agent, event.at_ms)

    def _free(self, name: str, now_ms: int) -> Iterator[Notice]:
        agent = self._agents[name]
        if not agent.contacts:
            agent.free_since_ms = now_ms
        yield from self._feed(name, now_ms)

    # --- who gets what ---

    def _feed(self, name: str, now_ms: int) -> Iterator[Notice]:
        """Offer the agent whatever is for them, as much as they may have."""
        agent = self._agents[name]
        while (waiting := self._next_for(name, agent, now_ms)) is not None:
            yield self._offer(waiting, name, now_ms)

    def _next_for(self, name: str, agent: Agent, now_ms: int) -> Waiting | None:
        if agent.status != AVAILABLE:
            return None
        own = self._first(self._own[name], name, agent, now_ms)
        if own is not None:
            return own
        best: tuple[int, tuple[int, int, int]] | None = None
        found = None
        for (queue, channel), line in self._lines.items():
            rank = rank_of(agent.profile, queue, channel)
            if rank is None or not line or not agent.takes(channel):
                continue
            waiting = self._first(line, name, agent, now_ms)
            if waiting is not None and (best is None or (rank, waiting.entry) < best):
                best, found = (rank, waiting.entry), waiting
        return found

    def _first(self, line: list[Any], name: str, agent: Agent, now_ms: int) -> Waiting | None:
        """The first in the line whom this agent may have; who has left is forgotten."""
        passed, found = [], None
        while line:
            entry, waiting = line[0]
            if entry != waiting.entry or waiting.offered:
                heappop(line)  # an offer that is declined puts it back
            elif self._may(waiting, agent, now_ms):
                found = waiting
                break
            else:
                passed.append(heappop(line))
        for each in passed:
            heappush(line, each)
        return found

    def _may(self, waiting: Waiting, agent: Agent, now_ms: int) -> bool:
        order = waiting.order
        if now_ms < order.not_before_ms or not agent.takes(order.channel):
            return False
        if order.agent:
            return order.agent == agent.settings.name
        waited_ms = now_ms - waiting.entered_ms
        delay_ms = next((route.delay_ms for route in agent.profile.queues if route.queue == order.queue), 0)
        step = step_at(order.criteria, waited_ms)
        return waited_ms >= delay_ms and (step is None or fits(step, agent.settings.proficiencies, agent.settings.name))

    def _match(self, waiting: Waiting, now_ms: int) -> Iterator[Notice]:
        """Offer the contact to the agent who has been free for longest, if any may have it."""
        order = waiting.order
        if self._waiting.get(order.contact) is not waiting or waiting.offered:
            return
        able = [
            (agent.free_since_ms, name)
            for name, agent in self._agents.items()
            if agent.status == AVAILABLE
            and (
                order.agent == name
                or (not order.agent and rank_of(agent.profile, order.queue, order.channel) is not None)
            )
            and self._may(waiting, agent, now_ms)
        ]
        if able:
            yield self._offer(waiting, min(able)[1], now_ms)

    def _offer(self, waiting: Waiting, name: str, now_ms: int) -> Notice:
        order = waiting.order
        waiting.offered, waiting.until_ms = name, now_ms + OFFER_MS
        self._agents[name].contacts[order.contact] = (order.channel, "offered")
        self._at(waiting.until_ms, lambda at_ms: self._expire(waiting, at_ms))
        return Offered(order.contact, name, waiting.until_ms)

    def _expire(self, waiting: Waiting, now_ms: int) -> Iterator[Notice]:
        is_there = self._waiting.get(waiting.order.contact) is waiting
        if is_there and waiting.offered and waiting.until_ms <= now_ms:
            yield from self._decline(waiting, now_ms, MISSED)

    # --- time ---

    def _at(self, at_ms: int, happen: Callable[[int], Iterator[Notice]]) -> None:
        heappush(self._due, (at_ms, next(self._count), happen))

    def _wake(self, event: Wake) -> Iterator[Notice]:
        while self._due and self._due[0][0] <= event.at_ms:
            _, _, happen = heappop(self._due)
            yield from happen(event.at_ms)

    # --- what is counted ---

    def metrics(self, queue: str, agent: str, channel: str | None, contact: str, now_ms: int) -> dict[str, Any]:
        """Numbers of a queue, or of one agent: see core.metrics."""
        serving = [
            each for name, each in self._agents.items() if (name == agent if agent else serves(each.profile, queue))
        ]
        return {
            **counted(serving, channel),
            "Name": agent or queue,
            "Size": self._size(queue, agent, channel),
            "OldestContactAge": self._oldest_s(queue, agent, channel, now_ms),
            "PositionInQueue": self._position(contact),
        }

    def _there(self, queue: str, agent: str, channel: str | None) -> Iterator[Waiting]:
        """Those that wait in a queue, or for an agent."""
        for waiting in self._waiting.values():
            order = waiting.order
            if channel in (None, order.channel) and (order.agent == agent if agent else order.queue == queue):
                yield waiting

    def _size(self, queue: str, agent: str, channel: str | None) -> int:
        if channel is None and not agent:
            return self._sizes[queue]
        return sum(1 for _ in self._there(queue, agent, channel))

    def _oldest_s(self, queue: str, agent: str, channel: str | None, now_ms: int) -> int | None:
        entered = min((each.entered_ms for each in self._there(queue, agent, channel)), default=None)
        return None if entered is None else (now_ms - entered) // 1_000

    def _position(self, contact: str) -> int | None:
        """Which place a contact has in its queue, from 1; None where it is in none."""
        its = self._waiting.get(contact)
        if its is None:
            return None
        return sum(
            1 for each in self._there(its.order.queue, its.order.agent, its.order.channel) if each.entry <= its.entry
        )


_HAPPEN: dict[type, Callable[[Routing, Any], Iterator[Notice]]] = {
    SignIn: Routing._sign_in,
    Status: Routing._status,
    Enqueue: Routing._enqueue,
    Dequeue: Routing._dequeue,
    Change: Routing._change,
    Accept: Routing._accept,
    Reject: Routing._reject,
    Take: Routing._take,
    Leave: Routing._leave,
    Clear: Routing._clear,
    Wake: Routing._wake,
}
