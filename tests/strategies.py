"""What the properties are tried on: small random flows of built blocks, contacts in them, and what happens to them.

Parameters are drawn from what a block declares, so a new block joins by being there. A `Happening` says what comes
next without knowing the contact; `event_of` makes it an event once it is known what the contact waits for.
"""

import functools
from dataclasses import dataclass
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from offhook.blocks import catalogue
from offhook.core import calendar
from offhook.core.birth import new_contact
from offhook.core.program import CHANNELS, Compiled
from offhook.model import event as events
from offhook.model.contact import Contact
from offhook.model.effect import CollectInput, Effect, InvokeLambda, PlayPrompt
from offhook.model.flow import FLOW_TYPES, MODULE, Action, Condition, ErrorArrow, Flow
from offhook.model.instance import Instance, LambdaPolicy, QueueSettings

from .stage import CONTACT_ID

BUILT = sorted(action for action, spec in catalogue().items() if spec.enter is not None)
WAITING = [
    action
    for action in BUILT
    if catalogue()[action].memo and catalogue()[action].channel_rule("VOICE", strict=False) == "works"
]

REFERENCES = (
    "$.Attributes.a",
    "$.Attributes.$.Attributes.a",
    "$.External.k",
    "$.External.list.0",
    "$.FlowAttributes.f",
    "$.Lex.Slots.s",
    "$.StoredCustomerInput",
    "$.LambdaInvocation.InvocationId",
    "$.Modules.Result",
    "$.Queue.Name",
    "$.Channel",
    "$.SegmentAttributes['connect:Subtype']",
    "$.Nowhere.x",
)
WORDS = (
    "",
    "1",
    "2",
    "12#",
    "0.5",
    "True",
    "false",
    "Sales",
    "Helper",
    "Office",
    "ContinueLooping",
    "<speak>hi</speak>",
    "<speak>",
    "${token}",
    "arn:aws:lambda:us-east-1:111122223333:function:greet:live",
)
TEMPLATES = ("hello $.Attributes.a.", "<speak>$.External.k</speak>", "$.Attributes.a$.Attributes.b", "a $.")
BODIES = (
    "",
    "{}",
    "null",
    "[1]",
    "{",
    '{"k":"1"}',
    '{"k":"2","list":"x"}',
    '{"k":{"deep":[1,2.50]},"list":["a"]}',
    '{"k":null}',
)

texts = st.sampled_from((*REFERENCES, *TEMPLATES, *WORDS)) | st.text(max_size=5)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 100) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=3,
)


def of_type(info: inspect.Type) -> st.SearchStrategy[Any]:
    """Raw JSON for a parameter of this type: mostly what fits, in every spelling, sometimes what does not."""
    return mostly(fitting(info), json_values)


def mostly(usual: st.SearchStrategy[Any], seldom: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Seven times the usual, then once the other."""
    # one_of would take a strategy that is named twice for one
    return st.integers(0, 7).flatmap(lambda die: seldom if die == 7 else usual)


def fitting(info: inspect.Type) -> st.SearchStrategy[Any]:
    """Raw JSON that the type takes, or a reference where the text of one might."""
    match info:
        case inspect.Metadata():
            return fitting(info.type)
        case inspect.UnionType():
            return st.one_of([fitting(member) for member in info.types if not isinstance(member, inspect.NoneType)])
        case inspect.BoolType():
            return st.sampled_from((True, False, "True", "false", "$.Attributes.a"))
        case inspect.IntType():
            numbers = st.integers(info.ge if info.ge is not None else -3, info.le if info.le is not None else 100)
            return numbers | numbers.map(str) | st.sampled_from(("$.Attributes.n", "$.External.k"))
        case inspect.LiteralType():
            return st.sampled_from(info.values)
        case inspect.StructType():
            return struct(info)
        case inspect.DictType():
            return st.dictionaries(fitting(info.key_type).map(str), of_type(info.value_type), max_size=3)
        case inspect.ListType() | inspect.VarTupleType():
            return st.lists(of_type(info.item_type), max_size=3)
        case inspect.StrType():
            return texts
        case _:
            return json_values


def struct(info: inspect.StructType) -> st.SearchStrategy[dict[str, Any]]:
    fields = {field.encode_name: of_type(field.type) for field in info.fields}
    required = {field.encode_name for field in info.fields if field.required}
    return st.fixed_dictionaries(
        {name: values for name, values in fields.items() if name in required},
        optional={name: values for name, values in fields.items() if name not in required},
    )


@functools.cache
def parameters(action_type: str) -> st.SearchStrategy[dict[str, Any]]:
    """Parameters for a block: mostly its example, else that but for one, or all of them drawn."""
    spec = catalogue().get(action_type)
    if spec is None:
        return st.just({})
    example = dict(spec.example or {})
    info = inspect.type_info(spec.params)
    assert isinstance(info, inspect.StructType)
    changed = [
        of_type(field.type).map(functools.partial(_changed, example, field.encode_name)) for field in info.fields
    ]
    return mostly(mostly(st.just(example), st.one_of(changed) if changed else struct(info)), struct(info))


def _changed(example: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    return {**example, name: value}


@functools.cache
def arrows(action_type: str) -> st.SearchStrategy[tuple[Any, ...]]:
    """Next action, errors and conditions of a block, most of them its own, some missing. Targets are numbers."""
    spec = catalogue().get(action_type)
    errors = [branch.name for branch in spec.errors] if spec is not None else []
    operators = (*spec.operators, "Equals", "Unheard") if spec is not None else ("Equals",)
    operands = (*spec.operands * 4, *WORDS, *REFERENCES) if spec is not None else WORDS
    error = st.tuples(st.sampled_from((*errors, "NoMatchingError", "Surprise")), targets)
    condition = st.tuples(st.sampled_from(operators), st.sampled_from(operands), targets)
    several = st.lists(condition, max_size=3)
    return st.tuples(targets, targets, st.lists(error, max_size=1), several)


# Where an arrow leads: so many actions further on, the first after the last; seldom to nothing or to no action.
targets = st.sampled_from((1, 2, 3) * 12 + (0, 0, "", "nowhere"))


@st.composite
def flow(draw: st.DrawFn, name: str, *, flow_type: str, sizes: tuple[int, int], blocks: tuple[str, ...]) -> Flow:
    names = [f"{name}-{index}" for index in range(draw(st.integers(*sizes)))]
    actions = {name: _action(draw, names, index, blocks) for index, name in enumerate(names)}
    return Flow("flow-language", {}, names[0], actions, name=name, type=flow_type, arn=f"arn:{name}")


def _action(draw: st.DrawFn, names: list[str], index: int, blocks: tuple[str, ...]) -> Action:
    def target(further: int | str) -> str:
        return further if isinstance(further, str) else names[(index + further) % len(names)]

    action_type = draw(st.sampled_from(blocks))
    following, otherwise, errors, conditions = draw(arrows(action_type))
    fallback = [] if otherwise == "nowhere" else [("NoMatchingError", otherwise)]
    return Action(
        names[index],
        action_type,
        draw(parameters(action_type)),
        next_action=target(following),
        errors=tuple(ErrorArrow(error, target(to)) for error, to in (*errors, *fallback)),
        conditions=tuple(Condition(operator, (operand,), target(to)) for operator, operand, to in conditions),
    )


# most blocks wait: a flow that never does is over before anything can happen
MOST_BLOCKS = (*WAITING * 6, *BUILT, "BrandNewBlock")


@dataclass(frozen=True, slots=True)
class Happening:
    """What comes next, `after_ms` after the last: an answer to what is pending, or something that nobody waits for.

    `what`: answer, late, foreign, or a kind of event without an answer. `index` picks one of several effects, `reply`
    what a customer enters, or how a function ends.
    """

    after_ms: int
    what: str
    index: int
    reply: int


def _ended(status: int, **fields: Any) -> events.LambdaEnded:
    return events.LambdaEnded(0, "", status, **fields)


ENDS = (
    *(_ended(200, body=body) for body in BODIES),
    *(
        _ended(200, function_error="Unhandled", cause=cause)
        for cause in ("function_error", "function_timeout", "crash")
    ),
    *(_ended(status) for status in (0, 202, 403, 404, 429, 500, 503)),
    _ended(200, body="{}", body_bytes=1_000_000),
)
ENTERED = (
    ("1", "length", ""),
    ("2", "terminator", ""),
    ("15550100", "interdigit", ""),
    ("", "timeout", ""),
    ("", "cancel", ""),
    ("1", "length", "no certificate"),
)

happenings = st.builds(
    Happening,
    after_ms=st.sampled_from((0, 0, 0, 1, 50, 100, 400, 1_000, 2_999, 3_000, 8_000, 60_000)),
    what=st.sampled_from(
        ("answer",) * 26
        + ("late", "late", "foreign", "hang up", "attributes", "returned", "bot left", "started")
        + ("updated", "rerouted", "moved")
    ),
    index=st.integers(0, 5),
    reply=st.integers(0, len(ENDS) - 1),
)


# lists of lists are long, and shrink to nothing all the same
many_happenings = st.lists(st.lists(happenings, max_size=9), max_size=9).map(
    lambda parts: [happening for part in parts for happening in part]
)


@dataclass(frozen=True, slots=True)
class Scenario:
    compiled: Compiled
    contact: Contact
    happenings: tuple[Happening, ...]


@st.composite
def scenario(draw: st.DrawFn, *, blocks: tuple[str, ...] = MOST_BLOCKS) -> Scenario:
    flow_type = draw(st.sampled_from(("CONTACT_FLOW",) * 30 + FLOW_TYPES))
    instance = _instance(
        draw(flow("main", flow_type=draw(st.sampled_from((flow_type, ""))), sizes=(4, 8), blocks=blocks)),
        draw(flow("other", flow_type="", sizes=(2, 4), blocks=blocks)),
        draw(flow("helper", flow_type=MODULE, sizes=(2, 4), blocks=blocks)),
        strict=draw(st.sampled_from((False, False, False, True))),
        policy=draw(
            st.sampled_from((LambdaPolicy(), LambdaPolicy(0, ()), LambdaPolicy(3, ()), LambdaPolicy(9, (0, 1))))
        ),
    )
    return Scenario(Compiled(instance, catalogue()), draw(contact(flow_type)), tuple(draw(many_happenings)))


def _instance(main: Flow, other: Flow, helper: Flow, *, strict: bool, policy: LambdaPolicy) -> Instance:
    base = Instance()
    resources = [
        msgspec.structs.replace(base.resource("flow", "other", matches=("*",)), arn=other.arn),
        msgspec.structs.replace(base.resource("module", "helper", matches=("*",)), arn=helper.arn),
        base.resource("function", "greet", matches=("?*",)),
        base.resource("queue", "Sales"),
        base.resource("queue", "Full"),
        base.resource("hours", "Office"),
    ]
    return Instance(
        strict=strict,
        lambda_policy=policy,
        flows={each.arn: each for each in (main, other, helper)},
        resources=tuple(resources),
        hours={"Office": calendar.parse_hours("Office", {"time_zone": "Asia/Tokyo", "monday": "09:00-17:00"})},
        queues={"Sales": QueueSettings("Sales", "Office"), "Full": QueueSettings("Full", max_contacts=0)},
        associated=frozenset({"greet"}) if strict else None,
    )


def contact(flow_type: str) -> st.SearchStrategy[Contact]:
    return st.builds(
        new_contact,
        id=st.just(CONTACT_ID),
        seed=st.sampled_from(("1", "2", "3")),
        flow=st.just("arn:main"),
        flow_type=st.just(flow_type),
        channel=st.sampled_from(("VOICE", "VOICE", "VOICE", "CHAT") * 4 + CHANNELS),
        attributes=st.dictionaries(st.sampled_from(("a", "n")), st.sampled_from(WORDS), max_size=2),
        customer_endpoint=st.sampled_from((None, "+15550100")),
        logging=st.sampled_from((None, True, False)),
        given=st.sampled_from(({}, {"Lex": {"Slots": {"s": "1"}}}, {"Attributes": {"a": "2"}})),
        related_id=st.sampled_from((None, CONTACT_ID[::-1])),
    )


def event_of(happening: Happening, contact: Contact, seen: tuple[Effect, ...], at_ms: int) -> events.Event:
    """The event, where the contact waits as it does; `seen` are all effects so far that are answered."""
    pending = list(contact.pending.values())
    if happening.what == "answer" and pending:
        return answer_to(pending[happening.index % len(pending)], happening, at_ms)
    if happening.what == "late" and seen:
        return answer_to(seen[happening.index % len(seen)], happening, at_ms)
    if happening.what == "attributes":
        return events.AttributesUpdated(at_ms, {"a": ENTERED[happening.reply % len(ENTERED)][0]})
    if happening.what in SUDDEN:
        of_kind = SUDDEN[happening.what]
        return msgspec.structs.replace(of_kind[happening.reply % len(of_kind)], at_ms=at_ms)
    return events.TimerFired(at_ms, f"22222222-2222-4222-8222-222222222222/{happening.index}")


# what nobody waits for
SUDDEN: dict[str, tuple[events.Event, ...]] = {
    "hang up": (events.HungUp(0),),
    "returned": (events.CustomerReturned(0),),
    "bot left": (events.BotDisconnected(0),),
    "started": (events.Started(0),),
    "updated": (events.ContactUpdated(0, {"name": "n", "references": {"r": {"Type": "URL", "Value": "v"}}}),),
    "rerouted": (events.Rerouted(0, 1), events.Rerouted(0, None, 5_000), events.Rerouted(0, criteria=())),
    "moved": (events.Moved(0, "moved", "arn:other"),),
}


def answer_to(effect: Effect, happening: Happening, at_ms: int) -> events.Event:
    """The answer that an effect of this kind gets."""
    match effect:
        case PlayPrompt():
            return events.PromptEnded(at_ms, effect.id)
        case CollectInput():
            return events.InputEnded(at_ms, effect.id, *ENTERED[happening.reply % len(ENTERED)])
        case InvokeLambda():
            return msgspec.structs.replace(ENDS[happening.reply], at_ms=at_ms, effect_id=effect.id)
        case _:
            return events.TimerFired(at_ms, effect.id)
