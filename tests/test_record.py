"""Functions recorded and replayed: the files, what counts as the same event, and `offhook run --record | --replay`."""

import json
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from offhook.adapters.lambdas import answer
from offhook.adapters.lambdas.record import HIDDEN_NOTE, Recorder, Recording, Replayer, load, recorder_problem
from offhook.core import trace
from offhook.model.effect import InvokeLambda
from offhook.model.errors import UsageError
from offhook.model.event import LambdaEnded

from .command_line import call as cli
from .stage import BYE, Stubs, call, compiled, flow, play, say

ARN = "arn:aws:lambda:us-east-1:111122223333:function:lookup"
STAGE = compiled(flow(call("fn", "say", "sorry"), say("say", "State $.External.State"), say("sorry", "Sorry"), BYE))


def effect(
    *, contact: str = "c1", attempt: int = 1, timeout_ms: int = 3000, name: str = "lookup", **inputs: str
) -> Any:
    """An attempt of a contact with these inputs, whose id is also an input."""
    data = {"ContactId": contact, "InitialContactId": contact, "PreviousContactId": None, "InstanceARN": "arn:i"}
    event = {"Details": {"ContactData": data, "Parameters": {"mine": f"id {contact}", **inputs}}, "Name": "x"}
    return InvokeLambda(f"{contact}/1", name, ARN, event, timeout_ms, "r", attempt)


class Answers:
    """Functions that answer with these bodies, or whole LambdaEnded, in order; or never, where one is None."""

    def __init__(self, *answers: str | LambdaEnded | None) -> None:
        self._answers = list(answers)
        self.is_closed = False

    def invoke(self, effect: InvokeLambda) -> "LambdaEnded | Future[LambdaEnded]":
        given = self._answers.pop(0)
        if isinstance(given, LambdaEnded):
            return replace(given, effect_id=effect.id)
        future: Future[LambdaEnded] = Future()
        if given is not None:
            future.set_result(LambdaEnded(0, effect.id, 200, given, len(given.encode()), took_ms=7))
        return future

    def close(self) -> None:
        self.is_closed = True


def recorded(folder: Path, answers: Answers, *effects: InvokeLambda) -> tuple[Recording, ...]:
    recorder = Recorder(answers, folder)
    for each in effects:
        recorder.invoke(each)
    return load(folder)


def replayed(folder: Path, *effects: InvokeLambda) -> list[Any]:
    replayer = Replayer(load(folder), Answers())
    return [replayer.invoke(each) for each in effects]


# --- the files


def test_a_recording_is_a_file_that_can_be_read(tmp_path: Path) -> None:
    recorded(tmp_path / "calls", Answers('{"State": "WA", "Rate": 1.50}'), effect(zip="98101"))

    (file,) = (tmp_path / "calls").iterdir()
    assert file.name.startswith("lookup.")
    assert file.name.endswith(".call.json")
    assert '"Rate": 1.50' in file.read_text()
    assert json.loads(file.read_text()) == {
        "v": 1,
        "function": "lookup",
        "arn": ARN,
        "event": {
            "Details": {
                "ContactData": {
                    "ContactId": "<ContactId>",
                    "InitialContactId": "<ContactId>",
                    "PreviousContactId": None,
                    "InstanceARN": "<InstanceARN>",
                },
                "Parameters": {"mine": "id <ContactId>", "zip": "98101"},
            },
            "Name": "x",
        },
        "calls": [[{"status": 200, "took_ms": 7, "answer": {"State": "WA", "Rate": 1.5}}]],
    }


def test_each_event_and_each_version_has_a_file_of_its_own(tmp_path: Path) -> None:
    live = replace(effect(a="1"), qualifier="live")

    found = recorded(tmp_path, Answers("1", "2", "3", "4"), effect(a="1"), effect(a="2"), live, effect(a="1"))

    assert len(list(tmp_path.iterdir())) == len(found) == 3
    assert sorted(len(each.calls) for each in found) == [1, 1, 2]
    assert [path.name.split(".")[0] for path in sorted(tmp_path.iterdir())] == ["lookup-live", "lookup", "lookup"]


def test_a_name_that_is_an_arn_makes_a_sound_file_name(tmp_path: Path) -> None:
    recorded(tmp_path, Answers("1"), effect(name="arn:aws:lambda:x:1:function:../../etc"))

    assert [path.name.split(".")[0] for path in tmp_path.iterdir()] == ["arn-aws-lambda-x-1-function-etc"]


def test_ids_and_times_of_a_stream_are_no_part_of_an_event(tmp_path: Path) -> None:
    def streaming(fragment: str) -> InvokeLambda:
        audio = {"StreamARN": f"arn:{fragment}", "StartTimestamp": fragment, "StartFragmentNumber": fragment, "On": "1"}
        return replace(effect(), event={"Details": {"ContactData": {"MediaStreams": {"Customer": {"Audio": audio}}}}})

    (found,) = recorded(tmp_path, Answers("1", "2"), streaming("17"), streaming("18"))

    assert len(found.calls) == 2
    assert found.event["Details"]["ContactData"]["MediaStreams"]["Customer"]["Audio"]["On"] == "1"


@pytest.mark.parametrize("event", [None, [], "text", {"Details": 1}, {"Details": {"ContactData": 2}}, {"a": ["b", {}]}])
def test_any_event_can_be_recorded_and_found_again(event: Any, tmp_path: Path) -> None:
    odd = replace(effect(), event=event)
    recorded(tmp_path, Answers('{"a":1}'), odd)

    assert replayed(tmp_path, odd)[0].body == '{"a":1}'


# --- the same again


ENDS = (
    LambdaEnded(0, "", 200, '{"a":1.50}', 10, took_ms=12, cold=True, init_ms=3, log="hello"),
    LambdaEnded(0, "", 200, "<html>", 6, took_ms=1),
    LambdaEnded(0, "", 200, "", 0, took_ms=1),
    LambdaEnded(0, "", 200, '"' + "a" * 33_000 + '"', 33_002, took_ms=1),
    LambdaEnded(0, "", 200, "a" * 65_536, 90_000, took_ms=1),
    LambdaEnded(0, "", 200, "[" * 5000, 5000, took_ms=1),
    LambdaEnded(0, "", 429, error_code="TooManyRequestsException", cause="throttle", detail="Rate Exceeded."),
    LambdaEnded(0, "", 200, '{"errorType":"E"}', 17, "Unhandled", cause="function_error", detail="E", log="trace"),
)


@pytest.mark.parametrize("ended", ENDS, ids=lambda ended: f"{ended.status} {ended.body[:9]} {ended.body_bytes}")
def test_every_end_comes_back_as_it_was(ended: LambdaEnded, tmp_path: Path) -> None:
    recorded(tmp_path, Answers(ended), effect())

    assert replayed(tmp_path, effect()) == [replace(ended, effect_id="c1/1")]


def test_calls_and_their_attempts_come_back_in_order(tmp_path: Path) -> None:
    throttled = ENDS[6]
    again = [effect(), effect(attempt=2), effect(), effect(contact="c2"), effect(contact="c2", attempt=2)]
    recorded(tmp_path, Answers(throttled, "1", "2", throttled, "3"), *again)

    ended = replayed(tmp_path, *again)

    assert [each.body or each.status for each in ended] == [429, "1", "2", 429, "3"]
    assert [each.effect_id for each in ended] == ["c1/1", "c1/1", "c1/1", "c2/1", "c2/1"]


def test_attempts_of_contacts_that_take_turns_are_kept_apart(tmp_path: Path) -> None:
    throttled, one, other = ENDS[6], effect(), effect(contact="c2")
    turns = [one, other, replace(other, attempt=2), replace(one, attempt=2)]
    (found,) = recorded(tmp_path, Answers(throttled, throttled, "2", "1"), *turns)

    assert [len(each) for each in found.calls] == [2, 2]
    assert [each.body for each in replayed(tmp_path, *turns)[2:]] == ["2", "1"]


def test_a_second_attempt_with_another_event_begins_a_call_of_its_own(tmp_path: Path) -> None:
    """Attributes may change in the pause before it."""
    turns = [effect(a="1"), effect(a="2", attempt=2)]
    recorded(tmp_path, Answers(ENDS[6], "1"), *turns)

    assert [each.status for each in replayed(tmp_path, *turns)] == [429, 200]


def test_a_limit_that_is_shorter_now_comes_first(tmp_path: Path) -> None:
    recorded(tmp_path, Answers(replace(ENDS[0], took_ms=500)), effect())

    (ended,) = replayed(tmp_path, effect(timeout_ms=499))

    assert (ended.status, ended.took_ms, ended.detail) == (0, 499, "no answer within 499 ms.")


def test_what_nobody_waited_for_any_longer_had_its_time(tmp_path: Path) -> None:
    recorder = Recorder(Answers(None), tmp_path)
    waiting = recorder.invoke(effect())
    assert isinstance(waiting, Future)

    waiting.cancel()

    (ended,) = replayed(tmp_path, effect())
    assert (ended.status, ended.cause, ended.took_ms) == (0, "time_limit", 3000)


def test_a_call_that_never_ended_keeps_its_place(tmp_path: Path) -> None:
    found = recorded(tmp_path, Answers(None, "2"), effect(), effect())

    first, second = replayed(tmp_path, effect(), effect())
    assert [len(each) for each in found[0].calls] == [0, 1]
    assert first.detail == "function 'lookup': 0 attempts of this call were recorded; this is attempt 1."
    assert second.body == "2"


# --- what has no recording


def test_an_event_that_was_not_recorded_is_404_with_the_nearest_difference(tmp_path: Path) -> None:
    recorded(tmp_path, Answers("1", "2"), effect(zip="98101", vip="no"), effect(zip="10001", vip="yes"))

    (ended,) = replayed(tmp_path, effect(zip="10001", vip="no", more="x"))

    assert (ended.status, ended.error_code, ended.cause) == (404, "ResourceNotFoundException", "not_found")
    start, end = ended.detail.split(".call.json")
    assert start.startswith("function 'lookup': this event was not recorded; the nearest, lookup.")
    assert end == ", differs in Details.Parameters.more and 1 more."
    assert "10001" not in ended.detail


def test_the_version_can_be_the_difference(tmp_path: Path) -> None:
    recorded(tmp_path, Answers("1"), effect())

    (ended,) = replayed(tmp_path, replace(effect(), qualifier="live"))

    assert ended.detail.endswith(" differs in qualifier.")


def test_a_whole_event_can_be_the_difference(tmp_path: Path) -> None:
    recorded(tmp_path, Answers("1"), replace(effect(), event=1))

    assert replayed(tmp_path, replace(effect(), event=2))[0].detail.endswith(" differs in the event.")


def test_a_function_that_was_not_recorded_says_what_was(tmp_path: Path) -> None:
    recorded(tmp_path, Answers("1"), effect())

    (ended,) = replayed(tmp_path, effect(name="greet"))

    assert ended.detail == "function 'greet' was not recorded; what was: lookup."


def test_more_calls_and_more_attempts_than_were_recorded_are_told(tmp_path: Path) -> None:
    recorded(tmp_path, Answers(ENDS[6]), effect())

    first, retry, again = replayed(tmp_path, effect(), effect(attempt=2), effect())

    assert first.status == 429
    assert retry.detail == "function 'lookup': 1 attempts of this call were recorded; this is attempt 2."
    assert again.detail == "function 'lookup': 1 calls of this event were recorded; this is call 2."


# --- folders


def test_only_a_folder_of_recordings_is_recorded_into(tmp_path: Path) -> None:
    assert recorder_problem(tmp_path / "new") == ""
    recorded(tmp_path, Answers("1"), effect())
    (tmp_path / ".gitkeep").touch()
    assert recorder_problem(tmp_path) == ""

    (tmp_path / "main.json").touch()

    assert recorder_problem(tmp_path) == "holds main.json, which is no recording; name a folder of its own."
    assert recorder_problem(tmp_path / "main.json") == "is a file; name a folder."


def test_an_earlier_run_is_replaced_event_by_event(tmp_path: Path) -> None:
    recorded(tmp_path, Answers("1", "2"), effect(a="1"), effect(a="2"))
    recorded(tmp_path, Answers("3"), effect(a="1"))

    assert [each.body for each in replayed(tmp_path, effect(a="1"), effect(a="2"))] == ["3", "2"]


def test_every_file_that_is_no_recording_is_named(tmp_path: Path) -> None:
    recorded(tmp_path, Answers("1"), effect())
    (good,) = tmp_path.iterdir()
    (tmp_path / "a.call.json").write_text("{")
    (tmp_path / "b.call.json").write_text(good.read_text().replace('"v": 1', '"v": 2'))
    (tmp_path / "c.call.json").mkdir()
    with (tmp_path / "d.call.json").open("wb") as big:
        big.truncate(50_000_001)

    with pytest.raises(UsageError) as refusal:
        load(tmp_path)

    a, b, c, d = (each.removeprefix(f"{tmp_path}/") for each in refusal.value.problems)
    assert a.startswith("a.call.json: is no recording: ")
    assert b == "b.call.json: is a recording of version 2, must be 1."
    assert c == "c.call.json: cannot be read: Is a directory."
    assert d == "d.call.json: cannot be read: it has more than 50,000,000 bytes."


def test_a_folder_without_recordings_is_no_replay(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no recording; make one with offhook run … --record"):
        load(tmp_path / "nothing")


def test_closing_closes_what_is_recorded_and_what_runs_beside_a_replay(tmp_path: Path) -> None:
    recorded(tmp_path, Answers("1"), effect())
    one, other = Answers(), Answers("real")

    Recorder(one, tmp_path).close()
    replayer = Replayer(load(tmp_path), other, real=frozenset({"lookup"}))
    ran = replayer.invoke(effect())
    replayer.close()

    assert isinstance(ran, Future)
    assert ran.result().body == "real"
    assert one.is_closed
    assert other.is_closed


# --- secrets


def test_secret_input_is_not_written_and_its_recording_is_found(tmp_path: Path) -> None:
    secrets = ("4711", "7")

    def hide(effect: InvokeLambda, value: Any) -> Any:
        return trace.hidden(value, secrets)

    said = LambdaEnded(0, "", 200, '{"pin":"4711"}', 14, log="got 4711", detail="4711 is wrong")
    Recorder(Answers(said, "4711!"), tmp_path, hide=hide).invoke(effect(pin="4711", one="7"))
    text = next(tmp_path.iterdir()).read_text()

    assert "4711" not in text
    assert HIDDEN_NOTE in text
    assert '"one": "[secret]"' in text
    secrets = ("0815", "8")
    found = Replayer(load(tmp_path), Answers(), hide=hide).invoke(effect(pin="0815", one="8"))
    assert isinstance(found, LambdaEnded)
    assert (found.body, found.log, found.detail) == ('{"pin":"[secret]"}', "got [secret]", "[secret] is wrong")


# --- contacts


def test_a_contact_replayed_takes_the_way_it_took(tmp_path: Path) -> None:
    """With everything that was measured: the same bytes of the trace."""
    functions = Stubs(
        lookup=lambda effect: (
            answer.refused(effect, "throttle")
            if effect.attempt < 3
            else LambdaEnded(0, effect.id, 200, '{"State":"WA"}', 14, took_ms=40)
        )
    )
    first = play(STAGE, Recorder(functions, tmp_path))
    second = play(STAGE, Replayer(load(tmp_path), Answers()))
    other = play(STAGE, Replayer(load(tmp_path), Answers()), seed="2", id="another")

    assert first.said == other.said == ["State WA"]
    assert first.left("fn").attempts == 3
    assert list(map(trace.encode, first.trace)) == list(map(trace.encode, second.trace))


# --- the command


FLOW = {
    "Version": "2019-10-30",
    "StartAction": "pin",
    "Metadata": {},
    "Actions": [
        {
            "Identifier": "pin",
            "Type": "GetParticipantInput",
            "Parameters": {
                "Text": "Your PIN?",
                "StoreInput": "True",
                "InputTimeLimitSeconds": "5",
                "DTMFConfiguration": {"DisableCancelKey": "False"},
                "InputValidation": {"CustomValidation": {"MaximumLength": "4"}},
            },
            "Transitions": {"NextAction": "fn", "Errors": [{"NextAction": "bye", "ErrorType": "NoMatchingError"}]},
        },
        {
            "Identifier": "fn",
            "Type": "InvokeLambdaFunction",
            "Parameters": {
                "LambdaFunctionARN": ARN,
                "InvocationTimeLimitSeconds": "3",
                "LambdaInvocationAttributes": {"pin": "$.StoredCustomerInput"},
            },
            "Transitions": {"NextAction": "say", "Errors": [{"NextAction": "sorry", "ErrorType": "NoMatchingError"}]},
        },
        *(
            {
                "Identifier": name,
                "Type": "MessageParticipant",
                "Parameters": {"Text": text},
                "Transitions": {"NextAction": "bye", "Errors": [{"NextAction": "bye", "ErrorType": "NoMatchingError"}]},
            }
            for name, text in (("say", "Hello $.External.Name"), ("sorry", "Sorry"))
        ),
        {"Identifier": "bye", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}},
    ],
}
STUB = 'lookup=stub(run=0.2):{"Name":"Ann"}'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flow.json").write_text(json.dumps(FLOW))
    return tmp_path


def test_a_run_is_recorded_and_runs_again_without_its_functions(folder: Path) -> None:
    first = cli("run", "flow.json", "--press", "1234", "--function", STUB, "--record", "calls")
    second = cli("run", "flow.json", "--press", "1234", "--replay", "calls")
    strict = cli("run", "flow.json", "--press", "1234", "--replay", "calls", "--profile", "strict")
    wrong = cli("run", "flow.json", "--press", "1235", "--replay", "calls", "--trace")

    assert first.code == second.code == 0
    assert "Hello Ann" in first.out
    assert first.out.partition("again")[0] == second.out.partition("again")[0]
    assert "--replay calls" in second.out
    assert "--record" not in first.out
    assert "Hello Ann" in strict.out
    assert "Sorry" in wrong.out
    assert "differs in Details.Parameters.pin." in " ".join(wrong.out.split())


def test_a_function_that_is_given_runs_beside_a_replay(folder: Path) -> None:
    cli("run", "flow.json", "--press", "1234", "--function", STUB, "--record", "calls")

    called = cli("run", "flow.json", "--press", "9", "--replay", "calls", "--function", 'lookup=stub:{"Name":"Bob"}')

    assert "Hello Bob" in called.out


def test_a_recording_is_replayed_in_real_time_too(folder: Path) -> None:
    cli("run", "flow.json", "--channel", "chat", "--silent", "--function", STUB, "--record", "calls")
    (folder / "chat.json").write_text(json.dumps({**FLOW, "StartAction": "fn"}))
    given = ("--channel", "chat", "--silent", "--real-time", "--function-time", "0")

    recorded = cli("run", "chat.json", *given, "--function", STUB, "--record", "calls")
    again = cli("run", "chat.json", *given, "--replay", "calls")

    assert "Hello Ann" in recorded.out
    assert "Hello Ann" in again.out


def test_secret_input_of_a_contact_is_not_recorded(folder: Path) -> None:
    off = {
        "Identifier": "off",
        "Type": "UpdateFlowLoggingBehavior",
        "Parameters": {"FlowLoggingBehavior": "Disabled"},
        "Transitions": {"NextAction": "pin"},
    }
    (folder / "flow.json").write_text(json.dumps({**FLOW, "StartAction": "off", "Actions": [off, *FLOW["Actions"]]}))

    first = cli("run", "flow.json", "--press", "4711", "--function", STUB, "--record", "calls")
    again = cli("run", "flow.json", "--press", "4711", "--replay", "calls")

    (file,) = (folder / "calls").iterdir()
    assert "Hello Ann" in first.out
    assert "4711" not in file.read_text()
    assert HIDDEN_NOTE in file.read_text()
    assert "Hello Ann" in again.out


def test_a_recording_that_cannot_be_written_is_told(folder: Path) -> None:
    called = cli("run", "flow.json", "--press", "1", "--function", STUB, "--record", "flow.json/calls")

    assert called.code == 2
    assert "Hello Ann" in called.out
    assert called.err.splitlines()[-1] == "offhook: --record: flow.json/calls: cannot be written: Not a directory."


def test_what_does_not_go_together_is_refused_at_once(folder: Path) -> None:
    called = cli("run", "flow.json", "--silent", "--record", ".", "--replay", "calls", "--debug", "lookup")

    assert called.code == 2
    assert called.err.splitlines()[:5] == [
        "offhook: --record and --replay do not go together: a replay would only be recorded again.",
        "offhook: --record '.': holds flow.json, which is no recording; name a folder of its own.",
        "offhook: --debug and --record do not go together: who looks into a function takes other times.",
        "offhook: --debug and --replay do not go together: who looks into a function takes other times.",
        "offhook: --replay: calls: there is no recording; make one with offhook run … --record calls.",
    ]
