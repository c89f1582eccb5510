"""A contact on a flow document, told in sentences that a person can write down before.

`hear` reads the document as any file is read, lets stub functions and a scripted customer play, and gives what came
of it. `sentences` is the same as a list, one for each thing that happened:

    says Hello                        what the customer hears; `says ssml …`, `plays prompt NAME`
    presses 1 / presses nothing       what was keyed in
    calls lookup {"zip": "98101"}     a function and its parameters
    name = "Ann"                      a field of the contact that a block set; attributes one by one
    menu: Equals 1                    how a block was left, and why where something went wrong: `fn: X (cause)`
    ended: disconnected               how it ended
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from offhook.adapters.lambdas.host import LambdaHost
from offhook.adapters.lambdas.spec import parse_functions
from offhook.blocks import catalogue
from offhook.core import trace
from offhook.drivers.ports import Functions
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.customer import Script
from offhook.flowjson.read import read_flow
from offhook.model.flow import Flow
from offhook.model.instance import Instance, Resource

from .stage import START_MS, Played, compiled, contact

ARN = "flow:it"
FLOWS = "arn:aws:connect:us-east-1:111122223333:instance/demo/contact-flow"
_SPEECH = {"text": "says", "ssml": "says ssml", "prompt": "plays prompt", "media": "plays"}


def read(document: Any, arn: str = ARN, **said: str) -> Flow:
    """The flow in this document; `said` is what the file would not say, as its `type`."""
    return replace(read_flow(json.dumps(document), catalogue()), arn=arn, **said)


def known_flow(name: str) -> Resource:
    """What `others` of this name is known as: by an ARN that ends in its name, so that a test can write it down."""
    return replace(Instance().resource("flow", name), arn=f"{FLOWS}/{name}")


def stubs(*functions: str) -> LambdaHost:
    """Functions as `--function` takes them; they keep their count of calls from one contact to the next."""
    return LambdaHost(parse_functions(functions, folder=Path.cwd()))


def hear(
    document: Any,
    *,
    functions: tuple[str, ...] = (),
    inputs: tuple[str, ...] = (),
    host: Functions | None = None,
    others: dict[str, Any] | None = None,
    instance: dict[str, Any] | None = None,
    **fields: Any,
) -> Played:
    """One contact on this flow.

    `functions`: stubs (or the `host` that has them already, under these names). `others`: documents of flows by name.
    `instance`: its settings, as `strict`. `fields`: of the contact; `flow_type` is also the flow's.
    """
    names = tuple(text.partition("=")[0] for text in functions)
    flows = [read(document, **({"type": fields["flow_type"]} if "flow_type" in fields else {}))]
    resources = []
    for name, other in (others or {}).items():
        made = known_flow(name)
        resources.append(made)
        flows.append(read(other, made.arn, name=name))
    settings = dict(instance or {})
    resources += settings.pop("resources", ())
    stage = compiled(*flows, functions=names, resources=resources, **settings)
    simulator = Simulator(stage, host or stubs(*functions), store=True)
    life = simulator.start(contact(**fields), Script(inputs), at_ms=START_MS)
    simulator.run()
    return Played(life)


def sentences(played: Played) -> list[str]:
    """What happened, in order."""
    told: list[str] = []
    attributes: dict[str, str] = {}
    for event in played.trace:
        if isinstance(event, trace.ContactStarted):
            attributes = event.attributes
        if isinstance(event, trace.BlockLeft):
            told += _set(event.set, attributes)
            attributes = event.set.get("attributes", attributes)
        told += _told(event)
    return told


def _told(event: trace.AnyTrace) -> Iterator[str]:
    match event:
        case trace.Said():
            yield f"{_SPEECH[event.kind]} {event.text}"
        case trace.Input():
            yield event.by if event.by == "hangup" else f"presses {event.value or 'nothing'}"
        case trace.FunctionCalled():
            yield f"calls {event.function} {json.dumps(event.event['Details']['Parameters'])}"
        case trace.BlockLeft():
            yield f"{event.action}: {event.branch}" + (f" ({event.cause})" if event.cause else "")
        case trace.FlowEnded() if event.then == "queued":
            yield f"queued: {event.reason}"
        case trace.ContactEnded():
            yield f"ended: {event.reason}"


def _set(changes: dict[str, Any], attributes: dict[str, str]) -> Iterator[str]:
    for name, value in changes.items():
        if name == "attributes":
            news = {key: text for key, text in value.items() if attributes.get(key) != text}
            yield from (f"{key} = {json.dumps(text)}" for key, text in news.items())
        elif name == "queue":
            yield f"queue = {value['name']}"
        else:
            yield f"{name} = {json.dumps(value)}"
