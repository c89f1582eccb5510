"""Get queue metrics: load numbers of a queue into `$.Metrics`.

Declared, not built yet. The numbers are 5 to 10 seconds old; without activity they are null, and with an empty report
the block takes its error branch (newer page).
Source: APIReference/flow-control-actions-getmetricdata.html; adminguide/get-queue-metrics.html.
"""

from typing import Annotated

import msgspec

from offhook.core.exclusive import exclusive
from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    SINGLE,
    BlockSpec,
    Legacy,
)
from offhook.model.flow import Action, Problem

MODULES = ("GetMetricData", "GetQueueMetrics")  # public exports have the first; the second is unconfirmed


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    queue_id: Annotated[str, DYNAMIC, msgspec.Meta(title="Queue")] = ""
    agent_id: Annotated[str, DYNAMIC, msgspec.Meta(title="Agent, for the agent's own queue")] = ""
    # Voice or Chat, in any case of letters; all channels where it is absent
    queue_channel: Annotated[str, SINGLE, msgspec.Meta(title="Channel")] = ""


def check(action: Action) -> list[Problem]:
    return exclusive(action, "QueueId", "AgentId")


BLOCKS = (
    BlockSpec(
        action="GetMetricData",
        title="Get queue metrics",
        summary="Loads the numbers of a queue and its agents into $.Metrics.",
        group="set",
        kind="flow_control",
        params=Params,
        errors=(NO_MATCHING_ERROR,),
        legacy=tuple(Legacy(name, rename={"Queue": "QueueId", "Agent": "AgentId"}) for name in MODULES),
        widgets={"QueueId": "queue-picker", "AgentId": "agent-picker"},
        check=check,
        example={"QueueChannel": "Voice"},
    ),
)
