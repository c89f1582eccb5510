"""The simulator: contacts in virtual time. An hour in a queue takes milliseconds; nothing sleeps.

A real function is awaited before time moves on, and its answer arrives at the instant it was called plus the time that
was measured (decision S17). What else a simulation is made of is in `world`.
"""

from concurrent.futures import Future
from heapq import heappop, heappush
from typing import Any

from msgspec.structs import replace

from offhook.core import digits
from offhook.drivers.entered import entered
from offhook.drivers.ports import SILENT, Answer
from offhook.drivers.sim.life import Life
from offhook.drivers.sim.world import World
from offhook.model import effect as effects
from offhook.model.event import LambdaEnded


class Simulator(World):
    """Runs any number of contacts in virtual time."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._calls: dict[str, tuple[Life, int, Future[LambdaEnded]]] = {}

    def run(self) -> None:
        """Until every contact is over."""
        heap, calls = self._heap, self._calls
        while heap or calls:
            if calls and (not heap or heap[0][0] > self.now_ms):
                self._await_functions()
                continue
            at_ms, _, life, event = heappop(heap)
            self._next(at_ms, life, event)

    def _collect(self, life: Life, effect: effects.CollectInput) -> None:
        # a block that takes what was buffered listens for no time: that is not the customer's turn
        is_turn = effect.first_ms and effect.line == "customer"
        answer = life.customer.answers(effect) if is_turn else SILENT
        length_ms = self._speech_ms(life, effect.speech)
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
        self._react(life, replace(answer, keys=answer.keys[used:]), end_ms)
        self.push(life, entered(effect, state, at_ms=at_ms, encrypt=self._encrypt))

    def _react(self, life: Life, answer: Answer, end_ms: int) -> None:
        for _, key in answer.keys:
            self._keep(life, key)
        self._hang_up(life, answer, end_ms)

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

    def _cancel(self, life: Life, effect: effects.Cancel) -> None:
        self._calls.pop(effect.target, None)
