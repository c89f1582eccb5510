"""`offhook serve`: the AWS APIs over HTTP, until it is told to stop."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="0 for one that is free.")] = 4510,
    env: Annotated[str | None, typer.Option("--env", metavar="NAME", help="An environment of offhook.toml.")] = None,
    access_keys: Annotated[
        Path | None,
        typer.Option("--access-keys", metavar="FILE", help="Keys to sign calls with, as ~/.aws/credentials."),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option("--database", metavar="FILE|URL", help="Where everything is kept. Default: .offhook/offhook.db."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say that it is ready in JSON.")] = False,
) -> None:
    """Serve the project as Amazon Connect and Lambda: AWS clients reach it with AWS_ENDPOINT_URL=http://127.0.0.1:4510.

    What offhook.toml and its flows have is put into the instance at each start; what was made by the API stays.
    The database is a file (SQLite), or PostgreSQL: --database postgresql://user@host/name, or [server] database in
    offhook.toml. One server at a time has a database.

    Other machines may call only with access keys: --access-keys, OFFHOOK_ACCESS_KEYS="ID:SECRET", or [server]
    access_keys in offhook.toml.

    Example: offhook serve --port 4510
    """
    from offhook.cli import server
    from offhook.cli.project import load_project

    project = load_project(Path.cwd(), env=env)
    door = server.guard(project, access_keys, host)
    location = server.location(project, database)
    with server.listen(host, port) as listener:
        server.serve(project, listener, door, database=location, as_json=as_json)
