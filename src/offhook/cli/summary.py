"""What a contact came to, gathered from its trace events: outcome, silence, functions, attributes, what was missing."""

import difflib
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from offhook.cli.terminal import as_json, clock, plain, seconds, went_well
from offhook.core import trace
from offhook.core.calendar import parse_instant

_FUNCTION = re.compile(r"function:([^:]+)")
# What a flow itself should have set; everything else is the system's, and `--set` can give it.
_OF_THE_FLOW = ("Attributes", "External", "FlowAttributes", "LambdaInvocation")


@dataclass(slots=True)
class _Calls:
    times: int = 0
    attempts: int = 0
    ended: int = 0
    failed: int = 0
    took_ms: int = 0

    def __str__(self) -> str:
        parts = [_count(self.times, "call"), _count(self.attempts, "attempt")]
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        if self.ended < self.attempts:
            parts.append(f"{self.attempts - self.ended:,} without an answer")
        return ", ".join([*parts, seconds(self.took_ms)] if self.ended else parts)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


class Summary:
    """Gathers; one object per contact."""

    def __init__(self) -> None:
        self.reason = ""
        self.agent = ""
        self._queued_ms: int | None = None
        self._waited_ms: int | None = None
        self._contact = ""
        self._others: dict[str, str] = {}
        self._mistakes: list[str] = []
        self.has_ended = False
        self.attributes: dict[str, str] = {}
        self.silences_ms: list[int] = []
        self.took_ms = 0
        self._functions: dict[str, _Calls] = {}
        self._unset: dict[str, None] = {}
        self._answered: dict[str, None] = {}
        self._unknown: dict[str, None] = {}
        self._channel = "VOICE"
        self._start_ms: int | None = None
        self._quiet_ms: int | None = None

    @property
    def is_fatal(self) -> bool:
        """Whether the contact was dropped by a mistake of the flow (decisions S16, S18)."""
        return bool(self._mistakes)

    @property
    def outcome(self) -> str:
        if not self.has_ended:
            return self.reason if self.reason.startswith("queued") else f"still running: {self.reason}".rstrip(": ")
        if self.reason.endswith("hung up"):
            return f"hung up: {self.reason}"
        return self.reason if self.reason.startswith("ended") else f"ended: {self.reason}"

    def __call__(self, event: trace.AnyTrace) -> None:
        now_ms = parse_instant(event.at)
        if self._start_ms is None:
            self._start_ms = self._quiet_ms = now_ms
        self.took_ms = now_ms - self._start_ms
        self._contact = self._contact or event.contact
        if isinstance(event, trace.FlowEnded) and trace.is_fatal(event.reason):
            self._mistakes.append(event.reason)
        if event.contact != self._contact:
            self._other(event)
            return
        if event.line != "agent":
            self._listen(event, now_ms)
        match event:
            case trace.ContactStarted():
                self._channel = event.channel
                self.attributes = dict(event.attributes)
            case trace.FunctionCalled() | trace.FunctionEnded():
                self._function(event)
            case trace.BlockLeft():
                self._left(event)
            case trace.ContactPhase():
                self._turn(event, now_ms)
            case trace.ContactEnded():
                self.reason, self.has_ended = event.reason, True

    def _other(self, event: trace.AnyTrace) -> None:
        """Another contact of the same run: how it began and how it ended."""
        if isinstance(event, trace.ContactStarted):
            self._others[event.contact] = f"{event.initiation_method} {event.flow_name}".rstrip()
        elif isinstance(event, trace.ContactEnded):
            self._others[event.contact] += f": {event.reason}"

    def _turn(self, event: trace.ContactPhase, now_ms: int) -> None:
        if event.phase in ("queued", "callback"):
            self._queued_ms, self.reason = now_ms, f"queued in {event.queue!r}"
        elif event.was in ("queued", "callback") and self._queued_ms is not None:
            self._waited_ms = now_ms - self._queued_ms
        self.agent = event.agent

    def _listen(self, event: trace.AnyTrace, now_ms: int) -> None:
        """Silence: nothing is said and nobody listens, because functions or waits run (cases.md P26)."""
        is_sound = isinstance(event, trace.Said) or (
            isinstance(event, trace.Ordered) and event.effect["type"] in ("CollectInput", "Bridge")
        )
        if (is_sound or isinstance(event, trace.ContactEnded)) and self._quiet_ms is not None:
            self.silences_ms.append(now_ms - self._quiet_ms)
            self._quiet_ms = None
        elif isinstance(event, trace.BlockLeft) and self._quiet_ms is None:
            self._quiet_ms = now_ms

    def _function(self, event: trace.FunctionCalled | trace.FunctionEnded) -> None:
        calls = self._functions.setdefault(event.function, _Calls())
        if isinstance(event, trace.FunctionCalled):
            calls.attempts += 1
            calls.times += event.attempt == 1
            return
        calls.ended += 1
        calls.took_ms += event.measured.get("took_ms", 0)
        calls.failed += not went_well(event)

    def _left(self, event: trace.BlockLeft) -> None:
        self._unset.update(dict.fromkeys(event.unset))
        self.attributes = event.set.get("attributes", self.attributes)
        if isinstance(event.external, dict):
            self._answered.update(dict.fromkeys(event.external))
        if event.block == "InvokeLambdaFunction" and event.cause == "not_found" and not event.attempts:
            arn = event.parameters.get("LambdaFunctionARN") or ""
            found = _FUNCTION.search(arn)
            self._unknown[found.group(1) if found else arn] = None

    def rows(self) -> Iterator[tuple[str, str]]:
        """Name and text of each line, in the order of what matters most."""
        yield "outcome", plain(self.outcome)
        yield "time", clock(self.took_ms)
        if self._channel == "VOICE":
            yield (
                "silence",
                f"{seconds(max(self.silences_ms, default=0))} at longest, {seconds(sum(self.silences_ms))} in all",
            )
        if self._waited_ms is not None:
            yield "waited", f"{seconds(self._waited_ms)} in the queue" + (f", for {self.agent}" if self.agent else "")
        for text in self._others.values():
            yield "contact", plain(text)
        for name, calls in self._functions.items():
            yield "function", f"{plain(name)}: {calls}"
        for name in self._unknown:
            yield "missing", self._advice(name)
        for key, value in self.attributes.items():
            yield "attribute", f"{plain(key)} = {plain(as_json(value))}"
        for reference in self._unset:
            yield "not set", plain(self._hint(reference))

    def _advice(self, name: str) -> str:
        if not name or "=" in name:
            return "a function that the flow names by no usable text; give it a name in the flow"
        option = shlex.quote(f"{name}=stub:{{}}")
        return f"function {plain(repr(name))} is not configured; add --function {option}"

    def _hint(self, reference: str) -> str:
        root, _, key = reference.removeprefix("$.").partition(".")
        if root not in _OF_THE_FLOW:
            return f"{reference}, which --set {shlex.quote(reference + '=…')} would give"
        known = list(self.attributes) if root == "Attributes" else list(self._answered)
        near = [name for name in known if name.lower() == key.lower()] or difflib.get_close_matches(key, known, n=1)
        return f"{reference} (is it {near[0]}?)" if near else reference
