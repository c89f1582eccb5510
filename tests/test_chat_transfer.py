"""A chat that an agent transfers, on the durable driver in virtual time: its customer goes on with another agent."""

import asyncio

from offhook.model.event import TransferStarted
from offhook.model.instance import AgentSettings
from tests.durable import INSTANCE
from tests.floor import centre
from tests.room import Room, room
from tests.stage import CONTACT_ID

STAGE = centre(agents={name: AgentSettings(name, accepts=("CHAT",)) for name in ("jane", "joe")})
STAFF = {"jane": "Available", "joe": "Offline"}


async def transfer(room: Room, quick_connect: str) -> tuple[str, str]:
    """Jane has the chat and transfers it while joe is there: the tokens of customer and jane."""
    mine, hers = await room.meet()
    floor = room.kept.runtime.floor(INSTANCE)
    floor.sign("jane", "Break")
    floor.sign("joe", "Available")
    await room.kept.happen(CONTACT_ID, lambda at_ms: TransferStarted(at_ms, quick_connect))
    await asyncio.sleep(5)
    return mine, hers


async def leave(room: Room, token: str) -> None:
    participant, cell = await room.chats.allowed(token)
    await room.chats.leave(participant, cell)
    await asyncio.sleep(1)


def test_the_chat_goes_on_with_the_agent_who_took_it() -> None:
    async def chat(room: Room) -> tuple[str, list[str]]:
        mine, hers = await transfer(room, "Sales")
        await room.say(hers, "Joe will help you")
        await leave(room, hers)
        await room.say(mine, "Are you Joe?")
        _, cell = await room.chats.allowed(mine)
        assert cell.id != CONTACT_ID
        assert cell.seen is not None
        agent = cell.seen.agent.name if cell.seen.agent is not None else ""
        await leave(room, mine)
        return agent, await room.read()

    agent, read = room(chat, stage=STAGE, staff=STAFF)

    assert agent == "joe"
    assert read[read.index("transfer.succeeded") :] == [
        "transfer.succeeded", "Jane Joe will help you", "Jane participant.left", "Ann Are you Joe?",
        "Ann participant.left", "chat.ended",
    ]  # fmt: skip


def test_a_transfer_that_fails_is_told_and_the_agent_stays() -> None:
    """The transfer's flow rings at an agent, which chats cannot do."""

    async def chat(room: Room) -> list[str]:
        mine, hers = await transfer(room, "Joe")
        await room.say(hers, "Still me")
        await leave(room, mine)
        return await room.read()

    read = room(chat, stage=STAGE, staff=STAFF)

    assert read[read.index("transfer.failed") :] == [
        "transfer.failed", "Jane Still me", "Ann participant.left", "chat.ended"
    ]  # fmt: skip
