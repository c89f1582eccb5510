"""What is refused about one action: its type, its parameters and its branches.

Arrows are looked at as they stand in the file, so that paths count as the service counts. Where a block's own check
speaks about a parameter, the general rules about its value are silent: the check knows more.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from offhook.core import objection
from offhook.core.expr import looks_dynamic, text_of
from offhook.core.spec import ANY_FLOW, BlockSpec
from offhook.flowjson.lint import reference
from offhook.flowjson.lint.name import is_token
from offhook.flowjson.lint.view import Here, Leaf, fields_of
from offhook.flowjson.publish.contract import Settings, breaches
from offhook.model.flow import Problem

Known = Callable[[str, str], bool]

_REFERENCES = (
    reference.static_reference,
    reference.mixed_reference,
    reference.no_reference,
    reference.unknown_reference,
    reference.bare_namespace,
)
_INDEX = re.compile(r"\.(\d+)(?=\.|$)")
_STEP = re.compile(r"[^.\[\]]+")
_LACKS = re.compile(r"missing required field `(\w+)`")


class Sent(NamedTuple):
    """An action as it was sent: taken apart by the linter, as its entry in the file, and where that stands."""

    here: Here
    entry: dict[str, Any]
    place: int
    known: Known | None
    settings: Settings | None


def refused(sent: Sent) -> Iterator[str]:
    """Everything that the service says about the action."""
    here = sent.here
    yield from _shape(sent)
    spec = here.spec
    if spec is None or not _may_stand(here, spec):
        if isinstance(sent.entry.get("Type"), str):
            yield objection.unknown_type(here.action.type, here.path)
        yield from _dangling(sent)
        return
    yield from _parameters(sent, spec)
    if spec.contract is not None and sent.settings is not None:
        yield from breaches(here.action, spec.contract, sent.settings, here.path)
    if spec.terminal:
        if any(_transitions(sent).values()):
            yield objection.no_transitions(here.path)
        return
    if not here.action.next_action and not spec.may_end:
        yield objection.missing(f"{here.path}.Transitions.NextAction")
    yield from _errors(sent, spec)
    yield from _conditions(sent, spec)
    yield from _dangling(sent)


def _may_stand(here: Here, spec: BlockSpec) -> bool:
    """Nobody's pages say what may stand in a type that no page knows (CAMPAIGN)."""
    standing = here.whole.flow.type
    return standing not in ANY_FLOW or spec.flow_types.allows(standing, strict=here.whole.strict)


def _shape(sent: Sent) -> Iterator[str]:
    for problem in sent.here.whole.flow.problems:
        if problem.action == sent.here.action.identifier and problem.code == "bad_shape":
            yield from _said(sent, problem)


def _said(sent: Sent, problem: Problem) -> Iterator[str]:
    """What a problem means to the service. By its field, where the problem does not say more."""
    path = sent.here.path
    if problem.refusal:
        yield problem.refusal.replace(objection.ACTION, path)
    elif problem.refusal is not None and problem.severity == "error":
        say = objection.invalid if _is_given(sent.entry, problem.field) else objection.missing
        yield say(f"{path}.{_spelled(problem.field)}")


def _is_given(entry: dict[str, Any], field: str) -> bool:
    value: Any = entry
    for step in _STEP.findall(field):
        if isinstance(value, list) and step.isdecimal():
            value = value[int(step)]
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value is not None and value != []


def _spelled(field: str) -> str:
    """`Messages.0.Text` as the service spells it: `Messages[0].Text`."""
    return _INDEX.sub(r"[\1]", field)


# --- parameters


def _parameters(sent: Sent, spec: BlockSpec) -> Iterator[str]:
    here = sent.here
    wanted = {name for name, field in fields_of(spec.params).items() if field.required}
    wanted.update(spec.wanted if here.whole.strict else ())
    for name in fields_of(spec.params):
        if name in wanted and name not in here.action.parameters:
            yield objection.missing(f"{here.path}.Parameters.{name}")
    for path in here.unknown:
        yield objection.unknown(f"{here.path}.Parameters.{_spelled(path)}")
    for problem in here.checked:
        yield from _said(sent, problem)
    checked = [problem.field for problem in here.checked if problem.refusal is not None]
    for path, say in _values(sent):
        if f"Parameters.{path}" not in checked:
            yield say(f"{here.path}.Parameters.{_spelled(path)}")


def _values(sent: Sent) -> Iterator[tuple[str, Callable[[str], str]]]:
    """Values that are wrong by themselves, each by its path."""
    here = sent.here
    for bad in here.bad:
        path = bad.path.partition("[")[0]
        lacking = _LACKS.search(bad.rule)
        yield (f"{path}.{lacking[1]}", objection.missing) if lacking else (path, objection.invalid)
    for leaf in here.leaves:
        if not leaf.text and not _is_deep(leaf):
            yield leaf.path, objection.invalid
    for rule in _REFERENCES:
        for finding in rule(here):
            if finding.severity != "warning" and finding.field.startswith("Parameters."):
                yield finding.field.removeprefix("Parameters."), objection.invalid
    for leaf, kind, _ in here.named:
        if not (sent.known(kind, leaf.text) if sent.known is not None else not is_token(leaf.text)):
            yield leaf.path, objection.invalid


def _is_deep(leaf: Leaf) -> bool:
    # exports have empty text inside of what they give to views, and the service refuses it at the top
    return leaf.kind == "json" and leaf.path.count(".") > 1


# --- branches


def _transitions(sent: Sent) -> dict[str, Any]:
    found = sent.entry.get("Transitions")
    return found if isinstance(found, dict) else {}


def _arrows(sent: Sent, name: str) -> list[dict[str, Any]]:
    """The arrows of a kind, with an empty one for each that is none, so that they can be counted."""
    arrows = _transitions(sent).get(name)
    return [arrow if isinstance(arrow, dict) else {} for arrow in arrows] if isinstance(arrows, list) else []


def _errors(sent: Sent, spec: BlockSpec) -> Iterator[str]:
    action, path = sent.here.action, sent.here.path
    standing = sent.here.whole.flow.type
    branches = {branch.name: branch for branch in spec.errors if branch.exists(action.parameters, standing)}
    wired = [arrow.get("ErrorType") for arrow in _arrows(sent, "Errors")]
    for name, branch in branches.items():
        if branch.required and name not in wired:
            yield objection.missing_error(name, path)
    for error in wired:
        if isinstance(error, str) and error and error not in branches:
            yield objection.unknown_error(error, path)


def _conditions(sent: Sent, spec: BlockSpec) -> Iterator[str]:
    arrows = _arrows(sent, "Conditions")
    if arrows and not spec.operators:
        yield objection.no_conditions(sent.here.path)
        return
    for index, arrow in enumerate(arrows):
        condition = arrow.get("Condition")
        if isinstance(condition, dict):
            where = f"{sent.here.path}.Transitions.Conditions[{index}].Condition"
            yield from _condition(sent, spec, condition, where)


def _condition(sent: Sent, spec: BlockSpec, condition: dict[str, Any], where: str) -> Iterator[str]:
    operator, operands = condition.get("Operator"), condition.get("Operands")
    if isinstance(operator, str) and operator and operator not in spec.operators:
        yield objection.invalid(f"{where}.Operator")
    if not isinstance(operands, list):  # the shape
        return
    if operands == [""]:
        yield objection.empty_operand(sent.place)
    elif len(operands) != 1 or not _is_possible(operands[0], spec):
        yield objection.invalid(f"{where}.Operands")


def _is_possible(operand: Any, spec: BlockSpec) -> bool:
    text = text_of(operand)
    return not spec.operands or looks_dynamic(text) or text in spec.operands


def _dangling(sent: Sent) -> Iterator[str]:
    actions = sent.here.whole.flow.actions
    arrows = [("", _transitions(sent))]
    for kind in ("Errors", "Conditions"):
        arrows += [(f".{kind}[{index}]", arrow) for index, arrow in enumerate(_arrows(sent, kind))]
    for where, arrow in arrows:
        target = arrow.get("NextAction")
        if isinstance(target, str) and target and target not in actions:
            yield objection.invalid(f"{sent.here.path}.Transitions{where}.NextAction")
