"""A stage for tests of whole flows: actions in a line of Python, stubs with stated times, and the trace as a list.

Flows are written as `flow(action("hi", "MessageParticipant", {"Text": "Hello"}, then="bye"), BYE)`. `play` runs one
contact in the simulator, which stores and reads it back after every step.
"""

import json
from typing import Any

from offhook.blocks import catalogue
from offhook.core.birth import new_contact
from offhook.core.program import Compiled
from offhook.core.spec import Catalogue
from offhook.core.trace import AnyTrace, Renderer
from offhook.drivers.ports import Customer
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.customer import Script
from offhook.drivers.sim.life import Life
from offhook.model.contact import Contact
from offhook.model.effect import InvokeLambda
from offhook.model.event import LambdaEnded
from offhook.model.flow import Action, Condition, ErrorArrow, Flow
from offhook.model.instance import Instance

START_MS = 1_767_625_200_000  # 2026-01-05T15:00:00Z, a Monday
CONTACT_ID = "11111111-1111-4111-8111-111111111111"
BYE = Action("bye", "DisconnectParticipant", {})
INSTANCE = Instance()


def action(
    identifier: str,
    kind: str,
    parameters: dict[str, Any] | None = None,
    *,
    then: str = "",
    errors: dict[str, str] | None = None,
    when: tuple[tuple[str, str, str], ...] = (),
) -> Action:
    """`then`: NextAction; `errors`: error type to target; `when`: (operator, operand, target)."""
    return Action(
        identifier,
        kind,
        parameters or {},
        next_action=then,
        errors=tuple(ErrorArrow(error, target) for error, target in (errors or {}).items()),
        conditions=tuple(Condition(operator, (operand,), target) for operator, operand, target in when),
    )


def say(identifier: str, text: str, then: str = "bye") -> Action:
    return action(identifier, "MessageParticipant", {"Text": text}, then=then, errors={"NoMatchingError": then})


def call(identifier: str, then: str, sorry: str = "bye", **parameters: Any) -> Action:
    """A Lambda block of the function `lookup`, three seconds."""
    raw = {"LambdaFunctionARN": "lookup", "InvocationTimeLimitSeconds": "3", **parameters}
    return action(identifier, "InvokeLambdaFunction", raw, then=then, errors={"NoMatchingError": sorry})


def flow(*actions: Action, arn: str = "flow:it", name: str = "It", kind: str = "CONTACT_FLOW") -> Flow:
    """A flow that starts at its first action."""
    by_name = {each.identifier: each for each in actions}
    return Flow("flow-language", {}, actions[0].identifier, by_name, name=name, type=kind, arn=arn)


def compiled(
    *flows: Flow, functions: tuple[str, ...] = ("lookup",), blocks: Catalogue | None = None, **settings: Any
) -> Compiled:
    resources = (*settings.pop("resources", ()), *(INSTANCE.resource("function", name) for name in functions))
    instance = Instance(flows={each.arn: each for each in flows}, resources=resources, **settings)
    return Compiled(instance, catalogue() if blocks is None else blocks)


def contact(**fields: Any) -> Contact:
    plain = {"id": CONTACT_ID, "seed": "1", "flow": "flow:it", "flow_type": "CONTACT_FLOW"}
    return new_contact(**{**plain, **fields})


class Stubs:
    """Functions by name: a value to answer, or what makes a LambdaEnded of the effect. `takes_ms` is said, not spent.

    `calls` are the effects, in order.
    """

    def __init__(self, *, takes_ms: int = 0, **answers: Any) -> None:
        self.answers = answers
        self.takes_ms = takes_ms
        self.calls: list[InvokeLambda] = []

    def invoke(self, effect: InvokeLambda) -> LambdaEnded:
        self.calls.append(effect)
        answer = self.answers[effect.function]
        if callable(answer):
            ended: LambdaEnded = answer(effect)
            return ended
        return LambdaEnded(0, effect.id, 200, body=json.dumps(answer), took_ms=self.takes_ms)

    def close(self) -> None:
        """Nothing to close."""


class Played:
    """What came of a contact. `trace` are the rendered events."""

    def __init__(self, life: Life) -> None:
        self.contact = life.contact
        self.stopped = life.stopped
        self.trace: list[AnyTrace] = list(Renderer().render(life.trace, life.contact))

    def of(self, kind: str) -> list[Any]:
        """The trace events of a type, as `Said` or `Log`."""
        return [event for event in self.trace if type(event).__name__ == kind]

    @property
    def said(self) -> list[str]:
        return [event.text for event in self.of("Said")]

    @property
    def way(self) -> list[str]:
        """The blocks that were entered."""
        return [event.action for event in self.of("BlockEntered")]

    def left(self, identifier: str) -> Any:
        """How the block was left, the last time."""
        return [event for event in self.of("BlockLeft") if event.action == identifier][-1]


def play(stage: Compiled, stubs: Stubs | None = None, *, customer: Customer | None = None, **fields: Any) -> Played:
    """One contact from its start to its end."""
    simulator = Simulator(stage, stubs or Stubs(lookup={}), store=True)
    life = simulator.start(contact(**fields), customer or Script(), at_ms=START_MS)
    simulator.run()
    return Played(life)
