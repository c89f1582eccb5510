"""AWS's own JavaScript client as it comes from npm, in Node. Deadlines only end a hang."""

import fcntl
import hashlib
import json
import os
import queue
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.server import PATIENCE_SECONDS, environment

FOLDER = Path(__file__).parent / "chatjs"
PLACE = ROOT / ".offhook" / "chatjs"


def needed(program: str, package: str) -> str:
    """The path of a program; where it is not there, the test is skipped, or fails with CI=true."""
    found = shutil.which(program)
    if found is None:
        _skip(f"there is no {program} here; install it with: apt-get install {package}")
    assert found is not None
    return found


def _skip(message: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def installed() -> Path:
    """A folder with the packages of package-lock.json, and our scripts beside them. Made once."""
    needed("node", "nodejs")
    npm = needed("npm", "npm")
    names = ("package.json", "package-lock.json")
    digest = hashlib.sha256(b"".join((FOLDER / name).read_bytes() for name in names)).hexdigest()
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark = PLACE / ".installed"
        if not mark.exists() or mark.read_text() != digest:
            for name in names:
                shutil.copy(FOLDER / name, PLACE / name)
            quiet = ("--ignore-scripts", "--no-audit", "--no-fund")
            done = subprocess.run([npm, "ci", *quiet], cwd=PLACE, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                _skip(f"npm ci cannot get the packages of tests/chatjs: {done.stderr.strip()[:300]}")
            mark.write_text(digest)
        for script in FOLDER.glob("*.mjs"):
            if not (PLACE / script.name).exists() or (PLACE / script.name).read_bytes() != script.read_bytes():
                shutil.copy(script, PLACE / script.name)
    return PLACE


class Session:
    """One chat session of amazon-connect-chatjs. `told` is what it has told: (name, data)."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            ["node", "session.mjs"], cwd=folder, env=environment(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.told: list[tuple[str, Any]] = []
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        self._answers: dict[int, dict[str, Any]] = {}
        self._count = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(json.loads(line))

    def ask(self, deed: str, **words: Any) -> int:
        """Begin something; its number."""
        assert self.process.stdin is not None
        self._count += 1
        self.process.stdin.write(json.dumps({"id": self._count, "do": deed, **words}) + "\n")
        self.process.stdin.flush()
        return self._count

    def do(self, deed: str, **words: Any) -> Any:
        """What came of it."""
        number = self.ask(deed, **words)
        while number not in self._answers:
            self._take()
        answer = self._answers.pop(number)
        assert "ok" in answer, answer
        return answer["ok"]

    def until(self, name: str, contains: str = "") -> Any:
        """The data of what is told under this name, and contains the text; each is given once."""
        while True:
            for index, (told, data) in enumerate(self.told):
                if told == name and contains in json.dumps(data, ensure_ascii=False):
                    del self.told[index]
                    return data
            self._take()

    def _take(self) -> None:
        try:
            line = self._lines.get(timeout=PATIENCE_SECONDS)
        except queue.Empty:
            raise AssertionError(f"nothing came; told: {self.told}") from None
        if "on" in line:
            self.told.append((line["on"], line["data"]))
        else:
            self._answers[line["id"]] = line

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.process.stdin.close()
        self.process.wait(PATIENCE_SECONDS)
        self._reader.join()
        self.process.stdout.close()
        self.process.stderr.close()
