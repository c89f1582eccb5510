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


class Queued(_Event, frozen=True, gc=False):
    """The contact has its place in the queue."""

    effect_id: str


class QueueRefused(_Event, frozen=True, gc=False):
    """`by`: full (the queue takes no more), offered (its contact is being offered to an agent), busy (the agent is), or
    queued (the contact is in a queue already).
    """

    effect_id: str
    by: str


class Offered(_Event, frozen=True, gc=False):
    """An agent is asked to take the contact out of its queue."""

    agent: str


class OfferEnded(_Event, frozen=True, gc=False):
    """The agent did not take it; the contact keeps its place. `by`: missed or rejected."""

    agent: str
    by: str


class AgentJoined(_Event, frozen=True, gc=False):
    """The agent has taken the contact. `agent` is a user name."""

    agent: str


class Held(_Event, frozen=True, gc=False):
    """`party`: customer (the agent waits as well), or agent alone."""

    party: str = "customer"


class Resumed(_Event, frozen=True, gc=False):
    """Nobody is on hold any more; with an open transfer, all are joined."""


class TransferStarted(_Event, frozen=True, gc=False):
    """The agent chose a quick connect, by its name."""

    quick_connect: str


class TransferEnded(_Event, frozen=True, gc=False):
    """The contact that the agent's transfer had begun is over."""

    contact_id: str


class CustomerJoined(_Event, frozen=True, gc=False):
    """The agent who transferred has left, and the customer is on the line in that agent's place."""


class CallEnded(_Event, frozen=True, gc=False):
    """How an outgoing call went. `status`: answered, no_answer, busy or failed.

    `answered_by`: CallAnswered, VoicemailBeep, VoicemailNoBeep or NotDetected, as CheckOutboundCallStatus has it.
    """

    effect_id: str
    status: str
    answered_by: str = "NotDetected"


class TalkEnded(_Event, frozen=True, gc=False):
    """Who was called has hung up."""

    effect_id: str


class Paused(_Event, frozen=True, gc=False):
    """Somebody paused the task. `flow` runs then, in place of the one that was set for it."""

    flow: str = ""


class Continued(_Event, frozen=True, gc=False):
    """Somebody resumed the paused task. `flow`: see Paused."""

    flow: str = ""


class Stopped(_Event, frozen=True, gc=False):
    """Somebody ended the contact from outside (StopContact)."""


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


class ContactUpdated(_Event, frozen=True, gc=False):
    """Somebody set fields of the contact from outside: name, description, references, segment_attributes or tags.

    `fields` are the new values, whole, by the contact's own names for them.
    """

    fields: dict[str, Any] = {}


class Rerouted(_Event, frozen=True, gc=False):
    """Somebody changed the contact's place in queues: its priority, how much older it counts, or its criteria."""

    priority: int | None = None
    older_ms: int | None = None
    criteria: tuple[dict[str, Any], ...] | None = None


class Moved(_Event, frozen=True, gc=False):
    """Somebody transferred the contact from outside: it goes on as another one, whose id is given, with this flow.

    `queue` is the working queue of that one, as a contact has it; None for the one that it has.
    """

    contact_id: str
    flow: str
    queue: dict[str, Any] | None = None


Event = (
    Started
    | PromptEnded
    | InputEnded
    | TimerFired
    | LambdaEnded
    | Heard
    | ViewAnswered
    | ServiceEnded
    | Queued
    | QueueRefused
    | Offered
    | OfferEnded
    | AgentJoined
    | Held
    | Resumed
    | TransferStarted
    | TransferEnded
    | CustomerJoined
    | CallEnded
    | TalkEnded
    | Paused
    | Continued
    | Stopped
    | HungUp
    | CustomerReturned
    | BotDisconnected
    | AttributesUpdated
    | ContactUpdated
    | Rerouted
    | Moved
)
