"""What is asked outside this process, and how its answers come in: functions and services."""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future

from offhook.drivers.ports import Functions, Services
from offhook.model.effect import CallService, InvokeLambda
from offhook.model.event import LambdaEnded, ServiceEnded

# Gets the contact and the answer, in the event loop
Answered = Callable[[str, "LambdaEnded | ServiceEnded"], None]


class Outside:
    """An answer that is called off, or that comes after `close`, is not heard. After `drain` nothing more is asked."""

    def __init__(self, functions: Functions, services: Services, answered: Answered) -> None:
        self._functions = functions
        self._services = services
        self._answered = answered
        self._calls: dict[str, Future[LambdaEnded]] = {}
        self._asked: set[str] = set()  # effects that will be answered, `_calls` among them
        self._is_open = True
        self._is_draining = False
        self._is_idle = asyncio.Event()

    def __len__(self) -> int:
        return len(self._calls)

    def invoke(self, contact_id: str, effect: InvokeLambda) -> None:
        """Start an attempt. A stub takes the time that it states."""
        if self._is_draining:
            return
        answer = self._functions.invoke(effect)
        loop = asyncio.get_running_loop()
        self._asked.add(effect.id)
        if isinstance(answer, LambdaEnded):
            loop.call_later(answer.took_ms / 1000, self._hear, contact_id, answer)
            return
        self._calls[effect.id] = answer

        def done(answer: "Future[LambdaEnded]") -> None:  # in whatever thread the function ended
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._end, contact_id, effect.id, answer)

        answer.add_done_callback(done)

    def call_off(self, effect_id: str) -> None:
        call = self._calls.pop(effect_id, None)
        if call is not None:
            call.cancel()
        self._settle(effect_id)

    def ask(self, contact_id: str, effect: CallService) -> None:
        """Ask a service, in a thread of its own: some are far away."""
        if self._is_draining:
            return
        loop = asyncio.get_running_loop()
        self._asked.add(effect.id)
        asked = loop.run_in_executor(None, self._services.call, effect, contact_id)

        def done(asked: "asyncio.Future[ServiceEnded]") -> None:
            ended = asked.result()
            loop.call_later(ended.took_ms / 1000, self._hear, contact_id, ended)

        asked.add_done_callback(done)

    async def drain(self, seconds: float) -> None:
        """Ask nothing more, and wait so long for what is asked to be answered."""
        self._is_draining = True
        if self._asked:
            self._is_idle.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._is_idle.wait(), seconds)

    def close(self) -> None:
        self._is_open = False
        self._is_draining = True
        for call in list(self._calls.values()):
            call.cancel()

    def _end(self, contact_id: str, effect_id: str, answer: "Future[LambdaEnded]") -> None:
        if self._calls.pop(effect_id, None) is not None and not answer.cancelled():
            self._hear(contact_id, answer.result())

    def _hear(self, contact_id: str, answer: "LambdaEnded | ServiceEnded") -> None:
        if self._is_open:
            self._answered(contact_id, answer)
        self._settle(answer.effect_id)

    def _settle(self, effect_id: str) -> None:
        self._asked.discard(effect_id)
        if not self._asked:
            self._is_idle.set()
