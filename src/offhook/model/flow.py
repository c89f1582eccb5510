"""A flow as it was read: actions by identifier, and the JSON document they are a view of.

The document is the model: unknown keys, key order and the spelling of numbers live in it, and writing a flow
encodes it. `Action` is a reading of one entry of it (for an old export: of the converted module).
"""

from typing import Any

import msgspec

FLOW_TYPES = (
    "CONTACT_FLOW",
    "CUSTOMER_QUEUE",
    "CUSTOMER_HOLD",
    "CUSTOMER_WHISPER",
    "OUTBOUND_WHISPER",
    "AGENT_HOLD",
    "AGENT_WHISPER",
    "AGENT_TRANSFER",
    "QUEUE_TRANSFER",
)
MODULE = "MODULE"
LANGUAGE_VERSION = "2019-10-30"


class Condition(msgspec.Struct, frozen=True):
    """One conditional arrow. Exports write exactly one operand, as text."""

    operator: str
    operands: tuple[Any, ...]
    next_action: str


class ErrorArrow(msgspec.Struct, frozen=True):
    error_type: str
    next_action: str


class Action(msgspec.Struct, frozen=True):
    """One action. `parameters` is raw; `hints` holds the friendly names that the file gives for ids in it."""

    identifier: str
    type: str
    parameters: dict[str, Any]
    next_action: str = ""
    errors: tuple[ErrorArrow, ...] = ()
    conditions: tuple[Condition, ...] = ()
    hints: dict[str, str] = {}

    def targets(self) -> list[str]:
        """Identifiers of every action that an arrow of this one points to, in file order."""
        found = [self.next_action] if self.next_action else []
        found += [condition.next_action for condition in self.conditions]
        return found + [arrow.next_action for arrow in self.errors]


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something wrong with a flow, found while loading or linting.

    `severity` is `error` (Connect would refuse or the contact would fail) or `warning`. `action` and `field` are
    empty when the problem is the whole file's. `refusal` is what Connect says when it is asked to publish the flow
    (core.objection); empty: what follows from the severity and the field; None: it takes the flow.
    """

    code: str
    message: str
    severity: str = "error"
    action: str = ""
    field: str = ""
    refusal: str | None = ""


class Flow(msgspec.Struct, frozen=True):
    """A flow or a flow module, whatever it was exported from.

    `format`: `flow-language` or `legacy`. `type`: one of FLOW_TYPES, MODULE, or empty when the file does not say.
    `wrapper` is the API answer around the flow (its `Content` left out) or None; `content_style` tells how text
    inside the wrapper was laid out ("" when Content was an object). `revision` tells contents of one ARN apart where
    several are kept: a contact stays in the one that it came to.
    """

    format: str
    document: dict[str, Any]
    start_action: str
    actions: dict[str, Action]
    name: str = ""
    type: str = ""
    arn: str = ""
    id: str = ""
    wrapper: dict[str, Any] | None = None
    content_style: str = ""
    problems: tuple[Problem, ...] = ()
    revision: str = ""
