"""Stubs and faults: stated answers at stated times."""

import json
from pathlib import Path
from typing import Any

import pytest

from offhook.adapters.lambdas.host import LambdaHost
from offhook.adapters.lambdas.spec import FAULTS, Fault, Stub, parse_functions
from offhook.model.effect import InvokeLambda
from offhook.model.event import LambdaEnded

REQUEST = "8f0e3b7c-0000-4000-8000-000000000001"


def effect(event: dict[str, Any] | None = None, *, timeout_ms: int = 3000) -> InvokeLambda:
    return InvokeLambda("c/1", "f", "arn:f", event or {}, timeout_ms, REQUEST)


def ask(text: str, *, times: int = 1, timeout_ms: int = 3000) -> list[LambdaEnded]:
    """The answers of a function given as on the command line. Each is there at once."""
    with LambdaHost(parse_functions((f"f={text}",), folder=Path())) as host:
        futures = [host.invoke(effect(timeout_ms=timeout_ms)) for _ in range(times)]
        assert all(future.done() for future in futures)
        return [future.result() for future in futures]


def outcome(ended: LambdaEnded) -> tuple[int, str, int]:
    return ended.status, ended.cause, ended.took_ms


def test_a_stub_answers_at_once_and_as_written() -> None:
    assert ask('stub:{"State": 1.50}') == [LambdaEnded(0, "c/1", 200, body='{"State": 1.50}', body_bytes=15)]


def test_bytes_are_counted_not_characters() -> None:
    [ended] = ask('stub:"あ"')

    assert ended.body_bytes == 5


def test_only_the_first_call_pays_for_the_cold_start() -> None:
    """P01: 0.4 s and 2.7 s with a limit of 3 s."""
    first, second = ask("stub(init=0.4,run=2.7):{}", times=2)

    assert (outcome(first), first.cold) == ((0, "time_limit", 3000), True)
    assert (outcome(second), second.cold) == ((200, "", 2700), False)


@pytest.mark.parametrize(
    ("cold", "expected"),
    [
        ("always", [True] * 5),
        ("first", [True, False, False, False, False]),
        ("every 3", [True, False, False, True, False]),
    ],
)
def test_cold_starts_can_be_forced(cold: str, expected: list[bool]) -> None:
    """P13."""
    ended = ask(f"stub(init=1,cold={cold}):{{}}", times=5)

    assert [one.cold for one in ended] == expected
    assert [one.init_ms for one in ended] == [one.took_ms for one in ended] == [1000 * cold for cold in expected]


def test_an_answer_at_the_limit_is_in_time() -> None:
    assert outcome(ask("stub(run=3):{}")[0]) == (200, "", 3000)
    assert outcome(ask("stub(run=3.001):{}")[0]) == (0, "time_limit", 3000)


def test_the_functions_own_time_out_comes_first_where_it_is_shorter() -> None:
    """P24: whichever ends first, and which one it was."""
    [own] = ask("stub(run=3,timeout=2):{}", timeout_ms=8000)
    [limit] = ask("stub(run=30,timeout=20):{}", timeout_ms=8000)
    [cold] = ask("stub(init=1.5,run=3,timeout=2):{}", timeout_ms=8000)

    assert outcome(own) == (200, "function_timeout", 2000)
    assert outcome(limit) == (0, "time_limit", 8000)
    assert outcome(cold) == (200, "function_timeout", 3500), "the cold start is not the function's own time"


def test_a_sequence_is_given_in_order_and_its_last_answer_repeats() -> None:
    ended = ask('stub(seq):[1,{"fail":"throttle"},3]', times=4)

    assert [(one.status, one.body) for one in ended] == [(200, "1"), (429, ""), (200, "3"), (200, "3")]


def test_a_stub_may_be_a_callable() -> None:
    def lookup(event: dict[str, Any]) -> Any:
        if not event:
            raise KeyError("state")
        return Fault("403") if event == {"n": 2} else {"State": event}

    with LambdaHost({"f": Stub(name="f", answers=lookup)}) as host:
        answered, refused, raised = (host.invoke(effect(event)).result() for event in ({"n": 1}, {"n": 2}, {}))

    assert (answered.status, json.loads(answered.body), answered.took_ms) == (200, {"State": {"n": 1}}, 0)
    assert refused.error_code == "AccessDeniedException"
    assert (raised.status, raised.function_error, raised.cause) == (200, "Unhandled", "function_error")
    assert (raised.detail, json.loads(raised.body)["requestId"]) == ("KeyError: 'state'", REQUEST)
    assert 'raise KeyError("state")' in json.loads(raised.body)["stackTrace"][0]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("throttle", (429, "", "TooManyRequestsException", "throttle", 0)),
        ("instance-limit", (429, "", "InstanceLimit", "instance_limit", 0)),
        ("500", (500, "", "ServiceException", "service", 0)),
        ("403", (403, "", "AccessDeniedException", "forbidden", 0)),
        ("404", (404, "", "ResourceNotFoundException", "not_found", 0)),
        ("timeout", (200, "Unhandled", "", "function_timeout", 1000)),
        ("error", (200, "Unhandled", "", "function_error", 0)),
        ("init", (200, "Unhandled", "", "init", 0)),
        ("crash", (200, "Unhandled", "", "crash", 0)),
        ("nested", (200, "", "", "", 0)),
        ("big", (200, "", "", "", 0)),
        ("garbage", (200, "", "", "", 0)),
    ],
)
def test_each_fault_fails_in_its_own_way(kind: str, expected: tuple[int, str, str, str, int]) -> None:
    [ended] = ask(f"fail:{kind}")

    assert (ended.status, ended.function_error, ended.error_code, ended.cause, ended.took_ms) == expected
    assert bool(ended.detail) == bool(ended.cause)
    assert ended.body_bytes == len(ended.body)


def test_every_fault_is_tested() -> None:
    marks = test_each_fault_fails_in_its_own_way.pytestmark  # type: ignore[attr-defined]

    assert {kind for kind, _ in marks[0].args[1]} == set(FAULTS)


def test_the_error_objects_of_faults_are_lambdas() -> None:
    def body(kind: str) -> Any:
        return json.loads(ask(f"fail:{kind}")[0].body)

    assert body("timeout")["errorMessage"] == f"RequestId: {REQUEST} Error: Task timed out after 1.00 seconds"
    assert body("init")["errorType"] == "Runtime.ImportModuleError"
    assert body("crash") == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {REQUEST} Error: Runtime exited with error: exit status 1",
    }
    assert body("error").keys() == {"errorMessage", "errorType", "requestId", "stackTrace"}


def test_bad_answers_are_bad_in_the_way_their_names_say() -> None:
    assert json.loads(ask("fail:nested")[0].body) == {"State": {"Code": "CA"}}
    assert ask("fail:big")[0].body_bytes >= 32_768
    assert json.loads(ask("fail:big")[0].body).keys() == {"State"}
    with pytest.raises(json.JSONDecodeError):
        json.loads(ask("fail:garbage")[0].body)


def test_a_slow_function_takes_its_seconds_without_anyone_waiting() -> None:
    assert outcome(ask("fail:slow:7.5", timeout_ms=8000)[0]) == (200, "", 7500)
    assert outcome(ask("fail:slow:7.5")[0]) == (0, "time_limit", 3000)


def test_a_fault_that_times_out_is_cut_by_a_shorter_limit() -> None:
    assert outcome(ask("fail:timeout", timeout_ms=999)[0]) == (0, "time_limit", 999)
