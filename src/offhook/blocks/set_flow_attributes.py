"""Set contact attributes, of the flow's namespace: they live in one flow, and nobody else sees them.

All of an action's attributes are set or none; all of the flow together may be 32 KB. They go neither to modules nor
to other flows or functions, but into the flow log. The page lists no error, the service wants NoMatchingError.
Source: APIReference/flow-control-actions-updateflowattributes.html; adminguide/set-contact-attributes.html.
"""

from typing import Annotated

import msgspec

from offhook.core.attributes import too_large
from offhook.core.spec import DYNAMIC, NO_MATCHING_ERROR, STATIC, BlockSpec, Ctx, Exit, LogRecord, Outcome


class FlowAttribute(msgspec.Struct, frozen=True, rename="pascal"):
    value: Annotated[str, DYNAMIC]
    type: Annotated[str, STATIC] = "String"


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    flow_attributes: Annotated[dict[str, FlowAttribute], STATIC, msgspec.Meta(title="Flow attributes to set")]


def enter(p: Params, ctx: Ctx) -> Outcome:
    attributes = {**ctx.flow_attributes, **{key: attribute.value for key, attribute in p.flow_attributes.items()}}
    if problem := too_large(attributes, "flow attributes"):
        return Exit(error="NoMatchingError", cause="attributes_too_large", detail=problem)
    return Exit(set={"flow_attributes": attributes})


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    attributes = {} if p is None else p.flow_attributes
    return tuple(LogRecord({"Key": key, "Value": item.value}) for key, item in attributes.items()) or (LogRecord(),)


BLOCKS = (
    BlockSpec(
        action="UpdateFlowAttributes",
        title="Set contact attributes (flow)",
        summary="Sets attributes that live in this flow only.",
        group="set",
        kind="flow_control",
        params=Params,
        enter=enter,
        errors=(NO_MATCHING_ERROR,),
        log=log,
        example={"FlowAttributes": {"tries": {"Value": "1"}}},
    ),
)
