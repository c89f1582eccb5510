"""Who may come in, and how often.

Without access keys nothing is checked but where web pages come from. With them every call of Connect and Lambda must be
signed with one. The Participant Service has tokens of its own: its clients sign with empty keys, as chatjs does, so it
is let in here and asks for the token itself.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from offhook.api import signature
from offhook.api.browser import Pages
from offhook.api.errors import ServiceError
from offhook.api.limit_rate import Rate
from offhook.api.service import Service
from offhook.api.signature import AccessKey, Announced, Asked


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Door:
    """`keys` by id; none for a server that looks at no signatures. No `rate` is no limit."""

    pages: Pages = field(default_factory=Pages)
    keys: Mapping[str, AccessKey] = field(default_factory=dict)
    rate: Rate | None = None
    now_ms: Callable[[], int] = _now_ms

    def admit(self, service: Service, request: Request, path: str) -> Announced | None:
        """What is left to `check` when the body is there. ServiceError for whoever must not come in."""
        if not self.keys or not service.is_signed:
            self.count_address(service, request)
            return None
        query = request.scope["query_string"].decode("latin-1")
        asked = Asked(request.method, path, query, request.scope["headers"])
        return signature.announced(asked, scope=service.scope, keys=self.keys, now_ms=self.now_ms())

    def check(self, service: Service, announced: Announced | None, body: bytes) -> None:
        """Only whoever has the key uses up what is left to it."""
        if announced is not None:
            signature.verify(announced, body)
            self._count(service, f"key {announced.key.id}")

    def count_address(self, service: Service, request: Request) -> None:
        """One more request from where this one comes. ServiceError where there were too many."""
        self._count(service, f"address {request.client.host if request.client else ''}")

    def _count(self, service: Service, who: str) -> None:
        if self.rate is not None and not self.rate.takes(who):
            raise ServiceError(service.throttled, "Rate exceeded", status=429, **service.throttled_members)
