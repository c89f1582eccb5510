"""How flows take turns on the lines of a contact: one table, after the state tables of h11.

A line is where one party listens: `customer` and `agent`. In a transfer the agent who transfers is on the customer's
line of the new contact until the customer comes over. At most one flow runs on a line. `TURNS` says for a phase and
what happens in it which phase is next and what is ordered; what is in no row changes nothing. `quiet` happens when no
flow runs on any line any more.

Phases: `new`; `inbound` (the contact's first flow: also of a transfer, after a disconnect, for the creation of a
callback); `queued`; `joining` (a transfer rings at an agent, no queue); `agent_whisper` and `customer_whisper`;
`callback` (a queued callback: nobody is on the customer's line) and `callback_whisper`; `outbound` (the agent is there,
the customer is called or hears the outbound whisper); `dialling` (a number of a quick connect is called); `connected`;
`holding` (customer and agent wait), `agent_holding` (the agent alone); `transferring` (the agent talks to the other
side, the customer is on hold), `conference`, `aside` (the agent is on hold while the customer hears and answers the
transfer's flow, adminguide/hold-customer-agent.html); `talking` (to the third party that a flow called); `ended`.

Source: spec/flow-types.md sections 1 to 4 (adminguide/contact-initiation-methods.html, create-contact-flow.html,
transfer.html, set-whisper-flow.html, set-disconnect-flow.html). Ours, as nothing is said: a customer hears nothing
during the agent whisper; an agent who leaves during a whisper gives the contact back to its queue.
"""

from collections.abc import Mapping
from typing import NamedTuple

QUIET = "quiet"
BRIDGED = frozenset({"connected", "conference"})
# no agent is on the contact
WITHOUT_AGENT = frozenset({"new", "inbound", "queued", "callback", "joining", "talking", "ended"})
EXTERNAL = "EXTERNAL_OUTBOUND"  # the initiation method of a call that an agent makes out of a contact
WAITING = frozenset({"queued", "callback", "joining"})
MAX_WHISPER_MS = 120_000  # adminguide/set-whisper-flow.html: two minutes, else the call is dropped
MAX_CHAIN = 12  # adminguide/transfer-to-queue.html: 11 transfers

# adminguide/create-contact-flow.html: the default flows, by the type of the flow that is missing
DEFAULT_FLOWS = {
    "CUSTOMER_QUEUE": "Default customer queue",
    "CUSTOMER_HOLD": "Default customer hold",
    "CUSTOMER_WHISPER": "Default customer whisper",
    "OUTBOUND_WHISPER": "Default outbound",
    "AGENT_HOLD": "Default agent hold",
    "AGENT_WHISPER": "Default agent whisper",
    "AGENT_TRANSFER": "Default agent transfer",
    "QUEUE_TRANSFER": "Default queue transfer",
}
HOOKS = {
    "CustomerQueue": "CUSTOMER_QUEUE",
    "CustomerHold": "CUSTOMER_HOLD",
    "CustomerWhisper": "CUSTOMER_WHISPER",
    "AgentHold": "AGENT_HOLD",
    "AgentWhisper": "AGENT_WHISPER",
    "Outbound": "OUTBOUND_WHISPER",
}


class Begin(NamedTuple):
    """A flow begins on a line: the one of this event hook, or the contact's own first flow."""

    line: str
    hook: str = ""


class Silence(NamedTuple):
    """The flow on this line, if any, is over: what it waits for is no longer wanted."""

    line: str


class Order(NamedTuple):
    """`bridge`, `unbridge`, `enqueue` (again, with the age it had), `leave` (its place in the queue, which an agent has
    taken), `dequeue` (its place, which nobody has taken), `limit` (the whispers must be over in time), `call` (the
    customer's number).
    """

    name: str


class Turn(NamedTuple):
    phase: str
    orders: tuple[Begin | Silence | Order, ...] = ()


BRIDGE, UNBRIDGE, LIMIT, CALL = map(Order, "bridge unbridge limit call".split())
ENQUEUE, LEAVE, DEQUEUE = map(Order, "enqueue leave dequeue".split())
_CUSTOMER, _AGENT = Silence("customer"), Silence("agent")
_OWN, _QUEUE = Begin("customer"), Begin("customer", "CustomerQueue")
_HOLD, _AGENT_HOLD = Begin("customer", "CustomerHold"), Begin("agent", "AgentHold")
_AGENT_WHISPER, _CUSTOMER_WHISPER = Begin("agent", "AgentWhisper"), Begin("customer", "CustomerWhisper")
_OUTBOUND = Begin("customer", "Outbound")
_ENDED = Turn("ended")

TURNS: Mapping[tuple[str, str], Turn] = {
    ("new", "started"): Turn("inbound", (_OWN,)),
    ("new", "queued"): Turn("queued", (_QUEUE,)),
    ("new", "callback"): Turn("callback", (ENQUEUE,)),
    ("new", "outbound"): Turn("outbound", (_OUTBOUND,)),
    ("new", "external"): Turn("dialling", (CALL,)),
    ("inbound", QUIET): _ENDED,
    ("inbound", "queued"): Turn("queued", (_QUEUE,)),
    ("inbound", "callback"): Turn("callback"),
    ("inbound", "to_agent"): Turn("joining"),
    ("inbound", "third_party"): Turn("talking"),
    ("queued", "third_party"): Turn("talking", (DEQUEUE,)),
    ("queued", "agent_joined"): Turn("agent_whisper", (_CUSTOMER, LIMIT, _AGENT_WHISPER)),
    ("joining", "agent_joined"): Turn("agent_whisper", (LIMIT, _AGENT_WHISPER)),
    ("joining", "refused"): _ENDED,
    ("agent_whisper", QUIET): Turn("customer_whisper", (LEAVE, LIMIT, _CUSTOMER_WHISPER)),
    ("agent_whisper", "agent_left"): Turn("queued", (_AGENT, ENQUEUE, _QUEUE)),
    ("agent_whisper", "limit"): _ENDED,
    ("customer_whisper", QUIET): Turn("connected", (BRIDGE,)),
    ("customer_whisper", "agent_left"): Turn("queued", (_CUSTOMER, ENQUEUE, _QUEUE)),
    ("customer_whisper", "limit"): _ENDED,
    ("callback", "agent_joined"): Turn("callback_whisper", (LIMIT, _AGENT_WHISPER)),
    ("callback", "refused"): _ENDED,
    ("callback_whisper", QUIET): Turn("outbound", (LEAVE, _OUTBOUND)),
    ("callback_whisper", "agent_left"): Turn("callback", (_AGENT, ENQUEUE)),
    ("callback_whisper", "limit"): _ENDED,
    ("outbound", QUIET): Turn("connected", (BRIDGE,)),
    ("outbound", "not_answered"): _ENDED,
    ("outbound", "try_again"): Turn("callback", (_CUSTOMER, ENQUEUE)),
    ("outbound", "agent_left"): _ENDED,
    ("dialling", "answered"): Turn("connected", (BRIDGE,)),
    ("dialling", "not_answered"): _ENDED,
    ("dialling", "agent_left"): _ENDED,
    ("connected", "held"): Turn("holding", (UNBRIDGE, _HOLD, _AGENT_HOLD)),
    ("connected", "agent_held"): Turn("agent_holding", (UNBRIDGE, _AGENT_HOLD)),
    ("connected", "transfer"): Turn("transferring", (UNBRIDGE, _HOLD)),
    ("connected", "agent_left"): _ENDED,
    ("holding", "resumed"): Turn("connected", (_CUSTOMER, _AGENT, BRIDGE)),
    ("holding", "agent_held"): Turn("agent_holding", (_CUSTOMER,)),
    ("holding", "transfer"): Turn("transferring", (_AGENT,)),
    ("holding", "agent_left"): _ENDED,
    ("agent_holding", "resumed"): Turn("connected", (_AGENT, BRIDGE)),
    ("agent_holding", "held"): Turn("holding", (_HOLD,)),
    ("agent_holding", "transfer"): Turn("transferring", (_AGENT, _HOLD)),
    ("agent_holding", "agent_left"): _ENDED,
    ("transferring", "resumed"): Turn("conference", (_CUSTOMER, BRIDGE)),
    ("transferring", "agent_held"): Turn("aside", (_CUSTOMER, _AGENT_HOLD)),
    ("transferring", "transfer_ended"): Turn("holding", (_AGENT_HOLD,)),
    ("transferring", "agent_left"): _ENDED,
    ("conference", "held"): Turn("transferring", (UNBRIDGE, _HOLD)),
    ("conference", "agent_held"): Turn("aside", (UNBRIDGE, _AGENT_HOLD)),
    ("conference", "transfer_ended"): Turn("connected"),
    ("conference", "agent_left"): _ENDED,
    ("aside", "resumed"): Turn("conference", (_AGENT, BRIDGE)),
    ("aside", "held"): Turn("transferring", (_AGENT, _HOLD)),
    ("aside", "transfer_ended"): Turn("agent_holding"),
    ("aside", "agent_left"): _ENDED,
    ("talking", "talk_ended"): _ENDED,
}
# whatever the phase
ENDINGS = frozenset({"customer_left", "disconnect", "stopped", "expired", "transferred"})
# how a contact begins, by its initiation method; the others by their first flow
STARTS = {"QUEUE_TRANSFER": "queued", "CALLBACK": "callback", "OUTBOUND": "outbound", EXTERNAL: "external"}


def turn(phase: str, happening: str) -> Turn | None:
    """What comes next; None where nothing does."""
    if happening in ENDINGS and phase != "ended":
        return _ENDED
    return TURNS.get((phase, happening))
