"""What is wrong with a flow's graph and envelope, without knowing any block.

Shape problems and doubled identifiers are found while reading (`Flow.problems`); these come from the actions alone.
Limits and names: APIReference/flow-language.html. Refusing: decision S21.
"""

import re
from collections.abc import Iterator

from offhook.model.flow import Action, Flow, Problem

MAX_ACTIONS = 250
MAX_IDENTIFIER = 50
_FORBIDDEN = re.compile(r"[%:(\\/)=$,;\[\]{}]")
_FORBIDDEN_NAMES = frozenset(
    (
        "__proto__",
        "constructor",
        "__defineGetter__",
        "__defineSetter__",
        "toString",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "toLocaleString",
        "valueOf",
    )
)


def structure_problems(flow: Flow) -> list[Problem]:
    """No start, targets that do not exist, actions that cannot be reached, identifiers and numbers beyond limits."""
    reached = reachable(flow)
    found = [*_no_start(flow), *_dangling(flow, reached)]
    for identifier in flow.actions:
        found += _identifier(identifier)
        if reached and identifier not in reached:
            message = f"action {identifier!r}: no arrow from the start leads here, so it never runs."
            found.append(Problem("unreachable", message, "warning", identifier))
    if len(flow.actions) > MAX_ACTIONS:
        message = f"the flow has {len(flow.actions)} actions; Connect takes {MAX_ACTIONS} at most."
        found.append(Problem("too_many_actions", message))
    return found


def refusals(flow: Flow) -> list[Problem]:
    """Why the flow cannot be run at all: no start action, or a target that can be reached and does not exist."""
    reached = reachable(flow)
    return [*_no_start(flow), *(problem for problem in _dangling(flow, reached) if problem.action in reached)]


def reachable(flow: Flow) -> set[str]:
    """Identifiers of the actions that arrows from the start lead to, the start included. Empty without a start."""
    reached: set[str] = set()
    ahead = [flow.start_action]
    while ahead:
        identifier = ahead.pop()
        action = flow.actions.get(identifier)
        if action is not None and identifier not in reached:
            reached.add(identifier)
            ahead += action.targets()
    return reached


def is_sound_identifier(identifier: str) -> bool:
    """Whether the API takes this name of an action."""
    return bool(identifier) and not any(_identifier(identifier))


def _no_start(flow: Flow) -> list[Problem]:
    if flow.start_action in flow.actions:
        return []
    name = "start" if flow.format == "legacy" else "StartAction"
    if not flow.start_action:
        rule = "is missing; it must name the first action."
    elif not flow.actions:
        rule = f"is {flow.start_action!r}, and the flow has no actions."
    else:
        rule = f"is {flow.start_action!r}, which is no action of the flow."
    return [Problem("no_start", f"{name} {rule}", field=name)]


def _dangling(flow: Flow, reached: set[str]) -> list[Problem]:
    found = []
    for action in flow.actions.values():
        for field, target in _arrows(action):
            if target not in flow.actions:
                when = "" if action.identifier in reached else " (the action itself cannot be reached)"
                message = (
                    f"action {action.identifier!r}: {field} leads to {target!r}, which is no action of the flow{when}."
                )
                found.append(Problem("dangling_target", message, action=action.identifier, field=field))
    return found


def _arrows(action: Action) -> Iterator[tuple[str, str]]:
    if action.next_action:
        yield "NextAction", action.next_action
    for arrow in action.errors:
        yield f"error {arrow.error_type}", arrow.next_action
    for condition in action.conditions:
        yield f"condition {' '.join((condition.operator, *map(str, condition.operands)))}", condition.next_action


def _identifier(identifier: str) -> Iterator[Problem]:
    # warnings: the designer itself writes such names when blocks are renamed
    if len(identifier) > MAX_IDENTIFIER:
        rule = f"the identifier has {len(identifier)} characters; the API takes {MAX_IDENTIFIER} at most."
        yield Problem("identifier_length", f"action {identifier!r}: {rule}", "warning", identifier)
    if signs := "".join(dict.fromkeys(_FORBIDDEN.findall(identifier))):
        rule = f"the identifier holds {signs}, which the API does not take."
        yield Problem("identifier_characters", f"action {identifier!r}: {rule}", "warning", identifier)
    if identifier in _FORBIDDEN_NAMES:
        rule = "the identifier is a name that the API does not take."
        yield Problem("identifier_name", f"action {identifier!r}: {rule}", "warning", identifier)
