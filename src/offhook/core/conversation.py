"""A conversation with a bot behind a service: what the party says goes there, what it answers is said, until it ends.

A block that has one says what is particular in a `Bot` and leaves the turns to `listen`, `ask` and `go_on`. One turn is
a Listen, a CallService, and the answer as the speech of the next Listen; the last answer is a PlayPrompt, and then the
block is left.
What was said while the flow has switched logging off is secret (decision S22), and so is what the bot made of it.
Ours: who stays silent hears the same speech again, `Bot.turns` times in all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from offhook.core import ssml
from offhook.core.spec import Changes, Ctx, Exit, Outcome, Wait
from offhook.core.speech import spoken
from offhook.model.effect import CallService, Effect, Listen, PlayPrompt, Speech
from offhook.model.event import Event, Heard, PromptEnded, ServiceEnded


class Button(msgspec.Struct, frozen=True):
    text: str = ""


class Card(msgspec.Struct, frozen=True):
    title: str = ""
    subtitle: str | None = None
    buttons: tuple[Button, ...] | None = None


class Message(msgspec.Struct, frozen=True, rename="camel"):
    """One message of a bot, as Lex has it. `content_type`: PlainText, SSML, CustomPayload or ImageResponseCard."""

    content: str | None = None
    content_type: str = "PlainText"
    image_response_card: Card | None = None


class Memo(msgspec.Struct, frozen=True):
    """What is waited for, by the id of the effect. `fixed` is in every request, `answer` the last one that came.

    `speech` is said again to who stays silent, for the `silences`th time now.
    """

    listen_id: str = ""
    call_id: str = ""
    prompt_id: str = ""
    fixed: dict[str, Any] = {}
    answer: Any = None
    speech: Speech | None = None
    silences: int = 0


@dataclass(frozen=True, slots=True)
class Bot:
    """What is particular to one service.

    `request(memo, heard)` is what a turn adds to `Memo.fixed`. `read(output)`: messages and whether the conversation
    is over, or one sentence that says why that cannot be told. `leave(output)` is how the block is left then.
    `secrets(output)`: texts in it that repeat what the party said. `wait_ms(memo)` is for how long the party may be
    silent in a turn, `silent` how the block is left after `turns` of that.
    """

    service: str
    operation: str
    request: Callable[[Memo, Heard], dict[str, Any]]
    read: Callable[[Any], tuple[tuple[Message, ...], bool] | str]
    leave: Callable[[Any], Exit]
    secrets: Callable[[Any], tuple[str, ...]]
    wait_ms: Callable[[Memo], int]
    turns: int
    silent: Exit


def listen(bot: Bot, ctx: Ctx, memo: Memo, speech: Speech | None, *, set: Changes | None = None) -> Wait:
    """Say the speech and wait for the party."""
    effect = Listen(ctx.new_id(), ctx.line, speech, bot.wait_ms(memo))
    return Wait((effect,), replace(memo, listen_id=effect.id, call_id="", speech=speech), set=set or {})


def ask(bot: Bot, ctx: Ctx, memo: Memo, heard: Heard, *, speech: Speech | None = None) -> Wait:
    """Send the bot what was heard; the speech is said meanwhile."""
    before: tuple[Effect, ...] = (PlayPrompt(ctx.new_id(), ctx.line, speech),) if speech is not None else ()
    call = CallService(ctx.new_id(), bot.service, bot.operation, {**memo.fixed, **bot.request(memo, heard)})
    memo = replace(memo, listen_id="", call_id=call.id, silences=0)
    return Wait((*before, call), memo, set=_secret(ctx, (heard.text,)))


def go_on(bot: Bot, memo: Memo, event: Event, ctx: Ctx) -> Outcome | None:
    """What the event means for the conversation; None where it is meant for somebody else."""
    match event:
        case Heard() if event.effect_id == memo.listen_id:
            return ask(bot, ctx, memo, event) if event.text else _silence(bot, memo, ctx)
        case ServiceEnded() if event.effect_id == memo.call_id:
            return _answered(bot, memo, event, ctx)
        case PromptEnded() if event.effect_id == memo.prompt_id:
            return bot.leave(memo.answer)
        case _:
            return None


def _silence(bot: Bot, memo: Memo, ctx: Ctx) -> Outcome:
    if memo.silences + 1 >= bot.turns:
        return bot.silent
    return listen(bot, ctx, replace(memo, silences=memo.silences + 1), memo.speech)


def _answered(bot: Bot, memo: Memo, event: ServiceEnded, ctx: Ctx) -> Outcome:
    if event.error:
        return _failed(f"{event.error}: {event.detail}")
    read = bot.read(event.output)
    if isinstance(read, str):
        return _failed(read)
    messages, is_over = read
    speech = speech_of(ctx, messages)
    changes = _secret(ctx, bot.secrets(event.output))
    if isinstance(speech, str):
        return _failed(f"the bot's SSML cannot be said: {speech}")
    memo = replace(memo, answer=event.output)
    if not is_over:
        return listen(bot, ctx, memo, speech, set=changes)
    if speech is None:
        left = bot.leave(event.output)
        return replace(left, set={**left.set, **changes})
    play = PlayPrompt(ctx.new_id(), ctx.line, speech)
    return Wait((play,), replace(memo, call_id="", prompt_id=play.id), set=changes)


def _secret(ctx: Ctx, texts: tuple[str, ...]) -> Changes:
    new = tuple(text for text in dict.fromkeys(texts) if text and text not in ctx.secrets)
    return {"secrets": (*ctx.secrets, *new)} if ctx.logging is False and new else {}


def _failed(detail: str) -> Exit:
    return Exit(error="NoMatchingError", cause="service", detail=detail)


# --- what a bot says


def speech_of(ctx: Ctx, messages: tuple[Message, ...]) -> Speech | str | None:
    """The messages as one speech, None where they say nothing, or what is wrong with their SSML.

    Voice says text and SSML. Elsewhere every kind is read: of a card its title, its subtitle and its buttons.
    """
    if ctx.channel != "VOICE":
        text = "\n".join(filter(None, map(_read, messages)))
        return spoken(ctx, "text", text) if text else None
    said = [
        (message.content_type == "SSML", message.content)
        for message in messages
        if message.content and message.content_type in ("PlainText", "SSML")
    ]
    if not any(is_markup for is_markup, _ in said):
        return spoken(ctx, "text", " ".join(content for _, content in said)) if said else None
    markup = said[0][1]
    if len(said) > 1:
        parts = (_inside(content) if is_markup else _escaped(content) for is_markup, content in said)
        markup = f"<speak>{' '.join(parts)}</speak>"
    return ssml.problem(markup) or spoken(ctx, "ssml", markup)


def _read(message: Message) -> str:
    card = message.image_response_card
    if card is None:
        return message.content or ""
    return "\n".join(filter(None, (card.title, card.subtitle, *(button.text for button in card.buttons or ()))))


def _inside(markup: str) -> str:
    """What stands in the root of an SSML text."""
    markup = markup.strip()
    return markup[markup.find(">") + 1 : markup.rfind("<")] if markup.startswith("<speak") else markup


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
