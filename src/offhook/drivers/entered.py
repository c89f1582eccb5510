"""What every driver answers to a block that listens.

Keys are encrypted before anybody sees them. With encryption the contact never holds the keys themselves. Where nothing
can encrypt, the answer says so and holds nothing: never a made-up value, never the value in clear.
"""

from offhook.core.digits import Ended
from offhook.drivers.ports import Answer, Encrypt
from offhook.model.effect import CollectInput, Listen
from offhook.model.errors import UsageError
from offhook.model.event import Heard, InputEnded

NO_ENCRYPTION = "the block encrypts what it stores, and nothing was given here that can encrypt."


def entered(effect: CollectInput, ended: Ended, *, at_ms: int, encrypt: Encrypt | None) -> InputEnded:
    """The event. Nothing entered is nothing to encrypt."""
    if effect.encrypt is None or not ended.value:
        return InputEnded(at_ms, effect.id, ended.value, ended.by)
    key_id, pem = effect.encrypt
    try:
        value = encrypt(ended.value, key_id, pem=pem) if encrypt is not None else ""
    except UsageError as problem:
        return InputEnded(at_ms, effect.id, "", ended.by, str(problem))
    return InputEnded(at_ms, effect.id, value, ended.by, "" if value else NO_ENCRYPTION)


def heard(effect: Listen, answer: Answer, *, channel: str, end_ms: int) -> Heard:
    """What the party said after the speech, which ended at `end_ms`; keys on a chat are a message like any other."""
    keys = "".join(key for _, key in answer.keys)
    said_ms = answer.keys[-1][0] if keys else answer.said_ms
    text = answer.text or keys
    if not text or said_ms >= effect.timeout_ms:
        return Heard(end_ms + effect.timeout_ms, effect.id, "", "timeout")
    by = "message" if channel != "VOICE" else "keys" if keys else "speech"
    return Heard(end_ms + max(0, said_ms), effect.id, text, by)
