"""Functions in Node.js under our runtime client. What is expected is what AWS's does (aws-lambda-ric 3, nodejs20.x)."""

import contextlib
import json
import re
import shutil
import socket
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

import pytest

from tests.hosted import FUNCTIONS, REQUEST, Hosting, answer, effect, hosts, wait_until_gone

NODE = FUNCTIONS / "node"

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js here")


@pytest.fixture
def hosting() -> Iterator[Hosting]:
    with hosts(kind="node", task_root=NODE, memory_mb=512) as make:
        yield make


def test_a_function_answers_the_event_it_is_given(hosting: Hosting) -> None:
    event = {"Name": "ContactFlowEvent", "Details": {"Parameters": {"name": "Zoë", "n": 1.5, "none": None}}}

    assert answer(hosting("sample.echoes").invoke(effect(event)).result()) == event


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        ("plain.handler", {"kind": "mjs", "file": "plain.mjs"}),
        ("plain.default.handler", "default"),
        ("esm/plain.handler", {"kind": "module", "required": "undefined"}),
        ("deep/plain.handler", {"kind": "deep"}),
        ("sample.nested.deeply.handler", "nested"),
    ],
)
def test_a_handler_is_found_as_lambda_finds_it(hosting: Hosting, handler: str, expected: Any) -> None:
    assert answer(hosting(handler).invoke(effect()).result()) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [(("js", "mjs", "cjs"), "js"), (("mjs", "cjs"), "mjs"), (("cjs",), "cjs"), (("", "js"), "")],
)
def test_of_several_files_the_first_ending_counts(
    hosting: Hosting, tmp_path: Path, files: tuple[str, ...], expected: str
) -> None:
    for ending in files:
        export = "export const" if ending == "mjs" else "exports."
        (tmp_path / (f"f.{ending}" if ending else "f")).write_text(f"{export} h = async () => '{ending}'\n")

    assert answer(hosting("f.h", task_root=tmp_path).invoke(effect()).result()) == expected


def test_a_handler_may_lie_in_a_package(hosting: Hosting, tmp_path: Path) -> None:
    package = tmp_path / "node_modules" / "lookup"
    package.mkdir(parents=True)
    (package / "index.js").write_text("exports.handler = async () => 'packaged'")

    assert answer(hosting("lookup.handler", task_root=tmp_path).invoke(effect()).result()) == "packaged"


def test_a_function_sees_its_context(hosting: Hosting) -> None:
    host = hosting("sample.describes", timeout_ms=20_000)

    first, second = (answer(host.invoke(effect()).result()) for _ in range(2))

    assert first["awsRequestId"] == REQUEST
    assert first["invokedFunctionArn"] == "arn:aws:lambda:us-east-1:111122223333:function:f"
    assert (first["functionName"], first["functionVersion"], first["memoryLimitInMB"]) == ("f", "$LATEST", "512")
    assert first["logGroupName"] == "/aws/lambda/f"
    assert first["logStreamName"].startswith("[$LATEST]")
    assert first["callbackWaitsForEmptyEventLoop"] is True
    assert first["functions"] == ["function"] * 4
    assert 0 < first["left"] <= 20_000
    assert first["folder"] == str(NODE)
    assert (first["calls"], second["calls"]) == (1, 2)
    assert first["pid"] == second["pid"]


def test_a_function_sees_the_environment_that_is_allowed_and_no_more(
    hosting: Hosting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("NODE_OPTIONS", "--no-warnings")
    host = hosting("sample.environment", environment={"TABLE": "demo"}, runtime="nodejs20.x")

    seen = answer(host.invoke(effect()).result())

    assert seen.keys() == {
        "PATH", "LANG", "TZ", "HOME", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "_HANDLER", "TABLE",
    }  # fmt: skip
    assert seen["AWS_EXECUTION_ENV"] == "AWS_Lambda_nodejs20.x"


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        ("callsBack", {"by": "callback"}),
        ("callsBackLate", {"by": "callback"}),
        ("callsBackTwice", 1),
        ("neverCallsBack", None),
        ("succeeds", {"by": "succeed"}),
        ("done", {"by": "done"}),
        ("returns", {"by": "return"}),
        ("doneLate", {"by": "done"}),
        ("answersNothing", None),
        ("neverSettlesPlainly", None),
    ],
)
def test_there_are_several_ways_to_answer(hosting: Hosting, handler: str, expected: Any) -> None:
    host = hosting(f"sample.{handler}")

    assert [answer(host.invoke(effect()).result()) for _ in range(2)] == [expected] * 2


@pytest.mark.parametrize(("runtime", "expected"), [("nodejs22.x", None), ("nodejs24.x", {"by": "return"})])
def test_what_a_plain_function_returns_counts_from_nodejs24(hosting: Hosting, runtime: str, expected: Any) -> None:
    assert answer(hosting("sample.returns", runtime=runtime).invoke(effect()).result()) == expected


def test_callbacks_ended_with_nodejs24(hosting: Hosting) -> None:
    ended = hosting("sample.callsBack", runtime="nodejs24.x").invoke(effect()).result()

    assert ended.cause == "init"
    assert ended.detail.startswith("Runtime.CallbackHandlerDeprecated: ERROR: AWS Lambda has removed support for")


@pytest.mark.parametrize(("waits", "worked_on"), [(True, True), (False, False)])
def test_a_callback_waits_for_what_is_left_to_do_unless_told_not_to(
    hosting: Hosting, waits: bool, worked_on: bool
) -> None:
    ended = hosting("sample.callsBackAndWorksOn").invoke(effect({"waits": waits})).result()

    assert answer(ended) == {}
    assert ("worked on" in ended.log) == worked_on


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        ("throws", "TypeError", "no such state"),
        ("throwsAtOnce", "TypeError", "at once"),
        ("throwsText", "string", "a text"),
        ("throwsSomethingOdd", "handled", "callback called with Error argument, but there was a problem"),
        ("callsBackAnError", "RangeError", "too far"),
        ("callsBackAText", "string", "a text"),
        ("fails", "Error", "by fail"),
        ("failsWithNothing", "string", "handled"),
        ("answersCircle", "Error", "Unable to stringify response body"),
        ("neverSettles", "Runtime.NodeJsExit", "The Lambda runtime client detected an unexpected Node.js exit code."),
        ("streamsAndThrows", "Error", "halfway"),
        ("streamsWithoutEnd", "string", "Response stream is not finished."),
        ("streamsPlainly", "string", "Streaming does not support non-async handlers."),
    ],
)
def test_a_failure_is_lambdas_error_object_and_the_process_stays(
    hosting: Hosting, handler: str, error_type: str, message: str
) -> None:
    host = hosting(f"sample.{handler}")

    ended, again = (host.invoke(effect()).result() for _ in range(2))
    body = json.loads(ended.body)

    assert (ended.status, ended.function_error, ended.cause) == (200, "Unhandled", "function_error")
    assert body["errorType"] == error_type
    assert body["errorMessage"].startswith(message)
    assert "\tERROR\tInvoke Error \t{" in ended.log
    assert again.cause == "function_error"
    assert not again.cold


def test_an_error_comes_with_its_stack_and_is_logged_with_its_details(hosting: Hosting) -> None:
    ended = hosting("sample.throws").invoke(effect()).result()
    body = json.loads(ended.body)
    logged = json.loads(ended.log.partition("Invoke Error \t")[2])

    assert body.keys() == {"errorType", "errorMessage", "trace"}
    assert body["trace"][0] == "TypeError: no such state"
    assert f"({NODE}/sample.js:" in body["trace"][1]
    assert not [line for line in body["trace"] if "offhook" in line.replace(str(NODE), "")]
    assert (logged["errorType"], logged["errorMessage"], logged["state"]) == ("TypeError", "no such state", "CA")
    assert logged["stack"] == body["trace"]


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        ("losesRejection", "Runtime.UnhandledPromiseRejection", "Error: nobody caught it"),
        ("losesError", "Error", "nobody caught it"),
    ],
)
def test_an_error_that_nobody_catches_ends_the_process(
    hosting: Hosting, handler: str, error_type: str, message: str
) -> None:
    host = hosting(f"sample.{handler}")

    ended, again = (host.invoke(effect()).result() for _ in range(2))
    body = json.loads(ended.body)

    assert (ended.cause, body["errorType"], body["errorMessage"]) == ("function_error", error_type, message)
    assert again.cold


def test_an_error_after_the_answer_ends_the_process(hosting: Hosting) -> None:
    host = hosting("sample.losesErrorLater")

    pid = answer(host.invoke(effect({"lose": True})).result())["pid"]
    wait_until_gone(pid)

    assert answer(host.invoke(effect()).result())["pid"] != pid


@pytest.mark.parametrize(
    ("code", "handler", "error_type", "message"),
    [
        (
            "require('nowhere')",
            "f.h",
            "Runtime.ImportModuleError",
            "Error: Cannot find module 'nowhere'\nRequire stack",
        ),
        ("", "absent.h", "Runtime.ImportModuleError", "Error: Cannot find module 'absent'"),
        ("exports.h = (", "f.h", "Runtime.UserCodeSyntaxError", "SyntaxError: "),
        ("", "f.h", "Runtime.HandlerNotFound", "f.h is undefined or not exported"),
        ("exports.h = 1", "f.h", "Runtime.HandlerNotFound", "f.h is not a function"),
        ("exports.a = {}", "f.a.h", "Runtime.HandlerNotFound", "f.a.h is undefined or not exported"),
        ("", "h", "Runtime.MalformedHandlerName", "Bad handler"),
        ("", "../f.h", "Runtime.MalformedHandlerName", "'../f.h' is not a valid handler name. Use absolute paths"),
        ("throw new RangeError('too far')", "f.h", "RangeError", "too far"),
        ("throw 'a text'", "f.h", "string", "a text"),
        ("Promise.reject(new Error('lost'))\nexports.h = 1", "f.h", "", ""),
    ],
)
def test_what_cannot_start_says_so_in_lambdas_words(
    hosting: Hosting, tmp_path: Path, code: str, handler: str, error_type: str, message: str
) -> None:
    (tmp_path / "f.js").write_text(code)

    ended = hosting(handler, task_root=tmp_path).invoke(effect()).result()
    body = json.loads(ended.body)

    assert (ended.status, ended.function_error, ended.cause) == (200, "Unhandled", "init")
    assert body["errorType"] == error_type or not error_type
    assert body["errorMessage"].startswith(message)
    assert ended.cold


def test_a_missing_package_of_a_module_is_said(hosting: Hosting, tmp_path: Path) -> None:
    (tmp_path / "f.mjs").write_text("import 'nowhere'\n")

    ended = hosting("f.h", task_root=tmp_path).invoke(effect()).result()

    assert ended.cause == "init"
    assert ended.detail.startswith("Error: Cannot find package 'nowhere' imported from ")


def test_a_missing_folder_is_a_module_that_is_not_found(hosting: Hosting, tmp_path: Path) -> None:
    ended = hosting("f.h", task_root=tmp_path / "absent").invoke(effect()).result()

    assert ended.detail.startswith("Runtime.ImportModuleError: Error: Cannot find module 'f'")


def test_without_node_one_sentence_says_what_to_install(hosting: Hosting, tmp_path: Path) -> None:
    host = hosting("sample.echoes", environment={"PATH": str(tmp_path)})

    ended = host.invoke(effect()).result()

    assert (ended.cause, json.loads(ended.body)["errorType"]) == ("init", "Runtime.InvalidEntrypoint")
    assert ended.detail.startswith("there is no Node.js here: install Node.js 18 or newer (https://nodejs.org), or ")


def test_a_node_that_is_too_old_says_which_is_needed(hosting: Hosting, tmp_path: Path) -> None:
    """An old Node cannot be had here, so this one says that it is."""
    node = tmp_path / "node"
    pretend = tmp_path / "pretend.cjs"
    pretend.write_text("Object.defineProperty(process.versions, 'node', { value: '16.20.2' })")
    node.write_text(f'#!/bin/sh\nexec {shutil.which("node")} --require {pretend} "$@"\n')
    node.chmod(0o755)

    ended = hosting("sample.echoes", interpreter=str(node)).invoke(effect()).result()

    assert ended.cause == "init"
    assert ended.detail == (
        "Runtime.InvalidEntrypoint: functions need Node.js 18 or newer, and this is Node.js 16.20.2."
    )


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"status": 3}, "Runtime exited with error: exit status 3"),
        ({"status": 0}, "Runtime exited without providing a reason"),
        ({"signal": "SIGKILL"}, "Runtime exited with error: signal: killed"),
        ({"signal": "SIGSEGV"}, "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_a_process_that_ends_is_a_crash_and_the_next_call_works(
    hosting: Hosting, event: dict[str, Any], reason: str
) -> None:
    host = hosting("sample.exits")

    ended = host.invoke(effect(event)).result()

    assert (ended.cause, json.loads(ended.body)["errorType"]) == ("crash", "Runtime.ExitError")
    assert ended.detail.endswith(reason)
    assert answer(host.invoke(effect()).result()) == {}


def test_a_loop_without_end_is_cut_at_the_limit(hosting: Hosting) -> None:
    host = hosting("sample.hangs")
    answer(host.invoke(effect()).result())

    cut = host.invoke(effect({"hang": True}, timeout_ms=300)).result()

    assert (cut.status, cut.cause, cut.took_ms) == (0, "time_limit", 300)
    assert answer(host.invoke(effect()).result()) == {}


def test_the_functions_own_time_out_is_told_apart(hosting: Hosting) -> None:
    ended = hosting("sample.sleeps", timeout_ms=200).invoke(effect({"ms": 60_000})).result()

    assert ended.cause == "function_timeout"
    assert ended.detail.endswith("Task timed out after 0.20 seconds")


def test_a_function_above_its_memory_is_killed(hosting: Hosting) -> None:
    ended = hosting("sample.grows", memory_mb=128).invoke(effect()).result()

    assert ended.cause == "crash"
    assert ended.detail.endswith("MB of its 128 MB.")


def test_children_of_functions_end_with_the_host(hosting: Hosting) -> None:
    host = hosting("sample.leavesChild")
    pid = answer(host.invoke(effect()).result())["pid"]

    host.close()

    wait_until_gone(pid)


def test_what_a_function_writes_is_kept_with_its_invocation(hosting: Hosting) -> None:
    host = hosting("sample.writes")
    first = host.invoke(effect()).result().log
    stamp = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

    lines = [stamp.sub("NOW", line) for line in host.invoke(effect()).result().log.splitlines()]

    assert stamp.sub("NOW", first.splitlines()[0]) == "NOW\tundefined\tINFO\tmodule scope ran"
    assert lines == [
        f"NOW\t{REQUEST}\tINFO\tone {{ two: 2 }}",
        f"NOW\t{REQUEST}\tWARN\tthree is 3",
        f"NOW\t{REQUEST}\tERROR\tfour",
        f"NOW\t{REQUEST}\tDEBUG\tfirst line",
        "second line",
        "straight to stdout",
        "straight to stderr",
    ]


def test_a_flood_of_output_blocks_nobody_and_its_tail_is_kept(hosting: Hosting) -> None:
    ended = hosting("sample.floods").invoke(effect()).result()

    assert answer(ended) == {}
    assert ended.log.endswith("\tINFO\tthe end\n")
    assert len(ended.log.encode()) == 4096


def test_a_streamed_response_is_one_answer(hosting: Hosting) -> None:
    host = hosting("sample.streams")

    assert [answer(host.invoke(effect()).result()) for _ in range(2)] == [{"request": REQUEST}] * 2


def test_a_streamed_response_for_http_begins_with_its_prelude(hosting: Hosting) -> None:
    ended = hosting("sample.streamsWithPrelude").invoke(effect()).result()

    assert ended.body == '{"statusCode":201}' + "\0" * 8 + "body"


def test_a_big_event_and_a_big_answer_arrive_whole(hosting: Hosting) -> None:
    event = {"text": "ä" * 2_000_000}

    assert answer(hosting("sample.measures").invoke(effect(event)).result()) == 2_000_011
    assert hosting("sample.answersBig").invoke(effect({"length": 3_000_000})).result().body_bytes == 3_000_012


def test_an_answer_above_lambdas_six_megabytes_is_refused(hosting: Hosting) -> None:
    host = hosting("sample.answersBig")

    ended = host.invoke(effect({"length": 7_000_000})).result()

    assert json.loads(ended.body)["errorType"] == "Function.ResponseSizeTooLarge"
    assert answer(host.invoke(effect({"length": 1})).result()) == {"State": "a"}


@pytest.mark.parametrize("edited", ["f.js", "lib/part.js", "lib/data.json"])
def test_an_edit_is_seen_by_the_next_call(hosting: Hosting, tmp_path: Path, edited: str) -> None:
    """P28."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "part.js").write_text("module.exports = 'WA'\n")
    (tmp_path / "lib" / "data.json").write_text('"WA"\n')
    (tmp_path / "f.js").write_text(
        "const parts = [require('./lib/part'), require('./lib/data.json'), 'WA']\nexports.h = async () => parts\n"
    )
    host = hosting("f.h", task_root=tmp_path)
    before = [answer(host.invoke(effect()).result()) for _ in range(2)]

    (tmp_path / edited).write_text((tmp_path / edited).read_text().replace("WA", "CA"))
    after = answer(host.invoke(effect()).result())

    assert before == [["WA", "WA", "WA"]] * 2
    assert sorted(after) == ["CA", "WA", "WA"]


# --- AWS's own runtime client in the function's node_modules


THEIRS = """
const handler = process.argv[2];
const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;
for (;;) {
  const next = await fetch(`${api}/next`);
  await next.text();
  const id = next.headers.get('lambda-runtime-aws-request-id');
  await fetch(`${api}/${id}/response`, { method: 'POST', body: JSON.stringify({ theirs: handler }) });
}
"""


def their_client(folder: Path, **files: str) -> None:
    package = folder / "node_modules" / "aws-lambda-ric"
    (package / "bin").mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"bin": {"aws-lambda-ric": "bin/index.mjs"}}))
    (package / "bin" / "index.mjs").write_text(THEIRS)
    for name, text in files.items():
        (package / name.replace("_", ".")).write_text(text)


def test_the_functions_own_runtime_client_is_used(hosting: Hosting, tmp_path: Path) -> None:
    their_client(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "f.js").write_text("exports.h = async () => 'ours'")
    host = hosting("f.h", task_root=tmp_path / "src")

    assert [answer(host.invoke(effect()).result()) for _ in range(2)] == [{"theirs": "f.h"}] * 2


@pytest.mark.parametrize(
    ("client", "files"),
    [("own", {}), ("auto", {"binding_gyp": "{}"}), ("auto", {"package_json": "{}"})],
    ids=["not wanted", "native half not built", "no command"],
)
def test_it_is_not_used_where_it_cannot_be_or_is_not_wanted(
    hosting: Hosting, tmp_path: Path, client: str, files: dict[str, str]
) -> None:
    their_client(tmp_path, **files)
    (tmp_path / "f.js").write_text("exports.h = async () => 'ours'")

    assert answer(hosting("f.h", task_root=tmp_path, client=client).invoke(effect()).result()) == "ours"


# --- a debugger


def let_go(port: int, running: Future[Any]) -> None:
    """What a debugger says so that the program may run: the inspector's protocol over a websocket, by hand.

    It is said until the program has run: Node.js opens the port a moment before it waits, and forgets what it is told
    in between.
    """
    while True:
        with contextlib.suppress(OSError):
            listed = urllib.request.urlopen(f"http://127.0.0.1:{port}/json").read()
            break
    path = urllib.parse.urlsplit(json.loads(listed)[0]["webSocketDebuggerUrl"]).path
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as answers:
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: b2ZmaG9vayBvZmZob29rIQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        while answers.readline() != b"\r\n":
            pass
        message = b'{"id":1,"method":"Runtime.runIfWaitingForDebugger"}'
        while not running.done():
            connection.sendall(bytes([0x81, 0x80 | len(message), 0, 0, 0, 0]) + message)  # masked with zeros
            wait([running], timeout=0.2)


def test_a_debugged_function_waits_and_no_limit_applies(hosting: Hosting) -> None:
    with socket.create_server(("127.0.0.1", 0)) as trial:
        port = int(trial.getsockname()[1])
    host = hosting("sample.sleeps", debug_port=port, timeout_ms=1, limits={"init_limit_ms": 1})

    running = host.invoke(effect({"ms": 50}, timeout_ms=1))
    beside = host.invoke(effect()).result()
    let_go(port, running)

    assert answer(running.result()) == {}
    assert beside.cause == "throttle", "one process listens on the port"
