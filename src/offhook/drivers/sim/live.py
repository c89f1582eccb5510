"""One contact on the clock of the wall, with a person or a script at the other end of the line.

The same machine, the same effects and the same touch-tone rules as the simulator (see the package); only time is not
made but waited for. Everything outside is a `Phone`: it tells the time, waits, and gives keys, so that a test can be
its own clock and its own hand. What happens is dated by when it was due, not by when the loop came round to it.
"""

import heapq
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, NamedTuple, Protocol

import msgspec
from msgspec.structs import replace

from offhook.core import digits
from offhook.core.machine import step
from offhook.core.phases import WAITING
from offhook.core.program import Compiled
from offhook.core.ssml import speech_ms
from offhook.drivers.entered import entered, heard
from offhook.drivers.ports import SILENT, Answer, Customer, Encrypt, Functions, NoServices, Services
from offhook.drivers.sim import MAX_CONTACT_MS, MAX_EVENTS, Tuples
from offhook.drivers.sim.floor import LEFT_IN_QUEUE
from offhook.drivers.sim.life import Life
from offhook.model import effect as effects
from offhook.model.contact import Contact
from offhook.model.event import Event, HungUp, LambdaEnded, PromptEnded, Queued, Started, TimerFired, ViewAnswered

HANG_UP = "\x04"


class Phone(Protocol):
    """The clock on the wall and the keys of a telephone."""

    def now_ms(self) -> int:
        """Milliseconds since anything; never goes back."""

    def wait(self, until_ms: int) -> str:
        """Until that time, or sooner for a key or a nudge: 0-9 * #, HANG_UP, or empty for no key."""

    def nudge(self) -> None:
        """Let `wait` return. Any thread may call it."""

    def show(self, key: str) -> None:
        """The key was taken; a secret one comes as `•`."""


class Pressed(msgspec.Struct, frozen=True):
    """What was keyed in while a block listened, as a script says it. `secret` input must not be shown."""

    text: str
    secret: bool = False


class _Call(NamedTuple):
    """An attempt in flight, called at `at_ms`. `order` is its place among what is due when it is answered."""

    effect: effects.InvokeLambda
    at_ms: int
    order: int
    future: "Future[LambdaEnded] | None"


class Live:
    """One contact: `life`, from `run` on. `pressed` grows by one with each block that listened.

    `held`: functions for whose sake the contact's clock stands still while they run, because somebody debugs them.
    Other arguments as for the simulator.
    """

    def __init__(
        self,
        instance: Compiled,
        functions: Functions,
        phone: Phone,
        *,
        watch: Callable[[Life, Tuples], None],
        function_time_ms: int | None = None,
        encrypt: Encrypt | None = None,
        services: Services | None = None,
        held: frozenset[str] = frozenset(),
        max_contact_ms: int = MAX_CONTACT_MS,
    ) -> None:
        self.pressed: list[Pressed] = []
        self._instance = instance
        self._functions = functions
        self._phone = phone
        self._watch = watch
        self._function_time_ms = function_time_ms
        self._encrypt = encrypt
        self._services = services or NoServices()
        self._held = held
        self._max_contact_ms = max_contact_ms
        self._clock = _Clock(phone)
        self._due: list[tuple[int, int, Callable[[int], None]]] = []
        self._pushed = 0
        self._calls: dict[str, _Call] = {}
        self._answers: deque[tuple[str, LambdaEnded]] = deque()
        self._collector: digits.Collector | None = None
        self._keys = ""
        self.life: Life

    def run(self, contact: Contact, customer: Customer, *, at_ms: int, hang_up_after: str = "") -> Life:
        """From the start of the contact, at `at_ms` on its own clock, until it is over."""
        self.life = Life(contact, customer, hang_up_after)
        self._clock.set(at_ms)
        self._happen(Started(at_ms))
        while not self.life.is_over:
            self._take_answers()
            patience_ms = self.life.contact.started_ms + self._max_contact_ms
            next_ms = self._due[0][0] if self._due else patience_ms
            if next_ms <= self._clock.now_ms():
                self._next(patience_ms)
            elif not self._answers and (key := self._phone.wait(self._clock.on_the_wall(next_ms))):
                self._press(key, self._clock.now_ms())
        return self.life

    def _next(self, patience_ms: int) -> None:
        if not self._due or self._due[0][0] >= patience_ms:
            self.life.stopped = "still running when offhook stopped"
            return
        at_ms, _, happen = heapq.heappop(self._due)
        happen(at_ms)

    def _at(self, at_ms: int, happen: Callable[[int], None], *, order: int = 0) -> None:
        """`order`: the place that was kept for it, else the next."""
        heapq.heappush(self._due, (at_ms, order or self._ordered(), happen))

    def _ordered(self) -> int:
        """The place of what is ordered now, among what is due at the same time."""
        self._pushed += 1
        return self._pushed

    def _later(self, event: Event, *, order: int = 0) -> None:
        self._at(event.at_ms, lambda at_ms: self._happen(event), order=order)

    def _happen(self, event: Event) -> None:
        life = self.life
        life.events += 1
        stepped = step(self._instance, life.contact, event)
        if stepped.contact is life.contact:
            return
        life.contact = stepped.contact
        life.trace += stepped.trace
        for effect in stepped.effects:
            perform = _PERFORM.get(type(effect))
            if perform is not None:
                perform(self, effect)
        if life.hang_up_after and any(_leaves(entry, life.hang_up_after) for entry in stepped.trace):
            self._later(HungUp(life.contact.now_ms))
        self._watch(life, stepped.trace)
        if life.contact.phase in WAITING:
            life.stopped = LEFT_IN_QUEUE
        if life.events >= MAX_EVENTS:
            life.stopped = "still running when offhook stopped"

    # --- performing effects ---

    def _play(self, effect: effects.PlayPrompt) -> None:
        life, now_ms = self.life, self.life.contact.now_ms
        length_ms = 0
        if life.contact.channel == "VOICE" and not (effect.skip_if_digits and life.buffer):
            length_ms = speech_ms(effect.speech.kind, effect.speech.text)
        self._customer(life.customer.hears(effect), now_ms + length_ms, "")
        self._later(PromptEnded(now_ms + length_ms, effect.id))

    def _collect(self, effect: effects.CollectInput) -> None:
        now_ms = self.life.contact.now_ms
        length_ms = speech_ms(effect.speech.kind, effect.speech.text) if effect.speech is not None else 0
        buffered, self.life.buffer = self.life.buffer if effect.use_buffer else "", ""
        self._keys = buffered
        if effect.first_ms:  # a block that takes what was buffered listens for no time: that is nobody's turn
            self._customer(self.life.customer.answers(effect), now_ms + length_ms, effect.id)
        self._listen(effect, digits.begin(effect, now_ms=now_ms, speech_ms=length_ms, buffered=buffered), now_ms)

    def _listen(self, effect: effects.CollectInput, state: digits.Collector | digits.Ended, at_ms: int) -> None:
        """Go on in this state: wait for its deadline, or say that the input has ended."""
        if isinstance(state, digits.Collector):
            self._collector = state
            self._at(state.deadline_ms, self._expire)
            return
        self._collector = None
        if effect.first_ms:
            self.pressed.append(Pressed(self._keys or "silence", effect.secret))
        self.life.buffer = state.unused
        self._later(entered(effect, state, at_ms=at_ms, encrypt=self._encrypt))

    def _expire(self, at_ms: int) -> None:
        if self._collector is not None and self._collector.deadline_ms <= at_ms:
            self._listen(self._collector.effect, digits.expire(self._collector, now_ms=at_ms), at_ms)

    def _hear(self, effect: effects.Listen) -> None:
        now_ms, speech, channel = self.life.contact.now_ms, effect.speech, self.life.contact.channel
        length_ms = speech_ms(speech.kind, speech.text) if speech is not None and channel == "VOICE" else 0
        answer = self.life.customer.answers(effect)
        if answer.hang_up_ms is not None:
            self._later(HungUp(now_ms + length_ms + answer.hang_up_ms))
        self._later(heard(effect, answer, channel=channel, end_ms=now_ms + length_ms))

    def _view(self, effect: effects.ShowView) -> None:
        answer = self.life.customer.answers(effect)
        if answer.action:
            at_ms = self.life.contact.now_ms + answer.said_ms
            self._later(ViewAnswered(at_ms, effect.id, answer.action, answer.data))

    def _ask(self, effect: effects.CallService) -> None:
        answer = self._services.call(effect, self.life.contact.id)
        self._later(replace(answer, at_ms=self.life.contact.now_ms + answer.took_ms))

    def _press(self, key: str, at_ms: int, effect_id: str = "") -> None:
        """A key. `effect_id`: it is for this input alone, as a script's keys are."""
        collector = self._collector
        if key == HANG_UP:
            self.pressed.append(Pressed("hangup"))
            self._later(HungUp(at_ms))
        elif collector is None or effect_id not in ("", collector.effect.id):
            if self.life.contact.buffers_keys:
                self.life.buffer = digits.keep(self.life.buffer, key)
        else:
            if not self._keys and at_ms < collector.speech_ends_ms:
                self._keys = "barge:"
            self._keys += key
            self._phone.show("•" if collector.effect.secret else key)
            self._listen(collector.effect, digits.press(collector, key, now_ms=at_ms), at_ms)

    def _customer(self, answer: Answer, end_ms: int, effect_id: str) -> None:
        """What a customer with a script does, from the end of a speech on."""
        if answer is SILENT:
            return
        now_ms = self.life.contact.now_ms
        for offset_ms, key in answer.keys:
            self._at(max(now_ms, end_ms + offset_ms), partial(self._scripted, key, effect_id))
        if answer.hang_up_ms is not None:
            self._later(HungUp(max(now_ms, end_ms + answer.hang_up_ms)))

    def _scripted(self, key: str, effect_id: str, at_ms: int) -> None:
        self._press(key, at_ms, effect_id)

    def _enqueue(self, effect: effects.Enqueue) -> None:
        self._later(Queued(self.life.contact.now_ms, effect.id))

    def _time(self, effect: effects.StartTimer) -> None:
        self._later(TimerFired(self.life.contact.now_ms + effect.after_ms, effect.id))

    def _buffer(self, effect: effects.BufferInput) -> None:
        if not effect.enabled:
            self.life.buffer = ""

    def _cancel(self, effect: effects.Cancel) -> None:
        if self._collector is not None and self._collector.effect.id == effect.target:
            self._collector = None
        call = self._calls.pop(effect.target, None)
        if call is not None:
            self._let_go(call.effect)
            if call.future is not None:
                call.future.cancel()

    # --- functions ---

    def _invoke(self, effect: effects.InvokeLambda) -> None:
        order = self._ordered()
        answer = self._functions.invoke(effect)
        future = answer if isinstance(answer, Future) else None
        self._calls[effect.id] = _Call(effect, self.life.contact.now_ms, order, future)
        if effect.function in self._held:
            self._clock.hold()
        if isinstance(answer, LambdaEnded):
            self._answers.append((effect.id, answer))
        else:
            answer.add_done_callback(partial(self._answered, effect.id))

    def _answered(self, effect_id: str, future: "Future[LambdaEnded]") -> None:
        """In whatever thread the function ended."""
        if not future.cancelled():
            self._answers.append((effect_id, future.result()))
            self._phone.nudge()

    def _take_answers(self) -> None:
        while self._answers:
            effect_id, answer = self._answers.popleft()
            call = self._calls.pop(effect_id, None)
            if call is None:
                continue
            took_ms = answer.took_ms if self._function_time_ms is None else self._function_time_ms
            if call.effect.function in self._held:
                took_ms = 0
                self._let_go(call.effect)
            self._later(replace(answer, at_ms=call.at_ms + took_ms, took_ms=took_ms), order=call.order)

    def _let_go(self, effect: effects.InvokeLambda) -> None:
        others = (call.effect.function for call in self._calls.values())
        if effect.function in self._held and not any(name in self._held for name in others):
            self._clock.go_on()


class _Clock:
    """The contact's own clock: the wall's, set to another hour, and standing still while it is held."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        self._ahead_ms = 0
        self._held_ms: int | None = None

    def set(self, at_ms: int) -> None:
        self._ahead_ms = at_ms - self._phone.now_ms()

    def now_ms(self) -> int:
        return self._phone.now_ms() + self._ahead_ms if self._held_ms is None else self._held_ms

    def on_the_wall(self, at_ms: int) -> int:
        """When to look again for what is due at `at_ms`."""
        return at_ms - self._ahead_ms if self._held_ms is None else self._phone.now_ms() + _LOOK_AGAIN_MS

    def hold(self) -> None:
        self._held_ms = self.now_ms()

    def go_on(self) -> None:
        if self._held_ms is not None:
            self._ahead_ms = self._held_ms - self._phone.now_ms()
            self._held_ms = None


_LOOK_AGAIN_MS = 60_000


def _leaves(entry: tuple[Any, ...], identifier: str) -> bool:
    return bool(entry[0] == "block.left" and entry[2].action.identifier == identifier)


_PERFORM: dict[type[msgspec.Struct], Callable[[Live, Any], None]] = {
    effects.PlayPrompt: Live._play,
    effects.CollectInput: Live._collect,
    effects.Listen: Live._hear,
    effects.ShowView: Live._view,
    effects.InvokeLambda: Live._invoke,
    effects.CallService: Live._ask,
    effects.Enqueue: Live._enqueue,
    effects.StartTimer: Live._time,
    effects.Cancel: Live._cancel,
    effects.BufferInput: Live._buffer,
}
