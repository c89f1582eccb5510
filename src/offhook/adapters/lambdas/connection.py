"""One connection of a runtime client: a socket that never blocks, and the requests on it."""

import contextlib
import select
import socket
from collections.abc import Iterable

from offhook.adapters.lambdas.runtime_api import Asked, Malformed, Requests, refusal

_RECEIVE_BYTES = 65_536


class Connection:
    """`is_open` is false once either side is done with it; what could not be sent yet is in `unsent`.

    `is_lent`: a caller waits for it, and nobody else.
    """

    def __init__(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.descriptor = accepted.fileno()
        self.is_open = True
        self.is_lent = False
        self.unsent = b""
        self._buffer = memoryview(bytearray(_RECEIVE_BYTES))
        self._poll: select.poll | None = None
        self._socket = accepted
        self._requests = Requests()

    def receive(self) -> Iterable[Asked]:
        try:
            size = self._socket.recv_into(self._buffer)
        except BlockingIOError:
            return ()
        except OSError:
            size = 0
        if not size:
            self.is_open = False
            return ()
        try:
            asked = self._requests.feed(bytes(self._buffer[:size]))
        except Malformed:
            self.send(refusal("400 Bad Request", "InvalidRequest"))
            self.is_open = False
            return ()
        if not asked:
            self._acknowledge()
        return asked

    def _acknowledge(self) -> None:
        """A client that sends in pieces may wait for news of one before the next: 40 ms, unless we tell at once."""
        if hasattr(socket, "TCP_QUICKACK"):
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def wait(self, pause_ms: float) -> bool:
        """Whether there is something to receive, after the pause at the latest."""
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self.descriptor, select.POLLIN)
        return bool(self._poll.poll(pause_ms))

    def send(self, data: bytes) -> None:
        """Send as much as is taken. What remains is sent by `send(b"")` when the socket takes more."""
        if self.unsent or not data:
            data = self.unsent + data
        try:
            self.unsent = data[self._socket.send(data) :]
        except BlockingIOError:
            self.unsent = data
        except OSError:
            self.is_open = False

    def close(self) -> None:
        self.is_open = False
        self._socket.close()
