"""One simulated contact: its present value, who is on the line, and the trace tuples so far."""

from typing import Any

from offhook.drivers.ports import Called, Customer
from offhook.model.contact import Contact


class Life:
    """`stopped`: why the simulation let go of it before its end. `called`: how the last call to a number went."""

    __slots__ = ("buffer", "called", "contact", "customer", "events", "hang_up_after", "stopped", "trace")

    def __init__(self, contact: Contact, customer: Customer, hang_up_after: str) -> None:
        self.contact = contact
        self.customer = customer
        self.hang_up_after = hang_up_after
        self.buffer = ""
        self.called: Called | None = None
        self.events = 0
        self.stopped = ""
        self.trace: list[tuple[Any, ...]] = []

    @property
    def is_over(self) -> bool:
        return bool(self.stopped) or self.contact.phase == "ended"
