"""Resume contact: go on with a task that was paused.

Declared, not built yet.
Source: adminguide/resume-contact.html (newer).
"""

from offhook.core.spec import (
    NO_MATCHING_ERROR,
    BlockSpec,
)

BLOCKS = (
    BlockSpec(
        action="ResumeContact",
        title="Resume contact",
        summary="Resumes a paused task.",
        group="set",
        kind="contact",
        errors=(NO_MATCHING_ERROR,),
        channels=dict.fromkeys(("VOICE", "CHAT", "EMAIL"), "error:NoMatchingError"),
        example={},
    ),
)
