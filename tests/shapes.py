"""Random values for shapes of botocore's models, requests as botocore writes them, applications that get them."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSRequest, prepare_request_dict
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.serialize import create_serializer

SCOPES = {"connect": "connect", "connectparticipant": "execute-api", "lambda": "lambda"}
_SERIALIZER = create_serializer("rest-json")
_TEXT = "aZ09 _-/:%+&=?#é日"
_DEEPEST = 4


@cache
def model(service: str) -> Any:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def signed(service: str) -> dict[str, str]:
    scope = f"AKIDEXAMPLE/20261125/us-east-1/{SCOPES[service]}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}


def prepared(service: str, operation: Any, parameters: dict[str, Any]) -> tuple[str, dict[str, str], bytes]:
    """Path, headers and body of the request as botocore writes it."""
    request = _SERIALIZER.serialize_to_request(parameters, operation)
    prepare_request_dict(request, endpoint_url="http://localhost:4510", context={"client_config": None})
    made = AWSRequest(
        method=request["method"], url=request["url"], data=request["body"], headers=request["headers"]
    ).prepare()
    headers = {name: text.decode() if isinstance(text, bytes) else text for name, text in made.headers.items()}
    body = made.body.encode() if isinstance(made.body, str) else made.body or b""
    return made.url.removeprefix("http://localhost:4510"), {**headers, **signed(service)}, body


def value(shape: Any, chance: Random, *, every_member: bool, depth: int = 0, place: str = "") -> Any:
    """A value that the model allows. A structure has all members, or only the required ones."""
    match shape.type_name:
        case "structure":
            return _structure(shape, chance, every_member=every_member, depth=depth)
        case "list":
            count = max(shape.metadata.get("min", 1), 1)
            return [value(shape.member, chance, every_member=every_member, depth=depth + 1) for _ in range(count)]
        case "map":
            key = value(shape.key, chance, every_member=every_member)
            return {key: value(shape.value, chance, every_member=every_member, depth=depth + 1)}
        case "string":
            return _text(shape, chance, place)
        case "blob":
            return chance.randbytes(9)
        case "timestamp":
            return datetime.fromtimestamp(chance.randrange(0, 2_000_000_000), UTC)
        case "boolean":
            return chance.random() < 0.5
        case "float" | "double":
            return max(
                float(shape.metadata.get("min", 0)), min(chance.randrange(99) / 8, shape.metadata.get("max", 99))
            )
        case "integer" if place == "statusCode":
            return 202
        case _:
            least = shape.metadata.get("min", 0)
            return chance.randint(least, min(shape.metadata.get("max", 2**31), least + 1000))


def _structure(shape: Any, chance: Random, *, every_member: bool, depth: int) -> dict[str, Any]:
    names = list(shape.members)
    if shape.is_tagged_union:
        names = [chance.choice(names)]
    elif not every_member or depth > _DEEPEST:
        names = list(shape.required_members)
    return {
        name: value(
            shape.members[name], chance, every_member=every_member, depth=depth + 1,
            place=shape.members[name].serialization.get("location", ""),
        )
        for name in names
    }  # fmt: skip


def _text(shape: Any, chance: Random, place: str) -> str:
    if shape.enum:
        return str(chance.choice(shape.enum))
    length = max(shape.metadata.get("min", 1), min(chance.randint(1, 12), shape.metadata.get("max", 12)))
    if place.startswith("header"):
        return "".join(chance.choices("aZ09-", k=length))
    return "".join(chance.choices(_TEXT, k=length))


@dataclass(frozen=True, slots=True)
class Replied:
    status: int
    headers: dict[str, str]
    body: bytes


def call(app: Any, method: str, url: str, *, headers: dict[str, str] | None = None, body: bytes = b"") -> Replied:
    """One request to an ASGI application; `url` has path and query."""
    return asyncio.run(acall(app, method, url, headers=headers, body=body))


async def acall(
    app: Any, method: str, url: str, *, headers: dict[str, str] | None = None, body: bytes = b""
) -> Replied:
    parts = urlsplit(url)
    named = {"host": "localhost:4510", **(headers or {})}
    scope = {
        "type": "http", "method": method, "path": parts.path, "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(), "scheme": "http", "server": ("localhost", 4510),
        "headers": [(name.lower().encode(), text.encode("latin-1")) for name, text in named.items()],
    }  # fmt: skip
    sent: list[Any] = []
    pieces = [{"type": "http.request", "body": body}]

    async def receive() -> Any:
        return pieces.pop(0) if pieces else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *rest = sent
    headers = {name.decode(): text.decode("latin-1") for name, text in start["headers"]}
    return Replied(start["status"], headers, b"".join(part.get("body", b"") for part in rest))
