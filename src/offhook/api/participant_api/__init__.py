"""The participant service: what the people in a chat call, with their tokens.

A module of this package that has OPERATIONS is found by being there.
"""

import inspect
import pkgutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from offhook.adapters.store.database import StoreFull, StoreLost
from offhook.adapters.store.shelf import Shelf
from offhook.api.chat.chats import Chats, Denied
from offhook.api.chat.files import Files
from offhook.api.errors import ServiceError
from offhook.api.service import Handler, Result


@dataclass(frozen=True, slots=True)
class Desk:
    """What the handlers share. `files` are what was attached to chats."""

    chats: Chats
    now_ms: Callable[[], int]
    new_id: Callable[[], str]
    shelf: Shelf
    files: Files
    account: str
    region: str

    def instance_arn(self, instance: str) -> str:
        return f"arn:aws:connect:{self.region}:{self.account}:instance/{instance}"


# Gets the parameters and the request's id; raises ServiceError or Denied
Operation = Callable[[Desk, dict[str, Any], str], Result | Awaitable[Result]]


def operations() -> dict[str, Operation]:
    """Every operation that is built, by its name."""
    found: dict[str, Operation] = {}
    for module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        found |= getattr(import_module(f"{__name__}.{module}"), "OPERATIONS", {})
    return found


def handlers(desk: Desk) -> Mapping[str, Handler]:
    """By the operation's name."""
    return {name: _handler(operation, desk) for name, operation in operations().items()}


def _handler(operation: Operation, desk: Desk) -> Handler:
    async def handle(parameters: dict[str, Any], request_id: str) -> Result:
        try:
            result = operation(desk, parameters, request_id)
            return await result if inspect.isawaitable(result) else result
        except Denied as denied:
            raise ServiceError("AccessDeniedException", str(denied)) from None
        except (StoreFull, StoreLost) as problem:
            raise ServiceError("InternalServerException", str(problem)) from None

    return handle


def invalid(message: str) -> ServiceError:
    """A parameter that is not allowed."""
    return ServiceError("ValidationException", message)
