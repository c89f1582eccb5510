"""The one trace: what each line says, what it must not say, and that the page about it is right."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from offhook.blocks import catalogue
from offhook.core import trace
from offhook.core.machine import step
from offhook.core.spec import BlockSpec, Ctx, End, Exit, LogRecord, Outcome, Wait
from offhook.drivers.sim.customer import Script
from offhook.model import event as events
from offhook.model.effect import StartTimer
from offhook.model.event import LambdaEnded

from .stage import BYE, INSTANCE, START_MS, Played, Stubs, action, call, compiled, contact, flow, play, say

PAGE = Path(__file__).parent.parent / "docs" / "trace.md"
PIN = "4711"
ENTER = action(
    "pin",
    "GetParticipantInput",
    {
        "Text": "Your PIN?",
        "InputTimeLimitSeconds": "5",
        "StoreInput": "True",
        "InputValidation": {"CustomValidation": {"MaximumLength": "4"}},
    },
    then="set",
    errors={"NoMatchingError": "bye"},
)


def secret(*actions: Any, stubs: Stubs | None = None, entered: str = PIN, **fields: Any) -> Played:
    """A contact that enters its PIN after logging was switched off."""
    off = action("off", "UpdateFlowLoggingBehavior", {"FlowLoggingBehavior": "Disabled"}, then="pin")
    return play(compiled(flow(off, ENTER, *actions, BYE)), stubs, customer=Script((entered,)), **fields)


def lines(played: Played) -> str:
    return b"\n".join(trace.encode(event) for event in played.trace).decode()


def probe(**settings: Any) -> dict[str, BlockSpec]:
    plain: dict[str, Any] = {"title": "Probe", "group": "", "kind": "flow_control"}
    return {**catalogue(), "Probe": BlockSpec(action="Probe", **{**plain, **settings})}


# --- the format


def test_every_line_says_version_number_time_contact_and_place() -> None:
    played = play(compiled(flow(say("hi", "Hello"), BYE)))

    assert [event.n for event in played.trace] == list(range(1, len(played.trace) + 1))
    first = msgspec.json.decode(trace.encode(played.of("Said")[0]))
    assert first == {
        "type": "said",
        "v": 1,
        "n": 3,
        "at": "2026-01-05T15:00:00.000Z",
        "contact": played.contact.id,
        "line": "customer",
        "flow": "flow:it",
        "action": "hi",
        "kind": "text",
        "text": "Hello",
        "voice": "Joanna",
        "language": "en-US",
    }


def test_lines_can_be_read_back() -> None:
    stubs = Stubs(lookup=lambda effect: LambdaEnded(0, effect.id, 200, body="[]", took_ms=7))
    played = play(compiled(flow(say("hi", "Hello", "fn"), call("fn", "bye"), BYE)), stubs, logging=True)
    decoder = msgspec.json.Decoder(trace.AnyTrace)

    for event in played.trace:
        assert decoder.decode(trace.encode(event)) == event


def test_the_page_lists_every_type_and_field() -> None:
    """docs/trace.md is the reference that users read; the types are what they get."""
    rows = [line.split("|") for line in PAGE.read_text().splitlines() if re.match(r"\| `[a-z.]+` \| (?!Says)", line)]
    common = {row[1].strip(" `") for row in rows if len(row) == 4}
    described = {row[1].strip(" `"): set(re.findall(r"`([a-z_]+)`", row[3])) for row in rows if len(row) == 5}
    definitions = trace.schema()["$defs"]

    assert common == {"v", "n", "at", "type", "contact", "line", "flow", "action"}
    types = {
        entry["properties"]["type"]["enum"][0]: set(entry["properties"]) - common for entry in definitions.values()
    }
    assert described.keys() == types.keys()
    for name, fields in types.items():
        assert fields <= described[name], f"docs/trace.md does not name all fields of {name}"


# --- what happened


def test_blocks_warn_when_they_leave_and_when_they_begin_to_wait() -> None:
    def enter(p: Any, ctx: Ctx) -> Outcome:
        return Wait((StartTimer(ctx.new_id(), 5),), Memo(), warnings=("waiting",))

    blocks = probe(enter=enter, memo=Memo, resume=lambda p, memo, event, ctx: Exit(warnings=("leaving",)))

    played = play(compiled(flow(action("it", "Probe", then="bye"), BYE), blocks=blocks))

    assert [event.message for event in played.of("Warned")] == ["waiting", "leaving"]
    assert [event.effect["type"] for event in played.of("Ordered")] == ["StartTimer"]


class Memo(msgspec.Struct, frozen=True):
    """Nothing to remember."""


def test_a_block_may_order_effects_as_it_leaves() -> None:
    blocks = probe(enter=lambda p, ctx: Exit(effects=(StartTimer(ctx.new_id(), 5),)))

    played = play(compiled(flow(action("it", "Probe", then="bye"), BYE), blocks=blocks))

    kinds = [type(event).__name__ for event in played.trace if event.action == "it"]
    assert kinds == ["BlockEntered", "BlockLeft", "Ordered"]


def test_what_a_block_ordered_at_the_end_is_there() -> None:
    blocks = probe(enter=lambda p, ctx: End("done", effects=(StartTimer(ctx.new_id(), 5),), set={"stored_input": "7"}))

    played = play(compiled(flow(action("it", "Probe")), blocks=blocks))

    assert [event.effect["type"] for event in played.of("Ordered")] == ["StartTimer"]
    assert played.left("it").set == {"stored_input": "7"}
    assert played.of("ContactEnded")[0].reason == "done"


def test_a_module_is_a_place_of_its_own_and_its_caller_is_the_place_again() -> None:
    helper = INSTANCE.resource("module", "Helper")
    inside = flow(action("back", "EndFlowModuleExecution"), arn=helper.arn, name="Helper", kind="MODULE")
    into = action("in", "InvokeFlowModule", {"FlowModuleId": "Helper"}, then="bye", errors={"NoMatchingError": "bye"})

    played = play(compiled(flow(into, BYE), inside, resources=(helper,)), logging=True)

    assert played.of("Ordered")[0].effect == {"type": "CallModule", "module": helper.arn}
    flows = {(event.action, event.flow) for event in played.of("BlockLeft")}
    assert flows == {("back", helper.arn), ("in", "flow:it"), ("bye", "flow:it")}
    assert [event.entry["ContactFlowName"] for event in played.of("Log")] == ["Helper", "It", "It"]


def test_a_hang_up_is_an_input() -> None:
    stage = compiled(flow(say("hi", "Hello"), BYE))
    started = step(stage, contact(), events.Started(START_MS))

    gone = step(stage, started.contact, events.HungUp(START_MS + 1))

    rendered = list(trace.Renderer().render((*started.trace, *gone.trace), gone.contact))
    assert [event.by for event in rendered if isinstance(event, trace.Input)] == ["hangup"]
    assert isinstance(rendered[-1], trace.ContactEnded)
    assert rendered[-1].action == "hi"


def test_a_contact_without_a_flow_is_traced_too() -> None:
    played = play(compiled(), flow="flow:nowhere", customer_endpoint="+15550100", attributes={"a": "b"})

    assert [type(event).__name__ for event in played.trace] == ["ContactStarted", "FlowEnded", "ContactEnded"]
    assert played.of("ContactStarted")[0].attributes == {"a": "b"}
    assert played.of("ContactStarted")[0].flow_name == ""


# --- the flow log


def test_a_flow_log_line_has_connects_keys_and_ours_beside() -> None:
    stubs = Stubs(lookup=lambda effect: LambdaEnded(0, effect.id, 404, error_code="ResourceNotFoundException"))
    played = play(compiled(flow(call("fn", "bye"), BYE)), stubs, logging=True)

    assert played.of("Log")[0].entry == {
        "ContactId": played.contact.id,
        "ContactFlowId": "flow:it",
        "ContactFlowName": "It",
        "ContactFlowModuleType": "InvokeExternalResource",
        "Identifier": "fn",
        "Timestamp": "2026-01-05T15:00:00.000Z",
        "Parameters": {
            "FunctionArn": "lookup",
            "TimeLimit": "3000",
            "ResponseValidation": "ResponseType=STRING_MAP",
        },
        "Results": f"Status Code: 404; Error Code: ResourceNotFoundException; Request ID: {stubs.calls[0].request_id}",
        "Cause": "not_found",
        "Attempts": 1,
        "Detail": "ResourceNotFoundException",
    }


@pytest.mark.parametrize("logging", [None, False])
def test_there_is_no_flow_log_until_a_flow_switches_it_on(logging: bool | None) -> None:
    played = play(compiled(flow(say("hi", "Hello"), BYE)), logging=logging)

    assert played.of("Log") == []


def test_a_block_may_write_several_lines_of_several_names_or_none_of_its_own() -> None:
    def log(params: Any, outcome: Any) -> tuple[LogRecord, ...]:
        return LogRecord({"Key": "a"}), LogRecord({"Key": "b"}, results="r", module="Other")

    it = action("it", "Probe", then="odd")
    odd = action("odd", "Teleport", then="bye", errors={"NoMatchingError": "bye"})
    blocks = probe(enter=lambda p, ctx: Exit(results="all"), log=log, log_name="Old")

    played = play(compiled(flow(it, odd, BYE), blocks=blocks), logging=True)

    entries = [event.entry for event in played.of("Log")]
    assert [(entry["ContactFlowModuleType"], entry.get("Results")) for entry in entries] == [
        ("Old", "all"),
        ("Other", "r"),
        ("Teleport", "NoMatchingError"),
        ("Disconnect", None),
    ]
    assert [entry["Parameters"] for entry in entries] == [{"Key": "a"}, {"Key": "b"}, {}, {}]


# --- secrets


def test_what_is_entered_after_logging_was_switched_off_stands_nowhere() -> None:
    """S22: not in the input, the attributes made from it, what a function got and gave, what is said, nor the log."""
    remember = action(
        "set",
        "UpdateContactAttributes",
        {"Attributes": {"pin": "$.StoredCustomerInput", "text": "is $.Attributes.pin"}},
        then="on",
    )
    on = action("on", "UpdateFlowLoggingBehavior", {"FlowLoggingBehavior": "Enabled"}, then="fn")
    json_mode = {"ResponseValidation": {"ResponseType": "JSON"}}
    ask = call("fn", "say", LambdaInvocationAttributes={"pin": "$.StoredCustomerInput"}, **json_mode)
    stubs = Stubs(
        lookup={"pin": PIN, "number": int(PIN), "list": [{"in": f"<{PIN}>"}], PIN: 1.5, "none": None, "yes": True}
    )

    played = secret(remember, on, ask, say("say", "You said $.Attributes.pin"), stubs=stubs)

    assert PIN not in lines(played)
    assert played.of("Input")[0].value == trace.HIDDEN
    assert played.of("Input")[0].secret
    assert played.said == ["Your PIN?", f"You said {trace.HIDDEN}"]
    external = played.left("fn").external
    assert external == {
        "pin": trace.HIDDEN,
        "number": trace.HIDDEN,
        "list": [{"in": f"<{trace.HIDDEN}>"}],
        trace.HIDDEN: 1.5,
        "none": None,
        "yes": True,
    }
    assert played.of("FunctionCalled")[0].event["Details"]["Parameters"] == {"pin": trace.HIDDEN}
    assert stubs.calls[0].event["Details"]["Parameters"] == {"pin": PIN}, "the function itself gets it"


def test_a_short_secret_is_hidden_where_it_is_a_whole_value_only() -> None:
    """Else every 7 in the trace would be one."""
    remember = action(
        "set", "UpdateContactAttributes", {"Attributes": {"pin": "$.StoredCustomerInput", "year": "2027"}}, then="bye"
    )

    played = secret(remember, entered="7#")

    assert played.left("set").set["attributes"] == {"pin": trace.HIDDEN, "year": "2027"}
    assert played.of("FunctionCalled") == []


def test_our_own_numbers_are_not_taken_for_secrets() -> None:
    stubs = Stubs(lookup=lambda effect: LambdaEnded(0, effect.id, 200, function_error="Unhandled", took_ms=1))
    remember = call("set", "bye")

    played = secret(remember, stubs=stubs, entered="1#")

    assert [event.attempt for event in played.of("FunctionCalled")] == [1, 2, 3, 4]
    assert played.of("FunctionEnded")[0].measured == {"took_ms": 1, "init_ms": 0, "cold": False}


def test_an_input_that_is_no_secret_is_shown() -> None:
    played = play(compiled(flow(ENTER, say("set", "You said $.StoredCustomerInput"), BYE)), customer=Script((PIN,)))

    assert played.of("Input")[0].value == PIN
    assert played.said[-1] == f"You said {PIN}"


def test_a_contact_that_was_begun_elsewhere_is_rendered_where_it_stands() -> None:
    """As a process does that goes on with it: flow and name are there from the first event on."""
    stage = compiled(flow(say("hi", "Hello"), BYE))
    stepped = step(stage, contact(), events.Started(START_MS))
    rest = [entry for entry in stepped.trace if entry[0] == "effects"]
    renderer = trace.Renderer()
    renderer.go_on(stepped.contact.id, "flow:it", "It")

    assert {event.flow for event in renderer.render(rest, stepped.contact)} == {"flow:it"}
