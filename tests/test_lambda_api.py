"""The Lambda API, asked by unmodified boto3 and the AWS CLI."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from offhook.adapters.lambdas.kind import OWN_PYTHON
from offhook.api.lambda_api import OPERATIONS
from tests.server import ACCOUNT, PATIENCE_SECONDS, REGION, ROLE, Server, environment, package, until

CODE = """
import os, pathlib, time

def handler(event, context):
    return event

def tells(event, context):
    print("some output")
    return {"pid": os.getpid(), "version": context.function_version, "arn": context.invoked_function_arn,
            "request": context.aws_request_id, "name": context.function_name, "table": os.environ.get("TABLE")}

def raises(event, context):
    raise ValueError("no such state")

def sleeps(event, context):
    time.sleep(60)

def waits(event, context):
    folder = pathlib.Path(event["folder"])
    (folder / "begun").touch()
    while not (folder / "go").exists():
        time.sleep(0.002)
    (folder / "done").touch()
    return "first"

def meets(event, context):
    folder = pathlib.Path(event["folder"])
    (folder / str(event["n"])).touch()
    while len(list(folder.iterdir())) < event["count"]:
        time.sleep(0.002)
    return event["n"]
"""
TOML = """
[functions.lookup]
code = "."
handler = "app.handler"
timeout_seconds = 8
memory_mb = 256
environment = { TABLE = "demo" }
[functions.stub]
stub = { State = "WA" }
[functions.throttled]
fail = "throttle"
[functions.forbidden]
fail = "403"
[functions.gone]
fail = "404"
[functions.broken]
fail = "500"
[functions.cut]
fail = "timeout"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("project")
    (folder / "offhook.toml").write_text(TOML)
    (folder / "app.py").write_text(CODE)
    served = Server(folder)
    yield served
    assert served.stop() == 0


@pytest.fixture(scope="module")
def client(server: Server) -> Any:
    return server.client("lambda")


@pytest.fixture
def made(client: Any) -> Any:
    """Makes a function of its own for a test, and gives its name."""

    def make(handler: str = "handler", *, code: str = CODE, **more: Any) -> str:
        name = f"f-{uuid.uuid4().hex[:12]}"
        client.create_function(
            **{
                "FunctionName": name, "Runtime": OWN_PYTHON, "Role": ROLE, "Handler": f"app.{handler}",
                "Code": {"ZipFile": package({"app.py": code})}, "Timeout": 30, **more,
            }
        )  # fmt: skip
        return name

    return make


def answer(client: Any, name: str, event: Any = None, **more: Any) -> Any:
    reply = client.invoke(FunctionName=name, Payload=json.dumps(event or {}).encode(), **more)
    body = json.loads(reply["Payload"].read())
    assert "FunctionError" not in reply, body
    return body


def refused(call: Any, **parameters: Any) -> tuple[str, str]:
    """Code and message of the error."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def test_the_page_names_what_is_built() -> None:
    """And a test of this file, or of another, calls each of them."""
    page = (Path(__file__).parent.parent / "docs" / "lambda-api.md").read_text()
    table = page[page.index("## Operations") : page.index("Every other operation")]

    assert set(re.findall(r"\b[A-Z]\w+[a-z][A-Z]\w+|\bInvoke\b", table)) - {"RequestResponse", "DryRun"} == set(
        OPERATIONS
    )


# --- functions ---


def test_a_new_function_is_active_with_lambdas_defaults(client: Any, made: Any) -> None:
    name = made(Timeout=3)
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    client.get_waiter("function_updated_v2").wait(FunctionName=name)
    found = client.get_function(FunctionName=name)
    configuration = found["Configuration"]

    assert configuration.items() >= {
        "FunctionName": name, "FunctionArn": arn(name), "Runtime": OWN_PYTHON, "Role": ROLE, "Handler": "app.handler",
        "Description": "", "Timeout": 3, "MemorySize": 128, "Version": "$LATEST", "PackageType": "Zip",
        "Architectures": ["x86_64"], "EphemeralStorage": {"Size": 512}, "TracingConfig": {"Mode": "PassThrough"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}, "State": "Active",
        "LastUpdateStatus": "Successful", "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
    }.items()  # fmt: skip
    assert configuration["CodeSize"] == len(package({"app.py": CODE}))
    assert len(base64.b64decode(configuration["CodeSha256"])) == 32
    assert configuration["LastModified"].endswith("+0000")
    assert "Environment" not in configuration
    assert "Concurrency" not in found
    assert Path(found["Code"]["Location"].removeprefix("file://"), "app.py").read_text() == CODE


def test_what_was_asked_for_is_kept(client: Any, made: Any) -> None:
    asked = {
        "Description": "looks up", "Timeout": 8, "MemorySize": 512, "Environment": {"Variables": {"TABLE": "states"}},
        "TracingConfig": {"Mode": "Active"}, "Architectures": ["arm64"], "EphemeralStorage": {"Size": 1024},
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/logs", "ApplicationLogLevel": "INFO"},
        "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:111122223333:dead"},
    }  # fmt: skip
    name = made(**asked, Layers=["arn:aws:lambda:us-east-1:1:layer:x:1"], Tags={"team": "ivr"})
    found = client.get_function(FunctionName=name)

    assert found["Configuration"].items() >= asked.items()
    assert [layer["Arn"] for layer in found["Configuration"]["Layers"]] == ["arn:aws:lambda:us-east-1:1:layer:x:1"]
    assert found["Tags"] == {"team": "ivr"}


def test_a_function_is_listed_until_it_is_deleted(client: Any, made: Any) -> None:
    name = made()
    pages = client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
    assert name in [function["FunctionName"] for page in pages for function in page["Functions"]]

    client.delete_function(FunctionName=name)

    assert refused(client.get_function, FunctionName=name) == (
        "ResourceNotFoundException", f"Function not found: {arn(name)}"
    )  # fmt: skip
    assert refused(client.delete_function, FunctionName=name)[0] == "ResourceNotFoundException"
    assert refused(client.invoke, FunctionName=name)[0] == "ResourceNotFoundException"
    made_again = client.create_function(
        FunctionName=name, Runtime=OWN_PYTHON, Role=ROLE, Handler="app.handler",
        Code={"ZipFile": package({"app.py": CODE})},
    )  # fmt: skip
    assert made_again["State"] == "Active"


def test_there_is_one_function_of_a_name(client: Any, made: Any) -> None:
    assert refused(made, FunctionName=made())[0] == "ResourceConflictException"
    assert refused(made, FunctionName="lookup")[0] == "ResourceConflictException"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"FunctionName": "no spaces"}, "is no name or ARN of a function"),
        ({"FunctionName": "x" * 65}, "at most 64"),
        ({"Runtime": "cobol85"}, "offhook does not run"),
        ({"Handler": ""}, "Handler is required"),
        ({"Timeout": 901}, "Timeout is 901, must be 1..900"),
        ({"Timeout": 5401}, "valid max value: 5400"),
        ({"MemorySize": 10_241}, "MemorySize is 10241, must be 128..10240"),
        ({"PackageType": "Image"}, "no container images"),
        ({"Environment": {"Variables": {"AWS_REGION": "x", "_HANDLER": "y"}}}, "AWS_REGION, _HANDLER"),
        ({"Environment": {"Variables": {"1": "x"}}}, "cannot be set: '1'"),
        ({"Environment": {"Variables": {"AB": "\0"}}}, "cannot be set: 'AB'"),
        ({"Environment": {"Variables": {"AB": "x" * 4095}}}, "4097 bytes, more than 4096"),
        ({"Code": {"S3Bucket": "b-b", "S3Key": "k"}}, "no S3"),
        ({"Code": {"ZipFile": b"not a zip"}}, "cannot be unzipped"),
        ({"Code": {"ZipFile": package({"../app.py": CODE})}}, "leads out of the package"),
        (
            {"CodeSigningConfigArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-{'0' * 17}"},
            "not built",
        ),
    ],
)
def test_what_cannot_be_run_is_not_taken(client: Any, made: Any, asked: dict[str, Any], said: str) -> None:
    before = client.get_account_settings()["AccountUsage"]["FunctionCount"]
    code, message = refused(made, **asked)

    assert code == "InvalidParameterValueException"
    assert said in message
    assert client.get_account_settings()["AccountUsage"]["FunctionCount"] == before


def test_a_setting_is_changed_and_taken_back(client: Any, made: Any) -> None:
    name = made(Environment={"Variables": {"TABLE": "a"}})
    before = client.get_function_configuration(FunctionName=name)

    after = client.update_function_configuration(FunctionName=name, Timeout=9, Environment={"Variables": {}})

    assert after["Timeout"] == 9
    assert after["MemorySize"] == before["MemorySize"]
    assert "Environment" not in after
    assert after["RevisionId"] != before["RevisionId"]
    assert refused(client.update_function_configuration, FunctionName=name, MemorySize=10_241)[0] == (
        "InvalidParameterValueException"
    )
    stale = {"FunctionName": name, "Timeout": 5, "RevisionId": before["RevisionId"]}
    assert refused(client.update_function_configuration, **stale)[0] == "PreconditionFailedException"


def test_new_code_is_what_the_next_invocation_runs(client: Any, made: Any, tmp_path: Path) -> None:
    """And one that runs already ends as it was begun."""
    name = made("waits")
    with ThreadPoolExecutor() as threads:
        old = threads.submit(answer, client, name, {"folder": str(tmp_path)})
        until(tmp_path / "begun")
        code = package({"app.py": "def waits(event, context):\n    return 'second'\n"})
        updated = client.update_function_code(FunctionName=name, ZipFile=code)

        assert answer(client, name) == "second"
        (tmp_path / "go").touch()
        assert old.result(PATIENCE_SECONDS) == "first"
    assert updated["CodeSize"] == len(code)
    assert answer(client, name) == "second"


def test_a_dry_run_of_new_code_changes_nothing(client: Any, made: Any) -> None:
    name = made()
    before = client.get_function_configuration(FunctionName=name)["CodeSha256"]
    told = client.update_function_code(FunctionName=name, ZipFile=package({"app.py": "x = 1\n"}), DryRun=True)

    assert told["CodeSha256"] != before
    assert client.get_function_configuration(FunctionName=name)["CodeSha256"] == before


@pytest.mark.parametrize(
    "form", ["{name}", "{name}:$LATEST", "function:{name}", "{account}:function:{name}", "{arn}", "{arn}:$LATEST"]
)
def test_a_function_has_many_names(client: Any, form: str) -> None:
    name = form.format(name="lookup", account=ACCOUNT, arn=arn("lookup"))

    assert client.get_function_configuration(FunctionName=name)["FunctionName"] == "lookup"


@pytest.mark.parametrize(
    ("name", "qualifier", "code"),
    [
        (arn("lookup").replace(ACCOUNT, "999999999999"), None, "ResourceNotFoundException"),
        (arn("lookup").replace(REGION, "eu-west-1"), None, "ResourceNotFoundException"),
        ("lookup:nope", None, "ResourceNotFoundException"),
        ("lookup", "7", "ResourceNotFoundException"),
        ("lookup:$LATEST", "prod", "InvalidParameterValueException"),
    ],
)
def test_a_name_that_leads_nowhere_is_refused(client: Any, name: str, qualifier: str | None, code: str) -> None:
    more = {"Qualifier": qualifier} if qualifier else {}

    assert refused(client.get_function, FunctionName=name, **more)[0] == code


def test_functions_have_tags(client: Any, made: Any) -> None:
    resource = arn(made(Tags={"a": "1"}))
    client.tag_resource(Resource=resource, Tags={"b": "2", "c": "3"})
    client.untag_resource(Resource=resource, TagKeys=["a", "c"])

    assert client.list_tags(Resource=resource)["Tags"] == {"b": "2"}
    many = {str(number): "" for number in range(50)}
    assert "51 tags" in refused(client.tag_resource, Resource=resource, Tags=many)[1]


# --- invoking ---


@pytest.mark.parametrize(
    "payload", [b'{"price":1.50,"name":"Zo\xc3\xab"}', b"[1,2]", b'"text"', b"12345678901234567890", b"null"]
)
def test_an_event_may_be_any_json(client: Any, payload: bytes) -> None:
    reply = client.invoke(FunctionName="lookup", Payload=payload)

    assert (reply["StatusCode"], reply["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in reply
    assert json.loads(reply["Payload"].read()) == json.loads(payload)


def test_without_an_event_a_function_gets_an_empty_object(client: Any) -> None:
    assert json.loads(client.invoke(FunctionName="lookup")["Payload"].read()) == {}


def test_a_function_sees_lambdas_context(client: Any, made: Any) -> None:
    name = made("tells", Environment={"Variables": {"TABLE": "states"}})
    reply = client.invoke(FunctionName=name)
    seen = json.loads(reply["Payload"].read())

    assert seen.items() >= {"version": "$LATEST", "arn": arn(name), "name": name, "table": "states"}.items()
    assert seen["request"] == reply["ResponseMetadata"]["RequestId"]


def test_a_warm_process_is_kept_across_calls(client: Any, made: Any) -> None:
    """P28."""
    name = made("tells")

    assert len({answer(client, name)["pid"] for _ in range(5)}) == 1


def test_a_function_in_node_runs_too(client: Any, made: Any) -> None:
    if shutil.which("node") is None:
        pytest.skip("there is no node on PATH")
    code = {"index.mjs": "export const handler = async (event) => ({got: event, node: process.version.length > 0})"}
    name = made(Runtime="nodejs20.x", Handler="index.handler", Code={"ZipFile": package(code)})

    assert answer(client, name, {"a": 1}) == {"got": {"a": 1}, "node": True}


def test_a_failed_function_is_200_with_a_function_error(client: Any, made: Any) -> None:
    reply = client.invoke(FunctionName=made("raises"))
    body = json.loads(reply["Payload"].read())

    assert (reply["StatusCode"], reply["FunctionError"]) == (200, "Unhandled")
    assert body.items() >= {"errorType": "ValueError", "errorMessage": "no such state"}.items()


def test_a_handler_that_does_not_load_is_a_function_error(client: Any, made: Any) -> None:
    reply = client.invoke(FunctionName=made("nothing"))

    assert reply["FunctionError"] == "Unhandled"
    assert json.loads(reply["Payload"].read())["errorType"] == "Runtime.HandlerNotFound"


def test_a_timed_out_function_says_so_in_lambdas_words(client: Any, made: Any) -> None:
    """P32."""
    reply = client.invoke(FunctionName=made("sleeps", Timeout=1))

    assert (reply["StatusCode"], reply["FunctionError"]) == (200, "Unhandled")
    assert json.loads(reply["Payload"].read())["errorMessage"].endswith("Task timed out after 1.00 seconds")


def test_the_tail_of_the_log_comes_with_the_answer(client: Any, made: Any) -> None:
    reply = client.invoke(FunctionName=made("tells"), LogType="Tail")
    first, output, end, report = base64.b64decode(reply["LogResult"]).decode().splitlines()

    request_id = reply["ResponseMetadata"]["RequestId"]
    assert first == f"START RequestId: {request_id} Version: $LATEST"
    assert output == "some output"
    assert end == f"END RequestId: {request_id}"
    assert report.startswith(f"REPORT RequestId: {request_id}\tDuration: ")
    assert "\tMemory Size: 128 MB\t" in report
    assert "\tInit Duration: " in report
    assert "LogResult" not in client.invoke(FunctionName="lookup")


def test_a_dry_run_runs_nothing(client: Any, made: Any, tmp_path: Path) -> None:
    event = json.dumps({"folder": str(tmp_path)}).encode()

    assert client.invoke(FunctionName=made("waits"), Payload=event, InvocationType="DryRun")["StatusCode"] == 204
    assert refused(client.invoke, FunctionName="nobody", InvocationType="DryRun")[0] == "ResourceNotFoundException"
    assert list(tmp_path.iterdir()) == []


def test_an_event_is_accepted_at_once_and_run_later(client: Any, made: Any, tmp_path: Path) -> None:
    """P33. The function cannot have ended when the call returns: it waits for what comes after."""
    event = json.dumps({"folder": str(tmp_path)}).encode()
    reply = client.invoke(FunctionName=made("waits"), Payload=event, InvocationType="Event")

    assert (reply["StatusCode"], reply["Payload"].read()) == (202, b"")
    (tmp_path / "go").touch()
    until(tmp_path / "done")


def test_the_old_way_to_invoke_later_works(client: Any, made: Any, tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    reply = client.invoke_async(FunctionName=made("waits"), InvokeArgs=json.dumps({"folder": str(tmp_path)}).encode())

    assert reply["Status"] == 202
    until(tmp_path / "done")


def test_each_invocation_that_runs_has_a_process_of_its_own(client: Any, made: Any, tmp_path: Path) -> None:
    """P29. Each of them waits for all the others."""
    name = made("meets", Timeout=60)
    with ThreadPoolExecutor(32) as threads:
        met = threads.map(lambda n: answer(client, name, {"folder": str(tmp_path), "n": n, "count": 32}), range(32))

        assert list(met) == list(range(32))


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        ({"Payload": b"{"}, "InvalidRequestContentException", "not JSON"),
        ({"Payload": b"[" * 100_000}, "InvalidRequestContentException", "not JSON"),
        ({"Payload": b'"' + b"a" * 6_291_456 + b'"'}, "RequestTooLargeException", "6291456"),
        ({"Payload": b'"' + b"a" * 1_048_576 + b'"', "InvocationType": "Event"}, "RequestTooLargeException", "1048576"),
        ({"InvocationType": "Later"}, "InvalidParameterValueException", "RequestResponse, Event, DryRun"),
        ({"ClientContext": "e30="}, "InvalidParameterValueException", "ClientContext is not built"),
        ({"Qualifier": "prod"}, "ResourceNotFoundException", "lookup:prod"),
    ],
)
def test_an_invocation_that_cannot_be_is_refused(client: Any, asked: dict[str, Any], code: str, said: str) -> None:
    got, message = refused(client.invoke, FunctionName="lookup", **asked)

    assert got == code
    assert said in message


def test_an_answer_may_have_six_megabytes(client: Any, made: Any) -> None:
    code = "def handler(event, context):\n    return 'a' * event['size']\n"
    name = made(code=code)

    assert len(answer(client, name, {"size": 6_000_000})) == 6_000_000
    reply = client.invoke(FunctionName=name, Payload=b'{"size":6300000}')
    assert json.loads(reply["Payload"].read())["errorType"] == "Function.ResponseSizeTooLarge"


# --- versions ---


def test_a_version_keeps_what_was_published(client: Any, made: Any) -> None:
    name = made("tells", Environment={"Variables": {"TABLE": "one"}})
    version = client.publish_version(FunctionName=name, Description="first")
    client.update_function_configuration(FunctionName=name, Environment={"Variables": {"TABLE": "two"}})
    client.update_function_code(FunctionName=name, ZipFile=package({"app.py": "def tells(e, c): return 'new'"}))
    seen = client.invoke(FunctionName=name, Qualifier="1")

    assert (version["Version"], version["Description"]) == ("1", "first")
    assert version["FunctionArn"] == f"{arn(name)}:1"
    assert seen["ExecutedVersion"] == "1"
    assert (
        json.loads(seen["Payload"].read()).items() >= {"table": "one", "version": "1", "arn": f"{arn(name)}:1"}.items()
    )
    assert answer(client, name) == "new"
    assert answer(client, f"{arn(name)}:1")["table"] == "one"


def test_what_has_not_changed_is_not_published_again(client: Any, made: Any) -> None:
    name = made(Publish=True)

    assert client.publish_version(FunctionName=name)["Version"] == "1"
    client.update_function_configuration(FunctionName=name, Timeout=7)
    assert client.publish_version(FunctionName=name)["Version"] == "2"
    changed = client.update_function_code(FunctionName=name, ZipFile=package({"app.py": "x = 1\n"}), Publish=True)
    assert changed["Version"] == "3"
    assert [each["Version"] for each in client.list_versions_by_function(FunctionName=name)["Versions"]] == [
        "$LATEST", "1", "2", "3",
    ]  # fmt: skip


def test_a_version_is_published_only_of_what_the_client_means(client: Any, made: Any) -> None:
    name = made()

    other = {"FunctionName": name, "CodeSha256": base64.b64encode(b"0" * 32).decode()}
    assert refused(client.publish_version, **other)[0] == "InvalidParameterValueException"
    assert refused(client.publish_version, FunctionName=name, RevisionId="x")[0] == "PreconditionFailedException"


def test_a_number_of_a_deleted_version_is_not_given_again(client: Any, made: Any) -> None:
    name = made(Publish=True)
    client.delete_function(FunctionName=name, Qualifier="1")
    client.update_function_configuration(FunctionName=name, Timeout=7)

    assert client.publish_version(FunctionName=name)["Version"] == "2"
    assert refused(client.delete_function, FunctionName=name, Qualifier="1")[0] == "ResourceNotFoundException"
    assert (
        refused(client.delete_function, FunctionName=name, Qualifier="$LATEST")[0] == "InvalidParameterValueException"
    )


def test_lists_come_in_pages(client: Any, made: Any) -> None:
    name = made(Publish=True)
    for seconds in range(4, 15):
        client.update_function_configuration(FunctionName=name, Timeout=seconds)
        client.publish_version(FunctionName=name)
    for letter in "cab":
        client.create_alias(FunctionName=name, Name=letter, FunctionVersion="1")
    versions = client.get_paginator("list_versions_by_function").paginate(
        FunctionName=name, PaginationConfig={"PageSize": 5}
    )
    aliases = client.get_paginator("list_aliases").paginate(FunctionName=name, PaginationConfig={"PageSize": 2})

    numbers = [each["Version"] for page in versions for each in page["Versions"]]
    assert numbers == ["$LATEST", *map(str, range(1, 13))]
    assert [each["Name"] for page in aliases for each in page["Aliases"]] == ["a", "b", "c"]
    every = [each["FunctionArn"] for page in client.get_paginator("list_functions").paginate(FunctionVersion="ALL")
             for each in page["Functions"] if each["FunctionName"] == name]  # fmt: skip
    assert len(every) == 13


# --- aliases ---


def test_an_alias_leads_to_a_version(client: Any, made: Any) -> None:
    name = made("tells", Publish=True)
    alias = client.create_alias(FunctionName=name, Name="prod", FunctionVersion="1", Description="live")
    reply = client.invoke(FunctionName=f"{name}:prod")

    assert alias["AliasArn"] == f"{arn(name)}:prod"
    assert reply["ExecutedVersion"] == "1"
    assert json.loads(reply["Payload"].read())["arn"] == f"{arn(name)}:prod"
    configuration = client.get_function_configuration(FunctionName=name, Qualifier="prod")
    assert (configuration["Version"], configuration["FunctionArn"]) == ("1", f"{arn(name)}:prod")
    client.update_alias(FunctionName=name, Name="prod", FunctionVersion="$LATEST")
    assert client.invoke(FunctionName=name, Qualifier="prod")["ExecutedVersion"] == "$LATEST"
    got = client.get_alias(FunctionName=name, Name="prod")
    assert (got["FunctionVersion"], got["Description"]) == ("$LATEST", "live")
    client.delete_alias(FunctionName=name, Name="prod")
    assert refused(client.get_alias, FunctionName=name, Name="prod")[0] == "ResourceNotFoundException"
    assert client.list_aliases(FunctionName=name)["Aliases"] == []


def test_weights_share_invocations_among_two_versions(client: Any, made: Any) -> None:
    name = made(Publish=True)
    client.update_function_configuration(FunctionName=name, Timeout=7)
    client.publish_version(FunctionName=name)
    routing = {"AdditionalVersionWeights": {"2": 0.5}}
    client.create_alias(FunctionName=name, Name="canary", FunctionVersion="1", RoutingConfig=routing)
    # as likely to be wrong as two dozen coins all to fall on one side
    versions = {client.invoke(FunctionName=name, Qualifier="canary")["ExecutedVersion"] for _ in range(25)}

    assert versions == {"1", "2"}
    assert client.get_alias(FunctionName=name, Name="canary")["RoutingConfig"] == routing
    assert refused(client.delete_function, FunctionName=name, Qualifier="2")[0] == "ResourceConflictException"
    assert len(client.list_aliases(FunctionName=name, FunctionVersion="2")["Aliases"]) == 1
    client.update_alias(FunctionName=name, Name="canary", RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}})
    assert {client.invoke(FunctionName=name, Qualifier="canary")["ExecutedVersion"] for _ in range(5)} == {"2"}
    client.update_alias(FunctionName=name, Name="canary", RoutingConfig={})
    assert "RoutingConfig" not in client.get_alias(FunctionName=name, Name="canary")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"FunctionVersion": "9"}, "ResourceNotFoundException"),
        ({"Name": "7"}, "InvalidParameterValueException"),
        ({"Name": "taken"}, "ResourceConflictException"),
        ({"RoutingConfig": {"AdditionalVersionWeights": {"9": 0.1}}}, "ResourceNotFoundException"),
        ({"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.1}}}, "InvalidParameterValueException"),
        ({"RoutingConfig": {"AdditionalVersionWeights": {"$LATEST": 0.1}}}, "InvalidParameterValueException"),
        ({"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.1, "2": 0.2}}}, "InvalidParameterValueException"),
    ],
)
def test_an_alias_that_leads_nowhere_is_refused(client: Any, made: Any, asked: dict[str, Any], code: str) -> None:
    name = made(Publish=True)
    client.update_function_configuration(FunctionName=name, Timeout=7)
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="taken", FunctionVersion="1")

    whole = {"FunctionName": name, "Name": "new", "FunctionVersion": "1", **asked}
    assert refused(client.create_alias, **whole)[0] == code
    stale = {"FunctionName": name, "Name": "taken", "RevisionId": "x"}
    assert refused(client.update_alias, **stale)[0] == "PreconditionFailedException"


# --- permissions ---


def test_connect_is_let_in_by_a_statement(client: Any, made: Any) -> None:
    name = made()
    instance = f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/7b1c"
    added = client.add_permission(
        FunctionName=name, StatementId="connect", Action="lambda:InvokeFunction", Principal="connect.amazonaws.com",
        SourceArn=instance, SourceAccount=ACCOUNT,
    )  # fmt: skip
    policy = json.loads(client.get_policy(FunctionName=name)["Policy"])

    assert policy["Version"] == "2012-10-17"
    assert policy["Statement"] == [json.loads(added["Statement"])]
    assert policy["Statement"][0] == {
        "Sid": "connect", "Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
        "Action": "lambda:InvokeFunction", "Resource": arn(name),
        "Condition": {"ArnLike": {"AWS:SourceArn": instance}, "StringEquals": {"AWS:SourceAccount": ACCOUNT}},
    }  # fmt: skip
    again = {"FunctionName": name, "StatementId": "connect", "Action": "lambda:InvokeFunction", "Principal": "*"}
    assert refused(client.add_permission, **again)[0] == "ResourceConflictException"
    assert refused(client.remove_permission, FunctionName=name, StatementId="no")[0] == "ResourceNotFoundException"
    client.remove_permission(FunctionName=name, StatementId="connect")
    assert refused(client.get_policy, FunctionName=name)[0] == "ResourceNotFoundException"


def test_an_alias_has_a_policy_of_its_own(client: Any, made: Any) -> None:
    name = made()
    client.create_alias(FunctionName=name, Name="prod", FunctionVersion="$LATEST")
    call = {"FunctionName": name, "StatementId": "s", "Action": "lambda:InvokeFunction"}
    client.add_permission(**call, Principal="999999999999", Qualifier="prod")
    client.add_permission(**call, Principal=ROLE)

    [ours] = json.loads(client.get_policy(FunctionName=name, Qualifier="prod")["Policy"])["Statement"]
    [functions] = json.loads(client.get_policy(FunctionName=name)["Policy"])["Statement"]
    assert (ours["Resource"], ours["Principal"]) == (f"{arn(name)}:prod", {"AWS": "arn:aws:iam::999999999999:root"})
    assert (functions["Resource"], functions["Principal"]) == (arn(name), {"AWS": ROLE})
    client.delete_alias(FunctionName=name, Name="prod")
    assert refused(client.get_policy, FunctionName=name, Qualifier="prod")[0] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"Qualifier": "$LATEST"}, "InvalidParameterValueException"),
        ({"Qualifier": "nope"}, "ResourceNotFoundException"),
        ({"StatementId": "no spaces"}, "InvalidParameterValueException"),
        ({"RevisionId": "x"}, "PreconditionFailedException"),
    ],
)
def test_a_statement_that_cannot_be_is_refused(client: Any, made: Any, asked: dict[str, Any], code: str) -> None:
    whole = {"FunctionName": made(), "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "*", **asked}

    assert refused(client.add_permission, **whole)[0] == code


def test_a_policy_has_a_greatest_length(client: Any, made: Any) -> None:
    call = {"FunctionName": made(), "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}
    long = f"arn:aws:sns:us-east-1:1:{'x' * 900}"
    codes = set()
    for number in range(21):
        try:
            client.add_permission(**call, StatementId=str(number), SourceArn=long)
        except ClientError as error:
            codes.add(error.response["Error"]["Code"])

    assert codes == {"PolicyLengthExceededException"}


# --- limits ---


def test_more_than_is_reserved_is_throttled_with_the_reason(client: Any, made: Any, tmp_path: Path) -> None:
    name = made("waits")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    with ThreadPoolExecutor() as threads:
        first = threads.submit(answer, client, name, {"folder": str(tmp_path)})
        until(tmp_path / "begun")
        with pytest.raises(client.exceptions.TooManyRequestsException) as caught:
            client.invoke(FunctionName=name)
        (tmp_path / "go").touch()
        first.result(PATIENCE_SECONDS)

    assert caught.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert answer(client, name, {"folder": str(tmp_path)}) == "first"
    assert client.get_function(FunctionName=name)["Concurrency"] == {"ReservedConcurrentExecutions": 1}
    assert client.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 1
    client.delete_function_concurrency(FunctionName=name)
    assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(FunctionName=name)


def test_a_function_that_may_not_run_is_throttled(client: Any, made: Any) -> None:
    name = made()
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)

    assert refused(client.invoke, FunctionName=name)[0] == "TooManyRequestsException"
    client.delete_function_concurrency(FunctionName=name)
    assert answer(client, name, {"a": 1}) == {"a": 1}


def test_a_hundred_are_left_for_functions_without_a_reservation(client: Any, made: Any) -> None:
    name = made()
    limit = client.get_account_settings()["AccountLimit"]

    assert limit["ConcurrentExecutions"] == 1000
    assert limit["CodeSizeUnzipped"] == 262_144_000
    call = {"FunctionName": name, "ReservedConcurrentExecutions": limit["UnreservedConcurrentExecutions"] - 99}
    assert refused(client.put_function_concurrency, **call)[0] == "InvalidParameterValueException"


def test_how_long_an_event_is_tried_for_is_set(client: Any, made: Any) -> None:
    name = made()
    assert refused(client.get_function_event_invoke_config, FunctionName=name)[0] == "ResourceNotFoundException"
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    changed = client.update_function_event_invoke_config(FunctionName=name, MaximumEventAgeInSeconds=60)

    assert (changed["MaximumRetryAttempts"], changed["MaximumEventAgeInSeconds"]) == (0, 60)
    assert changed["FunctionArn"] == f"{arn(name)}:$LATEST"
    listed = client.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]
    assert [each["MaximumRetryAttempts"] for each in listed] == [0]
    client.delete_function_event_invoke_config(FunctionName=name)
    assert refused(client.get_function_event_invoke_config, FunctionName=name)[0] == "ResourceNotFoundException"


# --- functions of offhook.toml ---


def test_functions_of_the_project_are_there(client: Any, server: Server) -> None:
    configuration = client.get_function_configuration(FunctionName="lookup")
    own = f"python{sys.version_info.major}.{sys.version_info.minor}"

    assert configuration.items() >= {
        "Runtime": own, "Handler": "app.handler", "Timeout": 8, "MemorySize": 256, "Version": "$LATEST",
        "Environment": {"Variables": {"TABLE": "demo"}},
    }.items()  # fmt: skip
    assert {"lookup", "stub"} <= set(server.ready["functions"])


def test_their_code_is_changed_where_it_lies(client: Any) -> None:
    zipped = package({"app.py": CODE})

    for call, more in (
        (client.update_function_code, {"ZipFile": zipped}),
        (client.update_function_configuration, {"Timeout": 5}),
        (client.publish_version, {}),
        (client.delete_function, {}),
    ):
        code, message = refused(call, FunctionName="lookup", **more)
        assert (code, "offhook.toml" in message) == ("ResourceConflictException", True)


def test_a_changed_file_of_the_project_is_what_runs_next(tmp_path: Path) -> None:
    """P28."""
    (tmp_path / "offhook.toml").write_text('[functions.f]\nhandler = "app.handler"\n')
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return 'one'\n")
    served = Server(tmp_path)
    try:
        client = served.client("lambda")
        first = answer(client, "f")
        (tmp_path / "app.py").write_text("def handler(event, context):\n    return 'two, as I said'\n")

        assert (first, answer(client, "f")) == ("one", "two, as I said")
    finally:
        served.stop()


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("throttled", 429, "TooManyRequestsException"),
        ("forbidden", 403, "AccessDeniedException"),
        ("gone", 404, "ResourceNotFoundException"),
        ("broken", 500, "ServiceException"),
    ],
)
def test_a_fault_of_the_project_is_an_error_of_the_api(client: Any, name: str, status: int, code: str) -> None:
    with pytest.raises(ClientError) as caught:
        client.invoke(FunctionName=name)

    response = caught.value.response
    assert (response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]) == (status, code)


def test_a_stub_answers_and_a_function_that_is_cut_says_so(client: Any) -> None:
    assert answer(client, "stub") == {"State": "WA"}
    reply = client.invoke(FunctionName="cut")

    assert reply["FunctionError"] == "Unhandled"
    assert "Task timed out after 1.00 seconds" in reply["Payload"].read().decode()


# --- whoever asks ---


def test_nothing_of_the_machine_leaks_into_a_function(client: Any, made: Any) -> None:
    name = made(code="import os\ndef handler(event, context):\n    return dict(os.environ)\n")
    seen = answer(client, name)

    assert "AWS_SHARED_CREDENTIALS_FILE" not in seen
    assert not {"VIRTUAL_ENV", "PWD", "AWS_ACCESS_KEY_ID"} & seen.keys()
    assert seen["HOME"] != os.environ.get("HOME")


def test_many_may_ask_at_once(client: Any, made: Any) -> None:
    name = made()
    failed: list[BaseException] = []

    def change(number: int) -> None:
        try:
            client.create_alias(FunctionName=name, Name=f"a{number}", FunctionVersion="$LATEST")
        except ClientError as error:
            failed.append(error)

    threads = [threading.Thread(target=change, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)

    assert failed == []
    assert len(client.list_aliases(FunctionName=name)["Aliases"]) == 16


def aws(server: Server, *words: str) -> "subprocess.CompletedProcess[str]":
    """The AWS CLI beside this Python."""
    program = shutil.which("aws", path=str(Path(sys.executable).parent))
    if program is None:
        message = "no aws beside this Python: pip install awscli"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    given = environment(
        AWS_ENDPOINT_URL=server.url, AWS_DEFAULT_REGION=REGION, AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="y",
        AWS_MAX_ATTEMPTS="1",
    )  # fmt: skip
    return subprocess.run(
        [program, "lambda", *words], env=given, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )


def test_the_aws_command_line_creates_and_invokes(server: Server, tmp_path: Path) -> None:
    (tmp_path / "f.zip").write_bytes(package({"app.py": CODE}))
    created = aws(
        server, "create-function", "--function-name", "from-cli", "--runtime", OWN_PYTHON, "--role", ROLE,
        "--handler", "app.handler", "--zip-file", f"fileb://{tmp_path}/f.zip",
    )  # fmt: skip
    out = tmp_path / "out.json"
    invoked = aws(server, "invoke", "--function-name", "from-cli", "--payload", '{"a": 1}', str(out))
    missing = aws(server, "get-function", "--function-name", "nobody")

    assert created.returncode == 0, created.stderr
    assert json.loads(created.stdout)["State"] == "Active"
    assert json.loads(invoked.stdout) == {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
    assert json.loads(out.read_text()) == {"a": 1}
    assert missing.returncode != 0
    assert "(ResourceNotFoundException)" in missing.stderr
