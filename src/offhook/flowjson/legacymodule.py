"""A module of the old export, read into what its converter sees: values and references in today's spelling.

The namespace of a value says where it comes from, and the display names of the designer's System values stand for
paths. Source: public exports; adminguide/connect-attrib-list.html.
"""

import re
from collections.abc import Iterator
from typing import Any

from offhook.core.expr import ROOTS
from offhook.core.spec import LegacyModule
from offhook.flowjson.shape import Place
from offhook.flowjson.text import write

_NAMESPACES = {
    "User Defined": "Attributes",
    "Flow": "FlowAttributes",
    "Queue metrics": "Metrics",
    "Media streams": "MediaStreams",
    "Customer profiles": "Customer",
    "Cases": "Case",
}
# whose names are paths below the root, not single keys
_NESTED = frozenset({"Agent", "Lex", "Metrics", "MediaStreams", "Queue", "Customer", "Task", "Views", "Wisdom", "Case"})
# display names of the designer's System values (connect-attrib-list.html); other names are paths already
_SYSTEM = {
    "stored customer input": "StoredCustomerInput",
    "customer number": "CustomerEndpoint.Address",
    "dialed number": "SystemEndpoint.Address",
    "queue name": "Queue.Name",
    "queue arn": "Queue.ARN",
    "text to speech voice": "TextToSpeechVoiceId",
    "contact id": "ContactId",
    "initial contact id": "InitialContactId",
    "previous contact id": "PreviousContactId",
    "instance arn": "InstanceARN",
    "initiation method": "InitiationMethod",
    "language": "LanguageCode",
    "aws region": "AwsRegion",
}
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_/-]+")
# where the designer keeps a friendly name that a parameter lacks
_SHOWN = {"Queue": ("queue",), "Hours": ("Hours",), "ContactFlowId": ("contactFlow", "ContactFlow")}


def module_of(entry: dict[str, Any], flow_type: str, place: Place) -> tuple[LegacyModule, list[dict[str, Any]]]:
    """The module, and its parameters as they stand in the file. What does not fit is reported at `place`."""
    metadata = place.part(entry, "metadata", dict)
    names = {name: shown for name, shown in _shown(metadata) if isinstance(shown, str) and shown}
    raw = _parameters(entry, place)
    namespace = next((item.get("value") for item in raw if item["name"] == "Namespace"), None)
    entries = tuple(_entry(item, namespace, names.get(item["name"]), place) for item in raw)
    repeated: dict[str, tuple[str, ...]] = {}
    keyed: dict[str, dict[str, str]] = {}
    for item in entries:
        name = item["name"]
        if isinstance(item.get("resourceName"), str) and item["resourceName"]:
            names[name] = item["resourceName"]
        if "value" in item:
            repeated[name] = (*repeated.get(name, ()), item["value"])
            if isinstance(item.get("key"), str):
                keyed.setdefault(name, {})[item["key"]] = item["value"]
    module = LegacyModule(
        type=place.part(entry, "type", str),
        target=place.part(entry, "target", str) if entry.get("target") is not None else "",
        values={name: values[0] for name, values in repeated.items()},
        keyed=keyed,
        repeated=repeated,
        names=names,
        entries=entries,
        branches=tuple(branch for _, branch in place.objects(entry, "branches")),
        metadata=metadata,
        flow_type=flow_type,
    )
    return module, raw


def _parameters(entry: dict[str, Any], place: Place) -> list[dict[str, Any]]:
    found = []
    for field, item in place.objects(entry, "parameters"):
        if isinstance(item.get("name"), str):
            found.append(item)
        else:
            place.report(field, "has no name, so it is left out.")
    return found


def _shown(metadata: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, keys in _SHOWN.items():
        for key in keys:
            if isinstance(shown := metadata.get(key), dict):
                yield name, shown.get("text")
    yield "AudioPrompt", metadata.get("promptName")


def _entry(item: dict[str, Any], namespace: Any, shown: str | None, place: Place) -> dict[str, Any]:
    """The parameter with its value as the Flow language spells it, or without one."""
    value = item.get("value")
    within = item.get("namespace")
    if item["name"] == "Attribute" and "key" not in item and not within:
        within = namespace
    if isinstance(within, str) and within and value is not None:
        return {**item, "value": _reference(within, literal(value), place)}
    name = item.get("resourceName") or shown
    if value in (None, "") and isinstance(name, str):
        return {**item, "value": name}
    if value is None:
        return {key: part for key, part in item.items() if key != "value"}
    return {**item, "value": literal(value)}


def literal(value: Any) -> str:
    """As the console writes it: every scalar is text, booleans are True and False."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, bool) else write(value, "compact")


def _reference(namespace: str, name: str, place: Place) -> str:
    if namespace == "System":
        path = _SYSTEM.get(name.lower(), name)
        if path.partition(".")[0] in ROOTS:
            return f"$.{path}"
        place.report(
            "parameters", f"refers to the system value {name!r}, which is not known.", code="unknown_reference"
        )
        return f"$.System{_step(name)}"
    root = _NAMESPACES.get(namespace, namespace)
    if root.partition(".")[0] not in ROOTS:  # `Lex.Slots` is a namespace, too
        place.report(
            "parameters", f"refers to the namespace {namespace!r}, which is not known.", code="unknown_reference"
        )
    return f"$.{root}.{name}" if root in _NESTED else f"$.{root}{_step(name)}"


def _step(key: str) -> str:
    if _PLAIN_KEY.fullmatch(key):
        return f".{key}"
    return f'["{key}"]' if "'" in key else f"['{key}']"
