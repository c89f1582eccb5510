"""Contacts on the clock of the wall, with a person or a script at the other end of the line.

The same machine, the same effects and the same touch-tone rules as the simulator (see `world`); only time is not made
but waited for. Everything outside is a `Phone`: it tells the time, waits, and gives keys, so that a test can be its own
clock and its own hand. What happens is dated by when it was due, not by when the loop came round to it.
"""

from collections import deque
from concurrent.futures import Future
from functools import partial
from heapq import heappop, heappush
from typing import Any, NamedTuple, Protocol

import msgspec
from msgspec.structs import replace

from offhook.core import digits
from offhook.drivers.entered import entered
from offhook.drivers.ports import SILENT, Answer, Customer
from offhook.drivers.sim.life import Life
from offhook.drivers.sim.world import STOPPED, World
from offhook.model import effect as effects
from offhook.model.contact import Contact
from offhook.model.event import HungUp, LambdaEnded

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

    life: Life
    effect: effects.InvokeLambda
    at_ms: int
    order: int
    future: "Future[LambdaEnded] | None"


class _Listening:
    """A block that takes keys: where the input stands, and the keys so far as a script says them."""

    def __init__(self, state: digits.Collector, keys: str) -> None:
        self.state = state
        self.keys = keys


class Live(World):
    """`life` is the contact on the phone, from `run` on. `pressed` grows by one with each block that listened to it.

    `held`: functions for whose sake the clock stands still while they run, because somebody debugs them.
    """

    def __init__(
        self, instance: Any, functions: Any, phone: Phone, *, held: frozenset[str] = frozenset(), **options: Any
    ) -> None:
        super().__init__(instance, functions, **options)
        self.pressed: list[Pressed] = []
        self._phone = phone
        self._held = held
        self._clock = _Clock(phone)
        self._calls: dict[str, _Call] = {}
        self._answers: deque[tuple[str, LambdaEnded]] = deque()
        self._listening: dict[str, _Listening] = {}
        self.life: Life

    def call(self, contact: Contact, customer: Customer, *, at_ms: int, hang_up_after: str = "") -> Life:
        """From the start of the contact, at `at_ms` on its own clock, until it and all that came of it is over."""
        self._clock.set(at_ms)
        self.now_ms = at_ms
        self.life = self.start(contact, customer, at_ms=at_ms, hang_up_after=hang_up_after)
        self.run()
        return self.life

    def run(self) -> None:
        while not all(life.is_over for life in self.lives.values()):
            self._take_answers()
            patience_ms = self.life.contact.started_ms + self._max_contact_ms if self.life.events else None
            next_ms = self._heap[0][0] if self._heap else patience_ms or 0
            if patience_ms is not None and next_ms >= patience_ms:
                next_ms = patience_ms
            if next_ms <= self._clock.now_ms():
                self._go_on(patience_ms)
            elif not self._answers and (key := self._phone.wait(self._clock.on_the_wall(next_ms))):
                self._press(self._mine(), key, self._clock.now_ms())

    def _go_on(self, patience_ms: int | None) -> None:
        if not self._heap or (patience_ms is not None and self._heap[0][0] >= patience_ms):
            for each in self.lives.values():
                each.stopped = each.stopped or STOPPED
            return
        at_ms, _, life, event = heappop(self._heap)
        self._next(at_ms, life, event)

    def _mine(self) -> Life:
        """The contact whose customer is on the phone: after a transfer or a disconnect flow another than before."""
        customer = self.life.customer
        open_ones = [life for life in self.lives.values() if life.customer is customer and not life.is_over]
        return open_ones[-1] if open_ones else self.life

    # --- keys ---

    def _collect(self, life: Life, effect: effects.CollectInput) -> None:
        length_ms = self._speech_ms(life, effect.speech)
        buffered, life.buffer = life.buffer if effect.use_buffer else "", ""
        # a block that takes what was buffered listens for no time: that is nobody's turn
        if effect.first_ms and effect.line == "customer":
            self._react(life, life.customer.answers(effect), self.now_ms + length_ms, effect.id)
        state = digits.begin(effect, now_ms=self.now_ms, speech_ms=length_ms, buffered=buffered)
        self._listen_on(life, effect, state, buffered, self.now_ms)

    def _listen_on(
        self, life: Life, effect: effects.CollectInput, state: digits.Collector | digits.Ended, keys: str, at_ms: int
    ) -> None:
        """Go on in this state: wait for its deadline, or say that the input has ended."""
        if isinstance(state, digits.Collector):
            self._listening[life.contact.id] = _Listening(state, keys)
            self.at(state.deadline_ms, partial(self._expire, life, state.deadline_ms))
            return
        self._listening.pop(life.contact.id, None)
        if effect.first_ms and life.customer is self.life.customer:
            self.pressed.append(Pressed(keys or "silence", effect.secret))
        life.buffer = state.unused
        self.push(life, entered(effect, state, at_ms=at_ms, encrypt=self._encrypt))

    def _expire(self, life: Life, at_ms: int) -> None:
        listening = self._listening.get(life.contact.id)
        if listening is not None and listening.state.deadline_ms <= at_ms:
            state = listening.state
            self._listen_on(life, state.effect, digits.expire(state, now_ms=at_ms), listening.keys, at_ms)

    def _press(self, life: Life, key: str, at_ms: int, effect_id: str = "") -> None:
        """A key. `effect_id`: it is for this input alone, as a script's keys are."""
        listening = self._listening.get(life.contact.id)
        if key == HANG_UP:
            self.pressed.append(Pressed("hangup"))
            self.push(life, HungUp(at_ms))
        elif listening is None or effect_id not in ("", listening.state.effect.id):
            self._keep(life, key)
        else:
            state, keys = listening.state, listening.keys
            if not keys and at_ms < state.speech_ends_ms:
                keys = "barge:"
            self._phone.show("•" if state.effect.secret else key)
            self._listen_on(life, state.effect, digits.press(state, key, now_ms=at_ms), keys + key, at_ms)

    def _react(self, life: Life, answer: Answer, end_ms: int, effect_id: str = "") -> None:
        if answer is SILENT:
            return
        for offset_ms, key in answer.keys:
            at_ms = max(self.now_ms, end_ms + offset_ms)
            self.at(at_ms, partial(self._press, life, key, at_ms, effect_id))
        self._hang_up(life, answer, end_ms)

    # --- functions ---

    def _invoke(self, life: Life, effect: effects.InvokeLambda) -> None:
        order = next(self._order)
        answer = self.functions.invoke(effect)
        future = answer if isinstance(answer, Future) else None
        self._calls[effect.id] = _Call(life, effect, self.now_ms, order, future)
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
            answer = replace(answer, at_ms=call.at_ms + took_ms, took_ms=took_ms)
            heappush(self._heap, (answer.at_ms, call.order, call.life, answer))

    def _cancel(self, life: Life, effect: effects.Cancel) -> None:
        listening = self._listening.get(life.contact.id)
        if listening is not None and listening.state.effect.id == effect.target:
            del self._listening[life.contact.id]
        call = self._calls.pop(effect.target, None)
        if call is not None:
            self._let_go(call.effect)
            if call.future is not None:
                call.future.cancel()

    def _let_go(self, effect: effects.InvokeLambda) -> None:
        others = (call.effect.function for call in self._calls.values())
        if effect.function in self._held and not any(name in self._held for name in others):
            self._clock.go_on()


class _Clock:
    """The contacts' own clock: the wall's, set to another hour, and standing still while it is held."""

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
