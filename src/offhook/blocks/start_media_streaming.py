"""Start media streaming and Stop media streaming: send the customer's audio to Kinesis Video Streams, or stop it.

Declared, not built yet. The old modules name tracks (FromCustomer) or, later, participants.
Source: APIReference/contact-actions-updatecontactmediastreamingbehavior.html; adminguide/start-media-streaming.html;
spec/legacy.md, last section.
"""

from typing import Annotated, Any, Literal

import msgspec

from offhook.core.spec import (
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    FlowTypes,
    Legacy,
    LegacyModule,
)


class Participant(msgspec.Struct, frozen=True, rename="pascal"):
    participant_type: Annotated[Literal["Customer"], STATIC]
    media_directions: Annotated[tuple[Literal["From", "To"], ...], STATIC]


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    media_streaming_state: Annotated[Literal["Enabled", "Disabled"], STATIC, msgspec.Meta(title="State")]
    participants: Annotated[tuple[Participant, ...], STATIC, msgspec.Meta(title="Participants")]
    media_stream_type: Annotated[Literal["Audio"], STATIC, msgspec.Meta(title="Type")]


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
        errors=(NO_MATCHING_ERROR,),
        channels=dict.fromkeys(("CHAT", "TASK", "EMAIL"), "error:NoMatchingError"),
        flow_types=FlowTypes(language=_FLOW_TYPES | {"MODULE"}, designer=_FLOW_TYPES),
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
