"""Hold customer or agent: put one of the two on hold, or join all.

It is the contact before this one whose parties are meant: in a transfer the call that the agent transfers. A contact
that is no transfer has none (ours: what the block does in an outbound whisper flow is published nowhere). Voice only.
The language page names inbound and transfer flows, the designer outbound whisper flows, too.
Source: APIReference/contact-actions-updatepreviouscontactparticipantstate.html; adminguide/hold-customer-agent.html.
"""

from typing import Annotated, Literal

import msgspec

from offhook.core.spec import (
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    Ctx,
    Exit,
    FlowTypes,
    Legacy,
    Outcome,
)
from offhook.model.effect import Tell
from offhook.model.event import Held, Resumed


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    previous_contact_participant_state: Annotated[
        Literal["AgentOnHold", "CustomerOnHold", "OffHold"], STATIC, msgspec.Meta(title="Hold")
    ]


def enter(p: Params, ctx: Ctx) -> Outcome:
    contact = ctx.contact
    previous = contact.previous_id
    if contact.initiation_method != "TRANSFER" or previous in (None, contact.id):
        detail = "the contact is no transfer: there is no call before it whose customer or agent could be put on hold."
        return Exit(error="NoMatchingError", cause="no_contact", detail=detail)
    state = p.previous_contact_participant_state
    if state == "OffHold":
        return Exit(effects=(Tell(ctx.new_id(), previous, Resumed(ctx.now_ms)),))
    party = "agent" if state == "AgentOnHold" else "customer"
    return Exit(effects=(Tell(ctx.new_id(), previous, Held(ctx.now_ms, party)),))


_FLOW_TYPES = frozenset("CONTACT_FLOW AGENT_TRANSFER QUEUE_TRANSFER".split())

BLOCKS = (
    BlockSpec(
        action="UpdatePreviousContactParticipantState",
        title="Hold customer or agent",
        summary="Puts the customer or the agent on hold, or joins all.",
        group="interact",
        kind="contact",
        params=Params,
        enter=enter,
        errors=(NO_MATCHING_ERROR,),
        channels=dict.fromkeys(("CHAT", "TASK", "EMAIL"), "error:NoMatchingError"),
        flow_types=FlowTypes(language=_FLOW_TYPES | {"MODULE"}, designer=_FLOW_TYPES | {"OUTBOUND_WHISPER"}),
        legacy=(Legacy("HoldCustomerOrAgent"),),
        log_name="HoldCustomerOrAgent",
        example={"PreviousContactParticipantState": "CustomerOnHold"},
    ),
)
