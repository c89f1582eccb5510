"""Who else takes part in a chat, and when somebody in it counts as idle.

AWS makes participants with the role CUSTOM_BOT here, and agents by their own desktop. Ours: this operation gives a
token to an agent, too: the one who has the chat, or to whom it is on offer. Who connects with it and ConnectParticipant
accepts the chat.
Source: API reference, CreateParticipant, UpdateParticipantRoleConfig.
"""

from collections.abc import Mapping
from typing import Any

from offhook.api.chat import alarm
from offhook.api.chat.chats import Joining
from offhook.api.chat.participant import AGENT, BOT, SYSTEM
from offhook.api.connect_api.connect import Connect, Operation, invalid, refused
from offhook.api.connect_api.contact import cell_of, gone, is_over, seen
from offhook.api.errors import ServiceError
from offhook.api.service import Result
from offhook.core.calendar import text_of
from offhook.core.phases import WITHOUT_AGENT
from offhook.drivers.embedded.cell import Cell
from offhook.drivers.embedded.turn import Turn
from offhook.model.event import ContactUpdated, Event
from offhook.model.instance import derived_id

_MAX_PARTICIPANTS = 10  # that join by this operation, in one chat (ours)


async def _create(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    cell = await _chat(connect, asked)
    details = asked["ParticipantDetails"]
    role = details.get("ParticipantRole")
    if role is None or role == SYSTEM:
        raise refused(f"ParticipantRole is {role or 'not given'}, must be AGENT, CUSTOMER, CUSTOM_BOT or SUPERVISOR.")
    token = asked.get("ClientToken")
    participant_id = derived_id("participant", cell.id, role, token) if token is not None else connect.new_id()
    known = await connect.chats.find(participant_id)
    if known is not None:
        return _answer(await connect.chats.joining_again(known, cell.id))
    if len(await connect.chats.of_contact(cell.id)) >= _MAX_PARTICIPANTS:
        raise ServiceError("ServiceQuotaExceededException", f"A chat has at most {_MAX_PARTICIPANTS} participants.")
    agent = _agent(connect, cell) if role == AGENT else ""
    name = details.get("DisplayName") or agent or role
    life_ms = cell.seen_marks.more.get("over_ms", 0) - connect.now_ms()
    joining = connect.chats.joining(
        cell.instance_id, seen(cell), role, name, id=participant_id, agent=agent, life_ms=max(0, life_ms) or None
    )

    def keep(turn: Turn) -> Event | None:
        if turn.contact.phase == "ended":
            raise gone(cell.id)
        connect.chats.keep(turn, joining.participant)
        return ContactUpdated(turn.now_ms, {"has_bot": True}) if role == BOT else None

    await connect.runtime.turn(cell.id, keep)
    return _answer(joining)


def _answer(joining: Joining) -> Result:
    credentials = {"ParticipantToken": joining.token, "Expiry": text_of(joining.until_ms)}
    return {"ParticipantCredentials": credentials, "ParticipantId": joining.id}


def _agent(connect: Connect, cell: Cell) -> str:
    """The user name of the agent who has the chat, or to whom it is on offer."""
    contact = seen(cell)
    offered, _ = connect.runtime.floor(cell.instance_id).offers.get(cell.id, ("", 0))
    if offered:
        return offered
    if contact.agent is None or contact.phase in WITHOUT_AGENT:
        raise refused("The chat is with no agent, and on offer to none.")
    return contact.agent.name


async def _chat(connect: Connect, asked: Mapping[str, Any]) -> Cell:
    """The chat that is meant, which has not ended."""
    cell = await cell_of(connect, asked, unknown="ResourceNotFoundException")
    if seen(cell).channel != "CHAT":
        raise refused(f"The contact is a {seen(cell).channel} contact, and no chat.")
    if is_over(cell):
        raise refused(f"The contact {cell.id} has ended.")
    return cell


async def _configure(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    cell = await _chat(connect, asked)
    config = asked["ChannelConfiguration"].get("Chat")
    if config is None:
        raise invalid("ChannelConfiguration must have Chat.")
    timers: dict[str, int | None] = {}
    for each in config["ParticipantTimerConfigList"]:
        name, value = f"{each['ParticipantRole']}.{each['TimerType']}", each["TimerValue"]
        if name in timers:
            raise invalid(f"ParticipantTimerConfigList has {each['TimerType']} of {each['ParticipantRole']} twice.")
        if len(value) != 1:
            raise invalid("TimerValue must have one of ParticipantTimerAction and ParticipantTimerDurationInMinutes.")
        timers[name] = value.get("ParticipantTimerDurationInMinutes")

    def configure(turn: Turn) -> Event | None:
        alarm.configure(turn, timers)
        return None

    await connect.runtime.turn(cell.id, configure)
    return {}


OPERATIONS: Mapping[str, Operation] = {"CreateParticipant": _create, "UpdateParticipantRoleConfig": _configure}
