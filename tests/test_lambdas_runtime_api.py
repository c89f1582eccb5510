"""The HTTP of the Runtime API, byte by byte."""

import pytest

from offhook.adapters.lambdas.answer import MAX_ANSWER_BYTES
from offhook.adapters.lambdas.runtime_api import Asked, Malformed, Requests, next_event, refusal

NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\n"


def asked(*pieces: bytes) -> list[Asked]:
    """What a connection asks for in these pieces."""
    requests = Requests()
    return [one for piece in pieces for one in requests.feed(piece)]


def bytewise(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/2018-06-01/runtime/invocation/next", Asked("next")),
        ("GET", "//2018-06-01//runtime/invocation/next", Asked("next")),
        ("POST", "/2018-06-01/runtime/invocation/r-1/response", Asked("response", "r-1")),
        ("POST", "//2018-06-01/runtime/invocation/r-1/response", Asked("response", "r-1")),
        ("POST", "/2018-06-01/runtime/invocation/r-1/error", Asked("error", "r-1")),
        ("POST", "/2018-06-01/runtime/init/error", Asked("init/error")),
        ("GET", "/", Asked("unknown")),
        ("POST", "/2018-06-01/runtime/invocation/next", Asked("unknown")),
        ("GET", "/2018-06-01/runtime/restore/next", Asked("unknown")),
    ],
)
def test_each_path_is_understood(method: str, path: str, expected: Asked) -> None:
    assert asked(f"{method} {path} HTTP/1.1\r\n\r\n".encode()) == [expected]


@pytest.mark.parametrize("name", [b"Content-Length", b"content-length"])
def test_a_request_may_come_in_any_pieces(name: bytes) -> None:
    post = POST + name + b": 2\r\nX: y\r\n\r\n{}"
    expected = [Asked("response", "r-1", b"{}"), Asked("next")]

    assert asked(post, NEXT) == expected
    assert asked(post + NEXT) == expected
    assert asked(*bytewise(post + NEXT)) == expected
    assert asked(post[:-2], post[-2:] + NEXT) == expected


def test_a_body_may_be_chunked() -> None:
    request = POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\n{\r\n\r\n1;x=y\r\n}\r\n0\r\nTrailer: z\r\n\r\n" + NEXT
    expected = [Asked("response", "r-1", b"{\r\n}"), Asked("next")]

    assert asked(request) == expected
    assert asked(*bytewise(request)) == expected


@pytest.mark.parametrize("size", [MAX_ANSWER_BYTES, MAX_ANSWER_BYTES + 1])
def test_a_body_above_the_limit_is_dropped_and_the_next_request_is_heard(size: int) -> None:
    head = POST + b"Content-Length: %d\r\n\r\n" % size
    half = size // 2

    response, following = asked(head, b"a" * half, b"a" * (size - half) + NEXT)

    assert (response.body is None) == (size > MAX_ANSWER_BYTES)
    assert following == Asked("next")


def test_a_client_that_waits_for_leave_is_noticed_before_its_body() -> None:
    head = POST + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"

    assert asked(head) == [Asked("expect")]
    assert asked(head, b"{}") == [Asked("expect"), Asked("response", "r-1", b"{}")]


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n\r\n",
        b"GET /2018-06-01/runtime/invocation/next SPDY/3\r\n\r\n",
        POST + b"Content-Length: two\r\n\r\n",
        POST + b"Content-Length: -2\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 3_000_000,
    ],
)
def test_what_is_not_http_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        asked(data)


def test_the_answer_to_next_carries_the_event() -> None:
    answer = next_event(b'{"a":1}', "r-1", "arn:x", deadline_ms=17)

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\nContent-Length: 7\r\n\r\n" + b'{"a":1}')
    assert b"\r\nLambda-Runtime-Aws-Request-Id: r-1\r\nLambda-Runtime-Deadline-Ms: 17\r\n" in answer
    assert b"\r\nLambda-Runtime-Invoked-Function-Arn: arn:x\r\n" in answer


def test_an_arn_cannot_start_a_header_of_its_own() -> None:
    """It comes from a flow."""
    answer = next_event(b"{}", "r", "arn:x\r\nEvil: é1", deadline_ms=0)

    assert b"Function-Arn: arn:xEvil: 1\r\n" in answer


def test_a_refusal_names_its_error() -> None:
    assert refusal("404 Not Found", "InvalidPath") == (
        b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 27\r\n\r\n"
        b'{"errorType":"InvalidPath"}'
    )
