"""Agentic CX: connect the participant with an Agentic CX application.

Declared, not built yet. Named in the pages on the testing language alone; whether it has conditions is not known.
Source: adminguide, testing-language events page (newest).
"""

from typing import Annotated

import msgspec

from offhook.core.spec import (
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
)


class AgentConfiguration(msgspec.Struct, frozen=True, rename="pascal"):
    workspace_id: Annotated[str, STATIC]
    application_id: Annotated[str, STATIC]
    alias: Annotated[str, STATIC] = ""


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    agent_configuration: AgentConfiguration


BLOCKS = (
    BlockSpec(
        action="ConnectParticipantWithAgenticCX",
        title="Agentic CX",
        summary="Connects the participant with an Agentic CX application.",
        group="interact",
        kind="participant",
        params=Params,
        errors=(NO_MATCHING_ERROR,),
        operators=("Equals",),
        channels=dict.fromkeys(("TASK", "EMAIL"), "error:NoMatchingError"),
        example={"AgentConfiguration": {"WorkspaceId": "w", "ApplicationId": "a", "Alias": "live"}},
    ),
)
