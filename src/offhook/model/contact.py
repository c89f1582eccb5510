"""A contact: one immutable value that says everything about where it stands.

Attributes are shared by all contacts of one initial contact id: the contact holds the last version it saw.
"""

from typing import Any

import msgspec

from offhook.model.effect import Effect
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


class Run(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A flow running on a line.

    `memo` is the block's (see core.spec); `loops` counts passes by `<flow>|<action>`; `chain_ms` is how long
    synchronous functions have run without a prompt or an input between them.
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


class Contact(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """`phase`: new, inbound, queued, ended.

    `system` holds the values of namespaces that blocks fill (`Lex`, `Metrics`, …), nested by step; `given` the same for
    values that the user set and that win (`--set`). `hooks` are flow ARNs by contact event.
    `secrets` are values that nobody may see (decision S22): whoever shows or stores something leaves them out.
    `blocks_now` counts blocks entered since time last moved (decision S16).
    `in_flight` are effect ids of asynchronous invocations; `parked` keeps their answers by invocation id.
    `has_bot`: a bot participant (CreateParticipant, CUSTOM_BOT) is in the contact.
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
    run: Run | None = None
    pending: dict[str, Effect] = {}
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
    has_bot: bool = False
    end_reason: str = ""
