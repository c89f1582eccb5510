"""AWS Lambda function: call a function and keep its answer under `$.External`.

Synchronous: the contact stays until there is an answer, at most the block's limit of 1..8 s, which covers cold
start, run and every retry. Functions in a row without a prompt or an input between them may take 20 s together.
Then: the error branch, `$.External` as it was.
Asynchronous (limit 1..60 s): the contact goes on at once with `$.LambdaInvocation.InvocationId`. The wire form of
"Load Lambda result" is published nowhere; ours is this action with LambdaInvocationId in place of the ARN.
What the function receives is in core/lambda_event.py, what an answer may look like in core/lambda_answer.py, what a
failure means in core/lambda_failure.py. Over 150 lines: it is the heart.
Source: APIReference/interactions-invokelambdafunction.html; adminguide/invoke-lambda-function-block.html,
connect-lambda-functions.html; spec/lambda-block.md; decisions S1 to S12.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec.structs import replace

from offhook.core import lambda_failure, permission
from offhook.core.conditions import number
from offhook.core.expr import Template, parse_text, text_of
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
    Found,
    Legacy,
    LegacyModule,
    LogRecord,
    Outcome,
    Wait,
)
from offhook.model.effect import InvokeLambda, StartTimer
from offhook.model.event import Event, LambdaEnded, TimerFired
from offhook.model.flow import Action, Problem

MAX_SYNCHRONOUS_SECONDS = 8
CHAIN_LIMIT_MS = 20_000
# Names of the newest designer text; exports and the language page know NoMatchingError alone (decision S10)
TIMEOUT_BRANCHES = ("TimeLimitExceeded", "Timeout")

CHAIN_TEXT = "functions in a row ran 20 s together, Connect's limit; play a prompt or take an input between them."


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


_KNOWN = frozenset(field.encode_name for field in msgspec.structs.fields(Params))


class Memo(msgspec.Struct, frozen=True, gc=False):
    """One call in flight (`call_id`), or a pause before the next (`pause_id`), until `deadline_ms`.

    `chained`: the deadline is what was left of the 20 s for functions in a row, not the block's own limit.
    """

    function: str = ""
    started_ms: int = 0
    deadline_id: str = ""
    deadline_ms: int = 0
    chained: bool = False
    attempt: int = 1
    call_id: str = ""
    request_id: str = ""
    pause_id: str = ""


def enter(p: Params, ctx: Ctx) -> Outcome:
    if "LambdaInvocationId" in ctx.action.parameters:
        return _load(p, ctx)
    synchronous = p.invocation_type == "SYNCHRONOUS"
    if synchronous and p.invocation_time_limit_seconds > MAX_SYNCHRONOUS_SECONDS:
        return _failed("bad_parameter", _limit_text(p.invocation_time_limit_seconds), results="")
    found = _find(p, ctx)
    if found.resource is None:
        return _refused(ctx, "not_found", found.problem)
    # in this order: Lambda tells nobody whether there is what they may not invoke
    forbidden = permission.not_allowed(ctx.instance, found.resource, found.qualifier)
    missing = permission.missing(found.resource, found.qualifier)
    if ctx.strict and (forbidden or missing):
        return _refused(ctx, "forbidden" if forbidden else "not_found", forbidden or missing)
    warnings = tuple(filter(None, (forbidden, missing)))
    return (_invoke if synchronous else _start)(p, ctx, found, found.resource.name, warnings)


def _find(p: Params, ctx: Ctx) -> Found:
    return ctx.find("function", p.lambda_function_arn, "LambdaFunctionARN")


def _invoke(p: Params, ctx: Ctx, found: Found, function: str, warnings: tuple[str, ...]) -> Outcome:
    limit_ms = p.invocation_time_limit_seconds * 1000
    left_ms = CHAIN_LIMIT_MS - ctx.chain_ms
    if left_ms <= 0:
        return _failed("chain", CHAIN_TEXT)
    deadline = StartTimer(ctx.new_id(), min(limit_ms, left_ms))
    memo = Memo(
        function=function,
        started_ms=ctx.now_ms,
        deadline_id=deadline.id,
        deadline_ms=ctx.now_ms + deadline.after_ms,
        chained=left_ms < limit_ms,
    )
    call, memo = _call(p, ctx, memo, found)
    # in this order, so that of a tie in virtual time comes an answer: only what takes longer is cut
    return Wait((call, deadline), memo, warnings=warnings)


def _call(p: Params, ctx: Ctx, memo: Memo, found: Found) -> tuple[InvokeLambda, Memo]:
    call = InvokeLambda(
        id=ctx.new_id(),
        function=memo.function,
        arn=p.lambda_function_arn,
        event=contact_flow_event(ctx, p.lambda_invocation_attributes),
        timeout_ms=memo.deadline_ms - ctx.now_ms,
        request_id=ctx.new_uuid("request"),
        attempt=memo.attempt,
        qualifier=found.qualifier,
        version=_version(ctx, found),
    )
    return call, replace(memo, call_id=call.id, request_id=call.request_id, pause_id="")


def _version(ctx: Ctx, found: Found) -> str:
    """An alias with weights may lead every attempt to another version. A function may be gone by the next attempt."""
    return "" if found.resource is None else permission.version_of(found.resource, found.qualifier, ctx.chance)


def resume(p: Params, memo: Memo, event: Event, ctx: Ctx) -> Outcome | None:
    if type(event) is LambdaEnded and event.effect_id == memo.call_id:
        return _answered(p, memo, event, ctx)
    if type(event) is not TimerFired:
        return None
    # a driver that is behind may let the pause end after the deadline
    if event.effect_id == memo.deadline_id or ctx.now_ms >= memo.deadline_ms:
        return _timed_out(p, memo, ctx)
    # the only other timer of this block; the machine lets nothing pass that the contact does not wait for
    call, memo = _call(p, ctx, replace(memo, attempt=memo.attempt + 1), _find(p, ctx))
    return Wait((call,), memo)


def _answered(p: Params, memo: Memo, event: LambdaEnded, ctx: Ctx) -> Outcome:
    if event.status == 0:
        return _timed_out(p, memo, ctx)
    if not lambda_failure.is_failed(event):
        return _chained(_accepted(p, ctx, event, attempt=memo.attempt), memo, ctx)
    if lambda_failure.is_retried(event):
        left_ms = memo.deadline_ms - ctx.now_ms
        pause_ms = next_delay_ms(ctx.instance.lambda_policy, attempt=memo.attempt, left_ms=left_ms)
        if pause_ms is not None:
            pause = StartTimer(ctx.new_id(), pause_ms)
            return Wait((pause,), replace(memo, pause_id=pause.id, call_id=""))
    return _chained(_unsuccessful(event, memo.request_id, attempt=memo.attempt), memo, ctx)


def _timed_out(p: Params, memo: Memo, ctx: Ctx) -> Exit:
    if memo.chained:
        return _chained(_failed("chain", CHAIN_TEXT, attempts=memo.attempt), memo, ctx)
    detail = (
        f"no answer within the block's limit of {p.invocation_time_limit_seconds} s, "
        "which covers cold start, run and every retry."
    )
    wired = () if ctx.strict else {arrow.error_type for arrow in ctx.action.errors}
    error = next((name for name in TIMEOUT_BRANCHES if name in wired), "NoMatchingError")
    return _chained(_failed("time_limit", detail, attempts=memo.attempt, error=error), memo, ctx)


def _chained(outcome: Exit, memo: Memo, ctx: Ctx) -> Exit:
    """The exit, with the block's time added to that of the functions before it (decision S9)."""
    return replace(outcome, set={**outcome.set, "chain_ms": ctx.chain_ms + ctx.now_ms - memo.started_ms})


def _accepted(p: Params, ctx: Ctx, event: LambdaEnded, *, attempt: int) -> Exit:
    answer = read(
        event.body,
        body_bytes=event.body_bytes or len(event.body.encode()),
        response_type=p.response_validation.response_type,
        strict=ctx.strict,
    )
    if isinstance(answer, Refused):
        return _failed(answer.cause, answer.detail, attempts=attempt)
    return Exit(
        set={"external": answer.external},
        external_results=answer.external,
        attempts=attempt,
        warnings=answer.warnings,
    )


def _unsuccessful(event: LambdaEnded, request_id: str, *, attempt: int) -> Exit:
    cause = lambda_failure.cause_of(event)
    results = lambda_failure.results(cause, request_id, status=event.status, error_code=event.error_code)
    return _failed(cause, lambda_failure.detail_of(event), results=results, attempts=attempt)


def _refused(ctx: Ctx, cause: str, detail: str) -> Exit:
    """The function is not called at all."""
    return _failed(cause, detail, results=lambda_failure.results(cause, ctx.new_uuid("request")))


def _failed(
    cause: str,
    detail: str,
    *,
    results: str = lambda_failure.ERROR_TEXT,
    attempts: int = 0,
    error: str = "NoMatchingError",
) -> Exit:
    return Exit(error=error, results=results, cause=cause, detail=detail, attempts=attempts)


def _start(p: Params, ctx: Ctx, found: Found, function: str, warnings: tuple[str, ...]) -> Outcome:
    request_id = ctx.new_uuid("request")
    call = InvokeLambda(
        id=ctx.new_id(),
        function=function,
        arn=p.lambda_function_arn,
        event=contact_flow_event(ctx, p.lambda_invocation_attributes),
        timeout_ms=p.invocation_time_limit_seconds * 1000,
        request_id=request_id,
        asynchronous=True,
        qualifier=found.qualifier,
        version=_version(ctx, found),
    )
    return Exit(
        set={"invocation_id": request_id, "in_flight": (*ctx.in_flight, call.id)},
        effects=(call,),
        attempts=1,
        warnings=warnings,
    )


def _load(p: Params, ctx: Ctx) -> Exit:
    event = ctx.parked.get(p.lambda_invocation_id)
    if event is None:
        detail = (
            "LambdaInvocationId names no asynchronous invocation of this contact that has ended; wait for it first."
        )
        return _failed("not_ready", detail)
    if lambda_failure.is_failed(event):
        return _unsuccessful(event, p.lambda_invocation_id, attempt=1)
    return _accepted(p, ctx, event, attempt=1)


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    if p is None:
        return (LogRecord(),)
    if p.lambda_invocation_id:
        return (LogRecord({"LambdaInvocationId": p.lambda_invocation_id}),)
    parameters: dict[str, Any] = {
        "FunctionArn": p.lambda_function_arn,
        "TimeLimit": str(p.invocation_time_limit_seconds * 1000),
        "ResponseValidation": f"ResponseType={p.response_validation.response_type}",
    }
    if p.lambda_invocation_attributes:
        parameters["Parameters"] = p.lambda_invocation_attributes
    return (LogRecord(parameters),)


def check(action: Action) -> list[Problem]:
    raw = action.parameters
    problems = (*_check_function(raw), *_check_limit(raw), *(_misplaced(name) for name in raw if name not in _KNOWN))
    return [replace(problem, action=action.identifier) for problem in problems]


def _check_function(raw: dict[str, Any]) -> Iterator[Problem]:
    arn = raw.get("LambdaFunctionARN", "")
    field = "Parameters.LambdaFunctionARN"
    if not arn and "LambdaInvocationId" not in raw:
        yield Problem("E-lambda-no-function", "LambdaFunctionARN is missing: name a function.", field=field)
    template = parse_text(arn) if isinstance(arn, str) else arn
    if isinstance(template, Template) and len(template.parts) > 1:  # P12
        message = (
            f"LambdaFunctionARN {arn!r} has a reference inside text; Connect takes a constant or one whole reference: "
            "put the ARN together in Set contact attributes and refer to that."
        )
        yield Problem("E-lambda-arn-template", message, field=field)


def _check_limit(raw: dict[str, Any]) -> Iterator[Problem]:
    limit = raw.get("InvocationTimeLimitSeconds")
    field = "Parameters.InvocationTimeLimitSeconds"
    if "InvocationTimeLimitSeconds" not in raw and "LambdaInvocationId" not in raw:
        message = "InvocationTimeLimitSeconds is missing: 3 s are assumed, Connect may refuse it; say how long."
        yield Problem("W-lambda-no-limit", message, severity="warning", field=field)
    seconds = number(text_of(limit))
    if seconds is not None and seconds > MAX_SYNCHRONOUS_SECONDS and raw.get("InvocationType") != "ASYNCHRONOUS":
        yield Problem("E-lambda-limit", _limit_text(limit), field=field)


def _limit_text(seconds: Any) -> str:
    return f"InvocationTimeLimitSeconds is {seconds}, must be 1..{MAX_SYNCHRONOUS_SECONDS} for a synchronous call."


def _misplaced(name: str) -> Problem:
    """P65. That the name is unknown is everybody's rule; the cure is this block's."""
    message = f"{name} is no parameter; an input of the function stands in LambdaInvocationAttributes: move it there."
    return Problem("W-lambda-input-place", message, severity="warning", field=f"Parameters.{name}")


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
                "QUEUE_TRANSFER".split()
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
        wanted=("InvocationTimeLimitSeconds",),  # decision S2
        example={"LambdaFunctionARN": "state-lookup", "InvocationTimeLimitSeconds": "3"},
    ),
)
