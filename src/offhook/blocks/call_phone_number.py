"""Call phone number: place the call of an outbound whisper flow. Else the first participant action places it.

Declared, not built yet. There is no error branch: where the call fails the flow ends and the agent goes on to
after-contact work.
Source: APIReference/contact-actions-completeoutboundcall.html; adminguide/call-phone-number.html.
"""

from typing import Annotated

import msgspec

from offhook.core.spec import (
    DYNAMIC,
    SINGLE,
    BlockSpec,
    FlowTypes,
)


class CallerId(msgspec.Struct, frozen=True, rename="pascal"):
    number: Annotated[str, SINGLE, msgspec.Meta(title="Caller ID number")]


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    caller_id: CallerId | None = None
    voice_connector: Annotated[dict[str, str], DYNAMIC, msgspec.Meta(title="Voice connector")] = {}
    connection_time_limit_seconds: (
        Annotated[int, DYNAMIC, msgspec.Meta(ge=1, le=600, title="Timeout (seconds), with a voice connector")] | None
    ) = None


BLOCKS = (
    BlockSpec(
        action="CompleteOutboundCall",
        title="Call phone number",
        summary="Places the outbound call of a whisper flow.",
        group="integrate",
        kind="contact",
        params=Params,
        flow_types=FlowTypes(language=frozenset({"OUTBOUND_WHISPER"}), designer=frozenset({"OUTBOUND_WHISPER"})),
        example={"CallerId": {"Number": "+15550100"}},
    ),
)
