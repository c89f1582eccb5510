"""What the handlers share, and what their answers have in common."""

import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from offhook.adapters.lambdas.deployment import LATEST, Version
from offhook.adapters.lambdas.invoker import Invoker
from offhook.adapters.lambdas.queue import Queue
from offhook.adapters.lambdas.reference import Reference
from offhook.adapters.lambdas.registry import Registry, Target
from offhook.api.service import Result

_MOST_ITEMS = 50  # of a page, whatever is asked for


def new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class Lambdas:
    """The functions of an account, and a clock (milliseconds since the epoch)."""

    registry: Registry
    invoker: Invoker
    queue: Queue
    now_ms: Callable[[], int]

    def reference(self, asked: Mapping[str, Any]) -> Reference:
        return self.registry.reference(asked["FunctionName"], asked.get("Qualifier"))

    def target(self, asked: Mapping[str, Any], *, request_id: str = "") -> Target:
        return self.registry.target(self.reference(asked), request_id=request_id)

    def configuration(self, name: str, version: Version, qualifier: str = "") -> dict[str, Any]:
        """A version in the shape FunctionConfiguration."""
        settings = {key: _RESPONSES.get(key, _same)(value) for key, value in version.settings.items()}
        if version.number != LATEST and not qualifier:
            qualifier = version.number
        code = version.code
        return {
            **settings,
            "FunctionName": name,
            "FunctionArn": self.registry.arn(name, qualifier),
            "Version": version.number,
            "CodeSize": 0 if code is None else code.zipped_bytes,
            "CodeSha256": None if code is None else code.sha256,
            "LastModified": _iso(version.modified_ms),
            "RevisionId": version.revision,
            "State": "Active",
            "LastUpdateStatus": "Successful",
        }


# Gets the parameters and the request's id; raises Refusal
Operation = Callable[[Lambdas, dict[str, Any], str], Result | Awaitable[Result]]


def page(items: Iterable[tuple[str, Any]], asked: Mapping[str, Any]) -> tuple[list[Any], str | None]:
    """A page of items, each with a key that sorts them, and the marker of the next page: the key it begins with."""
    marker = asked.get("Marker", "")
    rest = [(key, item) for key, item in items if key >= marker]
    count = min(asked.get("MaxItems", _MOST_ITEMS), _MOST_ITEMS)
    return [item for _, item in rest[:count]], rest[count][0] if len(rest) > count else None


def _same(value: Any) -> Any:
    return value


# Members that are answered in another shape than they are given
_RESPONSES: dict[str, Callable[[Any], Any]] = {
    "Layers": lambda arns: [{"Arn": arn, "CodeSize": 0} for arn in arns],
    "SnapStart": lambda given: {**given, "OptimizationStatus": "Off"},
}


def _iso(at_ms: int) -> str:
    """2026-11-25T12:00:00.000+0000, the one way of Lambda."""
    instant = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03}+0000"
