"""What stands at the moment somebody asks: contacts by phase, queues, agents, sockets, what is due."""

from collections import Counter
from collections.abc import Callable, Iterator

import msgspec
import sqlalchemy as sql
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from offhook.adapters.store.contacts import Contacts
from offhook.adapters.store.schema import CONTACT
from offhook.drivers.embedded.runtime import Runtime
from offhook.drivers.embedded.turn import Turn
from offhook.model.contact import Contact

_PIECE = 1_000  # rows
_NOT_COUNTED = frozenset({"new", "ended"})


class _Stand(msgspec.Struct):
    """The little of a snapshot that is counted."""

    channel: str = "VOICE"
    phase: str = "new"


_DECODER = msgspec.json.Decoder(_Stand)


class Standing(Collector):
    """Contacts are counted as they change, the rest when it is asked for, in the event loop."""

    def __init__(self, runtime: Runtime, sockets: Callable[[], int]) -> None:
        self._runtime = runtime
        self._sockets = sockets
        self._contacts: Counter[tuple[str, str]] = Counter()

    async def recount(self, contacts: Contacts) -> None:
        """Contacts as the last process has left them: before anything happens to one."""
        after = ""
        while True:
            columns = (CONTACT.c.id, CONTACT.c.snapshot)
            piece = sql.select(*columns).where(CONTACT.c.is_open, CONTACT.c.id > after).order_by(CONTACT.c.id)
            rows = await contacts.rows(piece.limit(_PIECE))
            for row in rows:
                self._add(_DECODER.decode(self._runtime.seal.open(row["snapshot"])), 1)
            if len(rows) < _PIECE:
                return
            after = rows[-1]["id"]

    def watch(self, turn: Turn) -> None:
        """A turn was committed. Contacts that are to begin later are counted among what is due."""
        was, now = turn.was, turn.contact
        if was is not None and was.phase == now.phase:
            return
        if was is not None:
            self._add(was, -1)
        self._add(now, 1)

    def _add(self, stand: Contact | _Stand, number: int) -> None:
        if stand.phase not in _NOT_COUNTED:
            self._contacts[stand.phase, stand.channel] += number

    def describe(self) -> Iterator[Metric]:
        """Nothing: what is registered before anything runs must not be asked."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        contacts = GaugeMetricFamily("offhook_contacts", "Contacts that go on.", labels=("phase", "channel"))
        for key, number in sorted(self._contacts.items()):
            contacts.add_metric(key, number)
        yield contacts
        load = self._runtime.load
        yield GaugeMetricFamily("offhook_contacts_in_memory", "Those of them that are in memory.", load["contacts"])
        yield GaugeMetricFamily("offhook_events_due", "Events that will happen: timers, later starts.", load["due"])
        yield GaugeMetricFamily("offhook_functions_running", "Functions that flows wait for.", load["calls"])
        yield GaugeMetricFamily("offhook_sockets", "Websockets of chats.", self._sockets())
        yield from self._floors()

    def _floors(self) -> Iterator[Metric]:
        size = GaugeMetricFamily("offhook_queue_contacts", "Contacts in a queue.", labels=("instance", "queue"))
        oldest = GaugeMetricFamily(
            "offhook_queue_oldest_seconds", "How long the one who waits longest has waited.",
            labels=("instance", "queue"),
        )  # fmt: skip
        agents = GaugeMetricFamily("offhook_agents", "Agents by their status.", labels=("instance", "status"))
        for instance_id, floor in self._runtime.floors.items():
            for queue in self._runtime.compiled(instance_id).instance.queues:
                numbers = floor.metrics(queue)
                size.add_metric((instance_id, queue), numbers["Size"])
                oldest.add_metric((instance_id, queue), numbers["OldestContactAge"] or 0)
            for status, count in sorted(Counter(status for status, _ in floor.staff.values()).items()):
                agents.add_metric((instance_id, status), count)
        yield from (size, oldest, agents)
