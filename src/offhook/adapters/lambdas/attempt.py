"""One attempt at an event of the queue, and how long it is worth trying."""

import asyncio

from offhook.adapters.lambdas.deployment import LATEST
from offhook.adapters.lambdas.invoker import Invoker
from offhook.adapters.lambdas.queue import Event, Outcome, Patience
from offhook.adapters.lambdas.refusal import Refusal
from offhook.adapters.lambdas.registry import Registry


class Attempts:
    """What a queue asks of the functions of an account."""

    def __init__(self, registry: Registry, invoker: Invoker) -> None:
        self._registry = registry
        self._invoker = invoker

    async def run(self, event: Event) -> Outcome:
        reference = self._registry.reference(event.function, event.qualifier)
        try:
            target = self._registry.target(reference, request_id=event.request_id)
        except Refusal:
            return Outcome.DROPPED  # the function is gone
        try:
            begun = self._invoker.begin(target, event.payload, request_id=event.request_id)
        except Refusal:
            return Outcome.REFUSED
        ended = await asyncio.wrap_future(begun)
        if ended.status == 429 or ended.status >= 500:
            return Outcome.REFUSED
        return Outcome.DONE if ended.status == 200 and not ended.function_error else Outcome.FAILED

    def patience(self, event: Event) -> Patience:
        """As the function's event invoke config says."""
        if not self._registry.has(event.function):
            return Patience(retries=0)
        configs = self._registry.deployment(event.function).event_configs
        config = configs.get("" if event.qualifier == LATEST else event.qualifier, {})
        default = Patience()
        return Patience(
            config.get("MaximumRetryAttempts", default.retries),
            config.get("MaximumEventAgeInSeconds", default.max_age_seconds),
        )
