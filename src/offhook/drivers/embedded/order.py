"""What each effect means: for the turn that ordered it, and once that turn is committed."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from offhook.core import metric
from offhook.core.birth import born
from offhook.drivers.embedded import chat, voice
from offhook.drivers.embedded.cell import Cell
from offhook.drivers.embedded.turn import Turn
from offhook.model import effect as effects
from offhook.model import event as events

if TYPE_CHECKING:
    from offhook.drivers.embedded.runtime import Runtime

Plan = Callable[[Turn, Any], None]


def plan(turn: Turn, effect: effects.Effect) -> None:
    """Write what must last of it, and what will come of it by itself."""
    planned = _PLANS.get(type(effect))
    if planned is not None:
        planned(turn, effect)


def perform(runtime: "Runtime", cell: Cell, effect: effects.Effect) -> None:
    """Let the outside know, after the commit. What a new process finds in the outbox is performed here, too."""
    performed = _PERFORM.get(type(effect))
    if performed is not None:
        performed(runtime, cell, effect)


# --- in the turn ---


def _by_channel(on_voice: Plan, on_chat: Plan, otherwise: Plan) -> Plan:
    def planned(turn: Turn, effect: Any) -> None:
        {"VOICE": on_voice, "CHAT": on_chat}.get(turn.contact.channel, otherwise)(turn, effect)

    return planned


def _said(turn: Turn, effect: effects.PlayPrompt) -> None:
    """Nobody is there to hear it: a task, an e-mail."""
    turn.at_once(events.PromptEnded(turn.now_ms, effect.id))


def _nothing(turn: Turn, effect: Any) -> None:
    pass


def _time(turn: Turn, effect: effects.StartTimer) -> None:
    at_ms = turn.now_ms + effect.after_ms
    turn.due(effect.id, at_ms, events.TimerFired(at_ms, effect.id))


def _outside(turn: Turn, effect: Any) -> None:
    turn.ask_outside(effect)


def _cancel(turn: Turn, effect: effects.Cancel) -> None:
    turn.forget(effect.target)


def _buffer(turn: Turn, effect: effects.BufferInput) -> None:
    if not effect.enabled:
        turn.cell.buffer = ""


def _tell(turn: Turn, effect: effects.Tell) -> None:
    turn.due(effect.id, turn.now_ms, effect.event, effect.contact_id)


def _save(turn: Turn, effect: effects.SaveAttributes) -> None:
    """All contacts of one initial contact have the same attributes; those of others are set by their own turns."""
    told = events.AttributesUpdated(turn.now_ms, effect.attributes)
    if effect.initial_contact_id != turn.contact.initial_id:
        turn.due(effect.id, turn.now_ms, told, effect.initial_contact_id)
        return
    turn.save_attributes({**turn.cell.attributes, **effect.attributes} if effect.adds else effect.attributes)
    for contact_id in turn.runtime.family(turn.contact):
        turn.due(f"{effect.id}/{contact_id}", turn.now_ms, told, contact_id)


def _create(turn: Turn, effect: effects.CreateContact) -> None:
    contact = born(effect, turn.contact, turn.runtime.compiled(turn.cell.instance_id).instance)
    turn.runtime.bear(turn, contact, at_ms=turn.now_ms + effect.delay_ms)


_PLANS: dict[type, Plan] = {
    effects.PlayPrompt: _by_channel(voice.play, chat.play, _said),
    effects.CollectInput: _by_channel(voice.collect, chat.collect, voice.collect),
    effects.Listen: _by_channel(voice.listen, chat.listen, chat.listen),
    effects.ShowView: _by_channel(_nothing, chat.show, _nothing),
    effects.PlaceCall: voice.call,
    effects.Talk: voice.talk,
    effects.StartTimer: _time,
    effects.Cancel: _cancel,
    effects.BufferInput: _buffer,
    effects.InvokeLambda: _outside,
    effects.CallService: _outside,
    effects.Enqueue: _outside,
    effects.Tell: _tell,
    effects.SaveAttributes: _save,
    effects.CreateContact: _create,
}


# --- after the commit ---


def _invoke(runtime: "Runtime", cell: Cell, effect: effects.InvokeLambda) -> None:
    runtime.outside.invoke(cell.id, effect)


def _call_off(runtime: "Runtime", cell: Cell, effect: effects.Cancel) -> None:
    runtime.outside.call_off(effect.target)


def _ask(runtime: "Runtime", cell: Cell, effect: effects.CallService) -> None:
    if effect.service == metric.SERVICE and effect.operation == metric.OPERATION:
        runtime.measure(cell, effect)
    else:
        runtime.outside.ask(cell.id, effect)


def _on_floor(runtime: "Runtime", cell: Cell, effect: Any) -> None:
    runtime.floor(cell.instance_id).perform(cell, effect)


_PERFORM: dict[type, "Callable[[Runtime, Cell, Any], None]"] = {
    effects.InvokeLambda: _invoke,
    effects.Cancel: _call_off,
    effects.CallService: _ask,
    effects.Enqueue: _on_floor,
    effects.Dequeue: _on_floor,
    effects.ChangeRouting: _on_floor,
}
