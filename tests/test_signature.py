"""Signatures of AWS's own clients, and what becomes of those that are wrong, old, foreign or incomplete."""

import calendar
import hashlib
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import boto3
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from offhook.api.aws import services
from offhook.api.door import Door
from offhook.api.gateway import Gateway
from offhook.api.signature import AccessKey
from tests.shapes import Replied, call

KEY = AccessKey("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
TEMPORARY = AccessKey("ASIAEXAMPLE", "another/secret/of/forty/characters/in/all", "session/token+with=signs")
HOST = "localhost:4510"
MINUTE_MS = 60_000
EMPTY = "AWS4-HMAC-SHA256 Credential=/20261125/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=0"


def echo(parameters: dict[str, Any], request_id: str) -> dict[str, Any]:
    return {"Name": json.dumps(parameters, default=bytes.decode)}


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def gateway(clock: Callable[[], int] = now_ms) -> Gateway:
    """CreateAlias answers with what it was asked, ListFunctions with nothing; Invoke with the event."""
    lambdas = {
        "CreateAlias": echo,
        "ListFunctions": lambda parameters, request_id: {"NextMarker": parameters.get("Marker", "")},
        "Invoke": lambda parameters, request_id: {"StatusCode": 200, "Payload": parameters.get("Payload", b"")},
    }
    connect = {"ListInstances": lambda parameters, request_id: {}}
    participant = {"SendEvent": lambda parameters, request_id: {"Id": parameters["ConnectionToken"]}}
    made = services(lambdas=lambdas, connect=connect, participant=participant)
    return Gateway(made, Door(keys={key.id: key for key in (KEY, TEMPORARY)}, now_ms=clock))


ALIASES = f"http://{HOST}/2015-03-31/functions/f/aliases"
WHOLE = b'{"Name":"prod","FunctionVersion":"1"}'


def signed(
    method: str = "POST", url: str = ALIASES, *, body: bytes = WHOLE, key: AccessKey = KEY, service: str = "lambda",
    headers: dict[str, str] | None = None, signer: type[SigV4Auth] = SigV4Auth,
) -> tuple[str, str, dict[str, str], bytes]:  # fmt: skip
    """A request as botocore signs it: method, path with query, headers, body."""
    request = AWSRequest(method, url, headers={"Host": urlsplit(url).netloc, **(headers or {})}, data=body)
    signer(Credentials(key.id, key.secret, key.token or None), service, "us-east-1").add_auth(request)
    return method, url.removeprefix(f"http://{HOST}"), dict(request.headers.items()), body


def presigned(
    method: str = "GET", url: str = f"http://{HOST}/2015-03-31/functions/", *, expires: int = 60, key: AccessKey = KEY
) -> str:
    request = AWSRequest(method, url)
    SigV4QueryAuth(Credentials(key.id, key.secret, key.token or None), "lambda", "us-east-1", expires).add_auth(request)
    return str(request.url).removeprefix(f"http://{HOST}")


def ask(request: tuple[str, str, dict[str, str], bytes], clock: Callable[[], int] = now_ms) -> Replied:
    method, url, headers, body = request
    lower = {name.lower(): text for name, text in headers.items()}
    return call(gateway(clock), method, url, headers=lower, body=body)


def refused(reply: Replied) -> tuple[int, str]:
    return reply.status, reply.headers["x-amzn-errortype"]


MISMATCH = (403, "InvalidSignatureException")
INCOMPLETE = (403, "IncompleteSignatureException")
UNKNOWN = (403, "UnrecognizedClientException")
MISSING = (403, "MissingAuthenticationTokenException")


# --- what is let in ---


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("POST", ALIASES, WHOLE),
        ("POST", ALIASES, '{"Name":"zoë","FunctionVersion":"1"}'.encode()),
        ("POST", f"http://{HOST}/2015-03-31/functions/{quote('arn:aws:lambda:us-east-1:1:function:f')}/aliases", WHOLE),
        ("POST", f"http://{HOST}/2015-03-31/functions/a%20b%2Fc~%C3%A9/aliases", WHOLE),
        ("GET", f"http://{HOST}/2015-03-31/functions/?MaxItems=1&Marker=a%2Bb%20c%3D&Flag", b""),
        ("GET", f"http://{HOST}/2015-03-31/functions/?b=2&a=2&a=1&a-=0", b""),
    ],
)
def test_what_botocore_signs_is_let_in(method: str, url: str, body: bytes) -> None:
    reply = ask(signed(method, url, body=body))

    assert reply.status in (200, 201), reply.body


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Amz-Meta": "  two   spaces "},
        {"Date": "now"},
        {"X-Amz-Content-SHA256": hashlib.sha256(WHOLE).hexdigest()},
        {"X-Amz-Invocation-Type": "Event", "Content-Type": "application/json"},
    ],
)
def test_headers_are_signed_as_they_are_sent(headers: dict[str, str]) -> None:
    assert ask(signed(headers=headers)).status == 201


def test_headers_that_nobody_needs_to_sign_may_be_added_on_the_way() -> None:
    method, url, headers, body = signed()

    assert ask((method, url, {**headers, "User-Agent": "x", "X-Amzn-Trace-Id": "y", "Via": "z"}, body)).status == 201


def test_a_user_agent_may_be_signed_although_botocore_does_not() -> None:
    """Some clients sign it; botocore's own list leaves it out."""

    class Chatty(SigV4Auth):
        def headers_to_sign(self, request: Any) -> Any:
            found = super().headers_to_sign(request)
            found["user-agent"] = request.headers["User-Agent"]
            return found

    method, url, headers, body = signed(headers={"User-Agent": "some client"}, signer=Chatty)

    assert ask((method, url, headers, body)).status == 201
    assert refused(ask((method, url, {**headers, "User-Agent": "another"}, body))) == MISMATCH


def test_temporary_keys_come_with_their_session_token() -> None:
    assert ask(signed(key=TEMPORARY)).status == 201
    assert call(gateway(), "GET", presigned(key=TEMPORARY)).status == 200


@pytest.mark.parametrize("token", ["", "another", "é"])
@pytest.mark.parametrize("key", [KEY, TEMPORARY])
def test_a_token_that_is_not_the_keys_is_refused(key: AccessKey, token: str) -> None:
    reply = ask(signed(key=AccessKey(key.id, key.secret, token)))

    assert (reply.status == 201) is (token == key.token)
    assert token == key.token or refused(reply) == UNKNOWN


def test_the_participant_service_is_let_in_by_its_tokens() -> None:
    """chatjs signs with empty keys."""
    headers = {"Authorization": EMPTY, "X-Amz-Bearer": "t"}
    body = b'{"ContentType":"application/vnd.amazonaws.connect.event.typing"}'
    reply = call(gateway(), "POST", "/participant/event", headers=headers, body=body)

    assert (reply.status, json.loads(reply.body)) == (200, {"Id": "t"})


def test_the_scope_of_the_participant_service_opens_no_other() -> None:
    headers = {"Authorization": EMPTY}

    assert call(gateway(), "GET", "/2015-03-31/functions/", headers=headers).status == 404
    assert call(gateway(), "GET", "/instance", headers=headers).status == 404


def test_without_keys_no_signature_is_looked_at() -> None:
    made = Gateway(services(connect={"ListInstances": lambda parameters, request_id: {}}))

    assert call(made, "GET", "/instance").status == 200


# --- what is not ---


def test_whoever_does_not_sign_is_told_so_in_the_service_s_words() -> None:
    reply = ask(("POST", "/2015-03-31/functions/f/aliases", {}, WHOLE))

    assert refused(reply) == MISSING
    assert json.loads(reply.body) == {"message": "Missing Authentication Token"}
    assert refused(call(gateway(), "GET", "/instance")) == MISSING


def test_a_key_that_is_not_ours_is_refused() -> None:
    assert refused(ask(signed(key=AccessKey("AKIDOTHER", KEY.secret)))) == UNKNOWN


def test_a_secret_that_is_not_the_keys_is_refused_and_not_shown() -> None:
    reply = ask(signed(key=AccessKey(KEY.id, TEMPORARY.secret)))

    assert refused(reply) == MISMATCH
    assert KEY.secret.encode() not in reply.body


def test_what_was_changed_on_the_way_is_refused() -> None:
    method, url, headers, body = signed(url=f"{ALIASES}?Flag=1", headers={"X-Amz-Meta": "a"})
    changed = [
        ("PUT", url, headers, body),
        (method, url.replace("/f/", "/g/"), headers, body),
        (method, url.replace("Flag=1", "Flag=2"), headers, body),
        (method, f"{url}&More=1", headers, body),
        (method, url, {**headers, "X-Amz-Meta": "b"}, body),
        (method, url, {**headers, "Host": "127.0.0.1:4510"}, body),
        (method, url, headers, body + b" "),
        (method, url, headers, b""),
    ]

    assert ask((method, url, headers, body)).status == 201
    for each in changed:
        reply = ask(each)
        assert reply.status in (403, 404), each
        assert reply.status == 404 or refused(reply) == MISMATCH


def test_a_path_that_would_be_shortened_is_refused() -> None:
    """Signers shorten paths, routes do not: a signature for one must not open the other."""
    method, _, headers, body = signed()

    for path in ("/2015-03-31/x/../functions/f/aliases", "/2015-03-31/functions/./f/aliases", "//2015-03-31/functions"):
        reply = ask((method, path, headers, body))
        assert reply.status in (403, 404)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"X-Amz-Invocation-Type": "Event"}, "x-amz-invocation-type"),
        ({"X-Amz-Client-Context": "e30="}, "x-amz-client-context"),
    ],
)
def test_headers_of_aws_must_be_signed(headers: dict[str, str], said: str) -> None:
    method, url, given, body = signed()
    reply = ask((method, url, {**given, **headers}, body))

    assert refused(reply) == MISMATCH
    assert said in json.loads(reply.body)["message"]


def with_authorization(change: Callable[[str], str]) -> Replied:
    method, url, headers, body = signed()
    return ask((method, url, {**headers, "Authorization": change(headers["Authorization"])}, body))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda text: text.replace("host;", ""), MISMATCH),
        (lambda text: text.replace("SignedHeaders=", "SignedHeaders=absent;"), MISMATCH),
        (lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"), MISMATCH),
        (lambda text: text.upper().replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256"), INCOMPLETE),
        (lambda text: text.replace("/lambda/", "/s3/"), MISMATCH),
        (lambda text: text.replace("/us-east-1/", "/eu-west-1/"), MISMATCH),
        (lambda text: text.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), INCOMPLETE),
        (lambda text: text.partition(", Signature=")[0], INCOMPLETE),
        (lambda text: text + ", Signature=0", INCOMPLETE),
        (lambda text: text.replace("/aws4_request", ""), INCOMPLETE),
        (lambda text: "Bearer token", INCOMPLETE),
        (lambda text: "", INCOMPLETE),
        (lambda text: text.replace("Signature=", "Signature=\xe9"), MISMATCH),
        (lambda text: text.replace("/20", "/19", 1), MISMATCH),
    ],
)
def test_an_authorization_that_is_not_right_is_refused(change: Callable[[str], str], expected: tuple[int, str]) -> None:
    assert refused(with_authorization(change)) == expected


def test_there_is_one_of_each_header_that_counts() -> None:
    method, url, headers, body = signed()
    del headers["X-Amz-Date"]

    assert refused(ask((method, url, headers, body))) == INCOMPLETE
    for stamp in ("20261125T000000", "20261340T000000Z", "", "é", "Fri, 31 Dec 9999 23:59:59 -2359"):
        name = "Date" if "," in stamp else "X-Amz-Date"
        reply = ask((method, url, {**headers, name: stamp}, body))
        assert reply.status == 403, stamp


def test_a_body_that_is_not_the_announced_one_is_refused() -> None:
    method, url, headers, body = signed(headers={"X-Amz-Content-SHA256": hashlib.sha256(b"other").hexdigest()})

    assert refused(ask((method, url, headers, body))) == MISMATCH


@pytest.mark.parametrize("digest", ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "", "F" * 64])
def test_a_body_is_always_signed(digest: str) -> None:
    assert refused(ask(signed(headers={"X-Amz-Content-SHA256": digest}))) == MISMATCH


def test_a_signature_lasts_five_minutes_in_both_directions() -> None:
    request = signed()
    stamp = request[2]["X-Amz-Date"]
    at_ms = calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ")) * 1000

    assert ask(request, lambda: at_ms + 5 * MINUTE_MS).status == 201
    assert ask(request, lambda: at_ms - 5 * MINUTE_MS).status == 201
    late = ask(request, lambda: at_ms + 5 * MINUTE_MS + 1000)
    early = ask(request, lambda: at_ms - 5 * MINUTE_MS - 1000)
    assert refused(late) == refused(early) == MISMATCH
    assert f"Signature expired: {stamp} is now earlier than" in json.loads(late.body)["message"]
    assert f"Signature not yet current: {stamp} is still later than" in json.loads(early.body)["message"]


# --- signed URLs ---


def test_a_signed_url_needs_no_header() -> None:
    reply = call(gateway(), "GET", presigned(url=f"http://{HOST}/2015-03-31/functions/?Marker=a%2Fb%20c"))

    assert (reply.status, json.loads(reply.body)) == (200, {"NextMarker": "a/b c"})


def test_boto3_makes_urls_that_open() -> None:
    client = boto3.client(
        "lambda", endpoint_url=f"http://{HOST}", region_name="us-east-1", aws_access_key_id=KEY.id,
        aws_secret_access_key=KEY.secret, config=Config(signature_version="v4"),
    )  # fmt: skip
    url = client.generate_presigned_url("invoke", Params={"FunctionName": "f"}, ExpiresIn=60, HttpMethod="POST")
    path = url.removeprefix(f"http://{HOST}")

    assert call(gateway(), "POST", path).status == 200
    assert refused(call(gateway(), "POST", path, body=b'{"a":1}')) == MISMATCH
    assert refused(call(gateway(), "POST", path, headers={"X-Amz-Invocation-Type": "Event"})) == MISMATCH


def test_a_signed_url_lasts_as_long_as_it_says() -> None:
    url, now = presigned(expires=600), now_ms()

    assert call(gateway(lambda: now + 9 * MINUTE_MS), "GET", url).status == 200
    late = call(gateway(lambda: now + 11 * MINUTE_MS), "GET", url)
    assert refused(late) == MISMATCH
    assert "Signature expired" in json.loads(late.body)["message"]
    assert refused(call(gateway(lambda: now - 6 * MINUTE_MS), "GET", url)) == MISMATCH
    assert refused(call(gateway(), "GET", url.replace("Expires=600", "Expires=6000"))) == MISMATCH


@pytest.mark.parametrize("expires", [0, 604_801, -1])
def test_a_signed_url_lasts_a_week_at_most(expires: int) -> None:
    assert refused(call(gateway(), "GET", presigned(expires=expires))) == INCOMPLETE


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("X-Amz-Signature", "X-Amz-Sig"),
        lambda url: url.replace("X-Amz-Date", "X-Amz-Dat"),
        lambda url: url + "&X-Amz-Signature=0",
        lambda url: url + "&X%2DAmz-Date=20261125T000000Z",
        lambda url: url.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
        lambda url: url.replace("Expires=60", "Expires=%D9%A6%D9%A0"),
    ],
)
def test_a_signed_url_has_each_part_once(change: Callable[[str], str]) -> None:
    assert refused(call(gateway(), "GET", change(presigned()))) == INCOMPLETE


def test_a_signed_url_is_for_what_it_says() -> None:
    url = presigned()

    assert refused(call(gateway(), "GET", f"{url}&Marker=x")) == MISMATCH
    assert refused(call(gateway(), "GET", url.replace("/2015-03-31/functions/", "/2015-03-31/functions"))) == MISMATCH
    assert refused(call(gateway(), "GET", "/instance?" + url.partition("?")[2])) == MISMATCH


def test_secrets_show_nowhere() -> None:
    door = Door(keys={TEMPORARY.id: TEMPORARY})

    assert TEMPORARY.secret not in repr(door)
    assert TEMPORARY.token not in repr(door)
