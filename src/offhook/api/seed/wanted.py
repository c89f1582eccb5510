"""A project's instance as records: what the API would have kept, had somebody made the same things by it.

A thing of the project has the id that the project derives from its name; what it leads to and does not have itself is
looked for among what the instance has from its beginning. No I/O here.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api import numbering
from offhook.core.phone import country_of
from offhook.model.flow import MODULE, Flow
from offhook.model.instance import Instance, Resource, derived_id

# What a record is called where it has a resource in the project
KINDS = {
    "contact-flow": "flow", "flow-module": "module", "operating-hours": "hours", "queue": "queue", "prompt": "prompt",
    "view": "view", "agent": "agent",
}  # fmt: skip
FLOWS = ("contact-flow", "flow-module")
# The kinds in which a name is one thing's
NAMED = {
    "contact-flow": "flow", "flow-module": "module", "operating-hours": "hours", "queue": "queue", "prompt": "prompt",
    "view": "view", "agent": "agent", "routing-profile": "routing profile", "transfer-destination": "quick connect",
    "phone-number": "phone number",
}  # fmt: skip
_ALIAS_ARN = re.compile(r"arn:aws[a-z-]*:lex:([a-z0-9-]+):\d{12}:bot-alias/[^/]+/[^/]+")
_EMPTY_VIEW = {"Template": '{"Head": {}, "Body": []}', "Actions": []}


@dataclass(frozen=True, slots=True)
class Wanted:
    """`body` is what the project says, `usual` what it leaves to others: there where nobody has set it."""

    kind: str
    id: str
    name: str
    body: dict[str, Any] = field(default_factory=dict)
    usual: dict[str, Any] = field(default_factory=dict)


class Ids:
    """Ids by kind of record and name: the project's own, else those of what is in the instance, "" for none."""

    def __init__(self, instance: Instance, find: Callable[[str, str], Record | None]) -> None:
        self.instance = instance
        self._find = find
        self._own: dict[tuple[str, str], str] = {}

    def own(self, kind: str, name: str) -> str:
        """The id of a thing that the project has."""
        return self._own.setdefault((kind, name), derived_id(KINDS.get(kind, kind), name))

    def of(self, kind: str, name: str) -> str:
        if not name or (kind, name) in self._own:
            return self._own.get((kind, name), "")
        found = self._find(kind, name)
        return found.id if found is not None else ""

    def resources(self, kind: str) -> Iterator[Resource]:
        """The project's things of a kind of record that flows name."""
        return (each for each in self.instance.resources if each.kind == KINDS[kind])


def own_names(ids: Ids, contents: Mapping[str, str]) -> None:
    """Take down what the project has, before anything leads to it. `contents`: the texts of its flows by ARN."""
    instance = ids.instance
    named: dict[str, set[str]] = {
        "operating-hours": set(instance.hours),
        "queue": set(instance.queues),
        "agent": set(instance.agents),
        "routing-profile": set(instance.routing_profiles),
        "transfer-destination": set(instance.quick_connects),
        "phone-number": {*instance.numbers, *_callers(instance)},
    }
    for arn in contents:
        flow = instance.flows[arn]
        named.setdefault("flow-module" if flow.type == MODULE else "contact-flow", set()).add(flow.name)
    for kind, names in named.items():
        for name in names:
            ids.own(kind, name)


def flows(ids: Ids, contents: Mapping[str, str]) -> Iterator[Wanted]:
    for arn, text in contents.items():
        flow = ids.instance.flows[arn]
        said = {"State": "ACTIVE", "Description": _description(flow)}
        if flow.type == MODULE:
            yield Wanted("flow-module", flow.id, flow.name, {"Published": text}, said)
        else:
            body = {"Type": flow.type or "CONTACT_FLOW", "Published": text}
            yield Wanted("contact-flow", flow.id, flow.name, body, said)


def _description(flow: Flow) -> str:
    metadata = flow.document.get("metadata" if flow.format == "legacy" else "Metadata")
    said = metadata.get("description") if isinstance(metadata, dict) else None
    return said if isinstance(said, str) else ""


def prompts(ids: Ids, library: tuple[str, ...]) -> Iterator[Wanted]:
    """Those that tables of the project name; `library` are in every instance anyway."""
    for each in ids.resources("prompt"):
        if each.name not in library:
            yield Wanted("prompt", each.id, each.name)


def views(ids: Ids, managed: tuple[str, ...]) -> Iterator[Wanted]:
    """Empty ones: the project says no more than their names. `managed` are AWS's own."""
    for each in ids.resources("view"):
        if each.name not in managed:
            content = {**_EMPTY_VIEW, "ModifiedMs": 0}
            yield Wanted("view", each.id, each.name, {}, {"Description": "", "Saved": content, "Published": content})


def numbers(ids: Ids) -> Iterator[Wanted]:
    """Those that reach a flow, and those that queues call from."""
    instance = ids.instance
    for number in dict.fromkeys((*instance.numbers, *_callers(instance))):
        flow = ids.of("contact-flow", instance.numbers.get(number, ""))
        body = {
            "PhoneNumberCountryCode": country_of(number) or "US",
            "PhoneNumberType": numbering.type_of(number),
            **({"ContactFlowId": flow} if flow else {}),
        }
        yield Wanted("phone-number", ids.own("phone-number", number), number, body, {"PhoneNumberDescription": ""})


def _callers(instance: Instance) -> list[str]:
    found = (queue.outbound_caller_id for queue in instance.queues.values())
    return [number for number in found if number]


def associations(ids: Ids) -> Iterator[Wanted]:
    """The functions that are added to the instance: all of them, where nobody keeps account of it. And bots."""
    instance = ids.instance
    for each in instance.resources:
        if each.kind == "function":
            for arn in (
                f"{each.arn}:{qualifier}" if qualifier else each.arn for qualifier in _qualifiers(instance, each)
            ):
                yield Wanted("lambda-function", arn, arn)
        alias = _ALIAS_ARN.fullmatch(each.arn) if each.kind == "bot" else None
        if alias is not None:
            yield Wanted("lex-v2-bot", each.arn, each.arn, {"AliasArn": each.arn})


def _qualifiers(instance: Instance, function: Resource) -> list[str]:
    if instance.associated is None:
        return [] if instance.strict else ["", *(function.aliases or {})]
    pairs = (each.partition(":") for each in sorted(instance.associated))
    return [qualifier for name, _, qualifier in pairs if name == function.name]
