"""Connections that are slow, long, too many or that flood: they are cut, and nobody else notices."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest
import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from offhook.api.limit_socket import MAX_FRAME_BYTES, PacedSockets
from offhook.api.limit_wire import MAX_HEAD_BYTES, MAX_HEADERS, bounded

SHORT_SECONDS = 0.15  # what a client may keep this server waiting
HANG_SECONDS = 30
SEED = os.environ.get("OFFHOOK_SEED", "1")
BYTES_TRIED = int(os.environ.get("OFFHOOK_SOAK", "400"))
LARGE_BYTES = 12_000_000  # more than the system keeps for a client that does not read


class Service:
    """Answers GET with "fine", POST with the size of its body, GET /large with much and GET /slow once it may."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.lost = asyncio.Event()
        self.connections: set[Any] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._echo(WebSocket(scope, receive, send))
            return
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            self.lost.set()
            return
        if scope["path"] == "/slow":
            await self.may_answer.wait()
        text = b"x" * LARGE_BYTES if scope["path"] == "/large" else str(len(body)).encode() if body else b"fine"
        await Response(text)(scope, receive, send)

    async def _echo(self, socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                await socket.send_text(await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError):
            self.lost.set()


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Try = Callable[[Callable[[], Awaitable[Stream]], Service, int], Awaitable[None]]


def served(attempt: Try, *, connections: int = 100, patience_seconds: float = SHORT_SECONDS) -> None:
    """Runs `attempt` with a function that connects, the service and its port."""

    async def run() -> None:
        service = Service()
        protocol = bounded(max_connections=connections, patience_seconds=patience_seconds)
        app: ASGIApp = PacedSockets(service, asyncio.get_running_loop().time)
        config = uvicorn.Config(
            app, port=0, http=protocol, lifespan="off", log_config=None, ws_max_size=MAX_FRAME_BYTES
        )
        config.load()
        loop = asyncio.get_running_loop()
        state = uvicorn.server.ServerState()
        service.connections = state.connections
        listener = await loop.create_server(
            lambda: protocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
        )
        port = listener.sockets[0].getsockname()[1]
        opened: list[asyncio.StreamWriter] = []

        async def open_one() -> Stream:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            opened.append(writer)
            return reader, writer

        try:
            async with asyncio.timeout(HANG_SECONDS):
                await attempt(open_one, service, port)
        finally:
            for writer in opened:
                writer.close()
            for connection in list(state.connections):
                connection.transport.abort()
            listener.close()
            for task in list(state.tasks):
                task.cancel()

    asyncio.run(run())


GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


async def fetched(stream: Stream, request: bytes = GET) -> bytes:
    """The answer's body."""
    reader, writer = stream
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return await reader.readexactly(length)


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.005)


async def status(stream: Stream) -> int:
    """The status of the one answer before the end."""
    said = await all_of(stream[0])
    return int(said.split(b" ", 2)[1]) if said else 0


async def all_of(reader: asyncio.StreamReader) -> bytes:
    """What is said before the end, however that comes."""
    said = bytearray()
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65_536):
            said += piece
    return bytes(said)


@pytest.mark.parametrize(
    ("begun", "expected"),
    [
        (b"", 0),
        (b"GET", 408),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", 408),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345", 408),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n", 408),
        (b"\r\n", 0),
    ],
)
def test_whoever_stops_in_the_middle_is_cut(begun: bytes, expected: int) -> None:
    async def attempt(open_one: Any, service: Service, port: int) -> None:
        stream, other = await open_one(), await open_one()
        stream[1].write(begun)

        assert await fetched(other) == b"fine"
        assert await status(stream) == expected
        if b"POST" in begun:
            await service.lost.wait()
        assert await fetched(await open_one()) == b"fine"

    served(attempt)


def test_whoever_sends_a_byte_now_and_then_is_cut_as_well() -> None:
    async def attempt(open_one: Any, service: Service, port: int) -> None:
        reader, writer = await open_one()
        writer.write(b"GET / HTTP/1.1\r\n")

        async def drip() -> None:
            while True:
                writer.write(b"A: b\r\n")
                await asyncio.sleep(SHORT_SECONDS / 10)

        dripping = asyncio.create_task(drip())
        assert await status((reader, writer)) == 408
        dripping.cancel()

    served(attempt)


def test_a_kept_connection_is_watched_again_from_its_next_byte() -> None:
    async def attempt(open_one: Any, service: Service, port: int) -> None:
        stream = await open_one()
        for _ in range(3):
            assert await fetched(stream) == b"fine"
        stream[1].write(b"GET / HT")

        assert await status(stream) == 408

    served(attempt)


def test_line_ends_between_requests_do_not_keep_a_connection_for_ever() -> None:
    async def attempt(open_one: Any, service: Service, port: int) -> None:
        stream = await open_one()
        assert await fetched(stream) == b"fine"
        stream[1].write(b"\r\n")

        assert await status(stream) == 408

    served(attempt)


def test_whoever_waits_for_us_is_not_cut() -> None:
    async def attempt(open_one: Any, service: Service, port: int) -> None:
        waiting = asyncio.create_task(fetched(await open_one(), GET.replace(b"/ ", b"/slow ")))
        stopped = await open_one()
        stopped[1].write(b"GET")
        assert await status(stopped) == 408, "so the time is over"
        service.may_answer.set()

        assert await waiting == b"fine"

    served(attempt)


def test_what_comes_next_on_a_connection_waits_for_the_answer_before() -> None:
    async def attempt(open_one: Any, service: Service, port: int) -> None:
        stream = await open_one()
        slow = GET.replace(b"/ ", b"/slow ")
        stream[1].write(slow + b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
        stopped = await open_one()
        stopped[1].write(b"GET")
        assert await status(stopped) == 408, "so the time is over"
        service.may_answer.set()

        assert await fetched(stream, b"123") == b"fine"
        assert await fetched(stream, b"") == b"3"

    served(attempt)


def test_a_long_body_has_more_time() -> None:
    async def attempt(open_one: Any, service: Service, port: int) -> None:
        stream = await open_one()
        size = 65_536 * 40
        stream[1].write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size + b"x" * (size - 1))
        await stream[1].drain()
        stopped = await open_one()
        stopped[1].write(b"GET")
        assert await status(stopped) == 408, "so the time of a short one is over"

        assert await fetched(stream, b"x") == b"%d" % size

    served(attempt)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"a" * MAX_HEAD_BYTES + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * MAX_HEADERS + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"a" * MAX_HEAD_BYTES + b": b\r\n\r\n", 431),
        (b"GET /" + b"a" * MAX_HEAD_BYTES + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"no http at all\r\n\r\n", 400),
        (b"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ],
)
def test_a_head_that_is_too_long_is_refused(request_: bytes, expected: int) -> None:
    async def attempt(open_one: Any, service: Service, port: int) -> None:
        stream = await open_one()
        stream[1].write(request_)

        assert await status(stream) == expected

    served(attempt, patience_seconds=HANG_SECONDS)


def test_a_head_of_the_greatest_length_is_taken() -> None:
    async def attempt(open_one: Any, service: Service, port: int) -> None:
        many = b"".join(b"A%d: %s\r\n" % (number, b"b" * 300) for number in range(MAX_HEADERS - 1))

        assert await fetched(await open_one(), b"GET / HTTP/1.1\r\nHost: a\r\n" + many + b"\r\n") == b"fine"

    served(attempt)


@pytest.mark.parametrize(
    "begun",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nA: ",
        b"GET / HTTP/1.1\r\nHost: ",
        b"GET /",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nTrailer: ",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;extension=",
    ],
)
def test_what_never_ends_is_refused_long_before_it_fills_the_memory(begun: bytes) -> None:
    async def attempt(open_one: Any, service: Service, port: int) -> None:
        reader, writer = await open_one()
        writer.write(begun)
        sent = 0
        try:
            while not reader.at_eof() and sent < 100 * MAX_HEAD_BYTES:
                writer.write(b"a" * 16_384)
                sent += 16_384
                await writer.drain()
                await asyncio.sleep(0)
        except ConnectionError:
            pass

        assert sent < 100 * MAX_HEAD_BYTES

    served(attempt, patience_seconds=HANG_SECONDS)


def test_pipelined_requests_are_counted_one_by_one() -> None:
    async def attempt(open_one: Any, service: Service, port: int) -> None:
        stream = await open_one()
        stream[1].write(GET * 5000)

        for _ in range(5000):
            assert await fetched(stream, b"") == b"fine"

    served(attempt)


def test_too_many_connections_are_refused_and_the_rest_go_on() -> None:
    async def attempt(open_one: Any, service: Service, port: int) -> None:
        first, second = await open_one(), await open_one()
        assert await fetched(first) == await fetched(second) == b"fine"

        assert await status(await open_one()) == 503
        assert await fetched(first) == b"fine"
        second[1].close()
        while True:
            third = await open_one()
            third[1].write(GET)
            head = await third[0].readline()
            if b"200" in head:
                break

    served(attempt, connections=2, patience_seconds=HANG_SECONDS)


def test_an_answer_that_nobody_fetches_ends_its_connection() -> None:
    async def attempt(open_one: Any, service: Service, port: int) -> None:
        reader, writer = await open_one()
        writer.write(GET.replace(b"/ ", b"/large "))
        await until(lambda: len(service.connections) == 1)
        await until(lambda: not service.connections)

        assert len(await all_of(reader)) < LARGE_BYTES

    served(attempt)


def test_an_answer_that_is_fetched_comes_whole() -> None:
    async def attempt(open_one: Any, service: Service, port: int) -> None:
        assert len(await fetched(await open_one(), GET.replace(b"/ ", b"/large "))) == LARGE_BYTES

    served(attempt, patience_seconds=HANG_SECONDS)


@pytest.mark.parametrize("half", [b"", b"GET /", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345"])
def test_a_half_closed_connection_is_cut(half: bytes) -> None:
    async def attempt(open_one: Any, service: Service, port: int) -> None:
        stream = await open_one()
        stream[1].write(half)
        stream[1].write_eof()

        assert await status(stream) in (0, 408)
        assert await fetched(await open_one()) == b"fine"

    served(attempt)


def strange(chance: Random) -> bytes:
    """A request in which some bytes are others, are left out or come twice."""
    whole = chance.choice(
        [
            GET,
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n123",
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n123\r\n0\r\nTrailer: a\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n1",
            b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81\x85\0\0\0\0hello",
        ]
    )
    made = bytearray(whole * chance.choice([1, 1, 2]))
    for _ in range(chance.choice([1, 1, 2, 5])):
        start = chance.randrange(len(made))
        end = start + chance.choice([0, 1, 1, 5])
        made[start:end] = chance.choice(
            [b"", b"\0", b"\r\n", b"\n", b" ", b":", b"\xff", b"-1", b"9" * 30, b"%", chance.randbytes(3), GET]
        )
    return bytes(made) or b"\0"


def test_no_bytes_are_too_strange(caplog: pytest.LogCaptureFixture) -> None:
    chance, mistakes = Random(SEED), []

    async def attempt(open_one: Any, service: Service, port: int) -> None:
        for _ in range(BYTES_TRIED // 20):
            streams = [await open_one() for _ in range(20)]
            for _, writer in streams:
                writer.write(strange(chance))
                if chance.random() < 0.5:
                    with contextlib.suppress(OSError):  # it is closed already
                        writer.write_eof()
            for reader, writer in streams:
                if chance.random() < 0.2:
                    writer.transport.abort()
                else:
                    with contextlib.suppress(ConnectionError):
                        await reader.read(1)
            streams.append(await open_one())
            assert await fetched(streams[-1]) == b"fine"
            for _, writer in streams:
                writer.close()
        mistakes.extend(record.getMessage() for record in caplog.records if record.levelname == "ERROR")

    served(attempt)
    assert mistakes == []


# --- sockets ---


def test_a_socket_outlives_the_patience_for_requests() -> None:
    async def attempt(open_one: Any, service: Service, port: int) -> None:
        async with connect(f"ws://127.0.0.1:{port}/") as websocket:
            stopped = await open_one()
            stopped[1].write(b"GET")
            assert await status(stopped) == 408, "so the time is over"
            await websocket.send("still here")

            assert await websocket.recv() == "still here"

    served(attempt)


def test_a_socket_that_floods_is_ended() -> None:
    async def attempt(open_one: Any, service: Service, port: int) -> None:
        async with connect(f"ws://127.0.0.1:{port}/") as websocket:
            with pytest.raises(ConnectionClosed) as caught:
                for number in range(1000):
                    await websocket.send(str(number))
                    await websocket.recv()

            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 1008
            await service.lost.wait()

    served(attempt)


def test_a_frame_that_is_too_long_ends_its_socket() -> None:
    async def attempt(open_one: Any, service: Service, port: int) -> None:
        async with connect(f"ws://127.0.0.1:{port}/") as websocket:
            await websocket.send("x" * (MAX_FRAME_BYTES + 1))
            with pytest.raises(ConnectionClosed) as caught:
                await websocket.recv()

            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 1009

    served(attempt)
