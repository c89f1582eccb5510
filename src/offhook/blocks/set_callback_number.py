"""Set callback number: the number that a queued callback will call, instead of the caller's own.

Declared, not built yet. It must be one reference, and there is no branch for other errors. Outside voice the older
page takes the error branch, which the action does not have, the newer one the branch for a bad number.
Source: APIReference/contact-actions-updatecontactcallbacknumber.html.
"""

from typing import Annotated, Any

import msgspec

from offhook.core.spec import (
    REFERENCE,
    BlockSpec,
    ErrorBranch,
    FlowTypes,
    Legacy,
)


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    callback_number: Annotated[Any, REFERENCE, msgspec.Meta(title="Phone number")]


_FLOW_TYPES = frozenset("CONTACT_FLOW CUSTOMER_QUEUE AGENT_TRANSFER QUEUE_TRANSFER".split())

BLOCKS = (
    BlockSpec(
        action="UpdateContactCallbackNumber",
        title="Set callback number",
        summary="Sets the number that a callback will call.",
        group="set",
        kind="contact",
        params=Params,
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
        example={"CallbackNumber": "$.StoredCustomerInput"},
    ),
)
