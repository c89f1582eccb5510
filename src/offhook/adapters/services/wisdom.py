"""Amazon Connect Wisdom beside a flow: sessions of the assistants that are described, in memory (docs/services.md).

Source: wisdom 2020-10-19, CreateSession.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from offhook.adapters.services.described import Described, unknown_operation
from offhook.adapters.services.error import ServiceError
from offhook.model.errors import UsageError
from offhook.model.instance import derived_id

SERVICE = "wisdom"


class _Assistant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An assistant by its ARN, its id or a name that the flow uses."""

    arn: str


class Service:
    """The assistants. Raises UsageError with every problem of the description."""

    def __init__(self, described: Mapping[str, Any], call_function: Callable[[str, dict[str, Any]], Any]) -> None:
        reader = Described(described, "assistants")
        self._assistants = [each for _, each in reader.listed("assistants", _Assistant)]
        if reader.problems:
            raise UsageError(*reader.problems)

    def call(self, operation: str, input: dict[str, Any], contact_id: str) -> dict[str, Any]:
        if operation != "CreateSession":
            raise unknown_operation(operation, ("CreateSession",))
        asked = input["assistantId"]
        for assistant in self._assistants:
            if asked in (assistant.arn, assistant.arn.rpartition("/")[2]):
                session = derived_id("session", assistant.arn, contact_id)
                arn = assistant.arn.replace(":assistant/", ":session/", 1)
                return {"session": {"sessionId": session, "sessionArn": f"{arn}/{session}", "name": input["name"]}}
        raise ServiceError("ResourceNotFoundException", f"no assistant is described for {asked!r}.")
