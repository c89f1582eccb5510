"""The event a Lambda function receives from Amazon Connect (spec/lambda-block.md section 4).

All keys of 2024 and newer, nulls as nulls. A task has no MediaStreams; Capabilities is known for WebRTC alone and
is left out where nothing set it. Not in it: stored input, flow attributes, earlier answers; a flow passes those as
parameters.
Source: adminguide/connect-lambda-functions.html; captured events (EVT).
"""

from typing import Any

from offhook.core import system
from offhook.core.spec import Ctx

_NO_STREAM = {"Customer": {"Audio": None}}


def contact_flow_event(ctx: Ctx, parameters: dict[str, Any]) -> dict[str, Any]:
    """`{"Details": {"ContactData": …, "Parameters": …}, "Name": "ContactFlowEvent"}`."""
    return {"Details": {"ContactData": _contact_data(ctx), "Parameters": parameters}, "Name": "ContactFlowEvent"}


def _contact_data(ctx: Ctx) -> dict[str, Any]:
    contact, known = ctx.contact, ctx.system
    data = {
        "Attributes": ctx.attributes,
        "AwsRegion": ctx.instance.region,
        "Channel": contact.channel,
        "ContactId": contact.id,
        "CustomerEndpoint": system.endpoint(contact.customer_endpoint, contact.channel),
        "CustomerId": ctx.customer_id,
        "Description": ctx.description,
        "InitialContactId": contact.initial_id,
        "InitiationMethod": contact.initiation_method,
        "InstanceARN": ctx.instance.arn,
        "LanguageCode": ctx.language,
        "MediaStreams": known.get("MediaStreams", _NO_STREAM),
        "Name": ctx.name,
        "PreviousContactId": contact.previous_id,
        "Queue": system.queue(ctx.queue, ctx.instance),
        "References": ctx.references,
        "RelatedContactId": contact.related_id,
        "SegmentAttributes": ctx.segment_attributes,
        "SystemEndpoint": system.endpoint(contact.system_endpoint, contact.channel),
        "Tags": ctx.tags,
    }
    if contact.channel == "TASK":
        del data["MediaStreams"]
    if "Capabilities" in known:
        data["Capabilities"] = known["Capabilities"]
    return data
