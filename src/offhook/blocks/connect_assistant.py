"""Connect assistant (Wisdom, later Amazon Q in Connect): begin a session that recommends answers to the agent.

The session's ARN is `$.Wisdom.SessionArn`. The designer's block is this action and an UpdateContactData with
WisdomSessionArn after it.
Source: APIReference/createwisdomsession.html; adminguide/wisdom.html.
"""

from typing import Annotated

import msgspec

from offhook.core.service import Asking, refused, resumes
from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    BlockSpec,
    Ctx,
    Exit,
    FlowTypes,
    Outcome,
    Wait,
)
from offhook.model.effect import CallService
from offhook.model.event import ServiceEnded


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    wisdom_assistant_arn: Annotated[str, DYNAMIC, msgspec.Meta(title="Assistant")]


def enter(p: Params, ctx: Ctx) -> Outcome:
    asked = {"assistantId": p.wisdom_assistant_arn, "name": ctx.contact.id}
    call = CallService(ctx.new_id(), "wisdom", "CreateSession", asked)
    return Wait((call,), Asking(call.id))


def _read(p: Params, memo: Asking, event: ServiceEnded, ctx: Ctx) -> Outcome:
    if event.error:
        return refused(event)
    session = event.output["session"]["sessionArn"]
    return Exit(set={"system": {**ctx.system, "Wisdom": {"SessionArn": session}}})


BLOCKS = (
    BlockSpec(
        action="CreateWisdomSession",
        title="Connect assistant",
        summary="Begins an assistant session for the contact.",
        group="integrate",
        kind="contact",
        params=Params,
        memo=Asking,
        enter=enter,
        resume=resumes(_read),
        errors=(NO_MATCHING_ERROR,),
        # voice alone in 2023, all channels on the newer page
        channels=dict.fromkeys(("CHAT", "TASK", "EMAIL"), ("works", "error:NoMatchingError")),
        flow_types=FlowTypes(
            designer=frozenset("CONTACT_FLOW CUSTOMER_QUEUE OUTBOUND_WHISPER AGENT_TRANSFER QUEUE_TRANSFER".split())
        ),
        example={"WisdomAssistantArn": "arn:aws:wisdom:us-east-1:111122223333:assistant/a"},
    ),
)
