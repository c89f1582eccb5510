"""What was said, as words; whether it fits an utterance of an intent; and what it says of a slot.

Case and punctuation do not count. An utterance may have slots in braces (`a room in {City}`); each takes one word or
more. Patterns of users' own are not run. What fits no utterance as a whole is scored by the words that both have, so
the score of an intent is 1 for words alone, 0.9 with slots, and below that the share of common words times 0.9. That is
ours: how Lex scores is published nowhere.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from offhook.adapters.services.lex.description import PLACEHOLDER, Intent, Slot

WITH_SLOTS = 0.9
_APOSTROPHES = "'\u2019"
_SILENT = str.maketrans("", "", _APOSTROPHES)


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it was said, and as it is compared."""

    said: str
    plain: str


@dataclass(frozen=True, slots=True)
class Fit:
    """How well words fit an intent, and what they say of its slots: (interpreted, said) by slot."""

    intent: str
    score: float
    slots: dict[str, tuple[str, str]]


def words(text: str) -> list[Word]:
    """The words of a text: runs of letters, digits and apostrophes."""
    found, run = [], ""
    for sign in f"{unicodedata.normalize('NFKC', text)} ":
        if sign.isalnum() or sign in _APOSTROPHES or unicodedata.combining(sign):
            run += sign
        elif run:
            found.append(Word(run, run.casefold().translate(_SILENT)))
            run = ""
    return [word for word in found if word.plain]


def plain(text: str) -> tuple[str, ...]:
    return tuple(word.plain for word in words(text))


def ranked(text: str, intents: dict[str, Intent]) -> list[Fit]:
    """The intents that the text may mean, best first; of equals in the order of the file."""
    said = words(text)
    fits = [_best(name, intent, said) for name, intent in intents.items()]
    return sorted((fit for fit in fits if fit.score), key=lambda fit: -fit.score)


def value_of(slot: Slot, said: Sequence[Word]) -> str | None:
    """What the words say of a slot, None where that is no value of it."""
    if slot.values:
        told = tuple(word.plain for word in said)
        return next((value for value, names in slot.names.items() if told in map(plain, (value, *names))), None)
    if slot.takes_digits:
        digits = "".join(word.plain for word in said)
        fits = digits.isascii() and digits.isdecimal() and slot.length in (None, len(digits))
        return digits if fits else None
    return " ".join(word.said for word in said) or None


def _best(name: str, intent: Intent, said: list[Word]) -> Fit:
    fits = [_fit(name, intent, utterance, said) for utterance in intent.utterances]
    return max(fits, key=lambda fit: fit.score, default=Fit(name, 0, {}))


def _fit(name: str, intent: Intent, utterance: str, said: list[Word]) -> Fit:
    pieces = _pieces(utterance)
    slots = _matched(pieces, said, intent)
    if slots is not None:
        return Fit(name, WITH_SLOTS if slots else 1, slots)
    wanted = {piece for piece in pieces if isinstance(piece, str)}
    told = {word.plain for word in said}
    share = len(wanted & told) / len(wanted | told) if wanted else 0
    return Fit(name, round(share * WITH_SLOTS, 2), {})


def _pieces(utterance: str) -> list[str | tuple[str]]:
    """Words, and names of slots as tuples of one."""
    found: list[str | tuple[str]] = []
    for place, part in enumerate(PLACEHOLDER.split(utterance)):
        found += [(part.strip(),)] if place % 2 else plain(part)
    return found


def _matched(pieces: list[str | tuple[str]], said: list[Word], intent: Intent) -> dict[str, tuple[str, str]] | None:
    """What each slot takes where the words fit as a whole; each takes as few words as it can."""
    hopeless: set[tuple[int, int]] = set()

    def match(piece: int, at: int) -> dict[str, tuple[str, str]] | None:
        if piece == len(pieces):
            return {} if at == len(said) else None
        if (piece, at) in hopeless:
            return None
        wanted = pieces[piece]
        for end in range(at + 1, len(said) + 1 if isinstance(wanted, tuple) else min(at + 2, len(said) + 1)):
            taken = _taken(wanted, said[at:end], intent)
            rest = match(piece + 1, end) if taken is not None else None
            if rest is not None:
                return {**(taken or {}), **rest}
        hopeless.add((piece, at))
        return None

    return match(0, 0) if pieces else None


def _taken(wanted: str | tuple[str], said: list[Word], intent: Intent) -> dict[str, tuple[str, str]] | None:
    if isinstance(wanted, str):
        return {} if wanted == said[0].plain else None
    value = value_of(intent.slots[wanted[0]], said)
    return None if value is None else {wanted[0]: (value, " ".join(word.said for word in said))}
