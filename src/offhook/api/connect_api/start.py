"""Contacts begin: calls to a number, tasks, and what beginning a chat (start_chat) shares with them.

A repeated ClientToken gives the contact that it made.
Source: API reference, StartOutboundVoiceContact, StartTaskContact.
"""

from collections.abc import Mapping
from typing import Any

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api.connect import Connect, Operation, id_of, invalid, missing, refused
from offhook.api.connect_api.contact import attributes_of, cell_of, ms_of, seen
from offhook.api.errors import ServiceError
from offhook.api.service import Result
from offhook.core import phone
from offhook.core.birth import new_contact
from offhook.model.contact import Contact, Queue
from offhook.model.flow import Flow
from offhook.model.instance import derived_id

MAX_AHEAD_MS = 6 * 86_400_000  # a scheduled task begins within six days. Source: API reference, StartTaskContact


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
        "attributes": attributes_of(asked),
        "customer_endpoint": number,
        "system_endpoint": source or _caller_id(connect, instance, queue or ""),
        "name": asked.get("Name"),
        "description": asked.get("Description"),
        "references": asked.get("References", {}),
        "related_id": asked.get("RelatedContactId"),
        "is_reached": False,
        "queue": None if queue is None else queue_of(connect, instance, queue),
    }
    contact = prepared(connect, instance, asked, flow_of(connect, instance, asked), "VOICE", "API", fields)
    await begin(connect, instance, contact, {})
    return {"ContactId": contact.id}


async def _start_task(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    given = [name for name in ("ContactFlowId", "QuickConnectId", "TaskTemplateId") if name in asked]
    if len(given) != 1:
        raise refused("One of ContactFlowId, QuickConnectId and TaskTemplateId must be given.")
    if "TaskTemplateId" in asked:
        raise missing(f"There is no task template {asked['TaskTemplateId']} in this instance.")
    at_ms = ms_of(asked["ScheduledTime"]) if "ScheduledTime" in asked else None
    if at_ms is not None and not 0 < at_ms - connect.now_ms() <= MAX_AHEAD_MS:
        raise refused("ScheduledTime must be in the future, and within six days.")
    if "ContactFlowId" in asked:
        flow, queue = flow_of(connect, instance, asked), None
    else:
        flow, queue = _connected(connect, instance, asked)
    fields: dict[str, Any] = {
        **await _tied(connect, asked),
        "queue": queue,
        "name": asked["Name"],
        "description": asked.get("Description"),
        "references": asked.get("References", {}),
        "segment_attributes": dict(asked.get("SegmentAttributes", {})),
    }
    contact = prepared(connect, instance, asked, flow, "TASK", "API", fields)
    await begin(connect, instance, contact, {}, at_ms=at_ms)
    if "PreviousContactId" in asked:  # one set of attributes for the whole chain
        await connect.runtime.set_attributes(contact.id, attributes_of(asked))
    return {"ContactId": contact.id}


async def _tied(connect: Connect, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What a contact has of the one that it follows, or is related to: their attributes, which those of the request
    are added to. Source: API reference, StartTaskContact.
    """
    attributes = attributes_of(asked)
    fields: dict[str, Any] = {"attributes": attributes}
    if "RelatedContactId" in asked:
        related = await cell_of(connect, asked, "RelatedContactId", unknown="ResourceNotFoundException")
        fields |= {"related_id": related.id, "attributes": {**related.seen_attributes, **attributes}}
    if "PreviousContactId" in asked:
        previous = await cell_of(connect, asked, "PreviousContactId", unknown="ResourceNotFoundException")
        fields |= {
            "previous_id": previous.id,
            "initial_id": seen(previous).initial_id,
            "attributes": {**previous.seen_attributes, **attributes},
        }
    return fields


def prepared(
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


async def begin(
    connect: Connect, instance: Record, contact: Contact, more: dict[str, Any], deed: Any = None,
    *, at_ms: int | None = None,
) -> bool:  # fmt: skip
    """Begin it, unless it has begun already: whether it had not, and the request was not a repeated one."""
    if await connect.runtime.look(contact.id) is not None:
        return False
    kept = {key: value for key, value in more.items() if value is not None}
    await connect.runtime.begin(contact, instance.id, at_ms=at_ms, deed=deed, more=kept)
    return True


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


def queue_of(connect: Connect, instance: Record, text: str) -> Queue:
    record = connect.find(instance.id, "queue", text)
    return Queue(connect.arn(record), record.name)


def own_queue(connect: Connect, instance: Record, text: str) -> Queue:
    """The queue of an agent, who is meant by id or ARN."""
    record = connect.find(instance.id, "agent", text, "user")
    return Queue(connect.arn(record), record.name, is_agent=True)


def _caller_id(connect: Connect, instance: Record, queue: str) -> str | None:
    record = connect.find(instance.id, "queue", queue)
    settings = connect.instances.compiled(instance.id).instance.queues[record.name]
    if settings.outbound_caller_id is None:
        raise refused(f"The queue {record.name!r} has no outbound caller id number; give SourcePhoneNumber.")
    return settings.outbound_caller_id


def _connected(connect: Connect, instance: Record, asked: Mapping[str, Any]) -> tuple[Flow, Queue | None]:
    """The flow of a quick connect, and the queue it leads to, if any: one of the instance, or an agent's own."""
    record = connect.find(instance.id, "transfer-destination", asked["QuickConnectId"], "quick connect")
    config = record.body["QuickConnectConfig"]
    if "QueueConfig" in config:
        inner = config["QueueConfig"]
        return flow_of(connect, instance, inner), queue_of(connect, instance, inner["QueueId"])
    if "UserConfig" in config:
        inner = config["UserConfig"]
        return flow_of(connect, instance, inner), own_queue(connect, instance, inner["UserId"])
    if "FlowConfig" in config:
        return flow_of(connect, instance, config["FlowConfig"]), None
    raise refused(f"The quick connect {record.name!r} leads to a phone number, where a task cannot go.")


OPERATIONS: Mapping[str, Operation] = {
    "StartOutboundVoiceContact": _start_voice,
    "StartTaskContact": _start_task,
}
