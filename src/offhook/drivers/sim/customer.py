"""Customers that follow a script: each input answers the next block that listens, then the customer is silent.

`1`, `2#`: keys, the first a second after the prompt, the others 300 ms apart (ours: a person's pace). `barge:1`: keys
pressed while the prompt still speaks. `silence`: nothing. `wait:3s`: nothing for so long, then the input after it.
`say:hello`: speech, which a block that takes touch tones does not understand. `hangup`: the customer leaves.
"""

import re

from offhook.drivers.ports import SILENT, Answer
from offhook.model.effect import CollectInput, PlayPrompt
from offhook.model.errors import UsageError

FIRST_KEY_MS = 1_000
BETWEEN_KEYS_MS = 300

_WAIT = re.compile(r"wait:(\d{1,9}(?:\.\d+)?)s")
_KEYS = re.compile(r"[0-9*#]+")


class Script:
    """A customer that plays the inputs in order. `used` counts the ones that have been given."""

    def __init__(self, inputs: tuple[str, ...] = ()) -> None:
        problems = [problem for text in inputs if (problem := _problem(text))]
        if problems:
            raise UsageError(*problems)
        self.inputs = inputs
        self.used = 0

    def hears(self, effect: PlayPrompt) -> Answer:
        return SILENT

    def answers(self, effect: CollectInput) -> Answer:
        late_ms = 0
        while self.used < len(self.inputs):
            text = self.inputs[self.used]
            self.used += 1
            waited = _WAIT.fullmatch(text)
            if waited is None:
                return _answer(text, late_ms)
            late_ms += int(float(waited.group(1)) * 1000)
        return SILENT


def _answer(text: str, late_ms: int) -> Answer:
    if text == "hangup":
        return Answer(hang_up_ms=late_ms)
    if text.startswith("barge:"):
        return Answer(keys=tuple((-(10**9) + index, key) for index, key in enumerate(text.removeprefix("barge:"))))
    if _KEYS.fullmatch(text):
        first_ms = late_ms + FIRST_KEY_MS
        return Answer(keys=tuple((first_ms + index * BETWEEN_KEYS_MS, key) for index, key in enumerate(text)))
    return SILENT


def _problem(text: str) -> str:
    keys = text.removeprefix("barge:")
    if text in ("silence", "hangup") or text.startswith("say:") or _WAIT.fullmatch(text) or _KEYS.fullmatch(keys):
        return ""
    return f"input {text!r}: is none of keys (0-9 * #), barge:KEYS, say:TEXT, silence, wait:3s, hangup."
