"""Create task: begin a task contact, now or later.

Declared, not built yet. With a template that names a flow the designer leaves ContactFlowId out. A scheduled time that
is past takes the error branch.
Source: APIReference/createtask.html; adminguide/create-task-block.html.
"""

from typing import Annotated, Any

import msgspec

from offhook.core.exclusive import exclusive
from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    SINGLE,
    STATIC,
    BlockSpec,
)
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
        errors=(NO_MATCHING_ERROR,),
        widgets={"ContactFlowId": "flow-picker", "Attributes": "key-values"},
        check=check,
        example={"ContactFlowId": "Tasks", "Name": "Call back", "DelaySeconds": "60"},
    ),
)
