"""AWS Lambda function: call a function and keep its answer under `$.External`.

Synchronous: the contact stays until there is an answer, at most the block's limit of 1..8 s, which covers cold
start, run and every retry. Throttling, service failures and function errors are retried up to three times inside
that limit. Functions in a row without a prompt or an input between them may take 20 s together. Then: the error
branch, `$.External` as it was.
Asynchronous (limit 1..60 s): the contact goes on at once with `$.LambdaInvocation.InvocationId`. The wire form of
"Load Lambda result" is published nowhere; ours is this action with LambdaInvocationId in place of the ARN.
Source: APIReference/interactions-invokelambdafunction.html; adminguide/invoke-lambda-function-block.html,
connect-lambda-functions.html; spec/lambda-block.md; decisions S1 to S12. What an answer may look like is in
core/lambda_answer.py, what the function receives in core/lambda_event.py. Over 150 lines: it is the heart.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec.structs import replace

from offhook.core.lambda_answer import Refused, read
from offhook.core.lambda_event import contact_flow_event
from offhook.core.retry import next_delay_ms
from offhook.core.spec import (
    JSON,
    NO_MATCHING_ERROR,
    SINGLE,
    STATIC,
    BlockSpec,
    Ctx,
    Exit,
    FlowTypes,
    Legacy,
    LegacyModule,
    LogRecord,
    Outcome,
    Wait,
)
from offhook.model.effect import InvokeLambda, StartTimer
from offhook.model.event import Event, LambdaEnded, TimerFired
from offhook.model.flow import Action, Problem
from offhook.model.instance import Resource

MAX_SYNCHRONOUS_SECONDS = 8
CHAIN_LIMIT_MS = 20_000

ERROR_TEXT = "The Lambda Function Returned An Error."
INSTANCE_LIMIT_TEXT = "Instance has reached concurrent Lambda thread access limit"


class ResponseValidation(msgspec.Struct, frozen=True, rename="pascal"):
    response_type: Annotated[Literal["STRING_MAP", "JSON"], STATIC] = "STRING_MAP"


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    lambda_function_arn: Annotated[str, SINGLE, msgspec.Meta(title="Function ARN")] = msgspec.field(
        name="LambdaFunctionARN", default=""
    )
    invocation_time_limit_seconds: Annotated[int, STATIC, msgspec.Meta(ge=1, le=60, title="Timeout (seconds)")] = 3
    invocation_type: Annotated[Literal["SYNCHRONOUS", "ASYNCHRONOUS"], STATIC] = "SYNCHRONOUS"
    lambda_invocation_attributes: Annotated[dict[str, Any], JSON, msgspec.Meta(title="Function input parameters")] = {}
    response_validation: ResponseValidation = ResponseValidation()
    lambda_invocation_id: Annotated[str, SINGLE, msgspec.Meta(title="Load the result of (ours)")] = ""


class Memo(msgspec.Struct, frozen=True):
    """One call in flight (`call_id`), or a pause before the next (`backoff_id`), until `deadline_ms`."""

    deadline_id: str = ""
    deadline_ms: int = 0
    started_ms: int = 0
    chained: bool = False
    attempt: int = 1
    call_id: str = ""
    backoff_id: str = ""
    request_id: str = ""
    function: str = ""


def enter(p: Params, ctx: Ctx) -> Outcome:
    if p.lambda_invocation_id:
        return _load(p, ctx)
    synchronous = p.invocation_type == "SYNCHRONOUS"
    if synchronous and p.invocation_time_limit_seconds > MAX_SYNCHRONOUS_SECONDS:
        detail = f"InvocationTimeLimitSeconds: is {p.invocation_time_limit_seconds}, a synchronous limit is 1..8."
        return Exit(error="NoMatchingError", cause="bad_parameter", detail=detail)
    found = ctx.find("function", p.lambda_function_arn, "LambdaFunctionARN")
    if found.resource is None:
        return _failed(ctx, "not_found", found.problem, request_id=ctx.new_uuid("request"), attempts=0)
    warnings = _association(ctx, found.resource)
    if warnings and ctx.strict:
        return _failed(ctx, "forbidden", warnings[0], request_id=ctx.new_uuid("request"), attempts=0)
    if not synchronous:
        return _start(p, ctx, found.resource, warnings)
    return _invoke(p, ctx, found.resource, warnings)


def _invoke(p: Params, ctx: Ctx, function: Resource, warnings: tuple[str, ...]) -> Outcome:
    limit_ms = p.invocation_time_limit_seconds * 1000
    left_ms = CHAIN_LIMIT_MS - ctx.chain_ms
    if left_ms <= 0:
        return _failed(ctx, "chain", _chain_text(), attempts=0)
    deadline = StartTimer(ctx.new_id(), min(limit_ms, left_ms))
    memo = Memo(
        deadline_id=deadline.id,
        deadline_ms=ctx.now_ms + deadline.after_ms,
        started_ms=ctx.now_ms,
        chained=left_ms < limit_ms,
        function=function.name,
    )
    call, memo = _call(p, ctx, memo)
    return Wait((deadline, call), memo, warnings=warnings)


def _call(p: Params, ctx: Ctx, memo: Memo) -> tuple[InvokeLambda, Memo]:
    call = InvokeLambda(
        id=ctx.new_id(),
        function=memo.function,
        arn=p.lambda_function_arn,
        event=contact_flow_event(ctx, p.lambda_invocation_attributes),
        timeout_ms=memo.deadline_ms - ctx.now_ms,
        request_id=ctx.new_uuid("request"),
        attempt=memo.attempt,
    )
    return call, replace(memo, call_id=call.id, request_id=call.request_id, backoff_id="")


def resume(p: Params, memo: Memo, event: Event, ctx: Ctx) -> Outcome | None:
    if type(event) is LambdaEnded and event.effect_id == memo.call_id:
        return _answered(p, memo, event, ctx)
    if type(event) is not TimerFired:
        return None
    if event.effect_id == memo.deadline_id:
        return _timed_out(p, memo, ctx)
    if event.effect_id == memo.backoff_id:
        call, memo = _call(p, ctx, replace(memo, attempt=memo.attempt + 1))
        return Wait((call,), memo)
    return None


def _answered(p: Params, memo: Memo, event: LambdaEnded, ctx: Ctx) -> Outcome:
    if event.status == 0:
        return _timed_out(p, memo, ctx)
    if event.status == 200 and not event.function_error:
        return _accept(p, ctx, event, memo)
    if _is_retried(event):
        pause_ms = next_delay_ms(
            ctx.instance.lambda_policy, attempt=memo.attempt, left_ms=memo.deadline_ms - ctx.now_ms
        )
        if pause_ms is not None:
            pause = StartTimer(ctx.new_id(), pause_ms)
            return Wait((pause,), replace(memo, backoff_id=pause.id, call_id=""))
    return _failed(ctx, _cause(event), event.detail or _reason(event), memo=memo)


def _accept(p: Params, ctx: Ctx, event: LambdaEnded, memo: Memo) -> Outcome:
    answer = read(
        event.body,
        body_bytes=event.body_bytes or len(event.body.encode()),
        response_type=p.response_validation.response_type,
        strict=ctx.strict,
    )
    if isinstance(answer, Refused):
        return _failed(ctx, answer.cause, answer.detail, memo=memo)
    return Exit(
        set={"external": answer.external, "chain_ms": ctx.chain_ms + _since(ctx, memo)},
        external_results=answer.external,
        attempts=memo.attempt,
        warnings=answer.warnings,
    )


def _since(ctx: Ctx, memo: Memo | None) -> int:
    return ctx.now_ms - memo.started_ms if memo is not None and memo.started_ms else 0


def _is_retried(event: LambdaEnded) -> bool:
    """Decision S1: throttling, service failures, function errors; not the function's own timeout."""
    if event.cause in ("function_timeout", "instance_limit"):
        return False
    return event.status == 429 or event.status >= 500 or (event.status == 200 and bool(event.function_error))


def _cause(event: LambdaEnded) -> str:
    by_status = {403: "forbidden", 404: "not_found", 429: "throttle"}
    return event.cause or by_status.get(event.status) or ("function_error" if event.function_error else "service")


def _reason(event: LambdaEnded) -> str:
    return event.error_code or f"Lambda answered with status {event.status}."


def _timed_out(p: Params, memo: Memo, ctx: Ctx) -> Outcome:
    wired = {arrow.error_type for arrow in ctx.action.errors}
    error = next((name for name in ("TimeLimitExceeded", "Timeout") if name in wired and not ctx.strict), "NoMatchingError")
    if memo.chained:
        return _failed(ctx, "chain", _chain_text(), memo=memo, error=error)
    detail = (
        f"no answer within the block's limit of {p.invocation_time_limit_seconds} s, "
        "which covers cold start, run and every retry."
    )
    return _failed(ctx, "time_limit", detail, memo=memo, error=error)


def _chain_text() -> str:
    return "functions without a prompt or an input between them ran 20 s together, Connect's limit; play a prompt between."


def _failed(
    ctx: Ctx,
    cause: str,
    detail: str,
    *,
    memo: Memo | None = None,
    request_id: str = "",
    attempts: int | None = None,
    error: str = "NoMatchingError",
) -> Exit:
    request_id = memo.request_id if memo is not None else request_id
    return Exit(
        error=error,
        set={"chain_ms": ctx.chain_ms + _since(ctx, memo)},
        results=_RESULTS.get(cause, ERROR_TEXT).format(request_id=request_id),
        cause=cause,
        detail=detail,
        attempts=memo.attempt if memo is not None else attempts or 0,
    )


# spec/lambda-block.md section 15; the texts marked "ours, by analogy" there are not AWS's
_RESULTS = {
    "forbidden": "Status Code: 403; Error Code: AccessDeniedException; Request ID: {request_id}",
    "throttle": "Status Code: 429; Error Code: TooManyRequestsException; Request ID: {request_id}",
    "not_found": "Status Code: 404; Error Code: ResourceNotFoundException; Request ID: {request_id}",
    "service": "Status Code: 500; Error Code: ServiceException; Request ID: {request_id}",
    "instance_limit": INSTANCE_LIMIT_TEXT,
}


def _association(ctx: Ctx, function: Resource) -> tuple[str, ...]:
    """Decision S12: a function must be added to the instance; only strict insists on it."""
    associated = ctx.instance.associated
    if function.name in (associated or ()) or (associated is None and not ctx.strict):
        return ()
    return (f"function {function.name!r} is not added to the instance; Connect would refuse to invoke it.",)


def _start(p: Params, ctx: Ctx, function: Resource, warnings: tuple[str, ...]) -> Outcome:
    request_id = ctx.new_uuid("request")
    call = InvokeLambda(
        id=ctx.new_id(),
        function=function.name,
        arn=p.lambda_function_arn,
        event=contact_flow_event(ctx, p.lambda_invocation_attributes),
        timeout_ms=p.invocation_time_limit_seconds * 1000,
        request_id=request_id,
        asynchronous=True,
    )
    changes: Any = {"invocation_id": request_id, "in_flight": (*ctx.in_flight, call.id)}
    return Exit(set=changes, effects=(call,), attempts=1, warnings=warnings)


def _load(p: Params, ctx: Ctx) -> Outcome:
    event = ctx.parked.get(p.lambda_invocation_id)
    if event is None:
        return _failed(ctx, "not_ready", "no finished asynchronous invocation has this id.", attempts=0)
    if event.status == 200 and not event.function_error:
        return _accept(p, ctx, event, Memo(request_id=p.lambda_invocation_id))
    cause = "time_limit" if event.status == 0 else _cause(event)
    return _failed(ctx, cause, event.detail or _reason(event), request_id=p.lambda_invocation_id, attempts=1)


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    if p is None:
        return (LogRecord(),)
    parameters: dict[str, Any] = {
        "FunctionArn": p.lambda_function_arn,
        "TimeLimit": str(p.invocation_time_limit_seconds * 1000),
        "ResponseValidation": f"ResponseType={p.response_validation.response_type}",
    }
    if p.lambda_invocation_attributes:
        parameters["Parameters"] = p.lambda_invocation_attributes
    return (LogRecord(parameters),)


def check(action: Action) -> list[Problem]:
    """P12: an ARN is a constant or one whole reference."""
    arn = action.parameters.get("LambdaFunctionARN")
    if isinstance(arn, str) and "$." in arn and not arn.startswith("$."):
        message = (
            f"LambdaFunctionARN {arn!r} has a reference inside text; Connect takes a constant or one whole reference: "
            "put the ARN together in Set contact attributes and refer to that."
        )
        return [Problem("E-lambda-arn-template", message, action=action.identifier, field="Parameters.LambdaFunctionARN")]
    return []


def _from_legacy(module: LegacyModule) -> dict[str, Any]:
    inputs = module.keyed.get("Parameter", {})
    return {"LambdaInvocationAttributes": dict(inputs)} if inputs else {}


BLOCKS = (
    BlockSpec(
        action="InvokeLambdaFunction",
        title="AWS Lambda function",
        summary="Calls a Lambda function with contact data and inputs, and keeps its answer under $.External.",
        group="integrate",
        kind="interaction",
        params=Params,
        memo=Memo,
        enter=enter,
        resume=resume,
        errors=(NO_MATCHING_ERROR,),
        # the language page has no restriction; the designer's list lacks outbound whisper in 2018, 2023 and newer
        flow_types=FlowTypes(
            designer=frozenset(
                "CONTACT_FLOW CUSTOMER_QUEUE CUSTOMER_HOLD CUSTOMER_WHISPER AGENT_HOLD AGENT_WHISPER AGENT_TRANSFER "
                "QUEUE_TRANSFER MODULE".split()
            )
        ),
        legacy=(
            Legacy(
                "InvokeExternalResource",
                target="Lambda",
                rename={"FunctionArn": "LambdaFunctionARN", "TimeLimit": "InvocationTimeLimitSeconds"},
                convert=_from_legacy,
            ),
        ),
        widgets={"LambdaFunctionARN": "lambda-picker", "LambdaInvocationAttributes": "key-values"},
        log_name="InvokeExternalResource",
        log=log,
        check=check,
        example={"LambdaFunctionARN": "state-lookup", "InvocationTimeLimitSeconds": "3"},
    ),
)
