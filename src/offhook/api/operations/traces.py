"""OpenTelemetry: a contact is a trace, its blocks and invocations are spans.

The ids follow from the contact's, so what it does in the next process belongs to the same trace, and a span that is
sent twice is the same span. A span is sent when it is over; nothing is kept open, and no sampling is done here. What
customers enter and functions answer is in none.

Needs the extra `otel`; nothing but this module imports it, and only where traces are wanted.
"""

import hashlib
import os
import uuid
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from offhook import __version__
from offhook.api.operations.passage import Entered, Invoked, Passed
from offhook.drivers.embedded.turn import Turn
from offhook.model.contact import Contact

_SCOPE = InstrumentationScope("offhook", __version__)
_PATH = "/v1/traces"


class Traces:
    """`watch` is a reader of turns; `close` sends what is left and may take a while."""

    def __init__(self, processor: SpanProcessor) -> None:
        self._processor = processor
        self._resource = Resource.create(
            {"service.name": os.environ.get("OTEL_SERVICE_NAME", "offhook"), "service.version": __version__}
        )

    def watch(self, turn: Turn, passages: list[Passed | Invoked]) -> None:
        for passage in passages:
            if isinstance(passage, Passed):
                self._block(turn.contact, passage)
            else:
                self._invocation(turn.contact, passage)
        if turn.contact.phase == "ended" and (turn.was is None or turn.was.phase != "ended"):
            self._contact(turn)

    def close(self) -> None:
        self._processor.shutdown()

    def _contact(self, turn: Turn) -> None:
        contact, marks = turn.contact, turn.cell.marks
        attributes = {
            "offhook.contact.id": contact.id, "offhook.contact.initial_id": contact.initial_id,
            "offhook.instance.id": turn.cell.instance_id, "offhook.channel": contact.channel,
            "offhook.initiation_method": contact.initiation_method,
            "offhook.disconnect_reason": marks.reason or "",
            "offhook.queue": marks.queue.name if marks.queue is not None else "",
        }  # fmt: skip
        previous = contact.previous_id
        links = [Link(_root(previous))] if previous not in (None, "", contact.id) else []
        self._send(
            f"contact {contact.channel}", _root(contact.id), None, contact.started_ms or marks.created_ms,
            contact.now_ms, attributes, kind=SpanKind.SERVER, links=links,
        )  # fmt: skip

    def _block(self, contact: Contact, passed: Passed) -> None:
        attributes = {
            "offhook.block": passed.block, "offhook.action": passed.action, "offhook.flow": passed.entered.flow,
            "offhook.outcome": passed.outcome,
        }  # fmt: skip
        self._send(
            passed.block, _context(contact.id, passed.entered.key), _root(contact.id), passed.entered.at_ms,
            passed.until_ms, attributes, is_error=passed.is_error, entered=passed.entered,
        )  # fmt: skip

    def _invocation(self, contact: Contact, invoked: Invoked) -> None:
        effect, ended = invoked.effect, invoked.ended
        attributes = {
            "faas.invoked_name": effect.function, "faas.invocation_id": effect.request_id,
            "offhook.attempt": effect.attempt, "offhook.outcome": invoked.outcome,
            "offhook.status": ended.status, "faas.coldstart": ended.cold, "offhook.init_ms": ended.init_ms,
        }  # fmt: skip
        self._send(
            f"invoke {effect.function}", _context(contact.id, effect.id), _context(contact.id, invoked.entered.key),
            invoked.at_ms - ended.took_ms, invoked.at_ms, attributes, kind=SpanKind.CLIENT,
            is_error=invoked.outcome != "success",
        )  # fmt: skip

    def _send(
        self, name: str, context: SpanContext, parent: SpanContext | None, from_ms: int, until_ms: int,
        attributes: dict[str, Any], *, kind: SpanKind = SpanKind.INTERNAL, is_error: bool = False,
        links: list[Link] | None = None, entered: Entered | None = None,
    ) -> None:  # fmt: skip
        if entered is not None and not entered.is_seen:
            attributes["offhook.start_is_a_guess"] = True
        span = ReadableSpan(
            name, context, parent, self._resource, attributes, (), links or (), kind,
            status=Status(StatusCode.ERROR if is_error else StatusCode.UNSET),
            start_time=from_ms * 1_000_000, end_time=until_ms * 1_000_000, instrumentation_scope=_SCOPE,
        )  # fmt: skip
        self._processor.on_end(span)


def exporting(url: str) -> Traces:
    """Traces that are sent to a collector (OTLP over HTTP) in batches, from a thread. `url` is without a path, or with
    that of traces; "" is what OTEL_EXPORTER_OTLP_ENDPOINT says.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    base = url.rstrip("/")
    endpoint = base if not base or base.endswith(_PATH) else base + _PATH
    return Traces(BatchSpanProcessor(OTLPSpanExporter(endpoint or None)))


def trace_id(contact_id: str) -> int:
    """The contact's id as it is, where it is a UUID."""
    try:
        return uuid.UUID(contact_id).int
    except ValueError:
        return _number(contact_id, 16)


def _root(contact_id: str) -> SpanContext:
    return _context(contact_id, contact_id)


def _context(contact_id: str, key: str) -> SpanContext:
    return SpanContext(trace_id(contact_id), _number(key, 8), is_remote=False, trace_flags=TraceFlags(1))


def _number(text: str, size: int) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:size]) or 1
