"""Touch tones becoming an answer: which keys count, and how long to wait for the next.

Drivers run it for a `CollectInput`: `begin`, then `press` for each key and `expire` at `deadline_ms`, until one of
them answers `Ended`. State is a value that can be stored; times are integer milliseconds.

- A key during the speech stops it and counts. The limit for the first key runs from the end of the speech, the
  limit between keys starts anew with each key. A key at the deadline or after it comes too late.
- `*` clears what was entered and the first key is waited for again, unless the cancel key is off: then it is a key
  as any other. So a terminator with `*` in it works only without the cancel key.
- The terminator is not part of the value. Its beginning does not count towards the length until it is clear that the
  rest will not come: with `##` and four digits at most, `123##` is 123.
- With type-ahead, buffered keys count as pressed at the start, and what the answer does not need stays in the buffer.

A menu is the case `max_digits=1, terminator="", cancel_key=False`: any key ends it.
Source: adminguide/store-customer-input.html, set-touchtone-buffer-behavior.html. Ours: the first terminator ends the
input (the page's `1#2#3*4###` with `##` keeps one `#`, which no engine can know before the last key); a full buffer
drops the newest key.
"""

import msgspec
from msgspec.structs import replace

from offhook.model.effect import CollectInput

KEYS = frozenset("0123456789*#")
MAX_BUFFERED = 30
_CANCEL = "*"


class Ended(msgspec.Struct, frozen=True, omit_defaults=True):
    """What InputEnded says. `unused`: keys that were pressed and do not belong to the answer, for the buffer."""

    value: str
    by: str
    unused: str = ""


class Collector(msgspec.Struct, frozen=True, omit_defaults=True):
    """Waiting for a key. `typed`: keys since the start or the last cancel, a begun terminator among them.

    `speech_ends_ms`: until then the prompt is heard. `cancelled`: the last key was the cancel key.
    """

    effect: CollectInput
    speech_ends_ms: int
    deadline_ms: int
    typed: str = ""
    cancelled: bool = False


def keep(buffered: str, key: str) -> str:
    """The type-ahead buffer after one more key."""
    return buffered + key if key in KEYS and len(buffered) < MAX_BUFFERED else buffered


def begin(effect: CollectInput, *, now_ms: int, speech_ms: int, buffered: str = "") -> Collector | Ended:
    """Start to collect. `speech_ms` is how long the effect's speech takes, 0 where it has none."""
    speech_ends_ms = now_ms + speech_ms
    collector = Collector(effect, speech_ends_ms, speech_ends_ms + effect.first_ms)
    keys = buffered if effect.use_buffer else ""
    for count, key in enumerate(keys, 1):
        state = _take(collector, key, now_ms=now_ms)
        if isinstance(state, Ended):
            return replace(state, unused=state.unused + keys[count:])
        collector = state
    return collector


def press(collector: Collector, key: str, *, now_ms: int) -> Collector | Ended:
    """One key. The same collector comes back for what is not a key of a telephone."""
    if key not in KEYS:
        return collector
    if now_ms >= collector.deadline_ms:
        return replace(_give_up(collector), unused=key)
    return _take(collector, key, now_ms=now_ms)


def expire(collector: Collector, *, now_ms: int) -> Collector | Ended:
    """The clock. The same collector comes back before its deadline."""
    return _give_up(collector) if now_ms >= collector.deadline_ms else collector


def _take(collector: Collector, key: str, *, now_ms: int) -> Collector | Ended:
    effect = collector.effect
    speech_ends_ms = min(collector.speech_ends_ms, now_ms)
    if key == _CANCEL and effect.cancel_key:
        return Collector(effect, speech_ends_ms, now_ms + effect.first_ms, cancelled=True)
    typed = collector.typed + key
    terminator = effect.terminator
    if terminator and typed.endswith(terminator):
        return Ended(typed.removesuffix(terminator), "terminator")
    if len(typed) - (_begun(terminator, typed) if terminator else 0) >= effect.max_digits:
        return _end(effect, typed, "length")
    return Collector(effect, speech_ends_ms, now_ms + effect.between_ms, typed)


def _begun(terminator: str, typed: str) -> int:
    """How many of the last keys may be the beginning of the terminator."""
    return next((size for size in range(len(terminator) - 1, 0, -1) if typed.endswith(terminator[:size])), 0)


def _give_up(collector: Collector) -> Ended:
    if collector.typed:
        return _end(collector.effect, collector.typed, "interdigit")
    return Ended("", "cancel" if collector.cancelled else "timeout")


def _end(effect: CollectInput, typed: str, by: str) -> Ended:
    return Ended(typed[: effect.max_digits], by, typed[effect.max_digits :])
