"""HTTP with as little cost as can be: unsigned calls to a server that may die at any moment.

It stands in for boto3 where thousands of calls are made, and its own time would be most of what is measured.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any


class Caller:
    """Keeps connections open, as many as there are calls at once. `url` may change: what it led to is forgotten."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._free: list[tuple[str, asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._all: list[asyncio.StreamWriter] = []

    async def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """The status, and the body as JSON. OSError or EOFError where the server is gone."""
        url = self.url
        reader, writer = await self._connection(url)
        try:
            data = b"" if body is None else json.dumps(body).encode()
            lines = [f"{method} {path} HTTP/1.1", "Host: server", f"Content-Length: {len(data)}"]
            lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = int(head.partition("content-length:")[2].partition("\r\n")[0] or 0)
            answer = await reader.readexactly(length)
        except BaseException:
            writer.transport.abort()
            raise
        self._free.append((url, reader, writer))
        return int(head.split(" ", 2)[1]), json.loads(answer or b"{}")

    async def _connection(self, url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._free:
            kept, reader, writer = self._free.pop()
            if kept == url and not reader.at_eof():
                return reader, writer
            writer.transport.abort()
        host, _, port = url.removeprefix("http://").rpartition(":")
        made = await asyncio.open_connection(host, int(port))
        self._all.append(made[1])
        return made

    def close(self) -> None:
        for writer in self._all:
            writer.transport.abort()
