"""A prompt as blocks declare it: its audio file in S3, its line in the flow log, its place in the old export, its rule.

What it says when the contact arrives is core/speech.py.
Source: APIReference/participant-actions-messageparticipant.html; spec/flow-logs.md section 3.
"""

from typing import Annotated, Any

import msgspec

from offhook.core import objection
from offhook.core.spec import DYNAMIC, STATIC, LegacyModule
from offhook.model.flow import Action, Problem

BODIES = ("Text", "SSML", "PromptId", "Media")


class Media(msgspec.Struct, frozen=True, rename="pascal"):
    """An audio file in S3, voice only."""

    uri: Annotated[str, DYNAMIC] = ""
    source_type: Annotated[str, STATIC] = "S3"
    media_type: Annotated[str, STATIC] = "Audio"


def logged(*, text: str, markup: str, prompt: str, media_uri: str) -> dict[str, Any]:
    """What the flow log says of the one body that there is."""
    if prompt:
        return {"PromptId": prompt}
    if media_uri:
        return {"MediaUri": media_uri}
    return {"Text": markup or text, "TextToSpeechType": "ssml" if markup else "text"}


def from_legacy(module: LegacyModule) -> dict[str, str]:
    """The body of a module of the old export. KeyError where it has none."""
    values = module.values
    if "Text" in values:
        return {"SSML" if values.get("TextToSpeechType") == "ssml" else "Text": values["Text"]}
    return {"PromptId": values["AudioPrompt"]}


def check(action: Action) -> list[Problem]:
    """Connect takes one body at most."""
    bodies = [name for name in BODIES if name in action.parameters]
    if len(bodies) < 2:
        return []
    message = f"{' and '.join(bodies)} are given, must be one of {', '.join(BODIES)}: remove the others."
    place = {"action": action.identifier, "field": f"Parameters.{bodies[1]}"}
    return [Problem("E-prompt-bodies", message, refusal=objection.only_one(bodies), **place)]
