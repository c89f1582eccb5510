"""The environment of a function's process: an allow-list, so that nothing of ours leaks into user code by accident.

Lambda unpacks layers into /opt and its runtimes look there. We cannot write to /opt, so a layer is a folder, and the
variables by which programs look for things name what is in it.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from offhook.adapters.lambdas.kind import OWN_PYTHON
from offhook.adapters.lambdas.spec import LocalFunction
from offhook.model.instance import REGION


def environment(function: LocalFunction, *, api_address: str, home: str, log_stream: str) -> dict[str, str]:
    """Lambda's variables, then what the function inherits, then its own; three that it cannot run without come last.

    Source: decisions.md, Safety; docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html. The time zone is
    UTC as in Lambda, whatever ours is. AWS_EXECUTION_ENV is set in the child, which knows its version.
    """
    variables = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "HOME": home,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        **{name: os.environ[name] for name in function.inherit if name in os.environ},
        **function.environment,
        "AWS_LAMBDA_RUNTIME_API": api_address,
        "LAMBDA_TASK_ROOT": str(function.task_root),
        "_HANDLER": function.handler,
    }
    for name, folders in _searched(function).items():
        if folders:
            own = [variables[name]] if variables.get(name) else []
            variables[name] = os.pathsep.join([*map(str, folders), *own])
    return variables


def _searched(function: LocalFunction) -> dict[str, list[Path]]:
    """Folders of layers and packages by the variable that leads to them, only those that are there.

    Source: docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html, the table of paths.
    """
    found: dict[str, list[Path]] = {"PYTHONPATH": [function.packages] if function.packages is not None else []}
    for layer in reversed(function.layers):
        for name, folders in _of_layer(layer, function.runtime).items():
            found.setdefault(name, []).extend(folder for folder in folders if folder.is_dir())
    return found


def _of_layer(layer: Path, runtime: str) -> dict[str, list[Path]]:
    return {
        "PATH": [layer / "bin"],
        "LD_LIBRARY_PATH": [layer / "lib"],
        "PYTHONPATH": [*_site_packages(layer / "python", runtime), layer / "python"],
        "NODE_PATH": [*_versioned_modules(layer / "nodejs", runtime), layer / "nodejs" / "node_modules"],
        "RUBYLIB": [layer / "ruby" / "lib"],
        "GEM_PATH": sorted((layer / "ruby" / "gems").glob("*")),
    }


def _site_packages(python: Path, runtime: str) -> Iterator[Path]:
    version = runtime if re.fullmatch(r"python3\.\d+", runtime) else OWN_PYTHON
    yield python / "lib" / version / "site-packages"


def _versioned_modules(nodejs: Path, runtime: str) -> Iterator[Path]:
    version = re.fullmatch(r"nodejs(\d+)\.x", runtime)
    if version is not None:
        yield nodejs / f"node{version[1]}" / "node_modules"
