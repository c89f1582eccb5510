"""`[server]` of offhook.toml: who may call `offhook serve`, and how much."""

import re
from dataclasses import dataclass, field
from typing import Any

from offhook.cli.table import Table

# AWS's own are 16 to 128 letters, digits and _
KEY_ID = re.compile(r"[A-Za-z0-9_]{3,128}")
MIN_SECRET_CHARACTERS = 16
MAX_SECRET_CHARACTERS = 256
_ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """`access_keys` are secrets by id. `requests_per_second` is for each access key, and for each address of clients
    that need none; None is as the address that is listened on asks for. `patience_seconds` is how long a client may
    keep us waiting in the middle of a request. `url` is where clients reach the server, where that is not where it
    listens. `database` is a URL or a file in the project's folder, "" for the usual file. `metrics`: other machines may
    read them. `traces`: where an OpenTelemetry collector is, "" for nowhere.
    """

    access_keys: dict[str, str] = field(default_factory=dict, repr=False)
    origins: tuple[str, ...] = ()
    requests_per_second: int | None = None
    connections: int = 4096
    patience_seconds: int = 30
    url: str = ""
    database: str = ""
    metrics: bool = False
    traces: str = ""


def read_server(table: Table) -> ServerSettings:
    """The table; what is wrong is noted there, and no secret is."""
    default = ServerSettings()
    origins = table.texts("origins")
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            table.problem("origins", f"has {origin!r}, must be like 'https://example.com' or 'http://localhost:3000'")
    url = table.text("url")
    if url and not _ORIGIN.fullmatch(url.rstrip("/")):
        table.problem("url", f"is {url!r}, must be like 'https://connect.example.com'")
    traces = table.text("traces")
    if traces and not re.match(r"https?://[^/]", traces):
        table.problem("traces", f"is {traces!r}, must be like 'http://localhost:4318'")
    settings = ServerSettings(
        access_keys=_keys(table.table("access_keys")),
        origins=origins,
        requests_per_second=table.number("requests_per_second", least=1, most=1_000_000),
        connections=table.number("connections", least=1, most=1_000_000) or default.connections,
        patience_seconds=table.number("patience_seconds", least=1, most=3600) or default.patience_seconds,
        url=url.rstrip("/"),
        database=table.text("database"),
        metrics=bool(table.flag("metrics")),
        traces=traces,
    )
    table.close()
    return settings


def key_problem(name: str, secret: Any) -> str:
    """What is wrong with an access key, "" for nothing."""
    if not KEY_ID.fullmatch(name):
        return "is no id of an access key: letters, digits and _, 3 to 128"
    if not isinstance(secret, str) or not MIN_SECRET_CHARACTERS <= len(secret) <= MAX_SECRET_CHARACTERS:
        return f"must have a secret of {MIN_SECRET_CHARACTERS} to {MAX_SECRET_CHARACTERS} characters"
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        return "must have a secret of visible ASCII characters"
    return ""


def _keys(table: Table) -> dict[str, str]:
    found = {}
    for name in table.entries:
        secret = table.raw(name)
        if problem := key_problem(name, secret):
            table.problem(name, problem)
        else:
            found[name] = secret
    return found
