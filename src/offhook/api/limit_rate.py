"""How often somebody may ask: a bucket of tokens each, filled at a steady rate, as AWS throttles.

Source: the quotas pages of Amazon Connect and Lambda, which speak of a rate and a burst.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

_MAX_KNOWN = 10_000  # whoever has not asked for longest starts with a full bucket again
_BURST_SECONDS = 2


@dataclass(slots=True)
class Rate:
    """Guards what is left to each of those who ask. `now_seconds` is a clock that never goes back."""

    per_second: int
    now_seconds: Callable[[], float]
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def takes(self, who: str) -> bool:
        """Whether one more request is allowed now; it counts then."""
        now, most = self.now_seconds(), float(self.per_second * _BURST_SECONDS)
        left, at = self._left.get(who, (most, now))
        left = min(most, left + (now - at) * self.per_second)
        allowed = left >= 1
        self._left[who] = (left - 1 if allowed else left, now)
        self._left.move_to_end(who)
        if len(self._left) > _MAX_KNOWN:
            self._left.popitem(last=False)
        return allowed
