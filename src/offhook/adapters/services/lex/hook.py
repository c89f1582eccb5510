"""What a code hook answers, in the shape of Lex V2. A function that fails or answers something else fails the turn.

Source: lexv2/dg lambda-response-format.html; lexv2-runtime 2020-08-07 (DependencyFailedException).
"""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from offhook.adapters.services.error import ServiceError

CallFunction = Callable[[str, dict[str, Any]], Any]


class Action(msgspec.Struct, frozen=True, rename="camel"):
    type: Literal["Close", "ConfirmIntent", "Delegate", "ElicitIntent", "ElicitSlot"]
    slot_to_elicit: str | None = None


class HookIntent(msgspec.Struct, frozen=True, rename="camel"):
    name: str | None = None
    slots: dict[str, dict[str, Any] | None] | None = None
    state: str | None = None
    confirmation_state: str | None = None


class HookState(msgspec.Struct, frozen=True, rename="camel"):
    dialog_action: Action
    intent: HookIntent | None = None
    session_attributes: dict[str, str | int | float | bool | None] | None = None


class HookAnswer(msgspec.Struct, frozen=True, rename="camel"):
    session_state: HookState
    messages: list[dict[str, Any]] | None = None


def ask(call_function: CallFunction, name: str, event: dict[str, Any]) -> HookAnswer:
    """What the function answers. Raises ServiceError, as Lex does where a function fails it."""
    try:
        return msgspec.convert(call_function(name, event), HookAnswer)
    except ServiceError as failure:
        raise _failed(f"the function {name} failed: {failure.message}") from failure
    except msgspec.ValidationError as problem:
        raise _failed(f"the function {name} answered what Lex does not understand: {problem}.") from problem


def _failed(sentence: str) -> ServiceError:
    return ServiceError("DependencyFailedException", sentence)
