"""Who gets which contact: queues and agents as a machine of their own.

`Routing.happen(event)` gives notices; no clock, chance or I/O. Unlike a contact it is one object that changes: a
hundred thousand contacts may wait, and no event may cost more for it (see core.waiting). What it holds follows from the
contacts that wait and the agents who work, so it is built anew from them.

Rules (adminguide/about-routing.html, concepts-routing-profiles-priority.html, about-routing-criteria.html;
spec/flow-types.md section 4): in a queue the lower priority number goes first, then who waits longer; among the queues
of a routing profile the profile's priority goes first; a queue's delay is for how long its contacts are not for agents
of this profile. Of the agents who are free the one gets the contact who was last given one, or came back, longest ago;
then the lesser name (ours). An offer stands for about 20 seconds; who misses or rejects one is asked again only after
going back to Available. A contact in an agent's own queue is for that agent alone, goes first and has no delay
(concepts-queues-standard-and-agent.html). A callback is in its queue once its delay is over
(queued-callback-example.html); until then it has a place there, but is not counted (that it has one is ours).
What agents do who have not signed in changes nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from heapq import heappop, heappush
from itertools import count
from typing import Any

from offhook.core.staffing import DECLINED, MISSED, OFFLINE, PLAIN, REJECTED, Agent, counted, serves, slots
from offhook.core.waiting import Line, Place, Row, Waiting
from offhook.model.instance import AgentSettings, Instance, QueueRoute
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
MAX_OF_AGENT = 10  # adminguide/set-maximum-queue-limit.html: in an agent's own queue
CHANGE_MS = 60_000  # APIReference/contact-actions-updatecontactroutingbehavior.html: at least a minute
Happen = Callable[[Waiting, int], Iterable[Notice]]


class Routing:
    """See the module. Queues and agents go by their names."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._waiting: dict[str, Waiting] = {}
        self._queues: dict[str, dict[str, Line]] = defaultdict(dict)
        self._own: dict[str, dict[str, Line]] = defaultdict(dict)
        self._sizes: dict[tuple[str, str], int] = defaultdict(int)
        self._agents: dict[str, Agent] = {}
        self._ready: Row[tuple[int, str]] = Row()
        self._holders: dict[str, list[Agent]] = {}
        self._due: list[tuple[int, int, Waiting, Happen]] = []
        self._moved: list[Waiting] = []
        self._count = count(1)
        self._delays = _delays(instance)

    def adopt(self, instance: Instance) -> None:
        """The instance is configured otherwise from now on. Who waits keeps the place and the delays it came with."""
        self._instance = instance
        self._delays = _delays(instance)
        for name, agent in self._agents.items():
            settings = instance.agents.get(name) or AgentSettings(name)
            agent.adopt(settings, instance.routing_profiles.get(settings.routing_profile, PLAIN))

    def has_declined(self, agent: str) -> bool:
        """Whether the agent is not asked any more since an offer was missed or rejected."""
        return agent in self._agents and self._agents[agent].status in DECLINED

    def slots_of(self, agent: str) -> dict[str, tuple[int, int, int]]:
        """Of each channel, how many contacts more the agent may be given, may have, and has."""
        found = self._agents.get(agent)
        return {} if found is None else {name: found.slots(name) for name in found.profile.concurrency}

    @property
    def next_ms(self) -> int | None:
        """When the next Wake is due, None for never."""
        while self._due and not self._is_there(self._due[0][2]):
            heappop(self._due)
        return self._due[0][0] if self._due else None

    def happen(self, event: Any) -> list[Notice]:
        """What follows from the event, in order."""
        notices = list(_HAPPEN[type(event)](self, event))
        # only now: of those who may be offered since the same moment, the first in order goes first
        moved, self._moved = self._moved, []
        for waiting in moved:
            notices += self._match(waiting, event.at_ms)
        return notices

    def is_offered(self, contact: str) -> bool:
        waiting = self._waiting.get(contact)
        return waiting is not None and bool(waiting.offered)

    def channel_of(self, contact: str) -> str:
        """The channel of a contact that waits or that somebody has, empty where neither is so."""
        waiting = self._waiting.get(contact)
        if waiting is not None:
            return waiting.order.channel
        return next((agent.contacts[contact][0] for agent in self._holders.get(contact, ())), "")

    # --- contacts ---

    def _enqueue(self, event: Enqueue) -> Iterator[Notice]:
        reason = self._refusal(event)
        if reason:
            yield Refused(event.contact, reason)
            return
        self._remove(event.replaces)
        waiting = self._waiting[event.contact] = Waiting(event, next(self._count))
        self._sizes[_queue_of(event)] += 1
        yield Queued(event.contact)
        if event.not_before_ms > event.at_ms:
            self._at(event.not_before_ms, waiting, self._arrive)
        else:
            self._arrive(waiting, event.at_ms)

    def _refusal(self, event: Enqueue) -> str:
        """Why the contact may not have its place. A queue's own limit is for all that are in it, of any channel, and
        callbacks count, too (adminguide/set-maximum-queue-limit.html).
        """
        if event.contact in self._waiting:
            return "queued"
        if self.is_offered(event.replaces):
            return "offered"
        if event.at_once:
            agent = self._agents.get(event.agent)
            return "" if agent is not None and agent.takes(event.channel) else "busy"
        settings = self._instance.queues.get(event.queue)
        limit = settings.max_contacts if settings is not None else None
        if event.agent:
            limit = MAX_OF_AGENT
        return "full" if limit is not None and self._sizes[_queue_of(event)] >= limit else ""

    def _arrive(self, waiting: Waiting, now_ms: int) -> Iterable[Notice]:
        """It is in its queue from now on."""
        order = waiting.order
        lines = self._own[order.agent] if order.agent else self._queues[order.queue]
        if order.channel not in lines:
            delays = () if order.agent else sorted(self._delays.get(order.queue, ()))
            lines[order.channel] = Line(delays)
        waiting.arrive(lines[order.channel])
        return self._await(waiting, now_ms)

    def _await(self, waiting: Waiting, now_ms: int) -> Iterable[Notice]:
        """It is where it must be now, and will be at every moment that changes that."""
        for at_ms in waiting.moments():
            self._at(at_ms, waiting, self._stand)
        return self._stand(waiting, now_ms)

    def _stand(self, waiting: Waiting, now_ms: int) -> Iterable[Notice]:
        """It is open to other agents now, or to some again."""
        waiting.stand(now_ms)
        self._moved.append(waiting)
        return ()

    def _dequeue(self, event: Dequeue) -> Iterator[Notice]:
        self._remove(event.contact)
        for agent in tuple(self._holders.get(event.contact, ())):
            if agent.state(event.contact) != "after":
                self._drop(agent, event.contact, event.at_ms)
                yield from self._feed(agent, event.at_ms)

    def _remove(self, contact: str) -> None:
        waiting = self._waiting.pop(contact, None)
        if waiting is not None:
            waiting.leave()
            self._sizes[_queue_of(waiting.order)] -= 1

    def _change(self, event: Change) -> Iterator[Notice]:
        waiting = self._waiting.get(event.contact)
        if waiting is None:
            return
        if event.priority is not None or event.age_ms is not None:
            self._at(event.at_ms + CHANGE_MS, waiting, lambda waiting, now_ms: self._changed(waiting, event, now_ms))
        if event.criteria is not None:
            waiting.adopt(event.criteria, event.at_ms)
            yield from self._await(waiting, event.at_ms)
        agent = self._agents.get(event.agent)
        if agent is None or waiting.gate is None:
            return
        if event.regardless or agent.takes(waiting.order.channel):
            yield self._offer(waiting, agent, event.at_ms)

    def _changed(self, waiting: Waiting, event: Change, now_ms: int) -> Iterable[Notice]:
        waiting.move(event.priority, event.age_ms or 0)
        return self._stand(waiting, now_ms)

    # --- agents ---

    def _sign_in(self, event: SignIn) -> Iterator[Notice]:
        if event.agent not in self._agents:
            settings = self._instance.agents.get(event.agent) or AgentSettings(event.agent)
            profile = self._instance.routing_profiles.get(settings.routing_profile, PLAIN)
            self._agents[event.agent] = Agent(settings, profile, OFFLINE, event.at_ms)
        yield from self._status(Status(event.at_ms, event.agent, event.status))

    def _status(self, event: Status) -> Iterator[Notice]:
        agent = self._agents.get(event.agent)
        if agent is not None:
            is_back = event.status == AVAILABLE and agent.status != AVAILABLE
            agent.status = event.status
            self._turn(agent, event.at_ms if is_back else agent.free_since_ms)
            yield from self._feed(agent, event.at_ms)

    def _accept(self, event: Accept) -> Iterator[Notice]:
        waiting = self._waiting.get(event.contact)
        if waiting is not None and waiting.offered == event.agent:
            self._remove(event.contact)
            self._agents[event.agent].contacts[event.contact] = (waiting.order.channel, "active")
            yield Joined(event.contact, event.agent)

    def _reject(self, event: Reject) -> Iterator[Notice]:
        waiting = self._waiting.get(event.contact)
        if waiting is not None and waiting.offered == event.agent:
            yield from self._decline(waiting, event.at_ms, REJECTED)

    def _decline(self, waiting: Waiting, now_ms: int, status: str) -> Iterator[Notice]:
        """The offer is over and the contact is where it was; the agent has to come back to Available."""
        agent, waiting.offered = self._agents[waiting.offered], ""
        if agent.status == AVAILABLE:
            agent.status = status
        self._drop(agent, waiting.order.contact, now_ms)
        yield Declined(waiting.order.contact, agent.settings.name, status.lower())
        self._stand(waiting, now_ms)

    def _take(self, event: Take) -> Iterator[Notice]:
        agent = self._agents.get(event.agent)
        if agent is not None and not agent.state(event.contact) and not self.is_offered(event.contact):
            self._remove(event.contact)
            self._hold(agent, event.contact, (event.channel, "active"), event.at_ms)
        yield from ()

    def _leave(self, event: Leave) -> Iterator[Notice]:
        agent = self._agents.get(event.agent)
        if agent is not None and agent.state(event.contact) == "active":
            agent.contacts[event.contact] = (agent.contacts[event.contact][0], "after")
        yield from ()

    def _clear(self, event: Clear) -> Iterator[Notice]:
        agent = self._agents.get(event.agent)
        if agent is not None and agent.state(event.contact) in ("active", "after"):
            self._drop(agent, event.contact, event.at_ms)
            yield from self._feed(agent, event.at_ms)

    def _hold(self, agent: Agent, contact: str, state: tuple[str, str], now_ms: int) -> None:
        """The agent has the contact."""
        agent.contacts[contact] = state
        self._holders.setdefault(contact, []).append(agent)
        self._turn(agent, now_ms)

    def _drop(self, agent: Agent, contact: str, now_ms: int) -> None:
        """The agent has it no more."""
        del agent.contacts[contact]
        self._holders[contact].remove(agent)
        if not self._holders[contact]:
            del self._holders[contact]
        self._turn(agent, now_ms)

    def _turn(self, agent: Agent, free_since_ms: int) -> None:
        """Who was given a contact, or has done with one, goes behind all who are ready; who may have none is not."""
        if agent.turn is not None:
            self._ready.remove(agent.turn)
        agent.free_since_ms = free_since_ms
        agent.turn = (free_since_ms, agent.settings.name) if any(agent.channels()) else None
        if agent.turn is not None:
            self._ready.add(agent.turn)

    # --- who gets what ---

    def _match(self, waiting: Waiting, now_ms: int) -> Iterator[Notice]:
        """Let agents who may have the contact choose, whoever has been free for longest first, until one has it."""
        while (agent := self._free_for(waiting)) is not None:
            yield from self._feed(agent, now_ms)

    def _free_for(self, waiting: Waiting) -> Agent | None:
        order, gate = waiting.order, waiting.gate
        for _, name in self._ready if gate is not None else ():
            agent = self._agents[name]
            route = _OWN if order.agent == name else agent.route(order.queue, order.channel)
            if route is None or order.agent not in ("", name) or not agent.takes(order.channel):
                continue
            if gate is not None and gate.is_open(route.delay_ms, agent.settings.proficiencies, name):
                return agent
        return None

    def _feed(self, agent: Agent, now_ms: int) -> Iterator[Notice]:
        """Offer the agent whatever is for them, as much as they may have."""
        while (place := self._next_for(agent)) is not None:
            yield self._offer(self._waiting[place[3]], agent, now_ms)

    def _next_for(self, agent: Agent) -> Place | None:
        """Who goes first of all whom the agent may have now."""
        name, levels = agent.settings.name, agent.settings.proficiencies
        found: list[tuple[int, Place]] = []
        for channel in agent.channels():
            for route, line in self._lines(agent, channel):
                place = line.first(route.delay_ms, levels, name)
                if place is not None:
                    found.append((route.priority, place))
        return min(found)[1] if found else None

    def _lines(self, agent: Agent, channel: str) -> Iterator[tuple[QueueRoute, Line]]:
        """Where contacts for the agent may wait: the agent's own queue, and those of the profile."""
        own = self._own.get(agent.settings.name, {}).get(channel)
        if own is not None:
            yield _OWN, own
        for queue in self._queues if agent.profile is PLAIN else agent.queues(channel):
            line, route = self._queues.get(queue, {}).get(channel), agent.route(queue, channel)
            if line is not None and route is not None:
                yield route, line

    def _offer(self, waiting: Waiting, agent: Agent, now_ms: int) -> Notice:
        order, name = waiting.order, agent.settings.name
        waiting.withdraw()
        waiting.offered, waiting.until_ms = name, now_ms + OFFER_MS
        self._hold(agent, order.contact, (order.channel, "offered"), now_ms)
        self._at(waiting.until_ms, waiting, self._expire)
        return Offered(order.contact, name, waiting.until_ms)

    def _expire(self, waiting: Waiting, now_ms: int) -> Iterator[Notice]:
        if waiting.offered and waiting.until_ms <= now_ms:
            yield from self._decline(waiting, now_ms, MISSED)

    # --- time ---

    def _at(self, at_ms: int, waiting: Waiting, happen: Happen) -> None:
        """Let something happen to the contact, if it still waits then."""
        heappush(self._due, (at_ms, next(self._count), waiting, happen))

    def _wake(self, event: Wake) -> Iterator[Notice]:
        while self._due and self._due[0][0] <= event.at_ms:
            _, _, waiting, happen = heappop(self._due)
            if self._is_there(waiting):
                yield from happen(waiting, event.at_ms)

    def _is_there(self, waiting: Waiting) -> bool:
        return self._waiting.get(waiting.order.contact) is waiting

    # --- what is counted ---

    def metrics(self, queue: str, agent: str, channel: str | None, contact: str, now_ms: int) -> dict[str, Any]:
        """Numbers of a queue, or of one agent: see core.metric. Of one channel, or (None) of all."""
        serving = [
            each for name, each in self._agents.items() if (name == agent if agent else serves(each.profile, queue))
        ]
        found = self._own.get(agent, {}) if agent else self._queues.get(queue, {})
        lines = [line for each, line in found.items() if channel in (None, each)]
        its = self._waiting.get(contact)
        return {
            **counted(serving, channel),
            "Name": agent or queue,
            "Size": sum(len(line.arrivals) for line in lines),
            "OldestContactAge": _oldest_seconds(lines, now_ms),
            "PositionInQueue": its.line.places.before(its.place) + 1 if its is not None and its.line else None,
        }

    def totals(
        self, queues: Collection[str], profiles: Collection[str], channel: str | None, now_ms: int
    ) -> dict[str, Any]:
        """The same over several queues, where every agent counts once; with slots, and `Scheduled`: callbacks to come.

        `profiles`: agents of these alone, where any are named.
        """
        serving = [
            each
            for each in self._agents.values()
            if any(serves(each.profile, queue) for queue in queues) and (not profiles or each.profile.name in profiles)
        ]
        found = [(each, line) for queue in queues for each, line in self._queues.get(queue, {}).items()]
        lines = [line for each, line in found if channel in (None, each)]
        arrived = sum(len(line.arrivals) for _, line in found)
        return {
            **counted(serving, channel),
            **slots(serving, channel),
            "Size": sum(len(line.arrivals) for line in lines),
            "Scheduled": sum(self._sizes[queue, ""] for queue in queues) - arrived if channel in (None, "VOICE") else 0,
            "OldestContactAge": _oldest_seconds(lines, now_ms),
        }


def _oldest_seconds(lines: Iterable[Line], now_ms: int) -> int | None:
    """How long whoever has waited longest in these has waited; None where nobody waits."""
    entered = [next(iter(line.arrivals.values())).entered_ms for line in lines if line.arrivals]
    return (now_ms - min(entered)) // 1_000 if entered else None


def _delays(instance: Instance) -> dict[str, set[int]]:
    """The delays that routing profiles give each queue, in ms."""
    found: dict[str, set[int]] = defaultdict(set)
    for profile in instance.routing_profiles.values():
        for route in profile.queues:
            found[route.queue].add(route.delay_ms)
    return found


def _queue_of(order: Enqueue) -> tuple[str, str]:
    """The queue by its name, or an agent's own by the agent's."""
    return ("", order.agent) if order.agent else (order.queue, "")


_OWN = QueueRoute("", priority=0)  # before every queue of a profile
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
