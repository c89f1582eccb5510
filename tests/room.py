"""A chat on the durable driver in virtual time, without a server: who takes part calls what the APIs call."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from offhook.api.chat import alarm
from offhook.api.chat.chats import Chats, Joining
from offhook.api.chat.participant import AGENT, CUSTOMER, Lifetimes
from offhook.api.chat.transcript import Wanted, transcript
from offhook.drivers.embedded.turn import Turn
from offhook.model.contact import Queue
from offhook.model.event import Event
from offhook.model.instance import AgentSettings
from tests.chats import words
from tests.durable import INSTANCE, Kept, run
from tests.floor import SUPPORT, centre
from tests.stage import CONTACT_ID, Stubs, contact

T = TypeVar("T")
STAGE = centre(agents={"jane": AgentSettings("jane", accepts=("CHAT",))})
STAFF = {"jane": "Available"}


class Room:
    """A chat with a customer. `chats` is made anew with each process."""

    def __init__(self, kept: Kept, lifetimes: Lifetimes) -> None:
        self.kept = kept
        self.chats = Chats(kept.runtime, kept.store, kept.loop.now_ms, "http://127.0.0.1:1", lifetimes)

    async def begin(self, flow: str = "flow:Main", **more: Any) -> Joining:
        """The customer is announced; nobody has connected yet."""
        made = contact(channel="CHAT", flow=flow, initiation_method="API", queue=Queue(SUPPORT.arn, "Support"))
        joining = self.chats.joining(INSTANCE, made, CUSTOMER, "Ann", id="ann")

        def join(turn: Turn) -> Event | None:
            self.chats.keep(turn, joining.participant)
            alarm.begin(turn)
            return None

        await self.kept.runtime.begin(made, INSTANCE, deed=join, more=more)
        return joining

    async def meet(self, **timers: int) -> tuple[str, str]:
        """Customer and agent are in the chat: their connection tokens. `timers`: `ROLE_TYPE` in minutes."""
        ann = await self.begin()
        _, mine, _ = await self.chats.connect(ann.token)
        while True:
            await asyncio.sleep(0.1)
            cell = await self.kept.runtime.look(CONTACT_ID)
            if cell is not None and cell.seen is not None and cell.seen.phase == "connected":
                break
        joining = self.chats.joining(INSTANCE, cell.seen, AGENT, "Jane", id="jane", agent="jane")

        def join(turn: Turn) -> Event | None:
            self.chats.keep(turn, joining.participant)
            alarm.configure(turn, {name.replace("_", ".", 1): minutes for name, minutes in timers.items()})
            return None

        await self.kept.runtime.turn(CONTACT_ID, join)
        _, hers, _ = await self.chats.connect(joining.token)
        return mine, hers

    async def say(self, token: str, text: str, kind: str = "text/plain") -> None:
        participant, cell = await self.chats.allowed(token)
        await self.chats.write(participant, cell, f"{participant.id} {text}", kind, text)

    async def items(self) -> list[dict[str, Any]]:
        wanted = Wanted.of({"MaxResults": 100, "SortOrder": "ASCENDING"}, CONTACT_ID, {})
        items, _ = await transcript(self.kept.store, self.chats.seal, wanted)
        return items

    async def read(self) -> list[str]:
        return [f"{item.get('DisplayName', '')} {words(item)}".strip() for item in await self.items()]

    async def reason(self) -> str | None:
        cell = await self.kept.runtime.look(CONTACT_ID)
        return cell.seen_marks.reason if cell is not None else None


def room(
    deed: Callable[[Room], Awaitable[T]],
    folder: Path | None = None,
    lifetimes: Lifetimes | None = None,
    stage: Any = STAGE,
    staff: dict[str, str] = STAFF,
    **options: Any,
) -> T:
    """Do something in a room; a second time in the same folder it goes on."""
    made: list[Room] = []
    return run(
        lambda kept: deed(made[0]), stage, Stubs(), folder=folder, staff=staff,
        before=lambda kept: made.append(Room(kept, lifetimes or Lifetimes())), **options,
    )  # fmt: skip
