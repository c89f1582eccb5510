"""Real functions in real processes, under AWS's runtime client and under ours."""

import contextlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import venv
from collections.abc import Iterator
from concurrent.futures import CancelledError
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from offhook.adapters.lambdas.host import LambdaHost
from offhook.adapters.lambdas.spec import LocalFunction
from tests.debugger import attached
from tests.hosted import FUNCTIONS, REQUEST, Hosting, answer, effect, hosts, wait_until_gone

needs_proc = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")

once = pytest.mark.parametrize("client", ["auto"], indirect=True)  # what does not depend on the runtime client


@pytest.fixture(params=["auto", "own"])
def client(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def hosting(client: str) -> Iterator[Hosting]:
    with hosts(task_root=FUNCTIONS, client=client) as make:
        yield make


def test_a_function_answers_the_event_it_is_given(hosting: Hosting) -> None:
    event = {"Name": "ContactFlowEvent", "Details": {"Parameters": {"name": "Zoë", "n": 1.5, "none": None}}}

    ended = hosting("sample.echoes").invoke(effect(event)).result()

    assert answer(ended) == event
    assert ended.effect_id == "c/1"
    assert ended.at_ms == 0
    assert ended.body_bytes == len(ended.body.encode())


def test_a_function_sees_its_context(hosting: Hosting, client: str) -> None:
    host = hosting("sample.describes", memory_mb=256, timeout_ms=20_000)

    seen = answer(host.invoke(effect()).result())

    assert seen["request_id"] == REQUEST
    assert seen["arn"] == "arn:aws:lambda:us-east-1:111122223333:function:f"
    assert (seen["function"], seen["version"], seen["memory"]) == ("f", "$LATEST", "256")
    assert 0 < seen["left_ms"] <= 20_000
    assert seen["folder"] == str(FUNCTIONS)
    assert seen["official"] == (client == "auto" and importlib.util.find_spec("runtime_client") is not None)


@once
def test_a_function_may_have_an_interpreter_that_knows_nothing_of_us(hosting: Hosting, tmp_path: Path) -> None:
    """It gets AWS's client from us all the same, but not our other packages."""
    venv.create(tmp_path / "venv", symlinks=True)
    (tmp_path / "f.py").write_text(
        "import importlib.util, sys\n"
        "def h(event, context):\n"
        "    names = ('awslambdaric', 'offhook', 'msgspec')\n"
        "    return [name for name in names if importlib.util.find_spec(name)]\n"
    )
    host = hosting("f.h", task_root=tmp_path, interpreter=str(tmp_path / "venv" / "bin" / "python"))

    ours = ["awslambdaric"] if importlib.util.find_spec("awslambdaric") else []
    assert answer(host.invoke(effect()).result()) == ours


def test_a_warm_process_is_used_again_and_its_module_ran_once(hosting: Hosting) -> None:
    host = hosting("sample.describes")

    first = host.invoke(effect()).result()
    second = host.invoke(effect()).result()

    assert answer(first)["pid"] == answer(second)["pid"]
    assert answer(second)["calls"] == 2
    assert (first.cold, second.cold) == (True, False)
    assert first.log == "module scope ran\n"
    assert second.log == ""
    assert 0 < first.init_ms <= first.took_ms
    assert second.init_ms == 0
    assert second.took_ms >= 1


@once
def test_each_invocation_in_flight_has_a_process_of_its_own(hosting: Hosting, tmp_path: Path) -> None:
    host = hosting("sample.meets")

    events = [{"folder": str(tmp_path), "name": str(n), "count": 3} for n in range(3)]
    ended = [future.result() for future in [host.invoke(effect(event)) for event in events]]

    assert len({answer(one)["pid"] for one in ended}) == 3


@once
def test_thirty_two_at_once_need_at_most_thirty_two_processes(hosting: Hosting) -> None:
    """P29: the second concurrent request crashes AWS's emulator."""
    host = hosting("sample.describes")

    pids = set()
    for _ in range(3):
        futures = [host.invoke(effect()) for _ in range(32)]
        pids |= {answer(future.result())["pid"] for future in futures}

    assert 1 <= len(pids) <= 32


@once
def test_more_at_once_than_the_bound_are_throttled(hosting: Hosting, tmp_path: Path) -> None:
    host = hosting("sample.meets", limits={"max_processes": 1})

    running = host.invoke(effect({"folder": str(tmp_path), "name": "a", "count": 2}))
    refused = host.invoke(effect()).result()
    (tmp_path / "b").touch()

    assert (refused.status, refused.error_code, refused.cause) == (429, "TooManyRequestsException", "throttle")
    assert answer(running.result())


@once
def test_a_function_is_cut_at_the_limit_and_the_next_call_works(hosting: Hosting, tmp_path: Path) -> None:
    host = hosting("sample.sleeps")
    answer(host.invoke(effect({"seconds": 0})).result())

    cut = host.invoke(effect({"pid_file": str(tmp_path / "pid")}, timeout_ms=300)).result()
    after = host.invoke(effect({"seconds": 0})).result()

    assert (cut.status, cut.cause, cut.took_ms) == (0, "time_limit", 300)
    assert answer(after) == {"slept": True}
    wait_until_gone(int((tmp_path / "pid").read_text()))


@once
def test_a_cold_start_counts_and_the_next_call_finds_it_done(hosting: Hosting, tmp_path: Path) -> None:
    """P01: the function runs within the limit, but not with its cold start; then it is warm."""
    code = "import time\ntime.sleep(0.6)\ndef handler(event, context):\n    time.sleep(0.5)\n    return {}\n"
    (tmp_path / "slow.py").write_text(code)
    host = hosting("slow.handler", task_root=tmp_path)

    first = host.invoke(effect(timeout_ms=1000)).result()
    second = host.invoke(effect(timeout_ms=1000)).result()

    assert (first.cause, first.cold) == ("time_limit", True)
    assert answer(second) == {}
    assert not second.cold


@once
def test_a_start_that_outlasts_its_caller_goes_on_for_the_next(hosting: Hosting, tmp_path: Path) -> None:
    code = (
        "import os, time\ntime.sleep(0.5)\ndef handler(event, context):\n    return os.getpid()\nprint(os.getpid())\n"
    )
    (tmp_path / "slow.py").write_text(code)
    host = hosting("slow.handler", task_root=tmp_path)

    first = host.invoke(effect(timeout_ms=100)).result()
    second = host.invoke(effect(timeout_ms=400)).result()

    assert first.cause == "time_limit"
    assert second.log == f"{answer(second)}\n"


@once
def test_the_functions_own_time_out_is_told_apart(hosting: Hosting) -> None:
    """P24: the function's own time-out fires before the block's limit."""
    host = hosting("sample.sleeps", timeout_ms=300)

    ended = host.invoke(effect()).result()
    after = host.invoke(effect({"seconds": 0})).result()

    assert (ended.status, ended.function_error, ended.cause) == (200, "Unhandled", "function_timeout")
    assert json.loads(ended.body)["errorMessage"] == f"RequestId: {REQUEST} Error: Task timed out after 0.30 seconds"
    assert ended.took_ms >= 300
    assert after.cold, "as with AWS, the environment starts anew"


def test_an_exception_is_an_unhandled_error_as_lambda_sends_it(hosting: Hosting) -> None:
    host = hosting("sample.raises")

    ended = host.invoke(effect()).result()
    body = json.loads(ended.body)

    assert (ended.status, ended.function_error, ended.cause) == (200, "Unhandled", "function_error")
    assert body.keys() == {"errorMessage", "errorType", "requestId", "stackTrace"}
    assert (body["errorMessage"], body["errorType"], body["requestId"]) == ("no such state", "ValueError", REQUEST)
    assert len(body["stackTrace"]) == 1
    assert body["stackTrace"][0].endswith('in raises\n    raise ValueError("no such state")\n')
    assert ended.detail == "ValueError: no such state"
    assert '    raise ValueError("no such state")\n' in ended.log
    assert "[ERROR] ValueError: no such state\nTraceback (most recent call last):\n" in ended.log


def test_a_function_that_raised_stays_warm(hosting: Hosting) -> None:
    host = hosting("sample.raises")

    assert [host.invoke(effect()).result().cold for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("code", "handler", "error_type", "message"),
    [
        (
            "import nowhere",
            "f.h",
            "Runtime.ImportModuleError",
            "Unable to import module 'f': No module named 'nowhere'",
        ),
        ("", "absent.h", "Runtime.ImportModuleError", "Unable to import module 'absent': No module named 'absent'"),
        ("def h(:", "f.h", "Runtime.UserCodeSyntaxError", "Syntax error in module 'f': "),
        ("", "f.h", "Runtime.HandlerNotFound", "Handler 'h' missing on module 'f'"),
        ("", "h", "Runtime.MalformedHandlerName", "Bad handler 'h': "),
        ("1 / 0", "f.h", "ZeroDivisionError", "division by zero"),
        ("", "time.h", "Runtime.BuiltInModuleConflict", "Cannot use built-in module time as a handler module"),
    ],
)
def test_what_cannot_start_says_so_in_lambdas_words(
    hosting: Hosting, tmp_path: Path, code: str, handler: str, error_type: str, message: str
) -> None:
    (tmp_path / "f.py").write_text(code)

    ended = hosting(handler, task_root=tmp_path).invoke(effect()).result()
    body = json.loads(ended.body)

    assert (ended.status, ended.function_error, ended.cause) == (200, "Unhandled", "init")
    assert body["errorType"] == error_type
    assert body["errorMessage"].startswith(message)
    assert ended.detail.startswith(f"{error_type}: {message}")
    assert ended.cold


@once
def test_a_missing_folder_is_a_failed_import(hosting: Hosting, tmp_path: Path) -> None:
    ended = hosting("f.h", task_root=tmp_path / "absent").invoke(effect()).result()

    assert (ended.cause, ended.detail) == (
        "init", "Runtime.ImportModuleError: Unable to import module 'f': No module named 'f'",
    )  # fmt: skip


@once
def test_a_missing_interpreter_is_a_failed_start(hosting: Hosting) -> None:
    ended = hosting("sample.echoes", interpreter="/absent/python").invoke(effect()).result()

    assert ended.cause == "init"
    assert json.loads(ended.body)["errorType"] == "Runtime.InvalidEntrypoint"
    assert ended.detail.startswith("/absent/python cannot be started: ")


def test_a_function_that_was_mended_works_at_the_next_call(hosting: Hosting, tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text("def h(:")
    host = hosting("f.h", task_root=tmp_path)
    broken = host.invoke(effect()).result()

    (tmp_path / "f.py").write_text("def h(event, context):\n    return 1")

    assert broken.cause == "init"
    assert answer(host.invoke(effect()).result()) == 1


@once
def test_the_start_has_a_limit_of_its_own(hosting: Hosting, tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text("import time\ntime.sleep(60)\n")

    ended = hosting("f.h", task_root=tmp_path, limits={"init_limit_ms": 300}).invoke(effect()).result()

    assert (ended.status, ended.cause) == (200, "init")
    assert ended.detail.endswith("Init phase timed out after 0.30 seconds")


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"status": 3}, "Runtime exited with error: exit status 3"),
        ({"status": 0}, "Runtime exited without providing a reason"),
        ({"status": 4, "raise": True}, "Runtime exited with error: exit status 4"),
        ({"signal": int(signal.SIGKILL)}, "Runtime exited with error: signal: killed"),
    ],
)
def test_a_process_that_ends_is_a_crash_and_the_next_call_works(
    hosting: Hosting, event: dict[str, Any], reason: str
) -> None:
    host = hosting("sample.exits")

    ended = host.invoke(effect(event)).result()
    after = host.invoke(effect()).result()

    assert (ended.status, ended.function_error, ended.cause) == (200, "Unhandled", "crash")
    assert json.loads(ended.body) == {
        "errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {REQUEST} Error: {reason}",
    }  # fmt: skip
    assert answer(after) == {}
    assert after.cold


def test_a_module_that_exits_is_a_failed_start(hosting: Hosting, tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text("import os\nos._exit(7)\n")

    ended = hosting("f.h", task_root=tmp_path).invoke(effect()).result()

    assert (ended.cause, ended.function_error) == ("init", "Unhandled")
    assert ended.detail.endswith("Runtime exited with error: exit status 7")


def test_what_a_function_writes_is_kept_with_its_invocation(hosting: Hosting) -> None:
    host = hosting("sample.writes")
    host.invoke(effect()).result()

    lines = host.invoke(effect()).result().log.splitlines()

    assert lines[:2] == ["to stdout é", "to stderr"]
    assert lines[2].startswith("[WARNING]\t")
    assert lines[2].endswith(f"Z\t{REQUEST}\ta warning")
    assert lines[3:] == ["from a child", "no end of line"]


def test_a_flood_of_output_blocks_nobody_and_its_tail_is_kept(hosting: Hosting) -> None:
    ended = hosting("sample.floods").invoke(effect()).result()

    assert answer(ended) == {}
    assert ended.log.endswith("x\nthe end\n")
    assert len(ended.log.encode()) == 4096


def test_a_function_sees_the_environment_that_is_allowed_and_no_more(
    hosting: Hosting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "inherited")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    host = hosting("sample.environment", environment={"TABLE": "demo"}, inherit=("AWS_PROFILE", "NOT_SET"))

    seen = answer(host.invoke(effect()).result())

    assert seen.keys() == {
        "PATH", "LANG", "TZ", "HOME", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "_HANDLER", "TABLE", "AWS_PROFILE",
    }  # fmt: skip
    assert (seen["TABLE"], seen["AWS_PROFILE"], seen["TZ"]) == ("demo", "inherited", ":UTC")
    assert seen["HOME"] != os.environ.get("HOME")
    assert seen["AWS_EXECUTION_ENV"] == f"AWS_Lambda_python{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.mark.parametrize("edited", ["f.py", "lib/part.py"])
def test_an_edit_is_seen_by_the_next_call(hosting: Hosting, tmp_path: Path, edited: str) -> None:
    """P28, and with a text of equal length within one second, which Python's own cache would not notice."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "part.py").write_text("STATE = 'WA'\n")
    (tmp_path / "f.py").write_text("from lib.part import STATE\ndef h(event, context):\n    return [STATE, 'WA']\n")
    host = hosting("f.h", task_root=tmp_path)
    before = [answer(host.invoke(effect()).result()) for _ in range(2)]

    (tmp_path / edited).write_text((tmp_path / edited).read_text().replace("WA", "CA"))
    after = host.invoke(effect()).result()
    warm = host.invoke(effect()).result()

    assert before == [["WA", "WA"]] * 2
    assert answer(after) == answer(warm) == (["WA", "CA"] if edited == "f.py" else ["CA", "WA"])
    assert (after.cold, warm.cold) == (True, False)


@once
def test_an_edit_during_an_invocation_is_seen_by_the_one_after(hosting: Hosting, tmp_path: Path) -> None:
    old = "import pathlib\ndef h(event, context):\n    pathlib.Path('f.py').write_text(event['code'])\n    return 1\n"
    (tmp_path / "f.py").write_text(old)
    host = hosting("f.h", task_root=tmp_path)

    first = host.invoke(effect({"code": old.replace("return 1", "return 2")})).result()
    second = host.invoke(effect({"code": old})).result()

    assert (answer(first), answer(second)) == (1, 2)


@once
def test_an_edit_beside_an_invocation_ends_its_process_after_it(hosting: Hosting, tmp_path: Path) -> None:
    code = (
        "import os, pathlib, time\n"
        "def h(event, context):\n"
        "    while event and not pathlib.Path(event['until']).exists(): time.sleep(0.002)\n"
        "    return 1\n"
    )
    (tmp_path / "f.py").write_text(code)
    host = hosting("f.h", task_root=tmp_path)
    answer(host.invoke(effect()).result())
    running = host.invoke(effect({"until": str(tmp_path / "go")}))

    (tmp_path / "f.py").write_text(code.replace("return 1", "return 2"))
    beside = host.invoke(effect()).result()
    (tmp_path / "go").touch()
    old = running.result()
    after = [host.invoke(effect()) for _ in range(2)]

    assert (answer(old), answer(beside)) == (1, 2)
    assert [answer(future.result()) for future in after] == [2, 2]


def test_handlers_may_lie_in_packages_dotted_or_with_slashes(hosting: Hosting, tmp_path: Path) -> None:
    (tmp_path / "app" / "deep").mkdir(parents=True)
    (tmp_path / "app" / "deep" / "f.py").write_text("def h(event, context):\n    return __name__\n")

    for handler in ("app.deep.f.h", "app/deep/f.h"):
        assert answer(hosting(handler, task_root=tmp_path).invoke(effect()).result()) == "app.deep.f"


@once
def test_a_big_answer_is_cut_for_us_and_its_size_is_told(hosting: Hosting) -> None:
    """P02: 32 KB are judged by the engine, by the size as received."""
    host = hosting("sample.answers_big", limits={"max_body_bytes": 1000})

    ended = host.invoke(effect({"length": 3_000_000})).result()

    assert (ended.status, ended.function_error, ended.body_bytes) == (200, "", 3_000_013)
    assert ended.body == '{"State": "' + "a" * 989


@once
def test_an_answer_above_lambdas_six_megabytes_is_refused(hosting: Hosting) -> None:
    host = hosting("sample.answers_big")

    ended = host.invoke(effect({"length": 7_000_000})).result()
    after = host.invoke(effect({"length": 1})).result()

    assert (ended.function_error, ended.cause) == ("Unhandled", "function_error")
    assert json.loads(ended.body)["errorType"] == "Function.ResponseSizeTooLarge"
    assert answer(after) == {"State": "a"}


def test_answers_are_spelled_as_lambda_spells_them(hosting: Hosting) -> None:
    assert hosting("sample.answers_decimal").invoke(effect()).result().body == '{"balance": 1.50, "again": [1.50, -2]}'
    assert hosting("sample.answers_bytes").invoke(effect()).result().body == '{"raw": 1}'


def test_an_answer_that_is_not_json_is_an_error_of_the_function(hosting: Hosting) -> None:
    ended = hosting("sample.answers_set").invoke(effect()).result()

    assert ended.cause == "function_error"
    assert ended.detail == (
        "Runtime.MarshalError: Unable to marshal response: Object of type set is not JSON serializable"
    )


def test_a_big_event_arrives_whole(hosting: Hosting) -> None:
    event = {"text": "a" * 5_000_000}

    assert answer(hosting("sample.measures").invoke(effect(event)).result()) == len(json.dumps(event))


@pytest.mark.parametrize("client", ["own"], indirect=True)
def test_a_process_that_ends_between_two_invocations_costs_neither(hosting: Hosting) -> None:
    host = hosting("sample.answers_and_ends")

    ended = [host.invoke(effect()).result() for _ in range(5)]

    assert [answer(one) for one in ended] == [{}] * 5


@once
def test_a_function_with_a_hundred_connections_to_us_is_killed(hosting: Hosting) -> None:
    ended = hosting("sample.connects_often").invoke(effect()).result()

    assert (ended.cause, ended.detail.endswith("signal: killed")) == ("crash", True)


@once
def test_strange_requests_are_refused_and_harm_nothing(hosting: Hosting) -> None:
    root = "/2018-06-01/runtime/invocation"
    requests = [
        "GET /nowhere HTTP/1.1\r\n\r\n",
        "hello\r\n\r\n",
        f"POST {root}/another/response HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}",
        f"POST {root}/another/response HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
    ]

    ended = hosting("sample.speaks_strangely").invoke(effect({"requests": requests})).result()

    assert answer(ended) == [
        "HTTP/1.1 404 Not Found", "HTTP/1.1 400 Bad Request", "HTTP/1.1 400 Bad Request", "HTTP/1.1 100 Continue",
    ]  # fmt: skip


def test_a_function_that_closes_its_connection_harms_only_itself(hosting: Hosting) -> None:
    """Whether it can still answer is the client's affair; it may take its own time-out to find out that it is lost."""
    host = hosting("sample.closes_everything", timeout_ms=500)

    ended = [host.invoke(effect({"close": True})).result() for _ in range(2)]
    while host.invoke(effect()).result().function_error:
        pass

    assert {one.cause for one in ended} <= {"", "crash", "function_timeout"}


@once
@needs_proc
def test_children_of_functions_end_with_the_host(hosting: Hosting) -> None:
    host = hosting("sample.leaves_children")
    pids = answer(host.invoke(effect()).result())["pids"]

    host.close()

    for pid in pids:
        wait_until_gone(pid)


@once
@needs_proc
def test_functions_end_when_the_host_is_killed(client: str, tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from offhook.adapters.lambdas.host import LambdaHost
from offhook.adapters.lambdas.spec import LocalFunction
from offhook.model.effect import InvokeLambda
function = LocalFunction(name="f", task_root=Path({str(FUNCTIONS)!r}), handler="sample.sleeps", client={client!r})
host = LambdaHost({{"f": function}})
host.invoke(InvokeLambda("c/1", "f", "arn", {{"pid_file": {str(tmp_path / "pid")!r}}}, 60_000, "r"))
while not os.path.exists({str(tmp_path / "pid")!r}) or not Path({str(tmp_path / "pid")!r}).read_text():
    pass
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", script], check=False, timeout=30)

    assert ended.returncode == -signal.SIGKILL
    wait_until_gone(int((tmp_path / "pid").read_text()))


@once
@needs_proc
def test_a_function_above_its_memory_is_killed(hosting: Hosting) -> None:
    host = hosting("sample.grows", memory_mb=64)

    ended = host.invoke(effect({"mb": 100})).result()

    assert ended.cause == "crash"
    assert json.loads(ended.body)["errorMessage"].endswith("Runtime exited with error: signal: killed")
    assert ended.detail.endswith("MB of its 64 MB.")


@once
def test_an_invocation_that_is_cancelled_ends_its_process(hosting: Hosting, tmp_path: Path) -> None:
    host = hosting("sample.sleeps")
    future = host.invoke(effect({"pid_file": str(tmp_path / "pid")}))
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        pass

    assert future.cancel()

    with pytest.raises(CancelledError):
        future.result()
    wait_until_gone(int((tmp_path / "pid").read_text()))
    assert answer(host.invoke(effect({"seconds": 0})).result()) == {"slept": True}


@once
def test_closing_ends_what_is_in_flight_and_refuses_what_comes_after(hosting: Hosting) -> None:
    host = hosting("sample.sleeps")
    running = host.invoke(effect())

    host.close()
    host.close()

    assert (running.result().status, running.result().cause) == (500, "service")
    assert host.invoke(effect()).result().cause == "service"


@once
def test_one_function_that_hangs_costs_another_nothing(client: str) -> None:
    function = LocalFunction(name="f", task_root=FUNCTIONS, handler="sample.sleeps", client=client)
    other = replace(function, name="g", handler="sample.echoes")
    with LambdaHost({"f": function, "g": other}) as host:
        hanging = host.invoke(effect())

        assert answer(host.invoke(effect({"a": 1}, function="g")).result()) == {"a": 1}
        assert not hanging.done()


def test_an_unknown_function_is_not_found() -> None:
    with LambdaHost({}) as host:
        ended = host.invoke(effect()).result()

    assert (ended.status, ended.error_code, ended.cause) == (404, "ResourceNotFoundException", "not_found")


@once
@pytest.mark.skipif(importlib.util.find_spec("debugpy") is None, reason="needs debugpy")
def test_a_function_waits_for_its_debugger_and_no_limit_applies(hosting: Hosting) -> None:
    port = free_port()
    host = hosting("sample.describes", debug_port=port, timeout_ms=1, limits={"init_limit_ms": 1})

    future = host.invoke(effect(timeout_ms=1))
    with attached(port):
        ended = future.result(timeout=20)

    assert answer(ended)["calls"] == 1


def free_port() -> int:
    """Below the range that systems choose from: whoever knocks there before it is open could meet himself."""
    first = 20_000 + os.getpid() % 5_000
    for port in range(first, first + 5_000):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no port is free")


def test_no_thread_starts_and_no_folder_is_made_before_a_python_function_is_invoked() -> None:
    script = """
import sys, threading
from offhook.adapters.lambdas.host import LambdaHost
from offhook.adapters.lambdas.spec import Stub
from offhook.model.effect import InvokeLambda
with LambdaHost({"f": Stub(name="f", answers=("{}",))}) as host:
    assert host.invoke(InvokeLambda("c/1", "f", "arn", {}, 1000, "r")).result().body == "{}"
    assert threading.active_count() == 1
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
