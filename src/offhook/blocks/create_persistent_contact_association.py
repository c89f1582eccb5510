"""Create persistent contact association: let the present chat go on with the transcript of an earlier one.

Which contact it goes on from is noted in the contact, for who shows the transcript; a contact does not go on from
itself.
Source: adminguide/create-persistent-contact-association-block.html (newer).
"""

from typing import Annotated, Literal

import msgspec

from offhook.core.spec import (
    ANY_FLOW,
    DYNAMIC,
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    Ctx,
    Exit,
    FlowTypes,
    Outcome,
)


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    rehydration_type: Annotated[Literal["ENTIRE_PAST_SESSION", "FROM_SEGMENT"], STATIC, msgspec.Meta(title="Rehydrate")]
    source_contact_id: Annotated[str, DYNAMIC, msgspec.Meta(title="Earlier contact")]


def enter(p: Params, ctx: Ctx) -> Outcome:
    if p.source_contact_id in ("", ctx.contact.id):
        detail = "SourceContactId: must be the id of an earlier contact."
        return Exit(error="NoMatchingError", cause="bad_parameter", detail=detail)
    noted = {"ContactId": p.source_contact_id, "RehydrationType": p.rehydration_type}
    return Exit(set={"system": {**ctx.system, "ContinuedFrom": noted}})


_FLOWS = ANY_FLOW - {"MODULE"}

BLOCKS = (
    BlockSpec(
        action="CreatePersistentContactAssociation",
        title="Create persistent contact association",
        summary="Continues an earlier chat.",
        group="integrate",
        kind="contact",
        params=Params,
        enter=enter,
        errors=(NO_MATCHING_ERROR,),
        channels=dict.fromkeys(("VOICE", "TASK", "EMAIL"), "error:NoMatchingError"),
        flow_types=FlowTypes(language=_FLOWS, designer=_FLOWS),
        example={"RehydrationType": "ENTIRE_PAST_SESSION", "SourceContactId": "$.Attributes.earlier"},
    ),
)
