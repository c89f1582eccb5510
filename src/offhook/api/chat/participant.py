"""Who takes part in a chat, and the tokens that prove it.

A token is the participant's id and 32 random bytes; only their hash is kept. A participant token opens connections, a
connection token does the rest, and each is good for its purpose, its participant and its time alone.
"""

import hashlib
import hmac
import secrets

import msgspec

CUSTOMER, AGENT, BOT, SUPERVISOR, SYSTEM = "CUSTOMER", "AGENT", "CUSTOM_BOT", "SUPERVISOR", "SYSTEM"
PARTICIPANT_MS = 25 * 3_600_000  # as long as a chat may last. Source: API reference, StartChatContact
CONNECTION_MS = 24 * 3_600_000
TICKET_MS = 100_000  # to open a websocket. Source: API reference, CreateParticipantConnection
MAX_CONNECTIONS = 10  # of one participant, the oldest is forgotten (ours)


class Key(msgspec.Struct, frozen=True):
    """What is kept of a token: its hash, and until when it is good (ms)."""

    digest: str
    until_ms: int


class Participant(msgspec.Struct, frozen=True, omit_defaults=True):
    """`contact_id` is the contact in which they began. `has_joined`: a connection was made; `has_left`: for good."""

    id: str
    instance: str
    contact_id: str
    initial_id: str
    role: str
    name: str
    token: Key
    connections: tuple[Key, ...] = ()
    has_joined: bool = False
    has_left: bool = False
    capabilities: tuple[str, ...] = ()


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
