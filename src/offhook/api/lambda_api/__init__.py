"""The operations of AWS Lambda that are built, a small handler for each.

A handler reads parameters, asks the registry or the invoker, and answers in AWS's shapes; what is decided, is decided
in adapters/lambdas.
"""

import inspect
from collections.abc import Mapping
from typing import Any

from offhook.adapters.lambdas.refusal import Refusal
from offhook.api.errors import ServiceError
from offhook.api.lambda_api import access, alias, function, invoke, limit
from offhook.api.lambda_api.lambdas import Lambdas, Operation
from offhook.api.service import Handler, Result

OPERATIONS: Mapping[str, Operation] = {
    **function.OPERATIONS,
    **alias.OPERATIONS,
    **access.OPERATIONS,
    **limit.OPERATIONS,
    **invoke.OPERATIONS,
}


def handlers(lambdas: Lambdas) -> Mapping[str, Handler]:
    """By the operation's name."""
    return {name: _handler(operation, lambdas) for name, operation in OPERATIONS.items()}


def _handler(operation: Operation, lambdas: Lambdas) -> Handler:
    async def handle(parameters: dict[str, Any], request_id: str) -> Result:
        try:
            result = operation(lambdas, parameters, request_id)
            return await result if inspect.isawaitable(result) else result
        except Refusal as refusal:
            raise ServiceError(refusal.code, refusal.message, **refusal.members) from None

    return handle
