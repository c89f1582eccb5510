"""Transfer to queue, its callback tab: create a callback contact.

Declared, not built yet. The designer counts retries after the first call, the action all attempts, and the old module
retries; so the conversion adds one (ours: whether the designer's own does is not known).
Source: APIReference/interactions-createcallbackcontact.html; adminguide/transfer-to-queue.html; spec/legacy.md.
"""

from typing import Annotated, Any

import msgspec

from offhook.core.exclusive import exclusive
from offhook.core.spec import (
    NO_MATCHING_ERROR,
    SINGLE,
    STATIC,
    BlockSpec,
    FlowTypes,
    Legacy,
    LegacyModule,
)
from offhook.model.flow import Action, Problem

MAX_DELAY_SECONDS = 259_200  # three days


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    initial_call_delay_seconds: Annotated[
        int, STATIC, msgspec.Meta(ge=1, le=MAX_DELAY_SECONDS, title="Initial delay (seconds)")
    ]
    maximum_connection_attempts: Annotated[int, STATIC, msgspec.Meta(ge=1, title="Attempts")]
    retry_delay_seconds: Annotated[int, STATIC, msgspec.Meta(ge=1, le=MAX_DELAY_SECONDS, title="Pause (seconds)")]
    queue_id: Annotated[str, SINGLE, msgspec.Meta(title="Queue")] = ""
    agent_id: Annotated[str, SINGLE, msgspec.Meta(title="Agent, for the agent's own queue")] = ""
    contact_flow_id: Annotated[str, SINGLE, msgspec.Meta(title="Creation flow")] = ""
    caller_id: Annotated[str, SINGLE, msgspec.Meta(title="Caller ID")] = ""


def check(action: Action) -> list[Problem]:
    return exclusive(action, "QueueId", "AgentId")


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
        check=check,
        example={
            "InitialCallDelaySeconds": "5",
            "MaximumConnectionAttempts": "2",
            "RetryDelaySeconds": "600",
        },
    ),
)
