"""Queues and agents of one instance: the routing machine, and what follows for contacts.

Agents are people (or programs) on the other side of an API: they sign in, accept, reject, leave and clear. What the
machine holds is never stored: `rebuild` makes it from contacts and statuses. An offer does not outlive the process that
made it: it counts as missed, and the contact, which kept its place, is offered anew.
"""

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from offhook.core.phases import EXTERNAL, WITHOUT_AGENT
from offhook.core.routing import Routing
from offhook.core.staffing import DECLINED
from offhook.drivers.embedded.cell import Cell
from offhook.model import effect as effects
from offhook.model import event as events
from offhook.model import routing
from offhook.model.contact import Contact
from offhook.model.instance import AgentSettings, Instance

if TYPE_CHECKING:
    from offhook.drivers.embedded.runtime import Runtime


class Floor:
    """`offers`: contact to agent and until when (ms). `after_work`: contact to the agent who is at the work after it.

    `staff`: status and since when (ms), by user name. `declined`: user name to the contact that the agent has missed or
    rejected, which of both, and when (ms); until the agent has another status.
    """

    def __init__(self, runtime: "Runtime", instance: Instance) -> None:
        self.offers: dict[str, tuple[str, int]] = {}
        self.after_work: dict[str, str] = {}
        self.staff: dict[str, tuple[str, int]] = {}
        self.declined: dict[str, tuple[str, str, int]] = {}
        self._runtime = runtime
        self._instance = instance
        self._routing = Routing(instance)
        self._asked: dict[str, tuple[str, str]] = {}
        self._takers: dict[str, str] = {}
        self._joining: dict[str, str] = {}  # who has taken a contact that has not heard of it
        self._wake_ms: int | None = None

    def adopt(self, instance: Instance) -> None:
        """The instance is configured otherwise from now on."""
        self._instance = instance
        self._routing.adopt(instance)

    def rebuild(self, contacts: list[tuple[Contact, str]], staff: Mapping[str, str]) -> None:
        """As it was: `contacts` with the agent who is at the work after each ("" for none), in the order of their age.

        `staff`: user name to status.
        """
        now_ms = self._now_ms
        for agent, status in staff.items():
            self.sign(agent, routing.OFFLINE if status == "" else status)
        for contact, agent in contacts:
            if agent:
                self._happen(routing.Take(now_ms, contact.id, agent, contact.channel))
                self._let_go(contact.id, agent)
            elif contact.agent is not None and contact.phase not in WITHOUT_AGENT:
                self._takers[contact.id] = contact.agent.name
                if contact.initiation_method != EXTERNAL:
                    self._happen(routing.Take(now_ms, contact.id, contact.agent.name, contact.channel))
        for contact, _ in contacts:
            place = contact.place
            if place is None or contact.agent is not None:
                continue
            if place.offered:
                self._runtime.push(contact.id, events.OfferEnded(now_ms, place.offered, "missed"))
            order = self._order(contact.id, place.order)
            self._happen(_aged(order, place.since_ms - contact.age_ms, contact.priority))

    # --- what contacts order ---

    def perform(self, cell: Cell, effect: Any) -> None:
        _PERFORM[type(effect)](self, cell, effect)

    def stepped(self, contact: Contact) -> None:
        """The contact has made a turn: whoever works on it goes on from there, or is free of it."""
        agent = contact.agent if contact.phase not in WITHOUT_AGENT else None
        taker = self._takers.get(contact.id)
        if agent is None and contact.place is None:  # whoever has taken it came and went in this turn, or came too late
            taker = self._joining.pop(contact.id, None) or taker
        if taker is not None and agent is None:
            self._takers.pop(contact.id, None)
            self._let_go(contact.id, taker)
        elif agent is not None and taker != agent.name:
            self._joining.pop(contact.id, None)
            self._takers[contact.id] = agent.name
            if contact.initiation_method != EXTERNAL:  # a call out of a contact that the agent has
                self._happen(routing.Take(self._now_ms, contact.id, agent.name, contact.channel))

    def measure(self, effect: effects.CallService) -> events.ServiceEnded:
        """Metrics of a queue, an agent or a contact, as blocks ask for them (core.metric)."""
        asked = effect.input
        counted = self.metrics(asked["Name"], agent=asked["Agent"], channel=asked["Channel"], contact=asked["Contact"])
        return events.ServiceEnded(self._now_ms, effect.id, output={**counted, "ARN": asked["Queue"] or None})

    def metrics(self, queue: str, *, agent: str = "", channel: str | None = None, contact: str = "") -> dict[str, Any]:
        """Numbers of a queue by its name, or of an agent: see core.metric."""
        return self._routing.metrics(queue, agent, channel, contact, self._now_ms)

    def totals(self, queues: Collection[str], profiles: Collection[str], channel: str | None) -> dict[str, Any]:
        """Numbers over several queues: see Routing.totals."""
        return self._routing.totals(queues, profiles, channel, self._now_ms)

    def slots(self, agent: str) -> dict[str, tuple[int, int, int]]:
        """Of each channel, how many contacts more the agent may be given, may have, and has."""
        return self._routing.slots_of(agent)

    def _enqueue(self, cell: Cell, effect: effects.Enqueue) -> None:
        contact_id = effect.contact_id or cell.id
        self._asked[contact_id] = cell.id, effect.id
        self._happen(self._order(contact_id, effect))

    def _order(self, contact_id: str, effect: effects.Enqueue) -> routing.Enqueue:
        return routing.Enqueue(
            self._now_ms,
            contact_id,
            effect.queue_name,
            effect.channel,
            priority=effect.priority,
            since_ms=(effect.since_ms or self._now_ms) - effect.age_ms,
            agent=effect.agent,
            criteria=effect.criteria,
            not_before_ms=effect.not_before_ms,
            at_once=effect.at_once,
            replaces=effect.replaces,
        )

    def _dequeue(self, cell: Cell, effect: effects.Dequeue) -> None:
        self.offers.pop(cell.id, None)
        self._happen(routing.Dequeue(self._now_ms, cell.id))

    def _change(self, cell: Cell, effect: effects.ChangeRouting) -> None:
        change = routing.Change(self._now_ms, cell.id, effect.priority, effect.age_ms, effect.agent, effect.criteria)
        self._happen(change)

    # --- what agents do ---

    def sign(self, agent: str, status: str) -> None:
        """The agent's status is this now; who was not there comes to work."""
        self.staff[agent] = status, self._now_ms
        self.declined.pop(agent, None)
        self._happen(routing.SignIn(self._now_ms, agent, status))

    def accept(self, contact_id: str, agent: str) -> bool:
        """Whether the contact was on offer to the agent; then the agent has it from now on."""
        if self.offers.get(contact_id, ("", 0))[0] != agent:
            return False
        del self.offers[contact_id]
        self._happen(routing.Accept(self._now_ms, contact_id, agent))
        return True

    def offer(self, contact_id: str, agent: str) -> bool:
        """Offer a contact that waits to this agent, free or not; whether it could be."""
        if contact_id in self.offers:
            return False
        self._happen(routing.Change(self._now_ms, contact_id, agent=agent, regardless=True))
        return contact_id in self.offers

    def assign(self, contact_id: str, agent: str) -> bool:
        """Offer the contact to this agent, and let the agent take it; whether the agent could."""
        self._happen(routing.Change(self._now_ms, contact_id, agent=agent))
        return self.accept(contact_id, agent)

    def reject(self, contact_id: str, agent: str) -> bool:
        if self.offers.get(contact_id, ("", 0))[0] != agent:
            return False
        self._happen(routing.Reject(self._now_ms, contact_id, agent))
        return True

    def clear(self, contact_id: str, agent: str) -> bool:
        """The work after the contact is done; whether the agent was at it."""
        if self.after_work.get(contact_id) != agent:
            return False
        del self.after_work[contact_id]
        self._happen(routing.Clear(self._now_ms, contact_id, agent))
        self._runtime.worked(contact_id)
        return True

    def dismiss(self, contact_id: str, agent: str) -> bool:
        """The agent is done with what has ended, or was missed or rejected, and ready again; whether it was so."""
        if self.declined.get(agent, ("", "", 0))[0] == contact_id:
            if self.staff[agent][0] in DECLINED:
                self.sign(agent, routing.AVAILABLE)
            self.declined.pop(agent, None)
            return True
        return self.clear(contact_id, agent)

    def contacts_of(self, agent: str) -> dict[str, str]:
        """The agent's contacts and where they stand: INCOMING, CONNECTED, MISSED, REJECTED or ENDED (work after it)."""
        offered = {contact: "INCOMING" for contact, (name, _) in self.offers.items() if name == agent}
        talking = {contact: "CONNECTED" for contact, name in self._takers.items() if name == agent}
        after = {contact: "ENDED" for contact, name in self.after_work.items() if name == agent}
        declined = self.declined.get(agent)
        return {**({declined[0]: declined[1]} if declined is not None else {}), **offered, **talking, **after}

    def _let_go(self, contact_id: str, agent: str) -> None:
        """Whoever has the contact is done with it, but for the work after it."""
        self._happen(routing.Leave(self._now_ms, contact_id, agent))
        channel = self._routing.channel_of(contact_id)
        if not channel:  # the agent did not really have it, or is no agent any more
            self._runtime.worked(contact_id)
            return
        self.after_work[contact_id] = agent
        after_ms = self._settings(agent).work_ms.get(channel)
        if after_ms is not None:
            self._runtime.later(after_ms, lambda: self.clear(contact_id, agent))

    def _settings(self, agent: str) -> AgentSettings:
        return self._instance.agents.get(agent) or AgentSettings(agent)

    # --- what routing says ---

    @property
    def _now_ms(self) -> int:
        return self._runtime.now_ms()

    def _happen(self, event: Any) -> None:
        for notice in self._routing.happen(event):
            _NOTICES[type(notice)](self, notice)
        next_ms = self._routing.next_ms
        if next_ms is not None and (self._wake_ms is None or next_ms < self._wake_ms):
            self._wake_ms = next_ms
            self._runtime.later(max(0, next_ms - self._now_ms), self._wake)

    def _wake(self) -> None:
        self._wake_ms = None
        self._happen(routing.Wake(self._now_ms))

    def _queued(self, notice: routing.Queued) -> None:
        if notice.contact in self._asked:
            contact_id, effect_id = self._asked.pop(notice.contact)
            self._runtime.push(contact_id, events.Queued(self._now_ms, effect_id))

    def _refused(self, notice: routing.Refused) -> None:
        if notice.contact in self._asked:
            contact_id, effect_id = self._asked.pop(notice.contact)
            self._runtime.push(contact_id, events.QueueRefused(self._now_ms, effect_id, notice.reason))

    def _offered(self, notice: routing.Offered) -> None:
        contact_id, agent = notice.contact, notice.agent
        self.offers[contact_id] = agent, notice.until_ms
        self._runtime.push(contact_id, events.Offered(self._now_ms, agent))
        if self._routing.channel_of(contact_id) in self._settings(agent).accepts:
            self._runtime.later(0, lambda: self.accept(contact_id, agent))

    def _declined(self, notice: routing.Declined) -> None:
        self.offers.pop(notice.contact, None)
        if self.staff.get(notice.agent, ("", 0))[0] == routing.AVAILABLE:
            self.staff[notice.agent] = notice.by.capitalize(), self._now_ms
        self.declined[notice.agent] = notice.contact, notice.by.upper(), self._now_ms
        self._runtime.push(notice.contact, events.OfferEnded(self._now_ms, notice.agent, notice.by))

    def _joined(self, notice: routing.Joined) -> None:
        self._joining[notice.contact] = notice.agent
        self._runtime.push(notice.contact, events.AgentJoined(self._now_ms, notice.agent))


def _aged(order: routing.Enqueue, since_ms: int, priority: int) -> routing.Enqueue:
    return routing.Enqueue(
        order.at_ms, order.contact, order.queue, order.channel, priority=priority, since_ms=since_ms,
        not_before_ms=order.not_before_ms, agent=order.agent, criteria=order.criteria,
    )  # fmt: skip


_PERFORM: dict[type, Callable[[Floor, Cell, Any], None]] = {
    effects.Enqueue: Floor._enqueue,
    effects.Dequeue: Floor._dequeue,
    effects.ChangeRouting: Floor._change,
}
_NOTICES: dict[type, Callable[[Floor, Any], None]] = {
    routing.Queued: Floor._queued,
    routing.Refused: Floor._refused,
    routing.Offered: Floor._offered,
    routing.Declined: Floor._declined,
    routing.Joined: Floor._joined,
}
