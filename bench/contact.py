"""The 17-block voice contact with one function stub, as a flow that the simulator runs."""

from typing import Any

from msgspec.structs import replace

from offhook.blocks import catalogue
from offhook.core.birth import new_contact
from offhook.core.program import Compiled
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.customer import Script
from offhook.drivers.sim.life import Life
from offhook.flowjson.read import read_flow
from offhook.flowjson.text import write
from offhook.model.effect import InvokeLambda
from offhook.model.event import LambdaEnded
from offhook.model.instance import Instance

START_MS = 1_767_625_200_000
BLOCKS = 17


def _action(identifier: str, kind: str, parameters: dict[str, Any], then: str, **ways: Any) -> dict[str, Any]:
    errors = [{"ErrorType": name, "NextAction": "goodbye"} for name in ways.get("errors", ("NoMatchingError",))]
    conditions = [
        {"NextAction": target, "Condition": {"Operator": "Equals", "Operands": [operand]}}
        for operand, target in ways.get("when", {}).items()
    ]
    transitions = {"NextAction": then, "Errors": errors, "Conditions": conditions}
    return {
        "Identifier": identifier,
        "Type": kind,
        "Parameters": parameters,
        "Transitions": transitions if then else {},
    }


def _say(identifier: str, text: str, then: str) -> dict[str, Any]:
    return _action(identifier, "MessageParticipant", {"Text": text}, then)


def _set(identifier: str, key: str, value: str, then: str) -> dict[str, Any]:
    return _action(identifier, "UpdateContactAttributes", {"Attributes": {key: value}}, then)


def _compare(identifier: str, value: str, operand: str, then: str) -> dict[str, Any]:
    errors = ("NoMatchingCondition",)
    return _action(identifier, "Compare", {"ComparisonValue": value}, "goodbye", when={operand: then}, errors=errors)


ACTIONS = [
    _action("logging", "UpdateFlowLoggingBehavior", {"FlowLoggingBehavior": "Enabled"}, "voice", errors=()),
    _action("voice", "UpdateContactTextToSpeechVoice", {"TextToSpeechVoice": "Joanna"}, "welcome"),
    _say("welcome", "Welcome to the demo line.", "brand"),
    _set("brand", "brand", "demo", "number"),
    _set("number", "number", "$.CustomerEndpoint.Address", "look up"),
    _action(
        "look up",
        "InvokeLambdaFunction",
        {
            "LambdaFunctionARN": "look-up",
            "InvocationTimeLimitSeconds": "3",
            "LambdaInvocationAttributes": {"phone": "$.CustomerEndpoint.Address"},
        },
        "known",
    ),
    _compare("known", "$.External.State", "Washington", "keep"),
    _set("keep", "state", "$.External.State", "hello"),
    _say("hello", "You are calling from $.Attributes.state.", "menu"),
    _action(
        "menu",
        "GetParticipantInput",
        {"Text": "For sales, press one.", "InputTimeLimitSeconds": "5", "StoreInput": "False"},
        "goodbye",
        when={"1": "one", "2": "goodbye"},
        errors=("NoMatchingError", "NoMatchingCondition", "InputTimeLimitExceeded"),
    ),
    _set("one", "choice", "sales", "choice"),
    _compare("choice", "$.Attributes.choice", "sales", "queue"),
    _action("queue", "UpdateContactTargetQueue", {"QueueId": "Sales"}, "priority"),
    _set("priority", "priority", "high", "please"),
    _say("please", "One moment, $.Attributes.brand sales will be with you.", "goodbye"),
    _say("goodbye", "Goodbye.", "end"),
    _action("end", "DisconnectParticipant", {}, ""),
]


class Stub:
    """Answers at once, in no time."""

    def invoke(self, effect: InvokeLambda) -> LambdaEnded:
        return LambdaEnded(0, effect.id, 200, body='{"State":"Washington"}')

    def close(self) -> None:
        pass


def instance() -> Compiled:
    document = {"Version": "2019-10-30", "StartAction": "logging", "Metadata": {}, "Actions": ACTIONS}
    flow = replace(read_flow(write(document), catalogue()), arn="arn:flow", name="Bench", type="CONTACT_FLOW")
    base = Instance()
    resources = (base.resource("function", "look-up"), base.resource("queue", "Sales"))
    return Compiled(Instance(flows={"arn:flow": flow}, resources=resources), catalogue())


def run(compiled: Compiled, number: int) -> Life:
    """One contact in virtual time, all semantics and trace on."""
    simulator = Simulator(compiled, Stub())
    contact = new_contact(
        id=f"contact-{number}",
        seed="1",
        flow="arn:flow",
        flow_type="CONTACT_FLOW",
        customer_endpoint="+12065550100",
    )
    life = simulator.start(contact, Script(("1",)), at_ms=START_MS)
    simulator.run()
    return life
