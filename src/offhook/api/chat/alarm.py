"""The clocks of a chat, which a restart does not stop: rows of `due` that no flow has ordered.

`join`: the customer must connect within five minutes. `over`: a chat may last so long, whatever contact it is in by
then. The others belong to a role and count from its last message, as UpdateParticipantRoleConfig sets them: `IDLE`
says that whoever has the role is idle, `DISCONNECT_NONCUSTOMER` ends the agent's part. They count only while customer
and agent are in the chat, and go over to the next contact of a chain.
What is to be remembered stands in the contact's marks, which are written with every turn.
Source: API reference, StartChatContact, UpdateParticipantRoleConfig, ParticipantTimerConfiguration;
adminguide/setup-chat-timeouts.html; ctr-data-model.html, DisconnectReason.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from offhook.api.chat.participant import AGENT, CUSTOMER, Participant
from offhook.core.phases import WITHOUT_AGENT
from offhook.drivers.embedded import chat
from offhook.drivers.embedded.cell import Deed, Entry
from offhook.drivers.embedded.runtime import Runtime
from offhook.drivers.embedded.turn import Turn
from offhook.model.effect import CreateContact
from offhook.model.event import Event, HungUp, Stopped, TimerFired
from offhook.model.instance import derived_id

WORD = "chat"
JOIN_MS = 300_000
CHAT_MINUTES = 1_500  # 25 hours
_MINUTE_MS = 60_000
_IDLE = "IDLE"
_NEVER_CONNECTED, _EXPIRED, _IDLED = "CUSTOMER_CONNECTION_NOT_ESTABLISHED", "EXPIRED", "IDLE_DISCONNECT"


def wind(runtime: Runtime) -> None:
    """Let the runtime know what to do when one rings."""
    runtime.alarms[WORD] = _alarm
    runtime.endings.append(_stop)


def begin(turn: Turn) -> None:
    """A chat begins."""
    more = turn.cell.marks.more
    over_ms = turn.now_ms + more.get("minutes", CHAT_MINUTES) * _MINUTE_MS
    note(turn, over_ms=over_ms)
    _set(turn, "join", turn.now_ms + JOIN_MS)
    _set(turn, "over", over_ms)


def joined(turn: Turn, participant: Participant) -> None:
    """Somebody is there."""
    people = turn.cell.marks.more.get("people", {})
    if participant.role != CUSTOMER:
        note(turn, people={**people, participant.role: participant.shown})
    elif CUSTOMER not in people:  # the first; others may come beside
        note(turn, people={**people, CUSTOMER: participant.shown})
        _unset(turn, "join")


def configure(turn: Turn, timers: Mapping[str, int | None]) -> None:
    """Other timers, by `ROLE.TYPE` in minutes; None for one that is no more."""
    set_now = {**turn.cell.marks.more.get("timers", {}), **timers}
    kept = {name: minutes for name, minutes in set_now.items() if minutes is not None}
    active = {role: turn.now_ms for role in (CUSTOMER, AGENT)}
    note(turn, timers=kept, active={**active, **turn.cell.marks.more.get("active", {})})
    for name, minutes in timers.items():
        if minutes is None:
            _unset(turn, name)
        else:
            _set(turn, name, turn.now_ms + minutes * _MINUTE_MS)


def wrote(turn: Turn, participant: Participant) -> None:
    """A message: its author is not idle, or is back."""
    more, role = turn.cell.marks.more, participant.role
    timers = more.get("timers", {})
    if not timers:
        return
    idle = more.get("idle", [])
    note(turn, active={**more.get("active", {}), role: turn.now_ms}, idle=[each for each in idle if each != role])
    if role in idle:
        _tell(turn, role, "participant.returned")
        name = f"{role}.{_IDLE}"
        if name in timers:
            _set(turn, name, turn.now_ms + timers[name] * _MINUTE_MS)


def note(turn: Turn, **more: Any) -> None:
    """Remember it with the contact."""
    marks = turn.cell.marks
    turn.cell.marks = replace(marks, more={**marks.more, **more})


def end_for(turn: Turn, reason: str) -> None:
    """Let the record say this of the end that comes now."""

    def say(turn: Turn) -> Event | None:
        if turn.contact.phase == "ended":
            turn.cell.marks = replace(turn.cell.marks, reason=reason)
        return None

    turn.cell.inbox.appendleft(Entry(say))


# --- when one rings ---


def _alarm(due_id: str) -> Deed:
    name = due_id.split("|")[1]

    def ring(turn: Turn) -> Event | None:
        if turn.contact.phase == "ended":
            return None
        if name in ("join", "over"):
            end_for(turn, _NEVER_CONNECTED if name == "join" else _EXPIRED)
            return Stopped(turn.now_ms)
        return _idle(turn, name)

    return ring


def _idle(turn: Turn, name: str) -> Event | None:
    more, marks = turn.cell.marks.more, turn.cell.marks
    minutes = more.get("timers", {}).get(name)
    if minutes is None:
        return None
    role, _, kind = name.partition(".")
    if turn.contact.agent is None or turn.contact.phase in WITHOUT_AGENT:
        _set(turn, name, turn.now_ms + minutes * _MINUTE_MS)
        return None
    since_ms = max(more.get("active", {}).get(role, 0), marks.joined_ms or turn.now_ms)
    if since_ms + minutes * _MINUTE_MS > turn.now_ms:
        _set(turn, name, since_ms + minutes * _MINUTE_MS)
        return None
    if kind == _IDLE:
        note(turn, idle=[*more.get("idle", []), role])
        _tell(turn, role, "participant.idle")
        return None
    _tell(turn, AGENT, "participant.autodisconnection")
    _tell(turn, AGENT, "participant.left")
    end_for(turn, _IDLED)
    return HungUp(turn.now_ms, "agent")


def _tell(turn: Turn, role: str, kind: str) -> None:
    """An event about whoever has the role, if anybody has come."""
    who = turn.cell.marks.more.get("people", {}).get(role)
    if who is not None:
        item_id = derived_id("item", turn.cell.id, role, kind, str(turn.now_ms))
        chat.write(turn, item_id, "EVENT", chat.EVENTS + kind, **who)


def _stop(turn: Turn) -> None:
    """The contact has ended: nothing rings in it any more; in the one in which the chat goes on it does."""
    more = turn.cell.marks.more
    names = ["over", *more.get("timers", {})]
    if CUSTOMER not in more.get("people", {}):
        names.append("join")
    if "over_ms" not in more:
        return
    for name in names:
        _unset(turn, name)
    follower = _follower(turn)
    if follower:
        _set(turn, "over", more["over_ms"], follower)
        for name, minutes in more.get("timers", {}).items():
            _set(turn, name, turn.now_ms + minutes * _MINUTE_MS, follower)


def _follower(turn: Turn) -> str:
    """The contact in which the chat goes on, "" for none."""
    born = [each.contact_id for each in turn.effects if isinstance(each, CreateContact) and each.kin == "previous"]
    return next(iter([*born, *turn.runtime.family(turn.contact)]), "")


def _set(turn: Turn, name: str, at_ms: int, contact_id: str = "") -> None:
    due_id = _id(name, contact_id or turn.cell.id)
    turn.due(due_id, at_ms, TimerFired(at_ms, due_id), contact_id)


def _unset(turn: Turn, name: str) -> None:
    due_id = _id(name, turn.cell.id)
    turn.writes.drop("due", due_id)
    turn.after.append(lambda: turn.runtime.due.disarm(due_id))


def _id(name: str, contact_id: str) -> str:
    return f"{WORD}|{name}|{contact_id}"
