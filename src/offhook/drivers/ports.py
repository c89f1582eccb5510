"""What drivers need from the outside, as Protocols. Adapters satisfy them by shape and do not import them."""

from concurrent.futures import Future
from typing import Any, Protocol

import msgspec

from offhook.core.program import Compiled
from offhook.model.effect import CallService, CollectInput, InvokeLambda, Listen, PlaceCall, PlayPrompt, ShowView
from offhook.model.event import LambdaEnded, ServiceEnded
from offhook.model.writes import Row, Writes


class Functions(Protocol):
    """Runs functions. Every invocation gives an answer and none raises: `at_ms` is the driver's to fill.

    A stub may answer at once; a real function gives a future that is done when the function is.
    """

    def invoke(self, effect: InvokeLambda) -> "LambdaEnded | Future[LambdaEnded]": ...

    def close(self) -> None: ...


class Services(Protocol):
    """The services beside a flow. Every call gives an answer at once and none raises: `at_ms` is the driver's to fill.

    `contact_id` is the contact that asks.
    """

    def call(self, effect: CallService, contact_id: str) -> ServiceEnded: ...


UNAVAILABLE = "ServiceUnavailableException"  # AWS's word; here for a service that nobody has described


class NoServices:
    """Nobody to ask."""

    def call(self, effect: CallService, contact_id: str) -> ServiceEnded:
        detail = f"there is no service {effect.service!r} here."
        return ServiceEnded(0, effect.id, error=UNAVAILABLE, detail=detail)


class Encrypt(Protocol):
    """Encrypts what a customer keyed in for the owner of a certificate (PEM). UsageError where it cannot."""

    def __call__(self, value: str, key_id: str, *, pem: str) -> str: ...


class Answer(msgspec.Struct, frozen=True):
    """What the customer does while a block speaks or listens, in milliseconds from the end of the speech.

    `keys`: touch tones in order; a negative time is before the speech has ended. `hang_up_ms`: leaves then. `text`:
    what is said or written, `said_ms` after the speech. `action` and `data`: what is chosen and filled in in a view.
    """

    keys: tuple[tuple[int, str], ...] = ()
    hang_up_ms: int | None = None
    text: str = ""
    said_ms: int = 1_000
    action: str = ""
    data: dict[str, Any] = {}


SILENT = Answer()


class Called(msgspec.Struct, frozen=True):
    """How a call to a number goes: `status` answered, no_answer, busy or failed, after so long; `answered_by` as
    CheckOutboundCallStatus has it. `talk_ms`: how long a third party then talks.
    """

    status: str = "answered"
    after_ms: int = 5_000
    answered_by: str = "CallAnswered"
    talk_ms: int = 30_000


class Customer(Protocol):
    """The party on the line: `hears` a prompt that only speaks, `answers` a block that listens or shows a view, and is
    `called` where the contact calls a number.
    """

    def hears(self, effect: PlayPrompt) -> Answer: ...

    def answers(self, effect: CollectInput | Listen | ShowView) -> Answer: ...

    def called(self, effect: PlaceCall) -> Called: ...


class Silent:
    """Nobody presses, says or leaves anything; whoever is called answers."""

    def hears(self, effect: PlayPrompt) -> Answer:
        return SILENT

    def answers(self, effect: CollectInput | Listen | ShowView) -> Answer:
        return SILENT

    def called(self, effect: PlaceCall) -> Called:
        return Called()


class Store(Protocol):
    """Where the embedded driver keeps contacts (adapters/store). Rows are as the tables have them.

    `write` returns once all of it lasts, and raises where nothing of it does.
    """

    async def write(self, writes: Writes) -> None: ...

    async def contact(self, contact_id: str) -> Row | None:
        """The row of the contact, with its family's attributes as `attributes` (None where there are none)."""

    async def due(self) -> list[Row]: ...

    async def outbox(self) -> list[Row]: ...

    async def on_floor(self) -> list[Row]:
        """Contacts that wait for an agent, are with one, or keep one busy."""

    async def families(self) -> dict[str, list[str]]:
        """Initial contact ids of which a later contact is open, with all that are."""

    async def last_item(self) -> int:
        """The greatest number of an item of a transcript."""


class Seal(Protocol):
    """Hides what is secret in what is stored (decision S22)."""

    def close(self, data: bytes) -> bytes: ...

    def open(self, data: bytes) -> bytes: ...


class Instances(Protocol):
    """Instances as they are configured now, by id. A contact asks for its own at every step."""

    def compiled(self, instance_id: str) -> Compiled: ...
