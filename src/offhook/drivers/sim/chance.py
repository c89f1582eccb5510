"""Chance in a simulation: the same seed and name give the same numbers, in every run and on every machine."""

import hashlib


class Chance:
    """A source of numbers. `names` say whose they are."""

    def __init__(self, *names: str) -> None:
        self._names = "\x00".join(names)
        self._drawn = 0

    def share(self) -> float:
        """The next number, from 0 on and below 1."""
        self._drawn += 1
        digest = hashlib.sha256(f"{self._names}\x00{self._drawn}".encode()).digest()
        return int.from_bytes(digest[:6], "big") / 2**48
