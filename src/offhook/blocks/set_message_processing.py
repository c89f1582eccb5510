"""Set recording, analytics and processing behavior, the message processor: a function edits chat messages in flight.

What processes messages is noted in the contact, for who delivers them. The service insists on ChatProcessorSettings.
Source: APIReference/contact-actions-updatecontactmediaprocessing.html.
"""

from typing import Annotated, Any

import msgspec

from offhook.core.spec import (
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    Ctx,
    ErrorBranch,
    Exit,
    Outcome,
)


class ChatProcessorSettings(msgspec.Struct, frozen=True, rename="pascal"):
    deliver_unprocessed_messages: Annotated[bool, STATIC, msgspec.Meta(title="Deliver where processing fails")]


class ChatProcessor(msgspec.Struct, frozen=True, rename="pascal"):
    processing_enabled: Annotated[bool, STATIC, msgspec.Meta(title="Enabled")]
    chat_processor_settings: ChatProcessorSettings
    lambda_processor_arn: Annotated[str, STATIC, msgspec.Meta(title="Function ARN")] = msgspec.field(
        name="LambdaProcessorARN", default=""
    )


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    chat_processor: ChatProcessor


def enter(p: Params, ctx: Ctx) -> Outcome:
    processor = p.chat_processor
    noted: dict[str, Any] = {"Enabled": processor.processing_enabled}
    if processor.processing_enabled:
        found = ctx.find("function", processor.lambda_processor_arn, "ChatProcessor.LambdaProcessorARN")
        if found.resource is None:
            return Exit(error="NoMatchingError", cause="not_found", detail=found.problem)
        deliver = processor.chat_processor_settings.deliver_unprocessed_messages
        noted |= {"Function": found.resource.name, "DeliverUnprocessedMessages": deliver}
    return Exit(set={"recording": {**ctx.recording, "ChatProcessor": noted}})


BLOCKS = (
    BlockSpec(
        action="UpdateContactMediaProcessing",
        title="Set recording, analytics and processing behavior (message processor)",
        summary="Sets a function that edits chat messages on their way.",
        group="set",
        kind="contact",
        params=Params,
        enter=enter,
        errors=(NO_MATCHING_ERROR, ErrorBranch("ChannelMismatch", required=False)),
        channels=dict.fromkeys(("VOICE", "TASK", "EMAIL"), "error:ChannelMismatch"),
        widgets={"ChatProcessor.LambdaProcessorARN": "lambda-picker"},
        example={
            "ChatProcessor": {
                "ProcessingEnabled": "True",
                "LambdaProcessorARN": "redact",
                "ChatProcessorSettings": {"DeliverUnprocessedMessages": "True"},
            }
        },
    ),
)
