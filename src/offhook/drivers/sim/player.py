"""A simulated agent at work: takes, misses or rejects what is offered, talks, holds, transfers, hangs up, wraps up."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from offhook.core.phases import BRIDGED, EXTERNAL
from offhook.drivers.sim.agent import AgentScript, Time, length_of
from offhook.drivers.sim.chance import Chance
from offhook.drivers.sim.life import Life
from offhook.model import event as events
from offhook.model import routing

if TYPE_CHECKING:
    from offhook.drivers.sim.floor import Floor

BACK_MS = 5_000  # ours: who missed or rejected a contact is Available again after this long
LOOK_MS = 1_000  # how often an agent who waits for a transfer looks whether it is there


class Player:
    """One agent. Times are drawn from the script; what is drawn depends on the script, the agent and how often."""

    def __init__(self, name: str, script: AgentScript, floor: "Floor") -> None:
        self.name = name
        self._script = script
        self._floor = floor
        self._chance = Chance(floor.seed, name)
        self._steps: dict[str, list[str]] = {}

    def asked(self, life: Life, window_ms: int) -> None:
        """A contact is offered; it must be taken within `window_ms`."""
        contact_id, after_ms = life.contact.id, self._time(self._script.accept_after)
        if self._script.answers == "miss" or after_ms >= window_ms:
            return
        answer = routing.Reject if self._script.answers == "reject" else routing.Accept
        self._later(after_ms, lambda: self._floor.route(answer(self._floor.now_ms, contact_id, self.name)))

    def declined(self) -> None:
        """It was missed or rejected: the agent is not asked again until the status is set back."""
        self._later(BACK_MS, lambda: self._floor.back(self.name))

    def sees(self, life: Life) -> None:
        """The contact that the agent has is in another phase: the script begins once they talk."""
        contact_id = life.contact.id
        if life.contact.initiation_method == EXTERNAL:
            return  # the agent's own call out of a contact: the script is about that one
        if life.contact.phase in BRIDGED and contact_id not in self._steps:
            self._steps[contact_id] = list(self._script.then)
            self._later(self._time(self._script.handle_time), lambda: self._act(life))

    def left(self, life: Life) -> None:
        """The agent's part of the contact is over: after-contact work, then free again."""
        contact_id, from_ms = life.contact.id, self._floor.now_ms
        self._steps.pop(contact_id, None)
        self._floor.route(routing.Leave(from_ms, contact_id, self.name))
        self._later(self._time(self._script.after_contact), lambda: self._floor.cleared(contact_id, self.name, from_ms))

    # --- the script ---

    def _act(self, life: Life) -> None:
        """The next step; after the last the agent hangs up."""
        steps = self._steps.get(life.contact.id)
        if life.is_over or steps is None:
            return
        if not steps:
            steps.append("hangup")
        word, _, value = steps[0].partition(":")
        wait_ms = _DO[word](self, life, value)
        if wait_ms is not None:
            steps.pop(0)
        self._later(LOOK_MS if wait_ms is None else wait_ms, lambda: self._act(life))

    def _hold(self, life: Life, value: str) -> int:
        self._floor.push(life, events.Held(self._floor.now_ms))
        return length_of(value) or 0

    def _resume(self, life: Life, value: str) -> int:
        self._floor.push(life, events.Resumed(self._floor.now_ms))
        return 0

    def _wait(self, life: Life, value: str) -> int:
        return length_of(value) or 0

    def _transfer(self, life: Life, value: str) -> int:
        self._floor.push(life, events.TransferStarted(self._floor.now_ms, value))
        return LOOK_MS

    def _conference(self, life: Life, value: str) -> int | None:
        """All are joined once the other side talks to this agent; None while it does not yet."""
        other = self._floor.life(life.contact.transfer)
        if other is not None and not other.is_over and other.contact.phase not in BRIDGED:
            return None
        self._floor.push(life, events.Resumed(self._floor.now_ms))
        return LOOK_MS

    def _hang_up(self, life: Life, value: str) -> int:
        self._floor.push(life, events.HungUp(self._floor.now_ms, "agent"))
        return 0

    # --- times ---

    def _later(self, after_ms: int, happen: Callable[[], None]) -> None:
        self._floor.later(after_ms, happen)

    def _time(self, time: Time) -> int:
        """A length drawn from the time: the same agent draws the same lengths in every equal run."""
        return time.at(self._chance.share())


_DO: dict[str, Callable[[Player, Life, str], int | None]] = {
    "hold": Player._hold,
    "resume": Player._resume,
    "wait": Player._wait,
    "transfer": Player._transfer,
    "conference": Player._conference,
    "hangup": Player._hang_up,
}
