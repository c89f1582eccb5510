"""Numbers for Prometheus: what is counted when it happens. What simply stands there is `standing`'s.

Names and labels are listed in docs/operations.md, and a test compares. A label has the names of blocks, functions,
queues, statuses and operations only, and at most MAX_NAMES of a kind; what comes after is counted as `(other)`.
"""

from collections.abc import Callable

import prometheus_client
from prometheus_client import Counter, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector, CollectorRegistry

from offhook import __version__
from offhook.api.operations.passage import Invoked, Passed
from offhook.drivers.embedded.turn import Turn
from offhook.model.effect import InvokeLambda

MAX_NAMES = 1_000
OTHER = "(other)"
_BLOCK_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
_FUNCTION_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 15, 60)
_STORE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Names:
    """The first so many names as they are, then OTHER."""

    def __init__(self, is_known: Callable[[str], bool] = lambda name: True) -> None:
        self._is_known = is_known
        self._names: set[str] = set()

    def __call__(self, name: str) -> str:
        if name in self._names:
            return name
        if len(self._names) >= MAX_NAMES or not self._is_known(name):
            return OTHER
        self._names.add(name)
        return name


class Metrics:
    """`is_function` tells whether there is a function of this name: a flow may ask for anything.

    Everything but `committed` is called in the event loop.
    """

    def __init__(self, is_function: Callable[[str], bool]) -> None:
        # one more line for each, which nobody reads; the library gives its function no types
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self._functions = Names(is_function)
        self._blocks = Names()
        own = self._registry = CollectorRegistry()
        ProcessCollector(registry=own)
        prometheus_client.Info("offhook", "The version that runs.", registry=own).info({"version": __version__})
        self._started = Counter("offhook_contacts_started", "Contacts that began.", ("channel", "method"), registry=own)
        self._ended = Counter(
            "offhook_contacts_ended", "Contacts that ended, by AWS's DisconnectReason.", ("channel", "reason"),
            registry=own,
        )  # fmt: skip
        self._passed = Counter(
            "offhook_blocks", "Blocks that were left, by error or branch.", ("block", "outcome"), registry=own
        )
        self._block_seconds = Histogram(
            "offhook_block_seconds", "From entering a block to leaving it.", ("block",), registry=own,
            buckets=_BLOCK_SECONDS,
        )  # fmt: skip
        self._attempts = Counter(
            "offhook_function_attempts", "Invocations that flows began.", ("function",), registry=own
        )
        self._retries = Counter(
            "offhook_function_retries", "Those of them that tried again.", ("function",), registry=own
        )
        self._function_seconds = Histogram(
            "offhook_function_seconds", "How long functions ran for flows.", ("function", "outcome"), registry=own,
            buckets=_FUNCTION_SECONDS,
        )  # fmt: skip
        self._events = Counter("offhook_events", "Events that changed contacts.", registry=own)
        self._store_seconds = Histogram(
            "offhook_store_seconds", "How long transactions took.", registry=own, buckets=_STORE_SECONDS
        )
        self._requests = Counter(
            "offhook_requests", "Calls of the AWS APIs.", ("service", "operation", "status"), registry=own
        )
        self._request_seconds = Histogram(
            "offhook_request_seconds", "How long calls took.", ("service", "operation"), registry=own,
            buckets=_REQUEST_SECONDS,
        )  # fmt: skip

    def add(self, collector: Collector) -> None:
        self._registry.register(collector)

    # --- what happens ---

    def watch(self, turn: Turn, passages: list[Passed | Invoked]) -> None:
        """A turn was committed."""
        contact, was = turn.contact, turn.was
        self._events.inc(turn.count)
        if was is not None and was.phase == "new" and contact.phase != "new":
            self._started.labels(contact.channel, contact.initiation_method).inc()
        for passage in passages:
            self._pass(passage)
        for effect in turn.effects:
            if isinstance(effect, InvokeLambda):
                self._attempt(effect)
        if contact.phase == "ended" and (was is None or was.phase != "ended"):
            self._ended.labels(contact.channel, turn.cell.marks.reason or "none").inc()

    def committed(self, seconds: float) -> None:
        """A transaction was; in any thread."""
        self._store_seconds.observe(seconds)

    def answered(self, service: str, operation: str, status: int, seconds: float) -> None:
        """A call of an API was; without an operation where there is none."""
        self._requests.labels(service, operation, str(status)).inc()
        self._request_seconds.labels(service, operation).observe(seconds)

    def _pass(self, passage: Passed | Invoked) -> None:
        if isinstance(passage, Passed):
            block = self._blocks(passage.block)
            self._passed.labels(block, passage.outcome).inc()
            if passage.entered.is_seen:
                self._block_seconds.labels(block).observe((passage.until_ms - passage.entered.at_ms) / 1000)
            return
        function = self._functions(passage.effect.function)
        self._function_seconds.labels(function, passage.outcome).observe(passage.ended.took_ms / 1000)

    def _attempt(self, effect: InvokeLambda) -> None:
        function = self._functions(effect.function)
        self._attempts.labels(function).inc()
        if effect.attempt > 1:
            self._retries.labels(function).inc()

    # --- what is shown ---

    def text(self, accept: str) -> tuple[bytes, str]:
        """All of it in the format that is asked for (OpenMetrics, or Prometheus's own text), and its content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type
