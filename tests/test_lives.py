"""Whatever happens to a contact, in whatever order: the rules that hold for its lines at all times."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.blocks import catalogue
from offhook.core.birth import born, new_contact
from offhook.core.machine import step
from offhook.core.phases import BRIDGED, DEFAULT_FLOWS, ENDINGS, HOOKS, TURNS, turn
from offhook.core.program import Compiled
from offhook.core.snapshot import Snapshots
from offhook.model import effect as effects
from offhook.model import event as events
from offhook.model.contact import Callback, Contact, Queue
from offhook.model.flow import Flow
from offhook.model.instance import AgentSettings, Instance, QuickConnect

from .stage import BYE, CONTACT_ID, START_MS, action, flow, say

SUPPORT = Queue("arn:queue", "Support")
MOVED = {"arn": "arn:jane", "name": "jane", "is_agent": True}
END = action("end", "EndFlowExecution")


def _one(kind: str, name: str) -> Flow:
    """A flow that says its type and ends, or, where it may disconnect, goes to the queue."""
    if kind in ("CONTACT_FLOW", "AGENT_TRANSFER", "QUEUE_TRANSFER"):
        to_queue = action("queue", "TransferContactToQueue", then="bye", errors={"NoMatchingError": "bye"})
        return flow(say("say", kind, "queue"), to_queue, BYE, arn=f"flow:{name}", name=name, kind=kind)
    return flow(say("say", kind, "end"), END, arn=f"flow:{name}", name=name, kind=kind)


FLOWS = [_one(kind, name) for kind, name in DEFAULT_FLOWS.items()]
FLOWS += [_one("CONTACT_FLOW", "It"), _one("CONTACT_FLOW", "After")]
INSTANCE = Instance(
    flows={each.arn: each for each in FLOWS},
    agents={"jane": AgentSettings("jane", first_name="Jane"), "joe": AgentSettings("joe")},
    quick_connects={
        "Joe": QuickConnect("Joe", "user", agent="joe"),
        "Support": QuickConnect("Support", "queue", queue="Support"),
        "Home": QuickConnect("Home", "phone", number="+15550199"),
    },
)
COMPILED = Compiled(INSTANCE, catalogue())
SNAPSHOTS = Snapshots(COMPILED.catalogue)
METHODS = ("INBOUND", "CALLBACK", "OUTBOUND", "EXTERNAL_OUTBOUND", "QUEUE_TRANSFER", "TRANSFER", "DISCONNECT", "API")


def _happening(kind: type, **fields: Any) -> st.SearchStrategy[Any]:
    return st.builds(kind, at_ms=st.just(0), **fields)


HAPPENINGS = st.one_of(
    _happening(events.Started),
    _happening(events.HungUp, line=st.sampled_from(["customer", "agent"])),
    _happening(events.AgentJoined, agent=st.sampled_from(["jane", "nobody"])),
    _happening(events.Offered, agent=st.just("jane")),
    _happening(events.OfferEnded, agent=st.just("jane"), by=st.just("missed")),
    _happening(events.Held, party=st.sampled_from(["customer", "agent"])),
    _happening(events.Resumed),
    _happening(events.TransferStarted, quick_connect=st.sampled_from(["Joe", "Support", "Home", "Nowhere"])),
    _happening(events.TransferEnded, contact_id=st.just("other")),
    _happening(events.CustomerJoined),
    _happening(events.Paused),
    _happening(events.Continued),
    _happening(events.AttributesUpdated, attributes=st.just({"a": "1"})),
    _happening(events.ContactUpdated, fields=st.just({"tags": {"a": "1"}, "description": "it"})),
    _happening(events.Rerouted, priority=st.sampled_from([None, 1]), criteria=st.sampled_from([None, ()])),
    _happening(
        events.Moved, contact_id=st.just("moved"), flow=st.just("flow:It"), queue=st.sampled_from([None, MOVED])
    ),
    st.sampled_from(["answer", "answer", "answer", "refuse", "transfer over"]),
    _happening(events.Stopped),
)
CONTACTS = st.builds(
    lambda method, channel, hooks, attempts: new_contact(
        id=CONTACT_ID,
        seed="1",
        flow="" if method in ("QUEUE_TRANSFER", "CALLBACK", "EXTERNAL_OUTBOUND", "OUTBOUND") else "flow:It",
        flow_type="CONTACT_FLOW",
        channel=channel,
        initiation_method=method,
        previous_id="before",
        queue=SUPPORT,
        hooks=hooks,
        callback=Callback(attempts=attempts, retry_ms=1_000) if method == "CALLBACK" else None,
        is_reached=method not in ("CALLBACK", "OUTBOUND", "EXTERNAL_OUTBOUND"),
        has_customer=method != "TRANSFER",
    ),
    st.sampled_from(METHODS),
    st.sampled_from(["VOICE", "VOICE", "CHAT", "TASK"]),
    st.dictionaries(
        st.sampled_from(["CustomerRemaining", "DefaultAgentUI", "DisconnectAgentUI", "PauseContact", "ResumeContact"]),
        st.just("flow:After"),
    ),
    st.integers(1, 3),
)


def _answer(contact: Contact, effect: Any, at_ms: int, word: str) -> Any:
    """What comes back for an effect: `refuse` says no where there is a no."""
    match effect:
        case effects.PlayPrompt():
            return events.PromptEnded(at_ms, effect.id)
        case effects.Enqueue():
            by = "busy" if effect.at_once else "full"
            return events.QueueRefused(at_ms, effect.id, by) if word == "refuse" else events.Queued(at_ms, effect.id)
        case effects.PlaceCall():
            return events.CallEnded(at_ms, effect.id, "busy" if word == "refuse" else "answered")
        case effects.Talk():
            return events.TalkEnded(at_ms, effect.id)
        case effects.StartTimer():
            return events.TimerFired(at_ms, effect.id)
    raise AssertionError(effect)


def _event(contact: Contact, happening: Any, at_ms: int) -> Any:
    if happening == "transfer over":
        return events.TransferEnded(at_ms, contact.transfer)
    if not isinstance(happening, str):
        return type(happening)(at_ms, **{name: getattr(happening, name) for name in happening.__struct_fields__[1:]})
    timers = contact.pending if happening == "refuse" else {}
    waiting = [each for each in contact.pending.values() if not isinstance(each, effects.StartTimer)]
    waiting += [each for each in timers.values() if isinstance(each, effects.StartTimer)]
    return _answer(contact, waiting[0], at_ms, happening) if waiting else events.Stopped(at_ms) if timers else None


@settings(max_examples=600, deadline=None)
@given(CONTACTS, st.lists(HAPPENINGS, max_size=40))
def test_whatever_happens_the_lines_of_a_contact_are_in_order(contact: Contact, happenings: list[Any]) -> None:
    is_bridged, ended, made = False, None, set()
    for count, happening in enumerate([events.Started(0), *happenings]):
        event = _event(contact, happening, START_MS + count * 1_000)
        if event is None:
            continue
        before = contact
        stepped = step(COMPILED, contact, event)
        contact = stepped.contact
        assert SNAPSHOTS.decode(SNAPSHOTS.encode(contact)) == contact
        if ended is not None:
            assert contact is ended, "what has ended is final"
            continue
        lines = [run.line for run in contact.runs]
        assert lines in ([], ["customer"], ["agent"], ["customer", "agent"]), "one flow a line, the customer's first"
        for effect in stepped.effects:
            if isinstance(effect, effects.Bridge | effects.Unbridge):
                assert is_bridged is isinstance(effect, effects.Unbridge)
                is_bridged = isinstance(effect, effects.Bridge)
            if isinstance(effect, effects.Cancel):
                assert effect.target in made
            if isinstance(effect, effects.CreateContact):
                assert born(effect, contact, INSTANCE).phase == "new"
            made.add(effect.id)
        if contact.phase == "ended":
            ended = contact
            assert contact.runs == ()
            assert contact.place is None
            assert contact.pending == {}
        else:
            assert is_bridged is (contact.phase in BRIDGED), contact.phase
            assert (before.phase, contact.phase) == (before.phase, before.phase) or _is_reachable(before, contact)
        assert set(contact.pending) <= made
        for run in contact.runs:
            assert run.waits, "a flow that runs waits for something"


def _is_reachable(before: Contact, after: Contact) -> bool:
    """Whether the table leads from one phase to the other, in a few turns."""
    reached, found = {before.phase}, set()
    for _ in range(4):
        reached = {taken.phase for (phase, _), taken in TURNS.items() if phase in reached}
        found |= reached
    return after.phase in found


def test_every_phase_of_the_table_can_be_left_and_ends() -> None:
    phases = {phase for phase, _ in TURNS} | {taken.phase for taken in TURNS.values()}
    for phase in phases - {"ended"}:
        assert any(row == phase for row, _ in TURNS) or phase == "ended", f"nothing happens in {phase}"
        for happening in ENDINGS:
            taken = turn(phase, happening)
            assert taken is not None
            assert taken.phase == "ended"
    assert turn("ended", "stopped") is None


def test_every_hook_has_a_default_flow() -> None:
    assert set(HOOKS.values()) <= set(DEFAULT_FLOWS)
