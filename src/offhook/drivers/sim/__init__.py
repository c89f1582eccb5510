"""The simulator: contacts in virtual time. An hour in a queue takes milliseconds; nothing sleeps.

Happenings lie on a heap; the earliest is popped, stepped, and what the contact orders is answered by pushing. A real
function is awaited before time moves on, and its answer arrives at the instant it was called plus the time that was
measured (decision S17). Ties are broken by order of ordering, so equal runs are equal.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from heapq import heappop, heappush
from itertools import count
from typing import Any

import msgspec
from msgspec.structs import replace

from offhook.core import digits
from offhook.core.machine import step
from offhook.core.program import Compiled
from offhook.core.snapshot import Snapshots
from offhook.core.ssml import speech_ms
from offhook.drivers.entered import entered, heard
from offhook.drivers.ports import SILENT, Answer, Customer, Encrypt, Functions, NoServices, Services
from offhook.drivers.sim.floor import Floor, NoFloor
from offhook.drivers.sim.kin import Kin
from offhook.drivers.sim.life import Life
from offhook.model import effect as effects
from offhook.model.contact import Contact
from offhook.model.event import Event, HungUp, LambdaEnded, PromptEnded, Started, TimerFired, ViewAnswered

MAX_CONTACT_MS = 4 * 3_600_000
MAX_EVENTS = 20_000

Tuples = Sequence[tuple[Any, ...]]


class Simulator:
    """Runs any number of contacts. `watch` is given each step's tuples and the contact after it, as it happens.

    `store`: every contact is encoded and decoded after every step, as a test that it can be. `function_time_ms`
    replaces the measured time of functions. `encrypt` is for blocks that encrypt what they store.
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
        store: bool = False,
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
        self._max_contact_ms = max_contact_ms
        # what happens at the same time happens in the order in which it was ordered
        self._heap: list[tuple[int, int, Life | None, Any]] = []
        self._order = count()
        self._kin = Kin(self, instance.instance)
        self._floor: Floor | NoFloor = NoFloor(self)
        self._calls: dict[str, tuple[Life, int, Future[LambdaEnded]]] = {}

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
        """Let it happen at the event's time."""
        heappush(self._heap, (event.at_ms, next(self._order), life, event))

    def at(self, at_ms: int, happen: Callable[[], None]) -> None:
        """Let something happen that is no contact's."""
        heappush(self._heap, (at_ms, next(self._order), None, happen))

    def run(self) -> None:
        """Until every contact is over."""
        heap, calls = self._heap, self._calls
        while heap or calls:
            if calls and (not heap or heap[0][0] > self.now_ms):
                self._await_functions()
                continue
            at_ms, _, life, event = heappop(heap)
            if life is None:
                self.now_ms = at_ms
                event()
            elif not life.is_over:
                self.now_ms = at_ms
                self._happen(life, event)

    def _happen(self, life: Life, event: Event) -> None:
        stepped = step(self.instance, life.contact, event)
        if stepped.contact is life.contact:
            return
        life.contact = stepped.contact if self._snapshots is None else self._stored(stepped.contact)
        life.trace += stepped.trace
        for effect in stepped.effects:
            self._perform(life, effect)
        self._floor.stepped(life)
        if life.hang_up_after and any(_leaves(entry, life.hang_up_after) for entry in stepped.trace):
            self.push(life, HungUp(self.now_ms))
        if self._watch is not None:
            self._watch(life, stepped.trace)
        life.events += 1
        # a customer without end (a menu that repeats for ever) is left alone after a while
        if life.events >= MAX_EVENTS or self.now_ms - life.contact.started_ms >= self._max_contact_ms:
            life.stopped = "still running when the simulation stopped"

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

    def _play(self, life: Life, effect: effects.PlayPrompt) -> None:
        is_skipped = effect.skip_if_digits and life.buffer
        end_ms = self.now_ms if is_skipped else self.now_ms + self._speech_ms(life, effect.speech)
        answer = life.customer.hears(effect)
        if answer is not SILENT:
            self._keep(life, answer.keys)
            self._hang_up(life, answer, end_ms)
        self.push(life, PromptEnded(end_ms, effect.id))

    def _speech_ms(self, life: Life, speech: effects.Speech | None) -> int:
        """How long it takes to say it; reading takes no time."""
        return speech_ms(speech.kind, speech.text) if speech is not None and life.contact.channel == "VOICE" else 0

    def _collect(self, life: Life, effect: effects.CollectInput) -> None:
        # a block that takes what was buffered listens for no time: that is not the customer's turn
        answer = life.customer.answers(effect) if effect.first_ms else SILENT
        length_ms = speech_ms(effect.speech.kind, effect.speech.text) if effect.speech is not None else 0
        at_ms, end_ms = self.now_ms, self.now_ms + length_ms
        buffered = life.buffer if effect.use_buffer else ""
        state = digits.begin(effect, now_ms=self.now_ms, speech_ms=length_ms, buffered=buffered)
        used = 0
        for offset_ms, key in answer.keys:
            press_ms = max(self.now_ms, end_ms + offset_ms)
            if isinstance(state, digits.Ended) or press_ms >= state.deadline_ms:
                break
            at_ms, used = press_ms, used + 1
            state = digits.press(state, key, now_ms=at_ms)
        while not isinstance(state, digits.Ended):
            at_ms = state.deadline_ms
            state = digits.expire(state, now_ms=at_ms)
        life.buffer = state.unused
        self._keep(life, answer.keys[used:])
        self._hang_up(life, answer, end_ms)
        self.push(life, entered(effect, state, at_ms=at_ms, encrypt=self._encrypt))

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
        self.push(life, replace(answer, at_ms=self.now_ms + answer.took_ms))

    def _keep(self, life: Life, keys: tuple[tuple[int, str], ...]) -> None:
        """Keys that nothing collects: kept for later while the flow keeps them, else lost."""
        for _, key in keys if life.contact.buffers_keys else ():
            life.buffer = digits.keep(life.buffer, key)

    def _hang_up(self, life: Life, answer: Answer, end_ms: int) -> None:
        if answer.hang_up_ms is not None:
            self.push(life, HungUp(max(self.now_ms, end_ms + answer.hang_up_ms)))

    def _invoke(self, life: Life, effect: effects.InvokeLambda) -> None:
        # its place is that of the order, however late we hear: what takes as long as its limit is not cut
        order = next(self._order)
        answer = self.functions.invoke(effect)
        if isinstance(answer, LambdaEnded):
            self._answered(life, order, answer)
        else:
            self._calls[effect.id] = (life, order, answer)

    def _await_functions(self) -> None:
        """Nothing else happens at this instant: wait for every function that runs, in the order they were called."""
        calls = list(self._calls.values())
        self._calls.clear()
        for life, order, future in calls:
            self._answered(life, order, future.result())

    def _answered(self, life: Life, order: int, answer: LambdaEnded) -> None:
        took_ms = answer.took_ms if self._function_time_ms is None else self._function_time_ms
        answer = replace(answer, at_ms=self.now_ms + took_ms, took_ms=took_ms)
        heappush(self._heap, (answer.at_ms, order, life, answer))

    def _time(self, life: Life, effect: effects.StartTimer) -> None:
        self.push(life, TimerFired(self.now_ms + effect.after_ms, effect.id))

    def _cancel(self, life: Life, effect: effects.Cancel) -> None:
        self._calls.pop(effect.target, None)

    def _buffer(self, life: Life, effect: effects.BufferInput) -> None:
        if not effect.enabled:
            life.buffer = ""


def _leaves(entry: tuple[Any, ...], identifier: str) -> bool:
    return bool(entry[0] == "block.left" and entry[2].action.identifier == identifier)


_PERFORM: dict[type[msgspec.Struct], Callable[[Simulator, Life, Any], None]] = {
    effects.PlayPrompt: Simulator._play,
    effects.CollectInput: Simulator._collect,
    effects.Listen: Simulator._listen,
    effects.ShowView: Simulator._view,
    effects.InvokeLambda: Simulator._invoke,
    effects.CallService: Simulator._ask,
    effects.StartTimer: Simulator._time,
    effects.Cancel: Simulator._cancel,
    effects.BufferInput: Simulator._buffer,
}
