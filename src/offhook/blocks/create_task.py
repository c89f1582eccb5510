"""Create task: begin a task contact, now or later.

The task is a contact of its own, tied to this one; its id is `$.Task.ContactId`. With a template that names a flow the
designer leaves ContactFlowId out. Templates are not known here, so the flow must be named. A scheduled time that is
past takes the error branch.
Source: APIReference/createtask.html; adminguide/create-task-block.html.
"""

from typing import Annotated, Any

import msgspec

from offhook.core.another import inbound
from offhook.core.exclusive import exclusive
from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    SINGLE,
    STATIC,
    BlockSpec,
    Ctx,
    Exit,
    LogRecord,
    Outcome,
)
from offhook.model.effect import CreateContact
from offhook.model.flow import Action, Problem


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    name: Annotated[str, DYNAMIC, msgspec.Meta(title="Name")]
    contact_flow_id: Annotated[str, SINGLE, msgspec.Meta(title="Flow")] = ""
    description: Annotated[str, DYNAMIC, msgspec.Meta(title="Description")] = ""
    attributes: Annotated[dict[str, str], DYNAMIC, msgspec.Meta(title="Attributes")] = {}
    references: Annotated[dict[str, Any], DYNAMIC, msgspec.Meta(title="References")] = {}
    delay_seconds: Annotated[int, STATIC, msgspec.Meta(ge=1, le=518_400, title="Delay (seconds)")] | None = None
    scheduled_time: Annotated[int, DYNAMIC, msgspec.Meta(title="Time (epoch seconds)")] | None = None
    task_template_id: Annotated[str, STATIC, msgspec.Meta(title="Template")] = ""


def enter(p: Params, ctx: Ctx) -> Outcome:
    if not p.contact_flow_id:
        detail = "ContactFlowId: no flow is named, and templates are not known here."
        return Exit(error="NoMatchingError", cause="not_found", detail=detail)
    found = inbound(ctx, p.contact_flow_id, "ContactFlowId")
    if isinstance(found, Exit):
        return found
    delay_ms = (p.delay_seconds or 0) * 1_000
    if p.scheduled_time is not None:
        delay_ms = p.scheduled_time * 1_000 - ctx.now_ms
        if delay_ms < 0:
            return Exit(error="NoMatchingError", cause="bad_parameter", detail="ScheduledTime: is in the past.")
    fields = {
        "name": p.name,
        "description": p.description or None,
        "attributes": p.attributes,
        "references": p.references,
    }
    made = ctx.new_uuid("contact")
    order = CreateContact(
        ctx.new_id(), made, "API", "TASK", flow=found, kin="related", delay_ms=delay_ms, fields=fields
    )
    return Exit(effects=(order,), set={"system": {**ctx.system, "Task": {"ContactId": made}}})


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    return (LogRecord({"Name": p.name} if p is not None else {}),)


def check(action: Action) -> list[Problem]:
    found = exclusive(action, "DelaySeconds", "ScheduledTime")
    if "ContactFlowId" not in action.parameters and "TaskTemplateId" not in action.parameters:
        message = "Action is missing required property. Path: Parameters.ContactFlowId; or give a TaskTemplateId."
        found.append(Problem("E-task-flow", message, action=action.identifier, field="Parameters"))
    return found


BLOCKS = (
    BlockSpec(
        action="CreateTask",
        title="Create task",
        summary="Begins a task, now or later.",
        group="integrate",
        kind="contact",
        params=Params,
        enter=enter,
        errors=(NO_MATCHING_ERROR,),
        widgets={"ContactFlowId": "flow-picker", "Attributes": "key-values"},
        log=log,
        check=check,
        example={"ContactFlowId": "Tasks", "Name": "Call back", "DelaySeconds": "60"},
    ),
)
