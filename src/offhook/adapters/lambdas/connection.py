"""One connection of a runtime client: a socket that never blocks, and the requests on it."""

import socket
from collections.abc import Iterable

from offhook.adapters.lambdas.runtime_api import Asked, Malformed, Requests, refusal

_RECEIVE_BYTES = 65_536  # more would be allocated anew for each request, which takes longer than all the rest


class Connection:
    """`is_open` is false once either side is done with it; what could not be sent yet is in `unsent`."""

    def __init__(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.descriptor = accepted.fileno()
        self.is_open = True
        self.unsent = b""
        self._socket = accepted
        self._requests = Requests()

    def receive(self) -> Iterable[Asked]:
        try:
            data = self._socket.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return ()
        except OSError:
            data = b""
        if not data:
            self.is_open = False
            return ()
        try:
            return self._requests.feed(data)
        except Malformed:
            self.send(refusal("400 Bad Request", "InvalidRequest"))
            self.is_open = False
            return ()

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
