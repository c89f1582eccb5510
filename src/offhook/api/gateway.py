"""One application for all services of a port: who is meant, what is asked, and the answer in that service's words.

A client never sees a traceback: what goes wrong in a handler is a 500 in the service's words and one line in our log.
"""

import inspect
import logging
import re
import traceback
import uuid
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from offhook.api import browser
from offhook.api.door import Door
from offhook.api.errors import ServiceError
from offhook.api.parse import Received
from offhook.api.serialise import JSON, Answer
from offhook.api.service import Service

_LOG = logging.getLogger("offhook.api")
# AKID/date/region/service/aws4_request; SigV4a leaves out the region
_SCOPE = re.compile(r"Credential=[^,/ ]*/\d{8}/(?:[^,/ ]*/)?([^,/ ]+)/aws4_request")
# Where nothing is signed: a version in the path is Lambda's. Source: spec/aws-api.md
_PATHS = ((re.compile(r"/participant/"), "connectparticipant"), (re.compile(r"/20\d\d-\d\d-\d\d/"), "lambda"))
_OTHERWISE = "connect"
_MAX_DROPPED_BYTES = 104_857_600


class Gateway:
    """An ASGI application. Each service is known by the scope of signatures for it."""

    def __init__(self, services: Sequence[Service], door: Door | None = None) -> None:
        self._door = door or Door()
        self._by_scope = {service.scope: service for service in services}
        self._by_name = {service.name: service for service in services}

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
        request_id = str(uuid.uuid4())
        path = request.scope["raw_path"].decode("latin-1")
        service = self._service(headers, path)
        try:
            answer = await _answer(service, request, path, request_id, self._door)
        except ServiceError as error:
            answer = service.error(error)
        except ClientDisconnect:
            raise
        except Exception as mistake:  # whatever it is, the client must get an answer, and the server must go on
            _report(mistake, path, request_id)
            answer = service.error(ServiceError(service.broken, "An internal error of offhook; its log says more."))
        more = {"x-amzn-RequestId": request_id, **browser.permission(headers)}
        return Response(answer.body, answer.status, {**answer.headers, **more}, media_type=JSON)

    def _service(self, headers: Mapping[str, str], path: str) -> Service:
        signed = _SCOPE.search(headers.get("authorization", ""))
        if signed is not None and signed[1] in self._by_scope:
            return self._by_scope[signed[1]]
        name = next((name for pattern, name in _PATHS if pattern.match(path)), _OTHERWISE)
        return self._by_name[name]


async def _answer(service: Service, request: Request, path: str, request_id: str, door: Door) -> Answer:
    announced = door.admit(service, request, path)
    query = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    found = service.routes.find(request.method, path, query)
    if found is None:
        sentence = f"No operation of {service.name} is {request.method} {path}."
        raise ServiceError("UnknownOperationException", sentence, status=404)
    operation, labels = found
    request.scope["operation"] = service.name, operation  # for whoever counts requests
    handler = service.handler(operation)
    body = await _body(request, service, operation)
    door.check(service, announced, body)
    result = handler(service.parameters(operation, Received(labels, query, request.headers, body)), request_id)
    if inspect.isawaitable(result):
        result = await result
    return service.answer(operation, result)


async def _body(request: Request, service: Service, operation: str) -> bytes:
    """All of it, never more in memory than the operation takes. ServiceError where it is longer.

    What is too much is read, within reason, and dropped: many clients look for an answer only when all is sent.
    """
    limit = service.limit(operation)
    body, size = bytearray(), 0
    async for piece in request.stream():
        size += len(piece)
        if size <= limit:
            body += piece
        elif size > limit + _MAX_DROPPED_BYTES:
            break
    if size > limit:
        raise ServiceError(service.too_large, f"The request is longer than {limit} bytes.", status=413)
    return bytes(body)


def _report(mistake: Exception, path: str, request_id: str) -> None:
    frames = traceback.extract_tb(mistake.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "nowhere"
    _LOG.error("internal error in %s (request %s): %s at %s", path, request_id, repr(mistake), where)
    _LOG.debug("the whole of it:", exc_info=mistake)
