"""Blocks that may not run where they stand: not built, not on this channel, not in a flow of this type, or with
parameters that do not fit. They are left again without being asked (decisions S15, S19).
"""

from offhook.core.draft import Draft
from offhook.core.program import BadParameter, Step
from offhook.core.spec import ANY_FLOW, Exit, FlowTypes
from offhook.model.flow import FLOW_TYPES, MODULE

MODULES_ALONE = ANY_FLOW - {MODULE}


def unfit(params: BadParameter) -> Exit:
    """The exit of a block whose parameters do not fit."""
    return Exit(error="NoMatchingError", cause="bad_parameter", detail=params.detail)


def refusal(draft: Draft, here: Step) -> Exit | None:
    """The exit of a block that may not run here; None where it may."""
    if not here.built or draft.channel in here.rules or (here.refused and _is_misplaced(draft, here)):
        return _refuse(draft, here)
    return unfit(here.constant) if type(here.constant) is BadParameter else None


def _is_misplaced(draft: Draft, here: Step) -> bool:
    """Whether the flow's type refuses the block. In a module the caller's counts, but for blocks of modules alone."""
    if (draft.program.type or draft.flow_type) not in here.refused:
        return False
    return not (draft.frames and here.refused == MODULES_ALONE)


def _refuse(draft: Draft, here: Step) -> Exit:
    """The exit of a block that may not run here."""
    spec, action = here.spec, here.action
    if spec is None or spec.enter is None:
        known = "is not built yet" if spec is not None else "is not an action of Amazon Connect that offhook knows"
        return Exit(error="NoMatchingError", cause="not_built", detail=f"{action.type} {known}.")
    rule = here.rules.get(draft.channel)
    if rule == "skip":
        return Exit(cause="skipped", detail=f"{action.type} does nothing on {draft.channel}.")
    if rule is not None:
        error = rule.removeprefix("error:")
        return Exit(error=error, cause="channel", detail=f"{action.type} does not work on {draft.channel}.")
    detail = (
        f"{action.type} may not stand in a flow of type {draft.flow_type}; {_where(spec.flow_types, draft.strict)}."
    )
    return Exit(error="NoMatchingError", cause="flow_type", detail=detail)


def _where(flow_types: FlowTypes, strict: bool) -> str:
    allowed = [name for name in (*FLOW_TYPES, MODULE) if flow_types.allows(name, strict=strict)]
    return f"it may in {', '.join(allowed)}"
