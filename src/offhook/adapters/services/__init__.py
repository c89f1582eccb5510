"""Services beside a flow, in memory: one module per service, found by being there.

A module has the name of the service's key in `[services]` of offhook.toml (`data_tables` is `data-tables`), and says

- `SERVICE`: AWS's endpoint prefix, by which a CallService finds it;
- `Service(described, call_function)`: the service, filled from what the key's file holds. A description that is wrong
  raises UsageError with one sentence per problem. `call_function(name or ARN, event)` gives the answer of a function
  of the project; it raises ServiceError where the function fails.
- `Service.call(operation, input, contact_id)`: the output of the operation as JSON, or ServiceError.

Beside what is the service's own, every description may have `fail`: names of errors by operation. Such an operation
always answers the error, so that a flow's branch for it can be tried.

A service knows no clock and no chance: equal calls in equal order give equal answers. It gets one call at a time,
unless its module says `WAITS = True`: it keeps nothing that calls could spoil for each other, and may wait long.
"""

import importlib
import pkgutil
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from types import MappingProxyType
from typing import Any, Protocol, cast

import msgspec

from offhook.adapters.services.error import ServiceError
from offhook.model.effect import CallService
from offhook.model.errors import UsageError
from offhook.model.event import ServiceEnded

CallFunction = Callable[[str, dict[str, Any]], Any]


class Service(Protocol):
    """One service with all that it holds."""

    def call(self, operation: str, input: dict[str, Any], contact_id: str) -> Any: ...


class Module(Protocol):
    """What a module of this package says."""

    SERVICE: str

    def Service(self, described: Mapping[str, Any], call_function: CallFunction) -> Service: ...


class Services:
    """Satisfies drivers.ports.Services. `described`: what is there, by key; what is not described is not available.

    Raises UsageError with the problems of all descriptions.
    """

    def __init__(self, described: Mapping[str, Mapping[str, Any]], call_function: CallFunction) -> None:
        self._services: dict[str, Service] = {}
        self._failing: dict[tuple[str, str], str] = {}
        self._turns: dict[str, AbstractContextManager[Any]] = {}
        problems: list[str] = []
        for key, description in described.items():
            try:
                self._add(key, dict(description), call_function)
            except UsageError as refusal:
                problems += refusal.problems
        if problems:
            raise UsageError(*problems)

    def _add(self, key: str, description: dict[str, Any], call_function: CallFunction) -> None:
        module = modules().get(key)
        if module is None:
            raise UsageError(f"{key!r} is no service here; known: {', '.join(modules())}.")
        failing = description.pop("fail", {})
        try:
            failing = msgspec.convert(failing, dict[str, str])
        except msgspec.ValidationError:
            raise UsageError("fail is wrong: must give the name of an error for each operation.") from None
        self._services[module.SERVICE] = module.Service(description, call_function)
        self._turns[module.SERVICE] = nullcontext() if getattr(module, "WAITS", False) else threading.Lock()
        self._failing |= {(module.SERVICE, operation): code for operation, code in failing.items()}

    def call(self, effect: CallService, contact_id: str) -> ServiceEnded:
        service = self._services.get(effect.service)
        if code := self._failing.get((effect.service, effect.operation)):
            return ServiceEnded(0, effect.id, error=code, detail=f"the description lets {effect.operation} fail.")
        if service is None:
            detail = f"there is no service {effect.service!r} here; [services] in offhook.toml can describe one."
            return ServiceEnded(0, effect.id, error="ServiceUnavailableException", detail=detail)
        try:
            with self._turns[effect.service]:
                output = service.call(effect.operation, effect.input, contact_id)
        except ServiceError as refusal:
            return ServiceEnded(0, effect.id, error=refusal.code, detail=refusal.message)
        return ServiceEnded(0, effect.id, output)


@cache
def modules() -> Mapping[str, Module]:
    """The services that there can be, by key."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    found = {name.replace("_", "-"): importlib.import_module(f"{__name__}.{name}") for name in names}
    # a module is what its attributes make it, which mypy cannot see here
    return MappingProxyType({key: cast(Module, module) for key, module in found.items() if hasattr(module, "SERVICE")})
