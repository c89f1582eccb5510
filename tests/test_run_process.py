"""`offhook` as a process: in a terminal, in a pipe, watched, debugged. Deadlines only end a hang."""

import importlib.util
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.debugger import attached

FOLDER = Path(__file__).parent / "fixtures" / "run"
OFFHOOK = [sys.executable, "-m", "offhook"]
PATIENCE_SECONDS = 60
HEAVY = ("botocore", "sqlalchemy", "starlette", "uvicorn", "httpx", "aws_encryption_sdk", "temporalio")


def environment(**more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("COV_", "_OFFHOOK", "OFFHOOK"))}
    return {**kept, "TERM": "xterm", **more}


def offhook(*words: str, stdin: int = subprocess.DEVNULL, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*OFFHOOK, *words], cwd=FOLDER, env=environment(**more), stdin=stdin, capture_output=True, text=True,
        timeout=PATIENCE_SECONDS,
    )  # fmt: skip


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The project, to be changed."""
    return Path(shutil.copytree(FOLDER, tmp_path / "project"))


class Session:
    """A process on a terminal (or with pipes). `until` reads on until a text was printed."""

    def __init__(self, *words: str, folder: Path = FOLDER, has_terminal: bool = True) -> None:
        self.master, self.terminal = os.openpty()
        self.modes = termios.tcgetattr(self.terminal)
        ends: Any = (self.terminal, self.terminal) if has_terminal else (subprocess.DEVNULL, self.terminal)
        self.process = subprocess.Popen(
            [*OFFHOOK, *words], cwd=folder, env=environment(), stdin=ends[0], stdout=ends[1], stderr=ends[1],
            start_new_session=True,
        )  # fmt: skip
        self.printed = ""
        self._seen = 0

    def until(self, text: str) -> str:
        """What was printed since the last call, up to the text."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (at := self.printed.find(text, self._seen)) < 0:
            assert time.monotonic() < deadline, f"{text!r} did not come: {self.printed}"
            assert self._read() or self.process.poll() is None, f"{text!r} did not come: {self.printed}"
        part = self.printed[self._seen : at + len(text)]
        self._seen = at + len(text)
        return part

    def _read(self) -> bool:
        ready, _, _ = select.select([self.master], [], [], 0.1)
        if ready:
            data = os.read(self.master, 65_536)
            self.printed += re.sub(r"\x1b\[[0-9;]*[mK]", "", data.decode()).replace("\r\n", "\n")
        return bool(ready)

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def end(self) -> int:
        """The exit code, once it has ended by itself."""
        code = self.process.wait(PATIENCE_SECONDS)
        while self._read():
            pass
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.terminal)


@pytest.fixture
def session() -> Iterator[Any]:
    """Starts sessions, and ends what the test has left."""
    started: list[Session] = []

    def start(*words: str, **more: Any) -> Session:
        started.append(Session(*words, **more))
        return started[-1]

    yield start
    for each in started:
        each.close()


# --- bytes and imports ---


@pytest.mark.parametrize("how", ["--json", "--trace"])
def test_the_same_contact_gives_the_same_bytes_whatever_the_hash_seed(how: str) -> None:
    words = ["run", "State line", "--env", "test", "--press", "1,1", how]
    first, second = (offhook(*words, PYTHONHASHSEED=seed) for seed in ("1", "2"))

    assert first.returncode == 0
    assert first.stdout == second.stdout != ""


def test_help_imports_nothing_that_it_does_not_need() -> None:
    """The budget: at most 1.5 times a bare typer program."""
    script = "import sys, offhook.cli.main; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()

    named = {name for name in loaded if name.startswith("offhook.")}
    assert named <= {"offhook.cli", "offhook.model", "offhook.model.errors", *(n for n in named if n.count(".") == 2)}
    assert not {"msgspec", "asyncio", "phonenumbers", "offhook.core", "offhook.blocks", *HEAVY} & set(loaded)


def test_a_run_imports_nothing_that_serves_or_calls_aws() -> None:
    script = (
        "import sys, offhook.cli.main as m\n"
        "sys.argv = ['offhook', 'run', 'State line', '--env', 'test', '--json']\n"
        "try: m.main()\n"
        "except SystemExit as end: assert end.code == 0\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=FOLDER, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    )

    assert not set(HEAVY) & set(done.stderr.split())


# --- pipes ---


def test_a_flow_may_speak_what_the_output_cannot_spell() -> None:
    done = offhook("run", "loose/unwired.json", "--function", 'lookup=stub:{"a":"日本"}', PYTHONIOENCODING="ascii")

    assert done.returncode == 0
    assert "\\u65e5\\u672c" in done.stdout


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    command = f"{' '.join(OFFHOOK)} run loose/loop.json --json | head -n 1"
    done = subprocess.run(
        command, shell=True, cwd=FOLDER, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=PATIENCE_SECONDS,
    )  # fmt: skip

    assert json.loads(done.stdout)["type"] == "contact.started"
    assert done.stderr == ""


def test_mistakes_go_to_stderr_with_exit_code_2() -> None:
    done = offhook("run", "loose/dangling.json", "--channel", "fax")

    assert (done.returncode, done.stdout) == (2, "")
    assert [line.split(" ")[0] for line in done.stderr.splitlines()] == ["offhook:", "offhook:"]


def test_without_any_stdin_the_customer_is_silent() -> None:
    command = f"exec {' '.join(OFFHOOK)} run More <&-"
    done = subprocess.run(
        command, shell=True, cwd=FOLDER, env=environment(), capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )

    assert done.returncode == 0
    assert "(no key came)" in done.stdout


# --- completion ---


def complete(*words: str) -> list[str]:
    line = f"offhook {' '.join(words)}"
    more = {"_OFFHOOK_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words))}
    return subprocess.run(
        [shutil.which("offhook", path=str(Path(sys.executable).parent)) or "offhook"], cwd=FOLDER,
        env={**environment(), **more}, capture_output=True, text=True, timeout=PATIENCE_SECONDS,
    ).stdout.splitlines()  # fmt: skip


def test_the_shell_completes_flows_numbers_and_files() -> None:
    assert complete("run", "Mo") == ["More"]
    assert complete("run", "loose/v") == ["loose/version.json", "loose/voices.json"]
    assert "+15550100000" in complete("run", "+1")


def test_the_shell_completes_functions() -> None:
    assert complete("run", "More", "--debug", "l") == ["lookup"]


# --- a phone ---


def test_a_person_answers_with_keys(session: Any) -> None:
    phone = session("run", "More", "--attr", "name=Ann")
    phone.until("Joanna: Your code, Ann")
    phone.type("x4\x1b[1;2A2#")
    phone.until("You said 42 about")
    phone.until("again")

    assert phone.end() == 0
    assert "> 42  (ended by the terminator)" in phone.printed
    assert "--input 'barge:42#' --seed 1 --at" in phone.printed
    assert termios.tcgetattr(phone.terminal) == phone.modes


def test_a_person_hangs_up(session: Any) -> None:
    phone = session("run", "More")
    phone.until("Joanna: Your code")
    phone.type("\x04")

    assert phone.end() == 0
    assert "hung up: customer hung up" in phone.printed
    assert termios.tcgetattr(phone.terminal) == phone.modes


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_terminal_is_as_it_was_however_the_run_is_ended(session: Any, number: int, code: int) -> None:
    phone = session("run", "More")
    phone.until("Joanna: Your code")
    phone.process.send_signal(number)

    assert phone.end() == code
    assert termios.tcgetattr(phone.terminal) == phone.modes
    assert "Traceback" not in phone.printed
    assert ("still running: you left" in phone.printed) == (number == signal.SIGINT)


def test_a_person_is_not_asked_where_there_is_a_script(session: Any) -> None:
    scripted = session("run", "More", "--press", "1")

    scripted.until("again")
    assert scripted.end() == 0
    assert "This is a phone" not in scripted.printed


def test_a_terminal_does_not_make_a_person_of_a_virtual_customer(session: Any) -> None:
    run = session("run", "More", "--virtual")

    run.until("outcome")
    assert run.end() == 0
    assert "> nothing  (no key came)" in run.printed


def test_a_person_may_watch_the_events(session: Any) -> None:
    phone = session("run", "More", "--json")
    phone.until('"type":"said"')
    phone.type("\x04")

    assert phone.end() == 0
    lines = phone.printed.splitlines()
    assert lines[0].startswith("This is a phone")
    assert [json.loads(line)["type"] for line in lines[1:]][-2:] == ["input", "contact.ended"]


def test_a_real_function_answers_a_person(session: Any) -> None:
    phone = session("run", "State line")
    phone.until("State Oregon")
    phone.until("Press 1 for more")
    phone.type("9")

    assert phone.end() == 0
    assert "looking up +12065550100" in phone.printed


# --- watching ---


def test_a_change_of_a_flow_runs_it_again(session: Any, copied: Path) -> None:
    run = session("run", "flows/more.json", "--silent", "--watch", folder=copied, has_terminal=False)
    run.until("again")
    flow = copied / "flows/more.json"
    before = flow.read_text()

    flow.write_text("{")
    run.until("offhook: flows/more.json: line 1, column 2: not JSON")
    flow.write_text(before.replace("Your code", "Your other code"))
    run.until("Joanna: Your other code")
    run.until("again")
    run.process.send_signal(signal.SIGINT)

    assert run.end() == 0
    assert "something changed" in run.printed
    assert "Traceback" not in run.printed


def test_a_change_of_a_function_or_of_the_project_runs_it_again(session: Any, copied: Path) -> None:
    run = session("run", "State line", "--silent", "--watch", folder=copied, has_terminal=False)
    run.until("State Oregon")
    run.until("again")

    (copied / "functions/lookup.py").write_text('def handler(event, context):\n    return {"State": "Maine"}\n')
    run.until("State Maine")
    run.until("again")
    toml = copied / "offhook.toml"
    toml.write_text(toml.read_text().replace('handler = "lookup.handler"', 'stub = { State = "Ohio" }'))
    run.until("State Ohio")


def test_leaving_a_contact_leaves_the_watch(session: Any) -> None:
    phone = session("run", "More", "--watch")
    phone.until("Joanna: Your code")
    phone.process.send_signal(signal.SIGINT)

    assert phone.end() == 130
    assert "something changed" not in phone.printed


# --- debugging ---


@pytest.mark.skipif(importlib.util.find_spec("debugpy") is None, reason="needs debugpy")
def test_a_debugged_function_waits_and_takes_no_time(session: Any) -> None:
    run = session("run", "State line", "--silent", "--debug", "lookup", has_terminal=False)
    told = run.until("waits for a debugger on 127.0.0.1:") + run.until(".\n")
    port = int(told.rpartition(":")[2].strip(".\n"))
    with attached(port):
        run.until("State Oregon")
        run.until("again")

    assert run.end() == 0
    assert "0 ms" in run.printed
    assert "silence    0 ms at longest" in run.printed
