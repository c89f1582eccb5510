"""Functions that are deployed: invoked over Lambda's Invoke API, as the user.

One attempt is one HTTP request, signed by botocore with what its credential chain finds; nobody here tries again,
because that is the block's policy. Asynchronous calls are synchronous requests too: a flow may load the answer.
Connections are kept. One thread with one loop serves everybody; whatever may block runs beside it.
This module is imported when the first deployed function is invoked, and botocore and httpx with it.
Source: Lambda's API reference, Invoke; spec/aws-api.md (Lambda Invoke).
"""

import asyncio
import base64
import binascii
import math
import re
import ssl
import threading
import time
from collections.abc import AsyncGenerator
from concurrent.futures import Future
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

import httpx
import msgspec
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.configprovider import ConfiguredEndpointProvider
from botocore.exceptions import BotoCoreError, NoCredentialsError
from botocore.regions import EndpointResolver
from botocore.session import Session
from msgspec.structs import replace

from offhook.adapters.lambdas import answer
from offhook.adapters.lambdas.spec import DeployedFunction, is_url
from offhook.model.effect import InvokeLambda
from offhook.model.event import LambdaEnded

_HERE = ("127.0.0.1", "localhost", "[::1]")  # never behind a proxy
_INIT = re.compile(r"Init Duration: ([0-9.]+) ms")
_UNQUALIFIED_PARTS = 7  # arn:aws:lambda:REGION:ACCOUNT:function:NAME
# Errors of a runtime that has no handler yet, and those that are the handler's own; any other Runtime.… is a crash
_INIT_ERRORS = frozenset(
    "Runtime.ImportModuleError Runtime.HandlerNotFound Runtime.MalformedHandlerName Runtime.UserCodeSyntaxError "
    "Runtime.InvalidEntrypoint Runtime.InitError".split()
)
_HANDLER_ERRORS = frozenset("Runtime.MarshalError Runtime.UnmarshalError Runtime.UnhandledPromiseRejection".split())


class Caller:
    """Invokes deployed functions; guards a thread and its connections. Any thread may call it."""

    def __init__(self, *, max_body_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes
        self._doors: dict[DeployedFunction, asyncio.Future[_Door]] = {}
        self._attempts: set[asyncio.Task[Any]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="offhook-deployed", daemon=True)
        self._thread.start()

    def invoke(self, function: DeployedFunction, effect: InvokeLambda) -> "Future[LambdaEnded]":
        """Start an attempt. The future never raises; cancelling it ends the attempt."""
        return asyncio.run_coroutine_threadsafe(self._invoke(function, effect), self._loop)

    def close(self) -> None:
        """End every attempt; each is answered."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        for attempt in self._attempts:
            attempt.cancel()
        await asyncio.gather(*self._attempts, return_exceptions=True)
        for door in await asyncio.gather(*self._doors.values(), return_exceptions=True):
            if isinstance(door, _Door):
                await door.client.aclose()
        await self._loop.shutdown_default_executor()

    async def _invoke(self, function: DeployedFunction, effect: InvokeLambda) -> LambdaEnded:
        task = asyncio.current_task()
        assert task is not None
        self._attempts.add(task)
        try:
            door = await self._door(function)
            request = await _signed(door, function, effect)
            # Only now: finding credentials is not the function's time, and Connect does not do it
            started = time.monotonic()
            ended = await self._sent(door, request, effect)
            return replace(ended, took_ms=math.ceil((time.monotonic() - started) * 1000))
        except BotoCoreError as problem:
            return _unsigned(effect, f"{_reason(problem)}; sign in to AWS, or name another profile")
        except (httpx.InvalidURL, ValueError, ImportError) as problem:
            # an endpoint of the environment, or a proxy of it
            return answer.refused(effect, "service", f"no request could be made: {_reason(problem)}.")
        except OSError as problem:
            return _unsigned(effect, f"the certificates of AWS_CA_BUNDLE cannot be read: {_reason(problem)}")
        except asyncio.CancelledError:
            # nobody reads it unless the host was closed
            return answer.refused(effect, "service", answer.CLOSED)
        finally:
            self._attempts.discard(task)

    async def _door(self, function: DeployedFunction) -> "_Door":
        found = self._doors.get(function)
        if found is None:
            found = self._doors[function] = self._loop.run_in_executor(None, _open, function)
        try:
            return await asyncio.shield(found)
        except (BotoCoreError, httpx.InvalidURL, ValueError, ImportError, OSError):
            self._doors.pop(function, None)  # the user may sign in meanwhile
            raise

    async def _sent(self, door: "_Door", request: httpx.Request, effect: InvokeLambda) -> LambdaEnded:
        try:
            async with asyncio.timeout(effect.timeout_ms / 1000):
                response = await door.client.send(request, stream=True)
                try:
                    return await self._read(response, effect)
                finally:
                    await response.aclose()
        except TimeoutError:
            return answer.given_up(effect)
        except httpx.HTTPError as problem:
            host = request.url.netloc.decode()
            return answer.refused(effect, "service", f"{host} gave no answer: {_reason(problem)}.")

    async def _read(self, response: httpx.Response, effect: InvokeLambda) -> LambdaEnded:
        body, size = bytearray(), 0
        pieces = cast("AsyncGenerator[bytes, None]", response.aiter_bytes())  # httpx promises less than it gives
        async with aclosing(pieces) as chunks:
            async for chunk in chunks:
                body += chunk[: max(0, self._max_body_bytes - size)]
                size += len(chunk)
                if size > answer.MAX_ANSWER_BYTES:
                    break
        text = body.decode("utf-8", "replace")
        if response.status_code != 200:
            return _refused(response, text, effect)
        measured = _measured(response.headers.get("X-Amz-Log-Result", ""))
        if "X-Amz-Function-Error" in response.headers:
            return answer.failed(effect, _cause(text), text, **measured)
        return LambdaEnded(0, effect.id, 200, body=text, body_bytes=size, **measured)


# --- where to, and as whom ---


@dataclass(frozen=True, slots=True)
class _Door:
    """Where requests go, and as whom: credentials of botocore, None for requests that are not signed."""

    endpoint: str
    credentials: Any
    client: httpx.AsyncClient


def _open(function: DeployedFunction) -> _Door:
    """Asks the credential chain, which may read files, run programs and ask the network."""
    session = Session(profile=function.profile or None)
    credentials = session.get_credentials()
    # an endpoint of the user's own may take unsigned requests, as ours does on the loopback
    if credentials is None and not function.endpoint:
        raise NoCredentialsError()
    endpoint = function.endpoint or endpoint_of(session, function.region)
    if not is_url(endpoint):
        raise ValueError(f"the endpoint {endpoint!r} of the environment or the AWS configuration is no URL")
    bundle = session.get_config_variable("ca_bundle")
    client = httpx.AsyncClient(
        verify=ssl.create_default_context(cafile=bundle) if bundle else True,
        timeout=None,  # the attempt's own limit is over all of it
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=100),
        mounts=dict.fromkeys(f"all://{host}" for host in _HERE),
    )
    return _Door(endpoint.rstrip("/"), credentials, client)


def endpoint_of(session: Session, region: str) -> str:
    """The URL that AWS_ENDPOINT_URL or the configuration gives, else the one of the region in its partition."""
    configured = ConfiguredEndpointProvider(session.full_config, session.get_scoped_config(), "lambda").provide()
    if configured:
        return str(configured)
    known = EndpointResolver(session.get_data("endpoints")).construct_endpoint("lambda", region)
    return f"https://{known['hostname'] if known else f'lambda.{region}.amazonaws.com'}"


async def _signed(door: _Door, function: DeployedFunction, effect: InvokeLambda) -> httpx.Request:
    name, qualifier = _split(function.arn)
    qualifier = effect.qualifier or qualifier
    url = f"{door.endpoint}/2015-03-31/functions/{quote(name, safe='')}/invocations"
    if qualifier:
        url += f"?Qualifier={quote(qualifier, safe='')}"
    headers = {
        "Content-Type": "application/json",
        "X-Amz-Invocation-Type": "RequestResponse",
        "X-Amz-Log-Type": "Tail",
    }
    body = msgspec.json.encode(effect.event)
    request = AWSRequest("POST", url, headers, data=body)
    if door.credentials is not None:
        frozen = await asyncio.to_thread(door.credentials.get_frozen_credentials)  # it may have to fetch new ones
        SigV4Auth(frozen, "lambda", function.region).add_auth(request)
    return httpx.Request("POST", url, headers={**request.headers, "Accept-Encoding": "identity"}, content=body)


def _split(arn: str) -> tuple[str, str]:
    parts = arn.split(":")
    return ":".join(parts[:_UNQUALIFIED_PARTS]), ":".join(parts[_UNQUALIFIED_PARTS:])


# --- what the answer says ---


class _Error(msgspec.Struct):
    """Errors of the service, in both of its spellings, and of functions."""

    type: str = msgspec.field(name="__type", default="")
    message: str = ""
    Message: str = ""
    errorType: str = ""
    errorMessage: str = ""


def _error(text: str) -> _Error:
    try:
        return msgspec.json.decode(text, type=_Error)
    except (msgspec.DecodeError, RecursionError):
        return _Error()


def _refused(response: httpx.Response, text: str, effect: InvokeLambda) -> LambdaEnded:
    """Lambda did not run the function. Its own name for the reason is kept; the status says the rest."""
    error, status = _error(text), response.status_code
    code = response.headers.get("x-amzn-ErrorType", "") or error.type.rpartition("#")[2]
    code = code.partition(":")[0] or response.reason_phrase.replace(" ", "")
    said = error.message or error.Message
    return LambdaEnded(
        0, effect.id, status if status >= 400 else 500,
        error_code=code, detail=f"{code}: {said}"[:1000] if said else f"{code} (status {status}).",
    )  # fmt: skip


def _unsigned(effect: InvokeLambda, reason: str) -> LambdaEnded:
    return answer.refused(effect, "forbidden", f"the request could not be signed: {reason}.")


def _cause(text: str) -> str:
    """What kind of failure the function's error object tells: init, crash, function_timeout or function_error."""
    error = _error(text)
    kind, message = error.errorType, error.errorMessage
    if "Task timed out after" in message:
        return "function_timeout"
    if kind in _INIT_ERRORS or "Init phase timed out" in message:
        return "init"
    if kind.startswith(("Runtime.", "Extension.")) and kind not in _HANDLER_ERRORS:
        return "crash"
    return "function_error"


def _measured(log_result: str) -> dict[str, Any]:
    """The tail of the log, and from its REPORT line how long a cold start took."""
    try:
        log = base64.b64decode(log_result, validate=True).decode("utf-8", "replace")
    except binascii.Error:
        return {}
    init = _INIT.search(log)
    if init is None:
        return {"log": log}
    return {"log": log, "cold": True, "init_ms": math.ceil(float(init[1]))}


def _reason(problem: Exception) -> str:
    return (str(problem) or type(problem).__name__).rstrip(".")
