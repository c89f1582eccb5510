"""Blocks that ask services beside the flow: one question at a time, each answered by a ServiceEnded.

`Asking` is what a block remembers; `resumes` makes its `resume`. An answer that cannot be understood takes the error
branch, as does whatever the block makes no branch of its own of.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from offhook.core.spec import Changes, Ctx, Exit, Outcome
from offhook.model.event import Event, ServiceEnded


class Asking(msgspec.Struct, frozen=True):
    """The id of the call that is to be answered."""

    call_id: str = ""


def resumes(
    read: Callable[[Any, Any, ServiceEnded, Ctx], Outcome],
) -> Callable[[Any, Any, Event, Ctx], Outcome | None]:
    """A `resume` out of what reads the answer; it may convert the output with msgspec and let that fail."""

    def resume(p: Any, memo: Any, event: Event, ctx: Ctx) -> Outcome | None:
        if type(event) is not ServiceEnded or event.effect_id != memo.call_id:
            return None
        try:
            return read(p, memo, event, ctx)
        except msgspec.DecodeError as problem:
            return Exit(error="NoMatchingError", cause="service", detail=f"the answer cannot be understood: {problem}.")

    return resume


def refused(event: ServiceEnded, *, error: str = "NoMatchingError", set: Changes | None = None) -> Exit:
    """The exit where the service refused."""
    return Exit(error=error, cause="service", detail=f"{event.error}: {event.detail}", set=set or {})


def unfit(detail: str) -> Exit:
    """The exit where the service is not asked at all, because the parameters do not fit."""
    return Exit(error="NoMatchingError", cause="bad_parameter", detail=detail)
