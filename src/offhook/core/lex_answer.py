"""What Amazon Lex answered, and what a flow sees of it under `$.Lex`.

The shape is that of RecognizeText of the Lex V2 runtime. Connect takes over when the bot asks for nothing more: the
dialog action is then none of the Elicit kinds and not ConfirmIntent. An intent whose state is Failed was not fulfilled;
any other counts as found, also where its fulfilment is left to Connect (ReadyForFulfillment).
Session attributes in the namespace `x-amz-lex` steer how a turn listens: what the bot gives wins over what the block
gives, and a name with intent and slot over one with `*`.
Source: lexv2-runtime 2020-08-07, RecognizeText; adminguide/connect-attrib-list.html (2023 spells AlternateIntents with
the bare score in it, newer pages AlternativeIntents: both are set), get-customer-input.html (names and defaults).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from offhook.core.conversation import Message

START_TIMEOUT_MS = 4_000  # adminguide/get-customer-input.html of 2023; newer pages say 3000
_ASKS = frozenset("ElicitIntent ElicitSlot ConfirmIntent".split())


class DialogAction(msgspec.Struct, frozen=True, rename="camel"):
    type: str = ""
    slot_to_elicit: str | None = None


class Value(msgspec.Struct, frozen=True, rename="camel"):
    interpreted_value: str | None = None
    original_value: str | None = None


class Slot(msgspec.Struct, frozen=True, rename="camel"):
    """`shape`: Scalar (a value), List (values) or Composite (sub-slots)."""

    value: Value | None = None
    values: "tuple[Slot, ...] | None" = None
    sub_slots: "dict[str, Slot | None] | None" = None


class Intent(msgspec.Struct, frozen=True):
    name: str = ""
    slots: dict[str, Slot | None] | None = None
    state: str | None = None


class Confidence(msgspec.Struct, frozen=True):
    score: float | None = None


class Sentiment(msgspec.Struct, frozen=True, rename="camel"):
    sentiment: str = ""
    sentiment_score: dict[str, float] | None = None


class Interpretation(msgspec.Struct, frozen=True, rename="camel"):
    intent: Intent = Intent()
    nlu_confidence: Confidence | None = None
    sentiment_response: Sentiment | None = None


class SessionState(msgspec.Struct, frozen=True, rename="camel"):
    dialog_action: DialogAction | None = None
    intent: Intent | None = None
    session_attributes: dict[str, str] | None = None


class Answer(msgspec.Struct, frozen=True, rename="camel"):
    session_state: SessionState
    messages: tuple[Message, ...] | None = None
    interpretations: tuple[Interpretation, ...] | None = None

    @property
    def is_over(self) -> bool:
        action = self.session_state.dialog_action
        return action is None or action.type not in _ASKS

    @property
    def intent(self) -> Intent:
        """The intent that the dialog is about; one without a name where there is none."""
        return self.session_state.intent or Intent()


def read(output: Any) -> Answer | str:
    """The answer, or one sentence that says why it is none."""
    try:
        return msgspec.convert(output, Answer)
    except msgspec.ValidationError as problem:
        return f"the bot's answer is not one of RecognizeText: {problem}."


def attributes(answer: Answer) -> dict[str, Any]:
    """The value of `$.Lex`."""
    intent, state = answer.intent, answer.session_state
    others = {other.intent.name: other for other in answer.interpretations or ()}
    found = others.pop(intent.name, Interpretation())
    lex: dict[str, Any] = {
        "IntentName": intent.name,
        "Slots": _slots(intent),
        "SessionAttributes": state.session_attributes or {},
        # the guide knows no other value; Failed is ours
        "DialogState": "Failed" if intent.state == "Failed" else "Fulfilled",
        "AlternativeIntents": {name: _alternative(other) for name, other in others.items()},
        "AlternateIntents": {name: {**_alternative(each), **_bare_score(each)} for name, each in others.items()},
    }
    if (score := _score(found)) is not None:
        lex["IntentConfidence"] = {"Score": score}
    if found.sentiment_response is not None:
        scores = found.sentiment_response.sentiment_score or {}
        lex["SentimentResponse"] = {
            "Label": found.sentiment_response.sentiment,
            "Scores": {name.capitalize(): score for name, score in scores.items()},
        }
    return lex


def texts(answer: Answer) -> tuple[str, ...]:
    """Every text in the slots of the answer: what the party said, and what the bot made of it."""
    intents = [answer.intent, *(each.intent for each in answer.interpretations or ())]
    slots = [slot for intent in intents for slot in (intent.slots or {}).values() if slot is not None]
    return tuple(text for slot in slots for text in _texts(slot))


def _texts(slot: Slot) -> list[str]:
    value = slot.value
    own = [text for text in (value.interpreted_value, value.original_value) if text] if value is not None else []
    inner = [*(slot.values or ()), *filter(None, (slot.sub_slots or {}).values())]
    return own + [text for each in inner for text in _texts(each)]


def setting(session: Mapping[str, str], name: str, answer: Answer | None) -> str:
    """A session attribute `x-amz-lex:NAME` for what the bot asks for now; empty where there is none."""
    if answer is not None:
        session = {**session, **(answer.session_state.session_attributes or {})}
    intent = answer.intent.name if answer is not None else ""
    action = answer.session_state.dialog_action if answer is not None else None
    slot = (action.slot_to_elicit if action is not None else None) or ""
    for scope in (f":{intent}:{slot}", f":{intent}:*", f":*:{slot}", ":*:*", ":*", ""):
        if value := session.get(f"x-amz-lex:{name}{scope}"):
            return value
    return ""


def keys_said(keys: str, session: Mapping[str, str], answer: Answer | None) -> str:
    """What keys mean: the end character ends them, the deletion character deletes what stands before it.

    Ours: what is pressed after the deletion character is the utterance, because a turn gives one text.
    """
    end = setting(session, "dtmf:end-character", answer) or "#"
    deletion = setting(session, "dtmf:deletion-character", answer) or "*"
    said = keys.partition(end)[0].rpartition(deletion)[2]
    longest = setting(session, "dtmf:max-length", answer)
    return said[: int(longest)] if longest.isdecimal() else said


def _slots(intent: Intent) -> dict[str, Any]:
    return {name: _plain(slot) for name, slot in (intent.slots or {}).items() if slot is not None}


def _plain(slot: Slot) -> Any:
    if slot.values is not None:
        return [_plain(each) for each in slot.values]
    if slot.sub_slots is not None:
        return {name: _plain(each) for name, each in slot.sub_slots.items() if each is not None}
    return slot.value.interpreted_value if slot.value is not None else None


def _score(found: Interpretation) -> float | None:
    return found.nlu_confidence.score if found.nlu_confidence is not None else None


def _alternative(found: Interpretation) -> dict[str, Any]:
    score = _score(found)
    confidence = {} if score is None else {"IntentConfidence": {"Score": score}}
    return {"IntentName": found.intent.name, **confidence, "Slots": _slots(found.intent)}


def _bare_score(found: Interpretation) -> dict[str, Any]:
    score = _score(found)
    return {} if score is None else {"IntentConfidence": score}
