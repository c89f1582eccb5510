"""The event a Lambda function receives from Amazon Connect (spec/lambda-block.md section 4).

All keys of 2024 and newer, nulls as nulls. A task has no MediaStreams; Capabilities is known for WebRTC alone and
is left out elsewhere. Not in it: stored input, flow attributes, earlier answers; a flow passes those as parameters.
Source: adminguide/connect-lambda-functions.html; captured events (EVT).
"""

from typing import Any

from offhook.core.spec import Ctx


def contact_flow_event(ctx: Ctx, parameters: dict[str, Any]) -> dict[str, Any]:
    """`{"Details": {"ContactData": …, "Parameters": …}, "Name": "ContactFlowEvent"}`."""
    return {"Details": {"ContactData": _contact_data(ctx), "Parameters": parameters}, "Name": "ContactFlowEvent"}


def _contact_data(ctx: Ctx) -> dict[str, Any]:
    contact = ctx.contact
    data = {
        "Attributes": ctx.attributes,
        "AwsRegion": ctx.instance.region,
        "Channel": contact.channel,
        "ContactId": contact.id,
        "CustomerEndpoint": _endpoint(contact.customer_endpoint),
        "CustomerId": ctx.customer_id,
        "Description": ctx.description,
        "InitialContactId": contact.initial_id,
        "InitiationMethod": contact.initiation_method,
        "InstanceARN": ctx.instance.arn,
        "LanguageCode": ctx.language,
        "MediaStreams": {"Customer": {"Audio": None}},
        "Name": ctx.name,
        "PreviousContactId": contact.previous_id,
        "Queue": _queue(ctx),
        "References": ctx.references,
        "RelatedContactId": contact.related_id,
        "SegmentAttributes": contact.segment_attributes,
        "SystemEndpoint": _endpoint(contact.system_endpoint),
        "Tags": ctx.tags,
    }
    if contact.channel == "TASK":
        del data["MediaStreams"]
    return data


def _endpoint(address: str | None) -> dict[str, str] | None:
    return None if address is None else {"Address": address, "Type": "TELEPHONE_NUMBER"}


def _queue(ctx: Ctx) -> dict[str, Any] | None:
    if ctx.queue is None:
        return None
    settings = ctx.instance.queues.get(ctx.queue.name)
    caller_id = settings.outbound_caller_id if settings is not None else None
    return {"ARN": ctx.queue.arn, "Name": ctx.queue.name, "OutboundCallerId": _endpoint(caller_id)}
