"""Show view: show a page to an agent or a customer and go on by the action that was chosen on it.

The action that was chosen is the result; what was filled in is under `$.Views.ViewResultData`. A response that is to
be hidden is secret (decision S22). A guide for an agent runs as a chat contact of its own; the designer therefore
lists all channels. Inputs and contact attributes together may have 16 KB. Connect's own views are in every instance.
Source: APIReference/participant-actions-showview.html; adminguide/show-view-block.html,
view-resources-managed-view.html.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec

from offhook.core.expr import text_of
from offhook.core.spec import (
    JSON,
    NO_MATCHING_ERROR,
    SINGLE,
    STATIC,
    BlockSpec,
    Changes,
    Ctx,
    ErrorBranch,
    Exit,
    FlowTypes,
    LogRecord,
    Outcome,
    Wait,
)
from offhook.model.effect import ShowView, StartTimer
from offhook.model.event import Event, TimerFired, ViewAnswered


class ViewResource(msgspec.Struct, frozen=True, rename="pascal"):
    """The console writes the ARN with `:$LATEST` or a version, and no Version."""

    id: Annotated[str, SINGLE, msgspec.Meta(title="View")]
    version: Annotated[str, STATIC] = ""


class SensitiveDataConfiguration(msgspec.Struct, frozen=True, rename="pascal"):
    hide_response_on: Annotated[tuple[Literal["TRANSCRIPT"], ...], STATIC] = ()


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    view_resource: ViewResource
    invocation_time_limit_seconds: Annotated[int, STATIC, msgspec.Meta(ge=1, title="Timeout (seconds)")]
    view_data: Annotated[dict[str, Any], JSON, msgspec.Meta(title="Inputs")] = {}
    sensitive_data_configuration: SensitiveDataConfiguration = SensitiveDataConfiguration()


MAX_BYTES = 16_384
AWS_MANAGED = ("detail", "list", "form", "confirmation", "cards")


class Memo(msgspec.Struct, frozen=True):
    view_id: str = ""
    timer_id: str = ""


def enter(p: Params, ctx: Ctx) -> Outcome:
    found = _view(p.view_resource.id, ctx)
    if isinstance(found, Exit):
        return found
    name, warnings = found
    size = len(msgspec.json.encode(p.view_data)) + sum(
        len(key.encode()) + len(value.encode()) for key, value in ctx.attributes.items()
    )
    if size > MAX_BYTES:
        detail = f"ViewData and the contact's attributes have {size:,} bytes together, at most {MAX_BYTES:,} are shown."
        return Exit(error="NoMatchingError", cause="size", detail=detail)
    view = ShowView(ctx.new_id(), ctx.line, name, p.view_data, secret=_is_secret(p, ctx))
    timer = StartTimer(ctx.new_id(), p.invocation_time_limit_seconds * 1_000)
    return Wait((view, timer), Memo(view.id, timer.id), warnings=warnings)


def _view(raw: str, ctx: Ctx) -> tuple[str, tuple[str, ...]] | Exit:
    """The view's name and what is to be said about it."""
    found = ctx.find("view", raw, "ViewResource.Id")
    if found.resource is not None and not found.assumed:
        return found.resource.name, ()
    own = raw.rpartition("/")[2].partition(":")[0]  # without the version: `…:aws:view/form:1` is `form`
    if own in AWS_MANAGED:
        return own, ()
    if found.resource is not None:
        return found.resource.name, (found.problem,)
    return Exit(error="NoMatchingError", cause="not_found", detail=found.problem)


def resume(p: Params, memo: Memo, event: Event, ctx: Ctx) -> Outcome | None:
    if type(event) is TimerFired and event.effect_id == memo.timer_id:
        detail = f"no action was chosen within {p.invocation_time_limit_seconds:,} seconds."
        return Exit(error="TimeLimitExceeded", cause="time_limit", detail=detail)
    if type(event) is not ViewAnswered or event.effect_id != memo.view_id:
        return None
    views = {"Action": event.action, "ViewResultData": event.data}
    changes: Changes = {"system": {**ctx.system, "Views": views}}
    if _is_secret(p, ctx):
        changes["secrets"] = (*ctx.secrets, *_texts(event.data))
    return Exit(result=event.action, set=changes)


def _is_secret(p: Params, ctx: Ctx) -> bool:
    return "TRANSCRIPT" in p.sensitive_data_configuration.hide_response_on or ctx.logging is False


def _texts(value: Any) -> Iterator[str]:
    """Every text and number in it."""
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
    elif text := "" if value is None or isinstance(value, bool) else text_of(value):
        yield text


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    return (LogRecord({"ViewId": p.view_resource.id} if p is not None else {}),)


BLOCKS = (
    BlockSpec(
        action="ShowView",
        title="Show view",
        summary="Shows a view and goes on by the action that was chosen on it.",
        group="interact",
        kind="participant",
        params=Params,
        memo=Memo,
        enter=enter,
        resume=resume,
        errors=(NO_MATCHING_ERROR, ErrorBranch("NoMatchingCondition"), ErrorBranch("TimeLimitExceeded")),
        operators=("Equals",),
        flow_types=FlowTypes(
            language=frozenset("CONTACT_FLOW CUSTOMER_QUEUE MODULE".split()), designer=frozenset({"CONTACT_FLOW"})
        ),
        log=log,
        widgets={"ViewResource.Id": "view-picker", "ViewData": "json"},
        example={"ViewResource": {"Id": "confirmation:$LATEST"}, "InvocationTimeLimitSeconds": "600", "ViewData": {}},
    ),
)
