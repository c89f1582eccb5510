"""What every driver answers to a CollectInput: what was keyed in, encrypted before anybody sees it.

With encryption the contact never holds the keys themselves. Where nothing can encrypt, the answer says so and holds
nothing: never a made-up value, never the value in clear.
"""

from offhook.core.digits import Ended
from offhook.drivers.ports import Encrypt
from offhook.model.effect import CollectInput
from offhook.model.errors import UsageError
from offhook.model.event import InputEnded

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
