"""What a prompt says: one body out of Text, SSML, PromptId and Media, checked as Connect checks it when it speaks.

Outside voice only text can be said. In SSML what a reference gave is put in as it is, so `Tom & Co` breaks the
prompt (the block takes its error branch) while plain text does not mind.
Source: APIReference/participant-actions-messageparticipant.html; cases.md P38.
"""

from offhook.core import ssml
from offhook.core.spec import Ctx
from offhook.model.effect import Speech

MAX_CHARACTERS = 6_000  # 3,000 of them billed: adminguide/text-to-speech.html, create-dynamic-text-strings.html


def speech_of(ctx: Ctx, *, text: str, markup: str, prompt: str, media_uri: str) -> Speech | str:
    """The speech, or one sentence that says why there is none. Nothing to say is said to be so."""
    if text and len(text) <= MAX_CHARACTERS and not (markup or prompt or media_uri):
        return _spoken(ctx, "text", text)
    bodies = [name for name, body in (("Text", text), ("SSML", markup), ("PromptId", prompt), ("Media", media_uri)) if body]
    if len(bodies) != 1:
        found = " and ".join(bodies) or "none of them"
        return f"exactly one of Text, SSML, PromptId and Media must have a value here; it is {found}."
    if ctx.channel != "VOICE" and not text:
        return f"{bodies[0]} can only be played on VOICE; {ctx.channel} takes Text."
    if text:
        return _too_long(len(text))
    if markup:
        wrong = ssml.problem(markup)
        return _spoken(ctx, "ssml", markup) if wrong is None else wrong
    if media_uri:
        return _spoken(ctx, "media", media_uri)
    found_prompt = ctx.find("prompt", prompt, "PromptId")
    if found_prompt.resource is None:
        return found_prompt.problem
    return _spoken(ctx, "prompt", found_prompt.resource.name)


def _spoken(ctx: Ctx, kind: str, body: str) -> Speech:
    voice = ctx.voice
    return Speech(kind, body, voice.name, voice.engine, voice.style, ctx.language)


def _too_long(characters: int) -> str:
    return f"Text is {characters:,} characters long, at most {MAX_CHARACTERS:,} can be spoken at once."
