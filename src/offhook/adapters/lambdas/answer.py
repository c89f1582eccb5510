"""What an attempt at a function comes to, with the names and bodies of Lambda's Invoke API.

Source: spec/lambda-block.md section 15 and the Invoke and runtime documentation of AWS Lambda. `cause` is ours: it
tells apart what Lambda folds into one status or into `Unhandled`.
"""

import signal
from typing import Any

import msgspec

from offhook.model.effect import InvokeLambda
from offhook.model.event import LambdaEnded

MAX_ANSWER_BYTES = 6_291_556  # what Lambda itself names in its refusal; 6 MB and a little
CLOSED = "the function host was closed."
_MAX_DETAIL = 1000  # characters
_REFUSALS = {
    "throttle": (429, "TooManyRequestsException", "Rate Exceeded."),
    "instance_limit": (429, "InstanceLimit", "Instance has reached concurrent Lambda thread access limit"),
    "service": (500, "ServiceException", "Lambda could not run the function; try again."),
    "forbidden": (403, "AccessDeniedException", "Connect is not allowed to invoke the function."),
    "not_found": (404, "ResourceNotFoundException", "The function was not found."),
}


class Error(msgspec.Struct):
    """Lambda's error object, as far as it matters here."""

    errorType: str = ""
    errorMessage: str = ""


def refused(effect: InvokeLambda, cause: str, detail: str = "") -> LambdaEnded:
    """The function did not run: throttle, instance_limit, service, forbidden or not_found."""
    status, code, text = _REFUSALS[cause]
    return LambdaEnded(0, effect.id, status, error_code=code, cause=cause, detail=detail or text)


def given_up(effect: InvokeLambda, **measured: Any) -> LambdaEnded:
    """The attempt's own limit came first."""
    return LambdaEnded(
        0, effect.id, 0, cause="time_limit", detail=f"no answer within {effect.timeout_ms} ms.", **measured
    )


def failed(effect: InvokeLambda, cause: str, body: str, *, detail: str = "", **measured: Any) -> LambdaEnded:
    """The function ran and failed: function_error, function_timeout, init or crash. `body` is Lambda's error object."""
    return LambdaEnded(
        0,
        effect.id,
        200,
        body=body,
        body_bytes=len(body.encode()),
        function_error="Unhandled",
        cause=cause,
        detail=detail or _sentence(body),
        **measured,
    )


def error_body(error_type: str, message: str, **more: Any) -> str:
    return msgspec.json.encode({"errorType": error_type, "errorMessage": message, **more}).decode()


def timed_out_body(request_id: str, *, timeout_ms: int) -> str:
    return error_body(
        "Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {timeout_ms / 1000:.2f} seconds"
    )


def init_timed_out_body(request_id: str, *, limit_ms: int) -> str:
    return error_body(
        "Sandbox.Timedout", f"RequestId: {request_id} Error: Init phase timed out after {limit_ms / 1000:.2f} seconds"
    )


def not_started_body(request_id: str, interpreter: str, error: Exception) -> str:
    return error_body("Runtime.InvalidEntrypoint", f"RequestId: {request_id} Error: fork/exec {interpreter}: {error}")


def exited_body(request_id: str, *, status: int) -> str:
    """`status` as subprocess gives it: negative for a signal."""
    reason = "Runtime exited without providing a reason"
    if status > 0:
        reason = f"Runtime exited with error: exit status {status}"
    if status < 0:
        reason = f"Runtime exited with error: signal: {(signal.strsignal(-status) or str(-status)).lower()}"
    return error_body("Runtime.ExitError", f"RequestId: {request_id} Error: {reason}")


def too_large_body() -> str:
    return error_body(
        "Function.ResponseSizeTooLarge",
        f"Response payload size exceeded maximum allowed payload size ({MAX_ANSWER_BYTES} bytes).",
    )


def error_in(body: str) -> Error | None:
    """None where the body is no error object."""
    try:
        return msgspec.json.decode(body, type=Error)
    except (msgspec.DecodeError, RecursionError):
        return None


def _sentence(body: str) -> str:
    error = error_in(body)
    if error is None:
        return "the function failed, and its report is not Lambda's error object."
    return ": ".join(filter(None, (error.errorType, error.errorMessage)))[:_MAX_DETAIL]
