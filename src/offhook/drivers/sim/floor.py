"""Queues and agents of a simulation: the routing machine, and agents who follow scripts.

Nothing here can reach a person or another system: an agent is a script, and a contact is a value in this process.
"""

from collections.abc import Callable, Mapping
from typing import Any

from offhook.core.phases import EXTERNAL, WAITING, WITHOUT_AGENT
from offhook.core.routing import Routing
from offhook.drivers.sim.agent import AgentScript
from offhook.drivers.sim.kin import Driver
from offhook.drivers.sim.life import Life
from offhook.drivers.sim.player import Player
from offhook.model import effect as effects
from offhook.model import event as events
from offhook.model import routing
from offhook.model.instance import Instance

LEFT_IN_QUEUE = "queued"
ASSUMED = {"Online": 1, "Available": 1, "Staffed": 1}
IS_ASSUMED = "No agents are given, so one who is free is assumed."


class Floor:
    """See the module. Where `agents` is None every queue takes contacts up to its limit, and there they are left; who
    asks for agents is told of one who is free (decision S20 assumes queues in the same way).

    Times that agents draw depend on `seed`. `on_cleared(contact id, agent, from, until)` is told when the after-contact
    work of a contact is over.
    """

    def __init__(
        self,
        driver: Driver,
        instance: Instance,
        agents: Mapping[str, AgentScript] | None,
        *,
        seed: str = "",
        on_cleared: Callable[[str, str, int, int], None] | None = None,
    ) -> None:
        self.seed = seed
        self._driver = driver
        self._routing = Routing(instance)
        self._scripts = dict(agents or {})
        self._leaves = agents is None
        self._is_open = False
        self._asked: dict[str, tuple[Life, str]] = {}
        self._takers: dict[str, str] = {}
        self._phases: dict[str, str] = {}
        self._wake_ms: int | None = None
        self._on_cleared = on_cleared
        self._players = {name: Player(name, script, self) for name, script in self._scripts.items()}

    def open(self) -> None:
        """The agents come to work, when the first contact does."""
        if not self._is_open:
            self._is_open = True
            for name, script in self._scripts.items():
                self.route(routing.SignIn(self.now_ms, name, script.status))

    # --- what contacts order ---

    def perform(self, life: Life, effect: Any) -> None:
        """Carry out what concerns queues and agents; nothing else is known here."""
        perform = _PERFORM.get(type(effect))
        if perform is not None:
            perform(self, life, effect)

    def measure(self, effect: effects.CallService) -> events.ServiceEnded:
        """Metrics of a queue, an agent or a contact (CallService `connect`, GetCurrentMetricData)."""
        asked = effect.input
        counted = self._routing.metrics(asked["Name"], asked["Agent"], asked["Channel"], asked["Contact"], self.now_ms)
        output = {**counted, "ARN": asked["Queue"] or None}
        if self._leaves:
            return events.ServiceEnded(self.now_ms, effect.id, output={**output, **ASSUMED}, detail=IS_ASSUMED)
        return events.ServiceEnded(self.now_ms, effect.id, output=output)

    def stepped(self, life: Life) -> None:
        """The contact has made a step: whoever works on it goes on from there, or is free of it."""
        contact = life.contact
        agent = contact.agent if contact.phase not in WITHOUT_AGENT else None
        if contact.id in self._takers and agent is None:
            self._let_go(life)
        elif agent is not None and self._takers.get(contact.id) != agent.name:
            self._takers[contact.id] = agent.name
            if contact.initiation_method != EXTERNAL:  # a call out of a contact that the agent has
                self.route(routing.Take(self.now_ms, contact.id, agent.name, contact.channel))
        if self._phases.get(contact.id) == contact.phase:
            return
        if contact.phase == "ended":
            self._phases.pop(contact.id, None)
            return
        self._phases[contact.id] = contact.phase
        if contact.phase in WAITING and self._leaves:
            life.stopped = LEFT_IN_QUEUE
        if agent is not None and agent.name in self._players:
            self._players[agent.name].sees(life)

    def forget(self, life: Life) -> None:
        """The contact is looked after no more: it is in no queue, and nobody is asked to take it."""
        self._takers.pop(life.contact.id, None)
        self.route(routing.Dequeue(self.now_ms, life.contact.id))

    def _enqueue(self, life: Life, effect: effects.Enqueue) -> None:
        contact_id = effect.contact_id or life.contact.id
        self._asked[contact_id] = (life, effect.id)
        since_ms = (effect.since_ms or self.now_ms) - effect.age_ms
        self.route(
            routing.Enqueue(
                self.now_ms,
                contact_id,
                effect.queue_name,
                effect.channel,
                priority=effect.priority,
                since_ms=since_ms,
                agent=effect.agent,
                criteria=effect.criteria,
                not_before_ms=effect.not_before_ms,
                at_once=effect.at_once,
                replaces=effect.replaces,
            )
        )

    def _dequeue(self, life: Life, effect: effects.Dequeue) -> None:
        self.route(routing.Dequeue(self.now_ms, life.contact.id))

    def _change(self, life: Life, effect: effects.ChangeRouting) -> None:
        change = routing.Change(
            self.now_ms, life.contact.id, effect.priority, effect.age_ms, effect.agent, effect.criteria
        )
        self.route(change)

    def _disconnect(self, life: Life, effect: effects.Disconnect) -> None:
        if effect.line == "agent":
            self._let_go(life)

    def _let_go(self, life: Life) -> None:
        """Whoever has the contact is done with it."""
        name = self._takers.pop(life.contact.id, "")
        if name in self._players:
            self._players[name].left(life)

    # --- what agents do ---

    @property
    def now_ms(self) -> int:
        return self._driver.now_ms

    def later(self, after_ms: int, happen: Callable[[], None]) -> None:
        self._driver.at(self.now_ms + after_ms, happen)

    def push(self, life: Life, event: Any) -> None:
        self._driver.push(life, event)

    def life(self, contact_id: str) -> Life | None:
        return self._driver.lives.get(contact_id)

    def cleared(self, contact_id: str, agent: str, from_ms: int) -> None:
        """After-contact work is over."""
        self.route(routing.Clear(self.now_ms, contact_id, agent))
        if self._on_cleared is not None:
            self._on_cleared(contact_id, agent, from_ms, self.now_ms)

    def back(self, agent: str) -> None:
        """Who declined is Available again; who went somewhere else meanwhile stays there."""
        if self._routing.has_declined(agent):
            self.route(routing.Status(self.now_ms, agent, routing.AVAILABLE))

    def route(self, event: Any) -> None:
        """Something happens to queues and agents; what follows for contacts is passed on to them."""
        for notice in self._routing.happen(event):
            _NOTICES[type(notice)](self, notice)
        next_ms = self._routing.next_ms
        if next_ms is not None and (self._wake_ms is None or next_ms < self._wake_ms):
            self._wake_ms = next_ms
            self._driver.at(next_ms, self._wake)

    def _wake(self) -> None:
        self._wake_ms = None
        self.route(routing.Wake(self.now_ms))

    # --- what routing says ---

    def _queued(self, notice: routing.Queued) -> None:
        life, effect_id = self._asked.pop(notice.contact)
        self.push(life, events.Queued(self.now_ms, effect_id))

    def _refused(self, notice: routing.Refused) -> None:
        life, effect_id = self._asked.pop(notice.contact)
        self.push(life, events.QueueRefused(self.now_ms, effect_id, notice.reason))

    def _offered(self, notice: routing.Offered) -> None:
        life = self.life(notice.contact)
        if life is not None:
            self.push(life, events.Offered(self.now_ms, notice.agent))
            self._players[notice.agent].asked(life, notice.until_ms - self.now_ms)

    def _declined(self, notice: routing.Declined) -> None:
        life = self.life(notice.contact)
        if life is not None:
            self.push(life, events.OfferEnded(self.now_ms, notice.agent, notice.by))
        self._players[notice.agent].declined()

    def _joined(self, notice: routing.Joined) -> None:
        life = self.life(notice.contact)
        if life is not None:
            self.push(life, events.AgentJoined(self.now_ms, notice.agent))


_PERFORM: dict[type, Callable[[Floor, Life, Any], None]] = {
    effects.Enqueue: Floor._enqueue,
    effects.Dequeue: Floor._dequeue,
    effects.ChangeRouting: Floor._change,
    effects.Disconnect: Floor._disconnect,
}
_NOTICES: dict[type, Callable[[Floor, Any], None]] = {
    routing.Queued: Floor._queued,
    routing.Refused: Floor._refused,
    routing.Offered: Floor._offered,
    routing.Declined: Floor._declined,
    routing.Joined: Floor._joined,
}
