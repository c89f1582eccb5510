"""Many contacts on a centre with agents, in virtual time, and what is counted about them.

Contacts arrive at random (Poisson), wait in queues, are taken or give up. Nothing is kept of a contact that is over but
its numbers, so the number of contacts is not a matter of memory.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from offhook.core.phases import WITHOUT_AGENT
from offhook.core.program import Compiled
from offhook.drivers.ports import Customer, Functions
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.agent import AgentScript, Time
from offhook.drivers.sim.chance import Chance
from offhook.drivers.sim.life import Life
from offhook.model.contact import Contact


@dataclass(slots=True)
class Tally:
    """What came of it. Times in ms; `waits_ms` are those of contacts that an agent took, in order.

    `began` and `ended` bound the time in which contacts were there; `outcomes` counts by flow and how it ended.
    """

    contacts: int = 0
    queued: int = 0
    abandoned: int = 0
    waits_ms: list[int] = field(default_factory=list)
    longest_queue: int = 0
    agents: int = 0
    busy_ms: int = 0
    began_ms: int = 0
    ended_ms: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def handled(self) -> int:
        return len(self.waits_ms)

    def service_level(self, within_ms: int) -> float | None:
        """The share of queued contacts that an agent took in time."""
        return _share(sum(1 for wait in self.waits_ms if wait <= within_ms), self.queued)

    @property
    def abandonment(self) -> float | None:
        return _share(self.abandoned, self.queued)

    @property
    def waiting_probability(self) -> float | None:
        """The share of contacts with an agent that had to wait at all."""
        return _share(sum(1 for wait in self.waits_ms if wait > 0), self.handled)

    @property
    def mean_wait_ms(self) -> float | None:
        """The average speed of answer."""
        return _share(sum(self.waits_ms), self.handled)

    def wait_ms(self, share: float) -> int | None:
        """The wait that this share of the contacts with an agent did not exceed."""
        if not self.waits_ms:
            return None
        ordered = sorted(self.waits_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def occupancy(self) -> float | None:
        """The share of the agents' time that was spent on contacts and the work after them."""
        return _share(self.busy_ms, self.agents * (self.ended_ms - self.began_ms))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


class Load:
    """One run. `contact(n)` makes the n-th contact (from 1), `customer(n)` who is on its line.

    `between`: the time between two arrivals, `patience`: for how long a customer waits in a queue, None for ever.
    `progress` is told how many contacts have begun.
    """

    def __init__(
        self,
        instance: Compiled,
        functions: Functions,
        *,
        contacts: int,
        between: Time,
        agents: Mapping[str, AgentScript],
        contact: Callable[[int], Contact],
        customer: Callable[[int], Customer],
        at_ms: int,
        patience: Time | None = None,
        seed: str = "1",
        progress: Callable[[int], None] | None = None,
        **options: Any,
    ) -> None:
        self.tally = Tally(agents=len(agents), began_ms=at_ms, ended_ms=at_ms)
        self._simulator = Simulator(
            instance, functions, agents=agents, seed=seed, watch=self._watch, forgets=True, on_cleared=self._cleared,
            **options,
        )  # fmt: skip
        self._instance = instance
        self._contacts = contacts
        self._between = between
        self._contact = contact
        self._customer = customer
        self._patience = patience
        self._progress = progress
        self._arrivals, self._waits = Chance(seed, "arrivals"), Chance(seed, "patience")
        self._phases: dict[str, str] = {}
        self._since: dict[str, int] = {}
        self._taken: dict[str, int] = {}
        self._now_queued = 0
        self._at_ms = at_ms

    def run(self) -> Tally:
        """Until the last contact is over."""
        self._arrive()
        self._simulator.run()
        return self.tally

    def _arrive(self) -> None:
        """The next contact begins, and the one after it is on its way."""
        tally = self.tally
        tally.contacts += 1
        at_ms = max(self._at_ms, self._simulator.now_ms)
        self._simulator.start(self._contact(tally.contacts), self._customer(tally.contacts), at_ms=at_ms)
        if self._progress is not None:
            self._progress(tally.contacts)
        if tally.contacts < self._contacts:
            self._simulator.at(at_ms + self._between.at(self._arrivals.share()), self._arrive)

    def _watch(self, life: Life, tuples: Any) -> None:
        contact = life.contact
        was = self._phases.get(contact.id, "new")
        phase = contact.phase
        if phase == was:
            return
        now_ms = contact.now_ms
        self._phases[contact.id] = phase
        if phase == "queued":
            self._queue(life, now_ms, is_new=contact.id not in self._since)
        elif was == "queued":
            self._leave(contact.id, phase, now_ms)
        if phase == "ended":
            self._end(contact, now_ms)

    def _queue(self, life: Life, now_ms: int, *, is_new: bool) -> None:
        self._now_queued += 1
        self.tally.longest_queue = max(self.tally.longest_queue, self._now_queued)
        if is_new:
            self.tally.queued += 1
            self._since[life.contact.id] = now_ms
            if self._patience is not None:
                self._simulator.loses_patience(life, self._patience.at(self._waits.share()))

    def _leave(self, contact_id: str, phase: str, now_ms: int) -> None:
        self._now_queued -= 1
        if phase not in WITHOUT_AGENT:
            self.tally.waits_ms.append(now_ms - self._since[contact_id])
            self._taken[contact_id] = now_ms
        elif phase == "ended":
            self.tally.abandoned += 1

    def _end(self, contact: Contact, now_ms: int) -> None:
        self.tally.ended_ms = max(self.tally.ended_ms, now_ms)
        if contact.id in self._taken:
            self.tally.busy_ms += now_ms - self._taken.pop(contact.id)
        program = self._instance.program(contact.flow)
        self.tally.outcomes[program.name if program is not None else "", contact.end_reason] += 1
        del self._phases[contact.id]
        self._since.pop(contact.id, None)

    def _cleared(self, contact_id: str, agent: str, from_ms: int, until_ms: int) -> None:
        """After-contact work is work, too."""
        self.tally.busy_ms += until_ms - from_ms
        self.tally.ended_ms = max(self.tally.ended_ms, until_ms)
