"""Transfer to flow: go on at the start of another flow, with the same contact.

Attributes, working queue, logging and `$.External` go along; flow attributes do not. The other flow must be an
inbound flow or one for transfers. Out of an attribute an id or ARN works, a name does not (cases.md P46). The service
wants a NextAction, and never takes it.
Source: APIReference/flow-control-actions-transfertoflow.html; adminguide/transfer-to-flow.html.
"""

from typing import Annotated

import msgspec

from offhook.core.spec import (
    NO_MATCHING_ERROR,
    SINGLE,
    BlockSpec,
    Ctx,
    Exit,
    FlowTypes,
    Jump,
    Legacy,
    LegacyModule,
    LogRecord,
    Outcome,
)

TARGETS = frozenset({"CONTACT_FLOW", "AGENT_TRANSFER", "QUEUE_TRANSFER"})


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    contact_flow_id: Annotated[str, SINGLE, msgspec.Meta(title="Flow")]


def enter(p: Params, ctx: Ctx) -> Outcome:
    found = ctx.find("flow", p.contact_flow_id, "ContactFlowId")
    if found.resource is None:
        return Exit(error="NoMatchingError", cause="not_found", detail=found.problem)
    flow = ctx.instance.flows.get(found.resource.arn)
    if flow is not None and flow.type not in ("", *TARGETS):
        detail = f"flow {flow.name!r} is of type {flow.type}; contacts can go on in {', '.join(sorted(TARGETS))} only."
        return Exit(error="NoMatchingError", cause="flow_type", detail=detail)
    return Jump(found.resource.arn)


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    return (LogRecord({} if p is None else {"ContactFlowId": outcome.result or p.contact_flow_id}),)


def _from_deprecated(module: LegacyModule) -> dict[str, str]:
    return {"ContactFlowId": module.values.get("ContactFlowId") or module.names["ContactFlowId"]}


BLOCKS = (
    BlockSpec(
        action="TransferToFlow",
        title="Transfer to flow",
        summary="Goes on at the start of another flow.",
        group="terminate",
        kind="flow_control",
        params=Params,
        enter=enter,
        errors=(NO_MATCHING_ERROR,),
        flow_types=FlowTypes(language=TARGETS | {"MODULE"}, designer=TARGETS),
        legacy=(
            Legacy("Transfer", target="Flow", rename={"ContactFlowId": "ContactFlowId"}),
            Legacy("TransferToFlow", convert=_from_deprecated),
        ),
        widgets={"ContactFlowId": "flow-picker"},
        log_name="Transfer",
        log=log,
        example={"ContactFlowId": "Example"},
    ),
)
