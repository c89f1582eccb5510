"""Get stored content: load the plain text of an e-mail.

Declared, not built yet. More than 32 KB take the error branch.
Source: adminguide/get-stored-content.html (newer).
"""

from typing import Annotated, Literal

import msgspec

from offhook.core.spec import (
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
)


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    content_type: Annotated[Literal["EmailMessage"], STATIC, msgspec.Meta(title="Content")]


BLOCKS = (
    BlockSpec(
        action="LoadContactContent",
        title="Get stored content",
        summary="Loads the text of an e-mail into $.Email.",
        group="integrate",
        kind="contact",
        params=Params,
        errors=(NO_MATCHING_ERROR,),
        channels=dict.fromkeys(("VOICE", "CHAT", "TASK"), "error:NoMatchingError"),
        example={"ContentType": "EmailMessage"},
    ),
)
