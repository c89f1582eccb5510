"""Tables of offhook.toml and of files like it, read key by key: every mistake is said, and none stops the rest."""

import difflib
import re
from collections.abc import Iterator
from typing import Any

import msgspec


class Table:
    """One table being read: takes what is asked for, and notes what is wrong. What nobody asked for is unknown."""

    def __init__(self, source: str, path: str, entries: Any, problems: list[str]) -> None:
        self._source = source
        self._path = path
        self._problems = problems
        self.is_sound = True
        self._asked: list[str] = []
        self.entries: dict[str, Any] = entries if isinstance(entries, dict) else {}
        if not isinstance(entries, dict):
            self.problem("", f"is {shown(entries)}, must be a table")

    def problem(self, key: str, rule: str) -> None:
        self.is_sound = False
        words = filter(None, (self._path and f"[{self._path}]", key and spelled(key), rule))
        self._problems.append(f"{self._source}: {' '.join(words)}.")

    def text(self, key: str, default: str = "", *, one_of: tuple[str, ...] = ()) -> str:
        value = self._take(key, default)
        if not isinstance(value, str) or (key in self.entries and not value):
            self.problem(key, f"is {shown(value)}, must be text")
            return default
        if one_of and value not in one_of:
            self.problem(key, f"is {shown(value)}, must be one of {', '.join(one_of)}")
            return default
        return value

    def number(self, key: str, *, least: int, most: int) -> int | None:
        value = self._take(key, None)
        if type(value) is int and least <= value <= most:
            return value
        if value is not None:
            self.problem(key, f"is {shown(value)}, must be a whole number in {least}..{most}")
        return None

    def flag(self, key: str) -> bool | None:
        value = self._take(key, None)
        if isinstance(value, bool):
            return value
        if value is not None:
            self.problem(key, f"is {shown(value)}, must be true or false")
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.problem(key, f"is {shown(value)}, must be a list of texts")
            return ()
        return tuple(value)

    def numbers(self, key: str) -> tuple[int, ...] | None:
        value = self._take(key, None)
        if key not in self.entries:
            return None
        if not isinstance(value, list) or not all(type(item) is int and item >= 0 for item in value):
            self.problem(key, f"is {shown(value)}, must be a list of whole numbers from 0")
            return None
        return tuple(value)

    def text_map(self, key: str, *, one_of: tuple[str, ...] = ()) -> dict[str, str]:
        table = self.table(key)
        return {name: table.text(name, one_of=one_of) for name in table.entries}

    def scalars(self, key: str) -> dict[str, str]:
        """Texts, which may be empty, and numbers and flags as JSON spells them."""
        table = self.table(key)
        found = {}
        for name, value in table.entries.items():
            if isinstance(value, str | int | float):
                found[name] = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            else:
                table.problem(name, f"is {shown(value)}, must be text, a number, true or false")
                self.is_sound = False
        return found

    def table(self, key: str) -> "Table":
        path = f"{self._path}.{spelled(key)}" if self._path else spelled(key)
        return Table(self._source, path, self._take(key, {}), self._problems)

    def tables(self, key: str) -> Iterator[tuple[str, "Table"]]:
        table = self.table(key)
        return ((name, table.table(name)) for name in table.entries)

    def list_of_tables(self, key: str) -> "list[Table]":
        value = self._take(key, [])
        if not isinstance(value, list):
            self.problem(key, f"is {shown(value)}, must be a list of tables")
            return []
        path = f"{self._path}.{spelled(key)}"
        return [Table(self._source, f"{path}[{place}]", entry, self._problems) for place, entry in enumerate(value)]

    def shares(self, key: str) -> dict[str, float]:
        """Numbers in 0..1 by name that are 1 together at most."""
        table = self.table(key)
        for name, value in table.entries.items():
            if type(value) not in (int, float) or not 0 <= value <= 1:
                table.problem(name, f"is {shown(value)}, must be a share in 0..1")
        if table.is_sound and sum(table.entries.values()) > 1:
            table.problem("", "adds up to more than 1")
        self.is_sound &= table.is_sound
        return table.entries if table.is_sound else {}

    def raw(self, key: str) -> Any:
        return self._take(key, None)

    def left(self) -> list[str]:
        """Keys that nobody has asked for."""
        return [key for key in self.entries if key not in self._asked]

    def close(self) -> None:
        """Whatever nobody has asked for is a mistake."""
        for key in self.left():
            near = difflib.get_close_matches(key, self._asked, n=1, cutoff=0.8)
            meant = f"did you mean {near[0]}" if near else f"known: {', '.join(self._asked)}"
            self.problem(key, f"is not a setting here; {meant}")

    def _take(self, key: str, default: Any) -> Any:
        self._asked.append(key)
        return self.entries.get(key, default)


def spelled(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else f'"{key}"'


def shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a table"
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 40 else f"{text[:40]}…"
