"""What one block alone cannot show of the Lambda block: events, attempts, chains, answers that come late."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from offhook.core.machine import step
from offhook.model import event as events
from offhook.model.contact import Queue
from offhook.model.effect import InvokeLambda, StartTimer
from offhook.model.event import LambdaEnded
from offhook.model.flow import Action
from offhook.model.instance import QueueSettings

from .stage import BYE, INSTANCE, START_MS, Stubs, action, call, compiled, contact, flow, play, say

GOLDEN = Path(__file__).parent / "golden"
BASE = (call("fn", "say", "sorry"), say("say", "State $.External.State"), say("sorry", "Sorry"), BYE)
VOICE = {"customer_endpoint": "+15550100", "system_endpoint": "+15550199"}
CHAT = {"channel": "CHAT", "initiation_method": "API"}
TASK = {
    "channel": "TASK",
    "initiation_method": "API",
    "name": "Call back",
    "description": "",
    "references": {"taskRef": {"Type": "URL", "Value": "https://example.com/1"}},
}
SALES = INSTANCE.resource("queue", "Sales")
FIRST = "22222222-2222-4222-8222-222222222222"
AUDIO = {
    "StreamARN": "arn:aws:kinesisvideo:us-east-1:111122223333:stream/x/1",
    "StartTimestamp": "1767625200000",
    "StartFragmentNumber": "91343852333181432392682062622220590765191907586",
}
EVENTS: dict[str, dict[str, Any]] = {
    "voice": VOICE,
    "voice-in-queue": {**VOICE, "queue": Queue(SALES.arn, "Sales"), "attributes": {"vip": "yes"}, "customer_id": "77"},
    "voice-streaming": {**VOICE, "system": {"MediaStreams": {"Customer": {"Audio": AUDIO}}}},
    "voice-after-disconnect": {
        **VOICE,
        "initiation_method": "DISCONNECT",
        "initial_id": FIRST,
        "previous_id": FIRST,
        "queue": Queue("arn:of:a:queue:without:settings", "Other"),
    },
    "webrtc": {
        "initiation_method": "WEBRTC_API",
        "name": "Customer",
        "system": {"Capabilities": {"Agent": {"Video": "SEND"}, "Customer": {"Video": "SEND"}}},
    },
    "chat": {**CHAT, "attributes": {"page": "cart"}, "related_id": FIRST, "tags": {"team": "north"}},
    "chat-sms": {
        **CHAT,
        "segment_attributes": {"connect:Subtype": {"ValueString": "connect:SMS"}},
        "language": "nb-NO",
    },
    "task": TASK,
    "email": {"channel": "EMAIL", "customer_endpoint": "ann@example.com", "system_endpoint": "help@example.com"},
}


@pytest.mark.parametrize("name", EVENTS)
def test_the_event_is_as_connect_sends_it(name: str, request: pytest.FixtureRequest) -> None:
    """Whole files, so that a key too many is seen as one too few. Read what `--update` writes before committing it."""
    stubs = Stubs(lookup={})
    queues = {"Sales": QueueSettings("Sales", outbound_caller_id="+15550123")}
    attributes = {"LambdaInvocationAttributes": {"reason": "test"}} if name == "voice" else {}

    play(compiled(flow(call("fn", "bye", **attributes), BYE), queues=queues), stubs, **EVENTS[name])

    path = GOLDEN / f"event-{name}.json"
    if request.config.getoption("--update"):
        path.write_text(json.dumps(stubs.calls[0].event, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    assert stubs.calls[0].event == json.loads(path.read_text())


def test_the_event_has_what_the_flow_set_before() -> None:
    stubs = Stubs(lookup={})
    first = action("set", "UpdateContactAttributes", {"Attributes": {"a": "1"}}, then="name")
    second = action("name", "UpdateContactData", {"Name": "Ann", "LanguageCode": "nb-NO", "CustomerId": "7"}, then="fn")

    play(compiled(flow(first, second, call("fn", "bye"), BYE)), stubs)

    data = stubs.calls[0].event["Details"]["ContactData"]
    assert data["Attributes"] == {"a": "1"}
    assert (data["Name"], data["LanguageCode"], data["CustomerId"]) == ("Ann", "nb-NO", "7")


def test_inputs_arrive_as_json_with_references_in_keys_and_values() -> None:
    """P65 and the newer JSON inputs: a whole reference keeps its type, one inside text becomes text."""
    stubs = Stubs(lookup={"list": [1, {"b": "c"}], "n": 2})
    inputs = {
        "customerId": "1",
        "$.Attributes.key": ["$.External.list", {"deep": "n is $.External.n"}],
        "n": "$.External.n",
        "yes": True,
        "none": None,
        "price": 1.5,
    }
    json_mode = {"ResponseValidation": {"ResponseType": "JSON"}}
    stage = compiled(flow(call("one", "two", **json_mode), call("two", "bye", LambdaInvocationAttributes=inputs), BYE))

    play(stage, stubs, attributes={"key": "k"})

    assert stubs.calls[0].event["Details"]["Parameters"] == {}
    assert stubs.calls[1].event["Details"]["Parameters"] == {
        "customerId": "1",
        "k": [[1, {"b": "c"}], {"deep": "n is 2"}],
        "n": 2,
        "yes": True,
        "none": None,
        "price": 1.5,
    }


def test_a_success_is_said_and_a_failure_is_too() -> None:
    stage = compiled(flow(*BASE))

    assert play(stage, Stubs(lookup={"State": "WA"})).said == ["State WA"]
    assert play(stage, Stubs(lookup=[])).said == ["Sorry"]


def test_a_failure_leaves_the_answers_as_they_were_and_a_success_replaces_them_whole() -> None:
    answers = iter(({"State": "WA", "City": "Seattle"}, [], {"City": "Oslo"}))
    stubs = Stubs(lookup=lambda effect: LambdaEnded(0, effect.id, 200, body=json.dumps(next(answers))))
    text = "$.External.State/$.LambdaInvocation.ResultData.City."
    calls = [call("1", "a", "a"), say("a", text, "2"), call("2", "b", "b"), say("b", text, "3"), call("3", "c", "c")]

    played = play(compiled(flow(*calls, say("c", f"[{text}]"), BYE)), stubs)

    assert played.left("2").cause == "shape"
    assert played.said == ["WA/Seattle.", "WA/Seattle.", "[/Oslo.]"]
    assert played.left("c").unset == ("$.External.State",)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"State":"' + "a" * 32_000 + '"}', 1),
        ('{"State":"' + "a" * 33_000 + '"}', 0),
        ('{"State":"' + "あ" * 11_000 + '"}', 0),
    ],
    ids=["32,000 letters", "33,000 letters", "11,000 letters of three bytes"],
)
def test_the_size_of_an_answer_is_counted_in_bytes(body: str, said: int) -> None:
    """P02: without `body_bytes` of the host the block counts itself."""
    stubs = Stubs(lookup=lambda effect: LambdaEnded(0, effect.id, 200, body=body))
    stage = compiled(flow(call("fn", "say", "sorry"), say("say", "ok"), say("sorry", "Sorry"), BYE))

    played = play(stage, stubs)

    assert played.said == [("Sorry", "ok")[said]]
    assert played.left("fn").cause == ("size", "")[said]


def test_attempts_and_their_times_are_in_the_trace() -> None:
    """P06: nobody knows how often they will be called, so the trace says it."""
    stubs = Stubs(lookup=lambda effect: LambdaEnded(0, effect.id, 200, function_error="Unhandled", took_ms=10))

    played = play(compiled(flow(*BASE)), stubs)

    called = played.of("FunctionCalled")
    assert [event.attempt for event in called] == [1, 2, 3, 4]
    assert [event.at[17:23] for event in called] == ["00.000", "00.110", "00.320", "00.730"]
    assert [event.timeout_ms for event in called] == [3000, 2890, 2680, 2270]
    assert len({event.request_id for event in called}) == 4
    assert len({call.id for call in stubs.calls}) == 4
    assert played.left("fn").attempts == 4
    assert played.said == ["Sorry"]


def test_cold_start_and_run_count_together() -> None:
    """P01: the function ends well after 0.4 + 2.7 s, and the contact has gone the error branch at 3 s."""
    took = iter((3100, 2700))
    stubs = Stubs(lookup=lambda effect: LambdaEnded(0, effect.id, 200, body='{"State":"WA"}', took_ms=next(took)))
    again = (call("fn", "say", "sorry"), say("sorry", "Sorry", "warm"), call("warm", "say"), BASE[1], BYE)

    played = play(compiled(flow(*again)), stubs)

    assert played.said == ["Sorry", "State WA"]
    assert played.left("fn").cause == "time_limit"
    assert played.left("fn").at == "2026-01-05T15:00:03.000Z"
    assert played.of("FunctionEnded")[0].attempt == 1, "the late answer of the first call is heard by nobody"
    assert len(played.of("FunctionEnded")) == 1


def test_functions_in_a_row_get_20_seconds_together() -> None:
    """S9: the third gets what is left, and the attributes between are no break."""
    stubs = Stubs(takes_ms=7000, lookup={})
    long = {"InvocationTimeLimitSeconds": "8"}
    between = action("set", "UpdateContactAttributes", {"Attributes": {"a": "1"}}, then="2")
    row = (call("1", "set", **long), between, call("2", "3", **long), call("3", "bye", "sorry", **long))

    played = play(compiled(flow(*row, say("sorry", "Sorry"), BYE)), stubs)

    assert [effect.timeout_ms for effect in stubs.calls] == [8000, 8000, 6000]
    assert played.left("3").cause == "chain"
    assert played.left("3").at == "2026-01-05T15:00:20.000Z"
    assert played.said == ["Sorry"]


def test_failures_count_for_the_row_and_nothing_is_called_past_it() -> None:
    stubs = Stubs(lookup=lambda effect: LambdaEnded(0, effect.id, 0, took_ms=effect.timeout_ms))
    long = {"InvocationTimeLimitSeconds": "8"}
    row = (
        call("1", "2", "2", **long),
        call("2", "3", "3", **long),
        call("3", "4", "4", **long),
        call("4", "bye", **long),
    )

    played = play(compiled(flow(*row, BYE)), stubs)

    assert [effect.timeout_ms for effect in stubs.calls] == [8000, 8000, 4000]
    assert [played.left(name).cause for name in "1234"] == ["time_limit", "time_limit", "chain", "chain"]
    assert played.left("4").attempts == 0


@pytest.mark.parametrize(
    "between",
    [
        say("between", "One moment", "3"),
        action(
            "between",
            "GetParticipantInput",
            {"Text": "1?", "InputTimeLimitSeconds": "5", "StoreInput": "False"},
            then="3",
        ),
    ],
    ids=["prompt", "input"],
)
def test_a_prompt_or_an_input_begins_a_new_row(between: Action) -> None:
    stubs = Stubs(takes_ms=7000, lookup={})
    long = {"InvocationTimeLimitSeconds": "8"}
    between = replace(
        between,
        errors=action(
            "x", "x", errors=dict.fromkeys(("NoMatchingError", "InputTimeLimitExceeded", "NoMatchingCondition"), "3")
        ).errors,
    )
    row = (call("1", "2", **long), call("2", "between", **long), between, call("3", "bye", **long))

    played = play(compiled(flow(*row, BYE)), stubs)

    assert stubs.calls[2].timeout_ms == 8000
    assert played.left("3").branch == "NextAction"


def test_two_functions_of_three_seconds_are_six_seconds_of_silence() -> None:
    """P26: what the summary counts is in the trace."""
    played = play(compiled(flow(call("1", "2"), call("2", "bye"), BYE)), Stubs(takes_ms=3000, lookup={}))

    assert [event.measured["took_ms"] for event in played.of("FunctionEnded")] == [3000, 3000]
    assert played.of("ContactEnded")[0].at == "2026-01-05T15:00:06.000Z"
    assert played.said == []


def test_a_start_and_poll_flow_ends_at_the_third_poll() -> None:
    """P14: the pattern for work of more than eight seconds."""
    states = iter(("RUNNING", "RUNNING", "DONE"))
    stubs = Stubs(
        start={}, status=lambda effect: LambdaEnded(0, effect.id, 200, body=json.dumps({"status": next(states)}))
    )
    poll = action("done?", "Compare", {"ComparisonValue": "$.External.status"}, when=(("Equals", "DONE", "bye"),))
    loop = action(
        "loop",
        "Loop",
        {"LoopCount": "5"},
        when=(("Equals", "ContinueLooping", "wait"), ("Equals", "DoneLooping", "bye")),
    )
    stage = compiled(
        flow(
            call("fn", "loop", LambdaFunctionARN="start"),
            loop,
            say("wait", "One moment", "poll"),
            call("poll", "done?", LambdaFunctionARN="status"),
            replace(poll, errors=action("x", "x", errors={"NoMatchingCondition": "loop"}).errors),
            BYE,
        ),
        functions=("start", "status"),
    )

    played = play(stage, stubs)

    assert played.said == ["One moment"] * 3
    assert [effect.function for effect in stubs.calls] == ["start", "status", "status", "status"]


def test_an_asynchronous_answer_is_loaded_after_it_has_come() -> None:
    """S11: nothing is in $.External before; the id is the request's."""
    stubs = Stubs(takes_ms=500, lookup={"State": "WA"})
    load = action("load", "InvokeLambdaFunction", {"LambdaInvocationId": "$.LambdaInvocation.InvocationId"}, then="say")
    start = call("fn", "early", InvocationType="ASYNCHRONOUS")
    stage = compiled(
        flow(start, say("early", "[$.External.State] $.LambdaInvocation.InvocationId", "load"), load, BASE[1], BYE)
    )

    played = play(stage, stubs)

    assert played.said == [f"[] {stubs.calls[0].request_id}", "State WA"]
    assert played.left("fn").set == {"invocation_id": stubs.calls[0].request_id}
    assert played.contact.in_flight == ()


def test_an_asynchronous_answer_wakes_nobody_who_waits_for_something_else() -> None:
    stage = compiled(flow(call("fn", "next", InvocationType="ASYNCHRONOUS"), call("next", "bye"), BYE))
    started = step(stage, contact(), events.Started(START_MS)).contact
    (parallel,) = started.in_flight

    stepped = step(stage, started, LambdaEnded(START_MS + 5, parallel, 200, body="{}"))

    assert stepped.contact.run is not None
    assert stepped.contact.run.action == "next"
    assert list(stepped.contact.parked) == [stepped.contact.run.invocation_id]
    assert stepped.effects == []


def test_a_doubled_answer_changes_nothing_while_the_next_attempt_waits() -> None:
    stage = compiled(flow(*BASE))
    waiting = step(stage, contact(), events.Started(START_MS)).contact
    (called,) = [effect for effect in waiting.pending.values() if isinstance(effect, InvokeLambda)]
    failed = LambdaEnded(START_MS + 5, called.id, 500)

    paused = step(stage, waiting, failed)
    doubled = step(stage, paused.contact, replace(failed, at_ms=START_MS + 6))

    assert [type(effect) for effect in paused.effects] == [StartTimer]
    assert doubled.contact is paused.contact


def test_whatever_else_happens_a_running_function_is_waited_for() -> None:
    stage = compiled(flow(*BASE))
    waiting = step(stage, contact(), events.Started(START_MS)).contact

    assert step(stage, waiting, events.CustomerReturned(START_MS + 1)).contact is waiting
    assert step(stage, waiting, events.PromptEnded(START_MS + 1, "somebody/1")).contact is waiting


def test_one_trace_joins_the_log_line_the_event_the_output_and_the_answer() -> None:
    """P27."""
    stubs = Stubs(lookup=lambda effect: LambdaEnded(0, effect.id, 200, body='{"State":"WA"}', log="START\nhello\n"))

    played = play(compiled(flow(*BASE)), stubs, logging=True)

    (called,), (ended,) = played.of("FunctionCalled"), played.of("FunctionEnded")
    assert called.event["Details"]["ContactData"]["ContactId"] == played.contact.id
    assert ended.log == "START\nhello\n"
    assert ended.body == '{"State":"WA"}'
    assert played.left("fn").external == {"State": "WA"}
    line = played.of("Log")[0].entry
    assert line["ContactFlowModuleType"] == "InvokeExternalResource"
    assert line["ExternalResults"] == {"State": "WA"}
    assert line["Parameters"]["TimeLimit"] == "3000"
    assert called.request_id == ended.request_id


def test_the_same_seed_gives_the_same_request_ids() -> None:
    one, two, other = Stubs(lookup={}), Stubs(lookup={}), Stubs(lookup={})

    for stubs, seed in ((one, "1"), (two, "1"), (other, "2")):
        play(compiled(flow(*BASE)), stubs, seed=seed)

    assert one.calls == two.calls
    assert one.calls[0].request_id != other.calls[0].request_id
