"""Contacts are changed from outside: their fields and tags, their schedule, their place in queues.

Source: API reference, UpdateContact, TagContact, UntagContact, UpdateContactSchedule, UpdateContactRoutingData. What
AWS lets nobody change of a contact of ours (only of external audio and of outbound e-mail) is refused.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from offhook.api.connect_api.connect import Connect, Operation, check_tags, id_of, invalid, refused
from offhook.api.connect_api.contact import cell_of, is_over, ms_of
from offhook.api.connect_api.start import MAX_AHEAD_MS
from offhook.api.errors import ServiceError
from offhook.api.service import Result
from offhook.core import criteria
from offhook.drivers.embedded.turn import Turn
from offhook.model.event import ContactUpdated, Event, Rerouted, Started

_MAX_TAGS = 6  # of the user, in one contact. Source: API reference, TagContact
_MOST_SECONDS = 2**31 - 1
_ABSENT = "ResourceNotFoundException"
_FIELDS = {"Name": "name", "Description": "description"}
_ADDED = {"References": "references", "SegmentAttributes": "segment_attributes"}
_OF_OTHERS = {
    "QueueInfo": "external audio contacts", "UserInfo": "external audio contacts",
    "CustomerEndpoint": "external audio and outbound e-mail contacts",
    "SystemEndpoint": "external audio and outbound e-mail contacts",
    "AdditionalRecipients": "outbound e-mail contacts",
}  # fmt: skip


async def _update(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """References and segment attributes are added to those that are there."""
    cell = await cell_of(connect, asked, unknown=_ABSENT)
    for member, kinds in _OF_OTHERS.items():
        if member in asked:
            raise refused(f"{member} can be changed of {kinds} only.")
    if not any(member in asked for member in (*_FIELDS, *_ADDED)):
        raise invalid(f"At least one of {', '.join((*_FIELDS, *_ADDED))} must be given.")

    def update(turn: Turn) -> Event | None:
        fields = {name: asked[member] for member, name in _FIELDS.items() if member in asked}
        added = {name: asked[member] for member, name in _ADDED.items() if member in asked}
        return _amended(turn, fields | {name: getattr(turn.contact, name) | more for name, more in added.items()})

    await connect.runtime.turn(cell.id, update)
    return {}


async def _tag(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    cell = await cell_of(connect, asked, unknown=_ABSENT)
    check_tags(asked["Tags"])
    problems: list[str] = []

    def tag(turn: Turn) -> Event | None:
        tags = turn.contact.tags | asked["Tags"]
        own = [key for key in tags if not key.startswith("aws:")]
        if len(own) > _MAX_TAGS:
            problems.append(f"The contact would have {len(own)} tags, more than {_MAX_TAGS}.")
            return None
        return _amended(turn, {"tags": tags})

    await connect.runtime.turn(cell.id, tag)
    if problems:
        raise refused(problems[0])
    return {}


async def _untag(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """A key that is not there is no mistake."""
    cell = await cell_of(connect, asked, unknown=_ABSENT)

    def untag(turn: Turn) -> Event | None:
        kept = {key: text for key, text in turn.contact.tags.items() if key not in asked["TagKeys"]}
        return _amended(turn, {"tags": kept})

    await connect.runtime.turn(cell.id, untag)
    return {}


def _amended(turn: Turn, fields: dict[str, Any]) -> Event | None:
    """Set fields of the contact. What has ended hears of nothing any more: then it is the record that is put right."""
    if turn.contact.phase != "ended":
        return ContactUpdated(turn.now_ms, fields)
    turn.cell.contact = replace(turn.contact, **fields)
    turn.cell.marks = replace(turn.cell.marks, updated_ms=turn.now_ms)
    turn.has_changed = True
    return None


async def _schedule(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    cell = await cell_of(connect, asked, unknown=_ABSENT)
    at_ms = ms_of(asked["ScheduledTime"])
    if not 0 < at_ms - connect.now_ms() <= MAX_AHEAD_MS:
        raise refused("ScheduledTime must be in the future, and within six days.")
    has_moved: list[bool] = []

    def schedule(turn: Turn) -> Event | None:
        marks = turn.cell.marks
        if turn.contact.phase != "new" or marks.scheduled_ms is None:
            return None
        begins = f"{turn.contact.id}/started"
        for due_id in (begins, f"{begins}/{marks.scheduled_ms}"):
            turn.forget(due_id)
        turn.cell.marks = replace(marks, scheduled_ms=at_ms, updated_ms=turn.now_ms)
        turn.due(f"{begins}/{at_ms}", at_ms, Started(at_ms))
        has_moved.append(True)
        return None

    if at_ms != cell.seen_marks.scheduled_ms:
        await connect.runtime.turn(cell.id, schedule)
        if not has_moved:
            raise refused(f"The contact {cell.id} is not scheduled.")
    return {}


async def _route(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    cell = await cell_of(connect, asked, unknown=_ABSENT)
    priority, seconds = asked.get("QueuePriority"), asked.get("QueueTimeAdjustmentSeconds")
    if priority is not None and seconds is not None:
        raise invalid("QueuePriority and QueueTimeAdjustmentSeconds must not be given together.")
    if seconds is not None and abs(seconds) > _MOST_SECONDS:
        raise invalid(f"QueueTimeAdjustmentSeconds is {seconds}, must be of 32 bits.")
    steps = _steps(connect, cell.instance_id, asked["RoutingCriteria"]) if "RoutingCriteria" in asked else None
    if priority is None and seconds is None and steps is None:
        raise invalid("One of QueuePriority, QueueTimeAdjustmentSeconds and RoutingCriteria must be given.")
    if is_over(cell):
        raise ServiceError("ResourceConflictException", f"The contact {cell.id} has ended.", status=409)
    older_ms = None if seconds is None else seconds * 1_000
    await connect.runtime.happen(cell.id, Rerouted(connect.now_ms(), priority, older_ms, steps))
    return {}


def _steps(connect: Connect, instance: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Routing criteria as contacts have them: with user names in place of ids. ServiceError where they are none."""
    steps = given.get("Steps", [])
    for count, step in enumerate(steps, start=1):
        if wrong := criteria.problem(step):
            raise invalid(f"RoutingCriteria, step {count}: {wrong}")
        if step.get("Expiry", {}).get("DurationInSeconds", 0) > _MOST_SECONDS:
            raise invalid(f"RoutingCriteria, step {count}: DurationInSeconds must be of 32 bits.")
    named = criteria.with_names(steps, lambda text: connect.find(instance, "agent", id_of(text), "user").name)
    return tuple(named)


OPERATIONS: Mapping[str, Operation] = {
    "UpdateContact": _update,
    "TagContact": _tag,
    "UntagContact": _untag,
    "UpdateContactSchedule": _schedule,
    "UpdateContactRoutingData": _route,
}
