"""What drivers need from the outside, as Protocols. Adapters satisfy them by shape and do not import them."""

from concurrent.futures import Future
from typing import Protocol

import msgspec

from offhook.model.effect import CollectInput, InvokeLambda, PlayPrompt
from offhook.model.event import LambdaEnded


class Functions(Protocol):
    """Runs functions. Every invocation gives an answer and none raises: `at_ms` is the driver's to fill.

    A stub may answer at once; a real function gives a future that is done when the function is.
    """

    def invoke(self, effect: InvokeLambda) -> "LambdaEnded | Future[LambdaEnded]": ...

    def close(self) -> None: ...


class Encrypt(Protocol):
    """Encrypts what a customer keyed in for the owner of a certificate (PEM). UsageError where it cannot."""

    def __call__(self, value: str, key_id: str, *, pem: str) -> str: ...


class Answer(msgspec.Struct, frozen=True):
    """What the customer does while a block speaks or listens, in milliseconds from the end of the speech.

    `keys`: touch tones in order; a negative time is before the speech has ended. `hang_up_ms`: leaves then.
    """

    keys: tuple[tuple[int, str], ...] = ()
    hang_up_ms: int | None = None


SILENT = Answer()


class Customer(Protocol):
    """The party on the line: `hears` a prompt that only speaks, `answers` a block that listens."""

    def hears(self, effect: PlayPrompt) -> Answer: ...

    def answers(self, effect: CollectInput) -> Answer: ...
