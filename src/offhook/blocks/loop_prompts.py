"""Loop prompts: say a list of messages over and over while a customer or an agent waits, or is on hold.

Declared, not built yet. It may be interrupted at an interval, and the result is then MessagesInterrupted. The service
takes the action with and without NextAction; the console writes none.
Source: APIReference/participant-actions-messageparticipantiteratively.html; adminguide/loop-prompts.html.
"""

from typing import Annotated, Any

import msgspec

from offhook.core import prompt
from offhook.core.prompt import Media
from offhook.core.spec import (
    DYNAMIC,
    SINGLE,
    STATIC,
    BlockSpec,
    ErrorBranch,
    FlowTypes,
    Legacy,
    LegacyModule,
)
from offhook.model.flow import Action, Problem


class Message(msgspec.Struct, frozen=True, rename="pascal"):
    """One of its four bodies."""

    text: Annotated[str, DYNAMIC] = ""
    ssml: Annotated[str, DYNAMIC] = msgspec.field(name="SSML", default="")
    prompt_id: Annotated[str, SINGLE] = ""
    media: Media = Media()


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    messages: Annotated[tuple[Message, ...], msgspec.Meta(min_length=1, title="Messages")]
    interrupt_frequency_seconds: (
        Annotated[int, STATIC, msgspec.Meta(ge=1, title="Interrupt every (seconds)")] | None
    ) = None
    continue_messaging_during_interrupt: Annotated[bool, STATIC, msgspec.Meta(title="Go on while interrupted")] = False


def check(action: Action) -> list[Problem]:
    """Each message has one body."""
    messages = action.parameters.get("Messages")
    found = []
    for index, entry in enumerate(messages if isinstance(messages, list) else ()):
        bodies = [name for name in prompt.BODIES if isinstance(entry, dict) and name in entry]
        if len(bodies) != 1:
            said = f"has {' and '.join(bodies) or 'no body'}, must have one of {', '.join(prompt.BODIES)}."
            field = f"Parameters.Messages.{index}"
            found.append(
                Problem("E-prompt-bodies", f"message {index + 1} {said}", action=action.identifier, field=field)
            )
    return found


def _from_legacy(module: LegacyModule) -> dict[str, Any]:
    """A Text says in its key whether it is SSML."""
    messages = []
    for entry in module.entries:
        if entry["name"] == "Text" and "value" in entry:
            messages.append({"SSML" if entry.get("key") == "ssml" else "Text": entry["value"]})
        elif entry["name"] == "AudioPrompt" and "value" in entry:
            messages.append({"PromptId": entry["value"]})
    return {"Messages": messages}


_QUEUE_AND_HOLD = frozenset("CUSTOMER_QUEUE CUSTOMER_HOLD AGENT_HOLD".split())

BLOCKS = (
    BlockSpec(
        action="MessageParticipantIteratively",
        title="Loop prompts",
        summary="Repeats messages while a customer or an agent is in a queue or on hold.",
        group="interact",
        kind="participant",
        params=Params,
        errors=(ErrorBranch("NoMatchingError", required=False),),
        operators=("Equals",),
        operands=("MessagesInterrupted",),
        may_end=True,
        channels=dict.fromkeys(("CHAT", "TASK", "EMAIL"), "error:NoMatchingError"),
        flow_types=FlowTypes(language=_QUEUE_AND_HOLD, designer=_QUEUE_AND_HOLD),
        legacy=(
            Legacy(
                "LoopPrompts",
                rename={"InterruptSeconds": "InterruptFrequencySeconds"},
                branches={"Timeout": ("Equals", "MessagesInterrupted")},
                convert=_from_legacy,
            ),
        ),
        widgets={"PromptId": "prompt-picker"},
        check=check,
        example={"Messages": [{"Text": "Please wait."}], "InterruptFrequencySeconds": "30"},
    ),
)
