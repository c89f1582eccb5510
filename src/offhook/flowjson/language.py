"""The actions of a Flow-language document (Version 2019-10-30), however oddly it is written.

Nothing is refused: what has the wrong shape is a problem and is read as absent. An arrow that names no target is not
an arrow. Envelope: spec of the Flow language (APIReference/flow-language.html) and oddities of public files.
"""

from typing import Any

from offhook.flowjson.hints import hints_of
from offhook.flowjson.shape import Place
from offhook.model.flow import Action, Condition, ErrorArrow, Problem


def read_actions(document: dict[str, Any]) -> tuple[dict[str, Action], list[Problem]]:
    """The actions by identifier, in file order, and what is wrong with their shape.

    Of two actions with one identifier the first counts; one without identifier is left out.
    """
    whole = Place([])
    designer = whole.part(whole.part(document, "Metadata", dict), "ActionMetadata", dict, "Metadata.ActionMetadata")
    actions = {
        place.action: _action(entry, place.action, designer.get(place.action), place)
        for place, entry in whole.identified(document, "Actions", key="Identifier", noun="action")
    }
    return actions, whole.problems


def _action(entry: dict[str, Any], identifier: str, metadata: Any, place: Place) -> Action:
    kind = place.part(entry, "Type", str)
    if "Type" not in entry:
        place.report("Type", "is missing.")
    if "Transitions" not in entry:
        place.report("Transitions", "is missing; an action that ends the flow has {}.", severity="warning")
    # exports leave Parameters out where there are none
    parameters = place.part(entry, "Parameters", dict)
    transitions = place.part(entry, "Transitions", dict)
    return Action(
        identifier,
        kind,
        parameters,
        next_action=place.part(transitions, "NextAction", str, "Transitions.NextAction"),
        errors=_errors(transitions, place),
        conditions=_conditions(transitions, place),
        hints=hints_of(parameters, metadata),
    )


def _errors(transitions: dict[str, Any], place: Place) -> tuple[ErrorArrow, ...]:
    found = []
    for field, arrow in place.objects(transitions, "Errors", "Transitions.Errors"):
        error_type = place.part(arrow, "ErrorType", str, f"{field}.ErrorType")
        target = _target(arrow, field, place)
        if not error_type:
            place.report(field, "has no ErrorType, so it is never taken.")
        elif target:
            found.append(ErrorArrow(error_type, target))
    return tuple(found)


def _conditions(transitions: dict[str, Any], place: Place) -> tuple[Condition, ...]:
    found = []
    for field, arrow in place.objects(transitions, "Conditions", "Transitions.Conditions"):
        condition = place.part(arrow, "Condition", dict, f"{field}.Condition")
        operator = place.part(condition, "Operator", str, f"{field}.Condition.Operator")
        operands = _operands(condition, f"{field}.Condition.Operands", place)
        if not operator:
            place.report(field, "has no Operator, so it is never true.")
        if target := _target(arrow, field, place):
            found.append(Condition(operator, operands, target))
    return tuple(found)


def _operands(condition: dict[str, Any], field: str, place: Place) -> tuple[Any, ...]:
    operands = condition.get("Operands")
    if isinstance(operands, list):
        return tuple(operands)
    if isinstance(operands, str):
        place.report(field, "must be a list of one text, and is the text alone.")
        return (operands,)
    place.report(field, "must be a list of one text.")
    return ()


def _target(arrow: dict[str, Any], field: str, place: Place) -> str:
    target = place.part(arrow, "NextAction", str, f"{field}.NextAction")
    if not target:
        place.report(f"{field}.NextAction", "names no action, so the branch is not wired.")
    return target
