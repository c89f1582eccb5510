"""Send message: begin an outbound chat over SMS or WhatsApp.

Declared, not built yet. The wire form of its e-mail mode is published nowhere.
Source: APIReference/contact-actions-startoutboundchatcontact.html.
"""

from typing import Annotated, Literal

import msgspec

from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
)


class Endpoint(msgspec.Struct, frozen=True, rename="pascal"):
    """A phone number of the instance by its ARN (CONNECT_PHONENUMBER_ARN), or a number (TELEPHONE_NUMBER)."""

    address: Annotated[str, DYNAMIC]
    type: Annotated[str, STATIC]


class InitialSystemMessage(msgspec.Struct, frozen=True, rename="pascal"):
    content: Annotated[str, DYNAMIC, msgspec.Meta(max_length=1024, title="First message")]


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    source_endpoint: Annotated[Endpoint, DYNAMIC, msgspec.Meta(title="From")]
    destination_endpoint: Annotated[Endpoint, DYNAMIC, msgspec.Meta(title="To")]
    contact_flow_arn: Annotated[str, DYNAMIC, msgspec.Meta(title="Flow")]
    contact_subtype: Annotated[str, STATIC, msgspec.Meta(title="Subtype")]
    initial_system_message: InitialSystemMessage | None = None
    related_contact: Annotated[Literal["CURRENT"], STATIC, msgspec.Meta(title="Related contact")] | None = None


BLOCKS = (
    BlockSpec(
        action="StartOutboundChatContact",
        title="Send message",
        summary="Begins an outbound chat with a first message.",
        group="integrate",
        kind="contact",
        params=Params,
        errors=(NO_MATCHING_ERROR,),
        widgets={"ContactFlowArn": "flow-picker"},
        example={
            "SourceEndpoint": {"Address": "arn:of:a:number", "Type": "CONNECT_PHONENUMBER_ARN"},
            "DestinationEndpoint": {"Address": "$.CustomerEndpoint.Address", "Type": "TELEPHONE_NUMBER"},
            "ContactFlowArn": "Messages",
            "ContactSubtype": "connect:SMS",
        },
    ),
)
