"""What a function writes, kept short: the tail of it, however much there is."""

import asyncio
import os

_TAIL_BYTES = 4096  # as much as Lambda's LogType=Tail gives
_READ_BYTES = 65_536  # all that a pipe holds


class Output:
    """The reading end of a pipe for stdout and stderr. It is always read, so the writer never blocks."""

    def __init__(self, loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._loop = loop
        self._descriptor = descriptor
        self._tail = bytearray()
        self._was_cut = False
        loop.add_reader(descriptor, self._read)

    def take(self) -> str:
        """The tail of what was written since the last call."""
        self._read()
        tail, was_cut = bytes(self._tail), self._was_cut
        self._tail.clear()
        self._was_cut = False
        return readable(tail, was_cut=was_cut) if tail else ""

    def close(self) -> None:
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, _READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            self._loop.remove_reader(self._descriptor)
        self._tail += data
        if len(self._tail) > _TAIL_BYTES:
            del self._tail[:-_TAIL_BYTES]
            self._was_cut = True


def readable(tail: bytes, *, was_cut: bool) -> str:
    r"""Text of a log tail. awslambdaric joins the lines of one record by `\r` and indents them by no-break spaces."""
    if was_cut:
        tail = tail.lstrip(bytes(range(0x80, 0xC0)))  # the rest of a character that was cut in two
    text = tail.decode("utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\N{NO-BREAK SPACE}", " ")
