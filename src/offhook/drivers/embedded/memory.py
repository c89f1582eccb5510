"""Contacts in memory: those to which something happens, and some that rest. The others are read when needed."""

from collections import OrderedDict

import msgspec

from offhook.core.marks import Marks
from offhook.core.snapshot import Snapshots
from offhook.drivers.embedded.cell import Cell
from offhook.drivers.ports import Seal, Store
from offhook.model.contact import Contact


class Memory:
    """There is never more than one cell of a contact. `idle` is how many contacts may rest here."""

    def __init__(self, store: Store, snapshots: Snapshots, seal: Seal, *, idle: int) -> None:
        self._store = store
        self._snapshots = snapshots
        self._seal = seal
        self._idle = idle
        self._cells: dict[str, Cell] = {}
        self._resting: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._cells)

    def __contains__(self, contact_id: str) -> bool:
        return contact_id in self._cells

    def get(self, contact_id: str) -> Cell | None:
        return self._cells.get(contact_id)

    def cell(self, contact_id: str) -> Cell:
        """The cell of the contact; it may not be loaded."""
        cell = self._cells.get(contact_id)
        if cell is None:
            cell = self._cells[contact_id] = Cell(contact_id)
        return cell

    def admit(self, cell: Cell) -> None:
        """A contact that was just made, unless something happens to it already."""
        if self._cells.setdefault(cell.id, cell) is cell:
            self.rest(cell)

    def wake(self, cell: Cell) -> None:
        """Something happens to it."""
        self._resting.pop(cell.id, None)

    def rest(self, cell: Cell) -> None:
        """Nothing happens to it just now: it may leave when there are many. What is not loaded leaves at once."""
        if cell.contact is None:
            self._cells.pop(cell.id, None)
            return
        self._resting[cell.id] = None
        while len(self._resting) > self._idle:
            contact_id, _ = self._resting.popitem(last=False)
            self._cells.pop(contact_id, None)

    async def look(self, contact_id: str) -> Cell | None:
        """The contact as it was committed last, None where there is none."""
        cell = self._cells.get(contact_id)
        if cell is not None and cell.seen is not None:
            return cell
        found = Cell(contact_id)
        if not await self.load(found):
            return None
        known = self._cells.get(contact_id)
        if known is None:
            self.admit(found)
            return found
        return known if known.seen is not None else found

    async def load(self, cell: Cell) -> bool:
        """Fill the cell from its row; whether there is one."""
        row = await self._store.contact(cell.id)
        if row is None:
            return False
        contact = self._snapshots.decode(self._seal.open(row["snapshot"]))
        fill(cell, contact, row["instance_id"], msgspec.json.decode(row["marks"], type=Marks))
        cell.seq = row["seq"]
        if row["attributes"] is not None:
            cell.attributes = msgspec.json.decode(self._seal.open(row["attributes"]))
        cell.committed()
        return True


def fill(cell: Cell, contact: Contact, instance_id: str, marks: Marks) -> None:
    """Let the cell be this contact; nothing of it is committed by that."""
    cell.contact = contact
    cell.instance_id = instance_id
    cell.marks = marks
    cell.attributes = contact.attributes
