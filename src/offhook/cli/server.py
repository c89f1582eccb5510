"""The server as a process: its port, what it prints, and how it ends."""

import asyncio
import contextlib
import errno
import ipaddress
import logging
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import uvicorn

from offhook.api.application import Application, application
from offhook.api.door import Door
from offhook.api.limit_socket import MAX_FRAME_BYTES, PacedSockets
from offhook.api.limit_wire import bounded
from offhook.api.operations.oversight import Outlook
from offhook.cli import doors
from offhook.cli.collector import settle
from offhook.cli.ending import GRACE_SECONDS, Ending
from offhook.cli.flow_text import texts
from offhook.cli.outlook import log_as
from offhook.cli.project import Project
from offhook.cli.services import beside
from offhook.model.errors import UsageError
from offhook.model.instance import Instance

if TYPE_CHECKING:
    from offhook.api.operations.traces import Traces

_LOG = logging.getLogger("offhook")
_MOMENT_SECONDS = 5  # after the end of functions, for requests that wait for them
_KEEP_SECONDS = 75  # a connection on which nothing is asked; clients keep theirs for a minute


def guard(project: Project, access_keys: Path | None, host: str) -> Door:
    """Who may call. Raises UsageError where other machines could and no access key keeps them out."""
    is_loopback = _is_loopback(host)
    made = doors.door(project.server, access_keys, os.environ, is_loopback=is_loopback)
    if not is_loopback and not made.keys:
        raise UsageError(
            f"--host {host}: other machines may not call without access keys; give some with --access-keys FILE, "
            f"{doors.VARIABLE} or [server] access_keys in offhook.toml, or use 127.0.0.1."
        )
    return made


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises UsageError where it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except socket.gaierror as problem:
        raise UsageError(f"--host {host}: leads nowhere: {problem.strerror}.") from None
    except OSError as problem:
        if problem.errno == errno.EADDRNOTAVAIL:
            raise UsageError(f"--host {host}: is not an address of this machine; 0.0.0.0 is all of them.") from None
        reason = "is in use" if problem.errno == errno.EADDRINUSE else f"cannot be had: {problem.strerror}"
        raise UsageError(f"--port {port}: {reason}; choose another one.") from None
    # Else an answer's body waits for the client to acknowledge its headers, which it does 40 ms later
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def location(project: Project, given: str | None) -> str:
    """Where the database is: as it was given, or as offhook.toml says, from its folder; "" for the usual file."""
    if given is not None:
        return given
    said = project.server.database
    return said if not said or "://" in said else str(project.root / said)


def serve(
    project: Project, listener: socket.socket, door: Door, *, database: str, as_json: bool, log_format: str = "text",
    traces: "Traces | None" = None,
) -> None:  # fmt: skip
    """Serve a project until SIGINT or SIGTERM. Raises UsageError where what it has kept cannot be used."""
    log_as(log_format)
    for warning in project.warnings:
        _LOG.warning("%s", warning)
    shows_metrics = project.server.metrics or _is_loopback(listener.getsockname()[0])
    outlook = Outlook(shows_metrics, (traces.watch,) if traces is not None else ())
    try:
        asyncio.run(_serve(project, listener, door, outlook, database=database, as_json=as_json))
    finally:
        if traces is not None:
            traces.close()


async def _serve(
    project: Project, listener: socket.socket, door: Door, outlook: Outlook, *, database: str, as_json: bool
) -> None:
    instance = project.instance
    folder = project.root / ".offhook"
    async with application(
        project.functions, instance, folder=folder, url=project.server.url or _url(listener),
        contents=texts(project), database=database, door=door,
        services=lambda functions: beside(project, functions), outlook=outlook,
    ) as made:  # fmt: skip
        limits = project.server
        config = uvicorn.Config(
            PacedSockets(made.gateway, time.monotonic),
            http=bounded(max_connections=limits.connections, patience_seconds=limits.patience_seconds),
            ws_max_size=MAX_FRAME_BYTES, log_config=None, lifespan="off", access_log=False, server_header=False,
            timeout_keep_alive=_KEEP_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS + _MOMENT_SECONDS,
        )  # fmt: skip
        server = _Server(config)
        ending = Ending(server, made)
        settle()
        print(_ready(made, instance, listener, as_json=as_json), flush=True)
        await server.serve(sockets=[listener])
        await ending.done()


class _Server(uvicorn.Server):
    """Signals are ours: uvicorn would end the process with them before we have tidied up."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _ready(made: Application, instance: Instance, listener: socket.socket, *, as_json: bool) -> str:
    url = _url(listener)
    if as_json:
        said = {"id": instance.id, "alias": instance.alias}
        ready = {"ready": True, "url": url, "instance": said, "flows": made.flows, "functions": made.names}
        return msgspec.json.encode(ready).decode()
    counts = f"{_count(made.flows, 'flow')} and {_count(len(made.names), 'function')}"
    where = f"at {url} (export AWS_ENDPOINT_URL={url})"
    return f"offhook serves instance {instance.alias} ({instance.id}) with {counts} {where}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
