"""`offhook serve` as a process: how it starts, what it refuses, what it keeps, and how it ends."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from offhook.model.instance import Instance
from tests.server import PATIENCE_SECONDS, ROLE, Server, environment, package, until

WAITS = """
import os, pathlib, time
def handler(event, context):
    folder = pathlib.Path(event["folder"])
    (folder / "pid").write_text(str(os.getpid()))
    (folder / "begun").touch()
    while not (folder / "go").exists():
        time.sleep(0.002)
    (folder / "done").touch()
    return "waited"
"""
ECHO = "def handler(event, context):\n    return [event, context.function_version]\n"


@pytest.fixture
def serve() -> Iterator[Any]:
    """Starts servers, and ends what the test has left."""
    started: list[Server] = []

    def start(folder: Path, *words: str) -> Server:
        started.append(Server(folder, *words))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.stop()


def refused(folder: Path, *words: str) -> list[str]:
    """What a server says that does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "offhook", "serve", *words], cwd=folder, env=environment(), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr.splitlines()


def create(client: Any, name: str, code: str, **more: Any) -> None:
    client.create_function(
        **{
            "FunctionName": name, "Runtime": "python3.11", "Role": ROLE, "Handler": "app.handler", "Timeout": 60,
            "Code": {"ZipFile": package({"app.py": code})}, **more,
        }
    )  # fmt: skip


def invoked(client: Any, name: str, event: Any, **more: Any) -> Any:
    return json.loads(client.invoke(FunctionName=name, Payload=json.dumps(event).encode(), **more)["Payload"].read())


# --- starting ---


def test_a_folder_without_a_project_is_an_empty_account(serve: Any, tmp_path: Path) -> None:
    server = serve(tmp_path)

    named = {"id": Instance().id, "alias": "demo"}
    assert server.ready == {"ready": True, "url": server.url, "instance": named, "flows": 8, "functions": []}
    assert server.client("lambda").list_functions()["Functions"] == []
    assert server.stop() == 0


def test_one_line_says_that_it_is_ready_and_where(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "offhook", "serve", "--port", "0"], cwd=tmp_path, env=environment(),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)

    assert line.startswith(f"offhook serves instance demo ({Instance().id}) with 8 flows and 0 functions at http://127")
    assert "AWS_ENDPOINT_URL=http://127.0.0.1:" in line
    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize("host", ["::1", "localhost"])
def test_it_listens_where_it_is_told(serve: Any, tmp_path: Path, host: str) -> None:
    if host == "::1" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    server = serve(tmp_path, "--host", host)

    assert server.url.startswith("http://[::1]:" if host == "::1" else "http://127.0.0.1:")
    assert server.client("lambda").list_functions()["Functions"] == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.com"])
def test_other_machines_may_not_call_without_access_keys(tmp_path: Path, host: str) -> None:
    [said] = refused(tmp_path, "--host", host)

    assert said.startswith(f"offhook: --host {host}: other machines may not call")


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(tmp_path, "--port", str(port))

    assert said == [f"offhook: --port {port}: is in use; choose another one."]


def test_mistakes_of_the_project_are_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "offhook.toml").write_text('profile = "lax"\n[functions.f]\nhandler = "nothing.handler"\n')

    said = refused(tmp_path, "--port", "0")
    assert len(said) == 2
    assert all("offhook.toml" in line for line in said)


def test_one_server_at_a_time_has_a_folder(serve: Any, tmp_path: Path) -> None:
    serve(tmp_path)

    [said] = refused(tmp_path, "--port", "0")
    assert "another offhook serves this folder" in said


def test_the_environment_of_the_project_is_chosen(serve: Any, tmp_path: Path) -> None:
    (tmp_path / "offhook.toml").write_text("[functions.f]\nstub = 1\n[env.test.functions.f]\nstub = 2\n")
    server = serve(tmp_path, "--env", "test")

    assert invoked(server.client("lambda"), "f", {}) == 2


# --- keeping ---


def test_a_restart_keeps_everything(serve: Any, tmp_path: Path) -> None:
    (tmp_path / "offhook.toml").write_text('[functions.own]\nstub = "mine"\n')
    server = serve(tmp_path)
    client = server.client("lambda")
    create(client, "f", ECHO, Publish=True, Tags={"team": "ivr"})
    client.update_function_code(FunctionName="f", ZipFile=package({"app.py": "def handler(e, c): return 'new'"}))
    client.create_alias(FunctionName="f", Name="prod", FunctionVersion="1")
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=7)
    for name in ("f", "own"):
        client.add_permission(
            FunctionName=name, StatementId="c", Action="lambda:InvokeFunction", Principal="connect.amazonaws.com"
        )
    client.create_alias(FunctionName="own", Name="live", FunctionVersion="$LATEST")
    create(client, "gone", ECHO)
    client.delete_function(FunctionName="gone")

    def shown() -> list[Any]:
        answers = [
            client.get_function(FunctionName="f"), client.list_versions_by_function(FunctionName="f"),
            client.list_aliases(FunctionName="f"), client.get_policy(FunctionName="f"),
            client.get_policy(FunctionName="own"), client.list_aliases(FunctionName="own"), client.list_functions(),
        ]  # fmt: skip
        return [{key: value for key, value in each.items() if key != "ResponseMetadata"} for each in answers]

    before = shown()
    assert server.stop() == 0
    client = serve(tmp_path).client("lambda")

    assert shown() == before
    assert invoked(client, "f", {"a": 1}, Qualifier="prod") == [{"a": 1}, "1"]
    assert invoked(client, "f", {}) == "new"
    assert invoked(client, "own", {}) == "mine"


def test_code_that_no_version_uses_is_removed_at_the_next_start(serve: Any, tmp_path: Path) -> None:
    server = serve(tmp_path)
    create(server.client("lambda"), "f", ECHO)
    server.client("lambda").update_function_code(FunctionName="f", ZipFile=package({"app.py": "x = 1\n"}))
    folder = tmp_path / ".offhook" / "lambda"
    (folder / "half").mkdir()
    server.stop()
    assert len([each for each in (folder / "f").iterdir() if each.is_dir()]) == 2
    serve(tmp_path)

    assert len([each for each in (folder / "f").iterdir() if each.is_dir()]) == 1
    assert not (folder / "half").exists()


def test_a_damaged_file_is_named(serve: Any, tmp_path: Path) -> None:
    server = serve(tmp_path)
    create(server.client("lambda"), "f", ECHO)
    server.stop()
    (tmp_path / ".offhook/lambda/f/function.json").write_text('{"name": 1')

    [said] = refused(tmp_path, "--port", "0")
    assert "f/function.json: cannot be read" in said


def test_an_event_outlives_the_server(serve: Any, tmp_path: Path) -> None:
    """At least once: what ran when the server was killed runs again."""
    server = serve(tmp_path)
    create(server.client("lambda"), "f", WAITS)
    event = json.dumps({"folder": str(tmp_path)}).encode()
    server.client("lambda").invoke(FunctionName="f", Payload=event, InvocationType="Event")
    until(tmp_path / "begun")
    server.stop(signal.SIGKILL)
    assert not (tmp_path / "done").exists()
    (tmp_path / "go").touch()
    serve(tmp_path)

    until(tmp_path / "done")


# --- ending ---


def test_what_runs_may_end_before_the_server_does(serve: Any, tmp_path: Path) -> None:
    server = serve(tmp_path)
    client = server.client("lambda")
    create(client, "f", WAITS)
    with ThreadPoolExecutor() as threads:
        running = threads.submit(invoked, client, "f", {"folder": str(tmp_path)})
        until(tmp_path / "begun")
        server.process.send_signal(signal.SIGTERM)
        (tmp_path / "go").touch()

        assert running.result(PATIENCE_SECONDS) == "waited"
    server.process.wait(PATIENCE_SECONDS)
    assert server.stop() == 0


def test_what_does_not_end_is_ended_and_no_process_is_left(serve: Any, tmp_path: Path) -> None:
    server = serve(tmp_path)
    client = server.client("lambda")
    create(client, "f", WAITS)
    with ThreadPoolExecutor() as threads:
        running = threads.submit(invoked, client, "f", {"folder": str(tmp_path)})
        until(tmp_path / "begun")
        pid = int((tmp_path / "pid").read_text())

        assert server.stop() == 0
        with pytest.raises((ClientError, BotoCoreError)):
            running.result(PATIENCE_SECONDS)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert "Traceback" not in server.log


def test_what_a_function_prints_is_in_the_log(serve: Any, tmp_path: Path) -> None:
    server = serve(tmp_path)
    client = server.client("lambda")
    create(client, "f", "def handler(event, context):\n    print('a\\x1b[31mb')\n    raise ValueError('no')\n")
    invoked(client, "f", {})
    server.stop()

    assert "offhook: f: a [31mb" in server.log
    assert "offhook: f failed: ValueError: no" in server.log
    assert "\x1b" not in server.log


def test_what_runs_otherwise_than_in_lambda_is_in_the_log(serve: Any, tmp_path: Path) -> None:
    server = serve(tmp_path)
    client = server.client("lambda")
    layer = "arn:aws:lambda:us-east-1:111122223333:layer:tools:1"
    create(client, "f", ECHO, Runtime="python3.99", Layers=[layer])

    assert invoked(client, "f", {}) == [{}, "$LATEST"]
    server.stop()
    assert "f: there is no python3.99 on PATH; it runs on python3." in server.log
    assert "f: its layers are not fetched" in server.log


# --- HTTP ---


def test_a_body_may_come_in_chunks(serve: Any, tmp_path: Path) -> None:
    (tmp_path / "offhook.toml").write_text("[functions.f]\nstub = 1\n")
    port = int(serve(tmp_path).url.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        pieces = iter([b'{"a":', b"1}"])
        connection.request("POST", "/2015-03-31/functions/f/invocations", body=pieces, encode_chunked=True)
        response = connection.getresponse()

        assert (response.status, response.read()) == (200, b"1")
    finally:
        connection.close()


def test_what_is_not_http_is_refused_and_others_are_served(serve: Any, tmp_path: Path) -> None:
    server = serve(tmp_path)
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), PATIENCE_SECONDS) as garbage:
        garbage.sendall(b"\x16\x03\x01 hello\r\n\r\n")

        assert garbage.recv(65_536).startswith(b"HTTP/1.1 400 ")
    assert server.client("lambda").list_functions()["Functions"] == []
