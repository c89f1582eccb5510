"""Create task: begin a task contact, now or later.

The task is a contact of its own, tied to this one; its id is `$.Task.ContactId`. Templates are a service beside the
flow. A template that names a flow takes the place of ContactFlowId; both are one too many, and so is none. A scheduled
time that is past, or more than six days ahead, takes the error branch.
Source: APIReference/createtask.html, API_StartTaskContact.html; adminguide/create-task-block.html.
"""

from typing import Annotated, Any

import msgspec

from offhook.core.another import inbound
from offhook.core.exclusive import exclusive
from offhook.core.service import Asking, refused, resumes, unfit
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
    Wait,
)
from offhook.model.effect import CallService, CreateContact
from offhook.model.event import ServiceEnded
from offhook.model.flow import Action, Problem

MAX_DELAY_SECONDS = 518_400


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    name: Annotated[str, DYNAMIC, msgspec.Meta(title="Name")]
    contact_flow_id: Annotated[str, SINGLE, msgspec.Meta(title="Flow")] = ""
    description: Annotated[str, DYNAMIC, msgspec.Meta(title="Description")] = ""
    attributes: Annotated[dict[str, str], DYNAMIC, msgspec.Meta(title="Attributes")] = {}
    references: Annotated[dict[str, Any], DYNAMIC, msgspec.Meta(title="References")] = {}
    delay_seconds: Annotated[int, STATIC, msgspec.Meta(ge=1, le=MAX_DELAY_SECONDS, title="Delay (seconds)")] | None = (
        None
    )
    scheduled_time: Annotated[int, DYNAMIC, msgspec.Meta(title="Time (epoch seconds)")] | None = None
    task_template_id: Annotated[str, STATIC, msgspec.Meta(title="Template")] = ""


def enter(p: Params, ctx: Ctx) -> Outcome:
    if p.task_template_id:
        asked = {"TaskTemplateId": p.task_template_id}
        call = CallService(ctx.new_id(), "connect-task-templates", "GetTaskTemplate", asked)
        return Wait((call,), Asking(call.id))
    if not p.contact_flow_id:
        return unfit("ContactFlowId: no flow is named, and no template.")
    return _create(p, ctx, inbound(ctx, p.contact_flow_id, "ContactFlowId"))


class _Template(msgspec.Struct, frozen=True, rename="pascal"):
    """What GetTaskTemplate answers, as far as the block wants it."""

    status: str = "ACTIVE"
    contact_flow_id: str = ""


def _read(p: Params, memo: Asking, event: ServiceEnded, ctx: Ctx) -> Outcome:
    if event.error:
        return refused(event)
    template = msgspec.convert(event.output, _Template)
    if template.status != "ACTIVE":
        return unfit("TaskTemplateId: the template is not active.")
    if bool(template.contact_flow_id) == bool(p.contact_flow_id):
        return unfit("ContactFlowId: name a flow where the template names none, and only there.")
    place = "ContactFlowId" if p.contact_flow_id else ""
    return _create(p, ctx, inbound(ctx, p.contact_flow_id or template.contact_flow_id, place))


def _create(p: Params, ctx: Ctx, flow: str | Exit) -> Exit:
    if isinstance(flow, Exit):
        return flow
    delay_ms = (p.delay_seconds or 0) * 1_000
    if p.scheduled_time is not None:
        delay_ms = p.scheduled_time * 1_000 - ctx.now_ms
        if not 0 <= delay_ms <= MAX_DELAY_SECONDS * 1_000:
            return unfit(f"ScheduledTime: is {'in the past' if delay_ms < 0 else 'more than six days ahead'}.")
    fields = {
        "name": p.name,
        "description": p.description or None,
        "attributes": p.attributes,
        "references": p.references,
    }
    made = ctx.new_uuid("contact")
    order = CreateContact(ctx.new_id(), made, "API", "TASK", flow=flow, kin="related", delay_ms=delay_ms, fields=fields)
    return Exit(effects=(order,), set={"system": {**ctx.system, "Task": {"ContactId": made}}})


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    return (LogRecord({"Name": p.name} if p is not None else {}),)


def check(action: Action) -> list[Problem]:
    found = exclusive(action, "DelaySeconds", "ScheduledTime")
    if "ContactFlowId" not in action.parameters and "TaskTemplateId" not in action.parameters:
        message = "Action is missing required property. Path: Parameters.ContactFlowId; or give a TaskTemplateId."
        field = "Parameters.ContactFlowId"
        found.append(Problem("E-task-flow", message, action=action.identifier, field=field))
    return found


BLOCKS = (
    BlockSpec(
        action="CreateTask",
        title="Create task",
        summary="Begins a task, now or later.",
        group="integrate",
        kind="contact",
        params=Params,
        memo=Asking,
        enter=enter,
        resume=resumes(_read),
        errors=(NO_MATCHING_ERROR,),
        widgets={"ContactFlowId": "flow-picker", "Attributes": "key-values"},
        log=log,
        check=check,
        example={"ContactFlowId": "Tasks", "Name": "Call back", "DelaySeconds": "60"},
    ),
)
