"""Templates of tasks beside a flow: which flow a task of one begins with (docs/services.md).

Source: connect 2017-08-08, GetTaskTemplate. The prefix is ours, because other services here are of that API, too.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from offhook.adapters.services.described import Described, unknown_operation
from offhook.adapters.services.error import ServiceError
from offhook.model.errors import UsageError

SERVICE = "connect-task-templates"


class _Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`flow`: the tasks' first flow, empty where the block names it."""

    flow: str = ""
    status: Literal["ACTIVE", "INACTIVE"] = "ACTIVE"


class Service:
    """The templates by id. Raises UsageError with every problem of the description."""

    def __init__(self, described: Mapping[str, Any], call_function: Callable[[str, dict[str, Any]], Any]) -> None:
        reader = Described(described, "templates")
        self._templates = reader.named("templates", _Template)
        if reader.problems:
            raise UsageError(*reader.problems)

    def call(self, operation: str, input: dict[str, Any], contact_id: str) -> dict[str, Any]:
        if operation != "GetTaskTemplate":
            raise unknown_operation(operation, ("GetTaskTemplate",))
        asked = input["TaskTemplateId"]
        template = self._templates.get(asked)
        if template is None:
            raise ServiceError("ResourceNotFoundException", f"no task template is described for {asked!r}.")
        return {"Id": asked, "Status": template.status, "ContactFlowId": template.flow}
