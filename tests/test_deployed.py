"""Deployed functions: what is sent, how it is signed, and what each answer of Lambda's Invoke API means."""

import base64
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.session import Session
from msgspec.structs import replace

from offhook.adapters.lambdas.deployed import endpoint_of
from offhook.adapters.lambdas.host import LambdaHost
from offhook.adapters.lambdas.spec import DeployedFunction, parse_function
from offhook.core.lambda_failure import cause_of, is_retried
from offhook.model.effect import InvokeLambda
from offhook.model.errors import UsageError
from offhook.model.event import LambdaEnded

from .stage import BYE, call, compiled, flow, play, say

ARN = "arn:aws:lambda:eu-west-1:999999999999:function:lookup"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
EFFECT = InvokeLambda("c/1", "lookup", ARN, {"Details": {"Parameters": {"name": "Zoë"}}}, 5000, "request-1")


@dataclass
class Answer:
    """`body` pieces are sent one by one; `hang`: nothing is sent until the test is over; `cut`: the connection ends."""

    status: int = 200
    body: bytes = b'{"State":"WA"}'
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    cut: bool = False


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    body: bytes
    connection: tuple[str, int]


class Service:
    """A stand-in for Lambda: gives `answers` in order, the last again and again, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [Answer()]
        self.asked: list[Asked] = []
        self.over = threading.Event()
        self.arrived = threading.Semaphore(0)
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                service.handle(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        self.asked.append(Asked(request.path, dict(request.headers.items()), body, request.client_address))
        self.arrived.release()
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if answer.hang:
            self.over.wait()
            request.close_connection = True
            return
        if answer.cut:
            request.connection.shutdown(socket.SHUT_RDWR)
            request.close_connection = True
            return
        request.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(answer.body)

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def as_somebody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Credentials from the environment, and nothing else of the machine."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_LAMBDA", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


def function(service: Service, arn: str = ARN, **settings: Any) -> DeployedFunction:
    return DeployedFunction(name="lookup", arn=arn, **{"region": "eu-west-1", "endpoint": service.url, **settings})


def invoked(deployed: DeployedFunction, *effects: InvokeLambda, **limits: Any) -> LambdaEnded:
    """What the last of these attempts came to."""
    with LambdaHost({"lookup": deployed}, **limits) as host:
        return [host.invoke(effect).result(20) for effect in effects or (EFFECT,)][-1]


# --- what is sent


def test_an_attempt_is_one_request_to_invoke(service: Service) -> None:
    ended = invoked(function(service))

    (asked,) = service.asked
    assert asked.path == (
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A999999999999%3Afunction%3Alookup/invocations"
    )
    assert json.loads(asked.body) == EFFECT.event
    assert asked.headers["X-Amz-Invocation-Type"] == "RequestResponse"
    assert asked.headers["X-Amz-Log-Type"] == "Tail"
    assert (ended.effect_id, ended.status, ended.body, ended.body_bytes) == ("c/1", 200, '{"State":"WA"}', 14)
    assert ended.took_ms >= 1


def test_the_request_is_signed_with_the_users_credentials(service: Service) -> None:
    """Signed once more here, from what arrived, with the secret that only the user has."""
    invoked(function(service, f"{ARN}:$LATEST"))

    (asked,) = service.asked
    given = asked.headers["Authorization"]
    names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    again = AWSRequest("POST", service.url + asked.path, data=asked.body)
    for name, value in asked.headers.items():
        if name.lower() in names and name.lower() != "host":
            again.headers[name] = value
    signer = SigV4Auth(Credentials("AKIDEXAMPLE", SECRET), "lambda", "eu-west-1")
    again.context["timestamp"] = asked.headers["X-Amz-Date"]
    signature = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
    assert f"AKIDEXAMPLE/{asked.headers['X-Amz-Date'][:8]}/eu-west-1/lambda/aws4_request" in given
    assert {"host", "x-amz-date", "x-amz-invocation-type", "x-amz-log-type", "content-type"} <= set(names)
    assert given.endswith(f"Signature={signature}")


@pytest.mark.parametrize(
    ("own", "asked_for", "sent"),
    [
        ("", "", ""),
        (":live", "", "?Qualifier=live"),
        (":live", "7", "?Qualifier=7"),
        ("", "$LATEST", "?Qualifier=%24LATEST"),
    ],
)
def test_the_flows_qualifier_wins_over_the_functions_own(service: Service, own: str, asked_for: str, sent: str) -> None:
    invoked(function(service, ARN + own), replace(EFFECT, qualifier=asked_for))

    assert service.asked[0].path.endswith(f"function%3Alookup/invocations{sent}")


def test_connections_are_kept(service: Service) -> None:
    invoked(function(service), EFFECT, EFFECT, EFFECT)

    assert len({asked.connection for asked in service.asked}) == 1


def test_an_asynchronous_call_is_answered_too(service: Service) -> None:
    """A flow may load the answer later, which Lambda's Event invocations never give."""
    ended = invoked(function(service), replace(EFFECT, asynchronous=True))

    assert ended.body == '{"State":"WA"}'
    assert service.asked[0].headers["X-Amz-Invocation-Type"] == "RequestResponse"


def test_many_attempts_run_at_once(service: Service) -> None:
    service.answers = [Answer(hang=True)]
    with LambdaHost({"lookup": function(service)}) as host:
        waiting = [host.invoke(EFFECT) for _ in range(8)]
        assert all(service.arrived.acquire(timeout=20) for _ in waiting)
        assert not any(each.done() for each in waiting)


def test_a_function_that_is_not_invoked_imports_nothing_that_calls_aws() -> None:
    script = (
        "import sys, pathlib\n"
        "from offhook.adapters.lambdas.host import LambdaHost\n"
        "from offhook.adapters.lambdas.spec import parse_function\n"
        f"with LambdaHost({{'f': parse_function('f=deployed:{ARN}', folder=pathlib.Path())}}): print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    loaded = set(done.stdout.split())
    assert "offhook.adapters.lambdas.host" in loaded
    assert not {"botocore", "httpx"} & loaded


# --- who sends it


def test_a_profile_gives_credentials(service: Service, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile team]\naws_access_key_id = AKIDTEAM\naws_secret_access_key = x\n")

    invoked(function(service, profile="team"))

    assert "AKIDTEAM/" in service.asked[0].headers["Authorization"]


def test_a_profile_that_there_is_not_is_a_refusal(service: Service) -> None:
    ended = invoked(function(service, profile="nobody"))

    assert (ended.status, ended.cause) == (403, "forbidden")
    assert ended.detail == (
        "the request could not be signed: The config profile (nobody) could not be found; "
        "sign in to AWS, or name another profile."
    )
    assert service.asked == []
    assert not is_retried(ended)


def test_without_credentials_nothing_is_sent_to_aws(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", service.url)

    ended = invoked(function(service, endpoint=""))

    assert (ended.status, ended.error_code) == (403, "AccessDeniedException")
    assert "Unable to locate credentials; sign in to AWS" in ended.detail
    assert service.asked == []


def test_an_endpoint_of_ones_own_may_do_without(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """`offhook serve` on the loopback takes requests that are not signed."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")

    assert invoked(function(service)).status == 200
    assert "Authorization" not in service.asked[0].headers


def test_signing_in_meanwhile_helps(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", service.url)
    with LambdaHost({"lookup": function(service, endpoint="")}) as host:
        with pytest.MonkeyPatch.context() as signed_out:
            signed_out.delenv("AWS_SECRET_ACCESS_KEY")
            first = host.invoke(EFFECT).result(20)
        second = host.invoke(EFFECT).result(20)

    assert (first.status, second.status) == (403, 200)


def test_certificates_that_cannot_be_read_are_told(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere.pem")

    assert "the certificates of AWS_CA_BUNDLE cannot be read: " in invoked(function(service)).detail


@pytest.mark.parametrize(
    ("name", "value"),
    [("AWS_ENDPOINT_URL", "http://[::1"), ("AWS_ENDPOINT_URL", "lambda.local"), ("HTTPS_PROXY", "odd://proxy")],
)
def test_an_environment_that_is_wrong_is_told(
    service: Service, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    ended = invoked(function(service, endpoint="" if name == "AWS_ENDPOINT_URL" else service.url))

    assert (ended.status, ended.cause) == (500, "service")
    assert service.asked == []


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("eu-west-1", "https://lambda.eu-west-1.amazonaws.com"),
        ("cn-north-1", "https://lambda.cn-north-1.amazonaws.com.cn"),
        ("nowhere", "https://lambda.nowhere.amazonaws.com"),
    ],
)
def test_the_regions_endpoint_is_taken_where_none_is_said(region: str, url: str) -> None:
    assert endpoint_of(Session(), region) == url


# --- what comes back


def failed(service: Service, error: dict[str, Any], **headers: str) -> LambdaEnded:
    service.answers = [
        Answer(body=json.dumps(error).encode(), headers={"X-Amz-Function-Error": "Unhandled", **headers})
    ]
    return invoked(function(service))


@pytest.mark.parametrize(
    ("kind", "message", "cause"),
    [
        ("ValueError", "no such customer", "function_error"),
        ("Sandbox.Timedout", "RequestId: 1 Error: Task timed out after 3.00 seconds", "function_timeout"),
        ("", "2026-01-05T15:00:00.000Z 1 Task timed out after 3.00 seconds", "function_timeout"),
        ("Sandbox.Timedout", "RequestId: 1 Error: Init phase timed out after 10.00 seconds", "init"),
        ("Runtime.ImportModuleError", "Unable to import module 'x'", "init"),
        ("Runtime.HandlerNotFound", "Handler 'h' missing", "init"),
        ("Runtime.ExitError", "RequestId: 1 Error: Runtime exited with error: exit status 1", "crash"),
        ("Runtime.OutOfMemory", "", "crash"),
        ("Extension.Crash", "", "crash"),
        ("Runtime.MarshalError", "Unable to marshal response", "function_error"),
        ("Runtime.UnhandledPromiseRejection", "Error: x", "function_error"),
    ],
)
def test_failures_of_the_function_are_told_apart(service: Service, kind: str, message: str, cause: str) -> None:
    ended = failed(service, {"errorType": kind, "errorMessage": message})

    assert (ended.status, ended.function_error, ended.cause) == (200, "Unhandled", cause)
    assert ended.detail == ": ".join(filter(None, (kind, message)))
    assert json.loads(ended.body)["errorType"] == kind


def test_a_failure_that_is_no_error_object_is_a_function_error(service: Service) -> None:
    service.answers = [Answer(body=b"oh no", headers={"X-Amz-Function-Error": "Handled"})]

    ended = invoked(function(service))

    assert (ended.function_error, ended.cause, ended.body) == ("Unhandled", "function_error", "oh no")


@pytest.mark.parametrize(
    ("status", "code", "cause", "retried"),
    [
        (403, "AccessDeniedException", "forbidden", False),
        (404, "ResourceNotFoundException", "not_found", False),
        (429, "TooManyRequestsException", "throttle", True),
        (500, "ServiceException", "service", True),
        (502, "EC2UnexpectedException", "service", True),
        (400, "InvalidRequestContentException", "service", False),
    ],
)
@pytest.mark.parametrize("spelling", ["header", "type"])
def test_refusals_of_lambda_keep_their_names(
    service: Service, status: int, code: str, cause: str, retried: bool, spelling: str
) -> None:
    headers = {"x-amzn-ErrorType": f"{code}:http://internal.amazon.com/"} if spelling == "header" else {}
    body = (
        {"Message": "Because."} if spelling == "header" else {"__type": f"com.amazonaws#{code}", "message": "Because."}
    )
    service.answers = [Answer(status, json.dumps(body).encode(), headers)]

    ended = invoked(function(service))

    assert (ended.status, ended.error_code, cause_of(ended)) == (status, code, cause)
    assert ended.detail == f"{code}: Because."
    assert is_retried(ended) is retried
    assert len(service.asked) == 1


def test_a_refusal_without_any_word_has_its_status(service: Service) -> None:
    service.answers = [Answer(503, b"<html>")]

    ended = invoked(function(service))

    assert (ended.status, ended.error_code, ended.detail) == (
        503,
        "ServiceUnavailable",
        "ServiceUnavailable (status 503).",
    )


def test_an_answer_that_invoke_never_gives_is_a_failure(service: Service) -> None:
    service.answers = [Answer(302, b"", {"Location": "http://127.0.0.1:1/"})]

    ended = invoked(function(service))

    assert (ended.status, ended.error_code) == (500, "Found")
    assert len(service.asked) == 1


def test_the_tail_of_the_log_comes_along(service: Service) -> None:
    log = "START RequestId: 1\nhello\nREPORT RequestId: 1\tDuration: 2.1 ms\tInit Duration: 211.07 ms\t\n"
    encoded = base64.b64encode(log.encode()).decode()
    service.answers = [Answer(headers={"X-Amz-Log-Result": encoded}), Answer(headers={"X-Amz-Log-Result": "?"})]

    cold = invoked(function(service))
    odd = invoked(function(service))

    assert (cold.log, cold.cold, cold.init_ms) == (log, True, 212)
    assert (odd.log, odd.cold, odd.init_ms) == ("", False, 0)
    assert failed(service, {"errorType": "E"}, **{"X-Amz-Log-Result": encoded}).log == log


def test_a_big_answer_is_cut_and_its_size_is_told(service: Service) -> None:
    service.answers = [Answer(body=b"a" * 50_000)]

    ended = invoked(function(service), max_body_bytes=40_000)

    assert (len(ended.body), ended.body_bytes) == (40_000, 50_000)


def test_an_answer_without_end_is_not_read_to_its_end(service: Service) -> None:
    service.answers = [Answer(body=b"a" * 9_000_000)]

    ended = invoked(function(service))

    assert len(ended.body) == 65_536
    assert 6_291_556 < ended.body_bytes < 9_000_000


# --- when nothing comes back


def test_an_attempt_ends_at_its_own_limit(service: Service) -> None:
    service.answers = [Answer(hang=True)]

    ended = invoked(function(service), replace(EFFECT, timeout_ms=50))

    assert (ended.status, ended.cause, ended.detail) == (0, "time_limit", "no answer within 50 ms.")
    assert ended.took_ms >= 50


def test_nobody_at_home_is_a_service_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    ended = invoked(DeployedFunction(name="f", arn=ARN, region="eu-west-1", endpoint=f"http://127.0.0.1:{port}"))

    assert (ended.status, ended.cause) == (500, "service")
    assert ended.detail == f"127.0.0.1:{port} gave no answer: All connection attempts failed."


def test_a_connection_that_ends_is_a_service_failure_and_one_request(service: Service) -> None:
    service.answers = [Answer(cut=True)]

    ended = invoked(function(service))

    assert (ended.status, ended.cause) == (500, "service")
    assert len(service.asked) == 1


def test_cancelling_ends_the_request_and_closing_answers_the_rest(service: Service) -> None:
    service.answers = [Answer(hang=True)]
    with LambdaHost({"lookup": function(service)}) as host:
        one, other = host.invoke(EFFECT), host.invoke(EFFECT)
        assert one.cancel()
    late: Future[LambdaEnded] = host.invoke(EFFECT)

    assert other.result(20).detail == "the function host was closed."
    assert late.result(0).detail == "the function host was closed."


# --- a flow, and its text


def test_a_flow_retries_what_lambda_throttles(service: Service) -> None:
    service.answers = [Answer(429, b"{}"), Answer(429, b"{}"), Answer()]
    stage = compiled(flow(call("fn", "say", "bye"), say("say", "State $.External.State"), BYE))

    with LambdaHost({"lookup": function(service)}) as host:
        played = play(stage, host)

    assert played.said == ["State WA"]
    assert played.left("fn").attempts == 3
    assert len(service.asked) == 3


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [(f"f=deployed:{ARN}:live", ""), (f"f=deployed:{ARN}:live@http://127.0.0.1:4510", "http://127.0.0.1:4510")],
)
def test_the_text_of_a_deployed_function(text: str, endpoint: str, tmp_path: Path) -> None:
    assert parse_function(text, folder=tmp_path) == DeployedFunction(
        name="f", arn=f"{ARN}:live", region="eu-west-1", endpoint=endpoint
    )


@pytest.mark.parametrize(
    "url", ["http://", "http://[::1", "http://h:0", "http://h:99999", "http://u@h", "h:80", "http://h?a"]
)
def test_an_endpoint_must_be_a_url(url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="must be a URL, as in http://"):
        parse_function(f"f=deployed:{ARN}@{url}", folder=tmp_path)


def test_a_wrong_text_is_refused_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_function("f=deployed:lookup@ftp://x", folder=tmp_path)

    assert refusal.value.problems == (
        "function 'f': deployed is 'lookup', must be the ARN of a function, as in "
        "arn:aws:lambda:us-east-1:111122223333:function:lookup:live.",
        "function 'f': endpoint is 'ftp://x', must be a URL, as in http://127.0.0.1:4510.",
    )
