"""What one transaction writes: rows by table, as data. Who runs contacts gathers it, a store carries it out.

A row that is put replaces the one with its key; what is put twice is written once, as it was put last.
"""

from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]
Key = tuple[Any, ...]

# The columns that tell rows of a table apart, in the order in which tables are written
KEYS: dict[str, tuple[str, ...]] = {
    "resource": ("instance_id", "kind", "id"),
    "contact": ("id",),
    "event": ("contact_id", "seq"),
    "due": ("id",),
    "outbox": ("id",),
    "attributes": ("initial_id",),
    "participant": ("id",),
    "item": ("id",),
    "attachment": ("id",),
}


class Writes:
    """Gathered by one owner and then given away. Tables and their columns: adapters/store/schema.py."""

    def __init__(self) -> None:
        self._puts: dict[str, dict[Key, Row]] = {}
        self._drops: dict[str, dict[Key, None]] = {}

    def __bool__(self) -> bool:
        return bool(self._puts or self._drops)

    def put(self, table: str, row: Row) -> None:
        key = tuple(row[name] for name in KEYS[table])
        self._puts.setdefault(table, {})[key] = row
        if table in self._drops:
            self._drops[table].pop(key, None)

    def drop(self, table: str, *key: Any) -> None:
        """The row with this key is gone; it need not be there."""
        self._puts.get(table, {}).pop(key, None)
        self._drops.setdefault(table, {})[key] = None

    def add(self, other: "Writes") -> None:
        """What the other has, after what is here."""
        for table, rows in other._puts.items():
            for row in rows.values():
                self.put(table, row)
        for table, keys in other._drops.items():
            for key in keys:
                self.drop(table, *key)

    def puts(self) -> Iterator[tuple[str, list[Row]]]:
        """By table, in order."""
        return ((table, list(self._puts[table].values())) for table in KEYS if self._puts.get(table))

    def drops(self) -> Iterator[tuple[str, list[Row]]]:
        """The keys of rows that are gone, by table."""
        for table, names in KEYS.items():
            if keys := self._drops.get(table):
                yield table, [dict(zip(names, key, strict=True)) for key in keys]
