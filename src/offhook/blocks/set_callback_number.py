"""Set callback number: the number that a queued callback will call, instead of the caller's own.

It must be one reference to a number in E.164, and there is no branch for other errors. A number is dialable where its
country is one of the instance's (any, if none is named). Outside voice the older
page takes the error branch, which the action does not have, the newer one the branch for a bad number.
Source: APIReference/contact-actions-updatecontactcallbacknumber.html.
"""

from typing import Annotated, Any

import msgspec

from offhook.core import phone
from offhook.core.expr import text_of
from offhook.core.spec import (
    REFERENCE,
    BlockSpec,
    Ctx,
    ErrorBranch,
    Exit,
    FlowTypes,
    Legacy,
    LogRecord,
    Outcome,
)


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    callback_number: Annotated[Any, REFERENCE, msgspec.Meta(title="Phone number")]


def enter(p: Params, ctx: Ctx) -> Outcome:
    number = text_of(p.callback_number)
    if not phone.is_e164(number):
        detail = "CallbackNumber: must be a number in E.164, such as +15550100."
        return Exit(error="InvalidCallbackNumber", cause="bad_parameter", detail=detail)
    countries = ctx.instance.dialable
    if countries and phone.country_of(number) not in countries:
        detail = f"CallbackNumber: the instance calls numbers of {', '.join(sorted(countries))} alone."
        return Exit(error="CallbackNumberNotDialable", cause="not_dialable", detail=detail)
    return Exit(set={"callback_number": number})


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    number = outcome.set.get("callback_number")
    return (LogRecord({"CallBackNumber": number} if number else {}),)


_FLOW_TYPES = frozenset("CONTACT_FLOW CUSTOMER_QUEUE AGENT_TRANSFER QUEUE_TRANSFER".split())

BLOCKS = (
    BlockSpec(
        action="UpdateContactCallbackNumber",
        title="Set callback number",
        summary="Sets the number that a callback will call.",
        group="set",
        kind="contact",
        params=Params,
        enter=enter,
        errors=(ErrorBranch("InvalidCallbackNumber"), ErrorBranch("CallbackNumberNotDialable")),
        channels=dict.fromkeys(("CHAT", "TASK", "EMAIL"), "error:InvalidCallbackNumber"),
        flow_types=FlowTypes(language=_FLOW_TYPES | {"MODULE"}, designer=_FLOW_TYPES),
        legacy=(
            Legacy(
                "SetCallBackNumber",
                rename={"CallBackNumber": "CallbackNumber"},
                branches={
                    "InvalidPhoneNumber": "InvalidCallbackNumber",
                    "NonDialableNumber": "CallbackNumberNotDialable",
                },
            ),
        ),
        log_name="SetCallBackNumber",
        log=log,
        example={"CallbackNumber": "$.StoredCustomerInput"},
    ),
)
