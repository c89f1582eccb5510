"""`offhook serve`: the AWS APIs over HTTP, until it is told to stop."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="0 for one that is free.")] = 4510,
    env: Annotated[str | None, typer.Option("--env", metavar="NAME", help="An environment of offhook.toml.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say that it is ready in JSON.")] = False,
) -> None:
    """Serve the Lambda API: any AWS client reaches it with AWS_ENDPOINT_URL=http://127.0.0.1:4510.

    Example: offhook serve --port 4510
    """
    from offhook.cli import server
    from offhook.cli.project import load_project

    listener = server.listen(host, port)
    with listener:
        server.serve(load_project(Path.cwd(), env=env), listener, as_json=as_json)
