"""The end of a contact: who hears of it, and what goes on (see core.lines)."""

from offhook.core.draft import Draft
from offhook.core.orders import dequeue, leave, wants
from offhook.core.phases import EXTERNAL, WITHOUT_AGENT
from offhook.model import effect as effects
from offhook.model import event as events

TRANSFERS = ("TRANSFER", EXTERNAL)
GUIDE = {"ValueString": "connect:Guide"}


def end(draft: Draft, was: str, happening: str, reason: str, action: str) -> None:
    """The contact ends, out of the phase that it was in, because of what happened there."""
    contact = draft.contact
    for run in draft.others:
        draft.silence(run.line)
    draft.begins.clear()
    draft.cancel_waits()
    if draft.place is not None:
        if happening == "transferred":
            leave(draft)
        else:
            dequeue(draft)
    if _handed_over(draft, was, happening):
        reason, happening = "transferred", "handed_over"
    elif happening != "transferred":
        if _remains(draft, happening):
            wants(draft, _follow_up(draft))
        else:
            wants(draft, effects.Disconnect(draft.new_id(), "customer"))
    if was not in WITHOUT_AGENT:
        wants(draft, effects.Disconnect(draft.new_id(), "agent"))
        agent_sees(draft, "DisconnectAgentUI")
    if contact.initiation_method in TRANSFERS and contact.previous_id not in (None, contact.id):
        told = events.TransferEnded(draft.now_ms, contact.id)
        wants(draft, effects.Tell(draft.new_id(), contact.previous_id or "", told))
    draft.changed["end_reason"] = reason
    draft.trace.append(("contact.ended", draft.now_ms, action, reason, happening))


def _handed_over(draft: Draft, was: str, happening: str) -> bool:
    """Whether the customer goes on in the contact that the transfer began; that one hears what becomes of this one."""
    if not draft.transfer:
        return False
    goes_on = happening == "agent_left" and was in ("transferring", "conference", "aside")
    told = events.CustomerJoined(draft.now_ms) if goes_on else events.HungUp(draft.now_ms, "customer")
    wants(draft, effects.Tell(draft.new_id(), draft.transfer, told))
    return goes_on


def _remains(draft: Draft, happening: str) -> bool:
    """Whether the disconnect flow runs: the customer is still there, or the chat or task is over however it ended.

    Source: adminguide/set-disconnect-flow.html; spec/flow-types.md section 1.
    """
    if not draft.hooks.get("CustomerRemaining") or draft.contact.initiation_method == "DISCONNECT":
        return False
    return happening == "agent_left" if draft.channel == "VOICE" else True


def _follow_up(draft: Draft) -> effects.CreateContact:
    flow = draft.hooks["CustomerRemaining"]
    contact_id = draft.new_uuid("contact")
    return effects.CreateContact(draft.new_id(), contact_id, "DISCONNECT", draft.channel, flow=flow, kin="previous")


def agent_sees(draft: Draft, hook: str) -> None:
    """A guide for the agent: a chat of its own (adminguide/set-event-flow.html, step-by-step guides)."""
    flow = draft.hooks.get(hook)
    if flow and draft.contact.segment_attributes.get("connect:Subtype") != GUIDE:
        made = draft.new_uuid("contact")
        fields = {"segment_attributes": {"connect:Subtype": GUIDE}, "attributes": draft.attributes}
        order = effects.CreateContact(draft.new_id(), made, "API", "CHAT", flow=flow, kin="related", fields=fields)
        wants(draft, order)
