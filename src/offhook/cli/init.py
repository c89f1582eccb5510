"""`offhook init`: a project that runs at once."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

MANY = 4  # files of one folder that are counted, not named


def command(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Where to write it; made if it is not there.")
    ] = Path(),
) -> None:
    """Write a project that runs at once: flows, a function, offhook.toml, and a check.

    Nothing that is there is overwritten.

    Example: offhook init sample
    """
    from importlib.resources import files

    from offhook.model.errors import UsageError

    sample = dict(_files(files("offhook.cli") / "sample", Path()))
    there = [folder / name for name in sample if (folder / name).exists()]
    if there:
        raise UsageError(
            *(f"{path} is there already, and init overwrites nothing: name another folder." for path in there)
        )
    try:
        for name, source in sample.items():
            _write(folder / name, source.read_bytes())
    except OSError as problem:
        raise UsageError(f"{folder}: cannot be written: {problem.strerror}.") from None
    print("\n".join((*_written(folder, list(sample)), "", *_next(folder))))


def _files(source: "Traversable", name: Path) -> Iterator[tuple[Path, "Traversable"]]:
    for entry in sorted(source.iterdir(), key=lambda each: each.name):
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _files(entry, name / entry.name)
        elif entry.is_file():
            yield name / entry.name, entry


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if path.suffix == ".sh":
        path.chmod(0o755)


def _written(folder: Path, names: list[Path]) -> Iterator[str]:
    yield f"A project of {len(names)} files is in {folder.resolve()}:"
    for parent, group in groupby(names, key=lambda name: name.parent):
        inside = list(group)
        yield from [f"  {name}" for name in inside] if len(inside) < MANY else [f"  {parent}/ with {len(inside)} files"]


def _next(folder: Path) -> Iterator[str]:
    yield "Next:"
    if folder != Path():
        yield f"  cd {_quoted(folder)}"
    yield "  offhook run Inbound                                               # a call: a menu of all samples"
    yield '  offhook run "Lambda integration" --from +12065550100 --press 1    # a function answers, then digits'
    yield '  offhook run "Lambda integration" --channel chat --silent          # the same flow as a chat'
    yield '  offhook run "Lambda integration" --env outage --silent            # and when the function is down'
    yield "  offhook lint --strict"
    yield "  sh checks/run.sh"


def _quoted(folder: Path) -> str:
    import shlex

    return shlex.quote(str(folder))
