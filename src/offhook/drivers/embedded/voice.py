"""A call as far as one can be made here: prompts take the time that they take to say, and a simulated callee answers.

The callee is a `Customer` (drivers/ports.py), made anew from the contact's marks for every question, so that a new
process goes on where the old one was: `used` of a script is kept in the marks.
"""

from typing import Any

from msgspec.structs import replace

from offhook.core import digits
from offhook.core.ssml import speech_ms
from offhook.drivers.embedded.turn import Turn
from offhook.drivers.entered import entered, heard
from offhook.drivers.ports import SILENT, Answer, Customer
from offhook.model import effect as effects
from offhook.model.event import CallEnded, HungUp, PromptEnded, TalkEnded


def play(turn: Turn, effect: effects.PlayPrompt) -> None:
    is_skipped = effect.skip_if_digits and turn.cell.buffer
    end_ms = turn.now_ms if is_skipped else turn.now_ms + _length_ms(effect.speech)
    if effect.line == "customer":
        _reacts(turn, _callee(turn).hears(effect), end_ms)
    turn.due(effect.id, end_ms, PromptEnded(end_ms, effect.id))


def collect(turn: Turn, effect: effects.CollectInput) -> None:
    """The keys that the callee presses, by the rules of core.digits."""
    cell, length_ms = turn.cell, _length_ms(effect.speech)
    answer = _answer(turn, effect) if effect.first_ms and effect.line == "customer" else SILENT
    at_ms, end_ms = turn.now_ms, turn.now_ms + length_ms
    buffered = cell.buffer if effect.use_buffer else ""
    state = digits.begin(effect, now_ms=turn.now_ms, speech_ms=length_ms, buffered=buffered)
    for offset_ms, key in answer.keys:
        press_ms = max(turn.now_ms, end_ms + offset_ms)
        if isinstance(state, digits.Ended) or press_ms >= state.deadline_ms:
            break
        at_ms = press_ms
        state = digits.press(state, key, now_ms=at_ms)
    while not isinstance(state, digits.Ended):
        at_ms = state.deadline_ms
        state = digits.expire(state, now_ms=at_ms)
    cell.buffer = state.unused
    _reacts(turn, answer, end_ms)
    event = entered(effect, state, at_ms=at_ms, encrypt=turn.runtime.encrypt)
    turn.due(effect.id, at_ms, event, is_secret=effect.secret)


def listen(turn: Turn, effect: effects.Listen) -> None:
    end_ms = turn.now_ms + _length_ms(effect.speech)
    answer = _answer(turn, effect) if effect.line == "customer" else SILENT
    _reacts(turn, answer, end_ms)
    event = heard(effect, answer, channel="VOICE", end_ms=end_ms)
    turn.due(effect.id, event.at_ms, event, is_secret=turn.contact.logging is False)


def call(turn: Turn, effect: effects.PlaceCall) -> None:
    called = _callee(turn).called(effect)
    is_late = called.after_ms > effect.timeout_ms
    at_ms = turn.now_ms + min(called.after_ms, effect.timeout_ms)
    status = "no_answer" if is_late else called.status
    turn.due(effect.id, at_ms, CallEnded(at_ms, effect.id, status, called.answered_by))
    if turn.contact.phase == "dialling":  # nobody else would end it
        turn.due(f"{effect.id}/left", at_ms + called.talk_ms, HungUp(at_ms + called.talk_ms))


def talk(turn: Turn, effect: effects.Talk) -> None:
    call = effects.PlaceCall(effect.id, effect.line, effect.number)
    at_ms = turn.now_ms + _callee(turn).called(call).talk_ms
    turn.due(effect.id, at_ms, TalkEnded(at_ms, effect.id))


def _callee(turn: Turn) -> Customer:
    return turn.runtime.callee(turn.contact, turn.cell.marks)


def _answer(turn: Turn, effect: Any) -> Answer:
    callee = _callee(turn)
    answer = callee.answers(effect)
    turn.cell.marks = replace(turn.cell.marks, used=getattr(callee, "used", 0))
    return answer


def _reacts(turn: Turn, answer: Answer, end_ms: int) -> None:
    if answer.hang_up_ms is not None:
        at_ms = max(turn.now_ms, end_ms + answer.hang_up_ms)
        turn.due(f"{turn.cell.id}/left", at_ms, HungUp(at_ms))


def _length_ms(speech: effects.Speech | None) -> int:
    return speech_ms(speech.kind, speech.text) if speech is not None else 0
