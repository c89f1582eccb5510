"""What a connection may do before there is a request: how many there are, how long and how slow a request may be.

uvicorn's own settings bound idle connections and running tasks. It waits for ever for a client that says nothing or
stops in the middle of a request (slow loris), and takes headers of any length into memory; so its protocol goes further
here:

- above `max_connections` a new one is answered 503 and closed;
- the head of a request must be there within `patience_seconds` of the connection's beginning, or of its own: else 408;
  it may have MAX_HEADERS headers and MAX_HEAD_BYTES: else 431;
- its body may take as long again, and once more for every 64 KiB that have come: else 408;
- an answer that the client does not fetch at that pace ends the connection.

While the client waits for us, nothing is cut.
"""

import asyncio
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 65_536
MAX_HEADERS = 200
_PACE_BYTES = 65_536


def bounded(*, max_connections: int, patience_seconds: float) -> type["BoundedProtocol"]:
    """The protocol for uvicorn's setting `http`, which wants a class."""
    own = {"max_connections": max_connections, "patience_seconds": patience_seconds}
    return type("Bounded", (BoundedProtocol,), own)


class BoundedProtocol(HttpToolsProtocol):
    """One connection. `_owes`: the client has begun something that it has not ended."""

    max_connections = 4096
    patience_seconds = 30.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._owes = True
        self._deadline = self.loop.time() + self.patience_seconds
        self._steps = 0  # how often the parser has had something to say
        self._unparsed_bytes = 0  # what has come since then
        self._head_bytes = 0
        self._refusal = HTTPStatus.BAD_REQUEST
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_watches()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._end_watches()
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if not self._owes:
            self._expect()
        steps = self._steps
        super().data_received(data)
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        if steps == self._steps:
            self._unparsed_bytes += len(data)
        if self._unparsed_bytes > MAX_HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        else:
            self._watch()

    # --- what the parser finds ---

    def on_message_begin(self) -> None:
        self._step()
        self._head_bytes = 0
        self._expect()
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url), HTTPStatus.REQUEST_URI_TOO_LONG)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value), HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._step()
        self._expect()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._step()
        self._deadline += self.patience_seconds * len(body) / _PACE_BYTES
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._step()
        self._owes = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._refusal)

    def _step(self) -> None:
        self._steps += 1
        self._unparsed_bytes = 0

    def _count(self, size: int, refusal: HTTPStatus) -> None:
        """Parsing ends with what is raised here, and `send_400_response` is called."""
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES or len(self.headers) >= MAX_HEADERS:
            self._refusal = refusal
            raise ValueError(refusal.phrase)

    # --- time ---

    def _expect(self) -> None:
        self._owes = True
        self._deadline = self.loop.time() + self.patience_seconds

    def _watch(self) -> None:
        """Most requests come in one piece and need no timer."""
        if self._owes and self._reading is None:
            self._reading = self.loop.call_at(self._deadline, self._look)

    def _look(self) -> None:
        self._reading = None
        if not self._owes or self.transport.is_closing():
            return
        if self.flow.read_paused or self.pipeline:
            self._expect()
        if self.loop.time() >= self._deadline:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._look_at_answer(None)

    def resume_writing(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
        super().resume_writing()

    def _look_at_answer(self, unsent_before: int | None) -> None:
        unsent = self.transport.get_write_buffer_size()
        if unsent_before is not None and unsent > unsent_before - _PACE_BYTES:
            self.transport.abort()
            return
        self._writing = self.loop.call_later(self.patience_seconds, self._look_at_answer, unsent)

    def _end_watches(self) -> None:
        for each in (self._reading, self._writing):
            if each is not None:
                each.cancel()
        self._reading = self._writing = None

    # --- the end ---

    def _refuse(self, status: HTTPStatus) -> None:
        """Say why, unless an answer is on its way or the client has not said a word, and close."""
        is_answering = self.cycle is not None and (self.cycle.response_started or bool(self.pipeline))
        is_silent = status is HTTPStatus.REQUEST_TIMEOUT and self.headers is None
        if not is_silent and (not is_answering or (self.cycle.response_complete and not self.pipeline)):
            text = status.phrase.encode()
            head = b"HTTP/1.1 %d %s\r\ncontent-type: text/plain\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
            self.transport.write(head % (status, text, len(text)) + text)
        self.transport.close()
