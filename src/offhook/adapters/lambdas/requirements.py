"""The packages that a Python function asks for in its requirements.txt, installed once into a folder of their own."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from offhook.adapters.lambdas.spec import LocalFunction
from offhook.model.errors import UsageError

FILE = "requirements.txt"
_MAX_SHOWN = 500  # characters of what pip says
_LIMIT_SECONDS = 600
_lock = threading.Lock()  # one at a time: several functions may want the same folder


def folder_for(cache: Path, task_root: Path, program: str) -> Path:
    """Where the packages of a requirements.txt belong: its text and the Python that they are for say it.

    Raises UsageError where there is no such file.
    """
    try:
        text = (task_root / FILE).read_bytes()
    except OSError as problem:
        raise UsageError(f"install: {FILE} cannot be read: {problem.strerror}.") from None
    digest = hashlib.sha256(program.encode() + b"\0" + text).hexdigest()
    return cache / digest[:16]


def install(function: LocalFunction) -> None:
    """Install what is not there yet; takes as long as pip does. Raises UsageError with what pip says."""
    folder = function.packages
    if folder is None or folder.is_dir():
        return
    with _lock:
        if folder.is_dir():
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        working = Path(tempfile.mkdtemp(prefix=".installing-", dir=folder.parent))
        try:
            _pip(function, working)
            working.rename(folder)
        finally:
            shutil.rmtree(working, ignore_errors=True)


def _pip(function: LocalFunction, target: Path) -> None:
    command = [function.program, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    try:
        done = subprocess.run(
            [*command, "--target", str(target), "-r", FILE],
            cwd=function.task_root,
            # pip is the user's own tool here: it needs their index, proxy and certificates
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_LIMIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise UsageError(f"function {function.name!r}: {FILE} could not be installed: {problem}.") from None
    if done.returncode:
        said = " ".join(done.stdout.decode("utf-8", "replace").split())
        raise UsageError(f"function {function.name!r}: {FILE} could not be installed: {said[-_MAX_SHOWN:]}")
