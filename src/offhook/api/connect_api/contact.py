"""Contacts: beginning them, ending them, looking at them, and their attributes.

Source: API reference, StartChatContact, StartOutboundVoiceContact, StartTaskContact, StopContact, DescribeContact,
GetContactAttributes, UpdateContactAttributes. Contacts are found by the id that AWS calls InitialContactId, too: where
attributes are asked for, any contact of the family will do.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from offhook.adapters.store.shelf import Record
from offhook.api.chat.participant import CUSTOMER
from offhook.api.connect_api.connect import Connect, Operation, id_of, invalid, missing, refused
from offhook.api.errors import ServiceError
from offhook.api.service import Result
from offhook.core import phone
from offhook.core.birth import new_contact
from offhook.core.marks import Marks
from offhook.drivers.embedded.cell import Cell
from offhook.drivers.embedded.turn import Turn
from offhook.model.contact import Contact, Queue
from offhook.model.event import Event, Stopped
from offhook.model.flow import Flow
from offhook.model.instance import derived_id

_MAX_ATTRIBUTE_BYTES = 32_768  # 32 KB of key-value pairs in one contact. Source: API reference, StartChatContact
_MAX_AHEAD_MS = 6 * 86_400_000  # a scheduled task begins within six days


# --- beginning ---


async def _start_chat(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    persistent = asked.get("PersistentChat", {})
    source = persistent.get("SourceContactId")
    details = asked["ParticipantDetails"]
    message = asked.get("InitialMessage", {})
    fields: dict[str, Any] = {
        "attributes": _attributes(asked),
        "name": details["DisplayName"],
        "customer_id": asked.get("CustomerId"),
        "segment_attributes": dict(asked.get("SegmentAttributes", {})),
        "related_id": asked.get("RelatedContactId"),
    }
    contact = _new(connect, instance, asked, flow_of(connect, instance, asked), "CHAT", "API", fields)
    more = {
        "minutes": asked.get("ChatDurationInMinutes"),
        "types": asked.get("SupportedMessagingContentTypes"),
        "source": source,
    }
    joined = connect.chats.joining(instance.id, contact, CUSTOMER, details["DisplayName"], id=customer_id(contact))

    def join(turn: Turn) -> Event | None:
        connect.chats.keep(turn, joined.participant)
        if message:
            item_id = derived_id("item", contact.id, "initial")
            words = message["ContentType"], message["Content"]
            connect.chats.item(turn, joined.participant, item_id, "MESSAGE", words[0], Content=words[1])
        return None

    await _begin(connect, instance, contact, more, join)
    return {
        "ContactId": contact.id,
        "ParticipantId": joined.id,
        "ParticipantToken": joined.token,
        "ContinuedFromContactId": source,
    }


async def _start_voice(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """A call to a number; here a simulated callee answers."""
    instance = connect.instance(asked)
    number = asked["DestinationPhoneNumber"]
    if not phone.is_e164(number):
        raise refused(f"DestinationPhoneNumber is {number!r}, must be a number in E.164, as in +12065550100.")
    source, queue = asked.get("SourcePhoneNumber"), asked.get("QueueId")
    if source is None and queue is None:
        raise invalid("SourcePhoneNumber or QueueId is required.")
    fields: dict[str, Any] = {
        "attributes": _attributes(asked),
        "customer_endpoint": number,
        "system_endpoint": source or _caller_id(connect, instance, queue or ""),
        "name": asked.get("Name"),
        "description": asked.get("Description"),
        "references": asked.get("References", {}),
        "related_id": asked.get("RelatedContactId"),
        "is_reached": False,
        "queue": _queue(connect, instance, queue),
    }
    contact = _new(connect, instance, asked, flow_of(connect, instance, asked), "VOICE", "API", fields)
    await _begin(connect, instance, contact, {})
    return {"ContactId": contact.id}


async def _start_task(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    given = [name for name in ("ContactFlowId", "QuickConnectId", "TaskTemplateId") if name in asked]
    if len(given) != 1:
        raise refused("One of ContactFlowId, QuickConnectId and TaskTemplateId must be given.")
    if "TaskTemplateId" in asked:
        raise missing(f"There is no task template {asked['TaskTemplateId']} in this instance.")
    at_ms = _ms(asked["ScheduledTime"]) if "ScheduledTime" in asked else None
    if at_ms is not None and not 0 < at_ms - connect.now_ms() <= _MAX_AHEAD_MS:
        raise refused("ScheduledTime must be in the future, and within six days.")
    flow = flow_of(connect, instance, asked) if "ContactFlowId" in asked else _connected(connect, instance, asked)
    fields: dict[str, Any] = {
        "attributes": _attributes(asked),
        "name": asked["Name"],
        "description": asked.get("Description"),
        "references": asked.get("References", {}),
        "segment_attributes": dict(asked.get("SegmentAttributes", {})),
        "related_id": asked.get("RelatedContactId"),
        "previous_id": asked.get("PreviousContactId"),
    }
    contact = _new(connect, instance, asked, flow, "TASK", "API", fields)
    await _begin(connect, instance, contact, {}, at_ms=at_ms)
    return {"ContactId": contact.id}


def _new(
    connect: Connect, instance: Record, asked: Mapping[str, Any], flow: Flow, channel: str, method: str,
    fields: dict[str, Any],
) -> Contact:  # fmt: skip
    """A contact that is not begun yet. A repeated ClientToken gives the same id."""
    token = asked.get("ClientToken")
    id = connect.new_id() if token is None else derived_id("contact", instance.id, channel, token)
    given = {key: value for key, value in fields.items() if value is not None}
    return new_contact(
        id=id, seed=id, flow=flow.arn, flow_type=flow.type or "CONTACT_FLOW", channel=channel,
        initiation_method=method, **given,
    )  # fmt: skip


def customer_id(contact: Contact) -> str:
    """The participant id of the customer of a chat."""
    return derived_id("participant", contact.id, CUSTOMER)


async def _begin(
    connect: Connect, instance: Record, contact: Contact, more: dict[str, Any], deed: Any = None,
    *, at_ms: int | None = None,
) -> None:  # fmt: skip
    """Begin it, unless it has begun already: the request was repeated."""
    if await connect.runtime.look(contact.id) is None:
        kept = {key: value for key, value in more.items() if value is not None}
        await connect.runtime.begin(contact, instance.id, at_ms=at_ms, deed=deed, more=kept)


def flow_of(connect: Connect, instance: Record, asked: Mapping[str, Any], member: str = "ContactFlowId") -> Flow:
    """The published flow that a request names by id, ARN, version or alias. ServiceError where there is none."""
    text = asked[member]
    arn = text if text.startswith("arn:") else f"{connect.instance_arn(instance.id)}/contact-flow/{text}"
    arn = arn.removesuffix(":$LATEST")
    flow = connect.instances.compiled(instance.id).instance.flows.get(arn)
    if flow is not None:
        return flow
    record = connect.find(instance.id, "contact-flow", id_of(text).partition(":")[0], "contact flow")
    raise ServiceError("ContactFlowNotPublishedException", f"The flow {record.name!r} has not been published.")


def _attributes(asked: Mapping[str, Any]) -> dict[str, str]:
    attributes: dict[str, str] = asked.get("Attributes", {})
    size = sum(len(key.encode()) + len(value.encode()) for key, value in attributes.items())
    if size > _MAX_ATTRIBUTE_BYTES:
        raise refused(f"Attributes have {size} bytes, more than {_MAX_ATTRIBUTE_BYTES}.")
    return dict(attributes)


def _queue(connect: Connect, instance: Record, text: str | None) -> Queue | None:
    if text is None:
        return None
    record = connect.find(instance.id, "queue", text)
    return Queue(connect.arn(record), record.name)


def _caller_id(connect: Connect, instance: Record, queue: str) -> str | None:
    record = connect.find(instance.id, "queue", queue)
    settings = connect.instances.compiled(instance.id).instance.queues[record.name]
    if settings.outbound_caller_id is None:
        raise refused(f"The queue {record.name!r} has no outbound caller id number; give SourcePhoneNumber.")
    return settings.outbound_caller_id


def _connected(connect: Connect, instance: Record, asked: Mapping[str, Any]) -> Flow:
    """The flow of a quick connect."""
    record = connect.find(instance.id, "transfer-destination", asked["QuickConnectId"], "quick connect")
    config = record.body["QuickConnectConfig"]
    inner = config.get("QueueConfig") or config.get("UserConfig") or config.get("FlowConfig") or {}
    if "ContactFlowId" not in inner:
        raise refused(f"The quick connect {record.name!r} leads to a phone number, where a task cannot go.")
    return flow_of(connect, instance, inner)


# --- ending ---


async def _stop(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """410 for a contact that has ended (spec/aws-api.md: assumed)."""
    cell = await cell_of(connect, asked)
    if is_over(cell):
        raise gone(cell.id)
    if seen(cell).channel == "VOICE" and seen(cell).initiation_method == "INBOUND":
        raise ServiceError("InvalidRequestException", "An inbound call cannot be stopped from outside.")
    await connect.runtime.happen(cell.id, Stopped(connect.now_ms()))
    return {}


# --- looking ---


async def _describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    return {"Contact": described(connect, instance, await cell_of(connect, asked))}


async def _get_attributes(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    cell = await cell_of(connect, asked, "InitialContactId", unknown="ResourceNotFoundException")
    first = await connect.runtime.look(seen(cell).initial_id) or cell
    return {"Attributes": first.attributes}


async def _update_attributes(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    cell = await cell_of(connect, asked, "InitialContactId", unknown="ResourceNotFoundException")
    first = await connect.runtime.look(seen(cell).initial_id) or cell
    _attributes({"Attributes": {**first.attributes, **asked["Attributes"]}})
    await connect.runtime.set_attributes(first.id, asked["Attributes"])
    return {}


async def cell_of(
    connect: Connect, asked: Mapping[str, Any], member: str = "ContactId", *, unknown: str = "ContactNotFoundException"
) -> Cell:
    """The contact that is meant. ServiceError where the instance has none of this id; `unknown` is its name."""
    instance = connect.instance(asked)
    contact_id = id_of(asked[member])
    cell = await connect.runtime.look(contact_id)
    if cell is None or cell.instance_id != instance.id or cell.seen is None:
        raise ServiceError(unknown, f"There is no contact {asked[member]} in this instance.")
    return cell


def seen(cell: Cell) -> Contact:
    """The contact as it was committed last."""
    assert cell.seen is not None
    return cell.seen


def is_over(cell: Cell) -> bool:
    return seen(cell).phase == "ended"


def gone(contact_id: str) -> ServiceError:
    return ServiceError("ContactNotFoundException", f"The contact {contact_id} has ended.")


def described(connect: Connect, instance: Record, cell: Cell) -> dict[str, Any]:
    """A contact in the shape Contact."""
    contact, marks = seen(cell), cell.marks
    chain = contact.initial_id != contact.id
    return {
        "Arn": f"{connect.instance_arn(instance.id)}/contact/{contact.id}",
        "Id": contact.id,
        "InitialContactId": contact.initial_id if chain else None,
        "PreviousContactId": contact.previous_id if contact.previous_id != contact.id else None,
        "RelatedContactId": contact.related_id,
        "InitiationMethod": contact.initiation_method,
        "Name": contact.name,
        "Description": contact.description,
        "Channel": contact.channel,
        "QueueInfo": _queue_info(marks),
        "AgentInfo": _agent_info(connect, instance, marks),
        "InitiationTimestamp": at(marks.created_ms),
        "DisconnectTimestamp": at(marks.ended_ms),
        "LastUpdateTimestamp": at(marks.updated_ms or marks.created_ms),
        "LastPausedTimestamp": at(marks.paused_ms),
        "LastResumedTimestamp": at(marks.resumed_ms),
        "TotalPauseCount": marks.pauses or None,
        "TotalPauseDurationInSeconds": marks.pause_ms // 1_000 if marks.pauses else None,
        "ScheduledTimestamp": at(marks.scheduled_ms),
        "ConnectedToSystemTimestamp": at(marks.system_ms),
        "CustomerId": contact.customer_id,
        "CustomerEndpoint": _endpoint(contact.customer_endpoint),
        "SystemEndpoint": _endpoint(contact.system_endpoint),
        "QueueTimeAdjustmentSeconds": contact.age_ms // 1_000 or None,
        "QueuePriority": contact.priority,
        "Tags": contact.tags or None,
        "DisconnectReason": marks.reason,
        "SegmentAttributes": contact.segment_attributes or None,
    }


def _endpoint(address: str | None) -> dict[str, str] | None:
    return None if address is None else {"Type": "TELEPHONE_NUMBER", "Address": address}


def _queue_info(marks: Marks) -> dict[str, Any] | None:
    if marks.queue is None:
        return None
    return {"Id": id_of(marks.queue.arn), "EnqueueTimestamp": at(marks.since_ms)}


def _agent_info(connect: Connect, instance: Record, marks: Marks) -> dict[str, Any] | None:
    if not marks.agent:
        return None
    user = connect.shelf.named(instance.id, "agent", marks.agent)
    seconds = (marks.work_ms - marks.ended_ms) // 1_000 if marks.work_ms and marks.ended_ms else None
    return {
        "Id": user.id if user is not None else id_of(marks.agent_arn),
        "ConnectedToAgentTimestamp": at(marks.joined_ms),
        "AgentInitiatedHoldDuration": marks.hold_ms // 1_000 if marks.holds else None,
        "AfterContactWorkStartTimestamp": at(marks.ended_ms) if marks.work_ms else None,
        "AfterContactWorkEndTimestamp": at(marks.work_ms),
        "AfterContactWorkDuration": seconds,
    }


def at(at_ms: int | None) -> datetime | None:
    """A time as a handler answers it."""
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC)


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


OPERATIONS: Mapping[str, Operation] = {
    "StartChatContact": _start_chat,
    "StartOutboundVoiceContact": _start_voice,
    "StartTaskContact": _start_task,
    "StopContact": _stop,
    "DescribeContact": _describe,
    "GetContactAttributes": _get_attributes,
    "UpdateContactAttributes": _update_attributes,
}
