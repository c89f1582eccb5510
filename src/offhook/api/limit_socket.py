"""How many websockets one participant may hold, and how much it may say on them, as ASGI middleware.

Messages of a chat come by HTTP; on a socket a client only subscribes and shows that it is alive, every ten seconds.
One participant is whoever has one URL of a socket, which carries its token; chatjs opens a second one now and then.
"""

import hashlib
from collections import Counter
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from offhook.api.limit_rate import Rate

MAX_FRAME_BYTES = 65_536
_FRAMES_PER_SECOND = 20
_TRY_AGAIN_LATER = 1013  # RFC 6455's registry
_POLICY = 1008


class BoundedSockets:
    """Passes everything to `app` but sockets above `most` of one URL, and ends those that flood."""

    def __init__(self, app: ASGIApp, *, most: int, now_seconds: Callable[[], float]) -> None:
        self._app = app
        self._most = most
        self._now_seconds = now_seconds
        self._open: Counter[bytes] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        who = hashlib.sha256(scope.get("raw_path", b"") + b"?" + scope["query_string"]).digest()
        if self._open[who] >= self._most:
            await receive()
            await send({"type": "websocket.close", "code": _TRY_AGAIN_LATER})
            return
        self._open[who] += 1
        try:
            await self._app(scope, self._paced(receive, send), send)
        finally:
            self._open[who] -= 1
            if not self._open[who]:
                del self._open[who]

    def _paced(self, receive: Receive, send: Send) -> Receive:
        rate = Rate(_FRAMES_PER_SECOND, self._now_seconds)

        async def next_message() -> Message:
            message = await receive()
            if message["type"] != "websocket.receive" or rate.takes(""):
                return message
            await send({"type": "websocket.close", "code": _POLICY})
            return {"type": "websocket.disconnect", "code": _POLICY}

        return next_message
