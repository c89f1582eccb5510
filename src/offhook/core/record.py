"""Contact records and contact events, out of what the trace says and how the contact stands after it.

A contact record is one segment of a contact's life: complete when the flow or the agent is done with it, the agent's
after-contact work included (adminguide/about-contact-states.html, ctr-data-model.html). A contact event is what
EventBridge delivers while it lives (adminguide/contact-events.html). What they look like is in core.written.

Ours, as nothing is said: one event tells of all that a step has updated; no event tells that a step of routing
criteria has expired; a call that an agent makes out of a contact has no agent of its own.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from offhook.core import trace, written
from offhook.core.calendar import parse_instant
from offhook.core.phases import BRIDGED, EXTERNAL
from offhook.core.written import Story
from offhook.model.contact import Contact, Queue
from offhook.model.instance import Instance

ON_HOLD = frozenset({"holding", "transferring"})
# an agent who calls is connected before the customer is there (ctr-data-model.html, AgentInteractionDuration)
WITH_AGENT = frozenset({"connected", "outbound"})
OUT_OF_QUEUE = frozenset({"talking", "ended"})
# what an update of a field is called (contact-events.html, UpdatedProperties; the last is ours)
UPDATES = {
    "attributes": "UserDefinedAttributes",
    "tags": "Tags",
    "segment_attributes": "SegmentAttributes",
    "routing_criteria": "RoutingCriteria",
}


class Records:
    """Writes down the contacts of an instance; holds the ones whose record is not complete.

    `metrics`: by a flow's name, how often its error branch was taken (ContactFlowErrors) and how often it failed
    (ContactFlowFatalErrors), as CloudWatch counts them (adminguide/monitoring-cloudwatch.html).
    """

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._stories: dict[str, Story] = {}
        self._planned: dict[str, tuple[int, int]] = {}
        self.metrics: dict[str, Counter[str]] = defaultdict(Counter)

    def take(self, events: Iterable[trace.AnyTrace], contact: Contact) -> Iterator[dict[str, Any]]:
        """What follows from the trace of one step and the contact after it: contact events, and at the end a record."""
        events = list(events)
        story = self._stories.get(contact.id)
        if story is None and contact.phase != "new":
            story = self._stories[contact.id] = self._story(events, contact)
        if story is None or story.ended_ms is not None:
            return
        was, story.contact = story.contact, contact
        updated = [name for name in UPDATES if getattr(was, name) != getattr(contact, name)]
        for event in events:
            self._note(story, event, updated)
        criteria = contact.routing_criteria
        if criteria and (not story.criteria or story.criteria[-1][1] != criteria):
            story.criteria.append((contact.now_ms, criteria))
        yield from self._begins(story, events)
        if names := [text for name, text in UPDATES.items() if name in updated]:
            yield self._event(story, "CONTACT_DATA_UPDATED", updatedProperties=names)
        yield from self._waits(story, is_queued=any(map(_is_queued, events)))
        yield from self._pauses(story, was)
        yield from self._is_with_agent(story)
        if contact.phase == "ended":
            yield from self._ends(story)

    def cleared(self, contact_id: str, start_ms: int, end_ms: int, *, agent: str = "") -> Iterator[dict[str, Any]]:
        """The after-contact work of the agent (any, where none is named) is over: the record is complete."""
        story = self._stories.get(contact_id)
        if story is None or story.ended_ms is None or (story.agent and agent not in ("", story.agent.name)):
            return
        story.work = (start_ms, end_ms)
        yield from self._complete(story, end_ms)

    def rest(self) -> Iterator[dict[str, Any]]:
        """Records of contacts that have ended while their agents are still at after-contact work; nobody waits for it.

        Contacts that have not ended have none.
        """
        for story in list(self._stories.values()):
            if story.ended_ms is not None:
                story.work = (story.ended_ms, None)
                del self._stories[story.contact.id]
                yield written.record(story, self._instance, story.ended_ms)

    # --- what a step tells ---

    def _story(self, events: Sequence[trace.AnyTrace], contact: Contact) -> Story:
        """Of a contact that begins, or of one that was stored and goes on."""
        created_ms, scheduled_ms = self._planned.pop(contact.id, (contact.started_ms, None))
        goes_on = not _has_started(events) and contact.is_reached
        return Story(contact, created_ms, scheduled_ms, system_ms=contact.started_ms if goes_on else None)

    def _note(self, story: Story, event: trace.AnyTrace, updated: list[str]) -> None:
        match event:
            case trace.BlockLeft():
                updated += event.set
                if event.error and event.branch == "NoMatchingError":
                    self._count(event.flow, "ContactFlowErrors")
            case trace.FlowEnded() if trace.is_fatal(event.reason):
                self._count(event.flow, "ContactFlowFatalErrors")
            case trace.Ordered():
                self._order(story, event.effect, parse_instant(event.at))
            case trace.ContactOffered():
                story.offers += not event.by
            case trace.ContactPhase():
                story.joins += event.by == "agent_joined"
            case trace.CallEnded():
                story.call = event.status
            case trace.ContactEnded():
                story.by = event.by

    def _count(self, flow: str, name: str) -> None:
        known = self._instance.flows.get(flow)
        self.metrics[known.name if known is not None and known.name else flow][name] += 1

    def _order(self, story: Story, effect: Mapping[str, Any], at_ms: int) -> None:
        if effect["type"] == "Talk":
            story.transferred_to, story.transferred_ms = effect["number"], at_ms
        elif effect["type"] == "CreateContact":
            delay_ms = effect.get("delay_ms", 0)
            if delay_ms:
                self._planned[effect["contact_id"]] = (at_ms, at_ms + delay_ms)
            if effect.get("kin") == "previous":
                story.next_id = effect["contact_id"]

    def _begins(self, story: Story, events: Sequence[trace.AnyTrace]) -> Iterator[dict[str, Any]]:
        """The start, and when the customer is there: at once, but for a customer who must be called."""
        contact = story.contact
        has_started = _has_started(events)
        if has_started:
            yield self._event(story, "INITIATED")
        if story.system_ms is None and contact.is_reached:
            story.system_ms = contact.now_ms
            # contact-events.html: for outbound calls, tasks and chats
            if not has_started or contact.channel != "VOICE":
                yield self._event(story, "CONNECTED_TO_SYSTEM")

    def _waits(self, story: Story, *, is_queued: bool) -> Iterator[dict[str, Any]]:
        """A callback with a delay is in its queue once that is over (adminguide/about-queued-callbacks.html).

        `is_queued`: this step put it there, even if it has left again since.
        """
        contact = story.contact
        if story.waits_from_ms is None and contact.place is not None:
            order = contact.place.order
            story.queue = Queue(order.queue_arn, order.queue_name, is_agent=bool(order.agent))
            story.waits_from_ms = max(contact.place.since_ms, order.not_before_ms)
        elif story.waits_from_ms is None and is_queued and contact.queue is not None:
            story.queue, story.waits_from_ms = contact.queue, contact.now_ms
        if not story.is_queued and story.waits_from_ms is not None and story.waits_from_ms <= contact.now_ms:
            story.is_queued = True
            yield self._event(story, "QUEUED", at_ms=story.waits_from_ms)

    def _pauses(self, story: Story, was: Contact) -> Iterator[dict[str, Any]]:
        contact = story.contact
        if contact.is_paused and not was.is_paused:
            story.paused_ms = contact.now_ms
            yield self._event(story, "PAUSED")
        elif was.is_paused and not contact.is_paused:
            self._goes_on(story)
            story.resumed_ms = contact.now_ms
            yield self._event(story, "RESUMED")

    def _goes_on(self, story: Story) -> None:
        """The pause is over."""
        paused_ms, now_ms = story.paused_ms, story.contact.now_ms
        if paused_ms is not None:
            story.pauses.append(now_ms - paused_ms)
            if story.agent_ms is not None:
                story.agent_pauses.append(now_ms - max(paused_ms, story.agent_ms))

    def _is_with_agent(self, story: Story) -> Iterator[dict[str, Any]]:
        contact, now_ms = story.contact, story.contact.now_ms
        if contact.agent is None and story.agent is not None:  # a callback that was not answered is queued again
            story.agent = story.agent_ms = story.dequeued_ms = None
            story.holds.clear()
        is_there = contact.phase in WITH_AGENT and contact.initiation_method != EXTERNAL
        if is_there and contact.agent is not None and story.agent is None:
            story.agent, story.agent_ms = contact.agent, now_ms
            story.dequeued_ms = now_ms if story.is_queued else None
            yield self._event(story, "CONNECTED_TO_AGENT")
        if contact.phase in ON_HOLD and story.held_ms is None:
            story.held_ms = now_ms
        elif contact.phase not in ON_HOLD and story.held_ms is not None:
            story.holds.append(now_ms - story.held_ms)
            story.held_ms = None
        if story.is_queued and story.dequeued_ms is None and contact.phase in OUT_OF_QUEUE:
            story.dequeued_ms = now_ms

    def _ends(self, story: Story) -> Iterator[dict[str, Any]]:
        story.ended_ms = now_ms = story.contact.now_ms
        if story.contact.is_paused:
            self._goes_on(story)
        if story.by == "handed_over":
            other = self._stories.get(story.next_id or "")
            if other is not None and other.contact.initiation_method == EXTERNAL:
                story.transferred_to = other.contact.customer_endpoint
            # ctr-data-model.html: the agent left before the other side had joined
            if other is None or other.contact.phase not in BRIDGED:
                story.transferred_ms = now_ms
        yield self._event(story, "DISCONNECTED")
        if story.agent is None:
            yield from self._complete(story, now_ms)

    def _complete(self, story: Story, at_ms: int) -> Iterator[dict[str, Any]]:
        del self._stories[story.contact.id]
        yield self._event(story, "COMPLETED", at_ms=at_ms)
        yield written.record(story, self._instance, at_ms)

    def _event(self, story: Story, kind: str, *, at_ms: int | None = None, **more: Any) -> dict[str, Any]:
        story.events += 1
        return written.event(story, self._instance, kind, story.contact.now_ms if at_ms is None else at_ms, **more)


def _has_started(events: Sequence[trace.AnyTrace]) -> bool:
    return any(isinstance(event, trace.ContactStarted) for event in events)


def _is_queued(event: trace.AnyTrace) -> bool:
    if isinstance(event, trace.ContactStarted):
        return event.initiation_method == "QUEUE_TRANSFER"
    return isinstance(event, trace.ContactPhase) and event.phase in ("queued", "callback")
