"""Set routing criteria: say step by step which agents may get the contact.

The page calls the action UpdateRoutingCriteria; the service knows this name alone. It takes effect with Transfer to
queue, and not in an agent's queue. From a function the criteria must come as text that holds JSON, not as an object
(P22). A condition may name agents, too, as a public flow and the API have it.
Source: APIReference/flow-control-actions-updateroutingcriteria.html, API_MatchCriteria.html; cases.md P22.
"""

from typing import Annotated, Any

import msgspec

from offhook.core import criteria
from offhook.core.spec import (
    JSON,
    NO_MATCHING_ERROR,
    BlockSpec,
    Ctx,
    Exit,
    FlowTypes,
    Outcome,
)


class RoutingCriteria(msgspec.Struct, frozen=True, rename="pascal"):
    """Each step is {Expression, Expiry?}; core.criteria knows what may stand in it."""

    steps: Annotated[tuple[dict[str, Any], ...], JSON, msgspec.Meta(min_length=1, title="Steps")]


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    # an object in the flow, or a reference to text that holds one; what it then is is checked on arrival
    routing_criteria: Annotated[Any, JSON, msgspec.Meta(title="Routing criteria")]


def enter(p: Params, ctx: Ctx) -> Outcome:
    found = _read(p.routing_criteria, is_dynamic=isinstance(ctx.action.parameters.get("RoutingCriteria"), str))
    if isinstance(found, str):
        return Exit(error="NoMatchingError", cause="bad_parameter", detail=f"RoutingCriteria: {found}")
    steps = criteria.with_names(list(found.steps), lambda raw: _name_of(raw, ctx))
    return Exit(set={"routing_criteria": tuple(steps)})


def _name_of(raw: str, ctx: Ctx) -> str:
    """The user name of the agent whom an id, an ARN or a name means; as it stands where it means nobody."""
    found = ctx.find("agent", raw)
    return raw if found.resource is None else found.resource.name


def _read(value: Any, *, is_dynamic: bool) -> RoutingCriteria | str:
    """The criteria, or one sentence that says which check they did not pass."""
    if is_dynamic and not isinstance(value, str):
        return f"must be text that holds JSON where it comes out of a reference, not {_kind(value)}; use json.dumps."
    try:
        plain = msgspec.json.decode(value) if is_dynamic else value
        read = msgspec.convert(plain, RoutingCriteria)
    except msgspec.DecodeError as problem:
        return f"is no RoutingCriteria: {problem}."
    for count, step in enumerate(read.steps, start=1):
        if wrong := criteria.problem(step):
            return f"step {count}: {wrong}"
    return read


def _kind(value: Any) -> str:
    return {dict: "an object", list: "a list", type(None): "nothing"}.get(type(value), "a number or a truth value")


_FLOW_TYPES = frozenset("CONTACT_FLOW CUSTOMER_QUEUE AGENT_TRANSFER QUEUE_TRANSFER".split())

BLOCKS = (
    BlockSpec(
        action="UpdateContactRoutingCriteria",
        title="Set routing criteria",
        summary="Sets which proficiencies the agent must have, in steps.",
        group="set",
        kind="flow_control",
        params=Params,
        enter=enter,
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
