"""What browsers are given beside AWS's APIs: a page to chat on, the way for widgets to begin chats, and attachments.

    GET  /offhook/chat/                  the page, which speaks through AWS's own client
    POST /offhook/chat                   begins a chat, as amazon-connect-chat-interface asks for it
    PUT, GET /offhook/attachments/WORD   the bytes of an attachment

Whoever may call a server without access keys may begin chats here; with keys that takes a signed StartChatContact, and
the page and its way are shut. Attachments carry their own words.
Source: spec/participant-ws.md section 1.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from offhook.adapters.store.database import StoreFull, StoreLost
from offhook.adapters.store.shelf import ACCOUNT, Shelf
from offhook.api import browser, validate
from offhook.api.chat.files import PATH as ATTACHMENTS
from offhook.api.chat.files import Files, Refused
from offhook.api.door import Door
from offhook.api.errors import ServiceError
from offhook.api.service import Service
from offhook.drivers.embedded import chat
from offhook.drivers.ports import Instances

PREFIX = "/offhook/"
_CHAT = "/offhook/chat"
_FOLDER = Path(__file__).parent / "page"
_FILES: Mapping[str, tuple[str, str]] = {
    "": ("index.html", "text/html"),
    "page.js": ("page.js", "text/javascript"),
    "page.css": ("page.css", "text/css"),
    "amazon-connect-chatjs-5.0.0.js": ("amazon-connect-chatjs-5.0.0.js", "text/javascript"),
    "amazon-connect-chatjs-LICENSE.txt": ("amazon-connect-chatjs-LICENSE.txt", "text/plain"),
}
_MAX_BODY_BYTES = 131_072
_ASKED = (
    "InstanceId", "ContactFlowId", "ParticipantDetails", "Attributes", "InitialMessage", "PersistentChat",
    "SupportedMessagingContentTypes", "ChatDurationInMinutes",
)  # fmt: skip


class Web:
    """An ASGI application. `connect` is the service, `url` where clients reach the server."""

    def __init__(
        self, connect: Service, shelf: Shelf, instances: Instances, files: Files, url: str, door: Door | None = None
    ) -> None:
        self._connect = connect
        self._shelf = shelf
        self._instances = instances
        self._files = files
        self._door = door or Door()
        socket = f"ws{url.removeprefix('http')}"
        self._policy = f"default-src 'self'; connect-src 'self' {url} {socket}; img-src 'self' data: blob:"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._respond(Request(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        headers = dict(request.headers)
        refusal = self._door.pages.refusal(headers)
        if refusal:
            return Response(refusal + "\n", 403, media_type="text/plain")
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=browser.preflight(headers))
        try:
            self._door.count_address(self._connect, request)
            response = await self._route(request)
        except ServiceError as error:
            response = _json({"message": error.message, "code": error.code}, self._connect.error(error).status)
        except Refused as refused:
            response = Response(f"{refused}\n", refused.status, media_type="text/plain")
        except (StoreFull, StoreLost) as problem:
            response = Response(f"{problem}\n", 503, media_type="text/plain")
        response.headers.update(browser.permission(headers))
        return response

    async def _route(self, request: Request) -> Response:
        method, path = request.method, request.url.path
        if path.startswith(ATTACHMENTS):
            return await self._attachment(request, path.removeprefix(ATTACHMENTS))
        if self._door.keys:
            sentence = "This server has access keys: begin chats with a signed StartChatContact."
            return Response(sentence + "\n", 403, media_type="text/plain")
        if path == _CHAT:
            return await self._begin(request) if method == "POST" else RedirectResponse(_CHAT + "/")
        name = path.removeprefix(_CHAT + "/")
        if method == "GET" and name == "flows.json":
            return _json(self._flows())
        if method != "GET" or name not in _FILES:
            return Response("There is nothing here.\n", 404, media_type="text/plain")
        file, kind = _FILES[name]
        headers = {"content-security-policy": self._policy, "x-content-type-options": "nosniff"}
        return FileResponse(_FOLDER / file, media_type=kind, headers=headers)

    # --- attachments ---

    async def _attachment(self, request: Request, word: str) -> Response:
        if request.method == "PUT":
            await self._files.put(word, request.headers.get("content-type", ""), request.stream())
            return Response()
        found = self._files.taken(word) if request.method in ("GET", "HEAD") else None
        if found is None:
            return Response("This URL is not valid, or not any more.\n", 403, media_type="text/plain")
        path, headers = found
        return FileResponse(path, headers=headers)

    # --- chats ---

    async def _begin(self, request: Request) -> Response:
        """What chat-interface posts is what StartChatContact takes, with attributes as text if it likes."""
        asked = _asked(await _body(request))
        shape = self._connect.model.operation_model("StartChatContact").input_shape
        if problems := validate.problems(asked, shape, enumerations=True):
            raise ServiceError(self._connect.invalid, problems)
        made: Any = await self._connect.handler("StartChatContact")(asked, "")  # type: ignore[misc]  # it is async
        result = {name: made[name] for name in ("ContactId", "ParticipantId", "ParticipantToken")}
        return _json({"data": {"startChatResult": result, "featurePermissions": {"ATTACHMENTS": True}}})

    def _flows(self) -> list[dict[str, Any]]:
        """Instances and the inbound flows that are published there."""
        found = []
        for record in self._shelf.all(ACCOUNT, "instance"):
            flows = self._instances.compiled(record.id).instance.flows
            names = {
                arn.rpartition("/")[2]: flow.name
                for arn, flow in flows.items()
                if flow.type == "CONTACT_FLOW" and ":" not in arn.rpartition("/")[2]
            }
            shown = [{"id": id, "name": name} for id, name in sorted(names.items(), key=lambda each: each[1])]
            found.append({"id": record.id, "alias": record.name or record.id, "flows": shown})
        return found


async def _body(request: Request) -> Any:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _MAX_BODY_BYTES:
            raise ServiceError("RequestTooLarge", f"The request is longer than {_MAX_BODY_BYTES} bytes.", status=413)
    try:
        return msgspec.json.decode(bytes(body))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise ServiceError("InvalidRequestException", "The request is not JSON.") from None


def _asked(body: Any) -> dict[str, Any]:
    """The parameters of StartChatContact in it."""
    if not isinstance(body, dict):
        raise ServiceError("InvalidRequestException", "The request must be a JSON object.")
    asked = {name: body[name] for name in _ASKED if body.get(name) not in (None, "")}
    attributes, message = asked.get("Attributes"), asked.get("InitialMessage")
    if isinstance(attributes, str):
        try:
            asked["Attributes"] = msgspec.json.decode(attributes)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise ServiceError("InvalidRequestException", "Attributes is a text that is not JSON.") from None
    if isinstance(message, str):
        asked["InitialMessage"] = {"ContentType": chat.PLAIN, "Content": message}
    return asked


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
