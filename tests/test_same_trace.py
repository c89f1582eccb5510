"""The same contact takes the same way whatever runs its function (decision S17).

"The same" are blocks, branches, texts, attributes and answers, and how each call failed; not when, how long, or under
which ids of the host, and not the stack of a runtime.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from offhook.adapters.lambdas.host import LambdaHost
from offhook.adapters.lambdas.record import Recorder, Replayer, load
from offhook.adapters.lambdas.spec import DeployedFunction, Function, parse_function
from offhook.core import trace
from offhook.drivers.ports import Functions

from .server import Server, environment
from .stage import BYE, Played, action, call, compiled, flow, play, say

ARN = "arn:aws:lambda:us-east-1:111122223333:function:lookup"
# What a handler of the language does with the input `do`; the rest of the answer is the same everywhere
PYTHON = """
import os, time

def handler(event, context):
    inputs = event["Details"]["Parameters"]
    data = event["Details"]["ContactData"]
    match inputs["do"]:
        case "raise":
            raise ValueError("no such customer")
        case "exit":
            os._exit(3)
        case "sleep":
            time.sleep(60)
        case "nest":
            return {"customer": {"name": "Zoë", "tiers": ["gold", 2]}, "vip": True}
        case "big":
            return {"text": "a" * 33000}
    return {"State": "WA", "Channel": data["Channel"], "Vip": data["Attributes"].get("vip", ""), "Count": 3}
"""
NODE = """
exports.handler = async (event) => {
  const data = event.Details.ContactData
  switch (event.Details.Parameters.do) {
    case 'raise': throw new Error('no such customer')
    case 'exit': process.exit(3)
    case 'sleep': await new Promise((resolve) => setTimeout(resolve, 60000)); break
    case 'nest': return { customer: { name: 'Zoë', tiers: ['gold', 2] }, vip: true }
    case 'big': return { text: 'a'.repeat(33000) }
  }
  return { State: 'WA', Channel: data.Channel, Vip: data.Attributes.vip ?? '', Count: 3 }
}
"""
# the loop of tests/functions/bootstrap/bootstrap, with this function's answers
BASH = """
answer() {
  case "$event" in
    *'"do":"raise"'*) ask POST "invocation/$id/error" '{"errorType":"Error","errorMessage":"no such customer"}' ;;
    *'"do":"exit"'*) exit 3 ;;
    *'"do":"sleep"'*) sleep 60 ;;
    *'"do":"nest"'*) respond '{"customer":{"name":"Zoë","tiers":["gold",2]},"vip":true}' ;;
    *'"do":"big"'*) respond "{\\"text\\":\\"$(printf 'a%.0s' {1..33000})\\"}" ;;
    *) respond '{"State":"WA","Channel":"VOICE","Vip":"yes","Count":3}' ;;
  esac
}
respond() { ask POST "invocation/$id/response" "$1"; }
while true; do
  ask GET invocation/next ''
  event="${body//: /:}"
  answer
done
"""
SETTINGS = """
[functions.lookup]
handler = "app.handler"
timeout_seconds = 1
"""


def _block(do: str, then: str, **more: Any) -> Any:
    inputs = {"LambdaInvocationAttributes": {"do": do}, "InvocationTimeLimitSeconds": "8", "LambdaFunctionARN": ARN}
    return call(do, then, f"{do} failed", **inputs, **more)


JSON = {"ResponseValidation": {"ResponseType": "JSON"}}
KEPT = {"Attributes": {"state": "$.External.State"}}
STAGE = compiled(
    flow(
        _block("answer", "keep"),
        action("keep", "UpdateContactAttributes", KEPT, then="told", errors={"NoMatchingError": "bye"}),
        say("told", "$.External.State $.External.Channel $.External.Vip $.External.Count", "nest"),
        _block("nest", "named", **JSON),
        say("named", "Hello $.External.customer.name, $.External.vip", "big"),
        _block("big", "bye"),
        say("big failed", "Too big", "flat"),
        call("flat", "bye", "raise", LambdaFunctionARN=ARN, LambdaInvocationAttributes={"do": "nest"}),
        _block("raise", "bye"),
        say("raise failed", "It raised", "exit"),
        _block("exit", "bye"),
        say("exit failed", "It went away", "sleep"),
        _block("sleep", "bye"),
        say("sleep failed", "It overslept"),
        say("answer failed", "Not even that"),
        say("nest failed", "Not that"),
        BYE,
    )
)
TEXTS = ["WA VOICE yes 3", "Hello Zoë, true", "Too big", "It raised", "It went away", "It overslept"]
CAUSES = [
    ("answer", ""), ("nest", ""), ("big", "size"), ("flat", "shape"), ("raise", "function_error"), ("exit", "crash"),
    ("sleep", "function_timeout"),
]  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where the functions of this module lie, and a server that has them. `folder` is for one test alone."""

    code: Path
    url: str
    folder: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("same")
    (folder / "app.py").write_text(PYTHON)
    (folder / "offhook.toml").write_text(SETTINGS)
    server = Server(folder)
    yield server
    assert server.stop() == 0


@pytest.fixture
def place(served: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name, text in environment(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="y").items():
        monkeypatch.setenv(name, text)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return Place(served.folder, served.url, tmp_path)


# --- what may run the function


@contextmanager
def _hosted(function: Function) -> Iterator[Functions]:
    with LambdaHost({"lookup": function}) as host:
        yield host


def _python(place: Place) -> AbstractContextManager[Functions]:
    return _hosted(_with_timeout(parse_function("lookup=python:app.handler", folder=place.code)))


def _with_timeout(function: Any) -> Any:
    return replace(function, timeout_ms=1000)


def _node(place: Place) -> AbstractContextManager[Functions]:
    (place.folder / "app.js").write_text(NODE)
    return _hosted(_with_timeout(parse_function("lookup=node:app.handler", folder=place.folder)))


def _bootstrap(place: Place) -> AbstractContextManager[Functions]:
    loop, _, _ = (Path(__file__).parent / "functions/bootstrap/bootstrap").read_text().partition("while true")
    file = place.folder / "bootstrap"
    file.write_text(loop + BASH)
    file.chmod(0o755)
    return _hosted(_with_timeout(parse_function(f"lookup=bootstrap:{place.folder}", folder=place.folder)))


def _deployed(place: Place) -> AbstractContextManager[Functions]:
    """Over the Lambda API of `offhook serve`, signed."""
    return _hosted(DeployedFunction(name="lookup", arn=f"{ARN}:$LATEST", region="us-east-1", endpoint=place.url))


@contextmanager
def _recorded(place: Place) -> Iterator[Functions]:
    with _python(place) as functions:
        yield Recorder(functions, place.folder)


@contextmanager
def _replayed(place: Place) -> Iterator[Functions]:
    """From a recording that is made now, of a contact with other ids."""
    with _python(place) as functions:
        _played(Recorder(functions, place.folder), seed="2", id="22222222-2222-4222-8222-222222222222")
    with LambdaHost({}) as nothing:
        yield Replayer(load(place.folder), nothing)


KINDS: dict[str, Callable[[Place], AbstractContextManager[Functions]]] = {
    "python": _python,
    "node": _node,
    "bootstrap": _bootstrap,
    "deployed": _deployed,
    "recorded": _recorded,
    "replayed": _replayed,
}


# --- the same


def _played(functions: Any, **fields: Any) -> Played:
    return play(STAGE, functions, attributes={"vip": "yes"}, **fields)


@pytest.mark.parametrize("kind", KINDS)
def test_a_contact_takes_the_same_way_whatever_runs_its_function(kind: str, place: Place) -> None:
    with KINDS[kind](place) as functions:
        played = _played(functions)

    assert played.said == TEXTS
    assert [(name, played.left(name).cause) for name, _ in CAUSES] == CAUSES
    assert played.contact.attributes == {"vip": "yes", "state": "WA"}
    assert played.contact.end_reason == "disconnected"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "python"])
def test_the_trace_is_the_same_in_the_sense_of_s17(kind: str, place: Place) -> None:
    with _python(place) as functions:
        wanted = [_sense(event) for event in _played(functions).trace]
    with KINDS[kind](place) as functions:
        found = [_sense(event) for event in _played(functions).trace]

    assert list(filter(None, found)) == list(filter(None, wanted))


def _sense(event: trace.AnyTrace) -> tuple[Any, ...] | None:
    """What two equal contacts share of an event."""
    match event:
        case trace.BlockEntered(action=name, block=block):
            return "entered", name, block
        case trace.BlockLeft():
            left = (event.branch, event.next, event.result, event.cause, event.attempts, event.external, event.set)
            return ("left", event.action, *left)
        case trace.FunctionCalled():
            return "called", event.function, event.arn, event.attempt, event.event
        case trace.FunctionEnded():
            answered = json.loads(event.body) if not event.function_error else None
            return "ended", event.status, event.function_error, event.error_code, event.cause, answered
        case trace.Said(text=text):
            return "said", text
        case trace.Warned(message=message):
            return "warned", message
        case trace.ContactEnded(reason=reason, phase=phase):
            return "over", reason, phase
    return None
