"""Invoke: wait for the answer, run it later, or only look whether it could be run.

Source: the API reference of Invoke, and what it says of function errors: they are 200 with a header.
"""

import asyncio
import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from offhook.adapters.lambdas.queue import Event
from offhook.adapters.lambdas.refusal import Refusal, invalid
from offhook.adapters.lambdas.registry import Target
from offhook.adapters.lambdas.report import tail
from offhook.api.errors import ServiceError
from offhook.api.lambda_api.lambdas import Lambdas, Operation
from offhook.api.service import MAX_BODY_BYTES, Result
from offhook.model.event import LambdaEnded

_MAX_EVENT_BYTES = 1_048_576  # 1 MB since October 2025, 256 KB before
_TYPES = ("RequestResponse", "Event", "DryRun")
_NOT_BUILT = ("ClientContext", "DurableExecutionName", "TenantId")
_EMPTY = msgspec.Raw(b"{}")


async def _invoke(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    kind = asked.get("InvocationType", "RequestResponse")
    if kind not in _TYPES:
        raise invalid(f"InvocationType is {kind!r}, must be one of {', '.join(_TYPES)}.")
    for name in _NOT_BUILT:
        if name in asked:
            raise invalid(f"{name} is not built in offhook.")
    target = lambdas.target(asked, request_id=request_id)
    payload = _payload(asked.get("Payload", b""), _MAX_EVENT_BYTES if kind == "Event" else MAX_BODY_BYTES)
    if kind == "DryRun":
        return {"StatusCode": 204}
    if kind == "Event":
        lambdas.queue.accept(Event(target.deployment.name, target.qualifier, request_id, lambdas.now_ms(), payload))
        return {"StatusCode": 202, "Payload": b""}
    ended = await asyncio.wrap_future(lambdas.invoker.begin(target, payload, request_id=request_id))
    if ended.status != 200:
        raise _error(ended)
    log = _log(ended, target, request_id) if asked.get("LogType") == "Tail" else None
    return {
        "StatusCode": 200,
        "FunctionError": ended.function_error or None,
        "LogResult": log,
        "ExecutedVersion": target.version.number,
        "Payload": ended.body.encode(),
    }


async def _invoke_async(lambdas: Lambdas, asked: dict[str, Any], request_id: str) -> Result:
    """The old way to run something later."""
    again = {"FunctionName": asked["FunctionName"], "Payload": asked["InvokeArgs"], "InvocationType": "Event"}
    await _invoke(lambdas, again, request_id)
    return {"Status": 202}


def _payload(body: bytes, limit: int) -> msgspec.Raw:
    """The event as it came, once it is known to be JSON. Without one, an empty object."""
    if len(body) > limit:
        raise Refusal("RequestTooLargeException", f"The payload has {len(body)} bytes, more than {limit}.")
    if not body.strip():
        return _EMPTY
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise Refusal("InvalidRequestContentException", f"The payload is not JSON: {problem}.") from None
    return msgspec.Raw(body)


def _error(ended: LambdaEnded) -> ServiceError:
    """The function did not run."""
    detail = ended.detail or ended.error_code
    match ended.status:
        case 429:
            return ServiceError("TooManyRequestsException", detail, Reason="ConcurrentInvocationLimitExceeded")
        case 403 | 404:
            return ServiceError(ended.error_code, detail, status=ended.status)
        case _:
            return ServiceError("ServiceException", detail)


def _log(ended: LambdaEnded, target: Target, request_id: str) -> str:
    """The end of the log as Lambda gives it, in base64."""
    version = target.version
    text = tail(ended, request_id=request_id, version=version.number, memory_mb=version.memory_mb)
    return base64.b64encode(text.encode()).decode()


OPERATIONS: Mapping[str, Operation] = {"Invoke": _invoke, "InvokeAsync": _invoke_async}
