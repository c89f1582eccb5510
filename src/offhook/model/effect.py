"""Effects: what a contact wants from the outside. Orders, as data.

`id` is `<contact>/<n>`: deterministic, unique in the contact, and the idempotency key. Effects are performed at
least once and only after the step that wanted them was committed. Those in EXPECTS_ANSWER stay in the contact's
`pending` until the event with their id comes back or they are cancelled.
"""

from typing import Any

import msgspec


class _Effect(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True, gc=False):
    id: str


class Speech(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Something to be heard or read. `kind`: text, ssml, prompt (a library prompt: its name) or media (a URI)."""

    kind: str
    text: str
    voice: str = "Joanna"
    engine: str = ""
    style: str = ""
    language: str = ""


class PlayPrompt(_Effect, frozen=True, gc=False):
    """Say it on the line; answered by PromptEnded. `skip_if_digits`: not played when touch tones are buffered."""

    line: str
    speech: Speech
    skip_if_digits: bool = False


class CollectInput(_Effect, frozen=True, gc=False):
    """Play `speech` (if any), then collect keys; answered by InputEnded.

    A key during the speech barges in and counts. `first_ms`: limit for the first key, from the end of the speech.
    `between_ms`: limit between two keys. `max_digits` keys end it, and so does `terminator` (which is not part of
    the value); `*` clears what was entered unless `cancel_key` is false. `use_buffer`: keys pressed earlier count.
    `secret`: the value is shown to nobody; `encrypt` is (key id, certificate PEM) when it must be encrypted.
    """

    line: str
    speech: Speech | None
    first_ms: int
    between_ms: int
    max_digits: int
    terminator: str = "#"
    cancel_key: bool = True
    use_buffer: bool = False
    secret: bool = False
    encrypt: tuple[str, str] | None = None


class BufferInput(_Effect, frozen=True, gc=False):
    """Keep (or stop keeping) the keys that are pressed while nothing collects them. No answer."""

    line: str
    enabled: bool


class InvokeLambda(_Effect, frozen=True, gc=False):
    """One attempt at one function; answered by LambdaEnded.

    `function` is the name of a function of the project, `arn` what the flow asked for (with qualifier), `event`
    the JSON that the function receives. `timeout_ms` is what is left of the block's limit: the host stops working
    for an attempt that takes longer, and the machine does not rely on it. `qualifier` is the version or alias in
    `arn`, empty for none; `version` the number that a known alias leads to this time.
    """

    function: str
    arn: str
    event: dict[str, Any]
    timeout_ms: int
    request_id: str
    attempt: int = 1
    asynchronous: bool = False
    qualifier: str = ""
    version: str = ""


class StartTimer(_Effect, frozen=True, gc=False):
    """Answered by TimerFired after `after_ms`."""

    after_ms: int


class Cancel(_Effect, frozen=True, gc=False):
    """The answer to `target` is no longer wanted. No answer."""

    target: str


class SaveAttributes(_Effect, frozen=True, gc=False):
    """The user-defined attributes of all contacts with this initial contact id are now these. No answer.

    `adds`: they are set beside the ones that are there, of any contact that the id is of (a related contact).
    """

    initial_contact_id: str
    attributes: dict[str, str]
    adds: bool = False


class Enqueue(_Effect, frozen=True, gc=False):
    """Put the contact into a queue (id or ARN and name). No answer yet: routing comes with the whole contact."""

    queue_arn: str
    queue_name: str


class Listen(_Effect, frozen=True, gc=False):
    """Say `speech` (if any), then take one utterance: speech or keys on voice, a message elsewhere; answered by Heard.

    `timeout_ms`: for how long the party may say nothing, from the end of the speech.
    """

    line: str
    speech: Speech | None
    timeout_ms: int


class ShowView(_Effect, frozen=True, gc=False):
    """Show a view (its name or ARN) with its input; answered by ViewAnswered. `secret`: nobody is shown the answer."""

    line: str
    view: str
    data: dict[str, Any] = {}
    secret: bool = False


class CallService(_Effect, frozen=True, gc=False):
    """Ask a service beside the flow; answered by ServiceEnded.

    `service` is AWS's endpoint prefix (`runtime-v2-lex`, `cases`, `profile`, `voiceid`, `wisdom`, …) and `operation`
    the name of an operation of it, with its `input` as JSON, as far as the service is AWS's.
    """

    service: str
    operation: str
    input: dict[str, Any] = {}


class CreateContact(_Effect, frozen=True, gc=False):
    """Begin another contact. No answer: its id is known already.

    `delay_ms`: not before this long from now. `flow` is the ARN of its first flow, empty where its queue comes first.
    What is not given comes from the contact that ordered it, as far as `kin` says: `none`, or the id by which the new
    contact is tied to it (`previous`, `related`).
    """

    contact_id: str
    initiation_method: str
    channel: str
    flow: str = ""
    kin: str = "none"
    delay_ms: int = 0
    fields: dict[str, Any] = {}


class Disconnect(_Effect, frozen=True, gc=False):
    """Hang up the line. No answer."""

    line: str


Effect = (
    PlayPrompt
    | CollectInput
    | Listen
    | ShowView
    | BufferInput
    | InvokeLambda
    | CallService
    | StartTimer
    | Cancel
    | SaveAttributes
    | Enqueue
    | CreateContact
    | Disconnect
)
EXPECTS_ANSWER = (PlayPrompt, CollectInput, Listen, ShowView, InvokeLambda, CallService, StartTimer)
