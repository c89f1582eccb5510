"""Customers that follow a script: each input answers the next block that listens, then the customer is silent.

`1`, `2#`: keys, the first a second after the prompt, the others 300 ms apart (ours: a person's pace). `barge:1`: keys
pressed while the prompt still speaks. `silence`: nothing. `wait:3s`: nothing for so long, then the input after it.
`say:hello`: speech, which a block that takes touch tones does not understand; on chat a message. `view:Next` or
`view:Next {"name": "Ann"}`: the action chosen in a view, and what was filled in. `hangup`: the customer leaves.
"""

import json
import re
from functools import lru_cache

from msgspec.structs import replace

from offhook.drivers.ports import SILENT, Answer, Called
from offhook.model.effect import CollectInput, Listen, PlaceCall, PlayPrompt, ShowView
from offhook.model.errors import UsageError

FIRST_KEY_MS = 1_000
BETWEEN_KEYS_MS = 300
_BARGE_MS = -(10**9)  # before any speech began

_WAIT = re.compile(r"wait:(\d{1,9}(?:\.\d+)?)s")
_KEYS = re.compile(r"[0-9*#]+")


class Script:
    """A customer that plays the inputs in order. `used` counts the ones that have been given."""

    def __init__(self, inputs: tuple[str, ...] = ()) -> None:
        if problems := [_problem(text) for text in inputs if _meaning(text) is None]:
            raise UsageError(*problems)
        self.inputs = inputs
        self.used = 0

    def hears(self, effect: PlayPrompt) -> Answer:
        return SILENT

    def called(self, effect: PlaceCall) -> Called:
        return Called()

    def answers(self, effect: CollectInput | Listen | ShowView) -> Answer:
        late_ms = 0
        while self.used < len(self.inputs):
            meant = _meaning(self.inputs[self.used])
            self.used += 1
            if type(meant) is Answer:
                return _later(meant, late_ms) if late_ms else meant
            late_ms += meant  # type: ignore[operator]  # a pause: what means nothing is no input of a script
        return SILENT


@lru_cache
def _meaning(text: str) -> Answer | int | None:
    """What the customer does, or for how long nothing (ms); None where the text means nothing."""
    if text == "silence":
        return SILENT
    if text.startswith("say:"):
        return Answer(text=text.removeprefix("say:").strip())
    if text.startswith("view:"):
        return _chosen(text.removeprefix("view:"))
    if text == "hangup":
        return Answer(hang_up_ms=0)
    if waited := _WAIT.fullmatch(text):
        return int(float(waited.group(1)) * 1000)
    keys = text.removeprefix("barge:")
    if not _KEYS.fullmatch(keys):
        return None
    if keys != text:
        return Answer(keys=tuple((_BARGE_MS + index, key) for index, key in enumerate(keys)))
    return Answer(keys=tuple((FIRST_KEY_MS + index * BETWEEN_KEYS_MS, key) for index, key in enumerate(keys)))


def _chosen(text: str) -> Answer | None:
    """An action, and after a blank a JSON object."""
    action, _, filled = text.partition(" ")
    try:
        data = json.loads(filled) if filled else {}
    except ValueError:
        return None
    return Answer(action=action, data=data) if action and isinstance(data, dict) else None


def _later(answer: Answer, late_ms: int) -> Answer:
    """The same after a pause; who barges in waits for nothing."""
    keys = tuple((at_ms + late_ms if at_ms >= 0 else at_ms, key) for at_ms, key in answer.keys)
    hang_up_ms = None if answer.hang_up_ms is None else answer.hang_up_ms + late_ms
    return replace(answer, keys=keys, hang_up_ms=hang_up_ms, said_ms=answer.said_ms + late_ms)


def _problem(text: str) -> str:
    return f"input {text!r}: is none of keys (0-9 * #), barge:KEYS, say:TEXT, view:ACTION, silence, wait:3s, hangup."
