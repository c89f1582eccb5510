"""The project's instance, put into the store when a server starts.

What offhook.toml and the files it names have is kept as if the API had made it, and marked (`Record.managed`): a file
that changes changes it, a file that goes takes it away, and a start without a change changes nothing, not even when a
thing was modified. What the API made stays, and so do members of managed things that the project says nothing of. A
name that the API has given to a thing of its own is refused.

A project without anything still has an instance. It begins as every instance does (connect_api/beginning); a thing of
the project that has the name of one of those takes its place, and everything that led there leads to it.
"""

from collections.abc import Iterator, Mapping

import msgspec

from offhook.adapters.store.shelf import ACCOUNT, Record
from offhook.api.connect_api.beginning import begin
from offhook.api.connect_api.connect import Connect
from offhook.api.connect_api.instance import DEFAULTS
from offhook.api.seed import routing, wanted
from offhook.api.seed.removal import remove
from offhook.api.seed.wanted import FLOWS, NAMED, Ids, Wanted
from offhook.blocks.show_view import AWS_MANAGED
from offhook.drivers.defaults import LIBRARY_PROMPTS
from offhook.model.errors import UsageError
from offhook.model.instance import Instance, derived_id

# What of an old body is the project's to say: where it says nothing, it is gone
_OWNED = {
    "queue": ("HoursOfOperationId", "MaxContacts", "OutboundCallerConfig"),
    "agent": ("RoutingProfileId",),
    "phone-number": ("ContactFlowId",),
}


async def seed(connect: Connect, instance: Instance, contents: Mapping[str, str]) -> None:
    """Put the instance into the store. `contents`: the text of each flow of the project by ARN; the others are those
    that every instance has. Raises UsageError, with every name that is taken; nothing is changed then.
    """
    shelf = connect.shelf
    try:
        _add_instance(connect, instance)
        ids = Ids(instance, lambda kind, name: shelf.named(instance.id, kind, name))
        wanted.own_names(ids, contents)
        things = list(_things(ids, contents))
        problems = [sentence for each in things for sentence in _taken(connect, instance, each)]
        if problems:
            raise UsageError(*problems)
        for each in things:
            _make_way(connect, instance, each)
        things = list(_things(ids, contents))  # what stood in the way is gone, and with it what led there
        for place, each in enumerate(things):
            _settle(connect, instance, each, place)
        remove(connect, instance, {(each.kind, each.id) for each in things})
    except BaseException:
        shelf.forget()
        raise
    await shelf.commit()


def _add_instance(connect: Connect, instance: Instance) -> None:
    known = connect.shelf.get(ACCOUNT, "instance", instance.id)
    other = connect.shelf.named(ACCOUNT, "instance", instance.alias)
    if other is not None and other.id != instance.id:
        raise UsageError(
            f"instance {instance.alias!r}: the database has another instance of this alias, {other.id}; "
            f"give [instance] another alias, or its id."
        )
    if known is None:
        attributes = {**DEFAULTS, "INBOUND_CALLS": "true", "OUTBOUND_CALLS": "true"}
        body = {"IdentityManagementType": "CONNECT_MANAGED", "Attributes": attributes}
        made = Record(instance=ACCOUNT, kind="instance", id=instance.id, name=instance.alias, body=body, managed=True)
        connect.shelf.put(made)
        begin(connect, instance.id)
    elif known.name != instance.alias:
        connect.shelf.put(msgspec.structs.replace(known, name=instance.alias))


def _things(ids: Ids, contents: Mapping[str, str]) -> Iterator[Wanted]:
    yield from routing.hours(ids)
    yield from wanted.prompts(ids, LIBRARY_PROMPTS)
    yield from wanted.views(ids, AWS_MANAGED)
    yield from wanted.flows(ids, contents)
    yield from wanted.numbers(ids)
    yield from routing.queues(ids)
    yield from routing.profiles(ids)
    yield from routing.agents(ids)
    yield from routing.quick_connects(ids)
    yield from wanted.associations(ids)


# --- names ---


def _taken(connect: Connect, instance: Instance, each: Wanted) -> Iterator[str]:
    """The sentence for a name that a thing has which is neither the project's nor the instance's from its beginning."""
    for other in _others(connect, instance, each):
        if not other.managed and not _is_of_beginning(other):
            where = "" if other.instance == instance.id else f" in the instance {other.instance}"
            yield (
                f"{NAMED[each.kind]} {each.name!r}: something that was made by the API has this name{where}: "
                f"{other.id}; rename or delete one of the two."
            )


def _others(connect: Connect, instance: Instance, each: Wanted) -> Iterator[Record]:
    """What has the name of the thing, and another id. A number is nobody else's in any instance."""
    if each.kind not in NAMED:
        return
    owners = [instance.id]
    if each.kind == "phone-number":
        owners = [owner.id for owner in connect.shelf.all(ACCOUNT, "instance")]
    for owner in owners:
        other = connect.shelf.named(owner, each.kind, each.name)
        if other is not None and (other.id != each.id or owner != instance.id):
            yield other


def _is_of_beginning(record: Record) -> bool:
    return record.id == derived_id(record.instance, record.kind, record.name)


def _make_way(connect: Connect, instance: Instance, each: Wanted) -> None:
    """What the instance has of this name goes, and what led there leads to the project's thing."""
    for other in list(_others(connect, instance, each)):
        connect.shelf.delete(other)
        if other.instance != instance.id:
            continue
        old, new = other.id.encode(), each.id.encode()
        for kind in list(connect.shelf.kinds(instance.id)):
            for record in connect.shelf.all(instance.id, kind):
                body = msgspec.json.encode(record.body)
                if old in body:
                    changed = msgspec.json.decode(body.replace(old, new))
                    connect.shelf.put(msgspec.structs.replace(record, body=changed))


# --- changing ---


def _settle(connect: Connect, instance: Instance, each: Wanted, place: int) -> None:
    """Keep the thing as the project has it, if it is not."""
    old = connect.shelf.get(instance.id, each.kind, each.id)
    if old is None:
        body = {**each.usual, **each.body, **({"Revision": 1} if each.kind in FLOWS else {})}
        # by the time at which they were made things are in order, also when they are read again
        made = Record(
            instance=instance.id, kind=each.kind, id=each.id, name=each.name, body=body, managed=True,
            created_ms=connect.now_ms() + place,
        )  # fmt: skip
        connect.shelf.put(made)
        return
    owned = _OWNED.get(each.kind, ())
    kept = {key: value for key, value in old.body.items() if key not in owned}
    body = {**each.usual, **kept, **each.body}
    if each.kind in FLOWS and body["Published"] != old.body.get("Published"):
        body = {key: value for key, value in body.items() if key not in ("Saved", "SavedSettings")}
        body["Revision"] = old.body.get("Revision", 0) + 1
    if (old.name, old.managed, old.body) != (each.name, True, body):
        connect.shelf.put(msgspec.structs.replace(old, name=each.name, managed=True, body=body))
