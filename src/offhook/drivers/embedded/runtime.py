"""The whole: contacts by id, what is due, what runs outside, and the turns.

Everything here runs in one event loop. What happens to contacts is dated by when it is looked at; what was due while no
process ran happens at the start, in the order in which it was due.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from offhook.core.machine import step
from offhook.core.marks import Marks
from offhook.core.program import Compiled
from offhook.core.snapshot import Snapshots
from offhook.core.spec import Catalogue
from offhook.drivers.embedded import chat, order
from offhook.drivers.embedded.cell import Cell, Deed, Entry, happens
from offhook.drivers.embedded.due import Due
from offhook.drivers.embedded.floor import Floor
from offhook.drivers.embedded.memory import Memory, fill
from offhook.drivers.embedded.outside import Outside
from offhook.drivers.embedded.turn import Turn
from offhook.drivers.ports import (
    Customer,
    Encrypt,
    Functions,
    Instances,
    NoServices,
    Seal,
    Services,
    Silent,
    Store,
)
from offhook.model.contact import Contact
from offhook.model.effect import CallService, Effect
from offhook.model.errors import StoreRefused
from offhook.model.event import AttributesUpdated, Event, LambdaEnded, ServiceEnded, Started
from offhook.model.writes import Row

_LOG = logging.getLogger("offhook.contacts")
_IDLE = 2_000  # contacts in memory to which nothing happens
_AGAIN_MS = 1_000  # after the database refused a turn
_EVENT = msgspec.json.Decoder(Event)
_EFFECT = msgspec.json.Decoder(Effect)
_ENCODER = msgspec.json.Encoder()


class NoContact(Exception):
    """There is no contact with this id."""


class Runtime:
    """`watch` is told of each committed turn; `on_items` gets the rows of transcripts that were committed, in order.

    `alarms`: what is done in a contact's turn when a row of `due` comes that no flow has ordered, by the word before
    `|` in the row's id. `endings`: the same at the end of the turn in which a contact ends.

    `callee` gives the party at the other end of a voice contact. `clock` is milliseconds since the epoch.
    """

    def __init__(
        self,
        store: Store,
        instances: Instances,
        functions: Functions,
        *,
        catalogue: Catalogue,
        seal: Seal,
        clock: Callable[[], int],
        services: Services | None = None,
        encrypt: Encrypt | None = None,
        callee: Callable[[Contact, Marks], Customer] = lambda contact, marks: Silent(),
        idle: int = _IDLE,
    ) -> None:
        self.seal = seal
        self.snapshots = Snapshots(catalogue)
        self.encrypt = encrypt
        self.callee = callee
        self.now_ms = clock
        self.watchers: list[Callable[[Turn], None]] = []
        self.on_items: list[Callable[[Sequence[Row]], None]] = []
        self.alarms: dict[str, Callable[[str], Deed]] = {}
        self.endings: list[Callable[[Turn], None]] = []
        self._store = store
        self._instances = instances
        self.due = Due(clock, self._overdue)
        self.outside = Outside(functions, services or NoServices(), self._answered)
        self._memory = Memory(store, self.snapshots, seal, idle=idle)
        self._families: dict[str, set[str]] = defaultdict(set)
        self._floors: dict[str, Floor] = {}
        self._items = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop
        self._is_stopping = False

    # --- the process ---

    async def start(self, staff: Mapping[str, Mapping[str, str]] | None = None) -> None:
        """Go on where the last process was. `staff`: the agents' statuses, by instance and user name."""
        self._loop = asyncio.get_running_loop()
        self._items = await self._store.last_item()
        for initial_id, members in (await self._store.families()).items():
            self._families[initial_id] = set(members)
        await self._rebuild(staff or {})
        for row in await self._store.due():
            self.due.arm(row["id"], row["contact_id"], row["at_ms"], _EVENT.decode(self.seal.open(row["body"])))
        for row in await self._store.outbox():
            effect = _EFFECT.decode(self.seal.open(row["body"]))
            cell = await self._memory.look(row["contact_id"])
            if cell is not None:
                order.perform(self, cell, effect)
        self.due.start()

    async def wind_down(self, seconds: float) -> None:
        """Before `stop`: begin nothing more, and let what runs outside end in this time. What it answers is kept; what
        does not end, and what was asked meanwhile, is asked by the next process.
        """
        self.due.stop()
        await self.outside.drain(seconds)
        while self._tasks:
            await asyncio.wait(list(self._tasks))

    async def stop(self) -> None:
        """Nothing happens any more; what is under way is committed. What functions answer from now on is not heard."""
        self._is_stopping = True
        self.due.stop()
        self.outside.close()
        while self._tasks:
            await asyncio.wait(list(self._tasks))

    async def _rebuild(self, staff: Mapping[str, Mapping[str, str]]) -> None:
        found: dict[str, list[tuple[Contact, str]]] = defaultdict(list)
        for row in await self._store.on_floor():
            marks = msgspec.json.decode(row["marks"], type=Marks)
            contact = self.snapshots.decode(self.seal.open(row["snapshot"]))
            at_work = marks.agent if not row["is_open"] and marks.work_ms is None else ""
            found[row["instance_id"]].append((contact, at_work))
        for instance_id in {*found, *staff}:
            self.floor(instance_id).rebuild(found[instance_id], staff.get(instance_id, {}))

    # --- what others ask for ---

    async def begin(
        self, contact: Contact, instance_id: str, *, at_ms: int | None = None, deed: Deed | None = None,
        more: dict[str, Any] | None = None,
    ) -> Contact:  # fmt: skip
        """A new contact, which starts now or then. Returns how it stands once that lasts. `deed`: what its creator
        writes beside; `more` is kept in its marks. What a repeated request is making already is not made twice.
        """
        if contact.id in self._memory:
            return await self.turn(contact.id, lambda turn: None)
        now_ms = self.now_ms()

        def create(turn: Turn) -> Event | None:
            if deed is not None:
                deed(turn)
            if contact.attributes:
                turn.save_attributes(contact.attributes)
            if at_ms is None or at_ms <= now_ms:
                return Started(now_ms)
            turn.due(f"{contact.id}/started", at_ms, Started(at_ms))
            return None

        cell = self._memory.cell(contact.id)
        fill(cell, contact, instance_id, Marks(created_ms=now_ms, scheduled_ms=at_ms, more=more or {}))
        begun = await self._enter(cell, create)
        await self._tie(contact)
        return begun

    async def _tie(self, contact: Contact) -> None:
        """A contact that goes on from others is of their family, with those of them that are open."""
        if contact.initial_id == contact.id:
            return
        for contact_id in {contact.initial_id, contact.previous_id or contact.id, contact.id}:
            cell = await self.look(contact_id)
            if cell is not None and cell.seen is not None and cell.seen.phase != "ended":
                self._families[contact.initial_id].add(contact_id)

    async def turn(self, contact_id: str, deed: Deed) -> Contact:
        """Do something in the contact's own turn. Returns how it stands once that is committed. Raises NoContact, and
        what the store raises.
        """
        self.due.fire()  # what is overdue comes first
        return await self._enter(self._memory.cell(contact_id), deed)

    async def happen(self, contact_id: str, event: Event) -> Contact:
        """Let something happen to the contact: see `turn`."""
        return await self.turn(contact_id, happens(event))

    def push(self, contact_id: str, event: Event) -> None:
        """The same, where nobody waits."""
        self._put(self._memory.cell(contact_id), Entry(happens(event)))

    def measure(self, cell: Cell, effect: CallService) -> None:
        """A question about queues and agents, which are here."""
        self._answered(cell.id, self.floor(cell.instance_id).measure(effect))

    def worked(self, contact_id: str) -> None:
        """The work after the contact is over: its row says so."""

        def mark(turn: Turn) -> Event | None:
            turn.cell.marks = replace(turn.cell.marks, work_ms=turn.now_ms)
            turn.has_changed = True
            return None

        self._put(self._memory.cell(contact_id), Entry(mark))

    async def look(self, contact_id: str) -> Cell | None:
        """The contact as it was committed last (`seen`, `marks`), None where there is none."""
        return await self._memory.look(contact_id)

    async def set_attributes(self, contact_id: str, attributes: Mapping[str, str]) -> None:
        """Set user-defined attributes of a contact and of all its family, ended or not. Raises NoContact."""
        cell = await self._memory.look(contact_id)
        if cell is None or cell.seen is None:
            raise NoContact(contact_id)
        initial_id = cell.seen.initial_id

        def save(turn: Turn) -> Event | None:
            turn.save_attributes({**turn.cell.attributes, **attributes})
            told = AttributesUpdated(turn.now_ms, dict(attributes))
            for other in self.family(turn.contact):
                turn.due(f"{other}/told/{self.next_item()}", turn.now_ms, told, other)
            return told

        initial = await self._memory.look(initial_id)
        await self.turn(initial_id if initial is not None else contact_id, save)

    def floor(self, instance_id: str) -> Floor:
        """The queues and agents of an instance."""
        if instance_id not in self._floors:
            self._floors[instance_id] = Floor(self, self.compiled(instance_id).instance)
        return self._floors[instance_id]

    def adopt(self, instance_id: str) -> None:
        """The instance is configured otherwise from now on."""
        if instance_id in self._floors:
            self._floors[instance_id].adopt(self.compiled(instance_id).instance)

    def compiled(self, instance_id: str) -> Compiled:
        return self._instances.compiled(instance_id)

    def secrets_of(self, contact_id: str) -> tuple[str, ...]:
        """What nobody may see of a contact that is in memory."""
        cell = self._memory.get(contact_id)
        contact = None if cell is None else cell.contact or cell.seen
        return () if contact is None else contact.secrets

    @property
    def floors(self) -> Mapping[str, Floor]:
        """Queues and agents by instance, as far as anything has happened there."""
        return self._floors

    @property
    def load(self) -> dict[str, int]:
        """How much there is at hand: contacts in memory, events that are due, functions that run."""
        return {"contacts": len(self._memory), "due": len(self.due), "calls": len(self.outside)}

    # --- what turns ask for ---

    def encode(self, value: Event | Effect) -> bytes:
        return _ENCODER.encode(value)

    def next_item(self) -> int:
        self._items += 1
        return self._items

    def share(self, initial_id: str, attributes: dict[str, str]) -> None:
        """The attributes of a family were written: its contacts in memory know them."""
        for contact_id in {initial_id, *self._families.get(initial_id, ())}:
            cell = self._memory.get(contact_id)
            if cell is not None:
                cell.attributes = cell.seen_attributes = attributes

    def family(self, contact: Contact) -> list[str]:
        """Other open contacts of the same initial contact."""
        return sorted(self._families.get(contact.initial_id, set()) - {contact.id})

    def bear(self, turn: Turn, contact: Contact, *, at_ms: int) -> None:
        """A contact that another has ordered: its rows in the order's turn, its start when that is due."""
        cell = Cell(contact.id)
        more = turn.cell.marks.more if contact.initial_id == turn.contact.initial_id else {}
        marks = Marks(created_ms=turn.now_ms, scheduled_ms=at_ms if at_ms > turn.now_ms else None, more=more)
        fill(cell, contact, turn.cell.instance_id, marks)
        made = Turn(self, cell, turn.now_ms)
        made.keep()
        if contact.initial_id == contact.id and contact.attributes:
            made.save_attributes(contact.attributes)
        turn.writes.add(made.writes)
        turn.due(f"{contact.id}/started", at_ms, Started(at_ms), contact.id)
        turn.after.append(lambda: self._admit(cell, turn.cell.id))

    def _admit(self, cell: Cell, parent_id: str) -> None:
        contact = cell.contact
        assert contact is not None
        cell.committed()
        self._memory.admit(cell)
        if contact.initial_id != contact.id:
            self._families[contact.initial_id] |= {parent_id, contact.id}

    def later(self, after_ms: int, happen: Callable[[], Any]) -> None:
        """Call it after so long, if this process lives then."""
        self._loop.call_later(after_ms / 1000, happen)

    # --- turns ---

    def _overdue(self, due_id: str, contact_id: str, event: Event) -> None:
        alarm = self.alarms.get(due_id.partition("|")[0])
        deed = happens(replace(event, at_ms=self.now_ms())) if alarm is None else alarm(due_id)
        self._put(self._memory.cell(contact_id), Entry(deed, due_id))

    def _answered(self, contact_id: str, answer: LambdaEnded | ServiceEnded) -> None:
        self.due.fire()  # a limit that has passed comes first, however late its timer is
        self.push(contact_id, replace(answer, at_ms=self.now_ms()))

    async def _enter(self, cell: Cell, deed: Deed) -> Contact:
        future: asyncio.Future[Contact] = self._loop.create_future()
        self._put(cell, Entry(deed, future=future))
        return await future

    def _put(self, cell: Cell, entry: Entry) -> None:
        cell.inbox.append(entry)
        if not cell.busy:
            self._go(cell)

    def _again(self, contact_id: str, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._put(self._memory.cell(contact_id), entry)

    def _go(self, cell: Cell) -> None:
        cell.busy = True
        self._memory.wake(cell)
        task = self._loop.create_task(self._work(cell))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, cell: Cell) -> None:
        """Turns of one contact until nothing is left for it."""
        try:
            while cell.inbox:
                if cell.contact is None and not await self._memory.load(cell):
                    self._undo(cell, self._emptied(cell), NoContact(cell.id))
                    break
                await self._take_turn(cell)
        except Exception as problem:  # it cannot be read
            _LOG.error("contact %s: cannot be read: %r", cell.id, problem, extra={"contact_id": cell.id})
            self._undo(cell, self._emptied(cell), problem)
        finally:
            cell.busy = False
            self._memory.rest(cell)

    def _emptied(self, cell: Cell) -> list[Entry]:
        entries = list(cell.inbox)
        cell.inbox.clear()
        return entries

    async def _take_turn(self, cell: Cell) -> None:
        turn = Turn(self, cell, self.now_ms())
        taken: list[Entry] = []
        try:
            while cell.inbox:
                entry = cell.inbox.popleft()
                taken.append(entry)
                self._step(turn, entry)
            if turn.has_changed or turn.writes:
                turn.keep()
                self._end(turn)
                await self._store.write(turn.writes)
        except StoreRefused as problem:  # nothing of this turn has happened
            self._undo(cell, taken, problem)
        except Exception as problem:  # ours: what it came of is not tried again in this process
            _LOG.exception(
                "contact %s: an internal error of offhook; the contact stays as it was.",
                cell.id,
                extra={"contact_id": cell.id},
            )
            self._undo(cell, taken, problem)
        else:
            self._commit(turn, taken)

    def _step(self, turn: Turn, entry: Entry) -> None:
        if entry.due_id:
            turn.writes.drop("due", entry.due_id)
            turn.after.append(lambda: self.due.disarm(entry.due_id))
        try:
            event = entry.deed(turn)  # which may order the same again
        except Exception as refusal:
            if entry.future is None:
                raise
            entry.future.set_exception(refusal)  # its own affair: it has written nothing
            return
        if event is None:
            return
        cell = turn.cell
        was = turn.contact
        stepped = step(self.compiled(cell.instance_id), was, event)
        effect_id = getattr(event, "effect_id", "")
        if effect_id and effect_id != entry.due_id:
            turn.forget(effect_id)
        if stepped.contact is was:
            return
        turn.took(stepped, event)
        chat.tell(turn, event)
        for effect in stepped.effects:
            turn.effects.append(effect)
            order.plan(turn, effect)

    def _end(self, turn: Turn) -> None:
        """A chat that has ended, and does not go on in another contact, says so in its transcript."""
        was, contact = turn.was, turn.contact
        if contact.phase != "ended" or was is None or was.phase == "ended":
            return
        for ending in self.endings:
            ending(turn)
        if contact.channel == "CHAT" and not _goes_on(turn):
            chat.happened(turn, f"{contact.id}/ended", "chat.ended")

    def _commit(self, turn: Turn, taken: list[Entry]) -> None:
        cell = turn.cell
        contact = cell.contact
        assert contact is not None
        cell.committed()
        for act in turn.after:
            act()
        for entry in taken:
            if entry.future is not None and not entry.future.done():
                entry.future.set_result(contact)
        try:
            if turn.items:
                for push in self.on_items:
                    push(turn.items)
            if turn.has_changed:
                self._follow(turn, contact)
        except Exception:  # ours; it is committed, and the contact goes on
            _LOG.exception(
                "contact %s: an internal error of offhook after a turn.", cell.id, extra={"contact_id": cell.id}
            )

    def _follow(self, turn: Turn, contact: Contact) -> None:
        if contact.phase == "ended" and contact.initial_id in self._families:
            self._families[contact.initial_id].discard(contact.id)
            if not self._families[contact.initial_id]:
                del self._families[contact.initial_id]
        for effect in turn.effects:
            order.perform(self, turn.cell, effect)
        has_left = turn.was is not None and turn.was.place is not None
        if contact.agent is not None or contact.place is not None or has_left or contact.phase == "ended":
            self.floor(turn.cell.instance_id).stepped(contact)
        for watch in self.watchers:
            watch(turn)

    def _undo(self, cell: Cell, taken: list[Entry], problem: Exception) -> None:
        """Back to what is committed. Who waits hears of it; if the store refused, the rest is tried again."""
        cell.contact = None
        again = []
        for entry in taken:
            if entry.future is None:
                again.append(entry)
            elif not entry.future.done():
                entry.future.set_exception(problem)
        if again and isinstance(problem, StoreRefused) and not self._is_stopping:
            _LOG.error("contact %s: a turn was not committed: %s", cell.id, problem, extra={"contact_id": cell.id})
            self.later(_AGAIN_MS, lambda: self._again(cell.id, again))


def _goes_on(turn: Turn) -> bool:
    """Whether the customer's chat goes on in another contact of the family."""
    return any(getattr(effect, "kin", "") == "previous" for effect in turn.effects) or bool(
        turn.runtime.family(turn.contact)
    )
