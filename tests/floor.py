"""Whole lives for tests: a small contact centre in which each flow says what it is, and what everybody heard, in order.

`live(...)` runs contacts with simulated agents and gives sentences: `0.8 caller hears Default customer queue`. In a
transfer it is told from the party's side: who is on the customer's line of the second contact is the source agent until
the caller comes over.
"""

from typing import Any

from offhook.blocks import catalogue
from offhook.core import trace
from offhook.core.birth import new_contact
from offhook.core.calendar import parse_instant
from offhook.core.phases import DEFAULT_FLOWS
from offhook.core.program import Compiled
from offhook.core.trace import Renderer
from offhook.drivers.ports import Called, Customer, Functions
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.agent import AgentScript, Time
from offhook.drivers.sim.customer import Script
from offhook.model.contact import Queue
from offhook.model.effect import PlaceCall
from offhook.model.flow import Action, Flow
from offhook.model.instance import AgentSettings, Instance, QuickConnect

from .stage import BYE, START_MS, Stubs, action, flow, say

END = action("end", "EndFlowExecution")
TO_QUEUE = action("queue", "TransferContactToQueue", then="bye", errors={"NoMatchingError": "bye"})
SUPPORT = Instance().resource("queue", "Support")
SALES = Instance().resource("queue", "Sales")
QUICK = Time(1_000)


def named(kind: str, name: str, *actions: Action) -> Flow:
    """A flow of this type and name; without actions it says its name, and ends as its type does."""
    if not actions and kind in ("CUSTOMER_HOLD", "AGENT_HOLD"):
        actions = (action("loop", "MessageParticipantIteratively", {"Messages": [{"Text": name}]}),)
    elif not actions and kind == "AGENT_TRANSFER":
        actions = (say("say", name, "ring"), action("ring", "TransferContactToAgent"))
    elif not actions:
        is_transfer = kind in ("CONTACT_FLOW", "QUEUE_TRANSFER")
        actions = (say("say", name, "queue"), TO_QUEUE, BYE) if is_transfer else (say("say", name, "end"), END)
    return flow(*actions, arn=f"flow:{name}", name=name, kind=kind)


def defaults() -> list[Flow]:
    return [named(kind, name) for kind, name in DEFAULT_FLOWS.items()]


def centre(*flows: Flow, functions: tuple[str, ...] = (), **settings: Any) -> Compiled:
    """A contact centre: the default flows, an inbound flow `Main`, two queues, jane and joe."""
    known = {each.name: each for each in (*defaults(), named("CONTACT_FLOW", "Main"), *flows)}
    base = Instance()
    resources = (SUPPORT, SALES, *(base.resource("function", name) for name in functions))
    given = {
        "agents": {"jane": AgentSettings("jane", first_name="Jane"), "joe": AgentSettings("joe", first_name="Joe")},
        "quick_connects": {
            "Joe": QuickConnect("Joe", "user", agent="joe"),
            "Sales": QuickConnect("Sales", "queue", queue="Sales"),
            "Home": QuickConnect("Home", "phone", number="+15550199"),
        },
        "flows": {each.arn: each for each in known.values()},
        "resources": resources,
    }
    return Compiled(Instance(**{**given, **settings}), catalogue())


def jane(*then: str, **words: Any) -> AgentScript:
    """An agent who takes a contact after a second, talks for ten, does what is asked, and hangs up."""
    return AgentScript(**{"accept_after": QUICK, "handle_time": Time(10_000), "then": then, **words})


class Line(Script):
    """A customer of whom it is known how calls go, and which there were; more calls than are known are an error."""

    def __init__(self, *calls: Called) -> None:
        super().__init__()
        self.calls = list(calls)
        self.placed: list[PlaceCall] = []

    def called(self, effect: PlaceCall) -> Called:
        self.placed.append(effect)
        return self.calls.pop(0)


class Lived:
    """What came of it: the simulator, the sentences of all contacts in order, and the last value of each contact."""

    def __init__(self, simulator: Simulator, steps: list[tuple[Any, Any]]) -> None:
        self.lives = list(simulator.lives.values())
        self.contacts = [life.contact for life in self.lives]
        renderers: dict[str, Renderer] = {}
        self.events: list[trace.AnyTrace] = []
        for contact, tuples in steps:
            self.events += renderers.setdefault(contact.id, Renderer()).render(tuples, contact)
        self._who = {contact.id: self._customer(contact) for contact in self.contacts}

    @staticmethod
    def _customer(contact: Any) -> str:
        is_transfer = contact.initiation_method in ("TRANSFER", "EXTERNAL_OUTBOUND")
        return "source agent" if is_transfer else "caller"

    def heard(self) -> list[str]:
        """`SECONDS WHO hears WHAT`, phases as `SECONDS CONTACT is PHASE`, in the order in which it happened."""
        told: list[str] = []
        said: set[str] = set()
        names: dict[str, str] = {}
        for event in self.events:
            label = names.setdefault(event.contact, str(len(names) + 1))
            at = f"{(parse_instant(event.at) - START_MS) / 1000:.1f}"
            match event:
                case trace.Said():
                    who = "agent" if event.line == "agent" else self._who[event.contact]
                    sentence = f"{who} hears {event.text}"
                    if sentence not in said:  # what loops is told once, until the contact is somewhere else
                        told.append(f"{at} {sentence}")
                    said.add(sentence)
                case trace.ContactPhase():
                    said.clear()
                    told.append(f"{at} {label} is {event.phase}")
                case trace.ContactEnded():
                    told.append(f"{at} {label} ended: {event.reason}")
                case trace.Warned():
                    if "the customer is on the line" in event.message:
                        self._who[event.contact] = "caller"
                    told.append(f"{at} {label}: {event.message}")
                case trace.FunctionCalled():
                    told.append(f"{at} {label} calls {event.function}")
        return told


def live(
    stage: Compiled,
    agents: dict[str, AgentScript],
    *,
    customer: Customer | None = None,
    functions: Functions | None = None,
    calls: int = 1,
    **fields: Any,
) -> Lived:
    """`calls` contacts a second apart on the flow Main (or as `fields` say), stored and read back after every step."""
    steps: list[tuple[Any, Any]] = []
    simulator = Simulator(
        stage,
        functions or Stubs(),
        agents=agents,
        seed="1",
        store=True,
        watch=lambda life, tuples: steps.append((life.contact, tuples)),
    )
    for count in range(calls):
        plain = {
            "id": f"contact-{count + 1}",
            "seed": "1",
            "flow": "flow:Main",
            "flow_type": "CONTACT_FLOW",
            "queue": Queue(SUPPORT.arn, "Support"),
            "customer_endpoint": "+15550100",
        }
        contact = new_contact(**{**plain, **fields})
        simulator.start(contact, customer or Script(), at_ms=START_MS + count * 1_000)
    simulator.run()
    return Lived(simulator, steps)
