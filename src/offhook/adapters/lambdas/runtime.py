"""A function of the Lambda API as one that the host runs, and one of offhook.toml in Lambda's words."""

from pathlib import Path

from offhook.adapters.lambdas.deployment import Settings, Version
from offhook.adapters.lambdas.kind import (
    BOOTSTRAP,
    EXAMPLES,
    KINDS,
    OWN_PYTHON,
    PYTHON,
    has_python,
    kind_of,
    unknown_runtime,
)
from offhook.adapters.lambdas.refusal import invalid
from offhook.adapters.lambdas.spec import Function, LocalFunction

_USUAL = {**dict(zip(KINDS, EXAMPLES, strict=True)), PYTHON: OWN_PYTHON}


def check_runtime(runtime: str) -> None:
    """Raises Refusal where nothing here runs it."""
    if kind_of(runtime) is None:
        problem = unknown_runtime(runtime)
        raise invalid(problem[0].upper() + problem[1:])


def function(name: str, version: Version, folder: Path) -> Function:
    """What the host runs for a version of a function whose code lies in `folder`."""
    kind = kind_of(version.runtime) or PYTHON
    return LocalFunction(
        name=name,
        task_root=folder,
        handler=version.handler or BOOTSTRAP,
        kind=kind,
        runtime=version.runtime,
        timeout_ms=version.timeout_ms,
        memory_mb=version.memory_mb,
        environment={**version.environment, "AWS_LAMBDA_FUNCTION_VERSION": version.number},
    )


def remarks(version: Version) -> list[str]:
    """In what it runs otherwise than in Lambda."""
    found = []
    if kind_of(version.runtime) == PYTHON and not has_python(version.runtime):
        found.append(f"there is no {version.runtime} on PATH; it runs on {OWN_PYTHON}.")
    if "Layers" in version.settings:
        found.append("its layers are not fetched; what they hold must be in its package.")
    return found


def described(function: Function, *, role: str) -> Settings:
    """A function of offhook.toml in Lambda's words, with what Lambda's own defaults do not say."""
    if not isinstance(function, LocalFunction):
        return {"Role": role, "Description": "A function of offhook.toml"}
    is_exact = function.runtime not in ("", function.kind, "python3", "nodejs")
    return {
        "Runtime": function.runtime if is_exact else _USUAL[function.kind],
        "Role": role,
        "Handler": function.handler,
        "Description": "A function of offhook.toml",
        "Timeout": -(-function.timeout_ms // 1000),
        "MemorySize": function.memory_mb,
        "Environment": {"Variables": dict(function.environment)},
    }
