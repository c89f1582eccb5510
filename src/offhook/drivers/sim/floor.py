"""Queues and agents of a simulation."""

from typing import Any

from offhook.core.phases import WAITING
from offhook.drivers.sim.kin import Driver
from offhook.drivers.sim.life import Life
from offhook.model import effect as effects
from offhook.model import event as events

LEFT_IN_QUEUE = "queued"


class NoFloor:
    """Nobody works here: every queue takes every contact, and that is where it is left."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def perform(self, life: Life, effect: Any) -> None:
        if isinstance(effect, effects.Enqueue):
            self._driver.push(life, events.Queued(self._driver.now_ms, effect.id))

    def measure(self, effect: effects.CallService) -> events.ServiceEnded:
        """Nobody counts here."""
        return events.ServiceEnded(self._driver.now_ms, effect.id, output={})

    def stepped(self, life: Life) -> None:
        if life.contact.phase in WAITING:
            life.stopped = LEFT_IN_QUEUE


class Floor(NoFloor):
    """Agents follow scripts."""
