"""Agents at work: their status, the contacts they have, and being done with one.

A status is a record of the kind `presence`, whose id is the user's: Status (a name) and StatusId. An agent without one
is offline. Source: API reference, PutUserStatus, GetCurrentUserData, DismissUserContact. Ours: a status that is put
while the agent has a contact counts at once, not after it; agents who are offline are in no answer, as nobody is.
"""

from collections.abc import Mapping
from typing import Any

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api.connect import Connect, Operation, id_of, invalid, missing, page, refused
from offhook.api.connect_api.contact import at, seen
from offhook.api.service import Result
from offhook.core.marks import ON_HOLD, Marks
from offhook.core.staffing import OFFLINE
from offhook.drivers.embedded.cell import Cell
from offhook.model.instance import derived_id
from offhook.model.routing import AVAILABLE

# By what statuses of these types are called, however they are named: routing knows no others
_WORDS = {"ROUTABLE": AVAILABLE, "OFFLINE": OFFLINE}
_FILTERS = ("Queues", "RoutingProfiles", "Agents", "UserHierarchyGroups")


async def _put_status(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    user = connect.find(instance.id, "agent", asked["UserId"], "user")
    status = connect.find(instance.id, "agent-state", asked["AgentStatusId"], "agent status")
    if status.body["State"] != "ENABLED":
        raise refused(f"The agent status {status.name!r} is disabled.")
    word = _WORDS.get(status.body["Type"], status.name)
    body = {"Status": word, "StatusId": status.id}
    connect.shelf.put(Record(instance=instance.id, kind="presence", id=user.id, name=user.name, body=body))
    await connect.shelf.commit()
    connect.runtime.floor(instance.id).sign(user.name, word)
    return {}


async def _dismiss(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    user = connect.find(instance.id, "agent", asked["UserId"], "user")
    contact_id = id_of(asked["ContactId"])
    floor = connect.runtime.floor(instance.id)
    state = floor.contacts_of(user.name).get(contact_id)
    if state is None:
        raise missing(f"The user {user.name!r} has no contact {contact_id}.")
    if not floor.dismiss(contact_id, user.name):
        raise refused(f"The contact {contact_id} is {state}, must be MISSED, ERROR, ENDED or REJECTED.")
    await connect.runtime.turn(contact_id, lambda turn: None)  # the end of the work is in its inbox before this
    return {}


# --- who does what ---


async def _current(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    users = _asked_for(connect, instance, asked["Filters"])
    states = asked["Filters"].get("ContactFilter", {}).get("ContactStates")
    found = []
    for user in users:
        contacts = await contacts_of(connect, instance, user)
        kept = [each for each in contacts if states is None or each["AgentContactState"] in states]
        if kept or states is None:
            found.append({**_current_of(connect, instance, user), "Contacts": kept})
    some, token = page(found, asked)
    return {"UserDataList": some, "NextToken": token, "ApproximateTotalCount": len(found)}


def _asked_for(connect: Connect, instance: Record, filters: Mapping[str, Any]) -> list[Record]:
    """The users who are there, as far as the filter lets them through."""
    given = [name for name in _FILTERS if filters.get(name)]
    if len(given) > 1:
        raise invalid(f"Filters has {' and '.join(given)}, may have one of {', '.join(_FILTERS)}.")
    staff = connect.runtime.floor(instance.id).staff
    there = [
        user
        for user in connect.shelf.all(instance.id, "agent")
        if staff.get(user.name, (OFFLINE, 0))[0] != OFFLINE
    ]  # fmt: skip
    if not given:
        return there
    ids = {id_of(text) for text in filters[given[0]]}
    return [user for user in there if ids & _ids(connect, user, given[0])]


def _ids(connect: Connect, user: Record, name: str) -> set[str]:
    """What a filter of this name may ask for where it means the user."""
    if name == "Agents":
        return {user.id}
    if name == "UserHierarchyGroups":
        return {user.body.get("HierarchyGroupId", "")}
    if name == "RoutingProfiles":
        return {user.body["RoutingProfileId"]}
    profile = connect.shelf.get(user.instance, "routing-profile", user.body["RoutingProfileId"])
    configs = profile.body.get("QueueConfigs", []) if profile is not None else []
    return {each["QueueId"] for each in configs}


def _current_of(connect: Connect, instance: Record, user: Record) -> dict[str, Any]:
    floor = connect.runtime.floor(instance.id)
    status, since_ms = floor.staff[user.name]
    known = connect.shelf.named(instance.id, "agent-state", status)
    arn = connect.arn(known) if known is not None else _arn(connect, instance, status)
    slots = floor.slots(user.name)
    profile = user.body["RoutingProfileId"]
    return {
        "User": {"Id": user.id, "Arn": connect.arn(user)},
        "RoutingProfile": {"Id": profile, "Arn": f"{connect.instance_arn(instance.id)}/routing-profile/{profile}"},
        "Status": {"StatusStartTimestamp": at(since_ms), "StatusArn": arn, "StatusName": status},
        "AvailableSlotsByChannel": {channel: free for channel, (free, _, _) in slots.items()},
        "MaxSlotsByChannel": {channel: most for channel, (_, most, _) in slots.items()},
        "ActiveSlotsByChannel": {channel: held for channel, (_, _, held) in slots.items()},
    }


def _arn(connect: Connect, instance: Record, status: str) -> str:
    """Of a status that is nobody's to choose: Missed, Rejected."""
    return f"{connect.instance_arn(instance.id)}/agent-state/{derived_id(instance.id, 'agent-state', status)}"


async def contacts_of(connect: Connect, instance: Record, user: Record) -> list[dict[str, Any]]:
    """The agent's contacts, in the shape AgentContactReference."""
    floor = connect.runtime.floor(instance.id)
    found = []
    for contact_id, state in floor.contacts_of(user.name).items():
        cell = await connect.runtime.look(contact_id)
        if cell is not None and cell.seen is not None:
            since_ms = floor.declined[user.name][2] if state in ("MISSED", "REJECTED") else None
            found.append(_reference(connect, instance, cell, state, since_ms))
    return found


def _reference(
    connect: Connect, instance: Record, cell: Cell, state: str, since_ms: int | None
) -> dict[str, Any]:  # fmt: skip
    contact, marks = seen(cell), cell.seen_marks
    if state == "CONNECTED":
        state = "CONNECTED_ONHOLD" if contact.phase in ON_HOLD else state
        state = state if marks.joined_ms is not None else "CONNECTING"
    queue = marks.queue
    return {
        "ContactId": contact.id,
        "Channel": contact.channel,
        "InitiationMethod": contact.initiation_method,
        "AgentContactState": state,
        "StateStartTimestamp": at(_since_ms(marks, state) if since_ms is None else since_ms),
        "ConnectedToAgentTimestamp": at(marks.joined_ms),
        "Queue": None if queue is None else {"Id": id_of(queue.arn), "Arn": queue.arn},
    }


def _since_ms(marks: Marks, state: str) -> int | None:
    return {
        "INCOMING": marks.offered_ms,
        "CONNECTED_ONHOLD": marks.held_ms,
        "CONNECTED": marks.joined_ms,
        "ENDED": marks.ended_ms,
    }.get(state, marks.updated_ms)


OPERATIONS: Mapping[str, Operation] = {
    "PutUserStatus": _put_status,
    "DismissUserContact": _dismiss,
    "GetCurrentUserData": _current,
}
