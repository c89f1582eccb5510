"""Whatever is asked of the Lambda API, no handler stumbles: random parameters that the model allows, and then bytes."""

import asyncio
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from offhook.adapters.lambdas.spec import Stub
from offhook.api.application import application
from offhook.api.lambda_api import OPERATIONS
from offhook.model.instance import Instance
from tests.server import ACCOUNT, REGION, ROLE, package
from tests.shapes import acall, model, prepared, value

MODEL = model("lambda")
ROUNDS = 25
# What leads somewhere, so that more is reached than the first refusal
KNOWN: dict[str, list[Any]] = {
    "FunctionName": ["f", "f:live", "stub", "f:1", "new"],
    "Resource": [f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"],
    "Name": ["live", "next"],
    "FunctionVersion": ["1", "$LATEST"],
    "Qualifier": ["1", "live", "$LATEST"],
    "StatementId": ["s", "t"],
    "Runtime": ["python3.11"],
    "Code": [{"ZipFile": package({"app.py": "def handler(e, c): return e\n"})}],
    "ZipFile": [package({"app.py": "x = 1\n"})],
    "InvocationType": ["Event", "DryRun"],
    "Payload": [b"{}"],
    "InvokeArgs": [b"{}"],
    "PackageType": ["Zip"],
    "Environment": [{"Variables": {"TABLE": "t"}}, {}],
    "RoutingConfig": [{"AdditionalVersionWeights": {"1": 0.5}}, {}],
    "Marker": ["f", ""],
}


def asked(shape: Any, chance: Random) -> dict[str, Any]:
    """Some of the members, known values more often than random ones."""
    found = value(shape, chance, every_member=True)
    kept = {
        name: chance.choice(KNOWN[name]) if name in KNOWN and chance.random() < 0.8 else each
        for name, each in found.items()
        if name in shape.required_members or chance.random() < 0.3
    }
    return {name: each for name, each in kept.items() if name != "RevisionId" or chance.random() < 0.2}


def test_no_handler_stumbles_over_what_the_model_allows(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    chance = Random(7)
    statuses: dict[str, set[int]] = {}

    async def main() -> None:
        functions = {"stub": Stub(name="stub", answers=('{"a":1}',))}
        async with application(functions, Instance(), folder=tmp_path, url="http://localhost:4510") as made:
            for _ in range(ROUNDS):
                await ask("CreateFunction", made.gateway, FunctionName="f", Role=ROLE, Runtime="python3.11",
                          Handler="app.handler", Code=KNOWN["Code"][0], Publish=True)  # fmt: skip
                for name in OPERATIONS:
                    shape = MODEL.operation_model(name).input_shape
                    await ask(name, made.gateway, **asked(shape, chance))

    async def ask(name: str, app: Any, **parameters: Any) -> None:
        path, headers, body = prepared("lambda", MODEL.operation_model(name), parameters)
        reply = await acall(app, MODEL.operation_model(name).http["method"], path, headers=headers, body=body)
        statuses.setdefault(name, set()).add(reply.status)
        assert reply.status < 500, (name, parameters, reply)

    asyncio.run(main())

    assert "internal error" not in caplog.text
    # the exception proves that it gets as far as an answer everywhere
    assert {name for name, seen in statuses.items() if not {200, 201, 202, 204} & seen} <= {
        "GetFunctionEventInvokeConfig"
    }


@pytest.mark.parametrize("seed", range(3))
def test_no_bytes_make_the_server_stumble(tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    chance = Random(seed)
    pieces = ["2015-03-31", "functions", "f", "stub", "invocations", "%00", "%2F", "..", "", "{", "aliases", "policy",
              "versions", "é", "configuration", "code", "a" * 300, "2017-03-31", "tags", "%ff", "instance"]  # fmt: skip
    bodies = [b"", b"{", b"[]", b"null", b'{"a":' * 2000, b"\xff", b'{"Name":{}}', b'{"Timeout":"3"}', b'{"Tags":[]}',
              b'{"Code":{"ZipFile":1}}', b'{"Environment":{"Variables":{"a":1}}}', b"1e999", b'{"Timeout":1e400}',
              json.dumps({"FunctionName": "f" * 100, "Name": "x", "FunctionVersion": "1"}).encode()]  # fmt: skip

    async def main() -> None:
        functions = {"stub": Stub(name="stub", answers=('{"a":1}',))}
        async with application(functions, Instance(), folder=tmp_path, url="http://localhost:4510") as made:
            for _ in range(400):
                path = "/" + "/".join(chance.choices(pieces, k=chance.randint(1, 5)))
                query = chance.choice(["", "?Qualifier=", "?Qualifier=%00", "?MaxItems=x", "?MaxItems=-1", "?a&b=%zz"])
                method = chance.choice(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"])
                reply = await acall(made.gateway, method, path + query, body=chance.choice(bodies))
                assert reply.status < 500 or reply.status == 501, (method, path, query, reply)

    asyncio.run(main())

    assert "internal error" not in caplog.text
