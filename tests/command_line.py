"""The program `offhook`, called from tests in this process."""

from dataclasses import dataclass

from typer.testing import CliRunner

from offhook.cli.main import app


@dataclass(frozen=True, slots=True)
class Called:
    code: int
    out: str
    err: str


def call(*arguments: str) -> Called:
    """`offhook` with these arguments, in the current folder. What goes wrong in the program itself is raised."""
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Called(result.exit_code, result.stdout, result.stderr)
