"""The operations of Amazon Connect that are built, a small handler for each, by what they are about.

A module of this package that has OPERATIONS is found by being there.

A handler reads parameters, looks up or changes records of the shelf, and answers in AWS's shapes. What it has changed
is committed before its answer leaves.
"""

import inspect
import pkgutil
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from offhook.adapters.store.database import StoreFull, StoreLost
from offhook.api.connect_api.connect import Connect, Operation
from offhook.api.errors import ServiceError
from offhook.api.service import Handler, Result


def operations() -> dict[str, Operation]:
    """Every operation that is built, by its name."""
    found: dict[str, Operation] = {}
    for module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        found |= getattr(import_module(f"{__name__}.{module}"), "OPERATIONS", {})
    return found


def handlers(connect: Connect) -> Mapping[str, Handler]:
    """By the operation's name."""
    return {name: _handler(operation, connect) for name, operation in operations().items()}


def _handler(operation: Operation, connect: Connect) -> Handler:
    async def handle(parameters: dict[str, Any], request_id: str) -> Result:
        try:
            result = operation(connect, parameters, request_id)
            if inspect.isawaitable(result):
                result = await result
            if connect.shelf.is_dirty:
                await connect.shelf.commit()
        except StoreFull as problem:
            raise ServiceError("ServiceQuotaExceededException", f"{problem} Nothing was kept.") from None
        except StoreLost as problem:
            raise ServiceError("InternalServiceException", str(problem)) from None
        except Exception:
            connect.shelf.forget()
            raise
        return result

    return handle
