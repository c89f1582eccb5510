"""The lines that Lambda writes around what a function writes: START, END and REPORT.

Source: docs.aws.amazon.com/lambda/latest/dg/python-logging.html (REPORT line data fields),
lambda-runtime-environment.html (Status and Error Type); real log lines of 2023-2026. Since 2025-08 the billed time
holds the start, too.
"""

import math

from offhook.adapters.lambdas.answer import Error, error_in
from offhook.model.event import LambdaEnded

MAX_TAIL_BYTES = 4096  # as much as Lambda's LogType=Tail gives
TIMED_OUT = "Status: timeout"


def report(
    request_id: str,
    *,
    run_ms: float,
    init_ms: float | None,
    memory_mb: int,
    used_mb: float,
    status: str = "",
) -> str:
    """The REPORT line. `init_ms` is None for a warm start, `used_mb` 0 where nobody can tell."""
    used = f"\tMax Memory Used: {math.ceil(used_mb)} MB" if used_mb else ""
    init = f"\tInit Duration: {init_ms:.2f} ms" if init_ms is not None else ""
    return (
        f"REPORT RequestId: {request_id}\tDuration: {run_ms:.2f} ms"
        f"\tBilled Duration: {math.ceil(run_ms + (init_ms or 0))} ms\tMemory Size: {memory_mb} MB{used}{init}\t{status}"
    )


def status(cause: str, body: str) -> str:
    """What the REPORT line says of a failure: nothing of one that the function itself reported."""
    if cause == "function_timeout":
        return TIMED_OUT
    if cause in ("crash", "init"):
        return f"Status: error\tError Type: {_error(body).errorType}"
    return ""


def tail(ended: LambdaEnded, *, request_id: str, version: str, memory_mb: int) -> str:
    """The end of the invocation's log as Lambda's Invoke gives it: 4 KB at most.

    A stub states its times and has no REPORT line of its own; `memory_mb` is for that.
    """
    lines = [f"START RequestId: {request_id} Version: {version}", *ended.log.splitlines()]
    if ended.cause == "function_timeout":
        lines += [_error(ended.body).errorMessage.replace("RequestId: ", "").replace(" Error:", ""), ""]
    elif ended.cause == "crash":
        error = _error(ended.body)
        lines += [error.errorMessage, error.errorType]
    init_ms = ended.init_ms if ended.cold else None
    lines += [
        f"END RequestId: {request_id}",
        ended.report
        or report(
            request_id, run_ms=ended.took_ms - (init_ms or 0), init_ms=init_ms, memory_mb=memory_mb, used_mb=0,
            status=status(ended.cause, ended.body),
        ),
    ]  # fmt: skip
    text = "\n".join(lines).encode() + b"\n"
    return text[-MAX_TAIL_BYTES:].decode("utf-8", "ignore")


def _error(body: str) -> Error:
    return error_in(body) or Error()
