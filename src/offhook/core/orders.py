"""What a turn of the table in core.phases orders, carried out on a draft (see core.lines)."""

from collections.abc import Callable

from msgspec.structs import replace

from offhook.core.draft import Draft
from offhook.core.phases import MAX_WHISPER_MS
from offhook.core.queueing import caller_id, enqueue
from offhook.model import effect as effects


def wants(draft: Draft, effect: effects.Effect) -> None:
    """What the contact itself wants; the trace says so."""
    draft.emit((effect,))
    draft.trace.append(("order", draft.now_ms, effect))


def _enqueue(draft: Draft) -> None:
    """Queue it again where it was, as old as it is, or for the first time. The agent who had it is gone."""
    place, callback = draft.place, draft.callback
    if place is not None:
        order = replace(place.order, id=draft.new_id(), since_ms=place.since_ms, contact_id="", replaces="")
        order = replace(order, priority=draft.priority, age_ms=draft.age_ms)
    else:
        assert draft.queue is not None, "a contact without a queue does not begin in one"
        order = enqueue(draft, draft.queue)
        delay_ms = callback.delay_ms if callback is not None else 0
        order = replace(order, not_before_ms=draft.now_ms + delay_ms)
    draft.set({"place": None, "agent": None})  # type: ignore[typeddict-unknown-key]  # only the machine sets these
    wants(draft, order)


def leave(draft: Draft) -> None:
    draft.put("place", None)


def dequeue(draft: Draft) -> None:
    """No agent is to be asked for it any more."""
    wants(draft, effects.Dequeue(draft.new_id()))
    leave(draft)


def _limit(draft: Draft) -> None:
    timer = effects.StartTimer(draft.new_id(), MAX_WHISPER_MS)
    draft.put("limit_id", timer.id)
    wants(draft, timer)


def drop_limit(draft: Draft) -> None:
    if draft.limit_id:
        draft.put("waits", {key: effect for key, effect in draft.waits.items() if key != draft.limit_id})
        draft.effects.append(effects.Cancel(draft.new_id(), draft.limit_id))
        draft.put("limit_id", "")


def _call(draft: Draft) -> None:
    wants(draft, call_of(draft))


ORDERS: dict[str, Callable[[Draft], None]] = {
    "bridge": lambda draft: wants(draft, effects.Bridge(draft.new_id())),
    "unbridge": lambda draft: wants(draft, effects.Unbridge(draft.new_id())),
    "enqueue": _enqueue,
    "leave": leave,
    "dequeue": dequeue,
    "limit": _limit,
    "call": _call,
}


def call_of(draft: Draft) -> effects.PlaceCall:
    return effects.PlaceCall(draft.new_id(), "customer", draft.contact.customer_endpoint or "", caller_id(draft))
