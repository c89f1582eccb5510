"""A TCP connection that can be stalled or cut: between a server and its database."""

import contextlib
import socket
import threading
from collections.abc import Iterator

_CHUNK_BYTES = 65_536


class Cable:
    """Passes bytes both ways, in threads of its own. While it is held nothing arrives, and nobody hears that it does
    not. `port` is its end here, on 127.0.0.1.
    """

    def __init__(self, host: str, port: int) -> None:
        self._to = host, port
        self._flows = threading.Event()
        self._flows.set()
        self._lock = threading.Lock()
        self._ends: list[socket.socket] = []
        self._is_open = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def hold(self) -> None:
        self._flows.clear()

    def go_on(self) -> None:
        self._flows.set()

    def cut(self) -> None:
        """Both sides hear of it at once."""
        with self._lock:
            ends, self._ends = self._ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def refuse(self) -> None:
        """Cut it, and let nobody through until `accept`."""
        self._is_open = False
        self.cut()

    def accept(self) -> None:
        self._is_open = True

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.go_on()
        self.cut()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if not self._is_open:
                    near.close()
                    continue
                far = socket.create_connection(self._to)
                with self._lock:
                    self._ends += [near, far]
                for ends in ((near, far), (far, near)):
                    self._threads.append(threading.Thread(target=self._pass, args=ends, daemon=True))
                    self._threads[-1].start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK_BYTES):
                self._flows.wait()
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        target.close()


@contextlib.contextmanager
def plugged(host: str, port: int) -> Iterator[Cable]:
    """A cable to there."""
    cable = Cable(host, port)
    try:
        yield cable
    finally:
        cable.close()
