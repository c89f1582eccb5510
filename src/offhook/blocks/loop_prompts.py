"""Loop prompts: say a list of messages over and over while a customer or an agent waits, or is on hold.

It ends for nothing but an interruption: when the interval has passed the prompt that is playing is cut and the result
is MessagesInterrupted. The next time it starts again, or goes on after that prompt where messages are to go on during
the interrupt (newer). The service takes the action with and without NextAction; the console writes none. A contact
cannot be moved to another queue while an agent is asked to take it, for 20 seconds (cases.md P43).
Source: APIReference/participant-actions-messageparticipantiteratively.html; adminguide/loop-prompts.html.
"""

from typing import Annotated, Any

import msgspec

from offhook.core import objection, prompt
from offhook.core.conditions import number
from offhook.core.expr import text_of
from offhook.core.prompt import Media
from offhook.core.spec import (
    DYNAMIC,
    SINGLE,
    STATIC,
    BlockSpec,
    Changes,
    Ctx,
    ErrorBranch,
    Exit,
    FlowTypes,
    Legacy,
    LegacyModule,
    LogRecord,
    Outcome,
    Wait,
)
from offhook.core.speech import assumption, speech_of
from offhook.model.effect import PlayPrompt, StartTimer
from offhook.model.event import Event, PromptEnded, TimerFired
from offhook.model.flow import Action, Problem

OFFER_S = 20  # adminguide/loop-prompts.html advises more; an agent has so long to accept


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


class Memo(msgspec.Struct, frozen=True):
    """The prompt that plays, which of the messages it is (from 0), and the timer of the interval, if any."""

    prompt_id: str = ""
    position: int = 0
    timer_id: str = ""


def enter(p: Params, ctx: Ctx) -> Outcome:
    position = ctx.loops.get(_key(ctx), 0) if p.continue_messaging_during_interrupt else 0
    play = _play(p, position % len(p.messages), ctx)
    if isinstance(play, Exit):
        return play
    ids = {_place(count): message.prompt_id for count, message in enumerate(p.messages)}
    warnings = tuple(text for place, prompt_id in ids.items() for text in assumption(ctx, prompt_id, place))
    if p.interrupt_frequency_seconds is None:
        return Wait((play,), Memo(play.id, position), warnings=warnings)
    timer = StartTimer(ctx.new_id(), p.interrupt_frequency_seconds * 1_000)
    return Wait((timer, play), Memo(play.id, position, timer.id), warnings=warnings)


def resume(p: Params, memo: Memo, event: Event, ctx: Ctx) -> Outcome | None:
    if type(event) is TimerFired and event.effect_id == memo.timer_id:
        return Exit(result="MessagesInterrupted", results="MessagesInterrupted", set=_kept(p, memo, ctx))
    if type(event) is not PromptEnded or event.effect_id != memo.prompt_id:
        return None
    position = (memo.position + 1) % len(p.messages)
    play = _play(p, position, ctx)
    return play if isinstance(play, Exit) else Wait((play,), Memo(play.id, position, memo.timer_id))


def _play(p: Params, position: int, ctx: Ctx) -> PlayPrompt | Exit:
    speech = speech_of(ctx, p.messages[position], _place(position))
    if isinstance(speech, str):
        return Exit(error="NoMatchingError", cause="bad_parameter", detail=f"message {position + 1}: {speech}")
    return PlayPrompt(ctx.new_id(), ctx.line, speech)


def _place(position: int) -> str:
    return f"Messages.{position}.PromptId"


def _kept(p: Params, memo: Memo, ctx: Ctx) -> Changes:
    return {"loops": {**ctx.loops, _key(ctx): memo.position + 1}} if p.continue_messaging_during_interrupt else {}


def _key(ctx: Ctx) -> str:
    return f"{ctx.flow}|{ctx.action.identifier}"


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    if p is None:
        return (LogRecord(),)
    return tuple(
        LogRecord(prompt.logged(text=each.text, markup=each.ssml, prompt=each.prompt_id, media_uri=each.media.uri))
        for each in p.messages
    )


def check(action: Action) -> list[Problem]:
    """Each message has one body, and the interval is longer than an agent is asked."""
    return [*_bodies(action), *_interval(action)]


def _interval(action: Action) -> list[Problem]:
    seconds = number(text_of(action.parameters.get("InterruptFrequencySeconds")))
    if seconds is None or seconds > OFFER_S:
        return []
    field = "Parameters.InterruptFrequencySeconds"
    message = (
        f"InterruptFrequencySeconds is {seconds:g}, should be more than {OFFER_S}: for so long an agent may be asked "
        "to take the contact, and a transfer to another queue fails then."
    )
    return [Problem("W-loop-interval", message, action=action.identifier, field=field, severity="warning")]


def _bodies(action: Action) -> list[Problem]:
    messages = action.parameters.get("Messages")
    found = []
    for index, entry in enumerate(messages if isinstance(messages, list) else ()):
        bodies = [name for name in prompt.BODIES if isinstance(entry, dict) and name in entry]
        if len(bodies) != 1:
            said = f"has {' and '.join(bodies) or 'no body'}, must have one of {', '.join(prompt.BODIES)}."
            field = f"Parameters.Messages.{index}"
            refused = objection.only_one(bodies) if bodies else objection.at_least_one(prompt.BODIES)
            place = {"action": action.identifier, "field": field, "refusal": refused}
            found.append(Problem("E-prompt-bodies", f"message {index + 1} {said}", **place))
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
        memo=Memo,
        enter=enter,
        resume=resume,
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
        log_name="LoopPrompts",
        log=log,
        check=check,
        example={"Messages": [{"Text": "Please wait."}], "InterruptFrequencySeconds": "30"},
    ),
)
