"""What the simulator and the live phone have in common: contacts, what happens to them next, and what they order.

Happenings lie on a heap; the earliest is popped and stepped, and what the contact orders is answered by pushing. Ties
are broken by order of ordering, so equal runs are equal. How time moves on, how keys come in and how a function is
waited for is each driver's own.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from heapq import heappush
from itertools import count
from typing import Any

import msgspec
from msgspec.structs import replace

from offhook.core import digits, metric
from offhook.core.machine import step
from offhook.core.program import Compiled
from offhook.core.snapshot import Snapshots
from offhook.core.ssml import speech_ms
from offhook.drivers.entered import heard
from offhook.drivers.ports import (
    SILENT,
    UNAVAILABLE,
    Answer,
    Customer,
    Encrypt,
    Functions,
    NoServices,
    Services,
)
from offhook.drivers.sim.agent import AgentScript
from offhook.drivers.sim.floor import Floor
from offhook.drivers.sim.kin import Kin
from offhook.drivers.sim.life import Life
from offhook.model import effect as effects
from offhook.model.contact import Contact
from offhook.model.event import Event, HungUp, PromptEnded, Started, TimerFired, ViewAnswered
from offhook.model.routing import Accept, Clear, Reject, SignIn, Status

MAX_CONTACT_MS = 4 * 3_600_000
MAX_EVENTS = 20_000
STOPPED = "still running when offhook stopped"

Tuples = Sequence[tuple[Any, ...]]
Deed = SignIn | Status | Accept | Reject | Clear


def is_waiting(contact: Contact) -> bool:
    """Whether the customer is in a queue, or hears a queue flow that runs alone."""
    return contact.phase == "queued" or (contact.phase == "inbound" and contact.flow_type == "CUSTOMER_QUEUE")


class World(ABC):
    """Any number of contacts. `watch` is given each step's tuples and the contact after it, as it happens.

    `store`: every contact is encoded and decoded after every step, as a test that it can be. `function_time_ms`
    replaces the measured time of functions. `encrypt` is for blocks that encrypt what they store. `agents` take what is
    queued; where they are None a contact is left in its queue. `seed` and `on_cleared`: see Floor. `forgets`: no trace
    is kept, and no contact that is over.
    """

    def __init__(
        self,
        instance: Compiled,
        functions: Functions,
        *,
        watch: Callable[[Life, Tuples], None] | None = None,
        function_time_ms: int | None = None,
        encrypt: Encrypt | None = None,
        services: Services | None = None,
        agents: Mapping[str, AgentScript] | None = None,
        seed: str = "",
        on_cleared: Callable[[str, str, int, int], None] | None = None,
        store: bool = False,
        forgets: bool = False,
        max_contact_ms: int = MAX_CONTACT_MS,
    ) -> None:
        self.instance = instance
        self.functions = functions
        self.lives: dict[str, Life] = {}
        self.now_ms = 0
        self._watch = watch
        self._function_time_ms = function_time_ms
        self._encrypt = encrypt
        self._services = services or NoServices()
        self._snapshots = Snapshots(instance.catalogue) if store else None
        self._forgets = forgets
        self._max_contact_ms = max_contact_ms
        # what happens at the same time happens in the order in which it was ordered
        self._heap: list[tuple[int, int, Life | None, Any]] = []
        self._order = count(1)
        self._kin = Kin(self, instance.instance)
        self._floor = Floor(self, instance.instance, agents, seed=seed, on_cleared=on_cleared)

    def start(self, contact: Contact, customer: Customer, *, at_ms: int, hang_up_after: str = "") -> Life:
        """A contact that begins at `at_ms`."""
        life = self._admit(contact, customer, hang_up_after)
        self.push(life, Started(at_ms))
        return life

    def resume(self, contact: Contact, customer: Customer, *, hang_up_after: str = "") -> Life:
        """A stored contact goes on where it stood: what it waits for is ordered again, under the same ids.

        A timer runs anew from the contact's present, so it fires no earlier than it would have.
        """
        life = self._admit(contact, customer, hang_up_after)
        self.now_ms = max(self.now_ms, contact.now_ms)
        for effect in contact.pending.values():
            self._perform(life, effect)
        return life

    def _admit(self, contact: Contact, customer: Customer, hang_up_after: str) -> Life:
        life = self.lives[contact.id] = Life(contact, customer, hang_up_after)
        self._kin.born(life)
        return life

    def push(self, life: Life, event: Event) -> None:
        """Let it happen to the contact at the event's time."""
        heappush(self._heap, (event.at_ms, next(self._order), life, event))

    def act(self, deed: Deed) -> None:
        """An agent does something at its time: signs in, changes status, accepts, rejects, is done with the work after.

        What agents do on a contact that they have is an event of the contact: `push` Held, Resumed, TransferStarted or
        HungUp of the line agent.
        """
        self.at(deed.at_ms, lambda: self._floor.route(deed))

    def loses_patience(self, life: Life, after_ms: int) -> None:
        """The customer hangs up after so long, if nobody has taken the contact by then."""

        def leave() -> None:
            if is_waiting(life.contact):
                self.push(life, HungUp(self.now_ms))

        self.at(life.contact.now_ms + after_ms, leave)

    def at(self, at_ms: int, happen: Callable[[], None], *, order: int = 0) -> None:
        """Let something happen that is no contact's. `order`: the place that was kept for it, else the next."""
        heappush(self._heap, (at_ms, order or next(self._order), None, happen))

    def _next(self, at_ms: int, life: Life | None, event: Any) -> None:
        """What was popped happens."""
        if life is None:
            self.now_ms = at_ms
            event()
        elif not life.is_over:
            self.now_ms = at_ms
            self._happen(life, event)

    def _happen(self, life: Life, event: Event) -> None:
        if not life.events:
            self._floor.open()
        life.events += 1
        stepped = step(self.instance, life.contact, event)
        if stepped.contact is life.contact:
            return
        life.contact = stepped.contact if self._snapshots is None else self._stored(stepped.contact)
        if not self._forgets:
            life.trace += stepped.trace
        for effect in stepped.effects:
            self._perform(life, effect)
        self._floor.stepped(life)
        if life.hang_up_after and any(_leaves(entry, life.hang_up_after) for entry in stepped.trace):
            self.push(life, HungUp(self.now_ms))
        if self._watch is not None:
            self._watch(life, stepped.trace)
        # a customer without end (a menu that repeats for ever) is left alone after a while
        if life.events >= MAX_EVENTS or self.now_ms - life.contact.started_ms >= self._max_contact_ms:
            life.stopped = STOPPED
            self._floor.forget(life)
        if self._forgets and life.is_over:
            del self.lives[life.contact.id]
            self._kin.gone(life)

    def _stored(self, contact: Contact) -> Contact:
        assert self._snapshots is not None
        return self._snapshots.decode(self._snapshots.encode(contact))

    # --- performing effects ---

    def _perform(self, life: Life, effect: effects.Effect) -> None:
        perform = _PERFORM.get(type(effect))
        if perform is not None:
            perform(self, life, effect)
        elif not self._kin.perform(life, effect):
            self._floor.perform(life, effect)

    def _speech_ms(self, life: Life, speech: effects.Speech | None) -> int:
        """How long it takes to say it; reading takes no time."""
        return speech_ms(speech.kind, speech.text) if speech is not None and life.contact.channel == "VOICE" else 0

    def _play(self, life: Life, effect: effects.PlayPrompt) -> None:
        is_skipped = effect.skip_if_digits and life.buffer
        end_ms = self.now_ms if is_skipped else self.now_ms + self._speech_ms(life, effect.speech)
        if effect.line == "customer":
            answer = life.customer.hears(effect)
            if answer is not SILENT:
                self._react(life, answer, end_ms)
        self.push(life, PromptEnded(end_ms, effect.id))

    def _listen(self, life: Life, effect: effects.Listen) -> None:
        answer = life.customer.answers(effect)
        end_ms = self.now_ms + self._speech_ms(life, effect.speech)
        self._hang_up(life, answer, end_ms)
        self.push(life, heard(effect, answer, channel=life.contact.channel, end_ms=end_ms))

    def _view(self, life: Life, effect: effects.ShowView) -> None:
        answer = life.customer.answers(effect)
        self._hang_up(life, answer, self.now_ms)
        if answer.action:
            self.push(life, ViewAnswered(self.now_ms + answer.said_ms, effect.id, answer.action, answer.data))

    def _ask(self, life: Life, effect: effects.CallService) -> None:
        answer = self._services.call(effect, life.contact.id)
        if effect.service == metric.SERVICE and answer.error == UNAVAILABLE:  # nobody says what is to be counted
            answer = self._floor.measure(effect)
        self.push(life, replace(answer, at_ms=self.now_ms + answer.took_ms))

    def _keep(self, life: Life, key: str) -> None:
        """A key that nothing collects: kept for later while the flow keeps them, else lost."""
        if life.contact.buffers_keys:
            life.buffer = digits.keep(life.buffer, key)

    def _hang_up(self, life: Life, answer: Answer, end_ms: int) -> None:
        if answer.hang_up_ms is not None:
            self.push(life, HungUp(max(self.now_ms, end_ms + answer.hang_up_ms)))

    def _time(self, life: Life, effect: effects.StartTimer) -> None:
        self.push(life, TimerFired(self.now_ms + effect.after_ms, effect.id))

    def _buffer(self, life: Life, effect: effects.BufferInput) -> None:
        if not effect.enabled:
            life.buffer = ""

    # --- each driver's own ---

    @abstractmethod
    def run(self) -> None:
        """Until every contact is over."""

    @abstractmethod
    def _react(self, life: Life, answer: Answer, end_ms: int) -> None:
        """The customer presses keys that no block takes, or leaves, from the end of a speech on."""

    @abstractmethod
    def _collect(self, life: Life, effect: effects.CollectInput) -> None: ...

    @abstractmethod
    def _invoke(self, life: Life, effect: effects.InvokeLambda) -> None: ...

    @abstractmethod
    def _cancel(self, life: Life, effect: effects.Cancel) -> None: ...


def _leaves(entry: tuple[Any, ...], identifier: str) -> bool:
    return bool(entry[0] == "block.left" and entry[2].action.identifier == identifier)


_PERFORM: dict[type[msgspec.Struct], Callable[[World, Life, Any], None]] = {
    effects.PlayPrompt: World._play,
    effects.CollectInput: lambda world, life, effect: world._collect(life, effect),
    effects.Listen: World._listen,
    effects.ShowView: World._view,
    effects.InvokeLambda: lambda world, life, effect: world._invoke(life, effect),
    effects.CallService: World._ask,
    effects.StartTimer: World._time,
    effects.Cancel: lambda world, life, effect: world._cancel(life, effect),
    effects.BufferInput: World._buffer,
}
