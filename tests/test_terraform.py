"""Terraform's resources of Connect and Lambda against `offhook serve`: applied, read back without drift, changed,
destroyed.

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

from tests.connect_samples import FLOW, MODULE, code, new_name, refusal
from tests.server import ACCOUNT, REGION, ROLE, Server, environment, package

CODE = "import os\ndef handler(event, context):\n    return [os.environ['TABLE'], context.function_version]\n"
INSTANCE = f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/7b1c0f52-6d41-4e0e-9a6c-2f7a7f0f7a11"
PATIENCE_SECONDS = 300
PROVIDER = """
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
  endpoints {
    connect = "%(url)s"
    lambda  = "%(url)s"
  }
}
"""
LAMBDA = """
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
CONNECT = """
variable "word" { default = "one" }
resource "aws_connect_instance" "shop" {
  identity_management_type = "CONNECT_MANAGED"
  instance_alias           = "terraform-shop"
  inbound_calls_enabled    = true
  outbound_calls_enabled   = true
}
resource "aws_connect_hours_of_operation" "office" {
  instance_id = aws_connect_instance.shop.id
  name        = "Office ${var.word}"
  description = "Monday and Tuesday"
  time_zone   = "Europe/Oslo"
  config {
    day = "MONDAY"
    start_time {
      hours   = 8
      minutes = 30
    }
    end_time {
      hours   = 17
      minutes = 0
    }
  }
  config {
    day = "TUESDAY"
    start_time {
      hours   = 9
      minutes = 0
    }
    end_time {
      hours   = 17
      minutes = 0
    }
  }
  tags = { team = "ivr" }
}
resource "aws_connect_queue" "support" {
  instance_id           = aws_connect_instance.shop.id
  name                  = "Support ${var.word}"
  description           = "Whoever needs help"
  hours_of_operation_id = aws_connect_hours_of_operation.office.hours_of_operation_id
  max_contacts          = 5
  tags                  = { team = var.word }
}
resource "aws_connect_contact_flow" "main" {
  instance_id = aws_connect_instance.shop.id
  name        = "Main ${var.word}"
  description = "Where calls come in"
  type        = "CONTACT_FLOW"
  content = jsonencode({
    Version     = "2019-10-30"
    StartAction = "queue"
    Metadata    = { word = var.word }
    Actions = [
      {
        Identifier = "queue"
        Type       = "UpdateContactTargetQueue"
        Parameters = { QueueId = aws_connect_queue.support.arn }
        Transitions = {
          NextAction = "end"
          Conditions = []
          Errors     = [{ NextAction = "end", ErrorType = "NoMatchingError" }]
        }
      },
      { Identifier = "end", Type = "DisconnectParticipant", Parameters = {}, Transitions = {} },
    ]
  })
  tags = { team = "ivr" }
}
resource "aws_connect_contact_flow_module" "steps" {
  instance_id = aws_connect_instance.shop.id
  name        = "Steps ${var.word}"
  description = "What every flow does"
  content     = file("module.json")
}
resource "aws_connect_lambda_function_association" "lookup" {
  instance_id  = aws_connect_instance.shop.id
  function_arn = "arn:aws:lambda:%(region)s:%(account)s:function:lookup"
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
    """Runs terraform in the server's folder, with the resources of `main` or those it has; gives the exit code."""
    program, plugins = shutil.which("terraform"), os.environ.get("TF_PLUGIN_DIR", "")
    if program is None or not plugins:
        pytest.skip("put terraform 1.11 on PATH, and name a folder with hashicorp/aws 5.100.0 in TF_PLUGIN_DIR")
    settings = {"region": REGION, "url": server.url, "role": ROLE, "instance": INSTANCE, "account": ACCOUNT}
    (server.folder / "provider.tf").write_text(PROVIDER % settings)
    (server.folder / "module.json").write_text(MODULE)
    (server.folder / "app.zip").write_bytes(package({"app.py": CODE}))
    # a settings file that is missing is only a warning, but a noisy one
    given = {key: text for key, text in environment(CHECKPOINT_DISABLE="1").items() if key != "TF_CLI_CONFIG_FILE"}

    def run(*words: str, codes: tuple[int, ...] = (0,), main: str = "") -> int:
        if main:
            (server.folder / "main.tf").write_text(main % settings)
        done = subprocess.run(
            [program, *words], cwd=server.folder, env=given, capture_output=True, text=True, timeout=PATIENCE_SECONDS
        )
        assert done.returncode in codes, done.stdout + done.stderr
        return done.returncode

    run("init", f"-plugin-dir={plugins}", "-input=false")
    return run


def test_terraform_applies_changes_and_destroys(server: Server, terraform: Any) -> None:
    client = server.client("lambda")
    terraform("apply", "-auto-approve", "-input=false", main=LAMBDA)

    assert terraform("plan", "-detailed-exitcode", "-input=false", codes=(0, 2)) == 0, "it sees a drift"
    assert json.loads(client.invoke(FunctionName="lookup:prod")["Payload"].read()) == ["one", "1"]
    terraform("apply", "-auto-approve", "-input=false", "-var=table=two")
    assert json.loads(client.invoke(FunctionName="lookup:prod")["Payload"].read()) == ["two", "2"]
    assert terraform("plan", "-detailed-exitcode", "-input=false", "-var=table=two", codes=(0, 2)) == 0
    terraform("destroy", "-auto-approve", "-input=false")
    assert client.list_functions()["Functions"] == []


# --- Connect ---

ATTRIBUTES = (
    "INBOUND_CALLS", "OUTBOUND_CALLS", "CONTACTFLOW_LOGS", "CONTACT_LENS", "AUTO_RESOLVE_BEST_VOICES", "EARLY_MEDIA",
    "MULTI_PARTY_CONFERENCE",
)  # fmt: skip
CONFIG = [{"Day": "MONDAY", "StartTime": {"Hours": 8, "Minutes": 30}, "EndTime": {"Hours": 17, "Minutes": 0}}]
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:lookup"


@pytest.fixture(scope="module")
def one_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    served = Server(tmp_path_factory.mktemp("connect"))
    yield served
    served.stop()


@pytest.fixture
def applied(one_server: Server) -> Any:
    """The six resources, made by the calls that the provider makes, in their order; and the client."""
    connect = one_server.client("connect")
    alias = new_name("shop").replace(" ", "-")
    made = connect.create_instance(
        ClientToken=alias, IdentityManagementType="CONNECT_MANAGED", InstanceAlias=alias,
        InboundCallsEnabled=True, OutboundCallsEnabled=True,
    )  # fmt: skip
    instance = {"InstanceId": made["Id"]}
    assert connect.describe_instance(**instance)["Instance"]["InstanceStatus"] == "ACTIVE"
    for name in ATTRIBUTES:
        value = "false" if name in ("CONTACTFLOW_LOGS", "MULTI_PARTY_CONFERENCE") else "true"
        connect.update_instance_attribute(**instance, AttributeType=name, Value=value)
    hours = connect.create_hours_of_operation(
        **instance, Name="Office", Description="Monday", TimeZone="Europe/Oslo", Config=CONFIG, Tags={"team": "ivr"}
    )
    queue = connect.create_queue(
        **instance, Name="Support", Description="Help", HoursOfOperationId=hours["HoursOfOperationId"], MaxContacts=5,
        Tags={"team": "ivr"},
    )  # fmt: skip
    flow = connect.create_contact_flow(
        **instance, Name="Main", Type="CONTACT_FLOW", Description="Calls", Content=FLOW, Tags={"team": "ivr"}
    )
    module = connect.create_contact_flow_module(**instance, Name="Steps", Description="Steps", Content=MODULE)
    connect.associate_lambda_function(**instance, FunctionArn=FUNCTION)
    ids = {
        "hours": {**instance, "HoursOfOperationId": hours["HoursOfOperationId"]},
        "queue": {**instance, "QueueId": queue["QueueId"]},
        "flow": {**instance, "ContactFlowId": flow["ContactFlowId"]},
        "module": {**instance, "ContactFlowModuleId": module["Id"]}, "instance": instance,
    }  # fmt: skip
    return connect, ids


def read(connect: Any, ids: Any) -> dict[str, Any]:
    """What the provider reads when it refreshes, without the times."""
    found = {
        "instance": connect.describe_instance(**ids["instance"])["Instance"],
        "attributes": [
            connect.describe_instance_attribute(**ids["instance"], AttributeType=name)["Attribute"]
            for name in ATTRIBUTES
        ],
        "hours": connect.describe_hours_of_operation(**ids["hours"])["HoursOfOperation"],
        "queue": connect.describe_queue(**ids["queue"])["Queue"],
        "connects": connect.list_queue_quick_connects(**ids["queue"], MaxResults=60)["QuickConnectSummaryList"],
        "flow": connect.describe_contact_flow(**ids["flow"])["ContactFlow"],
        "module": connect.describe_contact_flow_module(**ids["module"])["ContactFlowModule"],
        "functions": connect.list_lambda_functions(**ids["instance"], MaxResults=25)["LambdaFunctions"],
    }
    times = ("LastModifiedTime", "CreatedTime")
    return {
        key: {name: each for name, each in value.items() if name not in times} if isinstance(value, dict) else value
        for key, value in found.items()
    }


def test_terraform_reads_back_the_connect_resources_that_it_applied(applied: Any) -> None:
    connect, ids = applied
    found = read(connect, ids)

    assert found == read(connect, ids)
    assert found["instance"]["InstanceAlias"].startswith("shop-")
    values = {each["AttributeType"]: each["Value"] for each in found["attributes"]}
    assert [name for name in ATTRIBUTES if values[name] == "false"] == ["CONTACTFLOW_LOGS", "MULTI_PARTY_CONFERENCE"]
    assert (found["hours"]["Config"], found["hours"]["Tags"]) == (CONFIG, {"team": "ivr"})
    assert (found["queue"]["MaxContacts"], found["queue"]["Status"], found["connects"]) == (5, "ENABLED", [])
    assert "OutboundCallerConfig" not in found["queue"]
    assert (found["flow"]["Content"], found["flow"]["Tags"]) == (FLOW, {"team": "ivr"})
    assert (found["module"]["Content"], found["functions"]) == (MODULE, [FUNCTION])


def test_terraform_renames_the_connect_resources_that_it_applied(applied: Any) -> None:
    connect, ids = applied
    before = read(connect, ids)
    connect.update_hours_of_operation(
        **ids["hours"], Name="Office two", Description="Monday", TimeZone="Europe/Oslo", Config=CONFIG
    )
    connect.update_queue_name(**ids["queue"], Name="Support two", Description="Help")
    connect.update_contact_flow_name(**ids["flow"], Name="Main two", Description="Calls")
    connect.update_contact_flow_content(**ids["flow"], Content=FLOW + " ")
    connect.update_contact_flow_module_metadata(**ids["module"], Name="Steps two", Description="Steps")
    connect.tag_resource(resourceArn=before["queue"]["QueueArn"], tags={"team": "two"})
    connect.untag_resource(resourceArn=before["flow"]["Arn"], tagKeys=["team"])
    after = read(connect, ids)

    names = [after[kind]["Name"] for kind in ("hours", "queue", "flow", "module")]
    assert names == ["Office two", "Support two", "Main two", "Steps two"]
    assert after["flow"]["Content"] == FLOW + " "
    assert (after["queue"]["Tags"], after["flow"].get("Tags", {})) == ({"team": "two"}, {})
    for kind, id in (("hours", "HoursOfOperationId"), ("queue", "QueueId"), ("flow", "Id"), ("module", "Id")):
        assert after[kind][id] == before[kind][id]


def test_terraform_destroys_the_connect_resources_that_it_applied(applied: Any) -> None:
    """Each after what needs it; the instance is looked for until there is a 404."""
    connect, ids = applied
    connect.disassociate_lambda_function(**ids["instance"], FunctionArn=FUNCTION)
    connect.delete_contact_flow_module(**ids["module"])
    connect.delete_contact_flow(**ids["flow"])
    connect.delete_queue(**ids["queue"])
    connect.delete_hours_of_operation(**ids["hours"])
    connect.delete_instance(**ids["instance"])

    for call in (connect.describe_instance, connect.list_queues):
        assert code(call, **ids["instance"]) == "ResourceNotFoundException"
    assert refusal(connect.describe_instance, **ids["instance"])["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_terraform_applies_renames_and_destroys_connect(server: Server, terraform: Any) -> None:
    connect = server.client("connect")

    def shop() -> list[Any]:
        found = connect.list_instances()["InstanceSummaryList"]
        return [each["Id"] for each in found if each["InstanceAlias"] == "terraform-shop"]

    terraform("apply", "-auto-approve", "-input=false", main=CONNECT)
    assert terraform("plan", "-detailed-exitcode", "-input=false", codes=(0, 2)) == 0, "it sees a drift"
    [instance] = shop()
    before = {each["Name"]: each["Id"] for each in connect.list_queues(InstanceId=instance)["QueueSummaryList"]}
    terraform("apply", "-auto-approve", "-input=false", "-var=word=two")
    assert terraform("plan", "-detailed-exitcode", "-input=false", "-var=word=two", codes=(0, 2)) == 0
    after = {each["Name"]: each["Id"] for each in connect.list_queues(InstanceId=instance)["QueueSummaryList"]}

    assert after["Support two"] == before["Support one"], "it was made anew"
    assert shop() == [instance]
    terraform("destroy", "-auto-approve", "-input=false", "-var=word=two")
    assert shop() == []
