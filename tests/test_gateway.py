"""The gateway: botocore's own serialisers and parsers on the other side, for every operation of the three models."""

import asyncio
import base64
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from botocore.awsrequest import HeadersDict
from botocore.model import ServiceModel
from botocore.parsers import create_parser

from offhook.api import parse, serialise
from offhook.api.aws import services
from offhook.api.errors import ServiceError
from offhook.api.gateway import Gateway
from offhook.api.route import Route, Routes
from offhook.api.service import MAX_BODY_BYTES, Handler
from tests.shapes import SCOPES, Replied, call, model, prepared, signed, value

PARSER = create_parser("rest-json")
# The answer is a stream of events, which is not built
STREAMED = {"InvokeWithResponseStream"}
# An object as payload that is left out: botocore sends {} for it, and nothing on the wire tells the two apart
NO_PAYLOAD = {"SendDurableExecutionCallbackFailure": {"Error": {}}, "StopDurableExecution": {"Error": {}}}
# The same for what is answered: botocore always gives the status, and an empty payload
ALWAYS = {
    "DeleteFunction": {"StatusCode": 200},
    "Invoke": {"StatusCode": 200, "Payload": b""},
    "InvokeAsync": {"Status": 202},
}


def send(app: Any, service: str, operation: Any, parameters: dict[str, Any]) -> Replied:
    path, headers, body = prepared(service, operation, parameters)
    return call(app, operation.http["method"], path, headers=headers, body=body)


def received(reply: Replied, operation: Any) -> Any:
    """The answer as botocore reads it."""
    # What a client streams, its parser does not get as bytes
    body = bytearray(reply.body) if operation.has_streaming_output else reply.body
    response = {"status_code": reply.status, "headers": HeadersDict(reply.headers), "body": body}
    parsed = PARSER.parse(response, operation.output_shape)
    parsed.pop("ResponseMetadata")
    return parsed


def served(handler: Callable[[str], Handler]) -> Gateway:
    """A gateway with a handler for every operation."""
    return Gateway(
        [
            replace(each, handlers={name: handler(name) for name in model(each.name).operation_names})
            for each in services()
        ]
    )


@pytest.mark.parametrize("every_member", [True, False], ids=["all members", "required members"])
@pytest.mark.parametrize("service", SCOPES)
def test_every_operation_goes_there_and_back(service: str, every_member: bool) -> None:
    """Guards against new botocore models: whatever they declare, we read as botocore wrote, and it as we write."""
    chance = Random(1)
    seen: dict[str, Any] = {}
    answers: dict[str, Any] = {}

    def handler(name: str) -> Handler:
        def handle(parameters: dict[str, Any], request_id: str) -> dict[str, Any]:
            seen[name] = parameters
            return dict(answers[name])

        return handle

    app = served(handler)
    wrong = []
    for name in model(service).operation_names:
        operation = model(service).operation_model(name)
        shape, output = operation.input_shape, operation.output_shape
        asked = value(shape, chance, every_member=every_member) if shape is not None else {}
        answered = value(output, chance, every_member=every_member) if output is not None else {}
        answers[name] = {} if name in STREAMED else answered
        reply = send(app, service, operation, asked)
        if seen.get(name) != {**NO_PAYLOAD.get(name, {}), **asked}:
            wrong.append((name, "asked", asked, seen.get(name), reply))
        elif name not in STREAMED and received(reply, operation) != {**ALWAYS.get(name, {}), **answered}:
            wrong.append((name, "answered", answered, received(reply, operation)))

    assert wrong == []
    assert len(seen) == len(model(service).operation_names)


# --- what no model has by now ---

TOY = ServiceModel(
    {
        "metadata": {"protocol": "rest-json", "endpointPrefix": "toy"},
        "operations": {
            "Do": {"name": "Do", "http": {"method": "PUT", "requestUri": "/do/{Path+}"}, "input": {"shape": "Asked"}},
            "Text": {"name": "Text", "http": {"method": "POST", "requestUri": "/text"}, "input": {"shape": "Texted"}},
        },
        "shapes": {
            "Asked": {
                "type": "structure",
                "members": {
                    "Path": {"shape": "S", "location": "uri", "locationName": "Path"},
                    "Meta": {"shape": "M", "location": "headers", "locationName": "X-Meta-"},
                    "Value": {"shape": "S", "location": "header", "locationName": "X-Value", "jsonvalue": True},
                    "At": {"shape": "T", "location": "header", "locationName": "X-At"},
                    "Since": {"shape": "T", "location": "querystring", "locationName": "since"},
                    "Ratio": {"shape": "F", "location": "querystring", "locationName": "ratio"},
                    "On": {"shape": "B", "location": "header", "locationName": "X-On"},
                    "Until": {"shape": "T"},
                    "Day": {"shape": "I"},
                    "Any": {"shape": "D"},
                    "Blobs": {"shape": "L"},
                },
            },
            "Texted": {"type": "structure", "payload": "Body", "members": {"Body": {"shape": "S"}}},
            "S": {"type": "string"},
            "F": {"type": "double"},
            "B": {"type": "boolean"},
            "T": {"type": "timestamp"},
            "I": {"type": "timestamp", "timestampFormat": "iso8601"},
            "D": {"type": "structure", "members": {}, "document": True},
            "M": {"type": "map", "key": {"shape": "S"}, "value": {"shape": "S"}},
            "L": {"type": "list", "member": {"shape": "X"}},
            "X": {"type": "blob"},
        },
    },
    "toy",
)
NOON = datetime(2026, 11, 25, 12, 0, 0, 250_000, tzinfo=UTC)


def test_headers_documents_and_greedy_labels_are_read() -> None:
    headers = {
        "x-meta-color": "red",
        "x-value": base64.b64encode(b'{"a":[1]}').decode(),
        "x-at": "Wed, 25 Nov 2026 12:00:00 GMT",
        "x-on": "true",
    }
    query = [("since", "2026-11-25T12:00:00.250Z"), ("ratio", "0.5")]
    body = b'{"Until":1795608000.25,"Day":"2026-11-25T12:00:00.25+00:00","Any":{"x":[null,1]},"Blobs":["AAE="]}'
    route = Route.of("Do", TOY.operation_model("Do").http)
    labels = route.labels(("do", "a", "b%2Fc", ""), ())

    found = parse.parameters(parse.Received(labels or {}, query, headers, body), TOY.shape_for("Asked"))

    assert found == {
        "Path": "a/b/c/",
        "Meta": {"color": "red"},
        "Value": {"a": [1]},
        "At": NOON.replace(microsecond=0),
        "Since": NOON,
        "Ratio": 0.5,
        "On": True,
        "Until": NOON,
        "Day": NOON,
        "Any": {"x": [None, 1]},
        "Blobs": [b"\0\1"],
    }


def test_headers_and_documents_are_written() -> None:
    written = serialise.answer(
        {
            "Meta": {"color": "red"},
            "Value": {"a": [1]},
            "At": NOON,
            "On": False,
            "Until": NOON,
            "Day": NOON,
            "Any": {"x": [None, 1]},
            "Blobs": [b"\0\1"],
            "Ratio": None,
        },
        TOY.shape_for("Asked"),
        200,
    )

    assert json.loads(written.body) == {
        "Until": 1795608000.25,
        "Day": "2026-11-25T12:00:00.250Z",
        "Any": {"x": [None, 1]},
        "Blobs": ["AAE="],
    }
    assert written.headers == {
        "X-Meta-color": "red",
        "X-Value": base64.b64encode(b'{"a":[1]}').decode(),
        "X-At": "Wed, 25 Nov 2026 12:00:00 GMT",
        "X-On": "false",
    }


def test_a_text_may_be_the_whole_body() -> None:
    shape = TOY.shape_for("Texted")

    assert parse.parameters(parse.Received({}, (), {}, "zoë".encode()), shape) == {"Body": "zoë"}
    assert serialise.answer({"Body": "zoë"}, shape, 200).body == "zoë".encode()


def test_a_member_that_the_model_does_not_have_is_our_mistake() -> None:
    with pytest.raises(KeyError):
        serialise.answer({"Colour": "red"}, TOY.shape_for("Asked"), 200)


# --- routing ---


def test_the_route_with_more_literals_wins_and_then_the_one_with_more_of_the_query() -> None:
    uris = {
        "Any": "/a/{B}", "Exact": "/a/b", "Deep": "/a/{B+}", "Asked": "/a/b?find=x", "Label": "/{A}/b", "Root": "/",
    }  # fmt: skip
    routes = Routes(Route.of(name, {"method": "GET", "requestUri": uri}) for name, uri in uris.items())

    assert routes.find("GET", "/a/b", ()) == ("Exact", {})
    assert routes.find("GET", "/a/b/", [("find", "x"), ("more", "")]) == ("Asked", {})
    assert routes.find("GET", "/a/b", [("find", "y")]) == ("Exact", {})
    assert routes.find("GET", "/a/c%2Fd", ()) == ("Any", {"B": "c/d"})
    assert routes.find("GET", "/a/c/d", ()) == ("Deep", {"B": "c/d"})
    assert routes.find("GET", "/z/b", ()) == ("Label", {"A": "z"})
    assert routes.find("GET", "//b", ()) is None
    assert routes.find("POST", "/a/b", ()) is None


@pytest.mark.parametrize(
    ("path", "headers", "said"),
    [
        ("/instance", signed("connect"), "ListInstances (connect)"),
        ("/instance", {}, "ListInstances (connect)"),
        ("/2015-03-31/functions", {}, "ListFunctions (lambda)"),
        ("/2015-03-31/functions", signed("lambda"), "ListFunctions (lambda)"),
        ("/participant/attachment", {}, "GetAttachment"),
        ("/2015-03-31/functions", signed("connect"), "No operation of connect is GET"),
        ("/instance", {"Authorization": "AWS4-ECDSA-P256-SHA256 Credential=AK/20261125/lambda/aws4_request"}, "lambda"),
        ("/nowhere", {}, "No operation of connect is GET /nowhere."),
    ],
)
def test_the_signature_tells_the_service_and_else_the_path(path: str, headers: dict[str, str], said: str) -> None:
    method = "POST" if "attachment" in path else "GET"
    reply = call(Gateway(services()), method, path, headers=headers)

    assert said in json.loads(reply.body)["message"]


@pytest.mark.parametrize("service", SCOPES)
def test_what_is_not_built_answers_501_with_its_name_in_the_shape_of_an_error(service: str) -> None:
    operation = model(service).operation_model(model(service).operation_names[0])
    reply = send(Gateway(services()), service, operation, value(operation.input_shape, Random(2), every_member=False))
    parsed = PARSER.parse(
        {"status_code": reply.status, "headers": HeadersDict(reply.headers), "body": reply.body}, operation.output_shape
    )

    assert reply.status == 501
    assert parsed["Error"]["Code"] == "NotImplementedException"
    assert operation.name in parsed["Error"]["Message"]


# --- errors ---


def ask(handler: Handler, *, body: bytes = b"", app: Gateway | None = None, **headers: str) -> Replied:
    """CreateAlias of Lambda, answered by this handler."""
    headers = {**signed("lambda"), **headers}
    app = app or Gateway(services(lambdas={"CreateAlias": handler}))
    return call(app, "POST", "/2015-03-31/functions/f/aliases", headers=headers, body=body)


def answers(parameters: dict[str, Any], request_id: str) -> dict[str, Any]:
    return {"Name": parameters["Name"], "Description": request_id}


WHOLE = b'{"Name":"prod","FunctionVersion":"1","Description":null,"Newer":true}'


def test_what_is_null_or_unknown_is_left_out() -> None:
    def echo(parameters: dict[str, Any], request_id: str) -> dict[str, Any]:
        assert parameters == {"FunctionName": "f", "Name": "prod", "FunctionVersion": "1"}
        return {}

    assert ask(echo, body=WHOLE).status == 201


def test_the_request_id_is_the_one_that_the_handler_gets() -> None:
    reply = ask(answers, body=WHOLE)

    assert json.loads(reply.body)["Description"] == reply.headers["x-amzn-requestid"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"Name":', "not JSON"),
        (b'"Name"', "must be a JSON object"),
        (b"\xff\xfe", "not JSON"),
        (b'{"Name":' + b"[" * 100_000, "nested too deeply"),
        (b'{"RoutingConfig":{"AdditionalVersionWeights":[]}}', "AdditionalVersionWeights must be a JSON object"),
        (b'{"RoutingConfig":{"AdditionalVersionWeights":{"1":true}}}', "must be of type double"),
    ],
)
def test_what_cannot_be_read_is_refused(body: bytes, said: str) -> None:
    reply = ask(answers, body=body)

    assert (reply.status, reply.headers["x-amzn-errortype"]) == (400, "SerializationException")
    assert said in json.loads(reply.body)["message"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"Blobs":["%"]}', "base64"),
        ('{"Blobs":"AAE="}', "must be a JSON list"),
        ('{"Until":"soon"}', "timestamp"),
        ('{"Until":1e300}', "timestamp"),
        ('{"Until":[]}', "timestamp"),
    ],
)
def test_a_value_of_another_kind_is_refused(text: str, said: str) -> None:
    with pytest.raises(ServiceError, match=said):
        parse.parameters(parse.Received({"Path": "p"}, (), {}, text.encode()), TOY.shape_for("Asked"))


@pytest.mark.parametrize(
    ("query", "headers", "said"),
    [
        ([("ratio", "half")], {}, "ratio must be of type double"),
        ([("since", "soon")], {}, "since must be of type timestamp"),
        ([], {"x-on": "perhaps"}, "X-On must be of type boolean"),
        ([], {"x-value": "%"}, "X-Value must be JSON in base64"),
        ([], {"x-value": base64.b64encode(b"{").decode()}, "X-Value must be JSON in base64"),
    ],
)
def test_a_text_outside_the_body_that_means_nothing_is_refused(
    query: list[tuple[str, str]], headers: dict[str, str], said: str
) -> None:
    with pytest.raises(ServiceError, match=said):
        parse.parameters(parse.Received({"Path": "p"}, query, headers, b""), TOY.shape_for("Asked"))


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code"),
    [
        ("lambda", "ListFunctions", {"MaxItems": 10_001}, "InvalidParameterValueException"),
        ("connect", "ListInstances", {"MaxResults": 1001}, "InvalidParameterException"),
        ("connectparticipant", "GetTranscript", {"ConnectionToken": "t", "MaxResults": 101}, "ValidationException"),
    ],
)
def test_what_is_not_allowed_is_refused_in_the_words_of_the_service(
    service: str, operation: str, parameters: dict[str, Any], code: str
) -> None:
    app = served(lambda name: answers)
    reply = send(app, service, model(service).operation_model(operation), parameters)

    assert (reply.status, reply.headers["x-amzn-errortype"]) == (400, code)
    assert "Max" in (text := str(json.loads(reply.body)))
    assert "class" not in text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{}", 'Missing required parameter in input: "Name"'),
        (b'{"Name":1,"FunctionVersion":"1"}', "Invalid type for parameter Name, value: 1, type: int, valid types: str"),
        (b'{"Name":"' + b"n" * 129 + b'","FunctionVersion":"1"}', "length: 129, valid max length: 128"),
        (b'{"Name":"","FunctionVersion":"1"}', "valid min length: 1"),
        (b'{"Name":"n","FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"1":1.5}}}', "max value: 1"),
    ],
)
def test_the_message_says_what_is_wrong_with_which_parameter(body: bytes, said: str) -> None:
    assert said in json.loads(ask(answers, body=body).body)["message"]


def test_an_error_has_the_members_and_the_status_of_the_model() -> None:
    def refuses(parameters: dict[str, Any], request_id: str) -> dict[str, Any]:
        raise ServiceError(
            "TooManyRequestsException", "Slow down.", Reason="CallerRateLimitExceeded", retryAfterSeconds="7"
        )

    reply = ask(refuses, body=WHOLE)

    assert (reply.status, reply.headers["retry-after"]) == (429, "7")
    assert json.loads(reply.body) == {"Type": "User", "message": "Slow down.", "Reason": "CallerRateLimitExceeded"}


@pytest.mark.parametrize("said", [{}, {"message": "One problem."}])
def test_an_error_keeps_the_letter_case_of_the_model(said: dict[str, str]) -> None:
    """And says what it has to say, though the model of this one has no message: clients show it."""

    def refuses(parameters: dict[str, Any], request_id: str) -> dict[str, Any]:
        raise ServiceError("InvalidContactFlowException", said.get("message", ""), problems=[{"message": "no start"}])

    operation = model("connect").operation_model("CreateContactFlow")
    reply = send(
        served(lambda name: refuses), "connect", operation, value(operation.input_shape, Random(3), every_member=False)
    )

    assert (reply.status, json.loads(reply.body)) == (400, {**said, "problems": [{"message": "no start"}]})


def test_a_mistake_of_ours_is_a_500_without_a_traceback_and_one_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def stumbles(parameters: dict[str, Any], request_id: str) -> dict[str, Any]:
        raise ZeroDivisionError("secret")

    with caplog.at_level(logging.INFO):
        reply = ask(stumbles, body=WHOLE)

    assert (reply.status, reply.headers["x-amzn-errortype"]) == (500, "ServiceException")
    assert json.loads(reply.body)["Type"] == "Service"
    assert b"secret" not in reply.body
    assert b"Traceback" not in reply.body
    assert [record.getMessage().count("\n") for record in caplog.records] == [0]
    assert reply.headers["x-amzn-requestid"] in caplog.text


def test_a_body_above_the_limit_is_refused() -> None:
    body = b'{"Name":"' + b"n" * MAX_BODY_BYTES + b'"}'
    reply = ask(answers, body=body)

    assert (reply.status, reply.headers["x-amzn-errortype"]) == (413, "RequestTooLargeException")
    assert str(MAX_BODY_BYTES) in json.loads(reply.body)["message"]


def test_a_handler_may_be_a_coroutine() -> None:
    async def later(parameters: dict[str, Any], request_id: str) -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"Name": "later"}

    assert json.loads(ask(later, body=WHOLE).body) == {"Name": "later"}


# --- browsers ---


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:80", "http://a.localhost"]
)
def test_a_page_of_this_machine_may_call(origin: str) -> None:
    reply = ask(answers, body=WHOLE, origin=origin)

    assert reply.status == 201
    assert reply.headers["access-control-allow-origin"] == origin
    assert "x-amzn-requestid" in reply.headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    "origin", ["https://example.com", "http://localhost.example.com", "null", "http://10.0.0.1", "http://["]
)
def test_no_other_page_may_call(origin: str) -> None:
    """A page that could create a function would run its code here."""
    reply = ask(pytest.fail, body=WHOLE, origin=origin)

    assert reply.status == 403
    assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize(
    "host", ["localhost:4510", "127.0.0.1:4510", "[::1]:4510", "offhook", "host.docker.internal:4510"]
)
def test_this_machine_may_be_named_in_private_ways(host: str) -> None:
    assert ask(answers, body=WHOLE, host=host).status == 201


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1.nip.io:4510", "", "[", "localhost.example.com"])
def test_a_public_name_that_points_here_is_refused(host: str) -> None:
    """Else its page would be one of ours: DNS rebinding."""
    assert ask(pytest.fail, body=WHOLE, host=host).status == 403


def test_a_preflight_is_answered_with_what_clients_send() -> None:
    headers = {"origin": "http://localhost:3000", "access-control-request-method": "POST"}
    reply = call(Gateway(services()), "OPTIONS", "/2015-03-31/functions", headers=headers)

    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "authorization" in reply.headers["access-control-allow-headers"]
    assert "DELETE" in reply.headers["access-control-allow-methods"]
