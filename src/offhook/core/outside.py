"""What is done to a contact from outside its flow: fields are set, its place in queues changes, it goes elsewhere.

As in core.lines, a function gives what the machine does next, or None where nothing changes.
Source: API reference, UpdateContact, TagContact, UpdateContactRoutingData, TransferContact.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from offhook.core.draft import Draft
from offhook.core.lines import STAY, Next, turn
from offhook.core.orders import wants
from offhook.core.phases import MAX_CHAIN
from offhook.model import effect as effects
from offhook.model import event as events


def _update_attributes(draft: Draft, event: events.AttributesUpdated) -> Next:
    draft.put("attributes", {**draft.contact.attributes, **event.attributes})
    return STAY


def _update(draft: Draft, event: events.ContactUpdated) -> Next:
    for name, value in event.fields.items():
        draft.put(name, value)
    return STAY


def _reroute(draft: Draft, event: events.Rerouted) -> Next:
    place, criteria = draft.place, event.criteria
    if event.priority is not None:
        draft.put("priority", event.priority)
    draft.put("age_ms", draft.age_ms + (event.older_ms or 0))
    if criteria is not None:
        draft.put("routing_criteria", criteria)
    if place is None:
        return STAY
    if place.order.agent:  # routing criteria do not count in an agent's queue
        criteria = None
    if criteria is not None:
        draft.put("place", replace(place, order=replace(place.order, criteria=criteria)))
    wants(draft, effects.ChangeRouting(draft.new_id(), event.priority, event.older_ms, criteria=criteria))
    return STAY


def _move(draft: Draft, event: events.Moved) -> Next | None:
    """It goes on as another contact, and whoever had it is done with it."""
    if draft.phase == "new" or draft.contact.segment >= MAX_CHAIN:
        return None
    if draft.place is not None:
        wants(draft, effects.Dequeue(draft.new_id()))
    fields = {"agent": None} if event.queue is None else {"agent": None, "queue": event.queue}
    order = effects.CreateContact(
        draft.new_id(), event.contact_id, "TRANSFER", draft.channel, flow=event.flow, kin="previous", fields=fields
    )
    wants(draft, order)
    return turn(draft, "transferred", "transferred")


HAPPENINGS: dict[type, Callable[[Draft, Any], Next | None]] = {
    events.AttributesUpdated: _update_attributes,
    events.ContactUpdated: _update,
    events.Rerouted: _reroute,
    events.Moved: _move,
}
