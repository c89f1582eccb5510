"""Terraform's Lambda resources against `offhook serve`: applied, read back without drift, changed, destroyed.

The calls are those of the aws provider 5.100.0 (spec/iac.md, section 1). Terraform itself runs where the machine has
`terraform` on PATH and TF_PLUGIN_DIR names a folder with the provider.
"""

import base64
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server import ACCOUNT, REGION, ROLE, Server, environment, package

CODE = "import os\ndef handler(event, context):\n    return [os.environ['TABLE'], context.function_version]\n"
INSTANCE = f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/7b1c0f52-6d41-4e0e-9a6c-2f7a7f0f7a11"
PATIENCE_SECONDS = 300
MAIN = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "5.100.0" }
  }
}
provider "aws" {
  region                      = "%(region)s"
  access_key                  = "x"
  secret_key                  = "y"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  endpoints { lambda = "%(url)s" }
}
variable "table" { default = "one" }
resource "aws_lambda_function" "lookup" {
  function_name                  = "lookup"
  role                           = "%(role)s"
  runtime                        = "python3.11"
  handler                        = "app.handler"
  filename                       = "app.zip"
  source_code_hash               = filebase64sha256("app.zip")
  publish                        = true
  timeout                        = 8
  memory_size                    = 256
  reserved_concurrent_executions = 10
  tags                           = { team = "ivr" }
  environment { variables = { TABLE = var.table } }
}
resource "aws_lambda_alias" "prod" {
  name             = "prod"
  function_name    = aws_lambda_function.lookup.function_name
  function_version = aws_lambda_function.lookup.version
}
resource "aws_lambda_permission" "connect" {
  statement_id   = "connect"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.lookup.function_name
  qualifier      = aws_lambda_alias.prod.name
  principal      = "connect.amazonaws.com"
  source_arn     = "%(instance)s"
  source_account = "%(account)s"
}
resource "aws_lambda_function_event_invoke_config" "events" {
  function_name          = aws_lambda_function.lookup.function_name
  maximum_retry_attempts = 0
}
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    served = Server(tmp_path)
    yield served
    served.stop()


WANTED: dict[str, Any] = {
    "FunctionName": "lookup", "Role": ROLE, "Runtime": "python3.11", "Handler": "app.handler", "Timeout": 8,
    "MemorySize": 256, "PackageType": "Zip", "Architectures": ["x86_64"], "EphemeralStorage": {"Size": 512},
    "Environment": {"Variables": {"TABLE": "a"}}, "TracingConfig": {"Mode": "PassThrough"}, "Description": "",
}  # fmt: skip
STATEMENT = {
    "StatementId": "connect", "Action": "lambda:InvokeFunction", "Principal": "connect.amazonaws.com",
    "SourceArn": INSTANCE, "SourceAccount": ACCOUNT,
}  # fmt: skip
ZIP = package({"app.py": CODE})


@pytest.fixture
def client(server: Server) -> Any:
    """With the function applied."""
    made = server.client("lambda")
    made.create_function(**WANTED, Code={"ZipFile": ZIP}, Publish=True, Tags={"team": "ivr"})
    made.put_function_concurrency(FunctionName="lookup", ReservedConcurrentExecutions=10)
    made.create_alias(FunctionName="lookup", Name="prod", FunctionVersion="1", Description="")
    made.add_permission(FunctionName="lookup", Qualifier="prod", **STATEMENT)
    return made


def test_terraform_reads_back_what_it_applied(client: Any) -> None:
    read = client.get_function(FunctionName="lookup")
    configuration = read["Configuration"]

    assert configuration.items() >= {**WANTED, "Version": "$LATEST"}.items()
    assert (configuration["State"], configuration["LastUpdateStatus"]) == ("Active", "Successful")
    assert configuration["CodeSha256"] == base64.b64encode(hashlib.sha256(ZIP).digest()).decode()
    assert configuration["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/aws/lambda/lookup"}
    assert (read["Tags"], read["Concurrency"]) == ({"team": "ivr"}, {"ReservedConcurrentExecutions": 10})
    assert "ImageUri" not in read["Code"]
    versions = client.list_versions_by_function(FunctionName="lookup", MaxItems=10_000)["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "1"]
    signing = client.get_function_code_signing_config(FunctionName="lookup")
    assert {key: value for key, value in signing.items() if key != "ResponseMetadata"} == {"FunctionName": "lookup"}
    alias = client.get_alias(FunctionName="lookup", Name="prod")
    assert (alias["FunctionVersion"], alias["Description"], "RoutingConfig" in alias) == ("1", "", False)
    [found] = json.loads(client.get_policy(FunctionName="lookup", Qualifier="prod")["Policy"])["Statement"]
    assert found["Resource"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:lookup:prod"


def test_terraform_changes_what_it_applied(client: Any) -> None:
    """It takes a setting back by sending it empty."""
    kept = {key: value for key, value in WANTED.items() if key not in ("PackageType", "Architectures")}
    empty = {
        "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []}, "DeadLetterConfig": {"TargetArn": ""}, "KMSKeyArn": "",
        "Layers": [],
    }  # fmt: skip
    client.update_function_configuration(**{**kept, "Environment": {"Variables": {"TABLE": "b"}}, **empty})
    client.update_function_code(FunctionName="lookup", ZipFile=ZIP, Architectures=["x86_64"])

    assert client.publish_version(FunctionName="lookup")["Version"] == "2"
    configuration = client.get_function(FunctionName="lookup", Qualifier="2")["Configuration"]
    assert configuration["Environment"] == {"Variables": {"TABLE": "b"}}
    assert not empty.keys() & configuration.keys()


def test_terraform_destroys_what_it_applied(client: Any) -> None:
    """It looks until it gets a 404."""
    gone = client.exceptions.ResourceNotFoundException
    client.remove_permission(FunctionName="lookup", Qualifier="prod", StatementId="connect")
    with pytest.raises(gone):
        client.get_policy(FunctionName="lookup", Qualifier="prod")
    client.delete_alias(FunctionName="lookup", Name="prod")
    with pytest.raises(gone):
        client.get_alias(FunctionName="lookup", Name="prod")
    client.delete_function(FunctionName="lookup")
    with pytest.raises(gone):
        client.get_function(FunctionName="lookup")


@pytest.fixture
def terraform(server: Server) -> Any:
    """Runs terraform in the server's folder; gives the exit code."""
    program, plugins = shutil.which("terraform"), os.environ.get("TF_PLUGIN_DIR", "")
    if program is None or not plugins:
        pytest.skip("put terraform 1.11 on PATH, and name a folder with hashicorp/aws 5.100.0 in TF_PLUGIN_DIR")
    settings = {"region": REGION, "url": server.url, "role": ROLE, "instance": INSTANCE, "account": ACCOUNT}
    (server.folder / "main.tf").write_text(MAIN % settings)
    (server.folder / "app.zip").write_bytes(package({"app.py": CODE}))
    # a settings file that is missing is only a warning, but a noisy one
    given = {key: text for key, text in environment(CHECKPOINT_DISABLE="1").items() if key != "TF_CLI_CONFIG_FILE"}

    def run(*words: str, codes: tuple[int, ...] = (0,)) -> int:
        done = subprocess.run(
            [program, *words], cwd=server.folder, env=given, capture_output=True, text=True, timeout=PATIENCE_SECONDS
        )
        assert done.returncode in codes, done.stdout + done.stderr
        return done.returncode

    run("init", f"-plugin-dir={plugins}", "-input=false")
    return run


def test_terraform_applies_changes_and_destroys(server: Server, terraform: Any) -> None:
    client = server.client("lambda")
    terraform("apply", "-auto-approve", "-input=false")

    assert terraform("plan", "-detailed-exitcode", "-input=false", codes=(0, 2)) == 0, "it sees a drift"
    assert json.loads(client.invoke(FunctionName="lookup:prod")["Payload"].read()) == ["one", "1"]
    terraform("apply", "-auto-approve", "-input=false", "-var=table=two")
    assert json.loads(client.invoke(FunctionName="lookup:prod")["Payload"].read()) == ["two", "2"]
    assert terraform("plan", "-detailed-exitcode", "-input=false", "-var=table=two", codes=(0, 2)) == 0
    terraform("destroy", "-auto-approve", "-input=false")
    assert client.list_functions()["Functions"] == []
