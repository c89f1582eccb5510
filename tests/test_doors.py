"""Who may call the server, and how often: access keys, pages of other servers, rates."""

import http.client
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from offhook.api.aws import services
from offhook.api.browser import Pages
from offhook.api.door import Door
from offhook.api.gateway import Gateway
from offhook.api.limit_rate import Rate
from offhook.cli import server
from offhook.cli.doors import VARIABLE, door
from offhook.cli.project import Project
from offhook.cli.server_settings import ServerSettings
from offhook.cli.settings import read_settings
from offhook.model.errors import UsageError
from tests.server import PATIENCE_SECONDS, REGION, Server, environment
from tests.shapes import Replied, call
from tests.test_signature import KEY, MISMATCH, signed
from tests.test_signature import refused as refused_by

ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
FILE = f"[default]\naws_access_key_id = {ID}\naws_secret_access_key = {SECRET}\n"


# --- where keys come from ---


def refused(act: Callable[[], Any]) -> str:
    with pytest.raises(UsageError) as caught:
        act()
    assert SECRET not in str(caught.value)
    [sentence] = caught.value.problems
    return sentence


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.com"])
def test_other_machines_need_access_keys(host: str) -> None:
    said = refused(lambda: server.guard(Project(root=Path()), None, host))

    assert said.startswith(f"--host {host}: other machines may not call without access keys; give some with")


def test_this_machine_needs_none() -> None:
    made = server.guard(Project(root=Path()), None, "127.0.0.1")

    assert (dict(made.keys), made.rate, made.pages) == ({}, None, Pages())


def test_keys_are_in_a_file_as_aws_has_them(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(
        FILE + "[other]\naws_access_key_id=ASIA2\naws_secret_access_key=%40%%{x};#sixteen\naws_session_token=t\n"
    )
    made = door(ServerSettings(), file, {}, is_loopback=True)

    assert {name: (key.secret, key.token) for name, key in made.keys.items()} == {
        ID: (SECRET, ""), "ASIA2": ("%40%%{x};#sixteen", "t"),
    }  # fmt: skip


def test_a_file_goes_before_the_environment_and_that_before_the_project(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(FILE)
    settings = ServerSettings(access_keys={"OFTOML": SECRET})
    given = {VARIABLE: f" ONE:{SECRET}  TWO:a:secret:with:colons "}

    assert list(door(settings, file, given, is_loopback=True).keys) == [ID]
    assert [(key.id, key.secret) for key in door(settings, None, given, is_loopback=True).keys.values()] == [
        ("ONE", SECRET), ("TWO", "a:secret:with:colons"),
    ]  # fmt: skip
    assert list(door(settings, None, {VARIABLE: " "}, is_loopback=True).keys) == ["OFTOML"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "has no access key"),
        (b"\xff", "must be text in UTF-8"),
        (b"no section", "line 1 is not as ~/.aws/credentials"),
        (FILE.encode() + b"nonsense " + SECRET.encode(), "line 4 is not as ~/.aws/credentials"),
        (FILE.encode() * 2, "is not as ~/.aws/credentials"),
        (b"[a]\naws_access_key_id = AKID\n", "[a] must have a secret of 16 to 256 characters"),
        (b"[a]\naws_secret_access_key = " + SECRET.encode(), "[a] is no id of an access key"),
        (f"[a]\naws_access_key_id = {SECRET}\naws_secret_access_key = {ID}".encode(), "[a] is no id of an access key"),
        ("[a]\naws_access_key_id = AKID\naws_secret_access_key = ééééééééééééééééé".encode(), "visible ASCII"),
        (FILE.encode() + b"aws_session_token = " + b"t" * 5000, "a session token of more than 4096 characters"),
    ],
)
def test_a_file_without_keys_is_one_sentence(tmp_path: Path, text: bytes, said: str) -> None:
    file = tmp_path / "keys"
    file.write_bytes(text)

    assert said in refused(lambda: door(ServerSettings(), file, {}, is_loopback=True))


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    assert "cannot be read" in refused(lambda: door(ServerSettings(), tmp_path / "nothing", {}, is_loopback=True))


@pytest.mark.parametrize("text", [SECRET, f":{SECRET}", f"{ID}:", f"{SECRET}:{ID}", f"{ID}:short"])
def test_an_environment_without_keys_is_one_sentence(text: str) -> None:
    assert refused(lambda: door(ServerSettings(), None, {VARIABLE: text}, is_loopback=True)).startswith(VARIABLE)


def test_the_table_of_the_server_is_read() -> None:
    text = f"""
[server]
access_keys = {{ {ID} = "{SECRET}" }}
origins = ["https://example.com", "http://[::1]:3000"]
requests_per_second = 5
connections = 7
patience_seconds = 9
url = "https://connect.example.com/"
[env.test.server]
requests_per_second = 6
"""
    settings, problems = read_settings(text, source="t", env="test")

    assert problems == []
    assert settings.server == ServerSettings(
        access_keys={ID: SECRET}, origins=("https://example.com", "http://[::1]:3000"), requests_per_second=6,
        connections=7, patience_seconds=9, url="https://connect.example.com",
    )  # fmt: skip
    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"access_keys = '{SECRET}'", "[server.access_keys]"),
        (f"access_keys = {{ 'a b' = '{SECRET}' }}", "is no id of an access key"),
        ("access_keys = { AKID = 1234567890123456789 }", "must have a secret of 16 to 256 characters"),
        ("access_keys = { AKID = 'has a space in its middle' }", "visible ASCII"),
        ("origins = ['example.com']", "must be like 'https://example.com'"),
        ("origins = ['*']", "must be like 'https://example.com'"),
        ("url = 'connect.example.com'", "must be like 'https://connect.example.com'"),
        ("requests_per_second = 0", "must be a whole number in 1..1000000"),
        ("patience_seconds = 1.5", "must be a whole number in 1..3600"),
        ("port = 1", "is not a setting here"),
    ],
)
def test_mistakes_of_the_table_are_said_without_secrets(text: str, said: str) -> None:
    _, problems = read_settings(f"[server]\n{text}\n", source="t", env=None)

    assert said in problems[0]
    assert "1234567890123456789" not in str(problems)


# --- a server that other machines may call ---


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "keys").write_text(FILE)
    (folder / "offhook.toml").write_text('[functions.f]\nstub = 1\n[server]\norigins = ["https://shop.example.com"]\n')
    served = Server(folder, "--host", "0.0.0.0", "--access-keys", "keys")
    yield served
    log = served.log
    served.stop()
    assert SECRET not in log
    assert "internal error" not in log


def client(guarded: Server, service: str, secret: str = SECRET, name: str = ID) -> Any:
    return boto3.client(
        service, endpoint_url=url(guarded), region_name="eu-west-2", aws_access_key_id=name,
        aws_secret_access_key=secret, config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip


def url(guarded: Server) -> str:
    return guarded.url.replace("0.0.0.0", "127.0.0.1")


def test_boto3_is_let_in_with_its_key(guarded: Server) -> None:
    functions = client(guarded, "lambda")

    assert functions.invoke(FunctionName="f", Payload=b'{"a": 1}')["Payload"].read() == b"1"
    assert [each["FunctionName"] for each in functions.list_functions(MaxItems=1)["Functions"]] == ["f"]
    connect = client(guarded, "connect")
    made = connect.create_instance(
        InstanceAlias="doors", IdentityManagementType="CONNECT_MANAGED", InboundCallsEnabled=True,
        OutboundCallsEnabled=False,
    )  # fmt: skip
    assert connect.describe_instance(InstanceId=made["Id"])["Instance"]["InstanceAlias"] == "doors"
    assert connect.list_tags_for_resource(resourceArn=made["Arn"])["tags"] == {}


@pytest.mark.parametrize("service", ["lambda", "connect"])
@pytest.mark.parametrize(
    ("name", "secret", "code"),
    [
        (ID, SECRET[::-1], "InvalidSignatureException"),
        ("AKIDOTHER", SECRET, "UnrecognizedClientException"),
    ],
)
def test_boto3_is_told_what_is_wrong_with_its_key(
    guarded: Server, service: str, name: str, secret: str, code: str
) -> None:
    asked = client(guarded, service, secret, name)
    with pytest.raises(ClientError) as caught:
        asked.list_functions() if service == "lambda" else asked.list_instances()

    response = caught.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, 403)


def test_the_aws_command_line_is_let_in_with_the_same_file(guarded: Server) -> None:
    program = shutil.which("aws", path=str(Path(sys.executable).parent))
    if program is None:
        message = "no aws beside this Python: pip install awscli"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    given = environment(
        AWS_ENDPOINT_URL=url(guarded), AWS_DEFAULT_REGION=REGION, AWS_MAX_ATTEMPTS="1",
        AWS_SHARED_CREDENTIALS_FILE=str(guarded.folder / "keys"),
    )  # fmt: skip
    done = subprocess.run(
        [program, "lambda", "list-functions"], env=given, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )

    assert done.returncode == 0, done.stderr
    assert [each["FunctionName"] for each in json.loads(done.stdout)["Functions"]] == ["f"]


def fetched(guarded: Server, method: str, path: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", int(guarded.url.rpartition(":")[2]), timeout=PATIENCE_SECONDS)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        response.read()
        return response
    finally:
        connection.close()


def test_a_signed_url_is_let_in_and_an_unsigned_one_is_not(guarded: Server) -> None:
    made = client(guarded, "lambda").generate_presigned_url("list_functions", ExpiresIn=60)
    path = made.removeprefix(url(guarded))

    assert fetched(guarded, "GET", path).status == 200
    assert fetched(guarded, "GET", path + "x").status == 403
    assert fetched(guarded, "GET", path.partition("?")[0]).status == 403


def test_a_server_with_keys_may_have_a_public_name(guarded: Server) -> None:
    assert fetched(guarded, "GET", "/instance", Host="connect.example.com").getheader("x-amzn-ErrorType") == (
        "MissingAuthenticationTokenException"
    )


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://shop.example.com", True),
        ("https://connect.example.com", True),
        ("http://localhost:3000", True),
        ("http://shop.example.com", False),
        ("https://shop.example.com:8443", False),
        ("https://shop.example.com.evil.test", False),
        ("null", False),
    ],
)
def test_pages_of_other_servers_are_named_in_the_project(guarded: Server, origin: str, allowed: bool) -> None:
    asked = {"Host": "connect.example.com", "Origin": origin}
    preflight = fetched(guarded, "OPTIONS", "/instance", **asked, **{"Access-Control-Request-Method": "GET"})
    reply = fetched(guarded, "GET", "/instance", **asked)

    assert preflight.status == (204 if allowed else 403)
    assert reply.getheader("access-control-allow-origin") == (origin if allowed else None)
    assert reply.status == 403


def test_participants_are_asked_for_their_token_alone(guarded: Server) -> None:
    reply = fetched(guarded, "POST", "/participant/connection", **{"X-Amz-Bearer": "no such token"})

    assert (reply.status, reply.getheader("x-amzn-ErrorType")) == (403, "AccessDeniedException")


# --- pages without keys ---


def test_without_keys_a_page_may_be_named_and_a_public_name_may_not() -> None:
    pages = Pages(frozenset({"https://shop.example.com"}))

    assert pages.refusal({"host": "localhost", "origin": "https://shop.example.com"}) == ""
    assert "may not call" in pages.refusal({"host": "offhook", "origin": "http://offhook"})
    assert pages.refusal({"host": "shop.example.com"}).startswith("Host is")


# --- how often ---


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_bucket_has_two_seconds_of_requests_and_fills_steadily() -> None:
    clock = Clock()
    rate = Rate(3, clock)

    assert [rate.takes("a") for _ in range(7)] == [True] * 6 + [False]
    assert rate.takes("b")
    clock.seconds += 1
    assert [rate.takes("a") for _ in range(4)] == [True] * 3 + [False]
    clock.seconds += 1000
    assert [rate.takes("a") for _ in range(7)] == [True] * 6 + [False]


def test_only_so_many_askers_are_remembered() -> None:
    rate = Rate(1, Clock())
    for number in range(10_100):
        assert rate.takes(str(number))

    assert rate.takes("0"), "forgotten, so its bucket is full"
    assert [rate.takes("10099"), rate.takes("10099")] == [True, False]


def limited(*, keys: bool) -> Gateway:
    nothing: dict[str, Any] = {"ListFunctions": lambda parameters, request_id: {}}
    made = services(lambdas=nothing, connect={"ListInstances": lambda parameters, request_id: {}})
    return Gateway(made, Door(keys={KEY.id: KEY} if keys else {}, rate=Rate(1, Clock())))


def test_too_many_requests_are_refused_in_the_service_s_words() -> None:
    def ask(path: str) -> list[tuple[int, str]]:
        app = limited(keys=False)
        replies = [call(app, "GET", path) for _ in range(3)]
        return [(reply.status, reply.headers.get("x-amzn-errortype", "")) for reply in replies]

    assert ask("/instance") == [(200, ""), (200, ""), (429, "ThrottlingException")]
    assert ask("/2015-03-31/functions/") == [(200, ""), (200, ""), (429, "TooManyRequestsException")]


def test_a_throttled_call_of_lambda_says_why_and_when_to_try_again() -> None:
    app = limited(keys=False)
    reply: Replied = [call(app, "GET", "/2015-03-31/functions/") for _ in range(3)][-1]

    assert json.loads(reply.body) == {"Type": "User", "message": "Rate exceeded", "Reason": "CallerRateLimitExceeded"}
    assert reply.headers["retry-after"] == "1"


def test_whoever_has_not_the_key_uses_up_nothing_of_it() -> None:
    app = limited(keys=True)
    method, path, headers, body = signed("GET", "http://localhost:4510/2015-03-31/functions/", body=b"")
    lower = {name.lower(): text for name, text in headers.items()}
    forged = {**lower, "authorization": lower["authorization"][:-1] + "x"}

    for _ in range(5):
        assert refused_by(call(app, method, path, headers=forged)) == MISMATCH
    statuses = [call(app, method, path, headers=lower, body=body).status for _ in range(3)]
    assert statuses == [200, 200, 429]


def test_other_machines_are_throttled_unless_the_project_says_more() -> None:
    given = {VARIABLE: f"{ID}:{SECRET}"}

    def per_second(settings: ServerSettings, *, is_loopback: bool) -> int | None:
        rate = door(settings, None, given, is_loopback=is_loopback).rate
        return None if rate is None else rate.per_second

    assert per_second(ServerSettings(), is_loopback=True) is None
    assert per_second(ServerSettings(), is_loopback=False) == 100
    assert per_second(ServerSettings(requests_per_second=7), is_loopback=False) == 7
    assert per_second(ServerSettings(requests_per_second=7), is_loopback=True) == 7


def test_who_has_no_key_begins_no_chat_and_gets_no_page(guarded: Server) -> None:
    asked = {"InstanceId": "x", "ContactFlowId": "x", "ParticipantDetails": {"DisplayName": "x"}}
    for path, data in (("chat", json.dumps(asked).encode()), ("chat/", None), ("chat/flows.json", None)):
        with pytest.raises(HTTPError) as caught:
            urlopen(f"{url(guarded)}/offhook/{path}", data)
        with caught.value as error:
            assert error.code == 403
            assert b"signed StartChatContact" in error.read()
