"""Two values that no template can spell."""

from typing import Any, Final


class _Sign:
    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


LOST: Final[Any] = _Sign("LOST")  # cannot be told; a problem says why
ABSENT: Final[Any] = _Sign("ABSENT")  # AWS::NoValue
