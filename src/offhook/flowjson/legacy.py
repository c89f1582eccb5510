"""The old console export (`modules`, version "1"): its modules, converted to actions of the Flow language.

What a module becomes is declared by the blocks (`core.spec.Legacy`); what is common to all modules is here: which
declaration counts, which branch is which arrow, what operators are called. A module that no block declares is kept
under its old type name, with its parameters as they are. Nothing here raises.
Source: public exports. The console imported this format until March 2026.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from offhook.core.spec import BlockSpec, Catalogue, Legacy, LegacyModule
from offhook.flowjson.legacymodule import literal, module_of
from offhook.flowjson.shape import Place
from offhook.model.flow import Action, Condition, ErrorArrow, Problem

_OPERATORS = {
    "Equals": "Equals",
    "GreaterThan": "NumberGreaterThan",
    "GreaterThanOrEqualTo": "NumberGreaterOrEqualTo",
    "LessThan": "NumberLessThan",
    "LessThanOrEqualTo": "NumberLessOrEqualTo",
    "StartsWith": "TextStartsWith",
    "EndsWith": "TextEndsWith",
    "Contains": "TextContains",
}
_Rules = Mapping[str, str | tuple[str, str]]
_BRANCHES: _Rules = {
    "Success": "next",
    "Okay": "next",
    "Error": "NoMatchingError",
    "NoMatch": "NoMatchingCondition",
    "True": ("Equals", "True"),
    "False": ("Equals", "False"),
}


def convert(document: dict[str, Any], catalogue: Catalogue, flow_type: str) -> tuple[dict[str, Action], list[Problem]]:
    """The modules as actions by identifier, in file order, and what could not be converted.

    `flow_type` is one of FLOW_TYPES or empty. Of two modules with one id the first counts.
    """
    whole = Place([])
    actions = {
        place.action: _action(entry, catalogue, flow_type, place)
        for place, entry in whole.identified(document, "modules", key="id", noun="module")
    }
    return actions, whole.problems


def _action(entry: dict[str, Any], catalogue: Catalogue, flow_type: str, place: Place) -> Action:
    identifier = place.action
    module, raw = module_of(entry, flow_type, place)
    declared = _declaration(module, catalogue)
    if declared is None:
        kind = f"{module.type} with target {module.target}" if module.target else module.type
        place.report("type", f"{kind} has no known counterpart in the Flow language; it is kept.", code="not_converted")
        kept = Action(identifier, module.type, _kept(raw, module), hints=dict(module.names))
        return _arrows(kept, module, _BRANCHES, place)
    spec, legacy = declared
    parameters = _renamed(module, legacy.rename or {}) | _converted(module, legacy, place)
    hints = dict(_hints(parameters, _named(module), ""))
    action = Action(identifier, spec.action, parameters, hints=hints)
    return _mirrored(_arrows(action, module, {**_BRANCHES, **(legacy.branches or {})}, place), module, spec, legacy)


# --- parameters


def _declaration(module: LegacyModule, catalogue: Catalogue) -> tuple[BlockSpec, Legacy] | None:
    for spec in catalogue.values():
        for legacy in spec.legacy:
            fits = legacy.module == module.type and legacy.target in ("", module.target)
            if fits and (legacy.when is None or legacy.when(module)):
                return spec, legacy
    return None


def _renamed(module: LegacyModule, rename: Mapping[str, str]) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    for old, new in rename.items():
        if old in module.values:
            *outer, last = new.split(".")
            holder = parameters
            for step in outer:
                holder = holder.setdefault(step, {})
            holder[last] = module.values[old]
    return parameters


def _converted(module: LegacyModule, legacy: Legacy, place: Place) -> dict[str, Any]:
    try:
        return legacy.convert(module) if legacy.convert is not None else {}
    except KeyError as missing:
        place.report("parameters", f"lack {missing.args[0]!r}, which {module.type} must have.")
    except ValueError as problem:
        place.report("parameters", f"cannot be converted: {problem}.")
    return {}


def _kept(raw: list[dict[str, Any]], module: LegacyModule) -> dict[str, Any]:
    """Parameters of an unknown module, each as in the file: its value alone where nothing else is said of it."""
    found: dict[str, Any] = {"target": module.target} if module.target else {}
    repeated: dict[str, list[Any]] = {}
    for item in raw:
        rest = {key: part for key, part in item.items() if key != "name" and part is not None}
        repeated.setdefault(item["name"], []).append(rest["value"] if list(rest) == ["value"] else rest)
    return found | {name: items[0] if len(items) == 1 else items for name, items in repeated.items()}


def _named(module: LegacyModule) -> dict[str, str]:
    """Friendly names by the value that they are for."""
    named = {module.values[name]: shown for name, shown in module.names.items() if name in module.values}
    for item in module.entries:
        if "value" in item and isinstance(item.get("resourceName"), str) and item["resourceName"]:
            named[item["value"]] = item["resourceName"]
    return named


def _hints(value: Any, named: dict[str, str], path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if value in named:
            yield path, named[value]
        return
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        yield from _hints(item, named, f"{path}.{key}" if path else str(key))


# --- arrows


def _arrows(action: Action, module: LegacyModule, rules: _Rules, place: Place) -> Action:
    next_action, errors, conditions = "", [], []
    for index, branch in enumerate(module.branches):
        name, target = branch.get("condition"), branch.get("transition")
        if not isinstance(name, str) or not isinstance(target, str) or not target:
            place.report(f"branches[{index}]", "needs a condition and a transition, so it is not wired.")
        elif name == "Evaluate" or branch.get("conditionType"):
            conditions.append(_condition(branch, target, place))
        elif isinstance(meaning := rules.get(name, name), tuple):
            conditions.append(Condition(meaning[0], (meaning[1],), target))
        elif meaning == "next":
            next_action = next_action or target
        else:
            errors.append(ErrorArrow(meaning, target))
    return replace(action, next_action=next_action, errors=tuple(errors), conditions=tuple(conditions))


def _condition(branch: Mapping[str, Any], target: str, place: Place) -> Condition:
    kind = branch.get("conditionType") or "Equals"
    operator = _OPERATORS.get(kind) if isinstance(kind, str) else None
    if operator is None:
        place.report("branches", f"have the conditionType {kind!r}, which is not known.", code="unknown_operator")
    return Condition(operator or literal(kind), (literal(branch.get("conditionValue", "")),), target)


def _mirrored(action: Action, module: LegacyModule, spec: BlockSpec, legacy: Legacy) -> Action:
    """With the NextAction that the console writes, and the service wants, where no branch means it."""
    if action.next_action or spec.terminal or spec.may_end:
        return action
    by_error = {arrow.error_type: arrow.next_action for arrow in reversed(action.errors)}
    by_branch = {branch.get("condition"): branch.get("transition") for branch in reversed(module.branches)}
    target = by_branch.get(legacy.mirror) or by_error.get("NoMatchingCondition") or by_error.get("NoMatchingError")
    return replace(action, next_action=target or "")
