"""Contacts in their queues, in order. No operation costs noticeably more for a hundred thousand than for ten.

A `Line` is one queue on one channel. Who waits in it and is on offer to nobody stands at a gate: those at one gate are
all open to the same agents, so an agent looks at the first of every gate and at nobody else. Which gate that is follows
from the step of the routing criteria and from how long the contact has waited, against the delays of routing profiles.
"""

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from msgspec.structs import replace

from offhook.core.criteria import Proficiencies, fits, step_at
from offhook.model.routing import Enqueue

_BLOCK = 500
Place = tuple[int, int, int, str]  # priority, since when, which came first, contact: the lesser goes first
T = TypeVar("T", bound=tuple[Any, ...])


class Row(Generic[T]):
    """Values in order, none of them twice. They lie in blocks, so that no change moves more than a block."""

    __slots__ = ("_blocks",)

    def __init__(self) -> None:
        self._blocks: list[list[T]] = []

    def __iter__(self) -> Iterator[T]:
        return (value for block in self._blocks for value in block)

    def add(self, value: T) -> None:
        if not self._blocks:
            self._blocks.append([value])
            return
        at = self._at(value)
        block = self._blocks[at]
        insort(block, value)
        if len(block) > 2 * _BLOCK:
            self._blocks[at : at + 1] = [block[:_BLOCK], block[_BLOCK:]]

    def remove(self, value: T) -> None:
        """The value must be there."""
        at = self._at(value)
        block = self._blocks[at]
        del block[bisect_left(block, value)]
        if not block:
            del self._blocks[at]

    def first(self) -> T | None:
        return self._blocks[0][0] if self._blocks else None

    def before(self, value: T) -> int:
        """How many go before a value that is there."""
        at = self._at(value)
        return sum(map(len, self._blocks[:at])) + bisect_left(self._blocks[at], value)

    def _at(self, value: T) -> int:
        return min(bisect_left(self._blocks, value, key=lambda block: block[-1]), len(self._blocks) - 1)


class Gate:
    """Those who have waited past the delays up to `passed_ms`, for agents who fit the step (None: all do)."""

    __slots__ = ("key", "passed_ms", "row", "step")

    def __init__(self, key: tuple[int, bytes], step: Mapping[str, Any] | None) -> None:
        self.key = key
        self.passed_ms = key[0]
        self.step = step
        self.row: Row[Place] = Row()

    def is_open(self, delay_ms: int, proficiencies: Proficiencies, agent: str) -> bool:
        return delay_ms <= self.passed_ms and (self.step is None or fits(self.step, proficiencies, agent))


class Line:
    """See the module. `delays`: those that routing profiles give the queue, in ms."""

    def __init__(self, delays: Sequence[int] = ()) -> None:
        self.delays = delays
        self.arrivals: OrderedDict[str, Waiting] = OrderedDict()
        self.places: Row[Place] = Row()
        self.gates: dict[tuple[int, bytes], Gate] = {}

    def first(self, delay_ms: int, proficiencies: Proficiencies, agent: str) -> Place | None:
        """Who is the first that an agent with this delay may have."""
        heads = (gate.row.first() for gate in self.gates.values() if gate.is_open(delay_ms, proficiencies, agent))
        return min((head for head in heads if head is not None), default=None)

    def gate(self, waited_ms: int, criteria: Sequence[Mapping[str, Any]], counted_ms: int) -> Gate:
        """The gate for a contact that has waited so long, and whose criteria have counted for so long."""
        passed_ms = max((delay for delay in self.delays if delay <= waited_ms), default=0)
        step = step_at(criteria, counted_ms)
        expression = b"" if step is None else msgspec.json.encode(step.get("Expression", {}), order="sorted")
        key = passed_ms, expression
        if key not in self.gates:
            self.gates[key] = Gate(key, step)
        return self.gates[key]


class Waiting:
    """A contact in a queue. `offered` is the agent who is asked; `line` is None until it is there (a callback).

    `criteria_ms`: since when its routing criteria count.
    """

    __slots__ = (
        "criteria_ms", "entered_ms", "gate", "line", "number", "offered", "order", "priority", "since_ms", "until_ms",
    )  # fmt: skip

    def __init__(self, order: Enqueue, number: int) -> None:
        self.order = order
        self.number = number
        self.priority = order.priority
        self.since_ms = order.since_ms or order.at_ms
        self.entered_ms = self.criteria_ms = max(order.at_ms, order.not_before_ms)
        self.offered = ""
        self.until_ms = 0
        self.line: Line | None = None
        self.gate: Gate | None = None

    @property
    def place(self) -> Place:
        return (self.priority, self.since_ms, self.number, self.order.contact)

    def arrive(self, line: Line) -> None:
        self.line = line
        line.arrivals[self.order.contact] = self
        line.places.add(self.place)

    def leave(self) -> None:
        """Out of the line, if it is in it."""
        self.withdraw()
        if self.line is not None:
            del self.line.arrivals[self.order.contact]
            self.line.places.remove(self.place)

    def move(self, priority: int | None, older_ms: int) -> None:
        """Another place in the line: with another priority (None: the same), and as if it had come earlier."""
        line = self.line
        self.withdraw()
        if line is not None:
            line.places.remove(self.place)
        self.priority = self.priority if priority is None else priority
        self.since_ms -= older_ms
        if line is not None:
            line.places.add(self.place)

    def adopt(self, criteria: tuple[dict[str, Any], ...], now_ms: int) -> None:
        """Other routing criteria from now on; they begin anew, once it is in its line."""
        self.order = replace(self.order, criteria=criteria)
        self.criteria_ms = max(self.entered_ms, now_ms)

    def stand(self, now_ms: int) -> None:
        """At the gate that is right for now, if it is in its line and on offer to nobody."""
        self.withdraw()
        if self.line is not None and not self.offered:
            waited_ms, counted_ms = now_ms - self.entered_ms, now_ms - self.criteria_ms
            self.gate = self.line.gate(waited_ms, self.order.criteria, counted_ms)
            self.gate.row.add(self.place)

    def withdraw(self) -> None:
        """From its gate: nobody is to be asked to take it."""
        if self.line is not None and self.gate is not None:
            self.gate.row.remove(self.place)
            if self.gate.row.first() is None:
                del self.line.gates[self.gate.key]
            self.gate = None

    def moments(self) -> list[int]:
        """When its gate will be another (ms): ends of delays and of its criteria's steps."""
        delays = self.line.delays if self.line is not None else ()
        found = {self.entered_ms + after_ms for after_ms in delays if after_ms}
        at_ms = self.criteria_ms
        for step in self.order.criteria:
            at_ms += int(step.get("Expiry", {}).get("DurationInSeconds", 0)) * 1_000
            if at_ms > self.criteria_ms:
                found.add(at_ms)
        return sorted(found)
