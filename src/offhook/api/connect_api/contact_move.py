"""Tasks are paused and resumed, tasks and e-mails transferred, contacts given to agents.

Source: API reference, PauseContact, ResumeContact, TransferContact, AssociateContactWithUser. Ours: an agent to whom a
contact is given must have signed in; it is an offer, which agents who accept by themselves take at once.
"""

from collections.abc import Mapping
from typing import Any

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api.connect import Connect, Operation, refused
from offhook.api.connect_api.contact import cell_of, seen
from offhook.api.connect_api.start import flow_of, own_queue, queue_of
from offhook.api.errors import ServiceError
from offhook.api.service import Result
from offhook.core.phases import MAX_CHAIN
from offhook.core.staffing import OFFLINE
from offhook.drivers.embedded.cell import Cell
from offhook.drivers.embedded.turn import Turn
from offhook.model.contact import Queue
from offhook.model.event import Continued, Event, Moved, Paused
from offhook.model.instance import derived_id

_ABSENT = "ResourceNotFoundException"
_TRANSFERRED = ("TASK", "EMAIL")
_FLOWS = ("CONTACT_FLOW", "AGENT_TRANSFER", "QUEUE_TRANSFER")


async def _pause(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    return await _set_paused(connect, asked, Paused, "paused already", is_paused=False)


async def _resume(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    return await _set_paused(connect, asked, Continued, "not paused", is_paused=True)


async def _set_paused(
    connect: Connect, asked: dict[str, Any], event: type[Paused] | type[Continued], conflict: str, *, is_paused: bool
) -> Result:
    """`is_paused`: what the contact must be now."""
    cell = await cell_of(connect, asked, unknown=_ABSENT)
    flow = flow_of(connect, connect.instance(asked), asked).arn if "ContactFlowId" in asked else ""

    def check(turn: Turn) -> Event | None:
        contact = turn.contact
        if contact.channel != "TASK":
            raise refused(f"A contact of the channel {contact.channel} cannot be paused or resumed.")
        if contact.phase in ("new", "ended"):
            raise refused(f"The contact {contact.id} is not active.")
        if contact.is_paused != is_paused:
            raise ServiceError("ConflictException", f"The contact {contact.id} is {conflict}.", status=409)
        return event(turn.now_ms, flow)

    await _attempt(connect, cell, check)
    return {}


async def _transfer(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    cell = await cell_of(connect, asked, unknown=_ABSENT)
    made = connect.new_id()
    if "ClientToken" in asked:
        made = derived_id("transfer", instance.id, cell.id, asked["ClientToken"])
    if await connect.runtime.look(made) is None:
        await _transfer_to(connect, instance, cell, asked, made)
    return {"ContactId": made, "ContactArn": f"{connect.instance_arn(instance.id)}/contact/{made}"}


async def _transfer_to(connect: Connect, instance: Record, cell: Cell, asked: Mapping[str, Any], made: str) -> None:
    if seen(cell).channel not in _TRANSFERRED:
        raise refused(f"A contact of the channel {seen(cell).channel} cannot be transferred; tasks and e-mails can.")
    flow, queue = flow_of(connect, instance, asked), _queue(connect, instance, asked)
    if flow.type not in _FLOWS:
        raise refused(f"The flow is of type {flow.type}, must be of {', '.join(_FLOWS)}.")

    def move(turn: Turn) -> Event | None:
        contact = turn.contact
        if contact.phase in ("new", "ended"):
            raise refused(f"The contact {contact.id} is not active.")
        if contact.segment >= MAX_CHAIN:
            raise refused(f"A contact may be transferred {MAX_CHAIN - 1} times.")
        return Moved(turn.now_ms, made, flow.arn, queue)

    await _attempt(connect, cell, move)


def _queue(connect: Connect, instance: Record, asked: Mapping[str, Any]) -> dict[str, Any] | None:
    """The working queue of what comes of a transfer, as the event has it."""
    if "QueueId" in asked and "UserId" in asked:
        raise refused("QueueId and UserId must not be given together.")
    if "QueueId" in asked:
        return _plain(queue_of(connect, instance, asked["QueueId"]))
    return _plain(own_queue(connect, instance, asked["UserId"])) if "UserId" in asked else None


def _plain(queue: Queue) -> dict[str, Any]:
    return {"arn": queue.arn, "name": queue.name, "is_agent": queue.is_agent}


async def _associate(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    cell = await cell_of(connect, asked, unknown=_ABSENT)
    user = connect.find(instance.id, "agent", asked["UserId"], "user")
    floor = connect.runtime.floor(instance.id)
    if floor.staff.get(user.name, (OFFLINE, 0))[0] == OFFLINE:
        raise refused(f"The agent {user.name!r} has not signed in.")
    if not floor.offer(cell.id, user.name):
        raise refused(f"The contact {cell.id} waits in no queue, or is being offered to an agent.")
    await connect.runtime.turn(cell.id, lambda turn: None)  # the offer is in its inbox before this
    return {}


async def _attempt(connect: Connect, cell: Cell, deed: Any) -> None:
    """A turn of the contact, in which the deed may find that it cannot be done: its ServiceError is raised here."""
    found: list[ServiceError] = []

    def attempt(turn: Turn) -> Event | None:
        try:
            happening: Event | None = deed(turn)
        except ServiceError as problem:
            found.append(problem)
            return None
        return happening

    await connect.runtime.turn(cell.id, attempt)
    if found:
        raise found[0]


OPERATIONS: Mapping[str, Operation] = {
    "PauseContact": _pause,
    "ResumeContact": _resume,
    "TransferContact": _transfer,
    "AssociateContactWithUser": _associate,
}
