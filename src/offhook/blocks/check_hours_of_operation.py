"""Check hours of operation: are these hours open now?

HoursOfOperationId names the hours; without it they are those of the contact's target queue. Agent queues have none,
so the block takes its error branch. Hours that nothing is known of are open, with a warning (decision S20), and so is
a queue that names none.
The newer designer also has branches for overrides; AWS has not published their form, so an override only opens or
closes. What is open when is core/calendar.py.
Source: APIReference/flow-control-actions-checkhoursofoperation.html; adminguide/check-hours-of-operation.html.
"""

from typing import Annotated

import msgspec

from offhook.core import calendar
from offhook.core.spec import NO_MATCHING_ERROR, SINGLE, BlockSpec, Ctx, Exit, FlowTypes, Legacy, Outcome
from offhook.model.flow import Action, Problem


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    hours_of_operation_id: Annotated[str, SINGLE, msgspec.Meta(title="Hours of operation")] = ""


def enter(p: Params, ctx: Ctx) -> Outcome:
    if "HoursOfOperationId" not in ctx.action.parameters:
        return _of_queue(ctx)
    found = ctx.find("hours", p.hours_of_operation_id, "HoursOfOperationId")
    if found.resource is None:
        return Exit(error="NoMatchingError", cause="not_found", detail=found.problem)
    return _result(ctx, found.resource.name, found.problem)


def _of_queue(ctx: Ctx) -> Exit:
    queue = ctx.queue
    if queue is None:
        detail = "no hours are named and the contact has no target queue; name hours, or put Set working queue before."
        return Exit(error="NoMatchingError", cause="no_queue", detail=detail)
    if queue.is_agent:
        detail = f"{queue.name!r} is an agent's queue, which has no hours; name the hours to check."
        return Exit(error="NoMatchingError", cause="agent_queue", detail=detail)
    settings = ctx.instance.queues.get(queue.name)
    if settings is None:
        return _result(ctx, "", f"nothing is known of queue {queue.name!r}, not even its hours.")
    return _result(ctx, settings.hours, "")


def _result(ctx: Ctx, name: str, problem: str) -> Exit:
    hours = ctx.instance.hours.get(name)
    if hours is None and name and not problem:
        problem = f"hours {name!r} have no schedule."
    result = str(hours is None or calendar.is_open(hours, ctx.now_ms))
    return Exit(result=result, results=result, warnings=(f"{problem} It counts as open.",) if problem else ())


def check(action: Action) -> list[Problem]:
    found = sorted(str(operand) for condition in action.conditions for operand in condition.operands)
    if found == ["False", "True"]:
        return []
    message = f"the conditions are {', '.join(found) or 'none'}, must be True and False, once each: wire both."
    return [Problem("E-hours-branches", message, action=action.identifier, field="Transitions.Conditions")]


_FLOW_TYPES = frozenset(("CONTACT_FLOW", "CUSTOMER_QUEUE", "AGENT_TRANSFER", "QUEUE_TRANSFER", "MODULE"))

BLOCKS = (
    BlockSpec(
        action="CheckHoursOfOperation",
        title="Check hours of operation",
        summary="Branches on whether hours of operation are open now.",
        group="check",
        kind="flow_control",
        params=Params,
        enter=enter,
        errors=(NO_MATCHING_ERROR,),
        operators=("Equals",),
        operands=("True", "False"),
        flow_types=FlowTypes(language=_FLOW_TYPES, designer=_FLOW_TYPES),
        legacy=(Legacy("CheckHoursOfOperation", rename={"Hours": "HoursOfOperationId"}, mirror="False"),),
        widgets={"HoursOfOperationId": "hours-picker"},
        check=check,
        example={"HoursOfOperationId": "office"},
    ),
)
