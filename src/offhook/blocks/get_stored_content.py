"""Get stored content: load the plain text of an e-mail.

The text is `$.Email.EmailMessage.Plaintext`. More than 32 KB take the error branch.
Source: adminguide/get-stored-content.html (newer).
"""

from typing import Annotated, Literal

import msgspec

from offhook.core.service import Asking, refused, resumes
from offhook.core.spec import (
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    Ctx,
    Exit,
    Outcome,
    Wait,
)
from offhook.model.effect import CallService
from offhook.model.event import ServiceEnded


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    content_type: Annotated[Literal["EmailMessage"], STATIC, msgspec.Meta(title="Content")]


MAX_BYTES = 32_768


def enter(p: Params, ctx: Ctx) -> Outcome:
    asked = {"ContactId": ctx.contact.id, "From": ctx.contact.customer_endpoint or ""}
    call = CallService(ctx.new_id(), "email", "GetEmailMessage", asked)
    return Wait((call,), Asking(call.id))


def _read(p: Params, memo: Asking, event: ServiceEnded, ctx: Ctx) -> Outcome:
    if event.error:
        return refused(event)
    text = event.output["Plaintext"]
    if len(text.encode()) > MAX_BYTES:
        return Exit(error="NoMatchingError", cause="size", detail=f"the text has more than {MAX_BYTES:,} bytes.")
    return Exit(set={"system": {**ctx.system, "Email": {"EmailMessage": {"Plaintext": text}}}})


BLOCKS = (
    BlockSpec(
        action="LoadContactContent",
        title="Get stored content",
        summary="Loads the text of an e-mail into $.Email.",
        group="integrate",
        kind="contact",
        params=Params,
        memo=Asking,
        enter=enter,
        resume=resumes(_read),
        errors=(NO_MATCHING_ERROR,),
        channels=dict.fromkeys(("VOICE", "CHAT", "TASK"), "error:NoMatchingError"),
        example={"ContentType": "EmailMessage"},
    ),
)
