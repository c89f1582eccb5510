"""Steps carried out at an endpoint, each as soon as what it leads to is there.

Flows come as drafts first, so that they may lead to each other; a module, which the API publishes when it is made, is
made without what it does where modules lead to each other. What the endpoint refuses is tried again once something else
has been done, and is a failure in the end.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from offhook.cli.mirror import token
from offhook.cli.mirror.change import CHANGES
from offhook.cli.mirror.create import CREATES
from offhook.cli.mirror.endpoint import Endpoint, Refused
from offhook.cli.mirror.plan import CHANGE, CONTENT, CREATE, DRAFT, FINISH, LATE, PUBLISH, Step, body_of
from offhook.cli.mirror.thing import FLOW, MODULE, Thing
from offhook.model.flow import LANGUAGE_VERSION

_STAND_IN = json.dumps(
    {
        "Version": LANGUAGE_VERSION, "StartAction": "end", "Metadata": {},
        "Settings": {"InputParameters": [], "OutputParameters": [], "Transitions": []},
        "Actions": [{"Identifier": "end", "Type": "EndFlowModuleExecution", "Parameters": {}, "Transitions": {}}],
    }
)  # fmt: skip


@dataclass(slots=True)
class Outcome:
    """`failed` are steps with what the endpoint said of them."""

    done: list[Step] = field(default_factory=list)
    failed: list[tuple[Step, str]] = field(default_factory=list)


def carry_out(
    steps: Iterable[Step], endpoint: Endpoint, names: token.Names, seen: Callable[[Step], None] = lambda step: None
) -> Outcome:
    """`names` are those of the instance, and grow by what is made. `seen` is told of each step that is done."""
    outcome = Outcome()
    waiting = list(steps)
    while waiting:
        left: list[Step] = []
        refused: list[tuple[Step, str]] = []
        for step in waiting:
            if _missing(step, names):
                left.append(step)
                continue
            try:
                _carry(step, endpoint, names)
            except Refused as problem:
                left.append(step)
                refused.append((step, f"{problem}."))
            else:
                outcome.done.append(step)
                seen(step)
        if len(left) == len(waiting):
            stuck = next((step for step in left if step.action == CREATE and step.thing.kind == MODULE), None)
            if stuck is None or any(step is stuck for step, _ in refused):
                outcome.failed = _failures(left, refused, names)
                return outcome
            left = _stand_in(stuck, left)
        waiting = left
    return outcome


def _failures(left: list[Step], refused: list[tuple[Step, str]], names: token.Names) -> list[tuple[Step, str]]:
    said = {id(step): reason for step, reason in refused}
    waits = [(step, ", ".join(_missing(step, names))) for step in left if id(step) not in said]
    return [*refused, *((step, f"waits for {what}, which could not be made.") for step, what in waits)]


def _stand_in(stuck: Step, left: list[Step]) -> list[Step]:
    """The steps with one for a module that does nothing yet, and one that gives it its content later."""
    bare = {name: value for name, value in stuck.thing.body.items() if name != "Settings"}
    first = Step(CREATE, replace(stuck.thing, body=bare, content=_STAND_IN))
    rest = [step for step in left if step is not stuck]
    return [first, *rest, Step(CHANGE, stuck.thing, None, (CONTENT,))]


def _missing(step: Step, names: token.Names) -> list[str]:
    """The tokens that must stand for something before the step, and do not yet."""
    if step.action == DRAFT:
        return []
    body = step.thing.body
    if step.action == CREATE and step.thing.kind == "queue":
        body = {name: value for name, value in body.items() if name not in LATE}
    text = json.dumps(body, ensure_ascii=False) + step.thing.content
    return sorted(token.spelled(word, name) for word, name in token.tokens(text) if not names.arn(word, name)
                  and (word, name) != ("instance", "id"))  # fmt: skip


def _carry(step: Step, endpoint: Endpoint, names: token.Names) -> None:
    thing = step.thing
    body = body_of(thing, names)
    content = token.resolved(thing.content, names)
    ready = replace(thing, body=body, content=content)
    if step.action in (CREATE, DRAFT):
        _remember(thing, CREATES[thing.kind](endpoint, ready, names), names)
        return
    have = step.have or Thing(kind=thing.kind, name=thing.name)
    ready = replace(ready, id=names.things.get(thing.key, ""), arn=have.arn or names.arn(*thing.key))
    if step.action == PUBLISH:
        CHANGES[FLOW](endpoint, ready, have, (CONTENT, "State"))
        return
    members = tuple(name for name in LATE if name in body) if step.action == FINISH else step.members
    if "Tags" in members:
        endpoint.bare("tag_resource", resourceArn=ready.arn, tags=body["Tags"])
    CHANGES[thing.kind](endpoint, ready, have, members)


def _remember(thing: Thing, id: str, names: token.Names) -> None:
    if id:
        names.things[thing.key] = id
        names.ids[id] = thing.key
