"""Starting a child process, and noticing that it has ended."""

import os
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass

from offhook.adapters.lambdas.capacity import Capacity
from offhook.adapters.lambdas.command import command
from offhook.adapters.lambdas.environment import environment
from offhook.adapters.lambdas.folder import Folder
from offhook.adapters.lambdas.guard import Guard
from offhook.adapters.lambdas.kind import BOOTSTRAP
from offhook.adapters.lambdas.output import Output
from offhook.adapters.lambdas.spec import LocalFunction


@dataclass(frozen=True, slots=True)
class Site:
    """What all processes share. `init_limit_ms` is 10 s in Lambda; `now` tells for how long a process was idle."""

    folder: Folder
    guard: Guard
    capacity: Capacity
    max_body_bytes: int
    init_limit_ms: int
    now: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Child:
    """A process in a session of its own. `ended` is a descriptor that becomes readable when it has ended."""

    popen: "subprocess.Popen[bytes]"
    output: Output
    ended: int

    def close(self) -> None:
        self.output.close()
        os.close(self.ended)


def start(function: LocalFunction, site: Site, *, port: int, log_stream: str) -> Child:
    """OSError or ValueError if it cannot be."""
    variables = environment(
        function, api_address=f"127.0.0.1:{port}", home=str(site.folder.home), log_stream=log_stream
    )
    reading, writing = os.pipe()
    try:
        popen = subprocess.Popen(
            command(function, site.folder),
            env=variables,
            # The others change their folder themselves: where there is none, the import fails, and says so
            cwd=function.task_root if function.kind == BOOTSTRAP else None,
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            start_new_session=True,
        )
    except (OSError, ValueError):
        os.close(reading)
        raise
    finally:
        os.close(writing)
    return Child(popen, Output(reading), _end_of(popen))


def _end_of(popen: "subprocess.Popen[bytes]") -> int:
    """On Linux the pid stays taken until the caller waits for it."""
    try:
        return os.pidfd_open(popen.pid)
    except (AttributeError, OSError):  # macOS, or an old kernel
        reading, writing = os.pipe()

        def wait() -> None:
            popen.wait()
            os.close(writing)

        threading.Thread(target=wait, daemon=True).start()
        return reading
