"""Every public flow that invokes Lambda runs a real function, through the program, in virtual time.

Contacts come until the function was called: each presses other keys or writes, and the flow's own comparisons say what
attributes, answers and system values they bring. The files where no contact gets to the function are in UNREACHED,
which may only shrink.
"""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from offhook.blocks import catalogue
from offhook.core.expr import parse_reference
from offhook.flowjson.problems import refusals
from offhook.flowjson.read import read_flow
from offhook.model.flow import Flow

from .command_line import Called, call
from .conftest import FLOWS

ARN = "arn:aws:lambda:us-east-1:111122223333:function:anything"
HANDLER = f"python:{Path(__file__).parent / 'functions' / 'anything.handler'}"
LAMBDA = "InvokeLambdaFunction"
# a flow that polls without a pause is soon told that functions in a row have had their time
SHOWN = ("--function-time", "300", "--json", "--trace")
CUSTOMERS = (
    "--press 1,2,1234#,1,2065550123#",
    "--press 2,1,1,1,1",
    "--press 3,3,3,3",
    "--press 4,1,1,1",
    "--silent",
    "--channel chat --silent",
    "--channel task --silent",
)
# by file, why nobody gets to a function
UNREACHED = {
    "flow-language-000.json": "its bot is in AWS",
    "flow-language-042.json": "its SSML is filled in at deployment, and cannot be read before",
    "flow-language-052.json": "its SSML is filled in at deployment, and cannot be read before",
    "flow-language-054.json": "nobody chooses on its view",
    "flow-language-055.json": "another flow's function must have answered before",
    "flow-language-061.json": "it asks for the numbers of a queue, and there is none",
    "flow-language-071.json": "another flow's function must have answered before",
    "flow-language-077.json": "nobody chooses on its view",
    "flow-language-079.json": "it wants a profile, and none is described",
    "flow-language-088.json": "nobody chooses on its view",
    "flow-language-090.json": "it makes a profile, and there is nowhere to",
    "legacy-135.json": "it sets the function's ARN to a text that must be replaced",
    "legacy-141.json": "another flow's function must have answered before",
    "legacy-146.json": "the whisper flow that it sets is not there, and the module has no Error branch",
    "legacy-151.json": "its time limits are filled in at deployment",
    "legacy-153.json": "it names no function",
    "legacy-157.json": "its bot is in AWS",
}


def _names(name: str) -> bool:
    flow = read_flow((FLOWS / name).read_bytes(), catalogue())
    return any(action.type == LAMBDA for action in flow.actions.values())


NAMES = [path.name for path in sorted(FLOWS.glob("*.json")) if _names(path.name)] or ["no public flows"]


@pytest.mark.parametrize("name", NAMES)
def test_a_public_flow_calls_a_real_function(name: str, flows_folder: Path) -> None:
    flow = read_flow((flows_folder / name).read_bytes(), catalogue())
    options = [word for text in _functions(flow) for word in ("--function", f"{text}={HANDLER}")]
    is_refused = bool(refusals(flow))

    called = False
    for customer in _customers(flow):
        run = call("run", str(flows_folder / name), *options, *customer, *SHOWN)
        assert run.code == (2 if is_refused else int(_is_dropped(run))), run.err
        called = called or _answered(run)
        if called or is_refused:
            break

    assert called == (name not in UNREACHED), "the list of files without a call has changed"


def _functions(flow: Flow) -> dict[str, None]:
    """Everything that the flow may call, in its own words."""
    raw = (action.parameters.get("LambdaFunctionARN") for action in flow.actions.values() if action.type == LAMBDA)
    return dict.fromkeys([ARN, *(text for text in raw if text and parse_reference(text, alone=True) is None)])


def _customers(flow: Flow) -> Iterator[list[str]]:
    for bring in _belongings(flow):
        for customer in CUSTOMERS:
            yield [*shlex.split(customer), *bring]


def _belongings(flow: Flow) -> Iterator[list[str]]:
    """What contacts may bring: nothing but functions' ARNs, then of each comparison the first value, the second, …"""
    wanted = _compared(flow)
    for count in range(max(map(len, wanted.values()), default=1)):
        yield _brought({path: values[min(count, len(values) - 1)] for path, values in wanted.items()})


def _compared(flow: Flow) -> dict[tuple[str, ...], list[str]]:
    """Values by reference: ARNs where a function is wanted; else nothing, and what it is compared with."""
    found: dict[tuple[str, ...], list[str]] = {}
    for action in flow.actions.values():
        arn = parse_reference(str(action.parameters.get("LambdaFunctionARN", "")), alone=True)
        if arn is not None:
            found[arn.path] = [ARN]
        value = parse_reference(str(action.parameters.get("ComparisonValue", "")), alone=True)
        if value is not None:
            found.setdefault(value.path, [""]).extend(str(each.operands[0]) for each in action.conditions)
    return found


def _brought(values: dict[tuple[str, ...], str]) -> list[str]:
    options: list[str] = []
    answer: dict[str, str] = {}
    for path, value in values.items():
        if not value or path[0] in ("StoredCustomerInput", "Channel"):
            continue
        if path[0] == "External":
            answer[".".join(path[1:])] = value
        elif path[0] == "Attributes":
            options += ["--attr", f"{'.'.join(path[1:])}={value}"]
        else:
            options += ["--set", f"$.{'.'.join(path)}={value}"]
    return [*options, "--attr", f"answer={json.dumps(answer)}"]


def _events(run: Called, kind: str) -> list[Any]:
    events = [json.loads(line) for line in run.out.splitlines()]
    return [event for event in events if event["type"] == kind]


def _answered(run: Called) -> bool:
    ended = _events(run, "function.ended")
    assert all("asked with" in event["log"] for event in ended if event["status"] == 200)
    return any(event["status"] == 200 and not event.get("function_error") for event in ended)


def _is_dropped(run: Called) -> bool:
    """Whether the flow left the contact without a branch, which exit code 1 stands for."""
    return any("no branch for" in event["reason"] for event in _events(run, "contact.ended"))


def test_the_files_without_a_call_are_there(flows_folder: Path) -> None:
    assert len(NAMES) >= 70
    assert UNREACHED.keys() <= set(NAMES)
