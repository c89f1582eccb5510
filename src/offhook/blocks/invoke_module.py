"""Invoke module: run a flow module and come back with its result.

A module sees its Input and the contact's attributes; it sees and changes neither the caller's answers nor its flow
attributes (decision S7; the machine sees to it). FlowModuleId may carry a version, an alias or `$LATEST`, all of which
mean the one module that is loaded here. Modules may call modules, five deep, but none that is running already.
A result that the module returns is a branch; one that no condition lists is NoMatchingCondition.
Source: APIReference/flow-language-actions-invoke-flow-module.html; adminguide/contact-flow-modules.html.
"""

from typing import Annotated, Any

import msgspec

from offhook.core.spec import (
    ANY_FLOW,
    DYNAMIC,
    NO_MATCHING_ERROR,
    BlockSpec,
    Call,
    Contract,
    Ctx,
    ErrorBranch,
    Exit,
    FlowTypes,
    Outcome,
)


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    flow_module_id: Annotated[str, DYNAMIC, msgspec.Meta(title="Module")]
    input: Annotated[dict[str, Any], DYNAMIC, msgspec.Meta(title="Input")] = {}


def enter(p: Params, ctx: Ctx) -> Outcome:
    found = ctx.find("module", p.flow_module_id, "FlowModuleId")
    if found.resource is None:
        return Exit(error="NoMatchingError", cause="not_found", detail=found.problem)
    if found.resource.arn in (*ctx.callers(), ctx.flow):
        detail = f"module {found.resource.name!r} is running already; a module may not lead back to itself."
        return Exit(error="NoMatchingError", cause="recursion", detail=detail)
    return Call(found.resource.arn, p.input)


BLOCKS = (
    BlockSpec(
        action="InvokeFlowModule",
        title="Invoke module",
        summary="Runs a flow module and goes on by its result.",
        group="integrate",
        kind="contact",
        params=Params,
        enter=enter,
        errors=(NO_MATCHING_ERROR, ErrorBranch("NoMatchingCondition", required=False)),
        operators=("Equals",),
        flow_types=FlowTypes(
            language=frozenset({"CONTACT_FLOW", "MODULE"}), designer=frozenset({"CONTACT_FLOW"}), newer=ANY_FLOW
        ),
        contract=Contract(data="Input", part="input", module="FlowModuleId"),
        widgets={"FlowModuleId": "module-picker", "Input": "key-values"},
        example={"FlowModuleId": "Example", "Input": {"language": "en"}},
    ),
)
