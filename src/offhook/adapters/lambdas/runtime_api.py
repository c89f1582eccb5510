"""The Lambda Runtime API, as much of HTTP/1.1 as its clients speak, on one connection.

A runtime client asks for `next`, which is answered when there is an event, and posts a `response` or an `error` for
its request id, or an `init/error`. What it asks becomes an `Asked` for the listener, who writes the answer. Each
process has a port of its own, so whoever calls there is that process.

Clients seen: awslambdaric (libcurl for the loop, http.client for init/error), ours, and the SST fork for Node, which
asks for `//2018-06-01/…`.
Source: spec/lambda-runtimes.md section 1; docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from offhook.adapters.lambdas.answer import MAX_ANSWER_BYTES

_ACCEPTED = b'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"status":"OK"}'
_HEADERS = re.compile(rb"\r\n(content-length|transfer-encoding|expect)[ \t]*:[ \t]*([^\r\n]*[^\s])", re.IGNORECASE)
_MAX_HEAD_BYTES = 2 * 1024 * 1024  # awslambdaric sends up to 1 MB of traceback in a header


@dataclass(frozen=True, slots=True)
class Asked:
    """`what`: next, response, error or init/error. `body` is None where it was longer than Lambda accepts."""

    what: str
    request_id: str = ""
    body: bytes | None = b""


class _Malformed(Exception):
    """Not HTTP that we can answer; the connection is closed."""


class Connection(asyncio.Protocol):
    """One connection of a runtime client. `asked` is called for each request, `lost` once at the end."""

    def __init__(self, asked: Callable[["Connection", Asked], None], lost: Callable[["Connection"], None]) -> None:
        self._asked = asked
        self._lost = lost
        self._buffer = bytearray()
        self._request: tuple[str, str, _Body] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._lost(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            while self._transport is not None and (asked := self._take()):
                self._route(*asked)
        except _Malformed:
            self.answer("400 Bad Request", b'{"errorType":"InvalidRequest"}')
            self.close()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def accept(self) -> None:
        """Answer 202, and nothing else will do for the official client."""
        if self._transport is not None:
            self._transport.write(_ACCEPTED)

    def answer(self, status: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Write one response. Header values may come from a flow: what is not printable ASCII is left out of them."""
        if self._transport is None:
            return
        lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
        for name, value in (headers or {}).items():
            shown = value if value.isascii() and value.isprintable() else "".join(c for c in value if " " <= c <= "~")
            lines.append(f"{name}: {shown}")
        self._transport.write("\r\n".join((*lines, "", "")).encode("ascii") + body)

    def _take(self) -> tuple[str, str, bytes | None] | None:
        """Method, path and body of the next request, once it is all there."""
        if self._request is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > _MAX_HEAD_BYTES:
                    raise _Malformed
                return None
            method, path, headers = _head(bytes(self._buffer[:end]))
            del self._buffer[: end + 4]
            self._request = (method, path, _Body(headers))
            if b"expect" in headers and self._transport is not None:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        method, path, body = self._request
        if not body.feed(self._buffer):
            return None
        self._request = None
        return method, path, body.content

    def _route(self, method: str, path: str, body: bytes | None) -> None:
        match method, [part for part in path.split("/") if part]:
            case "GET", ["2018-06-01", "runtime", "invocation", "next"]:
                self._asked(self, Asked("next"))
            case "POST", ["2018-06-01", "runtime", "invocation", request_id, "response" | "error" as what]:
                self._asked(self, Asked(what, request_id, body))
            case "POST", ["2018-06-01", "runtime", "init", "error"]:
                self._asked(self, Asked("init/error", body=body))
            case _:
                self.answer("404 Not Found", b'{"errorType":"InvalidPath"}')


class _Body:
    """A body that arrives in pieces. Past the limit it is counted and dropped: a child cannot fill our memory."""

    def __init__(self, headers: Mapping[bytes, bytes]) -> None:
        self._chunked = headers.get(b"transfer-encoding", b"").lower() == b"chunked"
        self._left = 0 if self._chunked else _number(headers.get(b"content-length", b"0"), 10)
        self._in_trailers = False
        self._data: bytearray | None = bytearray()

    @property
    def content(self) -> bytes | None:
        return None if self._data is None else bytes(self._data)

    def feed(self, buffer: bytearray) -> bool:
        """Move what belongs to the body out of the buffer; whether the body is complete."""
        self._move(buffer)
        while self._chunked and not self._left:
            end = buffer.find(b"\r\n")
            if end < 0:
                return False
            line = bytes(buffer[:end])
            del buffer[: end + 2]
            if self._in_trailers and not line:
                return True
            if line and not self._in_trailers:  # a size; the empty line is the end of the chunk before
                self._left = _number(line.partition(b";")[0], 16)
                self._in_trailers = not self._left
                self._move(buffer)
        return not self._left

    def _move(self, buffer: bytearray) -> None:
        taken = min(self._left, len(buffer))
        if self._data is not None:
            self._data += buffer[:taken]
            if len(self._data) > MAX_ANSWER_BYTES:
                self._data = None
        del buffer[:taken]
        self._left -= taken


def _head(head: bytes) -> tuple[str, str, dict[bytes, bytes]]:
    """Method, path, and the headers that matter here."""
    first = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
    if len(first) != 3 or not first[2].startswith("HTTP/1."):
        raise _Malformed
    return first[0], first[1], {name.lower(): value for name, value in _HEADERS.findall(head)}


def _number(text: bytes, base: int) -> int:
    try:
        number = int(text, base)
    except ValueError:
        raise _Malformed from None
    if number < 0:
        raise _Malformed
    return number
