"""Flows that another contact begins with."""

from offhook.core.spec import Ctx, Exit


def inbound(ctx: Ctx, raw: str, parameter: str) -> str | Exit:
    """The ARN of the flow that a new contact begins with, which must be an inbound flow; else the exit for none.

    `parameter` is empty where the flow is not named by the action itself.
    """
    found = ctx.find("flow", raw, parameter)
    if found.resource is None:
        return Exit(error="NoMatchingError", cause="not_found", detail=found.problem)
    flow = ctx.instance.flows.get(found.resource.arn)
    if flow is not None and flow.type not in ("", "CONTACT_FLOW"):
        what = f"{parameter}: " if parameter else ""
        detail = f"{what}a contact begins with an inbound flow, but flow {flow.name!r} is of type {flow.type}."
        return Exit(error="NoMatchingError", cause="flow_type", detail=detail)
    return found.resource.arn
