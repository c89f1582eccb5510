"""The HTTP of the Runtime API, byte by byte."""

import asyncio

import pytest

from offhook.adapters.lambdas.answer import MAX_ANSWER_BYTES
from offhook.adapters.lambdas.runtime_api import Asked, Connection

NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\n"


class Wire(asyncio.Transport):
    """What the connection writes."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def abort(self) -> None:
        self.is_aborted = True


class Client:
    """A connection with what it asked for and what it was answered."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.wire = Wire()
        self.connection = Connection(lambda _, asked: self.asked.append(asked), lambda _: None)
        self.connection.connection_made(self.wire)

    def send(self, *pieces: bytes) -> "Client":
        for piece in pieces:
            self.connection.data_received(piece)
        return self


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/2018-06-01/runtime/invocation/next", Asked("next")),
        ("GET", "//2018-06-01//runtime/invocation/next", Asked("next")),
        ("POST", "/2018-06-01/runtime/invocation/r-1/response", Asked("response", "r-1")),
        ("POST", "/2018-06-01/runtime/invocation/r-1/error", Asked("error", "r-1")),
        ("POST", "/2018-06-01/runtime/init/error", Asked("init/error")),
    ],
)
def test_each_path_is_understood(method: str, path: str, expected: Asked) -> None:
    assert Client().send(f"{method} {path} HTTP/1.1\r\n\r\n".encode()).asked == [expected]


@pytest.mark.parametrize(
    "first", ["GET /", "POST /2018-06-01/runtime/invocation/next", "GET /2018-06-01/runtime/restore/next"]
)
def test_other_paths_are_not_found_and_the_connection_stays(first: str) -> None:
    client = Client().send(f"{first} HTTP/1.1\r\n\r\n".encode(), NEXT)

    assert client.wire.written.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert client.asked == [Asked("next")]


def test_a_request_may_come_in_any_pieces() -> None:
    request = POST + b"Content-Length: 2\r\n\r\n{}" + NEXT

    client = Client().send(*(request[i : i + 1] for i in range(len(request))))

    assert client.asked == Client().send(request).asked == [Asked("response", "r-1", b"{}"), Asked("next")]


def test_a_body_may_be_chunked() -> None:
    request = POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\n{\r\n\r\n1;x=y\r\n}\r\n0\r\nTrailer: z\r\n\r\n" + NEXT

    client = Client().send(*(request[i : i + 1] for i in range(len(request))))

    assert client.asked == Client().send(request).asked == [Asked("response", "r-1", b"{\r\n}"), Asked("next")]


@pytest.mark.parametrize("size", [MAX_ANSWER_BYTES, MAX_ANSWER_BYTES + 1])
def test_a_body_above_the_limit_is_dropped_and_the_next_request_is_heard(size: int) -> None:
    head = POST + b"Content-Length: %d\r\n\r\n" % size
    half = size // 2

    client = Client().send(head, b"a" * half, b"a" * (size - half) + NEXT)

    assert [asked.body is None for asked in client.asked] == [size > MAX_ANSWER_BYTES, False]


def test_a_client_that_waits_for_leave_gets_it() -> None:
    client = Client().send(POST + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")

    assert client.wire.written == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert client.asked == []
    assert client.send(b"{}").asked == [Asked("response", "r-1", b"{}")]


@pytest.mark.parametrize(
    "request_",
    [
        b"hello\r\n\r\n",
        b"GET /2018-06-01/runtime/invocation/next SPDY/3\r\n\r\n",
        POST + b"Content-Length: two\r\n\r\n",
        POST + b"Content-Length: -2\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 3_000_000,
    ],
)
def test_what_is_not_http_ends_the_connection(request_: bytes) -> None:
    client = Client().send(request_, NEXT)

    assert client.wire.written.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert client.wire.is_aborted
    assert client.asked == []


def test_a_header_value_cannot_start_a_line_of_its_own() -> None:
    """The ARN comes from a flow."""
    client = Client()

    client.connection.answer("200 OK", b"{}", {"Arn": "arn:x\r\nEvil: é1", "Fine": "y"})

    assert b"\r\nArn: arn:xEvil: 1\r\nFine: y\r\n\r\n{}" in client.wire.written


def test_nothing_is_written_after_the_connection_was_lost() -> None:
    client = Client()

    client.connection.connection_lost(None)
    client.connection.answer("200 OK", b"{}")
    client.connection.close()

    assert client.wire.written == b""
    assert not client.wire.is_aborted
