"""Distribute by percentage: send shares of the contacts different ways, by chance.

The result is a whole number in 1..100. The branches are a chain of NumberLessThan, each with 1 + the percentages so
far (3, 6 and 8 % are 4, 10 and 18), and the rest goes to NoMatchingCondition. The page calls the operator
NumericLessThan, exports NumberLessThan; both work. Chance comes from the contact's seed, so a run can be repeated.
Source: APIReference/flow-control-actions-distributebypercentage.html; adminguide/distribute-by-percentage.html.
"""

from itertools import pairwise

from offhook.core.conditions import number
from offhook.core.expr import text_of
from offhook.core.spec import BlockSpec, Ctx, ErrorBranch, Exit, FlowTypes, Legacy, NoParams, Outcome
from offhook.model.flow import Action, Problem

SIDES = 100


def enter(p: NoParams, ctx: Ctx) -> Outcome:
    result = ctx.chance(SIDES)
    return Exit(result=result, results=str(result))


def check(action: Action) -> list[Problem]:
    """Thresholds rise from 2, so that each branch has a share, and stay at 100 or below."""
    written = [text_of(condition.operands[0]) for condition in action.conditions if condition.operands]
    thresholds = [number(text) or 0 for text in written]
    if all(low < high <= SIDES for low, high in pairwise([1, *thresholds])):
        return []
    message = (
        f"the thresholds are {', '.join(written)}, must rise from 2 to {SIDES} at most: "
        "each is 1 + the percentages of its branch and of the ones before."
    )
    return [Problem("E-percentage-thresholds", message, action=action.identifier, field="Transitions.Conditions")]


BLOCKS = (
    BlockSpec(
        action="DistributeByPercentage",
        title="Distribute by percentage",
        summary="Sends shares of the contacts different ways, by chance.",
        group="logic",
        kind="flow_control",
        enter=enter,
        errors=(ErrorBranch("NoMatchingCondition"),),
        operators=("NumberLessThan", "NumericLessThan"),
        # the pages disagree: the language page has no outbound whisper, the designer's has
        flow_types=FlowTypes(
            language=frozenset(("CONTACT_FLOW", "CUSTOMER_QUEUE", "AGENT_TRANSFER", "QUEUE_TRANSFER", "MODULE")),
            designer=frozenset(
                ("CONTACT_FLOW", "CUSTOMER_QUEUE", "AGENT_TRANSFER", "QUEUE_TRANSFER", "OUTBOUND_WHISPER", "MODULE")
            ),
        ),
        legacy=(Legacy("PercentileBranching"),),
        check=check,
        log_name="PercentileBranching",
        example={},
    ),
)
