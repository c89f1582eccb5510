"""Flow logs: what Connect writes to CloudWatch goes to the logger `offhook.flow`, a line a block.

Only of contacts whose flow has switched logging on (Set logging behavior); that a flow has ended by a mistake of its
own is always written. Secret input is hidden, as everywhere (decision S22).
"""

import logging
from collections.abc import Callable
from typing import Any

from offhook.core.trace import Log, Renderer, is_fatal
from offhook.drivers.embedded.turn import Turn

_LOG = logging.getLogger("offhook.flow")
_KINDS = frozenset({"contact.started", "block.entered", "block.left", "module.left", "line", "flow.ended"})


class FlowLog:
    """One of `Runtime.watchers`. `flow_name` of an instance and an ARN."""

    def __init__(self, flow_name: Callable[[str, str], str]) -> None:
        self._flow_name = flow_name

    def __call__(self, turn: Turn) -> None:
        if not any(map(_is_logged, turn.trace)) or not _LOG.isEnabledFor(logging.INFO):
            return
        renderer = Renderer()
        if turn.was is not None and turn.was.run is not None:
            flow = turn.was.run.flow
            renderer.go_on(turn.cell.id, flow, self._flow_name(turn.cell.instance_id, flow))
        told = [entry for entry in turn.trace if entry[0] in _KINDS]
        for event in renderer.render(told, turn.contact):
            if isinstance(event, Log):
                _write(turn, event.entry)


def _is_logged(entry: tuple[Any, ...]) -> bool:
    """Whether a tuple of a trace makes lines of the flow log."""
    if entry[0] == "block.left":
        return bool(entry[-1])
    return entry[0] == "flow.ended" and is_fatal(entry[3].reason)


def _write(turn: Turn, entry: dict[str, Any]) -> None:
    module, flow = entry.get("ContactFlowModuleType", "Flow"), entry["ContactFlowName"]
    place = {"contact_id": turn.cell.id, "instance_id": turn.cell.instance_id, "flow": flow, "entry": entry}
    _LOG.info("flow %s: %s %s", flow, module, entry["Identifier"], extra=place)
