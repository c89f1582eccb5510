"""OpenTelemetry: what a contact does is one trace, over all processes in which it does it."""

import asyncio
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from offhook.api.operations.passage import MAX_CONTACTS, Passages
from offhook.api.operations.traces import Traces, trace_id
from offhook.api.operations.watch import Watch
from offhook.cli.outlook import traces_to
from offhook.model.errors import UsageError
from offhook.model.event import HungUp, LambdaEnded
from tests.chats import ECHO, Centre
from tests.durable import INSTANCE, Kept, run
from tests.server import Server
from tests.stage import BYE, CONTACT_ID, START_MS, Stubs, action, call, compiled, contact, flow, say

SPOKEN = flow(
    say("hi", "Hello", "fn"), call("fn", "wait", "wait"),
    action("wait", "Wait", {"TimeLimitSeconds": "60"}, errors={"NoMatchingError": "bye"},
           when=(("Equals", "WaitCompleted", "bye"),)),
    BYE,
)  # fmt: skip


def watched(kept: Kept) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    traces = Traces(SimpleSpanProcessor(exporter))
    names = Passages(lambda instance, arn: kept.runtime.compiled(instance).program(arn).name)  # type: ignore[union-attr]
    kept.runtime.watchers.append(Watch(names, (traces.watch,)))
    return exporter


def spans(folder: Path, stubs: Stubs, *, begins: bool, ends: bool, **fields: Any) -> list[ReadableSpan]:
    async def live(kept: Kept) -> list[ReadableSpan]:
        exporter = watched(kept)
        if begins:
            await kept.runtime.begin(contact(channel="CHAT", **fields), INSTANCE)
        if ends:
            await kept.over(CONTACT_ID)
        else:
            await asyncio.sleep(10)
        return list(exporter.get_finished_spans())

    return run(live, compiled(SPOKEN), stubs, folder=folder)


def named(found: list[ReadableSpan], name: str) -> ReadableSpan:
    (span,) = [span for span in found if span.name == name]
    return span


def test_a_contact_is_a_trace_of_blocks_and_invocations(tmp_path: Path) -> None:
    found = spans(tmp_path, Stubs(lookup={"a": "b"}, takes_ms=1_500), begins=True, ends=True)

    root, block, invocation = (named(found, name) for name in ("contact CHAT", "InvokeLambdaFunction", "invoke lookup"))
    assert {span.context.trace_id for span in found} == {uuid.UUID(CONTACT_ID).int}
    assert root.parent is None
    assert {span.parent.span_id for span in found if span.name not in ("contact CHAT", "invoke lookup")} == {
        root.context.span_id
    }
    assert invocation.parent.span_id == block.context.span_id
    assert (invocation.kind, root.kind, block.kind) == (SpanKind.CLIENT, SpanKind.SERVER, SpanKind.INTERNAL)
    assert invocation.end_time - invocation.start_time == 1_500_000_000
    assert (block.start_time, block.end_time) == (invocation.start_time, invocation.end_time)
    assert root.start_time == START_MS * 1_000_000
    assert root.end_time == (START_MS + 61_500) * 1_000_000
    assert block.attributes["offhook.flow"] == "It"
    assert invocation.attributes["faas.invoked_name"] == "lookup"
    assert len({span.context.span_id for span in found}) == len(found) == 6


def test_a_contact_that_goes_on_in_the_next_process_is_the_same_trace(tmp_path: Path) -> None:
    first = spans(tmp_path, Stubs(lookup={}), begins=True, ends=False)
    second = spans(tmp_path, Stubs(lookup={}), begins=False, ends=True)

    assert [span.name for span in first] == ["MessageParticipant", "invoke lookup", "InvokeLambdaFunction"]
    assert [span.name for span in second] == ["Wait", "DisconnectParticipant", "contact CHAT"]
    assert {span.context.trace_id for span in (*first, *second)} == {uuid.UUID(CONTACT_ID).int}
    assert {span.parent.span_id for span in (*first, *second) if span.parent and "invoke" not in span.name} == {
        second[-1].context.span_id
    }
    assert second[0].attributes["offhook.start_is_a_guess"] is True


def test_a_function_that_fails_is_an_error_with_its_cause(tmp_path: Path) -> None:
    def fails(effect: Any) -> LambdaEnded:
        return LambdaEnded(0, effect.id, 200, function_error="Unhandled", cause="crash", body='{"secret": 1}')

    found = spans(tmp_path, Stubs(lookup=fails), begins=True, ends=True)

    attempts = [span for span in found if span.name == "invoke lookup"]
    assert [span.attributes["offhook.attempt"] for span in attempts] == [1, 2, 3, 4]
    assert {span.attributes["offhook.outcome"] for span in attempts} == {"crash"}
    assert len({span.context.span_id for span in attempts}) == 4
    assert {span.status.status_code for span in attempts} == {StatusCode.ERROR}
    assert named(found, "InvokeLambdaFunction").status.status_code is StatusCode.ERROR
    assert "secret" not in "".join(span.to_json() for span in found)


def test_a_contact_that_follows_another_is_linked_with_it(tmp_path: Path) -> None:
    before = "22222222-2222-4222-8222-222222222222"
    found = spans(tmp_path, Stubs(lookup={}), begins=True, ends=True, previous_id=before)

    (link,) = named(found, "contact CHAT").links
    assert link.context.trace_id == trace_id(before)


def test_an_id_that_is_no_uuid_is_a_trace_too() -> None:
    assert 0 < trace_id("c/1") < 2**128
    assert trace_id("c/1") != trace_id("c/2")


def test_what_is_remembered_of_blocks_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("offhook.api.operations.passage.MAX_CONTACTS", 2)
    assert MAX_CONTACTS >= 1_000
    passages = Passages(lambda instance, arn: arn)

    async def live(kept: Kept) -> list[int]:
        kept.runtime.watchers.append(passages.read)
        sizes = []
        for number in range(4):
            made = contact(channel="CHAT", id=f"c{number}")
            await kept.runtime.begin(made, INSTANCE)
            sizes.append(len(passages))
        for number in range(4):
            await kept.runtime.happen(f"c{number}", HungUp(kept.loop.now_ms()))
        return [*sizes, len(passages)]

    assert run(live, compiled(SPOKEN), Stubs(lookup={})) == [1, 2, 2, 2, 0]


class Collector(BaseHTTPRequestHandler):
    """Takes what is sent, as OTLP's protobuf."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.taken.append((self.path, body))  # type: ignore[attr-defined]  # ours
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def test_a_server_sends_its_traces_to_a_collector(tmp_path: Path) -> None:
    collector = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    collector.taken = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=collector.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{collector.server_address[1]}"
        (tmp_path / "offhook.toml").write_text(f'[server]\ntraces = "{url}"\n')
        server = Server(tmp_path)
        centre = Centre(server)
        person = centre.begin(centre.flow(*ECHO))
        person.leave()
        assert server.stop() == 0
    finally:
        collector.shutdown()
        thread.join()
        collector.server_close()

    taken = collector.taken  # type: ignore[attr-defined]
    assert {path for path, _ in taken} == {"/v1/traces"}
    sent = b"".join(body for _, body in taken)
    assert uuid.UUID(person.contact).bytes in sent
    assert b"contact CHAT" in sent
    assert b"Ann" not in sent


def test_traces_without_a_place_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)

    assert traces_to("", wanted=False) is None
    with pytest.raises(UsageError, match=r"--traces: say where to, with \[server\] traces in offhook.toml or OTEL_"):
        traces_to("", wanted=True)


def test_traces_without_the_extra_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "offhook.api.operations.traces", None)

    with pytest.raises(UsageError, match=r"Traces need the package .*pip install 'offhook\[otel\]'"):
        traces_to("http://localhost:4318", wanted=False)
