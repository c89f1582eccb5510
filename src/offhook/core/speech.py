"""What a prompt says: one body out of Text, SSML, PromptId and Media, checked as Connect checks it when it speaks.

Outside voice only text can be said. In SSML what a reference gave is put in as it is, so `Tom & Co` breaks the
prompt (the block takes its error branch) while plain text does not mind. A file in S3 cannot be played in queue and
whisper flows; a prompt of the library can.
Source: APIReference/participant-actions-messageparticipant.html; adminguide/play.html (newer), text-to-speech.html
(3,000 billed characters, 6,000 in all; tags are not billed, so plain text is billed whole); cases.md P38.
"""

from typing import Protocol

from offhook.core import ssml
from offhook.core.prompt import Media
from offhook.core.spec import Ctx
from offhook.model.effect import Speech

LIBRARY_ONLY = frozenset("CUSTOMER_QUEUE CUSTOMER_WHISPER AGENT_WHISPER OUTBOUND_WHISPER".split())


class Speaks(Protocol):
    """Parameters of a block that speaks."""

    @property
    def text(self) -> str: ...
    @property
    def ssml(self) -> str: ...
    @property
    def prompt_id(self) -> str: ...
    @property
    def media(self) -> Media: ...


def speech_of(ctx: Ctx, p: Speaks, parameter: str = "PromptId") -> Speech | str:
    """The speech, or one sentence that says why there is none. Nothing to say is said to be so.

    `parameter`: where the prompt's id stands in the action.
    """
    text, markup, prompt, media_uri = p.text, p.ssml, p.prompt_id, p.media.uri
    if text and not (markup or prompt or media_uri):
        if len(text) > ssml.MAX_BILLED and (ctx.channel == "VOICE" or len(text) > ssml.MAX_CHARACTERS):
            return _too_long(ctx.channel, text)
        return spoken(ctx, "text", text)
    bodies = {"Text": text, "SSML": markup, "PromptId": prompt, "Media": media_uri}
    given = [name for name, body in bodies.items() if body]
    if len(given) != 1:
        found = f"{' and '.join(given)} have" if given else "none of them has"
        return f"exactly one of Text, SSML, PromptId and Media must have a value; here {found}."
    if ctx.channel != "VOICE":
        return f"{given[0]} can only be played on VOICE; {ctx.channel} takes Text."
    if markup:
        return ssml.problem(markup) or spoken(ctx, "ssml", markup)
    if media_uri and ctx.flow_type in LIBRARY_ONLY:
        return f"Media cannot be played in a flow of type {ctx.flow_type}; use a prompt of the library there."
    if media_uri:
        return spoken(ctx, "media", media_uri)
    found_prompt = ctx.find("prompt", prompt, parameter)
    if found_prompt.resource is None:
        return found_prompt.problem
    return spoken(ctx, "prompt", found_prompt.resource.name)


def assumption(ctx: Ctx, prompt: str, parameter: str = "PromptId") -> tuple[str, ...]:
    """The warning for a library prompt that nobody knows and that is played all the same (decision S20)."""
    found = ctx.find("prompt", prompt, parameter) if prompt else None
    return (found.problem,) if found is not None and found.assumed else ()


def _too_long(channel: str, text: str) -> str:
    limit = ssml.MAX_BILLED if channel == "VOICE" else ssml.MAX_CHARACTERS
    return f"Text has {len(text):,} characters, at most {limit:,} can be said at once on {channel}."


def spoken(ctx: Ctx, kind: str, body: str) -> Speech:
    """The body in the contact's voice and language."""
    voice = ctx.voice
    return Speech(kind, body, voice.name, voice.engine, voice.style, ctx.language)
