"""Set routing criteria: say step by step which agents may get the contact.

Declared, not built yet. The page calls the action UpdateRoutingCriteria; the service knows this name alone. It takes
effect with Transfer to queue, and not in an agent's queue. From a function the criteria must come as text that holds
JSON, not as an object (P22).
Source: APIReference/flow-control-actions-updateroutingcriteria.html; cases.md P22.
"""

from typing import Annotated, Any

import msgspec

from offhook.core.spec import (
    JSON,
    NO_MATCHING_ERROR,
    SINGLE,
    BlockSpec,
    FlowTypes,
)


class RoutingCriteria(msgspec.Struct, frozen=True, rename="pascal"):
    """Each step is {Expression, Expiry?}; what an expression may hold keeps growing, so it is not checked here."""

    steps: Annotated[tuple[dict[str, Any], ...], JSON, msgspec.Meta(min_length=1, title="Steps")]


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    routing_criteria: Annotated[RoutingCriteria | str, SINGLE, msgspec.Meta(title="Routing criteria")]


_FLOW_TYPES = frozenset("CONTACT_FLOW CUSTOMER_QUEUE AGENT_TRANSFER QUEUE_TRANSFER".split())

BLOCKS = (
    BlockSpec(
        action="UpdateContactRoutingCriteria",
        title="Set routing criteria",
        summary="Sets which proficiencies the agent must have, in steps.",
        group="set",
        kind="flow_control",
        params=Params,
        errors=(NO_MATCHING_ERROR,),
        flow_types=FlowTypes(language=_FLOW_TYPES | {"MODULE"}, designer=_FLOW_TYPES),
        example={
            "RoutingCriteria": {
                "Steps": [
                    {
                        "Expression": {
                            "AttributeCondition": {
                                "Name": "Language",
                                "Value": "Norwegian",
                                "ProficiencyLevel": 3,
                                "ComparisonOperator": "NumberGreaterOrEqualTo",
                            }
                        },
                        "Expiry": {"DurationInSeconds": 30},
                    }
                ]
            }
        },
    ),
)
