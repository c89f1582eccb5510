"""Which kind of function of the host runs a runtime of Lambda: the one place that knows.

A Python function runs on the interpreter of its version, where this machine has it on PATH, else on offhook's own.
"""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from offhook.adapters.lambdas.deployment import Settings, Version
from offhook.adapters.lambdas.refusal import invalid
from offhook.adapters.lambdas.spec import Function, PythonFunction

OWN_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True, slots=True)
class _Kind:
    prefix: str
    example: str
    function: Callable[[str, Version, Path], Function]


def _python(name: str, version: Version, folder: Path) -> PythonFunction:
    return PythonFunction(
        name=name,
        task_root=folder,
        handler=version.handler,
        timeout_ms=version.timeout_ms,
        memory_mb=version.memory_mb,
        environment={**version.environment, "AWS_LAMBDA_FUNCTION_VERSION": version.number},
        interpreter=interpreter(version.runtime),
    )


_KINDS = (_Kind("python3.", "python3.13", _python),)


def check_runtime(runtime: str) -> None:
    """Raises Refusal where nothing here runs it."""
    if not any(runtime.startswith(kind.prefix) for kind in _KINDS):
        known = ", ".join(kind.example for kind in _KINDS)
        raise invalid(f"Runtime is {runtime!r}, which offhook does not run; it runs such as {known}.")


def function(name: str, version: Version, folder: Path) -> Function:
    """What the host runs for a version of a function whose code lies in `folder`."""
    kind = next(kind for kind in _KINDS if version.runtime.startswith(kind.prefix))
    return kind.function(name, version, folder)


@cache
def interpreter(runtime: str) -> str:
    """The Python for a runtime such as python3.13."""
    return (shutil.which(runtime) if runtime != OWN_PYTHON else None) or sys.executable


def described(function: Function, *, role: str) -> Settings:
    """A function of offhook.toml in Lambda's words, with what Lambda's own defaults do not say."""
    if not isinstance(function, PythonFunction):
        return {"Role": role, "Description": "A function of offhook.toml"}
    return {
        "Runtime": OWN_PYTHON if function.interpreter == sys.executable else Path(function.interpreter).name,
        "Role": role,
        "Handler": function.handler,
        "Description": "A function of offhook.toml",
        "Timeout": -(-function.timeout_ms // 1000),
        "MemorySize": function.memory_mb,
        "Environment": {"Variables": dict(function.environment)},
    }
