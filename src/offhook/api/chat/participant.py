"""Who takes part in a chat, and the tokens that prove it.

A token is the participant's id and 32 random bytes; only their hash is kept. A participant token opens connections, a
connection token does the rest, and each is good for its purpose, its participant and its time alone.
"""

import hashlib
import hmac
import secrets
from typing import Any

import msgspec

CUSTOMER, AGENT, BOT, SUPERVISOR, SYSTEM = "CUSTOMER", "AGENT", "CUSTOM_BOT", "SUPERVISOR", "SYSTEM"
MAX_CONNECTIONS = 10  # of one participant, the oldest is forgotten (ours)
MAX_TOKENS = 3  # the same, of participant tokens: a request that is repeated gives one more


class Lifetimes(msgspec.Struct, frozen=True):
    """For how long tokens are good, in ms. Source: API reference, CreateParticipantConnection, StartChatContact.

    `participant_ms` counts where the chat does not say how long it may last; `upload_ms` is ours.
    """

    participant_ms: int = 25 * 3_600_000
    connection_ms: int = 24 * 3_600_000
    ticket_ms: int = 100_000
    upload_ms: int = 15 * 60_000
    download_ms: int = 300_000


class Key(msgspec.Struct, frozen=True):
    """What is kept of a token: its hash, and until when it is good (ms)."""

    digest: str
    until_ms: int


class Participant(msgspec.Struct, frozen=True, omit_defaults=True):
    """`contact_id` is the contact in which they began. `has_joined`: a connection was made; `has_left`: for good.

    `tokens` open connections. `agent` is the user name of an agent.
    """

    id: str
    instance: str
    contact_id: str
    initial_id: str
    role: str
    name: str
    tokens: tuple[Key, ...]
    connections: tuple[Key, ...] = ()
    has_joined: bool = False
    has_left: bool = False
    agent: str = ""

    @property
    def shown(self) -> dict[str, Any]:
        """As an item names them."""
        return {"ParticipantId": self.id, "ParticipantRole": self.role, "DisplayName": self.name}


def new_token(participant_id: str, *, until_ms: int) -> tuple[str, Key]:
    """A token, and what is kept of it."""
    secret = secrets.token_urlsafe(32)
    return f"{participant_id}.{secret}", Key(_digest(secret), until_ms)


def owner_of(token: str) -> str:
    """The id of the participant whose token this claims to be."""
    return token.partition(".")[0]


def fits(token: str, key: Key, *, now_ms: int) -> bool:
    """Whether it is this token, and still good."""
    digest = _digest(token.partition(".")[2])
    return hmac.compare_digest(digest, key.digest) and now_ms < key.until_ms


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
