"""What an agent does with a contact, over HTTP: Connect has no public API for it, its own desktop alone does that.

    GET  /offhook/instances/{instance}/agents/{user}/contacts
    POST /offhook/instances/{instance}/agents/{user}/contacts/{contact}/{verb}

`user` is an id or a user name. Verbs: accept and reject (an offer), hold and resume, transfer (to the quick connect
that the body names: {"QuickConnect": "Sales"}), hangup, clear (what has ended, was missed or rejected). An answer is
the agent's contacts, as GetCurrentUserData has them: {"Contacts": […]}. A chat or a task that is transferred leaves the
agent at once. A mistake has a code and a sentence, as those of Connect have, and whoever must sign calls of Connect
must sign these as such.
"""

import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from offhook.adapters.store.database import StoreFull, StoreLost
from offhook.adapters.store.shelf import Record
from offhook.api import browser
from offhook.api.connect_api.connect import Connect, missing, refused
from offhook.api.connect_api.contact import seen
from offhook.api.connect_api.user_status import contacts_of
from offhook.api.door import Door
from offhook.api.errors import ServiceError, malformed
from offhook.api.serialise import JSON
from offhook.api.service import Service
from offhook.core import phases
from offhook.model.event import Event, Held, HungUp, Resumed, TransferStarted

_PATH = re.compile(r"/offhook/instances/([^/]+)/agents/([^/]+)/contacts(?:/([^/]+)/([a-z]+))?")
_MAX_BYTES = 10_000
_AT_ONCE = ("CHAT", "TASK", "EMAIL")  # a transfer of these has no talk between agents


class AgentRoutes:
    """An ASGI application before another (`onward`), which gets everything that is not for it."""

    def __init__(self, onward: ASGIApp, connect: Connect, service: Service, door: Door | None) -> None:
        self._onward = onward
        self._connect = connect
        self._service = service
        self._door = door or Door()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["raw_path"].decode("latin-1") if scope["type"] == "http" else ""
        found = _PATH.fullmatch(path)
        if found is None or scope["method"] == "OPTIONS":
            await self._onward(scope, receive, send)
            return
        try:
            response = await self._respond(Request(scope, receive), path, found)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _respond(self, request: Request, path: str, found: re.Match[str]) -> Response:
        headers = dict(request.headers)
        if refusal := self._door.pages.refusal(headers):
            return Response(refusal + "\n", 403, media_type="text/plain")
        more = {"x-amzn-RequestId": str(uuid.uuid4()), **browser.permission(headers)}
        try:
            announced = self._door.admit(self._service, request, path)
            body = await _body(request)
            self._door.check(self._service, announced, body)
            answer = await self._answer(request.method, [unquote(each) for each in found.groups("")], body)
        except ServiceError as error:
            said = self._service.error(error)
            return Response(said.body, said.status, {**said.headers, **more}, media_type=JSON)
        except (StoreFull, StoreLost) as problem:
            said = self._service.error(ServiceError(self._service.broken, str(problem)))
            return Response(said.body, said.status, {**said.headers, **more}, media_type=JSON)
        return Response(msgspec.json.encode(answer), 200, more, media_type=JSON)

    async def _answer(self, method: str, words: list[str], body: bytes) -> dict[str, Any]:
        instance_id, user_word, contact_id, verb = words
        instance = self._connect.instance({"InstanceId": instance_id})
        user = self._connect.shelf.named(instance.id, "agent", user_word)
        user = user or self._connect.find(instance.id, "agent", user_word, "user")
        if contact_id:
            if method != "POST" or verb not in _VERBS:
                raise missing(f"There is no {method} {verb}; there are POST {', '.join(_VERBS)}.")
            await _VERBS[verb](self._connect, user, contact_id, _document(body))
            await self._connect.runtime.turn(contact_id, lambda turn: None)  # what follows lies in its inbox by now
        elif method != "GET":
            raise missing(f"There is no {method} of an agent's contacts.")
        return {"Contacts": await contacts_of(self._connect, instance, user)}


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _MAX_BYTES:
            raise malformed(f"The body is longer than {_MAX_BYTES} bytes.")
    return bytes(body)


def _document(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any]) if body else {}
    except (msgspec.DecodeError, RecursionError):
        raise malformed("The body must be a JSON object.") from None


# --- verbs ---


def _on_floor(deed: str, must: str) -> "Verb":
    """What the floor does (a method of its name); `must`: how the contact must be for it."""

    async def act(connect: Connect, user: Record, contact_id: str, given: Mapping[str, Any]) -> None:
        floor = connect.runtime.floor(user.instance)
        if not getattr(floor, deed)(contact_id, user.name):
            raise refused(f"The contact {contact_id} is not {must} {user.name!r}.")

    return act


def _happening(event: Callable[[int], Event], phase_word: str) -> "Verb":
    async def act(connect: Connect, user: Record, contact_id: str, given: Mapping[str, Any]) -> None:
        phase = await _phase(connect, user, contact_id)
        if phases.turn(phase, phase_word) is None:
            raise refused(f"The contact {contact_id} cannot be {phase_word.replace('_', ' ')} while it is {phase}.")
        await connect.runtime.happen(contact_id, event(connect.now_ms()))

    return act


async def _phase(connect: Connect, user: Record, contact_id: str) -> str:
    """Where the contact stands that the agent has. ServiceError where the agent does not have it."""
    cell = await connect.runtime.look(contact_id)
    if cell is None or cell.instance_id != user.instance or cell.seen is None:
        raise missing(f"There is no contact {contact_id} in this instance.")
    contact = cell.seen
    if contact.phase in phases.WITHOUT_AGENT or contact.agent is None or contact.agent.name != user.name:
        raise refused(f"The contact {contact_id} is not with {user.name!r}.")
    return contact.phase


async def _transfer(connect: Connect, user: Record, contact_id: str, given: Mapping[str, Any]) -> None:
    text = given.get("QuickConnect")
    if not isinstance(text, str):
        raise refused("QuickConnect must be given: the name, id or ARN of a quick connect.")
    connection = connect.shelf.named(user.instance, "transfer-destination", text)
    connection = connection or connect.find(user.instance, "transfer-destination", text, "quick connect")
    start = _happening(lambda at_ms: TransferStarted(at_ms, connection.name), "transfer")
    await start(connect, user, contact_id, given)
    cell = await connect.runtime.look(contact_id)
    if cell is not None and seen(cell).channel in _AT_ONCE:
        await connect.runtime.happen(contact_id, HungUp(connect.now_ms(), "agent"))


Verb = Callable[[Connect, Record, str, Mapping[str, Any]], Awaitable[None]]
_VERBS: Mapping[str, Verb] = {
    "accept": _on_floor("accept", "on offer to"),
    "reject": _on_floor("reject", "on offer to"),
    "hold": _happening(lambda at_ms: Held(at_ms), "held"),
    "resume": _happening(lambda at_ms: Resumed(at_ms), "resumed"),
    "transfer": _transfer,
    "hangup": _happening(lambda at_ms: HungUp(at_ms, "agent"), "agent_left"),
    "clear": _on_floor("dismiss", "ended, missed or rejected for"),
}
