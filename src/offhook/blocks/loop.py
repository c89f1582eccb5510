"""Loop: pass a number of times, then go on.

The contact leaves by ContinueLooping LoopCount times, then once by DoneLooping, and the count starts anew. 0 is done
at once. The count belongs to the contact and to this action of this flow, so it outlives a transfer to another flow.
The newer designer also names loops and loops over a list (`$.Loop.<name>.Element`). AWS has not published the keys
of either, so neither runs here.
Source: APIReference/flow-control-actions-loop.html; adminguide/loop.html (2023 and newer). The page's prose says Done
and NotDone, the results are as above.
"""

from typing import Annotated

import msgspec

from offhook.core.spec import SINGLE, BlockSpec, Ctx, ErrorBranch, Exit, Legacy, Outcome
from offhook.model.flow import Action, Problem

MAX_COUNT = 100
CONTINUE, DONE = "ContinueLooping", "DoneLooping"


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    loop_count: Annotated[int, SINGLE, msgspec.Meta(ge=0, le=MAX_COUNT, title="Number of loops")]


def enter(p: Params, ctx: Ctx) -> Outcome:
    key = f"{ctx.flow}|{ctx.action.identifier}"
    passed = ctx.loops.get(key, 0)
    if passed < p.loop_count:
        return Exit(result=CONTINUE, set={"loops": {**ctx.loops, key: passed + 1}}, results=CONTINUE)
    others = {name: count for name, count in ctx.loops.items() if name != key}
    return Exit(result=DONE, set={"loops": others}, results=DONE)


def check(action: Action) -> list[Problem]:
    found = sorted(str(operand) for condition in action.conditions for operand in condition.operands)
    if found == [CONTINUE, DONE]:
        return []
    message = f"the conditions are {', '.join(found) or 'none'}, must be {CONTINUE} and {DONE}, once each: wire both."
    return [Problem("E-loop-branches", message, action=action.identifier, field="Transitions.Conditions")]


BLOCKS = (
    BlockSpec(
        action="Loop",
        title="Loop",
        summary="Sends the contact round a part of the flow a number of times, then on.",
        group="logic",
        kind="flow_control",
        params=Params,
        enter=enter,
        errors=(ErrorBranch("NoMatchingError", required=False),),
        operators=("Equals",),
        operands=(CONTINUE, DONE),
        legacy=(
            Legacy(
                "Loop",
                rename={"LoopCount": "LoopCount"},
                branches={"Looping": ("Equals", CONTINUE), "Complete": ("Equals", DONE)},
                mirror="Complete",
            ),
        ),
        check=check,
        example={"LoopCount": "3"},
    ),
)
