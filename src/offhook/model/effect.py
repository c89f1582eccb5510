"""Effects: what a contact wants from the outside. Orders, as data.

`id` is `<contact>/<n>`: deterministic, unique in the contact, and the idempotency key. Effects are performed at
least once and only after the step that wanted them was committed. Those in EXPECTS_ANSWER stay in the contact's
`pending` until the event with their id comes back or they are cancelled.
"""

from typing import Any

import msgspec

from offhook.model.event import Event


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
    """Put a contact into a queue; answered by Queued or QueueRefused.

    `contact_id`: whom, empty for the contact itself; it takes the place of `replaces`, if given, which must not be on
    offer. Lower `priority` goes first, then who waited longest: since `since_ms` (0: now), and `age_ms` longer than
    that. `agent`: only this agent (an agent's queue), and `at_once`: who must be free. `not_before_ms`: when it may
    first be offered. `criteria`: steps of routing criteria, as UpdateContactRoutingCriteria takes them.
    """

    queue_arn: str
    queue_name: str
    channel: str = "VOICE"
    contact_id: str = ""
    replaces: str = ""
    priority: int = 5
    age_ms: int = 0
    since_ms: int = 0
    not_before_ms: int = 0
    agent: str = ""
    at_once: bool = False
    criteria: tuple[dict[str, Any], ...] = ()


class Dequeue(_Effect, frozen=True, gc=False):
    """Take the contact out of its queue. No answer."""


class ChangeRouting(_Effect, frozen=True, gc=False):
    """Another priority, age or criteria for the contact in its queue, or an `agent` to offer it to. No answer."""

    priority: int | None = None
    age_ms: int | None = None
    agent: str = ""
    criteria: tuple[dict[str, Any], ...] | None = None


class PlaceCall(_Effect, frozen=True, gc=False):
    """Call a number for a line; answered by CallEnded, once it is known how the call went."""

    line: str
    number: str
    caller_id: str | None = None
    timeout_ms: int = 60_000
    digits: str = ""


class Talk(_Effect, frozen=True, gc=False):
    """The party on the line and the one who was called talk to each other; answered by TalkEnded."""

    line: str
    number: str


class Bridge(_Effect, frozen=True, gc=False):
    """Customer and agent hear each other from now on. No answer."""


class Unbridge(_Effect, frozen=True, gc=False):
    """Customer and agent hear each other no more. No answer."""


class Tell(_Effect, frozen=True, gc=False):
    """Something happens to another contact. No answer."""

    contact_id: str
    event: Event


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
    | Dequeue
    | ChangeRouting
    | PlaceCall
    | Talk
    | Bridge
    | Unbridge
    | Tell
    | CreateContact
    | Disconnect
)
EXPECTS_ANSWER = (
    PlayPrompt,
    CollectInput,
    Listen,
    ShowView,
    InvokeLambda,
    CallService,
    StartTimer,
    Enqueue,
    PlaceCall,
    Talk,
)
