"""`offhook serve`: the AWS APIs over HTTP, until it is told to stop."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer


class LogFormat(Enum):
    text = "text"
    json = "json"


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
    log_format: Annotated[
        LogFormat, typer.Option("--log-format", help="The log on stderr: for people, or JSON, an event a line.")
    ] = LogFormat.text,
    traces: Annotated[
        bool, typer.Option("--traces", help="Send traces to OTEL_EXPORTER_OTLP_ENDPOINT (extra: offhook[otel]).")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say that it is ready in JSON.")] = False,
) -> None:
    """Serve the project as Amazon Connect and Lambda: AWS clients reach it with AWS_ENDPOINT_URL=http://127.0.0.1:4510.

    What offhook.toml and its flows have is put into the instance at each start; what was made by the API stays.
    The database is a file (SQLite), or PostgreSQL: --database postgresql://user@host/name, or [server] database in
    offhook.toml. One server at a time has a database.

    Other machines may call only with access keys: --access-keys, OFFHOOK_ACCESS_KEYS="ID:SECRET", or [server]
    access_keys in offhook.toml.

    /healthz, /readyz and /metrics say how it is. SIGTERM ends it once what runs has ended, after 3 seconds at most;
    nothing is lost. Traces go to a collector that [server] traces in offhook.toml or --traces names.

    Examples: offhook serve --port 4510; offhook serve --log-format json
    """
    from offhook.cli import server
    from offhook.cli.outlook import traces_to
    from offhook.cli.project import load_project

    project = load_project(Path.cwd(), env=env)
    door = server.guard(project, access_keys, host)
    location = server.location(project, database)
    sent = traces_to(project.server.traces, wanted=traces)
    with server.listen(host, port) as listener:
        server.serve(
            project, listener, door, database=location, as_json=as_json, log_format=log_format.value, traces=sent
        )
