"""What Connect says when a flow is published, as problems that `offhook lint --publish` reports."""

import re
from typing import Any

from offhook.blocks import catalogue
from offhook.flowjson.publish import Broken, problems
from offhook.flowjson.text import write
from offhook.model.flow import FLOW_TYPES, Flow, Problem

_PLACE = re.compile(r"Path: (?:Actions\[)?(\d+)")


def published(flow: Flow, *, strict: bool) -> list[Problem]:
    """Every problem under the action that its path counts. What the flow names is taken to exist.

    A flow that does not say its type is taken for an inbound flow, as the designer takes it.
    """
    actions = flow.document.get("Actions")
    try:
        said = problems(write(flow.document), catalogue(), flow_type=flow.type or FLOW_TYPES[0], strict=strict)
    except Broken as problem:
        said = [str(problem)]
    return [Problem("E-publish", message, action=_action(actions, message)) for message in said]


def _action(actions: Any, message: str) -> str:
    """The identifier of the action that the message is about, or empty."""
    place = _PLACE.search(message)
    entry = actions[int(place[1])] if place and isinstance(actions, list) else None
    identifier = entry.get("Identifier") if isinstance(entry, dict) else None
    return identifier if isinstance(identifier, str) else ""
