"""Looking for contacts, and for what belongs to one: its references, its relatives.

Source: API reference, SearchContacts, ListContactReferences, ListAssociatedContacts. Ours: without Sort the newest
comes first. Conditions on what is not kept here (transcripts by analysis, routing steps, …) are refused by name.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sql

from offhook.adapters.store.schema import ATTRIBUTES, CONTACT
from offhook.adapters.store.shelf import Record
from offhook.api.connect_api.connect import Connect, Operation, id_of, invalid, page
from offhook.api.connect_api.contact import at, cell_of, ms_of, seen
from offhook.api.connect_api.search import has_tags
from offhook.api.service import Result
from offhook.core.marks import Marks
from offhook.model.contact import Contact
from offhook.model.writes import Row

_MARKS = msgspec.json.Decoder(Marks)
_MOST_RELATIVES = 1_000
_AT_ONCE = 500  # contacts that one question asks for
_NOT_KEPT = ("AgentHierarchyGroups", "ContactAnalysis", "RoutingCriteria", "ActiveRegions", "AiAgents")


class Found(msgspec.Struct):
    """A contact that may be looked for: what of its row is cheap to read, its marks, and itself once that is asked for.

    `contact` is None until `_read`.
    """

    row: Row
    marks: Marks
    contact: Contact | None = None

    @property
    def whole(self) -> Contact:
        assert self.contact is not None, "it has been read"
        return self.contact


_TIMES: Mapping[str, Callable[[Found], int | None]] = {
    "INITIATION_TIMESTAMP": lambda found: found.marks.created_ms,
    "SCHEDULED_TIMESTAMP": lambda found: found.marks.scheduled_ms,
    "CONNECTED_TO_AGENT_TIMESTAMP": lambda found: found.marks.joined_ms,
    "DISCONNECT_TIMESTAMP": lambda found: found.marks.ended_ms,
    "ENQUEUE_TIMESTAMP": lambda found: found.marks.since_ms,
}
_SORTED: Mapping[str, Callable[[Found], Any]] = {
    **_TIMES,
    "INITIATION_METHOD": lambda found: found.row["initiation_method"],
    "CHANNEL": lambda found: found.row["channel"],
}
_MATCHES: Mapping[str, Callable[[list[bool]], bool]] = {
    "MATCH_ALL": all,
    "MATCH_ANY": any,
    "MATCH_NONE": lambda met: not any(met),
}


# --- looking for contacts ---


async def _search(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    criteria = asked.get("SearchCriteria") or {}
    for name in _NOT_KEPT:
        if criteria.get(name):
            raise invalid(f"SearchCriteria.{name}: that is not kept here, and cannot be looked for.")
    sort = asked.get("Sort") or {"FieldName": "INITIATION_TIMESTAMP", "Order": "DESCENDING"}
    if sort["FieldName"] not in _SORTED:
        raise invalid(f"Sort.FieldName is {sort['FieldName']}, must be one of {', '.join(_SORTED)}.")
    statement = _statement(instance.id, asked["TimeRange"], criteria)
    found = await connect.contacts.ask(
        lambda connection: [
            each
            for row in connection.execute(statement).mappings()
            if _is_within(each := _found(dict(row)), asked["TimeRange"])
            and all(test(connect, each, criteria) for test in _CHEAP)
        ]
    )
    if any(criteria.get(name) for name in _DEAR):
        await _read(connect, found)
        asked_for = [(test, criteria[name]) for name, test in _DEAR.items() if criteria.get(name)]
        found = [each for each in found if all(test(each, wanted) for test, wanted in asked_for)]
    some, token = page(_sorted(found, sort), asked)
    await _read(connect, some)
    return {
        "Contacts": [_summary(connect, instance, each) for each in some],
        "NextToken": token,
        "TotalCount": len(found),
    }


def _statement(instance: str, span: Mapping[str, Any], criteria: Mapping[str, Any]) -> Any:
    """What the database can tell of the conditions."""
    first, last = _span(span)
    conditions = [CONTACT.c.instance_id == instance]
    if span["Type"] == "DISCONNECT_TIMESTAMP":
        conditions += [CONTACT.c.ended_ms >= first, CONTACT.c.ended_ms <= last]
    else:
        conditions.append(CONTACT.c.initiated_ms <= last)
    if span["Type"] == "INITIATION_TIMESTAMP":
        conditions.append(CONTACT.c.initiated_ms >= first)
    if criteria.get("Channels"):
        conditions.append(CONTACT.c.channel.in_(criteria["Channels"]))
    if criteria.get("InitiationMethods"):
        conditions.append(CONTACT.c.initiation_method.in_(criteria["InitiationMethods"]))
    whole = sql.outerjoin(CONTACT, ATTRIBUTES, CONTACT.c.initial_id == ATTRIBUTES.c.initial_id)
    columns = (CONTACT.c.id, CONTACT.c.channel, CONTACT.c.initiation_method, CONTACT.c.marks)
    return sql.select(*columns, ATTRIBUTES.c.body.label("attributes")).select_from(whole).where(*conditions)


def _span(span: Mapping[str, Any]) -> tuple[int, int]:
    first, last = ms_of(span["StartTime"]), ms_of(span["EndTime"])
    if first > last:
        raise invalid("StartTime must not be after EndTime.")
    return first, last


def _found(row: Row) -> Found:
    return Found(row, _MARKS.decode(row["marks"]))


def _is_within(found: Found, span: Mapping[str, Any]) -> bool:
    first, last = _span(span)
    at_ms = _TIMES[span["Type"]](found)
    return at_ms is not None and first <= at_ms <= last


def _of_queue(connect: Connect, found: Found, criteria: Mapping[str, Any]) -> bool:
    ids = [id_of(text) for text in criteria.get("QueueIds") or ()]
    return not ids or (found.marks.queue is not None and id_of(found.marks.queue.arn) in ids)


def _of_agent(connect: Connect, found: Found, criteria: Mapping[str, Any]) -> bool:
    ids = [id_of(text) for text in criteria.get("AgentIds") or ()]
    return not ids or id_of(found.marks.agent_arn) in ids


def _named(found: Found, wanted: Mapping[str, Any]) -> bool:
    name = (found.whole.name or "").casefold()
    texts = [text.casefold() for text in wanted["SearchText"]]
    if wanted["MatchType"] == "MATCH_EXACT":
        return name in texts
    return _MATCHES[wanted["MatchType"]]([text in name for text in texts])


def _with_attributes(connect: Connect, found: Found, criteria: Mapping[str, Any]) -> bool:
    wanted = criteria.get("SearchableContactAttributes")
    if not wanted:
        return True
    sealed = found.row["attributes"]
    attributes = {} if sealed is None else msgspec.json.decode(connect.runtime.seal.open(sealed))
    return _has(attributes, wanted)


def _with_segment(found: Found, wanted: Mapping[str, Any]) -> bool:
    return _has({key: _text(value) for key, value in found.whole.segment_attributes.items()}, wanted)


def _text(value: Mapping[str, Any]) -> str:
    return str(next(iter(value.values()), ""))


def _has(values: Mapping[str, str], wanted: Mapping[str, Any]) -> bool:
    """Whether the keys have one of their values, in any letters."""
    met = [
        values.get(each["Key"], "").casefold() in {text.casefold() for text in each["Values"]}
        for each in wanted["Criteria"]
    ]
    return _MATCHES[wanted.get("MatchType", "MATCH_ALL")](met)


def _tagged(found: Found, wanted: Mapping[str, Any]) -> bool:
    return has_tags(found.whole.tags, wanted)


def _at_other_times(connect: Connect, found: Found, criteria: Mapping[str, Any]) -> bool:
    wanted = criteria.get("AdditionalTimeRange")
    if not wanted:
        return True
    met = []
    for each in wanted["Criteria"]:
        if "TimeRange" in each:
            met.append(_is_within(found, each["TimeRange"]))
        if "TimestampCondition" in each:
            met.append(_TIMES[each["TimestampCondition"]["Type"]](found) is None)
    return _MATCHES[wanted["MatchType"]](met)


_CHEAP = (_of_queue, _of_agent, _at_other_times, _with_attributes)
# these ask for the contact itself
_DEAR: Mapping[str, Callable[[Found, Mapping[str, Any]], bool]] = {
    "Name": _named,
    "SearchableSegmentAttributes": _with_segment,
    "ContactTags": _tagged,
}


async def _read(connect: Connect, found: list[Found]) -> None:
    """Read the contacts themselves."""
    for first in range(0, len(found), _AT_ONCE):
        some = {each.row["id"]: each for each in found[first : first + _AT_ONCE]}
        rows = await connect.contacts.rows(sql.select(CONTACT.c.id, CONTACT.c.snapshot).where(CONTACT.c.id.in_(some)))
        for row in rows:
            some[row["id"]].contact = connect.runtime.snapshots.decode(connect.runtime.seal.open(row["snapshot"]))


def _sorted(found: list[Found], sort: Mapping[str, Any]) -> list[Found]:
    """Those that have the field come first, in whatever order."""
    field = _SORTED[sort["FieldName"]]
    having = [each for each in found if field(each) is not None]
    having.sort(key=lambda each: (field(each), each.row["id"]), reverse=sort["Order"] == "DESCENDING")
    return having + [each for each in found if field(each) is None]


def _summary(connect: Connect, instance: Record, found: Found) -> dict[str, Any]:
    contact, marks, queue = found.whole, found.marks, found.marks.queue
    agent = {"Id": id_of(marks.agent_arn), "ConnectedToAgentTimestamp": at(marks.joined_ms)} if marks.agent else None
    return {
        **_kin(connect, instance, contact, marks),
        "Id": contact.id,
        "Arn": _arn(connect, instance, contact),
        "QueueInfo": None if queue is None else {"Id": id_of(queue.arn), "EnqueueTimestamp": at(marks.since_ms)},
        "AgentInfo": agent,
        "ScheduledTimestamp": at(marks.scheduled_ms),
        "SegmentAttributes": contact.segment_attributes or None,
        "Name": contact.name,
        "Tags": contact.tags or None,
    }


def _kin(connect: Connect, instance: Record, contact: Contact, marks: Marks) -> dict[str, Any]:
    """What every summary of a contact has."""
    return {
        "InitialContactId": contact.initial_id if contact.initial_id != contact.id else None,
        "PreviousContactId": contact.previous_id if contact.previous_id != contact.id else None,
        "InitiationMethod": contact.initiation_method,
        "Channel": contact.channel,
        "InitiationTimestamp": at(marks.created_ms),
        "DisconnectTimestamp": at(marks.ended_ms),
    }


def _arn(connect: Connect, instance: Record, contact: Contact) -> str:
    return f"{connect.instance_arn(instance.id)}/contact/{contact.id}"


# --- what belongs to one ---


async def _references(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    contact = seen(await cell_of(connect, asked, unknown="ResourceNotFoundException"))
    found = [
        {_member(each["Type"]): {"Name": name, **{key: text for key, text in each.items() if key != "Type"}}}
        for name, each in contact.references.items()
        if isinstance(each, dict) and each.get("Type") in asked["ReferenceTypes"]
    ]
    return {"ReferenceSummaryList": found}


def _member(type: str) -> str:
    """EMAIL_MESSAGE as EmailMessage."""
    return "".join(word.capitalize() for word in type.split("_"))


async def _associated(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """All that are tied to it by their chains, or by being related, however far."""
    instance = connect.instance(asked)
    cell = await cell_of(connect, asked, unknown="ResourceNotFoundException")
    known: dict[str, Row] = {}
    ids = {cell.id, seen(cell).initial_id, seen(cell).related_id or cell.id}
    while ids - known.keys() and len(known) < _MOST_RELATIVES:
        near = [CONTACT.c.id.in_(ids), CONTACT.c.initial_id.in_(ids), CONTACT.c.related_id.in_(ids)]
        columns = (CONTACT.c.id, CONTACT.c.initial_id, CONTACT.c.related_id, CONTACT.c.marks)
        statement = sql.select(*columns).where(CONTACT.c.instance_id == instance.id, sql.or_(*near))
        rows = await connect.contacts.rows(statement)
        before = len(known)
        known |= {row["id"]: row for row in rows}
        ids = {text for row in known.values() for text in (row["id"], row["initial_id"], row["related_id"]) if text}
        if len(known) == before:
            break
    found = sorted(map(_found, known.values()), key=lambda each: (each.marks.created_ms, each.row["id"]))
    some, token = page(found, asked)
    await _read(connect, some)
    return {"ContactSummaryList": [_relative(connect, instance, each) for each in some], "NextToken": token}


def _relative(connect: Connect, instance: Record, found: Found) -> dict[str, Any]:
    contact = found.whole
    return {
        **_kin(connect, instance, contact, found.marks),
        "ContactId": contact.id,
        "ContactArn": _arn(connect, instance, contact),
        "RelatedContactId": contact.related_id,
    }


OPERATIONS: Mapping[str, Operation] = {
    "SearchContacts": _search,
    "ListContactReferences": _references,
    "ListAssociatedContacts": _associated,
}
