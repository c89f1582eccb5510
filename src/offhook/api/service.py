"""One AWS service: its model, loaded when it is first asked for, and the handlers of the operations that are built."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec
from botocore.loaders import Loader
from botocore.model import ServiceModel

from offhook.api import parse, serialise, validate
from offhook.api.errors import ServiceError, malformed
from offhook.api.route import Route, Routes
from offhook.api.serialise import Answer

Result = Mapping[str, Any]
# Gets the parameters and the request's id; raises ServiceError
Handler = Callable[[dict[str, Any], str], Result | Awaitable[Result]]

MAX_BODY_BYTES = 6_291_456  # 6 MB, as much as Lambda takes for an event and more than any other operation needs
_LOADER = Loader()


@dataclass(frozen=True)
class Service:
    """`name` as botocore spells it, `scope` as a signature does.

    `invalid`, `broken` and `too_large` are the service's own words for a parameter that is not allowed, for a mistake
    of ours, and for a body above `max_body_bytes` (by operation, where it is not MAX_BODY_BYTES); `throttled` for too
    many requests, with `throttled_members`. `enumerations`: values that the model does not list are refused.
    `is_signed`: clients have access keys; else they have tokens that the handlers ask for. `may_be_empty` are members
    of a request that may be "" though the model has a least length.
    """

    name: str
    scope: str
    invalid: str
    broken: str
    too_large: str = "RequestEntityTooLargeException"
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    max_body_bytes: Mapping[str, int] = field(default_factory=dict)
    enumerations: bool = False
    throttled: str = "ThrottlingException"
    throttled_members: Mapping[str, str] = field(default_factory=dict)
    is_signed: bool = True
    may_be_empty: frozenset[str] = frozenset()

    @cached_property
    def model(self) -> Any:
        return ServiceModel(_LOADER.load_service_model(self.name, "service-2"), self.name)

    @cached_property
    def routes(self) -> Routes:
        operations = (self.model.operation_model(name) for name in self.model.operation_names)
        return Routes(Route.of(operation.name, operation.http) for operation in operations)

    def limit(self, operation: str) -> int:
        """The greatest body of an operation, in bytes."""
        return self.max_body_bytes.get(operation, MAX_BODY_BYTES)

    def handler(self, operation: str) -> Handler:
        """ServiceError where it is not built: 501, which no client tries again."""
        handler = self.handlers.get(operation)
        if handler is None:
            sentence = f"{operation} ({self.name}) is not built in offhook yet."
            raise ServiceError("NotImplementedException", sentence, status=501)
        return handler

    def parameters(self, operation: str, received: parse.Received) -> dict[str, Any]:
        """What the handler gets. ServiceError where it cannot be read or is not allowed."""
        shape = self.model.operation_model(operation).input_shape
        try:
            found = parse.parameters(received, shape)
            said = {name: value for name, value in found.items() if value != "" or name not in self.may_be_empty}
            problems = validate.problems(said, shape, enumerations=self.enumerations) if shape is not None else ""
        except RecursionError:
            raise malformed("The body is nested too deeply.") from None
        if problems:
            raise ServiceError(self.invalid, problems)
        return found

    def answer(self, operation: str, result: Result) -> Answer:
        model = self.model.operation_model(operation)
        return serialise.answer(result, model.output_shape, int(model.http.get("responseCode", 200)))

    def error(self, error: ServiceError) -> Answer:
        """The error in the service's own shape, where the model has it."""
        shape = self.model.shape_for_error_code(error.code)
        if shape is None:
            said = Answer(error.status, {}, msgspec.json.encode({"message": error.message}))
        else:
            status = shape.metadata.get("error", {}).get("httpStatusCode", error.status)
            words = _words(error, shape, status)
            said = serialise.answer({**words, **error.members}, shape, status)
            if error.message and not words:
                # Clients show a message even where the model has none; without it they show `None`
                body = {"message": error.message, **msgspec.json.decode(said.body)}
                said = Answer(status, said.headers, msgspec.json.encode(body))
        said.headers["x-amzn-ErrorType"] = error.code
        return said


def _words(error: ServiceError, shape: Any, status: int) -> dict[str, str]:
    """The message, in the letter case of the model; Lambda also says whose mistake it is."""
    words = {name: error.message for name in shape.members if name.lower() == "message"}
    if "Type" in shape.members:
        words["Type"] = "User" if status < 500 else "Service"
    return words
