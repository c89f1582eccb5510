"""Custom runtimes, layers, and the packages of a function: what lies around a handler, or in its place."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from offhook.adapters.lambdas.host import LambdaHost
from offhook.adapters.lambdas.kind import OWN_PYTHON
from offhook.adapters.lambdas.requirements import folder_for
from offhook.adapters.lambdas.spec import LocalFunction
from offhook.model.errors import UsageError
from tests.hosted import AMPLE_MS, FUNCTIONS, REQUEST, Hosting, answer, effect, hosts

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js here")

# What the page "Building a custom runtime" does: a loop around curl
CURL = """#!/bin/sh
set -eu
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  heads="$(mktemp)"
  event=$(curl -sS -LD "$heads" "$api/next")
  id=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$heads" | tr -d '[:space:]' | cut -d: -f2)
  curl -sS "$api/$id/response" -d "{\\"by\\":\\"$_HANDLER\\",\\"event\\":$event}" > /dev/null
done
"""

# One new connection for each call, as simple clients make them
PYTHON = f"""#!{sys.executable} -S
import http.client, json, os
def call(method, path, body=None):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(method, "/2018-06-01/runtime/invocation/" + path, body, {{"Connection": "close"}})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.headers["Lambda-Runtime-Aws-Request-Id"], body
while True:
    request_id, event = call("GET", "next")
    call("POST", request_id + "/response", json.dumps(dict(os.environ)))
"""


@pytest.fixture
def hosting() -> Iterator[Hosting]:
    with hosts(kind="bootstrap", memory_mb=512) as make:
        yield make


def written(folder: Path, text: str, *, mode: int = 0o755, name: str = "bootstrap") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(mode)
    return folder


# --- bootstraps


@needs_bash
def test_a_runtime_in_bash_answers(hosting: Hosting) -> None:
    folder = FUNCTIONS / "bootstrap"
    host = hosting("lookup.handler", task_root=folder)

    first, second = (host.invoke(effect({"n": number})).result() for number in range(2))

    assert answer(first) == {"event": {"n": 0}, "folder": str(folder), "root": str(folder)}
    assert answer(second)["event"] == {"n": 1}
    assert (first.log, first.cold, second.cold) == ("handler is lookup.handler\n", True, False)


@needs_bash
def test_a_runtime_may_report_an_error_and_may_end(hosting: Hosting) -> None:
    host = hosting(task_root=FUNCTIONS / "bootstrap")

    failed, ended, after = (host.invoke(effect({"do": what})).result() for what in ("fail", "exit", "answer"))

    assert (failed.cause, failed.detail) == ("function_error", "Custom.Failed: as asked")
    assert ended.cause == "crash"
    assert ended.detail.endswith("Runtime exited with error: exit status 3")
    assert answer(after)["event"] == {"do": "answer"}


@needs_curl
def test_a_runtime_in_shell_with_curl_answers(hosting: Hosting, tmp_path: Path) -> None:
    host = hosting("lookup", task_root=written(tmp_path, CURL))
    long = {"text": "x" * 3000}

    assert answer(host.invoke(effect({"n": 1})).result()) == {"by": "lookup", "event": {"n": 1}}
    assert answer(host.invoke(effect(long)).result()) == {"by": "lookup", "event": long}, "curl asks before it sends"


def test_a_runtime_may_open_a_connection_for_each_call(hosting: Hosting, tmp_path: Path) -> None:
    host = hosting(task_root=written(tmp_path, PYTHON), environment={"TABLE": "demo"}, runtime="provided.al2023")

    seen = [answer(host.invoke(effect()).result()) for _ in range(30)][-1]

    assert (seen["TABLE"], seen["_HANDLER"], seen["LAMBDA_TASK_ROOT"]) == ("demo", "any.thing", str(tmp_path))
    assert "AWS_EXECUTION_ENV" not in seen, "Lambda sets it for its own runtimes alone"


@pytest.mark.parametrize(
    ("text", "mode", "detail"),
    [
        ("#!/bin/sh\n", 0o644, "it is not executable; chmod +x does that."),
        ("#!/absent/shell\n", 0o755, "it is not there, or the program in its first line is not."),
        ("no program at all\n", 0o755, "it must be a program for this machine, or a script that begins with #!."),
    ],
)
def test_a_bootstrap_that_cannot_be_started_says_why(
    hosting: Hosting, tmp_path: Path, text: str, mode: int, detail: str
) -> None:
    ended = hosting(task_root=written(tmp_path, text, mode=mode)).invoke(effect()).result()

    assert (ended.cause, json.loads(ended.body)["errorType"]) == ("init", "Runtime.InvalidEntrypoint")
    assert ended.detail.startswith(f"{tmp_path}/bootstrap cannot be started: ")
    assert ended.detail.endswith(detail)


def test_a_folder_without_a_bootstrap_says_so(hosting: Hosting, tmp_path: Path) -> None:
    ended = hosting(task_root=tmp_path).invoke(effect()).result()

    assert ended.detail.startswith(f"{tmp_path}/bootstrap cannot be started: it is not there")


def test_a_bootstrap_that_ends_at_once_is_a_failed_start(hosting: Hosting, tmp_path: Path) -> None:
    ended = hosting(task_root=written(tmp_path, "#!/bin/sh\nexit 7\n")).invoke(effect()).result()

    assert ended.cause == "init"
    assert ended.detail.endswith("Runtime exited with error: exit status 7")


def test_a_bootstrap_that_never_asks_is_cut_at_the_limit_of_starts(hosting: Hosting, tmp_path: Path) -> None:
    folder = written(tmp_path, "#!/bin/sh\ntrap '' TERM\nsleep 60\n")

    ended = hosting(task_root=folder, limits={"init_limit_ms": 200}).invoke(effect()).result()

    assert ended.cause == "init"
    assert ended.detail.endswith("Init phase timed out after 0.20 seconds")


def test_an_edited_bootstrap_is_seen_by_the_next_call(hosting: Hosting, tmp_path: Path) -> None:
    host = hosting(task_root=written(tmp_path, PYTHON))
    before = answer(host.invoke(effect()).result())

    written(tmp_path, PYTHON.replace("dict(os.environ)", '"edited"'))

    assert before["_HANDLER"] == "any.thing"
    assert answer(host.invoke(effect()).result()) == "edited"


# --- layers


def layers(folder: Path) -> tuple[Path, ...]:
    """Two layers with the same things in them, and one that is empty."""
    for name in ("first", "second"):
        top = folder / name
        written(top / "bin", f"#!/bin/sh\necho {name}\n", name="tool")
        written(top / "lib", name, name="libthing.so")
        written(top / "python", f"NAME = '{name}'\n", name="plain.py")
        written(top / "python" / "lib" / OWN_PYTHON / "site-packages", f"NAME = '{name}'\n", name="deep.py")
        written(top / "nodejs" / "node_modules" / "thing", f"module.exports = '{name}'\n", name="index.js")
        written(top / "nodejs" / "node20" / "node_modules" / "deep", f"module.exports = '{name}'\n", name="index.js")
        written(top / "ruby" / "lib", name, name="thing.rb")
        (top / "ruby" / "gems" / "3.3.0").mkdir(parents=True)
    (folder / "first" / "python" / "only.py").write_text("NAME = 'first'\n")
    (folder / "empty").mkdir()
    return (folder / "first", folder / "second", folder / "empty")


def test_python_imports_from_layers_and_the_last_one_wins(hosting: Hosting, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "f.py").write_text(
        "import subprocess, plain, deep, only\n"
        "def h(event, context):\n"
        "    return [plain.NAME, deep.NAME, only.NAME, subprocess.check_output('tool', text=True)]\n"
    )
    host = hosting("f.h", kind="python", task_root=tmp_path / "code", layers=layers(tmp_path))

    assert answer(host.invoke(effect()).result()) == ["second", "second", "first", "second\n"]


def test_the_functions_own_files_win_over_those_of_layers(hosting: Hosting, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "plain.py").write_text("NAME = 'own'\n")
    (tmp_path / "code" / "f.py").write_text("import plain\ndef h(event, context):\n    return plain.NAME\n")
    host = hosting("f.h", kind="python", task_root=tmp_path / "code", layers=layers(tmp_path))

    assert answer(host.invoke(effect()).result()) == "own"


@needs_node
def test_node_requires_from_layers(hosting: Hosting, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "f.js").write_text("exports.h = async () => [require('thing'), require('deep')]\n")
    found = layers(tmp_path)
    host = hosting("f.h", kind="node", runtime="nodejs20.x", task_root=tmp_path / "code", layers=found)

    assert answer(host.invoke(effect()).result()) == ["second", "second"]


def test_a_bootstrap_finds_its_layers_by_its_environment(hosting: Hosting, tmp_path: Path) -> None:
    found = layers(tmp_path)
    written(tmp_path / "second", PYTHON)
    (tmp_path / "code").mkdir()
    own = {"LD_LIBRARY_PATH": "/own"}

    host = hosting(task_root=tmp_path / "code", layers=found, environment=own)
    seen = answer(host.invoke(effect()).result())

    def paths(*parts: str) -> str:
        return ":".join(f"{tmp_path}/{part}" for part in parts)

    assert seen["PATH"].startswith(paths("second/bin", "first/bin") + ":")
    assert seen["LD_LIBRARY_PATH"] == paths("second/lib", "first/lib") + ":/own"
    assert seen["RUBYLIB"] == paths("second/ruby/lib", "first/ruby/lib")
    assert seen["GEM_PATH"] == paths("second/ruby/gems/3.3.0", "first/ruby/gems/3.3.0")
    assert seen["NODE_PATH"] == paths("second/nodejs/node_modules", "first/nodejs/node_modules")


def test_an_edit_of_a_layer_is_seen_by_the_next_call(hosting: Hosting, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "f.py").write_text("import plain\ndef h(event, context):\n    return plain.NAME\n")
    host = hosting("f.h", kind="python", task_root=tmp_path / "code", layers=layers(tmp_path))
    before = answer(host.invoke(effect()).result())

    (tmp_path / "second" / "python" / "plain.py").write_text("NAME = 'edited'\n")

    assert (before, answer(host.invoke(effect()).result())) == ("second", "edited")


# --- packages of a requirements.txt


def wheel(folder: Path, version: str) -> None:
    """A package `greeting` that can be installed without a network."""
    name = f"greeting-{version}"
    with zipfile.ZipFile(folder / f"{name}-py3-none-any.whl", "w") as archive:
        archive.writestr("greeting.py", f"VERSION = {version!r}\n")
        archive.writestr(f"{name}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: greeting\nVersion: {version}\n")
        archive.writestr(f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{name}.dist-info/RECORD", "")
    (folder / "requirements.txt").write_text(f"./{name}-py3-none-any.whl\n")


def function(folder: Path) -> LocalFunction:
    """Answers with the version that it finds, and is asked to install it first."""
    (folder / "f.py").write_text("import greeting\ndef h(event, context):\n    return greeting.VERSION\n")
    packages = folder_for(folder / "cache", folder, sys.executable)
    return LocalFunction(name="f", task_root=folder, handler="f.h", packages=packages, timeout_ms=AMPLE_MS)


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> None:
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        pytest.skip("there is no pip here")
    monkeypatch.setenv("PIP_NO_INDEX", "1")


def test_requirements_are_installed_once_and_on_nobodys_time(pip: None, tmp_path: Path) -> None:
    wheel(tmp_path, "1.0")
    with LambdaHost({"f": function(tmp_path)}) as host:
        first = host.invoke(effect(timeout_ms=10_000)).result()
    installed = sorted((tmp_path / "cache").iterdir())
    stamp = installed[0].stat().st_mtime_ns
    with LambdaHost({"f": function(tmp_path)}) as host:
        second = host.invoke(effect()).result()

    assert (answer(first), answer(second)) == ("1.0", "1.0")
    assert sorted((tmp_path / "cache").iterdir()) == installed
    assert installed[0].stat().st_mtime_ns == stamp


def test_other_requirements_are_installed_beside(pip: None, tmp_path: Path) -> None:
    seen = []
    for version in ("1.0", "2.0"):
        wheel(tmp_path, version)
        with LambdaHost({"f": function(tmp_path)}) as host:
            seen.append(answer(host.invoke(effect()).result()))

    assert seen == ["1.0", "2.0"]
    assert len(os.listdir(tmp_path / "cache")) == 2


def test_what_cannot_be_installed_is_a_failed_start_in_pips_words(pip: None, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("no-such-package-anywhere==1.0\n")
    with LambdaHost({"f": function(tmp_path)}) as host:
        ended = host.invoke(effect()).result()

    assert (ended.status, ended.cause) == (200, "init")
    assert "function 'f': requirements.txt could not be installed: " in ended.detail
    assert "no-such-package-anywhere" in ended.detail
    assert json.loads(ended.body)["requestId"] == REQUEST
    assert list((tmp_path / "cache").iterdir()) == []


def test_without_requirements_there_is_nothing_to_install(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        folder_for(tmp_path / "cache", tmp_path, sys.executable)

    assert caught.value.problems == ("install: requirements.txt cannot be read: No such file or directory.",)
