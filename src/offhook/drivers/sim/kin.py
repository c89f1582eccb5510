"""What in a simulation goes from one contact to another: contacts that begin others, tell them, share attributes, and
calls to numbers.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Protocol

from offhook.core.birth import born
from offhook.drivers.ports import Called, Customer
from offhook.drivers.sim.customer import Script
from offhook.drivers.sim.life import Life
from offhook.model import effect as effects
from offhook.model import event as events
from offhook.model.contact import Contact
from offhook.model.event import Event
from offhook.model.instance import Instance

# where whoever was on the customer's line goes on
SAME_CUSTOMER = frozenset({"DISCONNECT", "QUEUE_TRANSFER", "CALLBACK"})


class Driver(Protocol):
    """What is needed of who runs the contacts."""

    lives: dict[str, Life]
    now_ms: int

    def push(self, life: Life, event: Event) -> None: ...
    def at(self, at_ms: int, happen: Callable[[], None]) -> None: ...
    def start(self, contact: Contact, customer: Customer, *, at_ms: int) -> Life: ...


class Kin:
    """The contacts of one driver, by family."""

    def __init__(self, driver: Driver, instance: Instance) -> None:
        self._driver = driver
        self._instance = instance
        self._family: dict[str, list[Life]] = defaultdict(list)

    def born(self, life: Life) -> None:
        """A contact is there."""
        self._family[life.contact.initial_id].append(life)

    def gone(self, life: Life) -> None:
        """Nobody asks for this contact any more."""
        family = self._family[life.contact.initial_id]
        family.remove(life)
        if not family:
            del self._family[life.contact.initial_id]

    def perform(self, life: Life, effect: Any) -> bool:
        """Carry out an effect; False where it is not of this kind."""
        perform = _PERFORM.get(type(effect))
        if perform is not None:
            perform(self, life, effect)
        return perform is not None

    def _create(self, life: Life, effect: effects.CreateContact) -> None:
        contact = born(effect, life.contact, self._instance)
        customer = life.customer if effect.initiation_method in SAME_CUSTOMER else Script()
        self._driver.start(contact, customer, at_ms=self._driver.now_ms + effect.delay_ms)

    def _tell(self, life: Life, effect: effects.Tell) -> None:
        other = self._driver.lives.get(effect.contact_id)
        if other is None:
            return
        if isinstance(effect.event, events.CustomerJoined):
            other.customer = life.customer
        if other.contact.transfer == life.contact.id and isinstance(effect.event, events.Held | events.Resumed):
            # a flow says who hears it: the agent who transfers alone, or the customer, too
            is_away = effect.event == events.Held(effect.event.at_ms, "customer")
            life.customer = Script() if is_away else other.customer
        self._driver.push(other, effect.event)

    def _save(self, life: Life, effect: effects.SaveAttributes) -> None:
        """All contacts of one initial contact have the same attributes."""
        for other in self._family.get(effect.initial_contact_id, ()):
            if other is not life and not other.is_over:
                self._driver.push(other, events.AttributesUpdated(self._driver.now_ms, effect.attributes))

    def _call(self, life: Life, effect: effects.PlaceCall) -> None:
        called = life.called = life.customer.called(effect)
        is_late = called.after_ms > effect.timeout_ms
        at_ms = self._driver.now_ms + min(called.after_ms, effect.timeout_ms)
        status = "no_answer" if is_late else called.status
        self._driver.push(life, events.CallEnded(at_ms, effect.id, status, called.answered_by))
        if life.contact.phase == "dialling":  # nobody else would end it
            self._driver.push(life, events.HungUp(at_ms + called.talk_ms))

    def _talk(self, life: Life, effect: effects.Talk) -> None:
        talk_ms = (life.called or Called()).talk_ms
        self._driver.push(life, events.TalkEnded(self._driver.now_ms + talk_ms, effect.id))


_PERFORM: dict[type, Callable[[Kin, Life, Any], None]] = {
    effects.CreateContact: Kin._create,
    effects.Tell: Kin._tell,
    effects.SaveAttributes: Kin._save,
    effects.PlaceCall: Kin._call,
    effects.Talk: Kin._talk,
}
