"""`offhook convert`: any flow file to the Flow language."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def command(
    file: Annotated[Path, typer.Argument(help="A flow in any format: old console export, API answer, Flow language.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="OUT", help="Write here. Default: standard output.")
    ] = None,
) -> None:
    """Convert a flow to the Flow language, Version 2019-10-30, as the console imports it and the API takes it.

    What could not be converted is said on stderr; then the exit code is 1, and the flow is written all the same.

    Example: offhook convert "Old export" -o flows/main.json
    """
    from offhook.blocks import catalogue
    from offhook.cli.file import contents
    from offhook.flowjson.read import read_flow
    from offhook.flowjson.text import write
    from offhook.flowjson.write import to_language
    from offhook.model.errors import UsageError

    flow = read_flow(contents(file, name=str(file)), catalogue(), source=str(file))
    text = write(to_language(flow, catalogue())) + "\n"
    if output is None:
        sys.stdout.write(text)
    else:
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as problem:
            raise UsageError(f"{output}: cannot be written: {problem.strerror}.") from None
    for each in flow.problems:
        print(f"{file}: {each.message}", file=sys.stderr)
    raise typer.Exit(1 if any(each.severity == "error" for each in flow.problems) else 0)
