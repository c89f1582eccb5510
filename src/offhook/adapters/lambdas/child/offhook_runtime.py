"""Our Lambda runtime client for Python: the standard library only, for where AWS's does not import.

It does what a handler and its caller can see of the official one: names and texts of errors, the context object, the
form of log records, `Decimal` in answers. Not here: response streaming, SnapStart, JSON log format.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NoReturn

_ROOT = "/2018-06-01/runtime/"


class Fault(Exception):
    """An error that the runtime, not the handler, reports."""

    def __init__(self, error_type: str, message: str, stack: list[str] | None = None) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.stack = stack or []


class Context:
    """What a handler gets as its second argument."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.identity = None
        self.client_context = None
        self.tenant_id = None
        self._deadline_ms = int(headers.get("lambda-runtime-deadline-ms", "0"))

    def get_remaining_time_in_millis(self) -> int:
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message: object) -> None:
        sys.stdout.write(str(message))


class _Api:
    """One connection to the Runtime API."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._host = address
        self._socket = socket.create_connection((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._socket.makefile("rb")

    def next(self) -> tuple[dict[str, str], bytes]:
        return self._call("GET", "invocation/next", b"", "", expected=200)

    def post(self, path: str, body: bytes, extra: str = "") -> None:
        self._call("POST", path, body, extra, expected=202)

    def _call(self, method: str, path: str, body: bytes, extra: str, *, expected: int) -> tuple[dict[str, str], bytes]:
        head = f"{method} {_ROOT}{path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
        self._socket.sendall(head.encode("latin-1") + body)
        status = self._answers.readline().split()
        headers: dict[str, str] = {}
        for line in iter(self._answers.readline, b"\r\n"):
            if not line:
                raise ConnectionError("the Runtime API closed the connection")
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        answer = self._answers.read(int(headers.get("content-length", "0")))
        if status[1:2] != [b"%d" % expected]:
            raise ConnectionError(f"{method} {path}: the Runtime API answered {status[1:]}")
        return headers, answer


class _LogHandler(logging.Handler):
    request_id = ""

    def emit(self, record: logging.LogRecord) -> None:
        record.aws_request_id = self.request_id
        sys.stdout.write(self.format(record))


def find_handler(handler: str) -> Callable[[Any, Any], Any]:
    """The handler's function; Fault, or what its module raised, if there is none."""
    module_name, dot, name = handler.rpartition(".")
    if not dot:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{handler}': write file.function")
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault("Runtime.BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        where = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'
        raise Fault(
            "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", [where]
        ) from error
    try:
        return getattr(module, name)  # type: ignore[no-any-return]
    except AttributeError:
        raise Fault("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module_name}'") from None


def encode(answer: object) -> bytes:
    """An answer as the official client spells it: bytes as they are, else JSON with `Decimal` as a number."""
    if isinstance(answer, bytes):
        return answer
    decimals: dict[str, str] = {}

    def default(value: object) -> object:
        if not isinstance(value, Decimal):
            raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
        if value.is_nan():
            return float("nan")
        mark = os.urandom(16).hex()
        decimals[f'"{mark}"'] = str(value)
        return mark

    try:
        text = json.dumps(answer, default=default, ensure_ascii=sys.version_info < (3, 12))
        for mark, number in decimals.items():
            text = text.replace(mark, number)
        return text.encode()
    except Exception as error:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def _report(error: Exception, request_id: str) -> bytes:
    """Lambda's error object, which is also written to the log."""
    if isinstance(error, Fault):
        error_type, stack = error.error_type, error.stack
    else:
        frames = traceback.extract_tb(error.__traceback__)
        while frames and frames[0].filename == __file__:
            del frames[0]
        # as tuples, without the columns that newer Pythons mark by carets: Lambda shows none
        plain = [(frame.filename, frame.lineno, frame.name, frame.line) for frame in frames]
        error_type, stack = type(error).__name__, traceback.format_list(plain)  # type: ignore[arg-type]  # lineno is set
    lines = [f"[ERROR] {error_type}: {error}", "Traceback (most recent call last):", *stack]
    sys.stdout.write("\n".join(line.rstrip("\n") for line in lines) + "\n")
    body = {"errorMessage": str(error), "errorType": error_type, "requestId": request_id, "stackTrace": stack}
    return json.dumps(body).encode()


def _set_up_logging() -> _LogHandler:
    handler = _LogHandler()
    formatter = logging.Formatter(
        "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.getLogger().addHandler(handler)
    return handler


def main(argv: list[str]) -> NoReturn:
    """Ask for events and answer them until the process is ended."""
    api = _Api(os.environ["AWS_LAMBDA_RUNTIME_API"])
    log = _set_up_logging()
    try:
        handler = find_handler(argv[1])
    except Exception as error:
        body = _report(error, "")
        error_type = error.error_type if isinstance(error, Fault) else type(error).__name__
        api.post("init/error", body, f"Lambda-Runtime-Function-Error-Type: {error_type}\r\n")
        sys.exit(1)
    while True:
        headers, event = api.next()
        context = Context(headers)
        log.request_id = context.aws_request_id
        try:
            what, body = "response", encode(handler(json.loads(event), context))
        except Exception as error:
            what, body = "error", _report(error, context.aws_request_id)
        api.post(f"invocation/{context.aws_request_id}/{what}", body)
