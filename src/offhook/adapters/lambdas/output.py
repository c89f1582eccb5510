"""What a function writes, kept short: the tail of it, however much there is."""

import fcntl
import os
import termios

_NOTHING = bytes(4)  # zero as a C int
_TAIL_BYTES = 4096  # as much as Lambda's LogType=Tail gives
_READ_BYTES = 65_536  # all that a pipe holds


class Output:
    """The reading end of a pipe for stdout and stderr. It is read whenever it can be, so the writer never blocks."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self.descriptor = descriptor
        self.is_open = True
        self._tail = bytearray()
        self._was_cut = False

    def read(self) -> None:
        """Read what is there. `is_open` is false after the end."""
        try:
            data = os.read(self.descriptor, _READ_BYTES)
        except BlockingIOError:
            return
        self.is_open = bool(data)
        self._tail += data
        if len(self._tail) > _TAIL_BYTES:
            del self._tail[:-_TAIL_BYTES]
            self._was_cut = True

    def take(self) -> str:
        """The tail of what was written since the last call."""
        if self._has_more():
            self.read()
        if not self._tail:
            return ""
        text = readable(bytes(self._tail), was_cut=self._was_cut)
        self._tail.clear()
        self._was_cut = False
        return text

    def _has_more(self) -> bool:
        """Asking costs a warm invocation less than reading in vain does."""
        return fcntl.ioctl(self.descriptor, termios.FIONREAD, _NOTHING) != _NOTHING

    def close(self) -> None:
        os.close(self.descriptor)


def readable(tail: bytes, *, was_cut: bool) -> str:
    r"""Text of a log tail. awslambdaric joins the lines of one record by `\r` and indents them by no-break spaces."""
    if was_cut:
        tail = tail.lstrip(bytes(range(0x80, 0xC0)))  # the rest of a character that was cut in two
    text = tail.decode("utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\N{NO-BREAK SPACE}", " ")
