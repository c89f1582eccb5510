"""What was the project's and is no more: taken out of the store, unless something that stays leads to it."""

import logging
from collections.abc import Iterator
from dataclasses import replace

import msgspec

from offhook.adapters.store.shelf import Record, Shelf
from offhook.api.connect_api.beginning import begin
from offhook.api.connect_api.connect import Connect
from offhook.api.seed.wanted import FLOWS, NAMED
from offhook.model.instance import Instance
from offhook.model.writes import Writes

_LOG = logging.getLogger("offhook.seed")
_KINDS = (*NAMED, "operating-hours-override", "lambda-function", "lex-v2-bot")
_Key = tuple[str, str]  # kind and id


def remove(connect: Connect, instance: Instance, wanted: set[_Key]) -> None:
    """`wanted` are the kinds and ids of what the project has."""
    gone = {
        (kind, record.id): record
        for kind in _KINDS
        for record in connect.shelf.all(instance.id, kind)
        if record.managed and (kind, record.id) not in wanted
    }
    while stays := _led_to(connect, instance, gone):
        for key, user in stays.items():
            record = gone.pop(key)
            _LOG.warning("%s %r is in the project no more and stays: %r leads to it.",
                         NAMED.get(record.kind, record.kind), record.name, user)  # fmt: skip
    for record in gone.values():
        connect.shelf.delete(record)
        _remove_rest(connect, instance, record)


def _led_to(connect: Connect, instance: Instance, gone: dict[_Key, Record]) -> dict[_Key, str]:
    """Of what is to go, that which something else leads to, with its name."""
    if not gone:
        return {}
    bodies = [(each.name, msgspec.json.encode(each.body)) for each in _users(connect, instance, gone)]
    found: dict[_Key, str] = {}
    for key in gone:
        id = key[1].encode()
        user = next((name for name, body in bodies if id in body), None)
        if user is not None:
            found[key] = user
    return found


def _users(connect: Connect, instance: Instance, gone: dict[_Key, Record]) -> Iterator[Record]:
    """What stays and may lead to something, beside flows: these may lead to what is not there."""
    for kind in list(connect.shelf.kinds(instance.id)):
        if kind in ("operating-hours-override", "flow-revision") or kind.startswith(FLOWS):
            continue
        yield from (each for each in connect.shelf.all(instance.id, kind) if (kind, each.id) not in gone)


def _remove_rest(connect: Connect, instance: Instance, record: Record) -> None:
    """What belonged to it goes, too; a default flow that it stood in for comes back."""
    for kind in ("operating-hours-override", f"{record.kind}-version", f"{record.kind}-alias"):
        for each in connect.shelf.all(instance.id, kind):
            if each.id.partition(":")[0] == record.id or record.id in each.body.values():
                connect.shelf.delete(each)
    if record.kind in FLOWS:
        first = _beginning(connect, instance).get(instance.id, record.kind, record.id)
        if first is not None:
            connect.shelf.put(first)


def _beginning(connect: Connect, instance: Instance) -> Shelf:
    """What a new instance of this id would have."""
    made = Shelf(_Nowhere(), (), connect.now_ms)
    begin(replace(connect, shelf=made), instance.id)
    return made


class _Nowhere:
    async def write(self, writes: Writes) -> None:
        """Nothing is kept."""
