"""Return: leave the module for the flow that invoked it.

Result names the branch to take there, none the module's plain end; ResultData is `$.Modules.ResultData` afterwards.
Source: APIReference/endflowmoduleexecution.html; adminguide/contact-flow-modules.html.
"""

from typing import Annotated, Any

import msgspec

from offhook.core.spec import DYNAMIC, STATIC, BlockSpec, Contract, Ctx, FlowTypes, Outcome, Return

MODULES = frozenset({"MODULE"})


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    result: Annotated[str, STATIC, msgspec.Meta(title="Branch")] = ""
    result_data: Annotated[dict[str, Any], DYNAMIC, msgspec.Meta(title="Result data")] | None = None


def enter(p: Params, ctx: Ctx) -> Outcome:
    return Return(p.result or None, p.result_data)


BLOCKS = (
    BlockSpec(
        action="EndFlowModuleExecution",
        title="Return",
        summary="Ends the module and goes back to the flow that invoked it.",
        group="terminate",
        kind="contact",
        params=Params,
        enter=enter,
        terminal=True,
        flow_types=FlowTypes(language=MODULES, designer=MODULES),
        widgets={"ResultData": "key-values"},
        contract=Contract(data="ResultData", part="resultData", result="Result"),
        example={},
    ),
)
