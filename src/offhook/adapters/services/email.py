"""The texts of e-mails beside a flow: by contact id or sender, or one for all (docs/services.md). The operation is
ours.
"""

from collections.abc import Callable, Mapping
from typing import Any

from offhook.adapters.services.described import Described, unknown_operation
from offhook.adapters.services.error import ServiceError
from offhook.model.errors import UsageError

SERVICE = "email"


class Service:
    """The texts. Raises UsageError with every problem of the description."""

    def __init__(self, described: Mapping[str, Any], call_function: Callable[[str, dict[str, Any]], Any]) -> None:
        problems = Described(described, "default", "messages").problems
        messages, default = described.get("messages", {}), described.get("default")
        if not isinstance(messages, dict) or not all(isinstance(text, str) for text in messages.values()):
            problems.append("messages is no object of texts by contact id or address.")
        if not isinstance(default, str | None):
            problems.append("default is no text.")
        if problems:
            raise UsageError(*problems)
        self._messages: dict[str, str] = dict(messages)
        self._default: str | None = default

    def call(self, operation: str, input: dict[str, Any], contact_id: str) -> dict[str, Any]:
        if operation != "GetEmailMessage":
            raise unknown_operation(operation, ("GetEmailMessage",))
        by_sender = self._messages.get(input["From"], self._default)
        text = self._messages.get(contact_id, by_sender)
        if text is None:
            raise ServiceError("ResourceNotFoundException", f"no e-mail is described for contact {contact_id!r}.")
        return {"Plaintext": text}
