"""A contact: one immutable value that says everything about where it stands.

Attributes are shared by all contacts of one initial contact id: the contact holds the last version it saw.
"""

from typing import Any

import msgspec

from offhook.model.effect import Effect, Enqueue
from offhook.model.event import LambdaEnded


class Voice(msgspec.Struct, frozen=True, gc=False):
    """Text-to-speech settings. Joanna is Connect's default voice."""

    name: str = "Joanna"
    engine: str = ""
    style: str = ""


class Queue(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    arn: str
    name: str
    is_agent: bool = False


class Agent(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """`name` is the user name."""

    name: str
    arn: str = ""
    first_name: str = ""
    last_name: str = ""


class Place(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Where the contact waits: the order that queued it, and since when. `offered`: the agent who is asked just now."""

    order: Enqueue
    since_ms: int
    offered: str = ""


class Callback(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a queued callback still has to do: `attempts` left, pauses in milliseconds."""

    attempts: int = 1
    retry_ms: int = 0
    delay_ms: int = 0
    caller_id: str | None = None


class Frame(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A caller waiting for a module to return: its flow, the action that called, and its own run data."""

    flow: str
    action: str
    external: Any = {}
    invocation_id: str = ""
    flow_attributes: dict[str, str] = {}
    modules: dict[str, Any] = {}
    system: dict[str, Any] = {}
    stored_input: str = ""
    revision: str = ""


class Run(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A flow running on a line: `customer` or `agent`, whoever the party there is.

    `waits` are the effects whose answers the block waits for, `memo` is the block's (see core.spec); `loops` counts
    passes by `<flow>|<action>`; `chain_ms` is how long synchronous functions have run without a prompt or an input
    between them. `revision` is that of the flow's content, as it was when the run came to it.
    """

    line: str
    flow: str
    action: str = ""
    memo: Any = None
    external: Any = {}
    invocation_id: str = ""
    flow_attributes: dict[str, str] = {}
    modules: dict[str, Any] = {}
    loops: dict[str, int] = {}
    frames: tuple[Frame, ...] = ()
    chain_ms: int = 0
    waits: dict[str, Effect] = {}
    revision: str = ""


class Contact(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """`phase`: see core.phases. `runs`: at most one a line, the customer's first; none while customer and agent talk.

    `waits` are the effects that no run waits for: limits of whispers, calls, functions whose flow is over.
    `agent`: who has it, or to whom it shall go. `place`: where it waits. `limit_id`: the timer of the whispers.
    `is_reached` is false while the customer still has to be called. `transfer`: the contact that an agent's transfer
    has begun; in that one, `has_customer` tells whether the customer or the agent who transferred is on the customer's
    line. `segment` counts the contacts of a chain of transfers. `first_message` is what the customer gets at the start.
    `system` holds the values of namespaces that blocks fill (`Lex`, `Metrics`, …), nested by step; `given` the same for
    values that the user set and that win (`--set`). `hooks` are flow ARNs by contact event.
    `secrets` are values that nobody may see (decision S22): whoever shows or stores something leaves them out.
    `blocks_now` counts blocks entered since time last moved (decision S16).
    `in_flight` are effect ids of asynchronous invocations; `parked` keeps their answers by invocation id.
    `has_bot`: a bot participant (CreateParticipant, CUSTOM_BOT) is in the contact.
    `behaviour` is core.birth.BEHAVIOUR as it was when the contact began.
    """

    id: str
    seed: str
    flow: str
    flow_type: str
    channel: str = "VOICE"
    initiation_method: str = "INBOUND"
    initial_id: str = ""
    previous_id: str | None = None
    related_id: str | None = None
    phase: str = "new"
    started_ms: int = 0
    now_ms: int = 0
    counter: int = 0
    runs: tuple[Run, ...] = ()
    waits: dict[str, Effect] = {}
    attributes: dict[str, str] = {}
    customer_endpoint: str | None = None
    system_endpoint: str | None = None
    name: str | None = None
    description: str | None = None
    customer_id: str | None = None
    language: str = "en-US"
    references: dict[str, Any] = {}
    segment_attributes: dict[str, Any] = {}
    tags: dict[str, str] = {}
    queue: Queue | None = None
    agent: Agent | None = None
    place: Place | None = None
    priority: int = 5
    age_ms: int = 0
    routing_criteria: tuple[dict[str, Any], ...] = ()
    callback_number: str = ""
    callback: Callback | None = None
    transfer: str = ""
    segment: int = 1
    has_customer: bool = True
    is_reached: bool = True
    is_paused: bool = False
    limit_id: str = ""
    voice: Voice = Voice()
    stored_input: str = ""
    secrets: tuple[str, ...] = ()
    logging: bool | None = None
    recording: dict[str, Any] = {}
    hooks: dict[str, str] = {}
    system: dict[str, Any] = {}
    given: dict[str, Any] = {}
    blocks_now: int = 0
    in_flight: tuple[str, ...] = ()
    parked: dict[str, LambdaEnded] = {}
    buffers_keys: bool = False
    first_message: str = ""
    has_bot: bool = False
    end_reason: str = ""
    behaviour: int = 1

    @property
    def run(self) -> Run | None:
        """The flow on the customer's line, else the agent's; None where nobody hears a flow."""
        return self.runs[0] if self.runs else None

    @property
    def pending(self) -> dict[str, Effect]:
        """Everything that is ordered and not answered, by effect id."""
        pending = dict(self.waits)
        for run in self.runs:
            pending |= run.waits
        return pending
