"""Where deployments lie between two runs: `<folder>/<function>/function.json`, and a folder beside it for each package.

A package's folder has the name of its hash and never changes, so a new package does not disturb what runs, and a
version that is published shares the code that it was published from. What no version refers to any more is removed
when the store is opened.
"""

import fcntl
import os
import shutil
from pathlib import Path

import msgspec
from msgspec.structs import replace

from offhook.adapters.lambdas.deployment import Deployment
from offhook.model.errors import UsageError

_FILE = "function.json"


class Store:
    """One process at a time has it, from creation until `close`. UsageError where another has, or a file is damaged."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise UsageError(f"{self._folder}: another offhook serves this folder; stop it first.") from None

    def close(self) -> None:
        os.close(self._lock)

    def load(self) -> dict[str, Deployment]:
        """By name. What is left of functions and code that nobody uses any more is removed."""
        found = {}
        for folder in sorted(self._folder.glob("[!.]*")):
            file = folder / _FILE
            if not file.exists():
                shutil.rmtree(folder, ignore_errors=True)
                continue
            try:
                deployment = msgspec.json.decode(file.read_bytes(), type=Deployment)
            except (OSError, msgspec.DecodeError) as problem:
                cure = "remove its folder to forget the function"
                raise UsageError(f"{file}: cannot be read: {problem}; {cure}.") from None
            _tidy(folder, deployment.codes())
            found[folder.name] = replace(deployment, name=folder.name)
        return found

    def save(self, deployment: Deployment) -> None:
        folder = self._folder / deployment.name
        folder.mkdir(exist_ok=True)
        written = folder / f".{_FILE}"
        written.write_bytes(msgspec.json.format(msgspec.json.encode(deployment)))
        written.replace(folder / _FILE)

    def remove(self, name: str) -> None:
        # The file first: without it, the rest is no function any more
        (self._folder / name / _FILE).unlink(missing_ok=True)
        shutil.rmtree(self._folder / name, ignore_errors=True)

    def code(self, name: str, folder: str) -> Path:
        """Where a package of a function lies, or is to be unpacked to."""
        return self._folder / name / folder


def _tidy(folder: Path, used: set[str]) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name not in used:
            shutil.rmtree(entry, ignore_errors=True)
