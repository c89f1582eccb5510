"""One websocket: frames in, frames out, until either side closes.

A contact may have two sockets of one participant for a moment (the client opens the next before it closes the last);
both are fed, and the client drops doubles. Source: spec/participant-ws.md section 3.
"""

import asyncio
import contextlib

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from offhook.api.chat import frame
from offhook.api.chat.chats import SOCKET, Chats
from offhook.api.chat.hub import Outlet

MAX_SOCKETS = 5  # of one participant (ours): the client needs two


class Sockets:
    """An ASGI application for websockets of chats."""

    def __init__(self, chats: Chats) -> None:
        self._chats = chats

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        participant = await self._chats.take_ticket(socket.query_params.get("ticket", ""))
        if participant is None or scope["path"] != SOCKET:
            await socket.close(1008)
            return
        if len(self._chats.hub.of(participant.id, participant.initial_id)) >= MAX_SOCKETS:
            await socket.close(1013)
            return
        await socket.accept()
        outlet = Outlet(participant.id, participant.initial_id)
        self._chats.hub.open(outlet)
        writer = asyncio.create_task(_write(socket, outlet))
        try:
            await _read(socket, outlet)
        finally:
            self._chats.hub.shut(outlet)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer


async def _read(socket: WebSocket, outlet: Outlet) -> None:
    while socket.application_state == WebSocketState.CONNECTED:
        try:
            asked = await socket.receive_text()
        except (WebSocketDisconnect, RuntimeError, KeyError):  # closed, by them or by us, or no text
            return
        answer, subscribes = frame.answer(asked)
        if answer is not None:
            outlet.put(answer)
        outlet.is_subscribed |= subscribes


async def _write(socket: WebSocket, outlet: Outlet) -> None:
    while True:
        sent = await outlet.frames.get()
        try:
            if sent is None:
                await socket.close(1000)
                return
            await socket.send_text(sent)
        except (WebSocketDisconnect, RuntimeError):
            return
