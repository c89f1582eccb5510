"""The Lambda Runtime API as bytes: what a runtime client asks, and what it is answered. No sockets here.

A client asks for `next`, which is answered when there is an event, and posts a `response` or an `error` for its
request id, or an `init/error`. Each process has a port of its own, so whoever calls there is that process.

Clients seen: awslambdaric (libcurl for the loop, http.client for init/error), ours, and the SST fork for Node, which
asks for `//2018-06-01/…`.
Source: spec/lambda-runtimes.md section 1; docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from offhook.adapters.lambdas.answer import MAX_ANSWER_BYTES

ACCEPTED = b'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"status":"OK"}'
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_MAX_HEAD_BYTES = 2 * 1024 * 1024  # awslambdaric sends up to 1 MB of traceback in a header
_HEADERS = re.compile(rb"\r\n(content-length|transfer-encoding|expect)[ \t]*:[ \t]*([^\r\n]*[^\s])", re.IGNORECASE)
_NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n"
_POST = re.compile(rb"POST /2018-06-01/runtime/invocation/([^/ ]+)/(response|error) HTTP/1.1\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)(?:\r\n|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """`what`: next, response, error or init/error; expect (wants leave to send its body) or unknown (no such path).

    `body` is None where it was longer than Lambda accepts.
    """

    what: str
    request_id: str = ""
    body: bytes | None = b""


class Malformed(Exception):
    """Not HTTP that can be answered: the connection is of no use any more."""


class Requests:
    """The requests in the bytes of one connection."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: tuple[str, str] | None = None
        self._body = _Body({})

    def feed(self, data: bytes) -> Iterable[Asked]:
        """What is complete with this piece. Raises Malformed."""
        if self._head is None and not self._buffer and (whole := _whole(data)):
            return (whole,)
        self._buffer += data
        asked = []
        while (one := self._take()) is not None:
            asked.append(one)
        return asked

    def _take(self) -> Asked | None:
        if self._head is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > _MAX_HEAD_BYTES:
                    raise Malformed
                return None
            method, path, headers = _parts(bytes(self._buffer[:end]))
            del self._buffer[: end + 4]
            self._head, self._body = (method, path), _Body(headers)
            if b"expect" in headers:
                return Asked("expect")
        if not self._body.feed(self._buffer):
            return None
        (method, path), self._head = self._head, None
        return _asked(method, path, self._body.content)


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


def next_event(payload: bytes, request_id: str, arn: str, *, deadline_ms: int) -> bytes:
    """The answer to `next`. The ARN may come from a flow: what is not printable ASCII is left out of it."""
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        f"Lambda-Runtime-Aws-Request-Id: {_printable(request_id)}\r\n"
        f"Lambda-Runtime-Deadline-Ms: {deadline_ms}\r\n"
        f"Lambda-Runtime-Invoked-Function-Arn: {_printable(arn)}\r\n"
        f"Content-Length: {len(payload)}\r\n\r\n"
    )
    return head.encode("ascii") + payload


def refusal(status: str, error_type: str) -> bytes:
    body = f'{{"errorType":"{error_type}"}}'
    return f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def _printable(text: str) -> str:
    return text if text.isascii() and text.isprintable() else "".join(c for c in text if " " <= c <= "~")


def _whole(data: bytes) -> Asked | None:
    """The usual case, for speed: one piece that is one whole request."""
    if data.startswith(_NEXT) and data.endswith(b"\r\n\r\n"):
        return Asked("next")
    post = _POST.match(data)
    if post is None:
        return None
    head, _, body = data.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    if length is None or int(length[1]) != len(body):
        return None
    return Asked(post[2].decode(), post[1].decode("latin-1"), body)


def _asked(method: str, path: str, body: bytes | None) -> Asked:
    match method, [part for part in path.split("/") if part]:
        case "GET", ["2018-06-01", "runtime", "invocation", "next"]:
            return Asked("next")
        case "POST", ["2018-06-01", "runtime", "invocation", request_id, "response" | "error" as what]:
            return Asked(what, request_id, body)
        case "POST", ["2018-06-01", "runtime", "init", "error"]:
            return Asked("init/error", body=body)
        case _:
            return Asked("unknown")


def _parts(head: bytes) -> tuple[str, str, dict[bytes, bytes]]:
    """Method, path, and the headers that matter here."""
    first = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
    if len(first) != 3 or not first[2].startswith("HTTP/1."):
        raise Malformed
    return first[0], first[1], {name.lower(): value for name, value in _HEADERS.findall(head)}


def _number(text: bytes, base: int) -> int:
    try:
        number = int(text, base)
    except ValueError:
        raise Malformed from None
    if number < 0:
        raise Malformed
    return number
