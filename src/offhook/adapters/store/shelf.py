"""The configuration of all instances: in memory, because every call asks for it, and written through to the database.

A change is there at once and lasts once `commit` has returned; where that fails, memory is as it was before. Since one
process owns the database, nobody else changes it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

import msgspec

from offhook.model.writes import Writes

ACCOUNT = ""  # the instance of what belongs to none: instances themselves


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that is configured. `kind` is the word in its ARN (`contact-flow`, `queue`), or one of ours.

    `body` is what AWS describes it by, beside what every record has here; `version` of a flow, `operating-hours` and so
    on have kinds of their own. `managed`: it comes from offhook.toml, which writes it anew at every start.
    """

    instance: str
    kind: str
    id: str
    name: str = ""
    body: dict[str, Any] = {}
    tags: dict[str, str] = {}
    managed: bool = False
    created_ms: int = 0
    modified_ms: int = 0


class Database(Protocol):
    async def write(self, writes: Writes) -> None: ...


Key = tuple[str, str]  # instance and kind
_DECODER = msgspec.json.Decoder(Record)


class Shelf:
    """See the module. Records of a kind are in the order in which they were made."""

    def __init__(self, database: Database, rows: Iterable[bytes], now_ms: Callable[[], int]) -> None:
        self._database = database
        self._now_ms = now_ms
        self._records: dict[Key, dict[str, Record]] = {}
        self._names: dict[Key, dict[str, str]] = {}
        self._before: dict[tuple[str, str, str], Record | None] = {}
        self._watchers: list[Callable[[set[Key]], None]] = []
        self._hooks: list[Callable[[Mapping[tuple[str, str, str], Record | None]], None]] = []
        for record in sorted(map(_DECODER.decode, rows), key=lambda record: record.created_ms):
            self._set(record)

    def watch(self, watcher: Callable[[set[Key]], None]) -> None:
        """Tell `watcher` which kinds of which instances have changed, after each commit."""
        self._watchers.append(watcher)

    def also(self, hook: "Callable[[Mapping[tuple[str, str, str], Record | None]], None]") -> None:
        """Let `hook` put more into each commit: it is given what was there before, by instance, kind and id."""
        self._hooks.append(hook)

    # --- reading ---

    def get(self, instance: str, kind: str, id: str) -> Record | None:
        return self._records.get((instance, kind), {}).get(id)

    def named(self, instance: str, kind: str, name: str) -> Record | None:
        """The record of this name. Names of a kind differ wherever somebody looks for one by name."""
        id = self._names.get((instance, kind), {}).get(name)
        return None if id is None else self.get(instance, kind, id)

    def all(self, instance: str, kind: str) -> list[Record]:
        return list(self._records.get((instance, kind), {}).values())

    def kinds(self, instance: str) -> Iterator[str]:
        """The kinds of which the instance has something."""
        return (kind for (of, kind), records in list(self._records.items()) if of == instance and records)

    # --- changing ---

    def put(self, record: Record) -> Record:
        """Keep it, in place of what has its id. The record as it is kept: with its times."""
        old = self.get(record.instance, record.kind, record.id)
        now_ms = self._now_ms()
        created_ms = old.created_ms if old is not None else record.created_ms or now_ms
        record = msgspec.structs.replace(record, created_ms=created_ms, modified_ms=now_ms)
        self._before.setdefault((record.instance, record.kind, record.id), old)
        self._set(record)
        return record

    def delete(self, record: Record) -> None:
        self._before.setdefault((record.instance, record.kind, record.id), record)
        self._unset(record)

    @property
    def is_dirty(self) -> bool:
        return bool(self._before)

    async def commit(self) -> None:
        """Returns once every change lasts. Raises what the database does; memory is then as it was."""
        if not self._before:
            return
        for hook in self._hooks:
            hook(dict(self._before))
        before, self._before = self._before, {}
        writes = Writes()
        for instance, kind, id in before:
            record = self.get(instance, kind, id)
            if record is None:
                writes.drop("resource", instance, kind, id)
            else:
                row = {"instance_id": instance, "kind": kind, "id": id, "body": msgspec.json.encode(record)}
                writes.put("resource", row)
        try:
            await self._database.write(writes)
        except Exception:
            self._restore(before)
            raise
        changed = {(instance, kind) for instance, kind, _ in before}
        for watcher in self._watchers:
            watcher(changed)

    def forget(self) -> None:
        """Changes since the last commit are not wanted."""
        before, self._before = self._before, {}
        self._restore(before)

    def _restore(self, before: dict[tuple[str, str, str], Record | None]) -> None:
        for (instance, kind, id), old in before.items():
            now = self.get(instance, kind, id)
            if now is not None:
                self._unset(now)
            if old is not None:
                self._set(old)

    def _set(self, record: Record) -> None:
        key = record.instance, record.kind
        names = self._names.setdefault(key, {})
        old = self._records.setdefault(key, {}).get(record.id)
        if old is not None and names.get(old.name) == old.id:
            del names[old.name]
        self._records[key][record.id] = record
        names[record.name] = record.id

    def _unset(self, record: Record) -> None:
        key = record.instance, record.kind
        old = self._records.get(key, {}).pop(record.id, None)
        if old is not None and self._names[key].get(old.name) == old.id:
            del self._names[key][old.name]
