"""Stubs and faults: answers that are stated, with times that are stated. Nothing here runs, sleeps or measures."""

import json
import traceback
from dataclasses import dataclass
from typing import Any, assert_never

import msgspec

from offhook.adapters.lambdas import answer
from offhook.adapters.lambdas.spec import Fault, Stub
from offhook.model.effect import InvokeLambda
from offhook.model.event import LambdaEnded

FAULT_TIMEOUT_MS = 1000  # the shortest that a Lambda function can have, so that it comes before the limit of a block
_REFUSALS = {
    "throttle": "throttle",
    "instance-limit": "instance_limit",
    "500": "service",
    "403": "forbidden",
    "404": "not_found",
}
_BODIES = {
    "nested": '{"State":{"Code":"CA"}}',
    "big": json.dumps({"State": "a" * 33_000}),
    "garbage": "<html>not JSON</html>",
}


@dataclass(frozen=True, slots=True)
class _Raised:
    body: str


def answered(stub: Stub, effect: InvokeLambda, *, nth: int) -> LambdaEnded:
    """What the `nth` call of a stub (from 0) gives: the stated answer, unless one of the two clocks runs out first."""
    is_cold = stub.init_ms > 0 and (nth % stub.cold_every == 0 if stub.cold_every else nth == 0)
    init_ms = stub.init_ms if is_cold else 0
    given = _given(stub, effect, nth)
    run_ms, timeout_ms = stub.run_ms, stub.timeout_ms
    if given == Fault("timeout"):
        timeout_ms = timeout_ms or FAULT_TIMEOUT_MS
        run_ms = timeout_ms + 1
    cut_ms = timeout_ms if timeout_ms is not None and run_ms > timeout_ms else None
    took_ms = init_ms + (run_ms if cut_ms is None else cut_ms)
    if took_ms > effect.timeout_ms:
        return answer.given_up(effect, took_ms=effect.timeout_ms, cold=is_cold, init_ms=init_ms)
    if cut_ms is None:
        ended = _ended(given, effect)
    else:
        body = answer.timed_out_body(effect.request_id, timeout_ms=cut_ms)
        ended = answer.failed(effect, "function_timeout", body)
    return msgspec.structs.replace(ended, cold=is_cold, init_ms=init_ms, took_ms=took_ms) if took_ms else ended


def _given(stub: Stub, effect: InvokeLambda, nth: int) -> str | Fault | _Raised:
    if isinstance(stub.answers, tuple):
        return stub.answers[min(nth, len(stub.answers) - 1)]
    try:
        value = stub.answers(effect.event)
        return value if isinstance(value, Fault) else json.dumps(value)
    except Exception as error:  # as a handler's: whatever it raises is its answer
        frames = traceback.format_tb(error.__traceback__)[1:]
        return _Raised(
            answer.error_body(type(error).__name__, str(error), requestId=effect.request_id, stackTrace=frames)
        )


def _ended(given: str | Fault | _Raised, effect: InvokeLambda) -> LambdaEnded:
    match given:
        case str():
            return LambdaEnded(0, effect.id, 200, body=given, body_bytes=len(given.encode()))
        case _Raised():
            return answer.failed(effect, "function_error", given.body)
        case Fault(kind) if kind in _BODIES:
            return _ended(_BODIES[kind], effect)
        case Fault(kind) if kind in _REFUSALS:
            return answer.refused(effect, _REFUSALS[kind])
        case Fault(kind):
            return _failed(kind, effect)
        case _:
            assert_never(given)


def _failed(kind: str, effect: InvokeLambda) -> LambdaEnded:
    if kind == "crash":
        return answer.failed(effect, "crash", answer.exited_body(effect.request_id, status=1))
    more: dict[str, Any] = {"requestId": effect.request_id, "stackTrace": []}
    if kind == "init":
        message = f"Unable to import module '{effect.function}': No module named '{effect.function}'"
        return answer.failed(effect, "init", answer.error_body("Runtime.ImportModuleError", message, **more))
    return answer.failed(effect, "function_error", answer.error_body("Exception", "failed on purpose", **more))
