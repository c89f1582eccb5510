"""Connect assistant (Wisdom, later Amazon Q in Connect): begin a session that recommends answers to the agent.

Declared, not built yet. The designer's block is this action and an UpdateContactData with WisdomSessionArn after it.
Source: APIReference/createwisdomsession.html; adminguide/wisdom.html.
"""

from typing import Annotated

import msgspec

from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    BlockSpec,
    FlowTypes,
)


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    wisdom_assistant_arn: Annotated[str, DYNAMIC, msgspec.Meta(title="Assistant")]


BLOCKS = (
    BlockSpec(
        action="CreateWisdomSession",
        title="Connect assistant",
        summary="Begins an assistant session for the contact.",
        group="integrate",
        kind="contact",
        params=Params,
        errors=(NO_MATCHING_ERROR,),
        # voice alone in 2023, all channels on the newer page
        channels=dict.fromkeys(("CHAT", "TASK", "EMAIL"), ("works", "error:NoMatchingError")),
        flow_types=FlowTypes(
            designer=frozenset("CONTACT_FLOW CUSTOMER_QUEUE OUTBOUND_WHISPER AGENT_TRANSFER QUEUE_TRANSFER".split())
        ),
        example={"WisdomAssistantArn": "arn:aws:wisdom:us-east-1:111122223333:assistant/a"},
    ),
)
