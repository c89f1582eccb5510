"""`offhook lint`: all problems of all flows."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    text = "text"
    json = "json"
    sarif = "sarif"


def command(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Files, or folders whose .json files are meant. Default: the project's flows."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="The strict profile: unknown parameters and more are errors.")
    ] = False,
    publish: Annotated[
        bool, typer.Option("--publish", help="Say what Connect says when it is asked to publish the flows.")
    ] = False,
    explain: Annotated[
        str, typer.Option("--explain", metavar="CODE", help="Say what a code means, and check nothing.")
    ] = "",
    form: Annotated[Format, typer.Option("--format", help="How to report.")] = Format.text,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    env: Annotated[str | None, typer.Option("--env", metavar="NAME", help="The environment of offhook.toml.")] = None,
) -> None:
    """Check flows: what Connect would refuse, what would fail, what would surprise.

    A line is file:action:field: CODE message. Exit code 1 when there is an error, 0 when there are only warnings.

    Example: offhook lint flows/main.json --strict
    """
    from offhook.cli import findings
    from offhook.model.errors import UsageError

    if explain:
        print(findings.explanation(explain))
        return
    report = findings.collect(tuple(paths or ()), strict=strict, env=env, publish=publish)
    form = Format.json if as_json else form
    print({Format.text: findings.as_text, Format.json: findings.as_json, Format.sarif: findings.as_sarif}[form](report))
    if report.refused:
        raise UsageError(*report.refused)
    raise typer.Exit(1 if report.count("error") else 0)
