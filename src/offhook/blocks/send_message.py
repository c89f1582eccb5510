"""Send message: begin an outbound chat over SMS or WhatsApp.

The chat is a contact of its own, tied to this one where it says so; the customer gets the first message when it
begins. It comes from a phone number of the instance and goes to a number in E.164. The wire form of the e-mail mode is
published nowhere, and that of WhatsApp is ours: the page knows connect:SMS alone.
Source: APIReference/contact-actions-startoutboundchatcontact.html.
"""

from typing import Annotated, Literal

import msgspec

from offhook.core.another import inbound
from offhook.core.phone import is_e164
from offhook.core.service import unfit
from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    Ctx,
    Exit,
    Outcome,
)
from offhook.model.effect import CreateContact


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


SUBTYPES = {False: ("connect:SMS", "connect:WhatsApp"), True: ("connect:SMS",)}


def enter(p: Params, ctx: Ctx) -> Outcome:
    if wrong := _wrong(p, SUBTYPES[ctx.strict]):
        return unfit(wrong)
    found = inbound(ctx, p.contact_flow_arn, "ContactFlowArn")
    if isinstance(found, Exit):
        return found
    message = p.initial_system_message.content if p.initial_system_message is not None else ""
    fields = {
        "customer_endpoint": p.destination_endpoint.address,
        "system_endpoint": p.source_endpoint.address,
        "segment_attributes": {"connect:Subtype": {"ValueString": p.contact_subtype}},
        "attributes": ctx.attributes if p.related_contact else {},
        "first_message": message,
    }
    kin = "related" if p.related_contact else "none"
    made = ctx.new_uuid("contact")
    return Exit(effects=(CreateContact(ctx.new_id(), made, "API", "CHAT", flow=found, kin=kin, fields=fields),))


def _wrong(p: Params, subtypes: tuple[str, ...]) -> str:
    """What does not fit, empty where all does."""
    source, destination = p.source_endpoint, p.destination_endpoint
    if p.contact_subtype not in subtypes:
        return f"ContactSubtype: must be {' or '.join(subtypes)}."
    if source.type != "CONNECT_PHONENUMBER_ARN" or not source.address:
        return "SourceEndpoint: must be the ARN of a phone number, of type CONNECT_PHONENUMBER_ARN."
    if destination.type != "TELEPHONE_NUMBER" or not is_e164(destination.address):
        return "DestinationEndpoint: must be a number in E.164, of type TELEPHONE_NUMBER."
    return ""


BLOCKS = (
    BlockSpec(
        action="StartOutboundChatContact",
        title="Send message",
        summary="Begins an outbound chat with a first message.",
        group="integrate",
        kind="contact",
        params=Params,
        enter=enter,
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
