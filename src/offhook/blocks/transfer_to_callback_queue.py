"""Transfer to queue, its callback tab: create a callback contact.

The callback is a contact of its own, and the flow goes on. The customer is called at the callback number, or where
none was set at their own. With a creation flow that flow runs first and must queue it; the delay then does not count.
The designer counts retries after the first call, the action all attempts, and the old module retries; so the conversion
adds one (ours: whether the designer's own does is not known). No attempts at all, as a public export has it, are one.
Source: APIReference/interactions-createcallbackcontact.html; adminguide/transfer-to-queue.html; spec/legacy.md.
"""

from typing import Annotated, Any

import msgspec

from offhook.core.exclusive import exclusive
from offhook.core.queueing import queue_of
from offhook.core.service import unfit
from offhook.core.spec import (
    NO_MATCHING_ERROR,
    SINGLE,
    STATIC,
    BlockSpec,
    Ctx,
    Exit,
    FlowTypes,
    Legacy,
    LegacyModule,
    LogRecord,
    Outcome,
)
from offhook.model.contact import Callback
from offhook.model.effect import CreateContact
from offhook.model.flow import Action, Problem

MAX_DELAY_SECONDS = 259_200  # three days
AT_LEAST_ONE = "the page says 1 at least."


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    initial_call_delay_seconds: Annotated[
        int, STATIC, msgspec.Meta(ge=1, le=MAX_DELAY_SECONDS, title="Initial delay (seconds)")
    ]
    maximum_connection_attempts: Annotated[int, STATIC, msgspec.Meta(ge=0, title="Attempts")]
    retry_delay_seconds: Annotated[int, STATIC, msgspec.Meta(ge=1, le=MAX_DELAY_SECONDS, title="Pause (seconds)")]
    queue_id: Annotated[str, SINGLE, msgspec.Meta(title="Queue")] | None = None
    agent_id: Annotated[str, SINGLE, msgspec.Meta(title="Agent, for the agent's own queue")] | None = None
    contact_flow_id: Annotated[str, SINGLE, msgspec.Meta(title="Creation flow")] | None = None
    caller_id: Annotated[str, SINGLE, msgspec.Meta(title="Caller ID")] = ""


def enter(p: Params, ctx: Ctx) -> Outcome:
    if p.maximum_connection_attempts == 0 and ctx.strict:
        return unfit(f"MaximumConnectionAttempts: {AT_LEAST_ONE}")
    number = ctx.callback_number or ctx.contact.customer_endpoint
    if not number:
        detail = "there is no number to call back; set one by Set callback number."
        return Exit(error="NoMatchingError", cause="no_number", detail=detail)
    queue = queue_of(ctx, p.queue_id, p.agent_id)
    if isinstance(queue, Exit):
        return queue
    flow = _flow(p, ctx)
    if isinstance(flow, Exit):
        return flow
    callback = Callback(
        attempts=_attempts(p),
        retry_ms=p.retry_delay_seconds * 1_000,
        delay_ms=0 if flow else p.initial_call_delay_seconds * 1_000,
        caller_id=p.caller_id or None,
    )
    fields = {"queue": queue, "callback": callback, "customer_endpoint": number, "is_reached": False}
    made = ctx.new_uuid("contact")
    order = CreateContact(ctx.new_id(), made, "CALLBACK", "VOICE", flow=flow, kin="previous", fields=fields)
    return Exit(effects=(order,))


def _attempts(p: Params) -> int:
    return max(1, p.maximum_connection_attempts)


def _flow(p: Params, ctx: Ctx) -> str | Exit:
    """The ARN of the creation flow, empty where there is none."""
    if p.contact_flow_id is None:
        return ""
    found = ctx.find("flow", p.contact_flow_id, "ContactFlowId")
    if found.resource is None:
        return Exit(error="NoMatchingError", cause="not_found", detail=found.problem)
    return found.resource.arn


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    if p is None:
        return (LogRecord(),)
    logged = {
        "InitialDelaySeconds": str(p.initial_call_delay_seconds),
        "MaxRetryAttempts": str(_attempts(p) - 1),
        "RetryDelaySeconds": str(p.retry_delay_seconds),
    }
    return (LogRecord(logged),)


def check(action: Action) -> list[Problem]:
    found = exclusive(action, "QueueId", "AgentId")
    if str(action.parameters.get("MaximumConnectionAttempts")) == "0":
        field = "Parameters.MaximumConnectionAttempts"
        message = f"MaximumConnectionAttempts is 0, which counts as 1 here; {AT_LEAST_ONE}"
        found.append(Problem("W-attempts", message, action=action.identifier, field=field, severity="warning"))
    return found


def _from_legacy(module: LegacyModule) -> dict[str, Any]:
    return {"MaximumConnectionAttempts": str(int(module.values["MaxRetryAttempts"]) + 1)}


_FLOW_TYPES = frozenset("CONTACT_FLOW CUSTOMER_QUEUE AGENT_TRANSFER QUEUE_TRANSFER".split())

BLOCKS = (
    BlockSpec(
        action="CreateCallbackContact",
        title="Transfer to queue (callback)",
        summary="Creates a callback that waits in a queue in the customer's place.",
        group="terminate",
        kind="interaction",
        params=Params,
        enter=enter,
        errors=(NO_MATCHING_ERROR,),
        channels=dict.fromkeys(("CHAT", "TASK", "EMAIL"), "error:NoMatchingError"),
        flow_types=FlowTypes(language=_FLOW_TYPES | {"MODULE"}, designer=_FLOW_TYPES),
        legacy=(
            Legacy(
                "CreateCallback",
                rename={
                    "InitialDelaySeconds": "InitialCallDelaySeconds",
                    "RetryDelaySeconds": "RetryDelaySeconds",
                    "Queue": "QueueId",
                    "Agent": "AgentId",
                },
                convert=_from_legacy,
            ),
        ),
        widgets={"QueueId": "queue-picker", "AgentId": "agent-picker", "ContactFlowId": "flow-picker"},
        log_name="CreateCallback",
        log=log,
        check=check,
        example={
            "InitialCallDelaySeconds": "5",
            "MaximumConnectionAttempts": "2",
            "RetryDelaySeconds": "600",
        },
    ),
)
