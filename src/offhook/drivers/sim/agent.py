"""What a simulated agent does: the words of an agent's script, as data.

Times are lengths (`20s`, `3m`, `500ms`) or distributions of them: `fixed:60s`, `uniform:30s-90s`, `exponential:180s`
(its mean). Steps of `then` begin when agent and customer talk, after `handle_time`; after the last the agent hangs up:
`hold:10s`, `resume`, `wait:5s`, `transfer:NAME` (a quick connect), `conference` (join all, once the other side is
there), `hangup`.
"""

import math
import re

import msgspec

from offhook.model.errors import UsageError

_LENGTH = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h)")
_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}
_STEP = re.compile(r"resume|conference|hangup|(?:hold|wait):(?P<time>.+)|transfer:.+")
KINDS = ("fixed", "uniform", "exponential")
ANSWERS = ("accept", "miss", "reject")


class Time(msgspec.Struct, frozen=True):
    """A length of time in ms, or a distribution. `kind`: fixed, uniform (from `ms` to `to_ms`) or exponential."""

    ms: int = 0
    kind: str = "fixed"
    to_ms: int = 0

    def at(self, share: float) -> int:
        """The length below which this share (0 to 1, without 1) of all lengths lies, in whole ms."""
        if self.kind == "uniform":
            return round(self.ms + (self.to_ms - self.ms) * share)
        if self.kind == "exponential":
            return round(-math.log(1 - share) * self.ms)
        return self.ms


class AgentScript(msgspec.Struct, frozen=True):
    """`answers`: accept, miss or reject what is offered. `status`: at the start of the day."""

    status: str = "Available"
    answers: str = "accept"
    accept_after: Time = Time(2_000)
    handle_time: Time = Time(60_000)
    after_contact: Time = Time(0)
    then: tuple[str, ...] = ()


def length_of(text: str) -> int | None:
    """A length in ms, or None where the text is none."""
    found = _LENGTH.fullmatch(text.strip())
    return None if found is None else round(float(found.group(1)) * _UNITS[found.group(2)])


def parse_time(text: str) -> Time:
    """UsageError where the text is no time."""
    kind, colon, value = text.rpartition(":")
    kind = kind if colon else "fixed"
    first, _, last = value.partition("-")
    from_ms, to_ms = length_of(first), length_of(last) if last else 0
    is_range = bool(last)
    if from_ms is None or to_ms is None or kind not in KINDS:
        raise UsageError(f"{text!r}: must be a time: 20s, 3m, fixed:60s, uniform:30s-90s or exponential:180s.")
    if is_range != (kind == "uniform") or (is_range and to_ms < from_ms):
        raise UsageError(f"{text!r}: only uniform has two lengths, the lesser one first, as in uniform:30s-90s.")
    return Time(from_ms, kind, to_ms)


def parse_steps(steps: tuple[str, ...]) -> tuple[str, ...]:
    """The steps as they are. UsageError for every one that is none."""
    problems = []
    for step in steps:
        found = _STEP.fullmatch(step)
        if found is None or (found.group("time") and length_of(found.group("time")) is None):
            problems.append(
                f"step {step!r}: must be one of hold:10s, resume, wait:5s, transfer:NAME, conference, hangup."
            )
    if problems:
        raise UsageError(*problems)
    return steps
