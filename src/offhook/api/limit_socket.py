"""How much a client may say on a websocket, as ASGI middleware. How many it may have is asked where it gets them.

Messages of a chat come by HTTP; on a socket a client only subscribes and shows that it is alive, every ten seconds.
"""

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from offhook.api.limit_rate import Rate

MAX_FRAME_BYTES = 65_536
_FRAMES_PER_SECOND = 20
_POLICY_VIOLATION = 1008


class PacedSockets:
    """Passes everything to `app`, and ends sockets that flood."""

    def __init__(self, app: ASGIApp, now_seconds: Callable[[], float]) -> None:
        self._app = app
        self._now_seconds = now_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        paced = self._paced(receive, send) if scope["type"] == "websocket" else receive
        await self._app(scope, paced, send)

    def _paced(self, receive: Receive, send: Send) -> Receive:
        rate = Rate(_FRAMES_PER_SECOND, self._now_seconds)

        async def next_message() -> Message:
            message = await receive()
            if message["type"] != "websocket.receive" or rate.takes(""):
                return message
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}

        return next_message
