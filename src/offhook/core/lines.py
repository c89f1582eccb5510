"""What happens to a contact as a whole: who is on its lines, which flow they hear, and where it goes from there.

The rules are the table in core.phases; this is how they are carried out on a draft. Each function gives what the
machine does next: the action to enter, `STAY` where every run waits (or none is there), or None where nothing changes.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec.structs import replace

from offhook.core import phases
from offhook.core.draft import NOBODY, Draft
from offhook.core.ending import agent_sees, end
from offhook.core.orders import ORDERS, call_of, drop_limit, wants
from offhook.core.phases import EXTERNAL, MAX_CHAIN, QUIET, Begin, Silence
from offhook.core.program import Program
from offhook.core.spec import End, Wait
from offhook.model import effect as effects
from offhook.model import event as events
from offhook.model.contact import Agent, Place
from offhook.model.instance import QuickConnect

MAX_TASK_MS = 7 * 24 * 3_600_000  # adminguide/tasks.html: a task ends after seven days


class Stay(NamedTuple):
    """Every run stands where it stood."""


class Over(NamedTuple):
    """The flow is over. (An `End` says that a block ended it.)"""

    end: End


STAY = Stay()
Next = str | Stay | Over


# --- flows begin and end ---


def over(draft: Draft, end: End) -> Next:
    """The flow on the line is over; what then happens to the contact is said by the flow, or by the silence."""
    action = draft.step.action.identifier or draft.run.action
    draft.set(end.set)
    draft.drop()
    draft.trace.append(("flow.ended", draft.now_ms, action, end))
    draft.emit(end.effects)
    happening = end.then or ("" if draft.others or draft.begins else QUIET)
    if happening == "queued" and draft.contact.initiation_method == "CALLBACK":
        happening = "callback"
    if happening == "not_answered":
        return not_reached(draft, end.reason)
    if not happening:
        return begin_next(draft)
    return turn(draft, happening, end.reason, action)


def turn(draft: Draft, happening: str, reason: str, action: str = "") -> Next:
    """Something happens in this phase: the next phase, and what is ordered for it. No run is taken in the draft."""
    was = draft.phase
    taken = phases.turn(was, happening)
    if taken is None:
        return STAY
    draft.put("phase", taken.phase)
    if taken.phase == "ended":
        end(draft, was, happening, reason, action)
        return STAY
    drop_limit(draft)
    if was != "new":
        draft.trace.append(("contact.phase", draft.now_ms, was, taken.phase, happening, draft.agent, draft.queue))
    for order in taken.orders:
        if isinstance(order, Begin):
            draft.begins.append((order.line, order.hook))
        elif isinstance(order, Silence):
            draft.silence(order.line)
        else:
            ORDERS[order.name](draft)
    if taken.phase == "connected" and was in ("customer_whisper", "outbound", "dialling"):
        agent_sees(draft, "DefaultAgentUI")
    return begin_next(draft)


def begin_next(draft: Draft) -> Next:
    """The next flow that is to begin begins; where none is left and nobody hears one, it is quiet."""
    while draft.begins:
        line, hook = draft.begins.pop(0)
        if not hook:
            return _begin_own(draft)
        program = _program(draft, hook)
        if program is not None:
            return draft.begin(line, program)
    return STAY if draft.others else turn(draft, QUIET, "flow ended")


def _begin_own(draft: Draft) -> Next:
    draft.take("customer")
    program = draft.compiled.program(draft.contact.flow)
    if program is None:
        return Over(End(f"there is no flow {draft.contact.flow!r}"))
    return draft.go_to(program)


def _program(draft: Draft, hook: str) -> Program | None:
    """The flow for an event: the one that was set, else the default of its type. None where none runs.

    Default flows are for voice (spec/flow-types.md sections 1 and 2).
    """
    if hook in draft.hooks:
        return draft.compiled.program(draft.hooks[hook])  # an empty text says that not even the default runs
    if hook == "Outbound" and draft.queue is not None:
        settings = draft.instance.queues.get(draft.queue.name)
        if settings is not None and settings.outbound_flow:
            return draft.compiled.named(settings.outbound_flow)
    if draft.channel != "VOICE":
        return None
    return draft.compiled.named(phases.DEFAULT_FLOWS[phases.HOOKS[hook]])


# --- calls ---


def call_customer(draft: Draft) -> Wait:
    """Before the first block that speaks to a customer who is not there yet; the block is entered once they are."""
    return Wait((call_of(draft),), None)


def _called(draft: Draft, event: events.CallEnded, effect: effects.PlaceCall) -> Next | None:
    """The machine's own call has ended; None where a block made it."""
    if draft.run is not NOBODY and draft.run.memo is not None:
        return None
    draft.put("system", {**draft.system, "OutboundCall": {"Status": event.answered_by}})
    if event.status == "answered":
        draft.put("is_reached", True)
        if draft.run is not NOBODY:
            return draft.run.action
        return turn(draft, "answered" if draft.phase == "dialling" else QUIET, "answered")
    draft.drop()
    return not_reached(draft, event.status)


def not_reached(draft: Draft, status: str) -> Next:
    """The customer was not reached: a callback has its attempts, anything else is over. The agent is free again."""
    callback = draft.callback
    if callback is None or callback.attempts < 2:
        return turn(draft, "not_answered", f"the call was not answered ({status})")
    draft.put("callback", replace(callback, attempts=callback.attempts - 1, delay_ms=callback.retry_ms))
    wants(draft, effects.Disconnect(draft.new_id(), "agent"))
    return turn(draft, "try_again", status)


# --- happenings ---


def _begin(draft: Draft, event: events.Started) -> Next | None:
    contact = draft.contact
    if contact.phase != "new":
        return None
    draft.changed["started_ms"] = draft.now_ms
    happening = phases.STARTS.get(contact.initiation_method, "started")
    if happening == "callback" and contact.flow:
        happening = "started"
    draft.trace.append(("contact.started", draft.now_ms, contact, draft.compiled.program(contact.flow)))
    if contact.channel == "TASK":
        wants(draft, effects.StartTimer(draft.new_id(), MAX_TASK_MS))
    if contact.first_message:
        wants(draft, effects.PlayPrompt(draft.new_id(), "customer", effects.Speech("text", contact.first_message)))
    if happening in ("callback", "queued") and contact.queue is None:
        return turn(draft, "stopped", "there is no queue to wait in")
    return turn(draft, happening, "started")


def _hang_up(draft: Draft, event: events.HungUp) -> Next | None:
    happening = f"{event.line}_left"
    if draft.phase == "new" or phases.turn(draft.phase, happening) is None:
        return None
    action = next((run.action for run in draft.others if run.line == event.line), "")
    draft.trace.append(("hung_up", draft.now_ms, action, event.line))
    return turn(draft, happening, f"{event.line} hung up", action)


def _offered(draft: Draft, event: events.Offered | events.OfferEnded) -> Next | None:
    place = draft.place
    if place is None:
        return None
    is_over = isinstance(event, events.OfferEnded)
    draft.put("place", replace(place, offered="" if is_over else event.agent))
    draft.trace.append(("offer", draft.now_ms, event.agent, event.by if isinstance(event, events.OfferEnded) else ""))
    return STAY


def _join(draft: Draft, event: events.AgentJoined) -> Next | None:
    if phases.turn(draft.phase, "agent_joined") is None:
        return None
    draft.put("agent", agent_of(draft, event.agent))
    return turn(draft, "agent_joined", "an agent joined")


def agent_of(draft: Draft, name: str) -> Agent:
    """The agent with this user name, as flows see it."""
    settings = draft.instance.agents.get(name)
    arn = draft.instance.named("agent", name).arn
    return Agent(name, arn, settings.first_name, settings.last_name) if settings is not None else Agent(name, arn)


def _happens(happening: str, reason: str) -> Callable[[Draft, Any], Next | None]:
    """A happening that the table knows by this name, where it does."""

    def happen(draft: Draft, event: Any) -> Next | None:
        return turn(draft, happening, reason) if phases.turn(draft.phase, happening) is not None else None

    return happen


def _hold(draft: Draft, event: events.Held) -> Next | None:
    happening = "held" if event.party == "customer" else "agent_held"
    return _happens(happening, f"{event.party} on hold")(draft, event)


def _transfer(draft: Draft, event: events.TransferStarted) -> Next:
    """The agent transfers: another contact begins, in which the agent hears a flow; the customer is put on hold."""
    connect = draft.instance.quick_connects.get(event.quick_connect)
    problem = ""
    if connect is None:
        problem = f"there is no quick connect {event.quick_connect!r}."
    elif phases.turn(draft.phase, "transfer") is None:
        problem = f"a contact cannot be transferred while it is {draft.phase}."
    elif draft.contact.segment >= MAX_CHAIN:
        problem = f"a chain of transfers has at most {MAX_CHAIN} contacts."
    if connect is None or problem:
        draft.trace.append(("warning", draft.now_ms, problem))
        return STAY
    order = _transferred(draft, connect)
    draft.put("transfer", order.contact_id)
    wants(draft, order)
    return turn(draft, "transfer", "transferred")


def _transferred(draft: Draft, connect: QuickConnect) -> effects.CreateContact:
    made = draft.new_uuid("contact")
    fields: dict[str, Any] = {"has_customer": False}
    if connect.kind == "phone":
        fields |= {"customer_endpoint": connect.number, "agent": draft.agent, "is_reached": False}
        return effects.CreateContact(draft.new_id(), made, EXTERNAL, draft.channel, kin="previous", fields=fields)
    if connect.kind == "user":
        fields["agent"] = agent_of(draft, connect.agent)
    else:
        queue = draft.instance.named("queue", connect.queue)
        fields["queue"] = {"arn": queue.arn, "name": connect.queue}
    kind = "AGENT_TRANSFER" if connect.kind == "user" else "QUEUE_TRANSFER"
    program = draft.compiled.named(connect.flow or phases.DEFAULT_FLOWS[kind])
    flow = program.arn if program is not None else connect.flow
    return effects.CreateContact(
        draft.new_id(), made, "TRANSFER", draft.channel, flow=flow, kin="previous", fields=fields
    )


def _transfer_ends(draft: Draft, event: events.TransferEnded) -> Next | None:
    if event.contact_id != draft.transfer:
        return None
    draft.put("transfer", "")
    return turn(draft, "transfer_ended", "the transfer is over")


def _customer_comes(draft: Draft, event: events.CustomerJoined) -> Next | None:
    if draft.has_customer:
        return None
    draft.put("has_customer", True)
    draft.trace.append(("warning", draft.now_ms, "The agent who transferred has left; the customer is on the line."))
    return STAY


def _pause(draft: Draft, event: events.Paused | events.Continued) -> Next | None:
    """A task is paused or goes on; the flow that was set for it runs as a contact of its own."""
    is_paused = isinstance(event, events.Paused)
    if draft.channel != "TASK" or draft.is_paused == is_paused or draft.phase == "new":
        return None
    draft.put("is_paused", is_paused)
    flow = event.flow or draft.hooks.get("PauseContact" if is_paused else "ResumeContact")
    if flow:
        made = draft.new_uuid("contact")
        wants(draft, effects.CreateContact(draft.new_id(), made, "API", draft.channel, flow=flow, kin="related"))
    return STAY


HAPPENINGS: dict[type, Callable[[Draft, Any], Next | None]] = {
    events.Started: _begin,
    events.HungUp: _hang_up,
    events.Offered: _offered,
    events.OfferEnded: _offered,
    events.AgentJoined: _join,
    events.Held: _hold,
    events.Resumed: _happens("resumed", "resumed"),
    events.TransferStarted: _transfer,
    events.TransferEnded: _transfer_ends,
    events.CustomerJoined: _customer_comes,
    events.Stopped: _happens("stopped", "stopped"),
    events.Paused: _pause,
    events.Continued: _pause,
}


# --- answers that concern the contact ---


def _queued(draft: Draft, event: events.Queued, effect: effects.Enqueue) -> Next | None:
    if not effect.contact_id:
        draft.put("place", Place(effect, effect.since_ms or draft.now_ms))
    return STAY if draft.run is NOBODY else None


def _refused(draft: Draft, event: events.QueueRefused, effect: effects.Enqueue) -> Next | None:
    return turn(draft, "refused", f"not queued: {event.by}") if draft.run is NOBODY else None


def _talk_ends(draft: Draft, event: events.TalkEnded, effect: effects.Talk) -> Next | None:
    return turn(draft, "talk_ended", "the third party hung up") if draft.run is NOBODY else None


def _time_is_up(draft: Draft, event: events.TimerFired, effect: effects.StartTimer) -> Next | None:
    if draft.run is not NOBODY:
        return None
    if event.effect_id == draft.limit_id:
        draft.put("limit_id", "")
        return turn(draft, "limit", "a whisper took longer than two minutes")
    return turn(draft, "expired", "the task expired")


def _said(draft: Draft, event: events.PromptEnded, effect: effects.PlayPrompt) -> Next | None:
    return STAY if draft.run is NOBODY else None


ANSWERS: dict[type, Callable[[Draft, Any, Any], Next | None]] = {
    events.Queued: _queued,
    events.QueueRefused: _refused,
    events.CallEnded: _called,
    events.TalkEnded: _talk_ends,
    events.TimerFired: _time_is_up,
    events.PromptEnded: _said,
}
