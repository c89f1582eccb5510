"""The routes of operations beside the APIs: /healthz, /readyz, /metrics; and how long calls of the APIs take.

Health may be asked by anybody, as whoever balances load has no keys: it says nothing of what is kept. Metrics name
flows and queues; they are shown where only this machine can ask, and elsewhere if the settings say so.
"""

import time
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from offhook.api.browser import Pages
from offhook.api.operations.health import Health
from offhook.api.operations.metrics import Metrics

HIDDEN = "Metrics are for this machine alone; [server] metrics = true in offhook.toml shows them to others.\n"
_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})


@dataclass(frozen=True, slots=True)
class Operations:
    """An ASGI application before another. `shows_metrics`: to whoever asks. `pages`: which web pages may."""

    app: ASGIApp
    health: Health
    metrics: Metrics
    pages: Pages
    shows_metrics: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["path"] in _PATHS and scope["method"] in ("GET", "HEAD"):
            response = await self._respond(Request(scope))
            await response(scope, receive, send)
        else:
            await self._measure(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        path = request.scope["path"]
        if path == "/metrics":
            return self._metrics(request)
        problems = {} if path == "/healthz" else await self.health.problems()
        said = {"status": "ok"} if not problems else {"status": "not ready", "not_ready": problems}
        return Response(msgspec.json.encode(said), 503 if problems else 200, media_type="application/json")

    def _metrics(self, request: Request) -> Response:
        refusal = self.pages.refusal(dict(request.headers))
        if refusal or not self.shows_metrics:
            return Response(f"{refusal}\n" if refusal else HIDDEN, 403, media_type="text/plain")
        text, content_type = self.metrics.text(request.headers.get("accept", ""))
        return Response(text, headers={"content-type": content_type})

    async def _measure(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = time.perf_counter(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, answer)
        finally:
            service, operation = scope.get("operation", ("", ""))
            self.metrics.answered(service, operation, status, time.perf_counter() - began)
