"""The flows and prompts that every instance has from the beginning; the flows in our own words.

A default flow runs where a contact comes to an event for which no flow was set (core.phases.DEFAULT_FLOWS). A project
replaces one by a flow of the same name. Their prompts are named by id, which is the same in every instance.
Source: adminguide/contact-flow-default.html and the pages default-*.html (what each does); the prompts are those that
ListPrompts gives for a new instance.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from offhook.blocks import catalogue
from offhook.flowjson.read import read_flow
from offhook.model.flow import Flow
from offhook.model.instance import Instance

LIBRARY_PROMPTS = (
    "Beep.wav",
    "CustomerHold.wav",
    "CustomerQueue.wav",
    "Music_Jazz_MyTimetoFly_Inst.wav",
    "Music_Pop_ThisAndThatIsLife_Inst.wav",
    "Music_Pop_ThrowYourselfInFrontOfIt_Inst.wav",
    "Music_Rock_EverywhereTheSunShines_Inst.wav",
)


def default_flows(instance: Instance) -> tuple[Flow, ...]:
    """The default flows, one a type, with the ARNs and ids that they have in this instance."""
    made = ((flow, instance.resource("flow", flow.name)) for flow in _flows())
    return tuple(replace(flow, arn=resource.arn, id=resource.id) for flow, resource in made)


def with_defaults(instance: Instance, matches: Mapping[str, tuple[str, ...]] | None = None) -> Instance:
    """The instance with default flows and library prompts, after its own; what has the name of its own is left out.

    `matches`: more texts that mean a default flow, by its name.
    """
    known = {resource.arn for resource in instance.resources}
    flows = [flow for flow in default_flows(instance) if flow.arn not in known]
    texts = matches or {}
    made = [instance.resource("flow", flow.name, matches=texts.get(flow.name, ())) for flow in flows]
    made += [prompt for name in LIBRARY_PROMPTS if (prompt := instance.resource("prompt", name)).arn not in known]
    return replace(
        instance,
        flows={**instance.flows, **{flow.arn: flow for flow in flows}},
        resources=(*instance.resources, *made),
    )


@cache
def _flows() -> tuple[Flow, ...]:
    files = sorted(Path(__file__).parent.glob("*.json"))
    return tuple(read_flow(file.read_bytes(), catalogue(), source=file.name) for file in files)
