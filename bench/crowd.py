"""10,000 contacts through one queue with ten agents, as `offhook load` runs them: everybody is answered in the end."""

from offhook.blocks import catalogue
from offhook.core.birth import new_contact
from offhook.core.program import Compiled
from offhook.drivers.sim.agent import AgentScript, Time
from offhook.drivers.sim.customer import Script
from offhook.drivers.sim.load import Load
from offhook.model.contact import Queue
from offhook.model.flow import Action, Flow
from offhook.model.instance import Instance

from .contact import START_MS, Stub

CONTACTS = 10_000
AGENTS = {f"agent-{number}": AgentScript(handle_time=Time(180_000, "exponential")) for number in range(10)}


def run() -> None:
    """Ten agents who are busy four fifths of the time."""
    support = Instance().resource("queue", "Support")
    flow = Flow("flow-language", {}, "queue", {"queue": Action("queue", "TransferContactToQueue", {})}, arn="arn:flow")
    centre = Compiled(Instance(flows={"arn:flow": flow}, resources=(support,)), catalogue())
    tally = Load(
        centre,
        Stub(),
        contacts=CONTACTS,
        between=Time(22_500, "exponential"),
        agents=AGENTS,
        contact=lambda count: new_contact(
            id=f"c{count}", seed="1", flow="arn:flow", flow_type="CONTACT_FLOW", queue=Queue(support.arn, "Support")
        ),
        customer=lambda count: Script(),
        at_ms=START_MS,
    ).run()
    assert tally.handled == CONTACTS, tally
