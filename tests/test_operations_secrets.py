"""What a customer enters in secret is in nothing that a server keeps or shows (decision S22)."""

import io
import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from offhook.api.operations.flow_log import FlowLog
from offhook.api.operations.logs import JsonLines
from offhook.api.operations.metrics import Metrics
from offhook.api.operations.passage import Passages
from offhook.api.operations.standing import Standing
from offhook.api.operations.traces import Traces
from offhook.api.operations.watch import Watch
from offhook.drivers.sim.customer import Script
from tests.durable import INSTANCE, Kept, run
from tests.stage import BYE, CONTACT_ID, Stubs, action, call, compiled, contact, flow
from tests.test_flow_logs import USES, WAYS, answered_by_echo


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged meanwhile, as `--log-format json` writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield stream
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def kept_by_a_server(digits: str, way: str, use: str) -> dict[str, str]:
    """All that is left of a contact whose customer has entered these digits: files, log, metrics and spans."""
    ask = call("call", "keep", LambdaInvocationAttributes={"again": "$.StoredCustomerInput"})
    keep = action("keep", "UpdateContactAttributes", {"Attributes": {"again": "$.External.again"}}, then="bye",
                  errors={"NoMatchingError": "bye"})  # fmt: skip
    stage = compiled(flow(*WAYS[way], USES[use], ask, keep, BYE))
    exporter, metrics = InMemorySpanExporter(), Metrics(lambda name: True)
    told: dict[str, str] = {}

    with tempfile.TemporaryDirectory() as made, logged() as log:

        async def live(kept: Kept) -> None:
            runtime = kept.runtime
            metrics.add(Standing(runtime, lambda: 0))
            traces = Traces(SimpleSpanProcessor(exporter))
            runtime.watchers += [
                FlowLog(lambda instance, arn: arn),
                Watch(Passages(lambda instance, arn: arn), (metrics.watch, traces.watch)),
            ]
            await runtime.begin(contact(logging=True), INSTANCE)
            ended = await kept.over(CONTACT_ID)
            told["known"] = ended.attributes["again"]
            # the write-ahead log has every page that was ever written, also of rows that are gone
            told["files"] = "".join(path.read_bytes().decode("latin-1") for path in Path(made).iterdir())

        run(
            live, stage, Stubs(lookup=answered_by_echo), folder=Path(made),
            callee=lambda contact, marks: Script((f"{digits}#",)),
            encrypt=lambda value, key_id, *, pem: f"<{len(value)} digits>",
        )  # fmt: skip
        told["log"] = log.getvalue()
    # sizes of the process have any digits
    lines = metrics.text("")[0].decode().splitlines()
    told["metrics"] = "\n".join(line for line in lines if not line.startswith("process_"))
    told["spans"] = "".join(span.to_json() for span in exporter.get_finished_spans())
    return told


@settings(deadline=None, max_examples=15)
@given(digits=st.integers(10**6, 10**12 - 1), way=st.sampled_from(sorted(WAYS)), use=st.sampled_from(sorted(USES)))
def test_nothing_that_a_server_keeps_or_shows_holds_what_was_entered_in_secret(digits: int, way: str, use: str) -> None:
    secret = str(digits)

    told = kept_by_a_server(secret, way, use)

    assert told.pop("known") == {"unlogged": secret, "encrypted": f"<{len(secret)} digits>"}[way], "the flow goes on"
    assert 'offhook_blocks_total{block="GetParticipantInput"' in told["metrics"]
    assert '"GetParticipantInput"' in told["spans"]
    assert any(json.loads(line)["logger"] == "offhook.flow" for line in told["log"].splitlines())
    for name, value in told.items():
        assert secret not in value, name


def test_the_same_finds_what_is_no_secret() -> None:
    """So that the test above can fail."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(WAYS, "open", (WAYS["unlogged"][1].__class__(**{**_fields(), "next_action": "use"}),))
        told = kept_by_a_server("123456789", "open", "attributes")

    assert "123456789" in told["files"]
    assert "123456789" in told["log"]
    assert "123456789" not in told["metrics"] + told["spans"]


def _fields() -> dict[str, object]:
    enter = WAYS["unlogged"][1]
    return {name: getattr(enter, name) for name in enter.__struct_fields__}
