"""Finds the operation that a method, a path and a query mean.

Paths are matched as they arrive, percent-encoded, because an encoded slash is part of a label: ARNs are legal where ids
are. Of several routes that fit, the one with more literal segments is meant, then the one with more of the query.
Source: spec/gateway.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote


@dataclass(frozen=True, slots=True)
class Route:
    """One operation's place. A segment is a literal, or `{label}`; a last `{label+}` takes what is left of the path."""

    operation: str
    method: str
    segments: tuple[str, ...]
    query: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, operation: str, http: Mapping[str, Any]) -> "Route":
        """From the `http` trait of an operation in botocore's model."""
        path, _, query = http["requestUri"].partition("?")
        return cls(operation, http["method"], _segments(path), tuple(parse_qsl(query, keep_blank_values=True)))

    @property
    def rank(self) -> tuple[int, int]:
        return sum(not _is_label(segment) for segment in self.segments), len(self.query)

    def labels(self, segments: tuple[str, ...], query: Iterable[tuple[str, str]]) -> dict[str, str] | None:
        """The decoded labels, or None where it does not fit."""
        if self.segments and self.segments[-1].endswith("+}"):
            head = len(self.segments) - 1
            segments = (*segments[:head], "/".join(segments[head:]))
        if len(segments) != len(self.segments) or not set(self.query) <= set(query):
            return None
        labels = {}
        for expected, found in zip(self.segments, segments, strict=True):
            if _is_label(expected):
                if not found:
                    return None
                labels[expected[1:-1].removesuffix("+")] = unquote(found)
            elif expected != found:
                return None
        return labels


class Routes:
    """The routes of one service."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: dict[tuple[str, str], list[Route]] = defaultdict(list)
        for route in sorted(routes, key=lambda route: route.rank, reverse=True):
            self._routes[route.method, _first(route.segments)].append(route)

    def find(self, method: str, path: str, query: Iterable[tuple[str, str]]) -> tuple[str, dict[str, str]] | None:
        """The operation and its labels; `path` without the query."""
        segments = _segments(path)
        for first in (_first(segments), ""):
            for route in self._routes.get((method, first), ()):
                labels = route.labels(segments, query)
                if labels is not None:
                    return route.operation, labels
        return None


def _segments(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/"))


def _first(segments: tuple[str, ...]) -> str:
    """The first segment, "" where that is a label."""
    return "" if _is_label(segments[0]) else segments[0]


def _is_label(segment: str) -> bool:
    return segment.startswith("{")
