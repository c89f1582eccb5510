"""Rules about one action: its type, its parameters and its branches.

Where Connect itself refuses a flow, the message begins with the sentence that the service uses (spec/validation.md
section 2), so that a search for it finds both.
"""

import difflib
import json
from collections.abc import Iterator
from typing import Any

from offhook.core.conditions import number
from offhook.core.expr import looks_dynamic, text_of
from offhook.core.spec import ANY_FLOW, FlowTypes
from offhook.flowjson.lint.name import is_token
from offhook.flowjson.lint.rule import Finding, Rule
from offhook.flowjson.lint.view import Here, fields_of
from offhook.model.flow import FLOW_TYPES, MODULE, Condition

_TYPE_NAMES = {
    "CONTACT_FLOW": "inbound flow",
    "CUSTOMER_QUEUE": "customer queue flow",
    "CUSTOMER_HOLD": "customer hold flow",
    "CUSTOMER_WHISPER": "customer whisper flow",
    "OUTBOUND_WHISPER": "outbound whisper flow",
    "AGENT_HOLD": "agent hold flow",
    "AGENT_WHISPER": "agent whisper flow",
    "AGENT_TRANSFER": "transfer to agent flow",
    "QUEUE_TRANSFER": "transfer to queue flow",
    MODULE: "module",
}
# Newer designer pages name a timeout branch that no export has; the machine takes it where it is wired (decision S10).
_UNCERTAIN = {"InvokeLambdaFunction": ("TimeLimitExceeded", "Timeout")}


def unknown_type(here: Here) -> Iterator[Finding]:
    kind, is_legacy = here.action.type, here.whole.flow.format == "legacy"  # there reading says so
    if here.spec is None and not is_legacy:
        near = difflib.get_close_matches(kind, here.whole.catalogue, n=1)
        hint = f"; did you mean {near[0]}?" if near else "; it is kept, and takes its error branch when it is reached."
        yield Finding(f"Invalid Action type. Type: {kind}{hint}", "Type")


def not_built(here: Here) -> Iterator[Finding]:
    if here.spec is not None and here.spec.enter is None:
        message = f"{here.spec.title} ({here.spec.action}) is not built yet: it takes its error branch in offhook."
        yield Finding(message, "Type")


def flow_type(here: Here) -> Iterator[Finding]:
    spec, standing = here.spec, here.whole.flow.type
    if spec is not None and standing and not spec.flow_types.allows(standing, strict=here.whole.strict):
        allowed = _allowed(spec.flow_types, strict=here.whole.strict)
        message = f"{spec.title} ({spec.action}) may not stand in {_type_name(standing)}; {allowed}."
        yield Finding(message, "Type")


def _allowed(flow_types: FlowTypes, *, strict: bool) -> str:
    every = (*FLOW_TYPES, MODULE)
    names = [_type_name(name) for name in every if flow_types.allows(name, strict=strict)]
    if len(names) == len(ANY_FLOW) - 1:
        return "it may in every other type"
    return f"it may in {', '.join(names)}" if names else "no type of flow is known where it may"


def _type_name(name: str) -> str:
    article = "an" if _TYPE_NAMES[name][0] in "aio" else "a"
    return f"{article} {_TYPE_NAMES[name]} ({name})"


# --- parameters


def missing_parameter(here: Here) -> Iterator[Finding]:
    if here.spec is None:
        return
    for name, parameter in fields_of(here.spec.params).items():
        if parameter.required and name not in here.action.parameters:
            yield Finding(f"Action is missing required property. Path: {here.path}.Parameters.{name}", _field(name))


def unknown_parameter(here: Here) -> Iterator[Finding]:
    for path in here.unknown:
        hint = _hint_for_unknown(here, path)
        yield Finding(f"Invalid Action property name. Path: {here.path}.Parameters.{path}; {hint}", _field(path))


def _hint_for_unknown(here: Here, path: str) -> str:
    assert here.spec is not None  # without one nothing is unknown
    known = fields_of(here.spec.params)
    near = difflib.get_close_matches(path, known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"{here.spec.action} has {', '.join(known) or 'no parameters'}."


def bad_value(here: Here) -> Iterator[Finding]:
    for bad in here.bad:
        if not (isinstance(bad.value, str) and is_token(bad.value)):
            message = f"Invalid Action property value. Path: {here.path}.Parameters.{bad.path}; {bad.rule}"
            yield Finding(f"{message}, and it is {_shown(bad.value)}.", _field(bad.path))


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _field(path: str) -> str:
    return f"Parameters.{path}"


# --- branches


def missing_error(here: Here) -> Iterator[Finding]:
    if here.spec is None:
        return
    wired = {arrow.error_type for arrow in here.action.errors}
    for branch in here.spec.errors:
        applies = branch.exists(here.action.parameters, here.whole.flow.type)
        if branch.required and applies and branch.name not in wired:
            message = f"Action is missing required error. Error: {branch.name}, Path: {here.path}"
            yield Finding(message, "Transitions.Errors")


def unknown_error(here: Here) -> Iterator[Finding]:
    spec = here.spec
    if spec is None:
        return
    parameters, standing = here.action.parameters, here.whole.flow.type
    has = [branch.name for branch in spec.errors if branch.exists(parameters, standing)]
    for index, arrow in enumerate(here.action.errors):
        if arrow.error_type in has:
            continue
        message = (
            f"Invalid Action error. Error: {arrow.error_type}; {spec.action} has {', '.join(has) or 'no errors'} here."
        )
        uncertain = arrow.error_type in _UNCERTAIN.get(spec.action, ()) and not here.whole.strict
        yield Finding(message, f"Transitions.Errors[{index}]", severity="warning" if uncertain else "")


def doubled_branch(here: Here) -> Iterator[Finding]:
    seen: set[Any] = set()
    for index, arrow in enumerate(here.action.errors):
        if arrow.error_type in seen:
            message = f"the error {arrow.error_type} is wired twice; the first branch is taken."
            yield Finding(message, f"Transitions.Errors[{index}]")
        seen.add(arrow.error_type)
    for index, condition in enumerate(here.action.conditions):
        key = (condition.operator, *map(text_of, condition.operands))
        if key in seen:
            yield Finding(f"the condition {' '.join(key)} stands twice; the first branch is taken.", _condition(index))
        seen.add(key)


def missing_next(here: Here) -> Iterator[Finding]:
    spec = here.spec
    if spec is not None and not spec.terminal and not spec.may_end and not here.action.next_action:
        message = f"Action is missing required property. Path: {here.path}.Transitions.NextAction"
        yield Finding(message, "Transitions.NextAction")


def no_transitions(here: Here) -> Iterator[Finding]:
    if here.spec is not None and here.spec.terminal and (here.action.next_action or here.action.conditions):
        message = f"Action does not support transitions. Path: {here.path}; {here.spec.action} ends the flow."
        yield Finding(message, "Transitions")


def no_conditions(here: Here) -> Iterator[Finding]:
    spec = here.spec
    if spec is not None and here.action.conditions and not spec.operators and not spec.terminal:
        message = f"Action does not support conditions. Path: {here.path}; {spec.action} has no result to compare."
        yield Finding(message, "Transitions.Conditions")


def bad_operator(here: Here) -> Iterator[Finding]:
    if here.spec is None or not here.spec.operators:
        return
    for index, condition in enumerate(here.action.conditions):
        if condition.operator not in here.spec.operators:
            known = ", ".join(here.spec.operators)
            message = f"the operator {condition.operator!r} is not one that {here.spec.action} takes: {known}."
            yield Finding(message, _condition(index))


def bad_operand(here: Here) -> Iterator[Finding]:
    if here.spec is None or not here.spec.operators:
        return
    for index, condition in enumerate(here.action.conditions):
        if rule := _operand_rule(condition, here.spec.operands):
            yield Finding(f"Invalid branch. Path: {here.path}.{_condition(index)}; {rule}", _condition(index))


def _operand_rule(condition: Condition, operands: tuple[str, ...]) -> str:
    if len(condition.operands) != 1:
        return f"it has {len(condition.operands)} operands, must have one."
    operand = text_of(condition.operands[0])
    if not operand:
        return "its operand is empty; text that is not there cannot be compared."
    if looks_dynamic(operand):
        return ""
    if operands and operand not in operands:
        return f"the operand is {operand!r}, must be one of {', '.join(operands)}."
    if condition.operator.startswith("Number") and number(operand) is None:
        return f"{condition.operator} compares numbers, and {operand!r} is none: it is never true."
    return ""


def _condition(index: int) -> str:
    return f"Transitions.Conditions[{index}]"


RULES = (
    Rule(
        name="unknown-type",
        title="The action type is not one of Amazon Connect",
        why="Connect refuses such a flow. offhook keeps the action, and a contact that reaches it takes its "
        "error branch, never the success branch. Types are case-sensitive and are not the titles that the "
        "designer shows.",
        of_action=unknown_type,
    ),
    Rule(
        name="not-built",
        title="offhook knows the block but cannot run it yet",
        why="The action is checked like any other. A contact that reaches it takes its error branch; the trace "
        "says so.",
        severity="warning",
        of_action=not_built,
    ),
    Rule(
        name="flow-type",
        title="The block may not stand in a flow of this type",
        why="Each type of flow has its own set of blocks: Loop prompts belongs in queue and hold flows, "
        "Disconnect does not belong in whispers. Connect refuses the flow or shows an unsupported block. "
        "AWS's pages differ for some blocks: the compatible profile allows what any of them allows, the "
        "strict profile what all of them allow. A type that the file does not give is set in offhook.toml "
        "under [flows.types].",
        of_action=flow_type,
    ),
    Rule(
        name="missing-parameter",
        title="A required parameter is missing",
        why="Connect refuses the flow; here the action takes its error branch.",
        of_action=missing_parameter,
    ),
    Rule(
        name="unknown-parameter",
        title="The action has no such parameter",
        why="Connect refuses unknown names, at the top and inside of objects. offhook keeps the value and does "
        "not use it. Inputs of a Lambda function belong under LambdaInvocationAttributes and arrive as "
        "Details.Parameters.",
        severity="warning",
        strict="error",
        of_action=unknown_parameter,
    ),
    Rule(
        name="bad-value",
        title="A parameter has the wrong type or is out of range",
        why="The action takes its error branch without doing anything. Numbers and booleans may be written as "
        'text, as exports do: "3" and "True".',
        gives_way=True,
        of_action=bad_value,
    ),
    Rule(
        name="missing-error",
        title="A branch that Connect requires is not wired",
        why="Connect refuses to publish a flow in which a required error branch leads nowhere. Which ones are "
        "required may depend on the parameters: a menu needs InputTimeLimitExceeded, storing input does "
        "not.",
        of_action=missing_error,
    ),
    Rule(
        name="unknown-error",
        title="The action has no such error",
        why="Connect refuses error types that are not the action's own. With Lambda functions a timeout is an "
        "ordinary error: NoMatchingError. offhook takes a TimeLimitExceeded or Timeout branch where one is "
        "wired.",
        of_action=unknown_error,
    ),
    Rule(
        name="doubled-branch",
        title="A branch is wired twice",
        why="The second one is never taken.",
        severity="warning",
        of_action=doubled_branch,
    ),
    Rule(
        name="missing-next",
        title="NextAction is missing",
        why="Connect requires NextAction on every action that does not end the flow, even where conditions "
        "decide: exports repeat the target of NoMatchingCondition there.",
        of_action=missing_next,
    ),
    Rule(
        name="no-transitions",
        title="An action that ends the flow has arrows",
        why="Nothing comes after it. Connect refuses the flow; Transitions must be {}.",
        of_action=no_transitions,
    ),
    Rule(
        name="no-conditions",
        title="The action has no result that conditions could compare",
        why="Connect refuses conditions there. To branch on a function's answer, put Check contact attributes "
        "after it.",
        of_action=no_conditions,
    ),
    Rule(
        name="bad-operator",
        title="A condition has an operator that the action does not take",
        why="Connect refuses the flow; here the condition is never true. And, Or and Not do not exist: chain "
        "the blocks.",
        of_action=bad_operator,
    ),
    Rule(
        name="bad-operand",
        title="A condition can never be true",
        why="A condition has one operand: text, a number for the Number operators, one of the action's results "
        "where it has a fixed set of them. It must not be empty.",
        gives_way=True,
        of_action=bad_operand,
    ),
)
