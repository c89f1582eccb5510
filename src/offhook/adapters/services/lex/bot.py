"""The stub bot: one dialog of one session, an utterance at a time.

As in Lex: required slots are asked for in order, a code hook may decide on every turn what comes next, and the intent
is closed when it is fulfilled, denied, or understood no more. Confidence and alternatives are of the utterance that
chose the intent, the sentiment is of the last one. `{Slot}` and `[attribute]` in messages give their values.
Source: lexv2-runtime 2020-08-07, RecognizeText; lexv2/dg lambda-input-format.html, lambda-response-format.html.
Ours: who says one utterance of another intent while a slot is asked for, goes there; a denied intent has failed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from offhook.adapters.services.lex import hook
from offhook.adapters.services.lex.description import FALLBACK, Bot, Intent, Locale, Sentiment, Slot, Texts, texts
from offhook.adapters.services.lex.hook import CallFunction, HookAnswer, HookIntent
from offhook.adapters.services.lex.utterance import WITH_SLOTS, Fit, plain, ranked, value_of, words

MOST_INTERPRETATIONS = 5
_SURE, _UNSURE = 0.97, 0.01

Messages = list[dict[str, Any]]
Asked = tuple[str, str]  # a dialog action: its type, and the slot that is asked for


@dataclass(slots=True)
class Session:
    """What is remembered from turn to turn. `asked` is what the bot waits for, `tries` how often in vain."""

    attributes: dict[str, str] = field(default_factory=dict)
    intent: str = ""
    slots: dict[str, Any] = field(default_factory=dict)
    state: str = "InProgress"
    confirmation: str = "None"
    asked: Asked = ("ElicitIntent", "")
    tries: int = 0
    ranking: list[Fit] = field(default_factory=list)

    def begin(self, intent: str, slots: dict[str, Any]) -> None:
        self.intent, self.slots = intent, slots
        self.state, self.confirmation, self.tries = "InProgress", "None", 0


@dataclass(frozen=True, slots=True)
class Turn:
    """One request: who is asked, in which session, and how code hooks are called."""

    bot: Bot
    alias: str
    locale: Locale
    request: dict[str, Any]
    session: Session
    call_function: CallFunction

    @property
    def text(self) -> str:
        return str(self.request.get("text", ""))

    @property
    def intent(self) -> Intent:
        """The intent that the session is about; nothing is known of one that is not described."""
        return self.locale.intents.get(self.session.intent, Intent())


def take(turn: Turn) -> dict[str, Any]:
    """The answer of RecognizeText."""
    messages = _understood(turn)
    session = turn.session
    action, slot = session.asked
    state = {
        "dialogAction": {"type": action, **({"slotToElicit": slot} if slot else {})},
        "sessionAttributes": dict(session.attributes),
        **({"intent": _intent(session)} if session.intent else {}),
    }
    answer = {
        "messages": messages,
        "sessionState": state,
        "interpretations": _interpretations(turn),
        "requestAttributes": turn.request.get("requestAttributes") or {},
        "sessionId": turn.request["sessionId"],
    }
    return answer if messages else {key: value for key, value in answer.items() if key != "messages"}


# --- what the utterance means


def _understood(turn: Turn) -> Messages:
    session = turn.session
    action, slot = session.asked
    if action == "ElicitSlot":
        return _slot_said(turn, slot)
    if action == "ConfirmIntent":
        return _confirmed(turn)
    session.ranking = ranked(turn.text, turn.locale.intents)
    return _chosen(turn, session.ranking)


def _slot_said(turn: Turn, name: str) -> Messages:
    session, slot = turn.session, turn.intent.slots.get(name, Slot())  # a function may ask for one of its own
    value = value_of(slot, words(turn.text))
    if value is not None:
        is_text = not slot.values and not slot.takes_digits
        session.slots = {**session.slots, name: _slot(turn.text.strip() if is_text else value, turn.text)}
        session.tries = 0
        return _go_on(turn)
    if (fits := _meant(turn)) and fits[0].intent != session.intent:
        return _chosen(turn, fits)
    if fits:
        session.slots = {**session.slots, **_filled(fits[0])}
        return _go_on(turn)
    return _again(turn, slot.retry or slot.prompt, slot.retries)


def _confirmed(turn: Turn) -> Messages:
    session, said = turn.session, plain(turn.text)
    if said in map(plain, turn.locale.yes):
        session.confirmation = "Confirmed"
        return _go_on(turn)
    if said in map(plain, turn.locale.no):
        session.confirmation = "Denied"
        return _decided(turn, lambda turn: _close(turn, "Failed", _said(turn, turn.intent.declined)))
    if fits := _meant(turn):
        return _chosen(turn, fits)
    return _again(turn, turn.intent.confirmation, 2)


def _meant(turn: Turn) -> list[Fit]:
    """Intents whose utterances fit as a whole, best first, and whatever comes after them."""
    fits = ranked(turn.text, turn.locale.intents)
    return fits if fits and fits[0].score >= WITH_SLOTS else []


def _chosen(turn: Turn, fits: list[Fit]) -> Messages:
    session = turn.session
    session.ranking = fits
    if not fits or fits[0].score < turn.bot.confidence:
        return _fall_back(turn)
    slots = turn.locale.intents[fits[0].intent].slots
    session.begin(fits[0].intent, {**dict.fromkeys(slots), **_filled(fits[0])})
    return _go_on(turn)


def _again(turn: Turn, prompt: Texts, retries: int) -> Messages:
    turn.session.tries += 1
    if turn.session.tries > retries:
        return _fall_back(turn)
    return _decided(turn, lambda turn: _said(turn, prompt))


def _fall_back(turn: Turn) -> Messages:
    turn.session.begin(FALLBACK, {})
    return _fulfil(turn)


# --- what comes next


def _go_on(turn: Turn) -> Messages:
    return _decided(turn, _next)


def _proposed(turn: Turn) -> Asked:
    """What is asked for next; Close where nothing is left to ask."""
    session, intent = turn.session, turn.intent
    for name, slot in intent.slots.items():
        if slot.required and session.slots.get(name) is None:
            return "ElicitSlot", name
    if texts(intent.confirmation) and session.confirmation == "None":
        return "ConfirmIntent", ""
    return "Close", ""


def _next(turn: Turn) -> Messages:
    action, slot = _proposed(turn)
    return _fulfil(turn) if action == "Close" else _ask(turn, action, slot, [])


def _ask(turn: Turn, action: str, slot: str, messages: Messages) -> Messages:
    session = turn.session
    session.tries = session.tries if session.asked == (action, slot) else 0
    session.asked, session.state = (action, slot), "InProgress"
    if messages or action == "ElicitIntent":
        return messages
    if action == "ConfirmIntent":
        return _said(turn, turn.intent.confirmation)
    return _said(turn, turn.intent.slots[slot].prompt) if slot in turn.intent.slots else []


def _fulfil(turn: Turn) -> Messages:
    turn.session.state = "ReadyForFulfillment"
    if not turn.intent.fulfillment_hook:
        return _close(turn, "ReadyForFulfillment", _said(turn, turn.intent.closing))
    answer = _hook(turn, "FulfillmentCodeHook")
    return _obey(turn, answer, lambda turn: _close(turn, "Fulfilled", _said(turn, turn.intent.closing)))


def _close(turn: Turn, state: str, messages: Messages) -> Messages:
    turn.session.asked, turn.session.state = ("Close", ""), state
    return messages


# --- code hooks


def _decided(turn: Turn, otherwise: Callable[[Turn], Messages]) -> Messages:
    """What the function of the intent decides, where it has a say in every turn."""
    if not turn.intent.dialog_hook:
        return otherwise(turn)
    return _obey(turn, _hook(turn, "DialogCodeHook"), otherwise)


def _hook(turn: Turn, source: str) -> HookAnswer:
    return hook.ask(turn.call_function, turn.intent.function, _event(turn, source))


def _event(turn: Turn, source: str) -> dict[str, Any]:
    session, request = turn.session, turn.request
    action, slot = _proposed(turn)
    proposed = {
        "dialogAction": {
            "type": "Delegate" if action == "Close" else action,
            **({"slotToElicit": slot} if slot else {}),
        },
        "intent": _intent(session),
    }
    transcription = {
        "transcription": turn.text,
        "transcriptionConfidence": 1.0,
        "resolvedContext": {"intent": session.intent},
        "resolvedSlots": {name: value for name, value in session.slots.items() if value is not None},
    }
    return {
        "messageVersion": "1.0",
        "invocationSource": source,
        "inputMode": _mode(request.get("requestAttributes") or {}),
        "responseContentType": "text/plain; charset=utf-8",
        "sessionId": request["sessionId"],
        "inputTranscript": turn.text,
        "bot": {
            "id": turn.bot.id,
            "name": turn.bot.name,
            "aliasId": request["botAliasId"],
            "aliasName": turn.alias,
            "localeId": request["localeId"],
            "version": "DRAFT",
        },
        # a function gets the bare score where the API has an object around it
        "interpretations": [
            {**each, "nluConfidence": each["nluConfidence"]["score"]} if "nluConfidence" in each else each
            for each in _interpretations(turn)
        ],
        "proposedNextState": proposed if source == "DialogCodeHook" else None,
        "requestAttributes": request.get("requestAttributes") or {},
        "sessionState": {
            "activeContexts": [],
            "sessionAttributes": dict(session.attributes),
            "runtimeHints": {},
            "intent": _intent(session),
            "originatingRequestId": request["sessionId"],
        },
        "transcriptions": [transcription],
    }


def _mode(about: dict[str, Any]) -> str:
    """How it was said, as far as Connect tells."""
    if "x-amz-lex:dtmf-transcript" in about:
        return "DTMF"
    return "Speech" if about.get("x-amz-lex:channels:platform") == "Connect" else "Text"


def _obey(turn: Turn, answer: HookAnswer, otherwise: Callable[[Turn], Messages]) -> Messages:
    """Do what a function wants; `otherwise` is what comes where it delegates."""
    session, state, intent = turn.session, answer.session_state, answer.session_state.intent or HookIntent()
    if state.session_attributes is not None:
        session.attributes = {key: str(value) for key, value in state.session_attributes.items() if value is not None}
    if intent.name not in (None, session.intent):
        session.begin(str(intent.name), {})
    session.slots = {**session.slots, **(intent.slots or {})}
    session.confirmation = intent.confirmation_state or session.confirmation
    messages, action = answer.messages or [], state.dialog_action
    match action.type:
        case "Delegate":
            return messages + otherwise(turn)
        case "Close":
            return _close(turn, intent.state or "Fulfilled", messages)
        case "ElicitIntent":
            session.begin("", {})
            return _ask(turn, "ElicitIntent", "", messages)
        case kind:
            return _ask(turn, kind, action.slot_to_elicit or "", messages)


# --- values in the shape of Lex


def _said(turn: Turn, value: Texts) -> Messages:
    return [{"content": _filled_in(turn.session, text), "contentType": _kind(text)} for text in texts(value)]


def _kind(text: str) -> str:
    return "SSML" if text.lstrip().startswith("<speak") else "PlainText"


def _filled_in(session: Session, text: str) -> str:
    for name, slot in session.slots.items():
        value = (slot or {}).get("value")
        text = text.replace(f"{{{name}}}", str(value.get("interpretedValue", "")) if isinstance(value, dict) else "")
    for name, value in session.attributes.items():
        text = text.replace(f"[{name}]", value)
    return text


def _slot(interpreted: str, said: str) -> dict[str, Any]:
    value = {"originalValue": said, "interpretedValue": interpreted, "resolvedValues": [interpreted]}
    return {"shape": "Scalar", "value": value}


def _filled(fit: Fit) -> dict[str, Any]:
    return {name: _slot(value, said) for name, (value, said) in fit.slots.items()}


def _intent(session: Session) -> dict[str, Any]:
    return {
        "name": session.intent,
        "slots": dict(session.slots),
        "state": session.state,
        "confirmationState": session.confirmation,
    }


def _interpretations(turn: Turn) -> list[dict[str, Any]]:
    """The intent of the session first, then the others; the fallback, which has no score, above those too unlikely."""
    session, ranking = turn.session, turn.session.ranking
    likely = [_other(fit) for fit in ranking if fit.score >= turn.bot.confidence]
    unlikely = [_other(fit) for fit in ranking if fit.score < turn.bot.confidence]
    fallback = {"intent": _bare(FALLBACK, {}), "interpretationSource": "Lex"}
    found = [*likely, fallback, *unlikely]
    own = [{**each, "intent": _intent(session)} for each in found if each["intent"]["name"] == session.intent]
    others = [each for each in found if each["intent"]["name"] != session.intent]
    if session.intent and not own:  # a function chose it
        own = [{"intent": _intent(session), "interpretationSource": "Lex"}]
    listed = [*own, *others][:MOST_INTERPRETATIONS]
    if turn.bot.sentiment is not None:
        listed[0] = {**listed[0], "sentimentResponse": _sentiment(turn.bot.sentiment, turn.text)}
    return listed


def _other(fit: Fit) -> dict[str, Any]:
    intent = _bare(fit.intent, _filled(fit))
    return {"intent": intent, "nluConfidence": {"score": fit.score}, "interpretationSource": "Lex"}


def _bare(name: str, slots: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "slots": slots, "state": "InProgress", "confirmationState": "None"}


def _sentiment(words_of: Sentiment, text: str) -> dict[str, Any]:
    said = set(plain(text))
    is_good, is_bad = (
        any(said.issuperset(plain(word)) for word in each) for each in (words_of.positive, words_of.negative)
    )
    label = {(False, False): "NEUTRAL", (True, False): "POSITIVE", (False, True): "NEGATIVE"}.get(
        (is_good, is_bad), "MIXED"
    )
    names = ("positive", "negative", "neutral", "mixed")
    scores = {name: _SURE if name.upper() == label else _UNSURE for name in names}
    return {"sentiment": label, "sentimentScore": scores}
