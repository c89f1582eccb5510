"""What a failed attempt at a function means to a flow: whether it is tried again, and what the flow log says.

Tried again (decision S1): throttling, service failures, function errors. Not: what would fail the same way again (no
permission, no such function, the instance's own limit), and the function's own timeout.
The log texts are AWS's as far as they are known; the ones for throttling, a missing function and a service failure
are ours, made like the one for a missing permission.
Source: spec/lambda-block.md sections 7 and 15; adminguide/connect-lambda-functions.html; AWS knowledge centre,
connect-lambda-function-failures.
"""

from offhook.model.event import LambdaEnded

ERROR_TEXT = "The Lambda Function Returned An Error."
INSTANCE_LIMIT_TEXT = "Instance has reached concurrent Lambda thread access limit"

_REFUSALS = {
    "forbidden": (403, "AccessDeniedException"),
    "not_found": (404, "ResourceNotFoundException"),
    "throttle": (429, "TooManyRequestsException"),
    "service": (500, "ServiceException"),
}
_BY_STATUS = {status: cause for cause, (status, _) in _REFUSALS.items()}


def is_failed(event: LambdaEnded) -> bool:
    return event.status != 200 or bool(event.function_error)


def is_retried(event: LambdaEnded) -> bool:
    """Whether another attempt may do better."""
    if event.cause in ("function_timeout", "instance_limit"):
        return False
    return event.status in (200, 429) or event.status >= 500


def cause_of(event: LambdaEnded) -> str:
    """A code: what the host said, else what the status tells; `time_limit` where the host gave up waiting."""
    if event.status in (0, 200):
        return event.cause or ("function_error" if event.status else "time_limit")
    return event.cause or _BY_STATUS.get(event.status, "service")


def detail_of(event: LambdaEnded) -> str:
    """A sentence for a person."""
    return event.detail or event.error_code or f"Lambda answered with status {event.status}."


def results(cause: str, request_id: str, *, status: int = 0, error_code: str = "") -> str:
    """The `Results` of the flow log. `status` and `error_code` as Lambda gave them, else those that fit the cause."""
    if cause == "instance_limit":
        return INSTANCE_LIMIT_TEXT
    if cause not in _REFUSALS:
        return ERROR_TEXT
    usual_status, usual_code = _REFUSALS[cause]
    code = error_code or usual_code
    return f"Status Code: {status or usual_status}; Error Code: {code}; Request ID: {request_id}"
