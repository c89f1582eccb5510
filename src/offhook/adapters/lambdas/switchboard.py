"""The port of one process, the connections to it, and what else its thread waits for."""

import contextlib
import os
import select
import socket
from collections.abc import Callable
from typing import Any

from offhook.adapters.lambdas.connection import Connection
from offhook.adapters.lambdas.runtime_api import Asked

_Asked = Callable[[Connection, Asked], None]


class Switchboard:
    """Listens on a loopback port from creation until `close`.

    One thread calls `wait` and then, under the lock of whoever owns this, `handle`, which calls `asked` for each
    request. The rest may be called by any thread under that lock, and `wake` by any thread at any time.

    `can_lend`: another thread may take a connection over for a while, so that the answer that it waits for need not be
    passed on by this one. Only epoll notices a change while it waits.
    """

    can_lend = hasattr(select, "epoll")

    def __init__(self, asked: _Asked) -> None:
        self._asked = asked
        self._connections: dict[int, Connection] = {}
        self._handlers: dict[int, Callable[[], object]] = {}
        self._poll: Any = select.epoll() if self.can_lend else select.poll()  # alike, but for the unit of a pause
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self._alarm, self._bell = os.pipe()
        self.watch(self._listener.fileno(), self._accept)
        self.watch(self._alarm, lambda: os.read(self._alarm, 64))

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def size(self) -> int:
        """How many connections there are."""
        return len(self._connections)

    def watch(self, descriptor: int, handler: Callable[[], object]) -> None:
        """Call the handler when there is something to read."""
        self._handlers[descriptor] = handler
        self._poll.register(descriptor, select.POLLIN)

    def unwatch(self, descriptor: int) -> None:
        del self._handlers[descriptor]
        self._poll.unregister(descriptor)

    def wait(self, pause_ms: float) -> list[int]:
        """Descriptors that have something for `handle`; none after the pause."""
        pause = pause_ms / 1000 if self.can_lend else pause_ms  # seconds for epoll, milliseconds for poll
        return [descriptor for descriptor, _ in self._poll.poll(pause)]

    def handle(self, descriptors: list[int]) -> None:
        for descriptor in descriptors:
            connection = self._connections.get(descriptor)
            if connection is not None:
                if not connection.is_lent:
                    self._receive(connection)
            elif descriptor in self._handlers:
                self._handlers[descriptor]()

    def wake(self) -> None:
        """Let `wait` return."""
        with contextlib.suppress(OSError):  # it has rung often enough, or was taken down
            os.write(self._bell, b"!")

    def send(self, connection: Connection, data: bytes) -> None:
        connection.send(data)
        if connection.unsent:
            connection.is_lent = False
            self._poll.modify(connection.descriptor, select.POLLIN | select.POLLOUT)
            self.wake()

    def lend(self, connection: Connection) -> bool:
        """Whether the caller may now wait for this connection itself, and call `receive`."""
        if not (self.can_lend and connection.is_open and not connection.unsent):
            return False
        if not connection.is_lent:
            connection.is_lent = True
            self._poll.modify(connection.descriptor, 0)
        return True

    def take_back(self, connection: Connection) -> None:
        if connection.is_lent:
            connection.is_lent = False
            if connection.is_open:
                self._poll.modify(connection.descriptor, select.POLLIN | (select.POLLOUT if connection.unsent else 0))

    def receive(self, connection: Connection) -> None:
        """Take what was sent on it, and call `asked`."""
        if connection.is_open:
            self._receive(connection)

    def hear_out(self) -> None:
        """Take what was sent before the other side ended."""
        for connection in tuple(self._connections.values()):
            self._receive(connection)

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()
        self._listener.close()
        if self.can_lend:
            self._poll.close()
        os.close(self._alarm)
        os.close(self._bell)
        self._bell = -1  # the number may soon be somebody else's

    def _accept(self) -> None:
        accepted, _ = self._listener.accept()
        connection = Connection(accepted)
        self._connections[connection.descriptor] = connection
        self._poll.register(connection.descriptor, select.POLLIN)

    def _receive(self, connection: Connection) -> None:
        if connection.unsent:
            connection.send(b"")
            if not connection.unsent:
                self._poll.modify(connection.descriptor, select.POLLIN)
        for asked in connection.receive():
            self._asked(connection, asked)
        if not connection.is_open and connection.descriptor in self._connections:
            del self._connections[connection.descriptor]
            self._poll.unregister(connection.descriptor)
            connection.close()
