"""Routing criteria: which agents a contact may go to, step by step.

A condition is on an attribute and its level, or names agents (the operator Match; the block puts their user names in
place of ids).
Source: adminguide/about-routing-criteria.html; APIReference/API_RoutingCriteriaInputStep.html, API_MatchCriteria.html.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import ValidationError, convert

Proficiencies = Mapping[str, Mapping[str, float]]


def step_at(steps: Sequence[Mapping[str, Any]], waited_ms: int) -> Mapping[str, Any] | None:
    """The step that counts after so long in the queue; a step without an expiry stays. None: any agent will do."""
    for step in steps:
        seconds = step.get("Expiry", {}).get("DurationInSeconds")
        if seconds is None or waited_ms < int(seconds) * 1_000:
            return step
        waited_ms -= int(seconds) * 1_000
    return None


def fits(step: Mapping[str, Any], proficiencies: Proficiencies, agent: str = "") -> bool:
    """Whether an agent with these levels (name to value to 1..5), and this user name, may have the contact now."""
    return _holds(step.get("Expression", {}), proficiencies, agent)


def _holds(expression: Mapping[str, Any], proficiencies: Proficiencies, agent: str) -> bool:
    if "AndExpression" in expression:
        return all(_holds(each, proficiencies, agent) for each in expression["AndExpression"])
    if "OrExpression" in expression:
        return any(_holds(each, proficiencies, agent) for each in expression["OrExpression"])
    if "NotAttributeCondition" in expression:
        return not _reaches(expression["NotAttributeCondition"], proficiencies, agent)
    return _reaches(expression.get("AttributeCondition", {}), proficiencies, agent)


def _reaches(condition: Mapping[str, Any], proficiencies: Proficiencies, agent: str) -> bool:
    if "MatchCriteria" in condition:
        return agent in condition["MatchCriteria"]["AgentsCriteria"]["AgentIds"]
    level = proficiencies.get(condition.get("Name", ""), {}).get(condition.get("Value", ""), 0)
    return level >= float(condition.get("ProficiencyLevel", 1))


def problem(step: Mapping[str, Any]) -> str:
    """Why this is no step, in one sentence; empty where it is one."""
    expression = step.get("Expression")
    if not isinstance(expression, Mapping):
        return "must have an Expression."
    expiry = step.get("Expiry")
    if expiry is not None and not (isinstance(expiry, Mapping) and _is_positive(expiry.get("DurationInSeconds"))):
        return "Expiry must be {DurationInSeconds}, a positive number."
    return _problem(expression)


def _problem(expression: Any) -> str:
    if not isinstance(expression, Mapping) or len(expression) != 1:
        return f"an expression has exactly one of {', '.join((*_LISTS, *_CONDITIONS))}."
    ((name, value),) = expression.items()
    if name in _LISTS and isinstance(value, list):
        return next((found for each in value if (found := _problem(each))), "")
    if name not in _CONDITIONS or not isinstance(value, Mapping):
        return f"an expression has exactly one of {', '.join((*_LISTS, *_CONDITIONS))}."
    if "MatchCriteria" in value:
        return "" if _agents(value) else f"{name} must have MatchCriteria {{AgentsCriteria: {{AgentIds: [text, …]}}}}."
    if not (isinstance(value.get("Name"), str) and isinstance(value.get("Value"), str)):
        return f"{name} must have a Name and a Value."
    level = value.get("ProficiencyLevel", 1)
    return "" if _is_positive(level) and float(level) <= 5 else "ProficiencyLevel must be a number from 1 to 5."


def _agents(condition: Mapping[str, Any]) -> list[str]:
    """The ids of a condition that names agents; none where it is none."""
    try:
        return convert(condition["MatchCriteria"]["AgentsCriteria"]["AgentIds"], list[str])
    except (KeyError, TypeError, ValidationError):
        return []


def with_names(part: Any, name_of: Callable[[str], str], *, are_ids: bool = False) -> Any:
    """The same steps, or a part of them, with the user names of the agents whom they name by id."""
    if isinstance(part, dict):
        return {key: with_names(value, name_of, are_ids=key == "AgentIds") for key, value in part.items()}
    if isinstance(part, list):
        return [with_names(each, name_of, are_ids=are_ids) for each in part]
    return name_of(part) if are_ids and isinstance(part, str) else part


_LISTS = ("AndExpression", "OrExpression")
_CONDITIONS = ("AttributeCondition", "NotAttributeCondition")


def _is_positive(value: Any) -> bool:
    try:
        return float(value) > 0
    except (TypeError, ValueError):
        return False
