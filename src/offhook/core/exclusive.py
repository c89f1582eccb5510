"""Parameters of which Connect takes one: a queue or an agent, a priority or an age (spec/validation.md, rule 6)."""

from offhook.core import objection
from offhook.model.flow import Action, Problem


def exclusive(action: Action, *names: str, is_needed: bool = False) -> list[Problem]:
    """A problem where more than one is given, or none although one `is_needed`. Says what the service says."""
    given = [name for name in names if name in action.parameters]
    if len(given) == 1 or not (given or is_needed):
        return []
    message = f"Only one of these properties may be defined. Properties: [{', '.join(given)}]; remove the others."
    said = objection.only_one(given)
    if not given:
        said = objection.at_least_one(names)
        message = f"none of {' and '.join(names)} is given; it needs one of them."
    return [Problem("E-only-one", message, action=action.identifier, field="Parameters", refusal=said)]
