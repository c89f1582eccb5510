"""Start media streaming and Stop media streaming: send the customer's audio to Kinesis Video Streams, or stop it.

No audio is streamed here: the attributes of the stream are set as Connect sets them, with made-up names. The old
modules name tracks (FromCustomer) or, later, participants. Stopping what does not run changes nothing.
Source: APIReference/contact-actions-updatecontactmediastreamingbehavior.html; adminguide/start-media-streaming.html;
spec/legacy.md, last section.
"""

from typing import Annotated, Any, Literal

import msgspec

from offhook.core.spec import (
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    Ctx,
    Exit,
    FlowTypes,
    Legacy,
    LegacyModule,
    LogRecord,
    Outcome,
)


class Participant(msgspec.Struct, frozen=True, rename="pascal"):
    participant_type: Annotated[Literal["Customer"], STATIC]
    media_directions: Annotated[tuple[Literal["From", "To"], ...], STATIC]


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    media_streaming_state: Annotated[Literal["Enabled", "Disabled"], STATIC, msgspec.Meta(title="State")]
    participants: Annotated[tuple[Participant, ...], STATIC, msgspec.Meta(title="Participants")]
    media_stream_type: Annotated[Literal["Audio"], STATIC, msgspec.Meta(title="Type")]


def enter(p: Params, ctx: Ctx) -> Outcome:
    audio = ctx.system.get("MediaStreams", {}).get("Customer", {}).get("Audio", {})
    if p.media_streaming_state == "Disabled":
        if not audio or "StopTimestamp" in audio:
            return Exit()
        audio = {**audio, "StopTimestamp": str(ctx.now_ms)}
    else:
        instance, number = ctx.instance, str(ctx.now_ms)
        stream = f"{instance.alias}-contact-{ctx.contact.id}"
        audio = {
            "StreamARN": f"arn:aws:kinesisvideo:{instance.region}:{instance.account}:stream/{stream}/{number}",
            "StartTimestamp": number,
            "StartFragmentNumber": f"{ctx.chance(10**18):047}",
        }
    return Exit(set={"system": {**ctx.system, "MediaStreams": {"Customer": {"Audio": audio}}}})


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    tracks = [direction for each in p.participants for direction in each.media_directions] if p is not None else []
    module = "StopMediaStreaming" if p is not None and p.media_streaming_state == "Disabled" else ""
    return (LogRecord({"Track": ",".join(f"{each}Customer" for each in tracks)} if tracks else {}, module=module),)


def _from_legacy(module: LegacyModule) -> dict[str, Any]:
    tracks = module.repeated.get("Track", ("FromCustomer", "ToCustomer"))
    return {
        "MediaStreamingState": "Enabled" if module.type == "StartMediaStreaming" else "Disabled",
        "MediaStreamType": "Audio",
        "Participants": [
            {
                "ParticipantType": "Customer",
                "MediaDirections": [track.removesuffix("Customer") for track in tracks],
            }
        ],
    }


_FLOW_TYPES = frozenset(
    "CONTACT_FLOW CUSTOMER_QUEUE CUSTOMER_WHISPER OUTBOUND_WHISPER AGENT_WHISPER AGENT_TRANSFER QUEUE_TRANSFER".split()
)

BLOCKS = (
    BlockSpec(
        action="UpdateContactMediaStreamingBehavior",
        title="Start media streaming / Stop media streaming",
        summary="Starts or stops the streaming of the customer's audio.",
        group="integrate",
        kind="contact",
        params=Params,
        enter=enter,
        errors=(NO_MATCHING_ERROR,),
        channels=dict.fromkeys(("CHAT", "TASK", "EMAIL"), "error:NoMatchingError"),
        flow_types=FlowTypes(language=_FLOW_TYPES | {"MODULE"}, designer=_FLOW_TYPES),
        log_name="StartMediaStreaming",
        log=log,
        legacy=(
            Legacy("StartMediaStreaming", convert=_from_legacy),
            Legacy("StopMediaStreaming", convert=_from_legacy),
        ),
        example={
            "MediaStreamingState": "Enabled",
            "MediaStreamType": "Audio",
            "Participants": [{"ParticipantType": "Customer", "MediaDirections": ["From", "To"]}],
        },
    ),
)
