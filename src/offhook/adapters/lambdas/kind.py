"""Which runtimes of Lambda run here and how: as a handler in Python, as one in Node.js, or as a `bootstrap`.

A bootstrap is any executable of that name that speaks the Runtime API. Java, Ruby, .NET and Go have clients that make
one (docs/functions.md), so there is no fourth kind.
Source of the names: docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html.
"""

import re
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PYTHON, NODE, BOOTSTRAP = "python", "node", "bootstrap"
KINDS = (PYTHON, NODE, BOOTSTRAP)
EXAMPLES = ("python3.13", "nodejs22.x", "provided.al2023")
OWN_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
_NAMES = {
    PYTHON: re.compile(r"python(3(\.\d+)?)?"),
    NODE: re.compile(r"node(js(\d+\.x)?)?"),
    BOOTSTRAP: re.compile(r"provided(\.al2(023)?)?|bootstrap"),
}
_OTHERS = re.compile(r"(java|ruby|dotnet|go)[a-z0-9.]*")
_NODE_ENDINGS = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts")


def kind_of(runtime: str) -> str | None:
    """The kind of a runtime such as nodejs22.x; None for one that does not run here."""
    return next((kind for kind, names in _NAMES.items() if names.fullmatch(runtime)), None)


def unknown_runtime(runtime: str) -> str:
    """Why a runtime does not run, and the cure, as the end of a sentence."""
    if _OTHERS.fullmatch(runtime):
        return (
            f"runtime is {runtime!r}, which runs here by its own runtime client: "
            'write a bootstrap that starts it, and say runtime = "provided".'
        )
    return f"runtime is {runtime!r}, which offhook does not run; it runs such as {', '.join(EXAMPLES)}."


def source(kind: str, task_root: Path, handler: str) -> Path | None:
    """The file of a handler, where there is one."""
    return next((file for file in _candidates(kind, task_root, handler) if file.is_file()), None)


def checked(task_root: Path, handler: str, runtime: str, *, shown: str) -> tuple[str, list[str]]:
    """The kind of a function and what is wrong with it, a sentence each. Without a runtime, its file says the kind.

    `shown` is the task root as the user wrote it, empty for the folder that paths are relative to.
    """
    kind = kind_of(runtime)
    if runtime and kind is None:
        return PYTHON, [unknown_runtime(runtime)]
    kinds = (kind,) if kind else KINDS if handler else (BOOTSTRAP,)
    found = next((each for each in kinds if source(each, task_root, handler) is not None), None)
    if found is not None:
        return found, []
    if kind == BOOTSTRAP or (kind is None and not handler):
        return BOOTSTRAP, [f"there is no file bootstrap in {shown or 'the folder'}; Python and Node.js have a handler."]
    if not all(handler.rpartition("/")[2].partition(".")):
        return kinds[0], [f"handler is {handler!r}, must be FILE.FUNCTION, as in lookup.handler."]
    if shown and not task_root.is_dir():
        return kinds[0], [f"there is no folder {shown}."]
    return kinds[0], [f"there is no file {_expected(kind, handler, shown)}; write FILE.FUNCTION, no ending."]


def _candidates(kind: str, task_root: Path, handler: str) -> Iterator[Path]:
    if kind == BOOTSTRAP:
        yield task_root / "bootstrap"
    elif kind == NODE:
        folder, _, file = handler.rpartition("/")
        name, _, function = file.partition(".")
        if name and function and ".." not in handler:
            yield from (task_root / folder / f"{name}{ending}" for ending in _NODE_ENDINGS)
    else:
        module, _, function = handler.rpartition(".")
        if module and function:
            path = task_root.joinpath(*module.replace("/", ".").split("."))
            yield from (path.with_name(f"{path.name}.py"), path / "__init__.py")


def _expected(kind: str | None, handler: str, shown: str) -> str:
    """The file that would be the handler's."""
    if kind == NODE:
        file = re.sub(r"\.[^/]*$", "", handler)
        return f"{Path(shown, file)}.js, .mjs or .cjs"
    file = handler.rpartition(".")[0].replace("/", ".").replace(".", "/")
    return f"{Path(shown, file)}.py" + ("" if kind else " or .js")


@cache
def python_for(runtime: str) -> str:
    """The Python for a runtime such as python3.13: that version where it is on PATH, else offhook's own."""
    found = shutil.which(runtime) if re.fullmatch(r"python3\.\d+", runtime) and runtime != OWN_PYTHON else None
    return found or sys.executable


def has_python(runtime: str) -> bool:
    return runtime in ("", "python", "python3", OWN_PYTHON) or shutil.which(runtime) is not None
