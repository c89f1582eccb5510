"""What belongs to the instance of Connect: flows, modules, hours of operation, queues, prompts and views.

Source: spec/iac.md section 2; CloudFormation's template reference, AWS::Connect.
"""

from collections.abc import Iterator
from typing import Any

from offhook.model.flow import FLOW_TYPES, MODULE
from offhook.model.instance import WEEKDAYS, QueueSettings, Resource, derived_id
from offhook.templates.contents import TemplateFlow
from offhook.templates.evaluate import Evaluator
from offhook.templates.outline import Declared
from offhook.templates.physical import KINDS
from offhook.templates.said import Said
from offhook.templates.unknown import LOST

_FLOW = "AWS::Connect::ContactFlow"
_MODULE = "AWS::Connect::ContactFlowModule"
_HOURS = "AWS::Connect::HoursOfOperation"
_QUEUE = "AWS::Connect::Queue"


def resources(here: Evaluator, *types: str) -> Iterator[tuple[Declared, Resource]]:
    """What is made of these types, each as the instance has it, with the tokens that mean it in a flow."""
    names: dict[tuple[str, str], str] = {}
    for declared in here.parts.of_type(*types):
        if not here.exists(declared):
            continue
        kind = KINDS[declared.type]
        name, arn = here.property_text(declared, kind.name), here.own(declared)
        if LOST in (name, arn):
            continue
        if other := names.get((kind.connect, name)):
            here.wrong(declared, kind.name, f"{name!r} is the name of {other}, too")
            continue
        names[kind.connect, name] = declared.logical_id
        logical_id = declared.logical_id
        tokens = (*(f"${{{logical_id}.{attribute}}}" for attribute in kind.attributes), f"${{{logical_id}}}")
        yield declared, Resource(kind.connect, name, arn, derived_id(kind.connect, name), tokens)


def flows(here: Evaluator) -> tuple[TemplateFlow, ...]:
    found = []
    for declared, resource in resources(here, _FLOW, _MODULE):
        said = Said(here, declared)
        content, flow_type = said.text("Content", required=True), MODULE
        if declared.type == _FLOW:
            flow_type = said.text("Type", required=True)
            if flow_type and flow_type not in FLOW_TYPES:
                said.problem("Type", f"is {flow_type[:40]!r}, must be one of {', '.join(FLOW_TYPES)}")
        found.append(TemplateFlow(declared.logical_id, resource, flow_type, content))
    return tuple(found)


def hours(here: Evaluator) -> Iterator[tuple[Resource, dict[str, Any]]]:
    """Hours of operation as tables of offhook.toml."""
    for declared, resource in resources(here, _HOURS):
        said = Said(here, declared)
        table: dict[str, Any] = {"time_zone": said.text("TimeZone", required=True)}
        for entry in said.mappings("Config"):
            day = str(entry.get("Day", "")).lower()
            if day in WEEKDAYS:
                table.setdefault(day, []).append(_span(said, "Config", entry))
            else:
                said.problem("Config", f"Day is {day[:20].upper()!r}, must be one of {', '.join(WEEKDAYS).upper()}")
        overrides = [_override(said, entry) for entry in said.mappings("HoursOfOperationOverrides")]
        if overrides:
            table["overrides"] = overrides
        yield resource, table


def _span(said: Said, name: str, entry: dict[str, Any]) -> str:
    return "-".join(_time(said, f"{name}.{edge}", entry.get(edge)) for edge in ("StartTime", "EndTime"))


def _time(said: Said, name: str, time: Any) -> str:
    parts = time if isinstance(time, dict) else {}
    hour = said.whole(f"{name}.Hours", parts.get("Hours"), least=0, most=23)
    minute = said.whole(f"{name}.Minutes", parts.get("Minutes"), least=0, most=59)
    return f"{hour or 0:02}:{minute or 0:02}"


def _override(said: Said, entry: dict[str, Any]) -> dict[str, Any]:
    """Days that are ruled otherwise, as `overrides` of offhook.toml: there the spans hold on each of the dates."""
    name = "HoursOfOperationOverrides"
    days = entry.get("OverrideConfig")
    spans = [_span(said, name, day) for day in (days if isinstance(days, list) else ()) if isinstance(day, dict)]
    first, last = entry.get("EffectiveFrom"), entry.get("EffectiveTill")
    if len(set(spans)) > 1 and first != last:
        said.problem(name, "has days of its own over several dates, which offhook cannot say; give them in [hours]")
    return {
        "name": str(entry.get("OverrideName", "")),
        "from": str(first),
        "to": str(last),
        "open": list(dict.fromkeys(spans)) or "closed",
    }


def queues(here: Evaluator, hours_by_arn: dict[str, str]) -> Iterator[tuple[Resource, QueueSettings, str]]:
    """Queues, each with a sentence about its hours where they are not the template's, else an empty one."""
    for declared, resource in resources(here, _QUEUE):
        said = Said(here, declared)
        arn = said.text("HoursOfOperationArn", required=True)
        most = said.number("MaxContacts", least=0, most=1_000_000)
        named = hours_by_arn.get(arn, "")
        source = f"{here.parts.source}: {declared.logical_id}: HoursOfOperationArn"
        warning = f"{source} names hours that are not in the template; the queue counts as always open."
        yield resource, QueueSettings(resource.name, named, most), "" if named or not arn else warning


def others(here: Evaluator) -> Iterator[Resource]:
    """Prompts and views, whose names are all that is read."""
    yield from (resource for _, resource in resources(here, "AWS::Connect::Prompt", "AWS::Connect::View"))
