"""What contact records and contact events look like, out of a `Story`: keys, shapes and words are AWS's.

Where a value is not known it is null in a record, and left out in an event. Times are to the second in records, to the
millisecond in events. Source: adminguide/ctr-data-model.html and contact-events.html.

Ours, as nothing is said: hold time is that of the customer, and what is left between the agent's arrival and the end
is interaction; a contact that goes on in another one by a flow (a queue transfer) has no reason for its end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from offhook.core import system, trace
from offhook.core.calendar import text_of
from offhook.core.criteria import step_at
from offhook.core.phases import EXTERNAL
from offhook.model.contact import Agent, Contact, Queue
from offhook.model.instance import Instance, derived_id

VERSION = "2017-03-10"  # seen in every published record
DETAIL_TYPE = "Amazon Connect Contact Event"
MAX_CRITERIA = 3  # ctr-data-model.html: the last three updates of routing criteria are on the record
# contact-events.html, SystemEndpoint: it is not populated for these
WITHOUT_SYSTEM_ENDPOINT = frozenset({"CALLBACK", "MONITOR", "QUEUE_TRANSFER"})
STREAMS = {"VOICE": "AUDIO", "CHAT": "CHAT"}
# ctr-data-model.html, DisconnectReason, by channel: what is not named is OTHER, which chats do not have
_REASONS = {
    "customer_left": "CUSTOMER_DISCONNECT",
    "agent_left": "AGENT_DISCONNECT",
    "handed_over": "AGENT_DISCONNECT",
    "disconnect": "CONTACT_FLOW_DISCONNECT",
    "quiet": "CONTACT_FLOW_DISCONNECT",
    "expired": "EXPIRED",
    "talk_ended": "THIRD_PARTY_DISCONNECT",
}
_CALLS = {"busy": "TELECOM_BUSY", "no_answer": "TELECOM_UNANSWERED"}


@dataclass(slots=True)
class Story:
    """What has happened to a contact so far, in ms. `contact` is its last value; `by` and `call` say how it ended.

    `waits_from_ms`: when it is in its queue; `is_queued`: that has been told. `criteria`: routing criteria and since
    when they are set. `work`: the agent's after-contact work, from and until.
    """

    contact: Contact
    initiated_ms: int
    scheduled_ms: int | None = None
    system_ms: int | None = None
    queue: Queue | None = None
    waits_from_ms: int | None = None
    is_queued: bool = False
    dequeued_ms: int | None = None
    agent: Agent | None = None
    agent_ms: int | None = None
    offers: int = 0
    joins: int = 0
    held_ms: int | None = None
    holds: list[int] = field(default_factory=list)
    paused_ms: int | None = None
    resumed_ms: int | None = None
    pauses: list[int] = field(default_factory=list)
    agent_pauses: list[int] = field(default_factory=list)
    criteria: list[tuple[int, tuple[dict[str, Any], ...]]] = field(default_factory=list)
    next_id: str | None = None
    transferred_to: str | None = None
    transferred_ms: int | None = None
    ended_ms: int | None = None
    by: str = ""
    call: str = ""
    work: tuple[int, int | None] | None = None
    events: int = 0


def is_record(entry: Mapping[str, Any]) -> bool:
    """Whether this is a contact record; else it is a contact event."""
    return "AWSContactTraceRecordFormatVersion" in entry


def event(story: Story, instance: Instance, kind: str, at_ms: int, **more: Any) -> dict[str, Any]:
    """A contact event as EventBridge delivers it; `more` are further keys of its detail."""
    contact = story.contact
    chain = _chain(contact)
    criteria = _criteria(story)
    detail = {
        "eventType": kind,
        "contactId": contact.id,
        "initialContactId": chain[0],
        "previousContactId": chain[1],
        "relatedContactId": contact.related_id,
        "channel": contact.channel,
        "instanceArn": instance.arn,
        "initiationMethod": contact.initiation_method,
        "initiationTimestamp": text_of(story.initiated_ms),
        "scheduledTimestamp": _exact(story.scheduled_ms),
        "connectedToSystemTimestamp": _exact(story.system_ms),
        "disconnectTimestamp": _exact(story.ended_ms),
        "queueInfo": _queue_info(story),
        "agentInfo": _agent_info(story),
        "customerId": _hidden(contact.customer_id, contact),
        "segmentAttributes": _hidden(contact.segment_attributes, contact),
        "tags": _tags(contact, instance),
        "routingCriteria": _lowered(criteria[-1]) if criteria else None,
        **more,
    }
    return {
        "version": "0",
        "id": derived_id(contact.seed, contact.id, "event", str(story.events)),
        "detail-type": DETAIL_TYPE,
        "source": "aws.connect",
        "account": instance.account,
        "time": _second(at_ms),
        "region": instance.region,
        "resources": [instance.arn, f"{instance.arn}/contact/{contact.id}"],
        "detail": {key: value for key, value in detail.items() if value is not None},
    }


def _tags(contact: Contact, instance: Instance) -> dict[str, str]:
    """The contact's own tags, and those that AWS adds (contact-events.html)."""
    made = {"aws:connect:instanceId": instance.id}
    if contact.system_endpoint is not None:
        made["aws:connect:systemEndpoint"] = contact.system_endpoint
    return {**made, **_hidden(contact.tags, contact)}


def record(story: Story, instance: Instance, at_ms: int) -> dict[str, Any]:
    contact = story.contact
    initial, previous = _chain(contact)
    is_told = contact.initiation_method not in WITHOUT_SYSTEM_ENDPOINT
    called, number = contact.customer_endpoint, contact.system_endpoint if is_told else None
    made = {
        "AWSAccountId": instance.account,
        "AWSContactTraceRecordFormatVersion": VERSION,
        "Agent": _agent(story, instance),
        "AgentConnectionAttempts": max(story.offers, story.joins),
        "Attributes": _hidden(contact.attributes, contact),
        "Channel": contact.channel,
        "ConnectedToSystemTimestamp": _second(story.system_ms),
        "ContactDetails": _hidden(_details(contact), contact),
        "ContactId": contact.id,
        "CustomerEndpoint": _hidden(system.endpoint(called, contact.channel), contact),
        "CustomerId": _hidden(contact.customer_id, contact),
        "DisconnectReason": disconnect_reason(story.contact, story.by, story.call),
        "DisconnectTimestamp": _second(story.ended_ms),
        "InitialContactId": initial,
        "InitiationMethod": contact.initiation_method,
        "InitiationTimestamp": _second(story.initiated_ms),
        "InstanceARN": instance.arn,
        "LastUpdateTimestamp": _second(at_ms),
        "MediaStreams": [{"Type": STREAMS[contact.channel]}] if contact.channel in STREAMS else [],
        "NextContactId": story.next_id,
        "PreviousContactId": previous,
        "Queue": _queue(story),
        "Recording": None,
        "Recordings": None,
        "References": _hidden(_references(contact), contact),
        "RelatedContactId": contact.related_id,
        "RoutingCriteria": _criteria(story) or None,
        "ScheduledTimestamp": _second(story.scheduled_ms),
        "SegmentAttributes": _hidden(contact.segment_attributes, contact),
        "SystemEndpoint": system.endpoint(number, contact.channel),
        "Tags": _tags(contact, instance),
        "TransferCompletedTimestamp": _second(story.transferred_ms),
        "TransferredToEndpoint": _hidden(system.endpoint(story.transferred_to), contact),
    }
    if contact.channel == "TASK":
        made |= {
            "LastPausedTimestamp": _second(story.paused_ms),
            "LastResumedTimestamp": _second(story.resumed_ms),
            "TotalPauseCount": len(story.pauses),
            "TotalPauseDurationInSeconds": sum(story.pauses) // 1_000,
        }
    return made


def _agent(story: Story, instance: Instance) -> dict[str, Any] | None:
    """The seconds of interaction, hold and pause are those between ConnectedToAgentTimestamp and the end."""
    if story.agent is None or story.work is None:
        return None
    settings = instance.agents.get(story.agent.name)
    profile = settings.routing_profile if settings is not None else ""
    held, paused = sum(story.holds) // 1_000, sum(story.agent_pauses) // 1_000
    from_ms, until_ms = story.work
    made = {
        "ARN": story.agent.arn,
        "AfterContactWorkDuration": _seconds_between(from_ms, until_ms),
        "AfterContactWorkEndTimestamp": _second(until_ms),
        "AfterContactWorkStartTimestamp": _second(from_ms),
        "AgentInteractionDuration": (_seconds_between(story.agent_ms, story.ended_ms) or 0) - held - paused,
        "ConnectedToAgentTimestamp": _second(story.agent_ms),
        "CustomerHoldDuration": held,
        "HierarchyGroups": None,
        "LongestHoldDuration": max(story.holds, default=0) // 1_000,
        "NumberOfHolds": len(story.holds),
        "RoutingProfile": _profile(profile, instance) if profile else None,
        "Username": story.agent.name,
    }
    return {**made, "AgentPauseDuration": paused} if story.contact.channel == "TASK" else made


def _profile(name: str, instance: Instance) -> dict[str, str]:
    return {"ARN": instance.resource("routing-profile", name).arn, "Name": name}


def _hidden(value: Any, contact: Contact) -> Any:
    """Without what nobody may see (decision S22)."""
    return trace.hidden(value, contact.secrets) if contact.secrets else value


def _chain(contact: Contact) -> tuple[str | None, str | None]:
    """The initial and the previous contact; the first of a chain has none, whatever flows are told (decision S14)."""
    initial, previous = contact.initial_id, contact.previous_id
    return (initial if initial != contact.id else None, previous if previous != contact.id else None)


def _exact(at_ms: int | None) -> str | None:
    return None if at_ms is None else text_of(at_ms)


def _second(at_ms: int | None) -> str | None:
    """To the second: 2026-01-05T15:00:00Z."""
    return None if at_ms is None else f"{text_of(at_ms)[:19]}Z"


def _seconds_between(from_ms: int | None, until_ms: int | None) -> int | None:
    """Whole seconds between two times as they are written, so that a reader comes to the same."""
    return None if from_ms is None or until_ms is None else until_ms // 1_000 - from_ms // 1_000


def _queue_info(story: Story) -> dict[str, str] | None:
    # contact-events.html: it is not in the events of OUTBOUND contacts
    if not story.is_queued or story.queue is None or story.contact.initiation_method == "OUTBOUND":
        return None
    kind = "AGENT" if story.queue.is_agent else "STANDARD"
    return {"queueArn": story.queue.arn, "queueType": kind, "enqueueTimestamp": text_of(story.waits_from_ms or 0)}


def _agent_info(story: Story) -> dict[str, Any] | None:
    if story.agent is None:
        return None
    info: dict[str, Any] = {"agentArn": story.agent.arn, "connectedToAgentTimestamp": _exact(story.agent_ms)}
    if story.ended_ms is not None:
        info["agentInitiatedHoldDuration"] = sum(story.holds) // 1_000
    if story.work is not None:
        from_ms, until_ms = story.work
        info["afterContactWorkStartTimestamp"] = _exact(from_ms)
        info["afterContactWorkEndTimestamp"] = _exact(until_ms)
        info["afterContactWorkDuration"] = _seconds_between(from_ms, until_ms)
    return info


def _queue(story: Story) -> dict[str, Any] | None:
    if not story.is_queued or story.queue is None:
        return None
    return {
        "ARN": story.queue.arn,
        "DequeueTimestamp": _second(story.dequeued_ms),
        "Duration": _seconds_between(story.waits_from_ms, story.dequeued_ms),
        "EnqueueTimestamp": _second(story.waits_from_ms),
        "Name": story.queue.name,
    }


def _details(contact: Contact) -> dict[str, str]:
    """Of tasks alone."""
    named = {"Name": contact.name, "Description": contact.description} if contact.channel == "TASK" else {}
    return {key: text for key, text in named.items() if text is not None}


def _references(contact: Contact) -> list[dict[str, Any]]:
    return [{"Name": name, **value} for name, value in contact.references.items()]


def disconnect_reason(contact: Contact, by: str, call: str) -> str | None:
    """DisconnectReason, None where AWS has no word for it. `by`: see trace.ContactEnded; `call`: trace.CallEnded."""
    channel = contact.channel
    if by == "transferred":
        return "TRANSFERRED" if channel == "EMAIL" else None
    if by == "not_answered":
        return _CALLS.get(call, "TELECOM_PROBLEM")
    if by == "stopped" and channel != "VOICE":
        return "API"
    if by == "customer_left" and contact.initiation_method == EXTERNAL:
        return "THIRD_PARTY_DISCONNECT"
    return _REASONS.get(by, None if channel == "CHAT" else "OTHER")


def _criteria(story: Story) -> list[dict[str, Any]]:
    """The routing criteria, the last three updates of them, with what became of each step.

    They count from when the contact is queued; where an update took their place, until then.
    """
    told = []
    now_ms = story.contact.now_ms if story.dequeued_ms is None else story.dequeued_ms
    for index, (set_ms, steps) in enumerate(story.criteria):
        is_last = index == len(story.criteria) - 1
        until_ms = now_ms if is_last else story.criteria[index + 1][0]
        from_ms = max(set_ms, story.waits_from_ms) if story.is_queued and story.waits_from_ms is not None else None
        waited_ms = None if from_ms is None or from_ms > until_ms else until_ms - from_ms
        at_last = "DEACTIVATED" if not is_last else "JOINED" if story.agent is not None else "ACTIVE"
        activated = None if waited_ms is None else _second(from_ms)
        known = _hidden(_steps(steps, waited_ms, at_last), story.contact)
        told.append({"ActivationTimestamp": activated, "Index": index, "Steps": known})
    return told[-MAX_CRITERIA:]


def _steps(steps: Sequence[dict[str, Any]], waited_ms: int | None, at_last: str) -> list[dict[str, Any]]:
    """`waited_ms` None: they never counted."""
    reached = None if waited_ms is None else step_at(steps, waited_ms)
    status = "INACTIVE" if waited_ms is None else "EXPIRED"
    told = []
    for step in steps:
        told.append({**step, "Status": at_last if step is reached else status})
        status = "INACTIVE" if step is reached else status
    return told


def _lowered(value: Any) -> Any:
    """The same with keys as events have them."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _lowered(each) for key, each in value.items() if each is not None}
    return [_lowered(each) for each in value] if isinstance(value, list | tuple) else value
