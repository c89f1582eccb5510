"""Events: what happened. The only clock the core sees is `at_ms` (milliseconds since the epoch, UTC).

Old kinds are never removed: stored contacts may still be waiting for them.
"""

from typing import Any

import msgspec


class _Event(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True, gc=False):
    at_ms: int


class Started(_Event, frozen=True, gc=False):
    """The contact begins: its flow is entered."""


class PromptEnded(_Event, frozen=True, gc=False):
    effect_id: str


class InputEnded(_Event, frozen=True, gc=False):
    """`by`: terminator, length, interdigit, timeout (no key came) or cancel (the last key cleared the rest).

    `value` is empty where nothing was entered. `problem` is the reason why the value could not be had (encryption).
    """

    effect_id: str
    value: str
    by: str
    problem: str = ""


class TimerFired(_Event, frozen=True, gc=False):
    effect_id: str


class LambdaEnded(_Event, frozen=True, gc=False):
    """One attempt is over, as Lambda's Invoke API would report it.

    `status`: 200 (the function ran, even if it failed), 202 (asynchronous, accepted), 403, 404, 429, 5xx; 0 when
    the host gave it up at the attempt's `timeout_ms`. `error_code` is AWS's name of the refusal.
    `function_error` is empty or `Unhandled`; `cause` then says which: function_error, function_timeout, init,
    crash. `body` is the answer as received, cut after `max_body_bytes` of the host; `body_bytes` its full size.
    `took_ms` and `init_ms` are measured; `log` is the tail of what the function wrote, `report` the line that Lambda
    would write after it, with times and memory.
    """

    effect_id: str
    status: int
    body: str = ""
    body_bytes: int = 0
    function_error: str = ""
    error_code: str = ""
    cause: str = ""
    detail: str = ""
    cold: bool = False
    took_ms: int = 0
    init_ms: int = 0
    log: str = ""
    report: str = ""


class Heard(_Event, frozen=True, gc=False):
    """`by`: speech, keys, message or timeout (`text` is empty then)."""

    effect_id: str
    text: str
    by: str


class ViewAnswered(_Event, frozen=True, gc=False):
    """The action that was chosen in a view, and what was filled in."""

    effect_id: str
    action: str
    data: dict[str, Any] = {}


class ServiceEnded(_Event, frozen=True, gc=False):
    """What a service answered: `output`, or the name of AWS's `error` (ResourceNotFoundException) and a sentence."""

    effect_id: str
    output: Any = None
    error: str = ""
    detail: str = ""
    took_ms: int = 0


class HungUp(_Event, frozen=True, gc=False):
    """The party on the line left."""

    line: str = "customer"


class CustomerReturned(_Event, frozen=True, gc=False):
    """A chat customer came back while the flow waited."""


class BotDisconnected(_Event, frozen=True, gc=False):
    """The bot participant left while the flow waited."""


class AttributesUpdated(_Event, frozen=True, gc=False):
    """Somebody else (the API, a related contact) set user-defined attributes."""

    attributes: dict[str, str] = {}


Event = (
    Started
    | PromptEnded
    | InputEnded
    | TimerFired
    | LambdaEnded
    | Heard
    | ViewAnswered
    | ServiceEnded
    | HungUp
    | CustomerReturned
    | BotDisconnected
    | AttributesUpdated
)
