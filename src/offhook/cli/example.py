"""A block's example, run: one contact through a flow of this block, in the simulator, as the terminal would show it.

Everything that the example names exists; a function answers ANSWER, which is also what a function before it gave; the
contact has attributes and a working queue; the customer presses 1. Each branch of the block leads to the end. Services
beside the flow are described in _SERVICES.
"""

import io
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from offhook.adapters.services import Services
from offhook.blocks import catalogue
from offhook.cli.terminal import Transcript, console_for
from offhook.core.birth import new_contact
from offhook.core.expr import walk
from offhook.core.program import CHANNELS, Compiled
from offhook.core.spec import BlockSpec
from offhook.core.trace import Renderer
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.agent import AgentScript
from offhook.drivers.sim.customer import Script
from offhook.drivers.sim.life import Life
from offhook.model.contact import Agent, Place, Queue
from offhook.model.effect import Enqueue, InvokeLambda
from offhook.model.event import LambdaEnded
from offhook.model.flow import FLOW_TYPES, MODULE, Action, Condition, ErrorArrow, Flow
from offhook.model.instance import WEEKDAYS, Hours, Instance, QueueSettings, Resource, Span

ANSWER = '{"State":"Washington"}'
ATTRIBUTES = {"name": "Ann", "language": "1", "customer": "C-77", "earlier": "an earlier contact"}
START_MS = 1_767_625_200_000  # 2026-01-05T15:00:00Z, a Monday
CONTACT_ID = "11111111-1111-4111-8111-111111111111"
# an operand for blocks that compare with whatever the author wants
_OPERANDS = {
    "Equals": "1",
    "NumberLessThan": "51",
    "ConnectParticipantWithLexBot": "BookHotel",
    "CheckSegmentMembership": "True",
    "ShowView": "Next",
}
_KINDS = {"lambda-picker": "function", "event-flows": "flow"}
_QUEUE = Instance().resource("queue", "BasicQueue")
_PAID = {"answer": "It is paid.", "is_over": True, "context_variables": {"topic": "bill"}}
_SERVICES: dict[str, dict[str, Any]] = {
    "lex": {
        "bots": {
            "Hotel": {
                "id": "HOTELBOT01",
                "intents": {
                    "BookHotel": {
                        "utterances": ["1"],
                        "slots": {"City": {"prompt": "Which city?", "values": ["Seattle"]}},
                        "closing": "A room in {City} it is.",
                    }
                },
            }
        }
    },
    "cases": {"cases": [{"id": "c-1", "fields": {"customer_id": "C-77", "title": "Broken", "status": "open"}}]},
    "profiles": {
        "profiles": [
            {
                "id": "C-77",
                "fields": {"FirstName": "Ann", "LastName": "Lee"},
                "objects": {"_order": [{"OrderId": "o-1", "Status": "sent"}]},
                "calculated": {"_frequent_caller": "true"},
                "segments": ["LoyaltyGold"],
            }
        ]
    },
    "data-tables": {
        "tables": {
            "Branches": {
                "attributes": {"branch": {"primary": True}, "queue": {}},
                "rows": [{"branch": "oslo", "queue": "BasicQueue"}],
            }
        }
    },
    "voice-id": {"speakers": {"+12065550100": {"authentication": "ACCEPT"}}},
    "wisdom": {"assistants": [{"arn": "arn:aws:wisdom:us-east-1:111122223333:assistant/a"}]},
    "email": {"default": "Where is my parcel?"},
    "authentication": {"default": {"result": "Success", "customer_id": "C-77"}},
    "agentic-cx": {
        "applications": [
            {"workspace": "w", "application": "a", "greeting": "Is it about your bill?", "turns": [_PAID]},
        ]
    },
}
_BYE = Action("end", "DisconnectParticipant", {})


class _Answering:
    """Functions that answer ANSWER after a second."""

    def invoke(self, effect: InvokeLambda) -> LambdaEnded:
        return LambdaEnded(0, effect.id, 200, body=ANSWER, took_ms=1_000)

    def close(self) -> None:
        """Nothing to close."""


def transcript(spec: BlockSpec) -> list[str]:
    """The lines."""
    life = played(spec)
    stream = io.StringIO()
    show = Transcript(console_for(stream), full=True)
    for event in Renderer().render(life.trace, life.contact):
        if event.action != "end" or event.flow != "it":  # where the block leads is of no interest
            show(event)
    lines = stream.getvalue().splitlines()
    first = next(index for index, line in enumerate(lines) if line.endswith(f"{spec.title}  it"))
    return [line.rstrip() for line in lines[first:]]


def played(spec: BlockSpec, *, logging: bool | None = None) -> Life:
    """The contact after its example, on the first channel on which the block does something."""
    lives = (_run(spec, channel, logging) for channel in CHANNELS)
    return next((life for life in lives if not _is_refused(life)), None) or _run(spec, CHANNELS[0], logging)


def _is_refused(life: Life) -> bool:
    return any(entry[0] == "block.left" and entry[4].cause == "channel" for entry in life.trace)


def _run(spec: BlockSpec, channel: str, logging: bool | None) -> Life:
    flow_type = next(name for name in (*FLOW_TYPES, MODULE) if spec.flow_types.allows(name, strict=True))
    flow = Flow("flow-language", {}, "it", {"it": _action(spec), "end": _BYE}, name="Example", type=flow_type, arn="it")
    named = (_QUEUE, *(resource for resource in _named(spec) if resource != _QUEUE))
    instance = Instance(
        flows={"it": flow, **{resource.arn: _sink(resource) for resource in named}},
        resources=named,
        hours={resource.name: _office(resource.name) for resource in named if resource.kind == "hours"},
        queues={resource.name: QueueSettings(resource.name) for resource in named if resource.kind == "queue"},
    )
    services = Services(_SERVICES, lambda name, event: None)
    simulator = Simulator(
        Compiled(instance, catalogue()),
        _Answering(),
        services=services,
        agents={"jane": AgentScript(status="Lunch")},
        max_contact_ms=60_000,
    )
    contact = new_contact(
        id=CONTACT_ID,
        seed="1",
        flow="it",
        flow_type=flow_type,
        channel=channel,
        attributes=ATTRIBUTES,
        queue=Queue(_QUEUE.arn, _QUEUE.name),
        stored_input="+12065550123",
        logging=logging,
        **_standing(spec, flow_type, channel),
    )
    run = replace(contact.run, external={"State": "Washington"})  # type: ignore[type-var]  # a new contact has a run
    life = simulator.start(
        replace(contact, runs=(run,)),
        Script(("view:Next",) if spec.action == "ShowView" else ("1", "say:Seattle")),
        at_ms=START_MS,
    )
    simulator.run()
    return life


def _standing(spec: BlockSpec, flow_type: str, channel: str) -> dict[str, Any]:
    """What has happened to a contact that hears a flow of this type, so that there is something to do for the block."""
    found: dict[str, Any] = {"customer_endpoint": "+12065550100", "previous_id": "an earlier contact"}
    if spec.action == "UpdatePreviousContactParticipantState":
        found["initiation_method"] = "TRANSFER"
    if channel == "TASK":
        found["is_paused"] = True
    if flow_type == "CUSTOMER_QUEUE":
        found["place"] = Place(Enqueue(f"{CONTACT_ID}/0", _QUEUE.arn, _QUEUE.name), START_MS)
    if flow_type in ("AGENT_TRANSFER", "QUEUE_TRANSFER"):
        found["agent"] = Agent("jane")
    return found


def _action(spec: BlockSpec) -> Action:
    operator = spec.operators[0] if spec.operators else ""
    operands = spec.operands or ((_OPERANDS.get(spec.action, _OPERANDS[operator]),) if operator else ())
    return Action(
        "it",
        spec.action,
        dict(spec.example or {}),
        next_action="" if spec.terminal else "end",
        errors=tuple(ErrorArrow(branch.name, "end") for branch in spec.errors),
        conditions=tuple(Condition(operator, (operand,), "end") for operand in operands),
    )


def _named(spec: BlockSpec) -> Iterator[Resource]:
    """What the example names, by the pickers that the block declares."""
    for path, widget in (spec.widgets or {}).items():
        kind = _KINDS.get(widget, widget.removesuffix("-picker") if widget.endswith("-picker") else "")
        value = walk(dict(spec.example or {}), tuple(path.split(".")))
        names = value.values() if isinstance(value, dict) else [value]
        yield from (Instance().resource(kind, name) for name in names if kind and isinstance(name, str))


def _sink(resource: Resource) -> Flow:
    """A flow of one block in the place of one that is named; it fits everywhere, since it does not say its type."""
    is_module = resource.kind == "module"
    back = Action("end", "EndFlowModuleExecution" if is_module else "DisconnectParticipant", {})
    flow_type = MODULE if is_module else ""
    return Flow("flow-language", {}, "end", {"end": back}, name=resource.name, type=flow_type, arn=resource.arn)


def _office(name: str) -> Hours:
    return Hours(name, "UTC", week=dict.fromkeys(WEEKDAYS[:5], (Span(9 * 60, 17 * 60),)))
