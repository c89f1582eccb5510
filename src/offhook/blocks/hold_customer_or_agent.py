"""Hold customer or agent: put one of the two on hold, or join all.

Declared, not built yet. Voice only. The language page names inbound and transfer flows, the designer outbound whisper
flows, too.
Source: APIReference/contact-actions-updatepreviouscontactparticipantstate.html; adminguide/hold-customer-agent.html.
"""

from typing import Annotated, Literal

import msgspec

from offhook.core.spec import (
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    FlowTypes,
    Legacy,
)


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    previous_contact_participant_state: Annotated[
        Literal["AgentOnHold", "CustomerOnHold", "OffHold"], STATIC, msgspec.Meta(title="Hold")
    ]


_FLOW_TYPES = frozenset("CONTACT_FLOW AGENT_TRANSFER QUEUE_TRANSFER".split())

BLOCKS = (
    BlockSpec(
        action="UpdatePreviousContactParticipantState",
        title="Hold customer or agent",
        summary="Puts the customer or the agent on hold, or joins all.",
        group="interact",
        kind="contact",
        params=Params,
        errors=(NO_MATCHING_ERROR,),
        channels=dict.fromkeys(("CHAT", "TASK", "EMAIL"), "error:NoMatchingError"),
        flow_types=FlowTypes(language=_FLOW_TYPES | {"MODULE"}, designer=_FLOW_TYPES | {"OUTBOUND_WHISPER"}),
        legacy=(Legacy("HoldCustomerOrAgent"),),
        example={"PreviousContactParticipantState": "CustomerOnHold"},
    ),
)
