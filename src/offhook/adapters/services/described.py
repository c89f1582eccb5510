"""Descriptions of services, read entry by entry, so that every mistake is found and said in one sentence each."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from offhook.adapters.services.error import ServiceError

_Shape = TypeVar("_Shape", bound=msgspec.Struct)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`(?: - at `\$(.*)`)?$")


class Described:
    """One description. `problems` grows with what is wrong; `shapes` forbid unknown fields."""

    def __init__(self, description: Mapping[str, Any], *keys: str) -> None:
        self._description = description
        known = ", ".join(keys)
        self.problems = [f"{key!r} is not known here; known: {known}." for key in description if key not in keys]

    def listed(self, key: str, shape: type[_Shape]) -> list[tuple[str, _Shape]]:
        """The entries of a list, each with the place where it stands."""
        value = self._description.get(key, [])
        if isinstance(value, list):
            return list(self._each(((f"{key}[{place}]", entry) for place, entry in enumerate(value)), shape))
        self.problems.append(f"{key} is no list, must be a list of objects.")
        return []

    def named(self, key: str, shape: type[_Shape]) -> dict[str, _Shape]:
        """The entries of an object, by name."""
        value = self._description.get(key, {})
        if isinstance(value, dict):
            places = {f"{key}.{name}": name for name in value}
            each = self._each(((place, value[name]) for place, name in places.items()), shape)
            return {places[place]: made for place, made in each}
        self.problems.append(f"{key} is no object, must be an object of objects.")
        return {}

    def _each(self, entries: Iterable[tuple[str, Any]], shape: type[_Shape]) -> Iterator[tuple[str, _Shape]]:
        for where, entry in entries:
            try:
                yield where, msgspec.convert(entry, shape)
            except msgspec.ValidationError as problem:
                self.problems.append(_sentence(where, str(problem), shape))


def _sentence(where: str, problem: str, shape: type[msgspec.Struct]) -> str:
    if (unknown := _UNKNOWN.match(problem)) is not None:
        key, below = unknown.groups()
        known = "" if below else f"; known: {', '.join(shape.__struct_encode_fields__)}"
        return f"{where}{below or ''}: {key!r} is not known there{known}."
    what, _, path = problem.partition(" - at ")
    below = path.strip("`").removeprefix("$")
    return f"{where}{below}: {what[:1].lower()}{what[1:]}."


def unknown_operation(operation: str, known: Iterable[str]) -> ServiceError:
    return ServiceError("UnknownOperationException", f"{operation} is not there; there is {', '.join(known)}.")
