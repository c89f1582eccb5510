"""Two values that no template can spell."""

from enum import Enum
from typing import Any, Final


class _Unknown(Enum):
    LOST = "cannot be told; a problem says why"
    ABSENT = "AWS::NoValue"


# Any, because they stand wherever a value of a template does
LOST: Final[Any] = _Unknown.LOST
ABSENT: Final[Any] = _Unknown.ABSENT
