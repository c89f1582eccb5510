"""Agentic CX: connect the participant with an Agentic CX application.

The block is named in the pages on the testing language alone, with its AgentConfiguration and the two namespaces of its
results; no API of the application is published. Ours, all of the conversation: the application speaks first, then one
`Converse` of the service `agentic-cx` per utterance, with workspaceId, applicationId, alias, sessionId and text. It
answers messages as Lex does, contextVariables and metadata; `isOver` when it hands the participant back, `isFailed`
when it does so for the error branch, and `result` for conditions, if there are any. Waits are as with Lex.
Source: adminguide, testing-language events page (newest).
"""

from typing import Annotated, Any

import msgspec
from msgspec.structs import replace

from offhook.core import conversation
from offhook.core.conversation import Bot, Message
from offhook.core.spec import (
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    Changes,
    Ctx,
    Exit,
    Outcome,
)
from offhook.model.event import Event, Heard

SILENT_TURNS = 3
VOICE_WAIT_MS = 4_000
CHAT_WAIT_MS = 604_800_000  # as long as a chat may last: 7 days


class AgentConfiguration(msgspec.Struct, frozen=True, rename="pascal"):
    workspace_id: Annotated[str, STATIC]
    application_id: Annotated[str, STATIC]
    alias: Annotated[str, STATIC] = ""


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    agent_configuration: AgentConfiguration


class Memo(conversation.Memo, frozen=True):
    """`fixed` names the application and the session."""


class _Answer(msgspec.Struct, frozen=True, rename="camel"):
    messages: tuple[Message, ...] = ()
    is_over: bool = False
    is_failed: bool = False
    result: str | None = None
    context_variables: dict[str, Any] = {}
    metadata: dict[str, Any] = {}


def enter(p: Params, ctx: Ctx) -> Outcome:
    agent = p.agent_configuration
    fixed = {
        "workspaceId": agent.workspace_id,
        "applicationId": agent.application_id,
        "alias": agent.alias,
        "sessionId": ctx.contact.id,
    }
    return conversation.ask(_bot(ctx), ctx, Memo(fixed=fixed), Heard(ctx.now_ms, "", "", "start"))


def resume(p: Params, memo: Memo, event: Event, ctx: Ctx) -> Outcome | None:
    return conversation.go_on(_bot(ctx), memo, event, ctx)


def _bot(ctx: Ctx) -> Bot:
    is_voice = ctx.channel == "VOICE"
    return Bot(
        service="agentic-cx",
        operation="Converse",
        request=lambda memo, heard: {"text": heard.text},
        read=_read,
        leave=lambda output: _leave(output, ctx),
        secrets=_secrets,
        wait_ms=lambda memo: VOICE_WAIT_MS if is_voice else CHAT_WAIT_MS,
        turns=SILENT_TURNS if is_voice else 1,
        silent=Exit(error="NoMatchingError", cause="time_limit", detail="the participant said nothing."),
    )


def _read(output: Any) -> tuple[tuple[Message, ...], bool] | str:
    try:
        answer = msgspec.convert(output, _Answer)
    except msgspec.ValidationError as problem:
        return f"the application's answer cannot be understood: {problem}."
    return answer.messages, answer.is_over or answer.is_failed


def _leave(output: Any, ctx: Ctx) -> Exit:
    answer = msgspec.convert(output, _Answer)
    results = {"ContextVariables": answer.context_variables, "metadata": answer.metadata}
    changes: Changes = {"system": {**ctx.system, "AgenticCX": results}}
    exit = Exit(result=answer.result, set=changes)
    if not answer.is_failed:
        return exit
    return replace(exit, error="NoMatchingError", cause="unfulfilled", detail="the application gave up.")


def _secrets(output: Any) -> tuple[str, ...]:
    """Texts among the results: what the participant said may stand there."""
    answer = msgspec.convert(output, _Answer)
    values = (*answer.context_variables.values(), *answer.metadata.values())
    return tuple(value for value in values if isinstance(value, str) and value)


BLOCKS = (
    BlockSpec(
        action="ConnectParticipantWithAgenticCX",
        title="Agentic CX",
        summary="Connects the participant with an Agentic CX application.",
        group="interact",
        kind="participant",
        params=Params,
        memo=Memo,
        enter=enter,
        resume=resume,
        errors=(NO_MATCHING_ERROR,),
        operators=("Equals",),
        channels=dict.fromkeys(("TASK", "EMAIL"), "error:NoMatchingError"),
        example={"AgentConfiguration": {"WorkspaceId": "w", "ApplicationId": "a", "Alias": "live"}},
    ),
)
