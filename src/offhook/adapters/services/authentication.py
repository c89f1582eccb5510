"""Who signs in beside a flow: by contact id or customer id, or one outcome for all (docs/services.md). It is ours."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import msgspec

from offhook.adapters.services.described import Described, unknown_operation
from offhook.model.errors import UsageError

SERVICE = "authentication"


class _Outcome(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`after_seconds`: how long the customer takes. Who lets the time pass does nothing at all."""

    result: Literal["Success", "Timeout", "OptedOut"] = "Success"
    customer_id: str = ""
    after_seconds: Annotated[int, msgspec.Meta(ge=0)] = 0


class Service:
    """The customers. Raises UsageError with every problem of the description."""

    def __init__(self, described: Mapping[str, Any], call_function: Callable[[str, dict[str, Any]], Any]) -> None:
        reader = Described(described, "customers", "default")
        self._customers = reader.named("customers", _Outcome)
        self._default = _default(described, reader.problems)
        if reader.problems:
            raise UsageError(*reader.problems)

    def call(self, operation: str, input: dict[str, Any], contact_id: str) -> dict[str, Any]:
        if operation != "AuthenticateCustomer":
            raise unknown_operation(operation, ("AuthenticateCustomer",))
        outcome = self._customers.get(contact_id) or self._customers.get(input["CustomerId"]) or self._default
        return {
            "Result": outcome.result,
            "CustomerId": outcome.customer_id,
            "AfterSeconds": outcome.after_seconds,
        }


def _default(described: Mapping[str, Any], problems: list[str]) -> _Outcome:
    """What becomes of everybody who is not named."""
    try:
        return msgspec.convert(described.get("default", {}), _Outcome)
    except msgspec.ValidationError as problem:
        problems.append(f"default: {problem}.")
        return _Outcome()
