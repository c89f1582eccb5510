"""How long processes live, how many there are, and what is reported of them: as Lambda's execution environments."""

import math
import os
import queue
import re
import shutil
from collections.abc import Iterator
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from offhook.adapters.lambdas.host import LambdaHost
from offhook.adapters.lambdas.report import MAX_TAIL_BYTES, tail
from offhook.adapters.lambdas.spec import LocalFunction, parse_function
from offhook.adapters.lambdas.stub import answered
from tests.hosted import AMPLE_MS, FUNCTIONS, REQUEST, Hosting, answer, effect, hosts, wait_until_gone


@pytest.fixture
def hosting() -> Iterator[Hosting]:
    with hosts(task_root=FUNCTIONS, client="own") as make:
        yield make


class Clock:
    """Seconds, as many as the test says."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def several(folder: Path, *names: str, **settings: Any) -> dict[str, LocalFunction]:
    """Functions that tell their process, and wait as long as the event says: until a file is there."""
    (folder / "f.py").write_text(
        "import os, pathlib, time\n"
        "def h(event, context):\n"
        "    while event and not pathlib.Path(event['until']).exists(): time.sleep(0.002)\n"
        "    return os.getpid()\n"
    )
    return {
        name: LocalFunction(
            name=name, task_root=folder, handler="f.h", client="own", timeout_ms=AMPLE_MS, **settings
        )
        for name in names
    }  # fmt: skip


# --- how many


def test_more_than_are_reserved_are_throttled(hosting: Hosting, tmp_path: Path) -> None:
    """Lambda's reserved concurrency."""
    functions = several(tmp_path, "f", reserved=2) | several(tmp_path, "other")
    with LambdaHost(functions) as host:
        running = [host.invoke(effect({"until": str(tmp_path / "go")})) for _ in range(2)]
        refused = host.invoke(effect()).result()
        other = host.invoke(effect(function="other")).result()
        (tmp_path / "go").touch()
        pids = [answer(each.result()) for each in running]
        after = host.invoke(effect()).result()

    assert (refused.status, refused.error_code, refused.cause) == (429, "TooManyRequestsException", "throttle")
    assert refused.detail == "Rate Exceeded: 2 may run at once."
    assert answer(other) not in pids
    assert answer(after) in pids


def test_a_function_with_none_reserved_never_runs(hosting: Hosting) -> None:
    assert hosting("sample.echoes", reserved=0).invoke(effect()).result().cause == "throttle"


def test_more_than_the_instance_may_invoke_at_once_are_refused(tmp_path: Path) -> None:
    """P08: the sentence that people hunt for."""
    with LambdaHost(several(tmp_path, "f", "other"), max_invocations=2) as host:
        running = [host.invoke(effect({"until": str(tmp_path / "go")}, function=name)) for name in ("f", "other")]
        refused = host.invoke(effect()).result()
        (tmp_path / "go").touch()
        for each in running:
            answer(each.result())
        after = host.invoke(effect()).result()

    assert (refused.status, refused.error_code, refused.cause) == (429, "InstanceLimit", "instance_limit")
    assert refused.detail == "Instance has reached concurrent Lambda thread access limit"
    assert answer(after)


def test_an_idle_process_makes_room_for_another_function(tmp_path: Path) -> None:
    with LambdaHost(several(tmp_path, "a", "b", "c"), max_processes=2) as host:
        first = {name: answer(host.invoke(effect(function=name)).result()) for name in ("a", "b")}
        answer(host.invoke(effect(function="a")).result())
        third = answer(host.invoke(effect(function="c")).result())
        wait_until_gone(first["b"])
        again = {name: answer(host.invoke(effect(function=name)).result()) for name in ("a", "c")}

    assert again == {"a": first["a"], "c": third}, "the one that was idle for longest has gone"


def test_thirty_two_contacts_at_once_are_thirty_two_successes(tmp_path: Path) -> None:
    """P29: none waits for another, and there are no more processes than invocations."""
    (tmp_path / "f.py").write_text(
        "import os, pathlib, time\n"
        "def h(event, context):\n"
        "    here = pathlib.Path(event['folder'])\n"
        "    (here / event['name']).touch()\n"
        "    while len(os.listdir(here)) < 32: time.sleep(0.01)\n"
        "    return os.getpid()\n"
    )
    (tmp_path / "here").mkdir()
    function = LocalFunction(name="f", task_root=tmp_path, handler="f.h", client="own", timeout_ms=AMPLE_MS)
    with LambdaHost({"f": function}) as host, ThreadPoolExecutor(32) as callers:
        orders = [effect({"folder": str(tmp_path / "here"), "name": str(number)}) for number in range(32)]
        ended = list(callers.map(lambda order: host.invoke(order).result(), orders))
        again = [each.result() for each in [host.invoke(order) for order in orders]]

    assert len({answer(each) for each in ended}) == 32
    assert {answer(each) for each in again} <= {answer(each) for each in ended}


# --- how long


def test_a_process_with_nothing_to_do_ends_after_five_minutes(tmp_path: Path) -> None:
    clock = Clock()
    with LambdaHost(several(tmp_path, "f"), now=clock) as host:
        first = answer(host.invoke(effect()).result())
        clock.seconds += 299
        second = host.invoke(effect()).result()
        clock.seconds += 301
        third = host.invoke(effect()).result()
        wait_until_gone(first)

    assert (answer(second), second.cold) == (first, False)
    assert (answer(third) != first, third.cold) == (True, True)


def test_it_ends_by_itself_too(tmp_path: Path) -> None:
    with LambdaHost(several(tmp_path, "f", idle_ms=20)) as host:
        pid = answer(host.invoke(effect()).result())

        wait_until_gone(pid)


def test_a_start_may_take_longer_than_a_process_may_be_idle(tmp_path: Path) -> None:
    functions = several(tmp_path, "f", idle_ms=1)
    with LambdaHost(functions) as host:
        ended = [host.invoke(effect()).result() for _ in range(3)]

    assert all(answer(each) for each in ended)


@pytest.mark.parametrize(
    ("cold", "expected"),
    [
        (None, [True, False, False, False, False]),
        (1, [True] * 5),
        (2, [True, False, True, False, True]),
        (3, [True, False, False, True, False]),
    ],
)
def test_cold_starts_can_be_forced(tmp_path: Path, cold: int | None, expected: list[bool]) -> None:
    """P13."""
    with LambdaHost(several(tmp_path, "f", cold_every=cold)) as host:
        ended = [host.invoke(effect()).result() for _ in range(5)]

    assert [each.cold for each in ended] == expected
    assert len({answer(each) for each in ended}) == expected.count(True)


def test_a_forced_cold_start_is_paid_by_its_caller_even_if_one_is_starting_already(tmp_path: Path) -> None:
    """P13: with a start longer than the limit, every call fails; else the first one would have prepared the second."""
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(60)\ndef h(event, context): return {}\n")
    function = LocalFunction(name="f", task_root=tmp_path, handler="slow.h", client="own", cold_every=1)
    with LambdaHost({"f": function}) as host:
        ended = [host.invoke(effect(timeout_ms=200)).result() for _ in range(3)]

    assert [(each.cause, each.cold) for each in ended] == [("time_limit", True)] * 3


def test_after_an_idle_time_a_start_is_cold(tmp_path: Path) -> None:
    several(tmp_path, "f")
    function = parse_function("f=python(cold=after 10m):f.h", folder=tmp_path)
    clock = Clock()
    with LambdaHost({"f": function}, now=clock) as host:
        cold = []
        for seconds in (0, 599, 601, 1):
            clock.seconds += seconds
            cold.append(host.invoke(effect()).result().cold)

    assert cold == [True, False, True, False]


def test_an_answered_process_that_asks_for_no_more_costs_the_next_caller_little(tmp_path: Path) -> None:
    """It hangs between two invocations, and is not the next one's trouble."""
    (tmp_path / "f.py").write_text(
        "import os, sys, time\n"
        "def h(event, context):\n"
        "    if event: sys.modules['offhook_runtime']._Api.next = lambda self: time.sleep(60)\n"
        "    return os.getpid()\n"
    )
    function = LocalFunction(name="f", task_root=tmp_path, handler="f.h", client="own", timeout_ms=AMPLE_MS)
    with LambdaHost({"f": function}) as host:
        first = answer(host.invoke(effect({"hang": True})).result())
        second = host.invoke(effect()).result()
        wait_until_gone(first)

    assert answer(second) != first


# --- who waits


def test_whoever_waits_in_whatever_way_is_told(tmp_path: Path) -> None:
    """A warm process is waited for by its caller, if that is what the caller does."""
    told = queue.Queue[int]()
    with LambdaHost(several(tmp_path, "f")) as host:
        answer(host.invoke(effect()).result())
        for _ in range(3):
            host.invoke(effect()).add_done_callback(lambda future: told.put(answer(future.result())))
            waited = host.invoke(effect())
            futures.wait([waited])
            polled = host.invoke(effect())
            while not polled.done():
                pass
            raised = host.invoke(effect()).exception()
            ended = host.invoke(effect()).result(timeout=AMPLE_MS / 1000)
            assert raised is None
            assert answer(ended)
            assert answer(polled.result())
            assert answer(waited.result())
            assert told.get(timeout=AMPLE_MS / 1000)


def test_two_may_wait_for_one_answer(tmp_path: Path) -> None:
    with LambdaHost(several(tmp_path, "f")) as host, ThreadPoolExecutor(2) as callers:
        answer(host.invoke(effect()).result())
        running = host.invoke(effect({"until": str(tmp_path / "go")}))
        waiting = [callers.submit(running.result) for _ in range(2)]
        (tmp_path / "go").touch()

        assert len({answer(each.result()) for each in waiting}) == 1


# --- what is reported

REPORT = re.compile(
    rf"REPORT RequestId: {REQUEST}\tDuration: (?P<run>[\d.]+) ms\tBilled Duration: (?P<billed>\d+) ms"
    r"\tMemory Size: (?P<size>\d+) MB\tMax Memory Used: (?P<used>\d+) MB"
    r"(\tInit Duration: (?P<init>[\d.]+) ms)?\t(?P<status>.*)"
)


def reported(report: str) -> dict[str, str]:
    match = REPORT.fullmatch(report)
    assert match is not None, report
    return match.groupdict()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is told by /proc")
def test_a_report_tells_times_and_memory(hosting: Hosting) -> None:
    host = hosting("sample.sleeps", memory_mb=256)

    cold, warm = (reported(host.invoke(effect({"seconds": 0.05})).result().report) for _ in range(2))

    assert (cold["size"], cold["status"], warm["init"]) == ("256", "", None)
    assert 50 <= float(warm["run"]) < AMPLE_MS
    assert int(warm["billed"]) == math.ceil(float(warm["run"]))
    assert abs(int(cold["billed"]) - float(cold["run"]) - float(cold["init"])) <= 1.01
    assert 5 < int(cold["used"]) < 256


@pytest.mark.parametrize(
    ("handler", "event", "settings", "status"),
    [
        ("sample.sleeps", {}, {"timeout_ms": 300}, "Status: timeout"),
        ("sample.exits", {"status": 3}, {}, "Status: error\tError Type: Runtime.ExitError"),
        ("sample.absent", {}, {}, "Status: error\tError Type: Runtime.HandlerNotFound"),
        ("sample.raises", {}, {}, ""),
    ],
)
def test_a_report_tells_how_an_invocation_was_ended(
    hosting: Hosting, handler: str, event: dict[str, Any], settings: dict[str, Any], status: str
) -> None:
    ended = hosting(handler, **settings).invoke(effect(event)).result()

    found = reported(ended.report)
    assert found["status"] == status
    assert "timeout" not in status or found["run"] == "300.00"


def test_the_tail_of_a_log_has_lambdas_lines_around_it(hosting: Hosting) -> None:
    ended = hosting("sample.writes").invoke(effect()).result()

    lines = tail(ended, request_id=REQUEST, version="7", memory_mb=128).splitlines()

    assert lines[0] == f"START RequestId: {REQUEST} Version: 7"
    assert lines[1:4] == ["module scope ran", "to stdout é", "to stderr"]
    assert lines[-2] == f"END RequestId: {REQUEST}"
    assert lines[-1] == ended.report


def test_the_tail_tells_of_a_time_out_and_of_a_crash(hosting: Hosting) -> None:
    timed_out = hosting("sample.sleeps", timeout_ms=200).invoke(effect()).result()
    crashed = hosting("sample.exits").invoke(effect({"status": 3})).result()

    said = {"request_id": REQUEST, "version": "$LATEST"}
    assert f"\n{REQUEST} Task timed out after 0.20 seconds\n" in tail(timed_out, **said, memory_mb=128)
    assert f"\nRequestId: {REQUEST} Error: Runtime exited with error: exit status 3\nRuntime.ExitError\n" in tail(
        crashed, **said, memory_mb=128
    )


def test_a_tail_has_four_kilobytes_at_most(hosting: Hosting) -> None:
    ended = hosting("sample.floods").invoke(effect()).result()

    text = tail(ended, request_id=REQUEST, version="$LATEST", memory_mb=128)

    assert len(text.encode()) == MAX_TAIL_BYTES
    assert text.endswith(f"END RequestId: {REQUEST}\n{ended.report}\n")


def test_a_stub_has_a_report_of_the_times_that_it_states(tmp_path: Path) -> None:
    stub = parse_function("f=stub(init=0.4,run=2.7):{}", folder=tmp_path)
    first, second = (answered(stub, effect(), nth=nth) for nth in range(2))  # type: ignore[arg-type]  # it is a stub

    said = {"request_id": REQUEST, "version": "$LATEST"}
    assert tail(first, **said, memory_mb=128).splitlines()[-1] == (
        f"REPORT RequestId: {REQUEST}\tDuration: 2700.00 ms\tBilled Duration: 3100 ms\tMemory Size: 128 MB"
        "\tInit Duration: 400.00 ms\t"
    )
    assert "Init Duration" not in tail(second, **said, memory_mb=128)


# --- what a function may do to others


def test_a_function_that_floods_and_hangs_delays_no_other(tmp_path: Path) -> None:
    (tmp_path / "wild.py").write_text(
        "import os, signal, subprocess, sys\n"
        "def h(event, context):\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    subprocess.Popen([sys.executable, '-c', 'while True: print(1)'], start_new_session=True)\n"
        "    while True: os.write(1, b'x' * 4096)\n"
    )
    wild = LocalFunction(name="wild", task_root=tmp_path, handler="wild.h", client="own", timeout_ms=AMPLE_MS)
    with LambdaHost(several(tmp_path, "f") | {"wild": wild}) as host:
        running = [host.invoke(effect(function="wild")) for _ in range(2)]
        pids = {answer(host.invoke(effect()).result()) for _ in range(20)}
        ended = [host.invoke(effect(function="wild", timeout_ms=100)).result() for _ in range(2)]
        still = [each.done() for each in running]

    assert len(pids) == 1
    assert [each.cause for each in ended] == ["time_limit"] * 2
    assert still == [False, False]


@pytest.mark.parametrize("handler", ["sample.exits", "node/sample.exits"])
def test_nothing_is_left_of_many_processes_that_die(handler: str) -> None:
    """Neither descriptors nor threads."""
    kind = "node" if handler.startswith("node") else "python"
    if shutil.which("node") is None and kind == "node":
        pytest.skip("there is no Node.js here")
    function = LocalFunction(
        name="f", task_root=FUNCTIONS, handler=handler, kind=kind, client="own", timeout_ms=AMPLE_MS, memory_mb=512
    )
    with LambdaHost({"f": function}) as host:
        host.invoke(effect({"status": 1})).result()
        answer(host.invoke(effect()).result())
        before = len(os.listdir("/dev/fd"))
        for _ in range(8):
            assert host.invoke(effect({"status": 1})).result().cause == "crash"
        answer(host.invoke(effect()).result())
        after = len(os.listdir("/dev/fd"))

    assert after <= before + 8, "a process that has just died may not have been tidied up yet"
