"""Flows to text, and any flow to a Flow-language document."""

from typing import Any

from offhook.core.spec import Catalogue
from offhook.flowjson.container import wrapped
from offhook.flowjson.legacy import convert
from offhook.flowjson.text import write
from offhook.model.flow import LANGUAGE_VERSION, Action, Flow

# what the console writes before and after the metadata of the actions
_BEFORE = ("entryPointPosition", "snapToGrid")


def write_flow(flow: Flow) -> str:
    """The flow as it was read: same JSON value, key order and number spelling, in the same wrapper."""
    document: Any = write(flow.document, flow.content_style) if flow.content_style else flow.document
    return write(document if flow.wrapper is None else wrapped(flow.wrapper, document)) + "\n"


def to_language(flow: Flow, catalogue: Catalogue) -> dict[str, Any]:
    """The flow as a Flow-language document (Version 2019-10-30), as the console would export it.

    One that is in the Flow language already is its own document. An old export is converted: metadata and the
    designer's data of each module are kept, and a module that no block declares stays under its old type name.
    """
    if flow.format == "flow-language":
        return flow.document
    actions, _ = convert(flow.document, catalogue, flow.type)
    return {
        "Version": LANGUAGE_VERSION,
        "StartAction": flow.start_action,
        "Metadata": _metadata(flow.document, actions),
        "Actions": [_encoded(action) for action in actions.values()],
    }


def _metadata(document: dict[str, Any], actions: dict[str, Action]) -> dict[str, Any]:
    said = document.get("metadata")
    metadata = {**(said if isinstance(said, dict) else {})}
    if "type" in document:
        metadata.setdefault("type", document["type"])
    designer: dict[str, Any] = {}
    for module in document["modules"]:
        identifier = module.get("id") if isinstance(module, dict) else None
        if isinstance(identifier, str) and identifier in actions and identifier not in designer:
            designer[identifier] = _designer(module, actions[identifier])
    before = {key: metadata.pop(key) for key in _BEFORE if key in metadata}
    return {**before, "ActionMetadata": designer, **metadata}


def _designer(module: dict[str, Any], action: Action) -> dict[str, Any]:
    """The module's metadata, with friendly names where newer consoles keep them."""
    said = module.get("metadata")
    shown: dict[str, Any] = {}
    for path, name in action.hints.items():
        holder = shown
        for step in path.split("."):
            holder = holder.setdefault(step, {})
        holder["displayName"] = name
    return {**(said if isinstance(said, dict) else {}), **({"parameters": shown} if shown else {})}


def _encoded(action: Action) -> dict[str, Any]:
    transitions: dict[str, Any] = {}
    if action.next_action:
        transitions["NextAction"] = action.next_action
    if action.conditions:
        transitions["Conditions"] = [
            {
                "NextAction": condition.next_action,
                "Condition": {"Operator": condition.operator, "Operands": list(condition.operands)},
            }
            for condition in action.conditions
        ]
    if action.errors:
        transitions["Errors"] = [
            {"NextAction": arrow.next_action, "ErrorType": arrow.error_type} for arrow in action.errors
        ]
    return {
        "Identifier": action.identifier,
        "Type": action.type,
        "Parameters": action.parameters,
        "Transitions": transitions,
    }
