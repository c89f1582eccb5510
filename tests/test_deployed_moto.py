"""Deployed functions against a server that nobody here wrote: moto's Lambda speaks the protocol.

It runs no code and says the same of every function, so only the way there and back is seen."""

import io
import json
import zipfile
from collections.abc import Iterator

import boto3
import pytest

from offhook.adapters.lambdas.host import LambdaHost
from offhook.adapters.lambdas.spec import DeployedFunction
from offhook.model.effect import InvokeLambda

config = pytest.importorskip("moto.core.config", reason="install requirements-dev.txt for moto")
server = pytest.importorskip("moto.server", reason="install requirements-dev.txt for moto's server")

REGION = "us-east-1"


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setitem(config.default_user_config, "lambda", {"use_docker": False})
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


def deploy(endpoint: str) -> str:
    """The ARN of a function in moto."""
    trust = {"Version": "2012-10-17", "Statement": []}
    iam = boto3.client("iam", region_name=REGION, endpoint_url=endpoint)
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as files:
        files.writestr("f.py", "def handler(event, context):\n    return {}\n")
    client = boto3.client("lambda", region_name=REGION, endpoint_url=endpoint)
    code = {"ZipFile": package.getvalue()}
    made = client.create_function(FunctionName="f", Runtime="python3.12", Role=role, Handler="f.handler", Code=code)
    return str(made["FunctionArn"])


def test_a_function_is_invoked(endpoint: str) -> None:
    arn = deploy(endpoint)
    known = DeployedFunction(name="f", arn=arn, endpoint=endpoint, region=REGION)

    with LambdaHost({"f": known}) as host:
        answered = host.invoke(InvokeLambda("c/1", "f", arn, {"Details": {}}, 20_000, "r1")).result()

    assert (answered.status, answered.function_error) == (200, "")
    assert answered.body
