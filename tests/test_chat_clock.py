"""The clocks of chats, in virtual time: who must connect, who is idle, how long tokens and chats last."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from offhook.adapters.store.schema import DUE, ITEM
from offhook.api.chat import alarm
from offhook.api.chat.chats import Denied
from offhook.api.chat.participant import Lifetimes
from offhook.drivers.embedded.turn import Turn
from offhook.model.event import Event
from tests.room import Room, room
from tests.stage import CONTACT_ID

MINUTE = 60


def test_a_customer_who_does_not_connect_within_five_minutes_has_no_chat() -> None:
    async def wait(room: Room) -> tuple[float, str | None, list[str]]:
        await room.begin()
        await room.kept.over(CONTACT_ID)
        return room.kept.loop.time(), await room.reason(), await room.read()

    seconds, reason, read = room(wait)

    assert seconds == pytest.approx(5 * MINUTE, abs=1)
    assert reason == "CUSTOMER_CONNECTION_NOT_ESTABLISHED"
    assert read[-1] == "chat.ended"


def test_that_they_had_not_connected_is_known_after_a_restart(tmp_path: Path) -> None:
    async def begin(room: Room) -> None:
        await room.begin()

    async def wait(room: Room) -> str | None:
        await room.kept.over(CONTACT_ID)
        return await room.reason()

    room(begin, tmp_path)

    assert room(wait, tmp_path) == "CUSTOMER_CONNECTION_NOT_ESTABLISHED"


def test_a_chat_lasts_as_long_as_was_said_and_nothing_of_it_stays_due() -> None:
    async def wait(room: Room) -> tuple[float, str | None, list[Any]]:
        ann = await room.begin(minutes=60)
        await room.chats.connect(ann.token)
        await room.kept.over(CONTACT_ID)
        return room.kept.loop.time(), await room.reason(), await room.kept.store.rows(DUE.select())

    seconds, reason, due = room(wait)

    assert (seconds, reason) == (pytest.approx(60 * MINUTE, abs=1), "EXPIRED")
    assert due == []


def test_who_is_silent_is_idle_and_comes_back_by_a_message() -> None:
    async def chat(room: Room) -> list[str]:
        mine, hers = await room.meet(CUSTOMER_IDLE=2)
        await asyncio.sleep(MINUTE)
        await room.say(mine, "still here")
        await asyncio.sleep(1.9 * MINUTE)
        await room.say(hers, "hello?")
        await asyncio.sleep(0.2 * MINUTE)
        idle = await room.read()
        await room.say(mine, "back")
        await asyncio.sleep(2.1 * MINUTE)
        return [*idle, "--", *(await room.read())[len(idle) :]]

    read = room(chat)

    assert read[read.index("Ann still here") :] == [
        "Ann still here", "Jane hello?", "Ann participant.idle", "--", "Ann back", "Ann participant.returned",
        "Ann participant.idle",
    ]  # fmt: skip


@pytest.mark.parametrize("role", ["CUSTOMER", "AGENT"])
def test_an_agent_is_disconnected_where_somebody_was_idle_for_too_long(role: str) -> None:
    async def chat(room: Room) -> tuple[list[str], str | None]:
        mine, hers = await room.meet(**{f"{role}_IDLE": 2, f"{role}_DISCONNECT_NONCUSTOMER": 3})
        for minute in range(5):
            if (await room.kept.runtime.look(CONTACT_ID)).seen.phase == "ended":  # type: ignore[union-attr]
                break
            await room.say(hers if role == "CUSTOMER" else mine, str(minute))
            await asyncio.sleep(MINUTE + 1)
        return await room.read(), await room.reason()

    read, reason = room(chat)

    idle = "Ann" if role == "CUSTOMER" else "Jane"
    assert read[-3:] == ["Jane participant.autodisconnection", "Jane participant.left", "chat.ended"]
    assert f"{idle} participant.idle" in read
    assert reason == "IDLE_DISCONNECT"


def test_timers_survive_a_restart_and_can_be_unset(tmp_path: Path) -> None:
    async def begin(room: Room) -> None:
        await room.meet(CUSTOMER_IDLE=2, AGENT_IDLE=2)

        def unset(turn: Turn) -> Event | None:
            alarm.configure(turn, {"AGENT.IDLE": None})
            return None

        await room.kept.runtime.turn(CONTACT_ID, unset)

    async def go_on(room: Room) -> list[str]:
        await asyncio.sleep(5 * MINUTE)
        return await room.read()

    room(begin, tmp_path)

    assert room(go_on, tmp_path)[-1:] == ["Ann participant.idle"]


def test_tokens_expire_each_at_its_own_time() -> None:
    short = Lifetimes(participant_ms=600_000, connection_ms=120_000, ticket_ms=10_000)

    async def chat(room: Room) -> list[str]:
        refused = []
        ann = await room.begin()
        participant, token, _ = await room.chats.connect(ann.token)
        word = room.chats.websocket(participant)["Url"].partition("ticket=")[2]
        await asyncio.sleep(11)
        assert await room.chats.take_ticket(word) is None
        await room.chats.allowed(token)
        for seconds, call in ((110, lambda: room.chats.allowed(token)), (500, lambda: room.chats.connect(ann.token))):
            await asyncio.sleep(seconds)
            with pytest.raises(Denied) as caught:
                await call()
            refused.append(str(caught.value))
        return refused

    assert room(chat, lifetimes=short) == [
        "The connection token is not valid.", "The participant token is not valid."
    ]  # fmt: skip


def test_a_message_repeated_after_a_restart_is_there_once(tmp_path: Path) -> None:
    async def begin(room: Room) -> str:
        ann = await room.begin()
        _, token, _ = await room.chats.connect(ann.token)
        await room.say(token, "once")
        return token

    async def again(room: Room) -> list[str]:
        await room.say(token, "once")
        await room.say(token, "more")
        return await room.read()

    token = room(begin, tmp_path)

    assert [each for each in room(again, tmp_path) if each.startswith("Ann ")] == [
        "Ann participant.joined", "Ann once", "Ann more"
    ]  # fmt: skip


def test_what_nobody_may_see_is_sealed_in_the_database() -> None:
    async def chat(room: Room) -> tuple[list[str], list[bytes]]:
        ann = await room.begin()
        _, token, _ = await room.chats.connect(ann.token)

        def hide(turn: Turn) -> Event | None:
            turn.cell.contact = msgspec.structs.replace(turn.contact, logging=False)
            turn.has_changed = True
            return None

        await room.kept.runtime.turn(CONTACT_ID, hide)
        await room.say(token, "4111111111111111")
        bodies = [row["body"] for row in await room.kept.store.rows(ITEM.select())]
        return await room.read(), bodies

    read, bodies = room(chat)

    assert "Ann 4111111111111111" in read
    assert not any(b"4111111111111111" in body for body in bodies)
