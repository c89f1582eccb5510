"""Contacts: ending them, looking at them, and their attributes.

Source: API reference, StopContact, DescribeContact, GetContactAttributes, UpdateContactAttributes. Contacts are found
by the id that AWS calls InitialContactId, too: where attributes are asked for, any contact of the family will do.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api.connect import Connect, Operation, id_of, refused
from offhook.api.errors import ServiceError
from offhook.api.service import Result
from offhook.core.marks import Marks
from offhook.drivers.embedded.cell import Cell
from offhook.model.contact import Contact
from offhook.model.event import Stopped

_MAX_ATTRIBUTE_BYTES = 32_768  # 32 KB of key-value pairs in one contact. Source: API reference, StartChatContact


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
    cell = await cell_of(connect, asked, unknown="ResourceNotFoundException")
    return {"Contact": described(connect, instance, cell)}


async def _get_attributes(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    cell = await cell_of(connect, asked, "InitialContactId", unknown="ResourceNotFoundException")
    first = await connect.runtime.look(seen(cell).initial_id) or cell
    return {"Attributes": first.seen_attributes}


async def _update_attributes(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    cell = await cell_of(connect, asked, "InitialContactId", unknown="ResourceNotFoundException")
    first = await connect.runtime.look(seen(cell).initial_id) or cell
    attributes_of({"Attributes": {**first.seen_attributes, **asked["Attributes"]}})
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
    contact, marks = seen(cell), cell.seen_marks
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


def attributes_of(asked: Mapping[str, Any]) -> dict[str, str]:
    """The attributes of a request. ServiceError where they are too large."""
    attributes: dict[str, str] = asked.get("Attributes", {})
    size = sum(len(key.encode()) + len(value.encode()) for key, value in attributes.items())
    if size > _MAX_ATTRIBUTE_BYTES:
        raise refused(f"Attributes have {size} bytes, more than {_MAX_ATTRIBUTE_BYTES}.")
    return dict(attributes)


def at(at_ms: int | None) -> datetime | None:
    """A time as a handler answers it."""
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC)


def ms_of(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


OPERATIONS: Mapping[str, Operation] = {
    "StopContact": _stop,
    "DescribeContact": _describe,
    "GetContactAttributes": _get_attributes,
    "UpdateContactAttributes": _update_attributes,
}
