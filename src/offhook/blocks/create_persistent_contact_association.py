"""Create persistent contact association: let the present chat go on with the transcript of an earlier one.

Declared, not built yet.
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
    FlowTypes,
)


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    rehydration_type: Annotated[Literal["ENTIRE_PAST_SESSION", "FROM_SEGMENT"], STATIC, msgspec.Meta(title="Rehydrate")]
    source_contact_id: Annotated[str, DYNAMIC, msgspec.Meta(title="Earlier contact")]


_FLOWS = ANY_FLOW - {"MODULE"}

BLOCKS = (
    BlockSpec(
        action="CreatePersistentContactAssociation",
        title="Create persistent contact association",
        summary="Continues an earlier chat.",
        group="integrate",
        kind="contact",
        params=Params,
        errors=(NO_MATCHING_ERROR,),
        channels=dict.fromkeys(("VOICE", "TASK", "EMAIL"), "error:NoMatchingError"),
        flow_types=FlowTypes(language=_FLOWS, designer=_FLOWS),
        example={"RehydrationType": "ENTIRE_PAST_SESSION", "SourceContactId": "$.Attributes.earlier"},
    ),
)
