"""Bots and interactive messages in a chat, on the durable driver in virtual time."""

import asyncio
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from offhook.adapters.services import Services
from offhook.adapters.services.lex import resources
from offhook.drivers.embedded.chat import INTERACTIVE, PLAIN, RESPONSE
from tests.room import Room, room
from tests.stage import BYE, action, compiled, flow, say

BOTS = tomllib.loads((Path(__file__).parent / "fixtures" / "lex" / "bots.toml").read_text())
ARN = "arn:aws:lex:us-east-1:111122223333:bot-alias/HOTELBOT01/HOTELALIAS"
PICKER = json.dumps({"templateType": "ListPicker", "version": "1.0", "data": {"content": {"title": "Which city?"}}})


def with_bot(text: str) -> Any:
    errors = dict.fromkeys(("NoMatchingError", "NoMatchingCondition", "InputTimeLimitExceeded"), "bye")
    raw = {"Text": text, "LexV2Bot": {"AliasArn": ARN}}
    when = (("Equals", "BookHotel", "booked"),)
    ask = action("ask", "ConnectParticipantWithLexBot", raw, then="bye", errors=errors, when=when)
    found = tuple(resources(BOTS, region="us-east-1", account="111122223333"))
    return compiled(flow(ask, say("booked", "City $.Lex.Slots.City"), BYE), resources=found)


def no_function(name: str, event: dict[str, Any]) -> Any:
    raise AssertionError(f"nothing should have called {name}")


def chat(stage: Any, *messages: tuple[str, str]) -> list[dict[str, Any]]:
    """The transcript after these messages, each a type and a text."""

    async def talk(room: Room) -> list[dict[str, Any]]:
        ann = await room.begin("flow:it")
        _, token, _ = await room.chats.connect(ann.token)
        for kind, text in messages:
            await room.say(token, text, kind)
            await asyncio.sleep(1)
        return await room.items()

    return room(talk, stage=stage, services=Services({"lex": BOTS}, no_function))


@pytest.mark.parametrize(
    ("kind", "city"),
    [
        (PLAIN, "New York"),
        (RESPONSE, json.dumps({"templateType": "ListPicker", "data": {"content": {"title": "New York"}}})),
        (RESPONSE, json.dumps({"action": "New York"})),
        (RESPONSE, json.dumps({"data": {"selectedOption": "New York"}})),
    ],
)
def test_a_bot_hears_what_was_written_or_chosen(kind: str, city: str) -> None:
    items = chat(with_bot("Hi"), (PLAIN, "Book a hotel!"), (kind, city), (PLAIN, "3"), (PLAIN, "yes"))

    said = [(item["DisplayName"], item["Content"]) for item in items if item.get("ParticipantRole") == "SYSTEM"]
    assert said[:3] == [("BOT", "Hi"), ("BOT", "Which city?"), ("BOT", "How many nights?")]
    assert said[-1] == ("SYSTEM_MESSAGE", "City New York")


def test_a_text_and_a_template_are_two_messages() -> None:
    first, second, third = chat(with_bot(f"Welcome\nto us\n{PICKER}\nor write"))[:3]

    assert (first["ContentType"], first["Content"]) == (PLAIN, "Welcome\nto us")
    assert (second["ContentType"], second["Content"]) == (INTERACTIVE, PICKER)
    assert (third["ContentType"], third["Content"]) == (PLAIN, "or write")
    assert len({first["Id"], second["Id"], third["Id"]}) == 3
