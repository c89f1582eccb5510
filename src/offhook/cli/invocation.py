"""One function, invoked by itself with the event that a contact's block would send.

The event is not built here: a contact goes through a flow of one block, and the order that the block gives is carried
out. So what a function gets here is what it gets in a flow.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from offhook.adapters.lambdas.host import LambdaHost
from offhook.blocks import catalogue
from offhook.cli.asked import CHANNELS, ends
from offhook.cli.file import contents
from offhook.cli.project import load_project
from offhook.cli.text import one_line
from offhook.core.birth import new_contact
from offhook.core.lambda_answer import Refused, read
from offhook.core.machine import step
from offhook.core.program import Compiled
from offhook.core.resolve import Resolver
from offhook.model.contact import Contact
from offhook.model.effect import InvokeLambda
from offhook.model.errors import UsageError
from offhook.model.event import LambdaEnded, Started
from offhook.model.flow import Action, ErrorArrow, Flow
from offhook.model.instance import Instance, Resource, derived_id

LIMIT_SECONDS = 8  # the longest that a block waits
_TYPES = ("STRING_MAP", "JSON")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """As on the command line."""

    name: str
    channel: str = "voice"
    sender: str | None = None
    attributes: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    event: Path | None = None


@dataclass(frozen=True, slots=True)
class Invoked:
    """What was sent and what came back. `refused`: why a block would not take the answer, by response type."""

    name: str
    event: Any
    ended: LambdaEnded
    refused: dict[str, str]

    @property
    def answered(self) -> bool:
        return self.ended.status == 200 and not self.ended.function_error


def invoke(asked: Asked, *, env: str | None) -> Invoked:
    """Invoke it once. Raises UsageError for a function that there is not and for options that cannot be read."""
    project = load_project(Path.cwd(), env=env)
    problems: list[str] = []
    attributes, inputs = _pairs("--attr", asked.attributes, problems), _pairs("--param", asked.inputs, problems)
    event = _event(asked.event, problems)
    if asked.channel.lower() not in CHANNELS:
        problems.append(f"--channel is {asked.channel!r}, must be one of {', '.join(CHANNELS)}.")
    found = Resolver(project.instance).find("function", project.function_name(asked.name))
    if found.resource is None:
        problems.append(found.problem)
    if problems or found.resource is None:
        raise UsageError(*problems)
    contact = _contact(asked, attributes)
    order = ordered(project.instance, contact, found.resource, inputs)
    order = order if event is None else replace(order, event=event)
    with LambdaHost(project.functions, max_invocations=project.instance_limit) as host:
        ended = host.invoke(order).result()
    return Invoked(found.resource.name, order.event, ended, _refused(ended))


def ordered(instance: Instance, contact: Contact, function: Resource, inputs: dict[str, str]) -> InvokeLambda:
    """What a block with these inputs orders when the contact arrives at it."""
    parameters = {
        "LambdaFunctionARN": function.arn,
        "InvocationTimeLimitSeconds": LIMIT_SECONDS,
        "LambdaInvocationAttributes": inputs,
    }
    action = Action("invoke", "InvokeLambdaFunction", parameters, errors=(ErrorArrow("NoMatchingError", ""),))
    flow = Flow("flow-language", {}, "invoke", {"invoke": action}, type="CONTACT_FLOW", arn=contact.flow)
    # whether the function is added to the instance is not the question here
    alone = replace(instance, flows={flow.arn: flow}, associated=None, strict=False)
    effects = step(Compiled(alone, catalogue()), contact, Started(0)).effects
    return next(effect for effect in effects if isinstance(effect, InvokeLambda))


def _contact(asked: Asked, attributes: dict[str, str]) -> Contact:
    channel = asked.channel.upper()
    customer, system = ends(channel)
    return new_contact(
        id=derived_id("contact", "invoke"),
        seed="1",
        flow="flow:invoke",
        flow_type="CONTACT_FLOW",
        channel=channel,
        initiation_method="INBOUND" if system is not None else "API",
        customer_endpoint=asked.sender or customer,
        system_endpoint=system,
        attributes=attributes,
    )


def _pairs(option: str, texts: tuple[str, ...], problems: list[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            problems.append(f"{option} {text!r}: must be NAME=VALUE.")
        found[name] = value
    return found


def _event(path: Path | None, problems: list[str]) -> Any:
    if path is None:
        return None
    try:
        return msgspec.json.decode(contents(path, name=f"--event {path}"))
    except UsageError as refusal:
        problems += refusal.problems
    except RecursionError:
        problems.append(f"--event {path}: the JSON is nested too deeply.")
    except msgspec.DecodeError as problem:
        problems.append(f"--event {path}: not JSON: {str(problem)[:1].lower()}{str(problem)[1:]}.")
    return None


def _refused(ended: LambdaEnded) -> dict[str, str]:
    size = ended.body_bytes or len(ended.body.encode())
    answers = {kind: read(ended.body, body_bytes=size, response_type=kind, strict=False) for kind in _TYPES}
    return {kind: answer.detail for kind, answer in answers.items() if isinstance(answer, Refused)}


# --- saying ---


def as_text(invoked: Invoked) -> str:
    ended = invoked.ended
    cold = f", {ended.init_ms} ms of them to start" if ended.cold and ended.init_ms else ""
    time = f"after {ended.took_ms} ms{cold}"
    if invoked.answered:
        lines = [f"{invoked.name} answered {time}:", _pretty(ended.body)]
        lines += [f"a block takes it as {kind}" for kind in _TYPES if kind not in invoked.refused]
        lines += [f"a block refuses it as {kind}: {reason}" for kind, reason in invoked.refused.items()]
    else:
        lines = [f"{invoked.name} failed {time}: {one_line(ended.detail or ended.error_code)} ({ended.cause})"]
        lines += [_pretty(ended.body)] if ended.body else []
    if ended.log:
        lines += ["", "log:", *(f"  {one_line(line)}" for line in ended.log.splitlines())]
    if ended.report:
        lines += ["", "  ".join(ended.report.split("\t")).rstrip()]
    return "\n".join(lines)


def _pretty(body: str) -> str:
    try:
        return msgspec.json.format(body, indent=2)
    except msgspec.DecodeError:
        return one_line(body)


def as_json(invoked: Invoked) -> str:
    ended = msgspec.to_builtins(invoked.ended)
    kept = {key: value for key, value in ended.items() if key not in ("type", "at_ms", "effect_id")}
    said = {"function": invoked.name, "answered": invoked.answered, **kept, "refused": invoked.refused}
    return msgspec.json.format(msgspec.json.encode({**said, "event": invoked.event}), indent=2).decode()
