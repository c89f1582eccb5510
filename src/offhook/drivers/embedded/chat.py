"""A chat: what is written into its transcript, and what a message of the customer means for the flow.

An item is a row whose body is the JSON that GetTranscript and the websocket give. The id of an item that an effect
writes follows from the effect's id, so a step that is made again writes it once.
Source: spec/participant-ws.md sections 4 and 5. SYSTEM_MESSAGE and BOT are the names that AWS shows.
"""

import json
from itertools import groupby
from typing import Any

import msgspec

from offhook.core import digits
from offhook.core.calendar import text_of
from offhook.drivers.embedded.turn import Turn
from offhook.drivers.entered import entered
from offhook.model import effect as effects
from offhook.model.event import AgentJoined, Event, Heard, InputEnded, PromptEnded, ViewAnswered
from offhook.model.instance import derived_id
from offhook.model.writes import Row

PLAIN = "text/plain"
INTERACTIVE = "application/vnd.amazonaws.connect.message.interactive"
RESPONSE = "application/vnd.amazonaws.connect.message.interactive.response"
EVENTS = "application/vnd.amazonaws.connect.event."
ENDED = EVENTS + "chat.ended"
VIEW = "ViewResource"


def write(
    turn: Turn, item_id: str, type: str, content_type: str, *, is_secret: bool = False, **members: Any
) -> dict[str, Any]:
    """Write an item of the chat, and push it once that is committed. `members` are its others, as AWS names them.

    What is secret is sealed in what is stored (decision S22); who takes part in the chat reads it.
    """
    contact = turn.contact
    item = {
        "Id": item_id,
        "Type": type,
        "ContentType": content_type,
        "AbsoluteTime": text_of(turn.now_ms),
        "ContactId": contact.id,
        "InitialContactId": contact.initial_id,
        **members,
    }
    row: Row = {
        "id": item_id,
        "n": turn.runtime.next_item(),
        "contact_id": contact.id,
        "initial_id": contact.initial_id,
        "at_ms": turn.now_ms,
        "body": msgspec.json.encode(item),
    }
    turn.items.append(row)
    turn.writes.put("item", {**row, "body": turn.runtime.seal.close(row["body"])} if is_secret else row)
    return item


def happened(turn: Turn, effect_id: str, kind: str, **members: Any) -> None:
    """An event of the chat: `chat.ended`, `participant.joined`, …"""
    write(turn, derived_id("item", effect_id), "EVENT", EVENTS + kind, **members)


def tell(turn: Turn, event: Event) -> None:
    """What the customer of a chat is told of a transfer by an agent, which is a contact of its own."""
    contact = turn.contact
    if contact.channel != "CHAT" or contact.initiation_method != "TRANSFER":
        return
    if isinstance(event, AgentJoined):
        happened(turn, f"{contact.id}/transfer", "transfer.succeeded")
    elif contact.phase == "ended" and not turn.cell.marks.agent:
        happened(turn, f"{contact.id}/transfer", "transfer.failed")


def say(turn: Turn, effect_id: str, speech: effects.Speech, name: str = "SYSTEM_MESSAGE") -> None:
    """What the flow says, as messages to the customer: a bot may say a text and an interactive message at once."""
    who = derived_id("participant", turn.contact.initial_id, name)
    system: dict[str, Any] = {"ParticipantRole": "SYSTEM", "ParticipantId": who}
    for index, text in enumerate(_parts(speech.text)):
        item_id = derived_id("item", effect_id, *([str(index)] if index else []))
        content_type = INTERACTIVE if _is_template(text) else PLAIN
        write(turn, item_id, "MESSAGE", content_type, Content=text, DisplayName=name, **system)


def _parts(text: str) -> list[str]:
    """The text, or where some of its lines are interactive messages these and what stands between them."""
    lines = text.split("\n")
    if _is_template(text) or not any(map(_is_template, lines)):
        return [text]
    groups = groupby(lines, _is_template)
    return [part for is_template, group in groups for part in (group if is_template else ["\n".join(group)]) if part]


def _is_template(text: str) -> bool:
    """Whether it is an interactive message: JSON with a templateType."""
    if not text.startswith("{"):
        return False
    try:
        return "templateType" in json.loads(text)
    except ValueError:
        return False


# --- effects ---


def play(turn: Turn, effect: effects.PlayPrompt) -> None:
    """Reading takes no time. What the agent alone is told is not the chat's."""
    if effect.line == "customer":
        say(turn, effect.id, effect.speech)
    turn.at_once(PromptEnded(turn.now_ms, effect.id))


def collect(turn: Turn, effect: effects.CollectInput) -> None:
    if effect.speech is not None:
        say(turn, effect.id, effect.speech)
    at_ms = turn.now_ms + effect.first_ms
    turn.due(effect.id, at_ms, InputEnded(at_ms, effect.id, "", "timeout"))


def listen(turn: Turn, effect: effects.Listen) -> None:
    if effect.speech is not None:
        say(turn, effect.id, effect.speech, "BOT")
    at_ms = turn.now_ms + effect.timeout_ms
    turn.due(effect.id, at_ms, Heard(at_ms, effect.id, "", "timeout"))


def show(turn: Turn, effect: effects.ShowView) -> None:
    """A view as an interactive message; the answer is a message of the type RESPONSE.

    The item's id is the token with which DescribeView finds the view. Ours: where in the message it stands.
    """
    token = derived_id("item", effect.id)
    data = {"view": effect.view, "viewToken": token, "content": effect.data}
    content = {"templateType": VIEW, "version": "1.0", "viewToken": token, "data": data}
    speech = effects.Speech("text", msgspec.json.encode(content).decode())
    say(turn, effect.id, speech)


# --- what the customer writes ---


def is_secret(turn: Turn, content_type: str = PLAIN) -> bool:
    """Whether what the customer writes now is for nobody else's eyes: see decision S22."""
    waits = turn.contact.pending.values()
    return (
        turn.contact.logging is False
        or any(isinstance(effect, effects.CollectInput) and effect.secret for effect in waits)
        or (content_type == RESPONSE and any(isinstance(each, effects.ShowView) and each.secret for each in waits))
    )


def meaning(turn: Turn, text: str, content_type: str = PLAIN) -> Event | None:
    """What a message of the customer is for the flow: the answer to what it waits for; None where it waits for none."""
    for effect in turn.contact.pending.values():
        match effect:
            case effects.CollectInput(line="customer"):
                return _keyed(turn, effect, _chosen(text)[0] if content_type == RESPONSE else text)
            case effects.Listen(line="customer"):
                return Heard(turn.now_ms, effect.id, _chosen(text)[0] if content_type == RESPONSE else text, "message")
            case effects.ShowView(line="customer") if content_type == RESPONSE:
                return ViewAnswered(turn.now_ms, effect.id, *_chosen(text))
    return None


def _keyed(turn: Turn, effect: effects.CollectInput, text: str) -> InputEnded:
    """A message is a whole input: nobody waits for more keys."""
    state = digits.begin(effect, now_ms=turn.now_ms, speech_ms=0)
    for key in text.strip():
        if isinstance(state, digits.Ended):
            break
        state = digits.press(state, key, now_ms=turn.now_ms)
    if not isinstance(state, digits.Ended):
        ended = digits.expire(state, now_ms=state.deadline_ms)
        assert isinstance(ended, digits.Ended)
        state = ended
    return entered(effect, state, at_ms=turn.now_ms, encrypt=turn.runtime.encrypt)


def _chosen(text: str) -> tuple[str, dict[str, Any]]:
    """The action and what was filled in, of an answer to an interactive message; a text is the action itself.

    Clients differ in where they say what was chosen: `action` of a view, `title` of an element of a picker.
    """
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return text, {}
    if not isinstance(answer, dict):
        return text, {}
    inner = _object(answer.get("data"))
    filled = _object(inner.get("content", inner))
    places = (answer, inner, filled)
    names = ("action", "Action", "selectedOption", "title")
    found = (place[name] for name in names for place in places if isinstance(place.get(name), str))
    return next(found, text), filled


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
