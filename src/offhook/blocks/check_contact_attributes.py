"""Check contact attributes: compare one value with a list of conditions, in order.

The value is one whole reference; what it resolves to keeps its type until it is compared as text or as a number. A
reference that resolves to nothing meets no condition (decision S8). Operands may be references too. Text is compared
case by case, and a number operator is false where either side is not a number (core/conditions.py).
Connect refuses a literal, a bare namespace, an empty operand and NoMatchingError here. A literal that is run all the
same is compared as it stands.
Source: APIReference/flow-control-actions-compare.html, flow-language-actions.html;
adminguide/check-contact-attributes.html; KeyExists and the refusals: probes of the service by third parties.
"""

from typing import Annotated, Any

import msgspec

from offhook.core.conditions import OPERATORS
from offhook.core.expr import parse_reference, text_of
from offhook.core.spec import REFERENCE, BlockSpec, Ctx, ErrorBranch, Exit, Legacy, LogRecord, Outcome
from offhook.model.flow import Action, Problem

# the roots that are values themselves (connect-attrib-list.html); every other one is a namespace
LEAVES = frozenset(
    {
        *("AwsRegion", "Channel", "ContactId", "CustomerId", "Description", "InitialContactId", "InitiationMethod"),
        *("InstanceARN", "LanguageCode", "Name", "PreviousContactId", "RelatedContactId", "StoredCustomerInput"),
        "TextToSpeechVoiceId",
    }
)


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    comparison_value: Annotated[Any, REFERENCE, msgspec.Meta(title="Attribute to check")]


def enter(p: Params, ctx: Ctx) -> Outcome:
    return Exit(result=p.comparison_value, records=_compared(ctx) if ctx.logging else ())


def _compared(ctx: Ctx) -> tuple[tuple[str, str], ...]:
    """Operator and operand of each condition; a reference is looked up now, the lines are made when they are read."""
    compared = []
    for condition in ctx.action.conditions:
        operand = text_of(condition.operands[0]) if condition.operands else ""
        if operand[:1] == "$" and (reference := parse_reference(operand)) is not None:
            operand = text_of(reference.value(ctx))
        compared.append((condition.operator, operand))
    return tuple(compared)


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    """One line for each comparison up to the one that held, as Connect writes them."""
    records = []
    for operator, operand in outcome.records:
        holds = operator in OPERATORS and OPERATORS[operator](outcome.result, operand)
        compared = {"ComparisonMethod": operator, "Value": text_of(outcome.result), "SecondValue": operand}
        records.append(LogRecord(compared, results="true" if holds else "false"))
        if holds:
            break
    return tuple(records) or (LogRecord(),)


def check(action: Action) -> list[Problem]:
    return [*_check_value(action), *_check_operands(action)]


def _check_value(action: Action) -> list[Problem]:
    value = action.parameters.get("ComparisonValue")
    reference = parse_reference(value, alone=True) if isinstance(value, str) else None
    if reference is not None and (len(reference.path) > 1 or reference.path[0] in LEAVES):
        return []
    message = f"ComparisonValue is {value!r}, must be one whole reference to a value, such as $.Attributes.name."
    return [Problem("E-compare-value", message, action=action.identifier, field="Parameters.ComparisonValue")]


def _check_operands(action: Action) -> list[Problem]:
    problems = []
    for index, condition in enumerate(action.conditions):
        if len(condition.operands) == 1 and condition.operands[0] != "":
            continue
        message = (
            f"{condition.operator} has the operands {list(condition.operands)!r}, must have one that is not empty: "
            "write one condition for each value; a value that is unset goes to NoMatchingCondition."
        )
        field = f"Transitions.Conditions[{index}].Condition.Operands"
        # of every condition it is said alike (flowjson.publish)
        problems.append(Problem("E-compare-operands", message, action=action.identifier, field=field, refusal=None))
    return problems


BLOCKS = (
    BlockSpec(
        action="Compare",
        title="Check contact attributes",
        summary="Branches on the first condition that a value meets.",
        group="check",
        kind="flow_control",
        params=Params,
        enter=enter,
        errors=(ErrorBranch("NoMatchingCondition"),),
        operators=(
            "Equals",
            "TextStartsWith",
            "TextEndsWith",
            "TextContains",
            "NumberGreaterThan",
            "NumberGreaterOrEqualTo",
            "NumberLessThan",
            "NumberLessOrEqualTo",
            "KeyExists",
        ),
        legacy=(Legacy("CheckAttribute", rename={"Attribute": "ComparisonValue"}),),
        log_name="CheckAttribute",
        log=log,
        check=check,
        example={"ComparisonValue": "$.Attributes.language"},
    ),
)
