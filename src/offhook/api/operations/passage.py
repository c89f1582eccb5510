"""What contacts did, as intervals: how long they stood in a block, how long a function ran, how that went.

A block is entered in one turn and left in another, perhaps in another process. When it was entered is known in memory
alone, for so many contacts; else it is the time of the contact's last turn before, which is never too early.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from offhook.drivers.embedded.turn import Turn
from offhook.model.effect import InvokeLambda
from offhook.model.event import LambdaEnded

MAX_CONTACTS = 20_000  # of which the entering of blocks is remembered
CONDITION = "condition"
_BRANCHES = frozenset({"NextAction", "Jump", "Return", "End"})


@dataclass(frozen=True, slots=True)
class Entered:
    """`is_seen`: this process has seen it; else `at_ms` is a lower bound. `key` tells the passage apart for ever."""

    at_ms: int
    flow: str
    key: str
    is_seen: bool = True


@dataclass(frozen=True, slots=True)
class Passed:
    """A block was left. `outcome`: the error, NextAction, `condition`, Jump, Return, End, or `none` (nothing is wired).

    Which condition held is not said: it may contain what the customer entered.
    """

    entered: Entered
    block: str
    action: str
    until_ms: int
    outcome: str
    is_error: bool


@dataclass(frozen=True, slots=True)
class Invoked:
    """An attempt at a function is over. `outcome`: `success`, or the cause of the failure."""

    entered: Entered
    action: str
    at_ms: int
    effect: InvokeLambda
    ended: LambdaEnded

    @property
    def outcome(self) -> str:
        ended = self.ended
        if ended.function_error or ended.status not in (200, 202):
            return ended.cause or "error"
        return "success"


class Passages:
    """`flow_name` of an instance and an ARN. One for each that reads turns; it must see every turn once, in order."""

    def __init__(self, flow_name: Callable[[str, str], str]) -> None:
        self._flow_name = flow_name
        self._entered: OrderedDict[str, dict[str, Entered]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entered)

    def read(self, turn: Turn) -> list[Passed | Invoked]:
        """What is over with this turn."""
        contact_id = turn.cell.id
        standing = self._entered.pop(contact_id, None) or {}
        found: list[Passed | Invoked] = []
        for place, (kind, at_ms, *rest) in enumerate(turn.trace):
            if kind == "block.entered":
                program, here = rest
                key = f"{contact_id}/{turn.cell.seq}/{place}"
                standing[here.action.identifier] = Entered(at_ms, program.name or program.arn, key)
            elif kind == "block.left":
                found.append(self._left(turn, standing, at_ms, rest))
            elif kind == "event" and isinstance(rest[0], LambdaEnded):
                ended, effect, action = rest
                found.append(Invoked(self._known(turn, standing, action), action, at_ms, effect, ended))
        if turn.contact.phase != "ended" and standing:
            self._entered[contact_id] = standing
            if len(self._entered) > MAX_CONTACTS:
                self._entered.popitem(last=False)
        return found

    def _left(self, turn: Turn, standing: dict[str, Entered], at_ms: int, rest: list[Any]) -> Passed:
        here, _, exit, _, by, *_ = rest
        action = here.action.identifier
        entered = self._known(turn, standing, action)
        standing.pop(action, None)
        outcome = exit.error or (by if by in _BRANCHES else CONDITION if by else "none")
        return Passed(entered, here.action.type, action, at_ms, outcome, bool(exit.error))

    def _known(self, turn: Turn, standing: dict[str, Entered], action: str) -> Entered:
        """When the block was entered; where nobody has seen that, a guess that all who ask later get."""
        found = standing.get(action)
        if found is None:
            was = turn.was
            run = was.run if was is not None else None
            flow = self._flow_name(turn.cell.instance_id, run.flow) if run is not None else ""
            at_ms = was.now_ms if was is not None else turn.now_ms
            found = Entered(at_ms, flow, f"{turn.cell.id}/{action}/{at_ms}", is_seen=False)
            standing[action] = found
        return found
