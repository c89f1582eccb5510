"""Resume contact: go on with a task that was paused.

A task that is not paused takes the error branch.
Source: adminguide/resume-contact.html (newer).
"""

from offhook.core.spec import (
    NO_MATCHING_ERROR,
    BlockSpec,
    Ctx,
    Exit,
    NoParams,
    Outcome,
)


def enter(p: NoParams, ctx: Ctx) -> Outcome:
    if not ctx.is_paused:
        return Exit(error="NoMatchingError", cause="not_paused", detail="the task is not paused.")
    return Exit(set={"is_paused": False})


BLOCKS = (
    BlockSpec(
        action="ResumeContact",
        title="Resume contact",
        summary="Resumes a paused task.",
        group="set",
        kind="contact",
        enter=enter,
        errors=(NO_MATCHING_ERROR,),
        channels=dict.fromkeys(("VOICE", "CHAT", "EMAIL"), "error:NoMatchingError"),
        example={},
    ),
)
