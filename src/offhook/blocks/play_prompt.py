"""Play prompt: say something to the party on the line.

A task or an e-mail hears nothing and goes on (2023 page: Okay; newer pages route by configuration). On voice the block
is left when the speech has ended; a message on chat is sent and the flow goes on. With no branch wired the flow goes
on too: the service accepts the block without any error branch.
Source: APIReference/participant-actions-messageparticipant.html; adminguide/play.html (2023 and newer).
"""

from typing import Annotated

import msgspec

from offhook.core import objection, prompt
from offhook.core.prompt import Media
from offhook.core.spec import (
    DYNAMIC,
    SINGLE,
    STATIC,
    BlockSpec,
    Ctx,
    ErrorBranch,
    Exit,
    FlowTypes,
    Legacy,
    LogRecord,
    Outcome,
    Wait,
)
from offhook.core.speech import assumption, speech_of
from offhook.model.effect import PlayPrompt
from offhook.model.event import Event, PromptEnded
from offhook.model.flow import Action, Problem

_SAID = Exit()


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    text: Annotated[str, DYNAMIC, msgspec.Meta(title="Text to speak or send")] = ""
    ssml: Annotated[str, DYNAMIC, msgspec.Meta(title="SSML")] = msgspec.field(name="SSML", default="")
    prompt_id: Annotated[str, SINGLE, msgspec.Meta(title="Prompt")] = ""
    media: Annotated[Media, msgspec.Meta(title="Audio file in S3")] = Media()
    skip_when_dtmf_buffer_enabled: Annotated[bool, STATIC, msgspec.Meta(title="Skip where keys are buffered")] = (
        msgspec.field(name="SkipWhenDTMFBufferEnabled", default=False)
    )


class Memo(msgspec.Struct, frozen=True):
    prompt_id: str = ""


def enter(p: Params, ctx: Ctx) -> Outcome:
    speech = speech_of(ctx, p)
    if isinstance(speech, str):
        return Exit(error="NoMatchingError", cause="bad_parameter", detail=speech)
    play = PlayPrompt(ctx.new_id(), ctx.line, speech, skip_if_digits=p.skip_when_dtmf_buffer_enabled)
    return Wait((play,), Memo(play.id), warnings=assumption(ctx, p.prompt_id) if p.prompt_id else ())


def resume(p: Params, memo: Memo, event: Event, ctx: Ctx) -> Outcome | None:
    return _SAID if type(event) is PromptEnded and event.effect_id == memo.prompt_id else None


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    if p is None:
        return (LogRecord(),)
    logged = prompt.logged(text=p.text, markup=p.ssml, prompt=p.prompt_id, media_uri=p.media.uri)
    return (LogRecord(logged),)


def check(action: Action) -> list[Problem]:
    if any(name in action.parameters for name in prompt.BODIES):
        return prompt.check(action)
    message = f"nothing is said: give one of {', '.join(prompt.BODIES)}."
    said = objection.at_least_one(prompt.BODIES)
    return [Problem("E-prompt-empty", message, action=action.identifier, field="Parameters", refusal=said)]


BLOCKS = (
    BlockSpec(
        action="MessageParticipant",
        title="Play prompt",
        summary="Plays audio or speech to a voice participant, or sends a text message on other channels.",
        group="interact",
        kind="participant",
        params=Params,
        memo=Memo,
        enter=enter,
        resume=resume,
        errors=(ErrorBranch("NoMatchingError", required=False),),
        channels={"TASK": "skip", "EMAIL": "skip"},
        flow_types=FlowTypes(
            language=frozenset(
                "CONTACT_FLOW AGENT_TRANSFER QUEUE_TRANSFER CUSTOMER_WHISPER AGENT_WHISPER OUTBOUND_WHISPER "
                "CUSTOMER_QUEUE MODULE".split()
            ),
            designer=frozenset(
                "CONTACT_FLOW CUSTOMER_QUEUE CUSTOMER_WHISPER AGENT_WHISPER AGENT_TRANSFER QUEUE_TRANSFER".split()
            ),
            newer=frozenset(
                "CONTACT_FLOW CUSTOMER_QUEUE CUSTOMER_WHISPER OUTBOUND_WHISPER AGENT_WHISPER AGENT_TRANSFER "
                "QUEUE_TRANSFER".split()
            ),
        ),
        legacy=(
            Legacy("PlayPrompt", convert=prompt.from_legacy),
            Legacy("PlayAudio", convert=prompt.from_legacy),
        ),
        widgets={"Text": "textarea", "SSML": "ssml", "PromptId": "prompt-picker"},
        log_name="PlayPrompt",
        log=log,
        check=check,
        example={"Text": "Hello $.Attributes.name"},
    ),
)
