"""What is executed for a function, and the sentence for when it cannot be."""

import re
from pathlib import Path

from offhook.adapters.lambdas.folder import Folder
from offhook.adapters.lambdas.kind import BOOTSTRAP, NODE
from offhook.adapters.lambdas.spec import LocalFunction

_NODE_CLIENT = Path(__file__).parent / "child" / "offhook_runtime.mjs"
# What Node.js takes beside its heap; without a bound on that, it would not collect garbage before the memory is used up
_NODE_OWN_MB = 48


def command(function: LocalFunction, folder: Folder) -> list[str]:
    if function.kind == BOOTSTRAP:
        return [function.program]
    if function.kind == NODE:
        heap_mb = max(_NODE_OWN_MB, function.memory_mb - _NODE_OWN_MB)
        start = [f"--max-old-space-size={heap_mb}", str(_NODE_CLIENT)]
        more = [_node_major(function.runtime)]
    else:
        start = ["-u", str(folder.runtime / "launch.py")]
        more = [str(folder.runtime)]
    debug = [] if function.debug_port is None else [str(function.debug_port)]
    return [function.program, *start, str(function.task_root), function.handler, function.client, *more, *debug]


def cannot_start(function: LocalFunction, error: Exception) -> str:
    """Why its process could not be started, and the cure."""
    if function.kind == NODE and isinstance(error, FileNotFoundError):
        which = "no Node.js here" if not function.interpreter else f"no {function.interpreter}"
        return (
            f"there is {which}: install Node.js 18 or newer (https://nodejs.org), or say where it is by `interpreter`."
        )
    if function.kind == BOOTSTRAP:
        return f"{function.program} cannot be started: {_bootstrap_cure(error)}"
    return f"{function.program} cannot be started: {error}; say which Python is meant by `interpreter` or `venv`."


def _bootstrap_cure(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "it is not executable; chmod +x does that."
    if isinstance(error, FileNotFoundError):
        return "it is not there, or the program in its first line is not."
    return f"{error}; it must be a program for this machine, or a script that begins with #!."


def _node_major(runtime: str) -> str:
    """Of nodejs20.x it is 20; 0 where the runtime says no version."""
    found = re.search(r"\d+", runtime)
    return found[0] if found is not None else "0"
