"""Virtual customers: they take a flow wherever its arrows lead, by chance or by intent, always by seed.

Some act at random. The others run an errand: they want to get to one action, know the easiest way, and press, answer
and begin as takes the next arrow of it. What a flow compares with is collected from it beforehand, so that functions
answer, and contacts begin, with what opens its branches.
"""

import heapq
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from offhook.blocks import catalogue
from offhook.core import calendar
from offhook.core.birth import new_contact
from offhook.core.conditions import number
from offhook.core.expr import Reference, parse_reference, text_of
from offhook.core.program import CHANNELS, BadParameter, Compiled, Program, Step, references_in
from offhook.core.resolve import ASSUMED
from offhook.core.routing import MAX_OF_AGENT
from offhook.drivers.ports import SILENT, Answer, Called
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.agent import AgentScript
from offhook.drivers.sim.customer import Script
from offhook.drivers.sim.life import Life
from offhook.model.contact import Contact, Place, Queue
from offhook.model.effect import (
    CallService,
    CollectInput,
    Enqueue,
    InvokeLambda,
    Listen,
    PlaceCall,
    PlayPrompt,
    ShowView,
)
from offhook.model.errors import UsageError
from offhook.model.event import (
    AttributesUpdated,
    BotDisconnected,
    CustomerReturned,
    HungUp,
    LambdaEnded,
    ServiceEnded,
)
from offhook.model.flow import FLOW_TYPES, MODULE, Action, ErrorArrow, Flow
from offhook.model.instance import Instance, QueueSettings, Resource

from .stage import START_MS

MAX_CONTACT_MS = 1_200_000
PATIENCE_MS = (1_000_000, 200_000)  # a caller's is the shorter one
OPEN_MS = START_MS  # a Monday, 10:00 in New York
CLOSED_MS = START_MS + 12 * 3_600_000
MAX_ATTRIBUTES = 32_768
PLAIN, FULL = "plain", "full"  # surroundings; another is `no <kind>`
PHONE_NUMBER = "2065550100"
_PICKED = {
    "event-flows": "flow",
    **{f"{kind}-picker": kind for kind in "flow module queue agent hours prompt bot".split()},
}
LEX = "ConnectParticipantWithLexBot"
INTO_QUEUES = ("TransferContactToQueue", "CreateCallbackContact")  # into the working queue
CALLERS = ("UpdateContactCallbackNumber", "TransferParticipantToThirdParty")
NUMBER = "+12065550123"  # what can be called
ANYTHING = "3"  # a name, a text, a number: what a reference gives that nothing is compared with


# how many a service finds for the branch
OUTCOMES = {"NoneFound": 0, "NoneFoundError": 0, "MultipleFound": 2, "MultipleFoundError": 2, "ContactNotLinked": 1}


class Arrow(NamedTuple):
    """`by`: next, an error type, or a condition's operator with its `operand`."""

    by: str
    operand: str
    target: str


def arrows(step: Step) -> list[Arrow]:
    """The arrows that a contact may take; of a block that cannot run, the one that the machine takes (S18).

    It cannot run where its parameters are no parameters, whoever comes: a template that nobody filled in.
    """
    action, branches = step.action, step.branches
    if not step.built or type(step.constant) is BadParameter:
        target = branches.errors.get("NoMatchingError", "")
        if not target and step.spec is not None and not any(error.required for error in step.spec.errors):
            target = branches.next
        return [Arrow("NoMatchingError", "", target)]
    conditions = [Arrow(each.operator, text_of(each.operands[0]), each.next_action) for each in action.conditions]
    errors = [Arrow(error, "", target) for error, target in branches.errors.items()]
    has_default = action.type == LEX and "NoMatchingCondition" in branches.errors
    leaves = not (step.spec is not None and step.spec.terminal) and not has_default
    return [*conditions, *errors, *([Arrow("next", "", action.next_action)] if leaves else [])]


def reachable(program: Program) -> set[str]:
    """Actions of built types that some contact might come to."""
    found: set[str] = set()
    ahead = [program.start]
    while ahead:
        step = program.steps.get(identifier := ahead.pop())
        if step is not None and identifier not in found:
            found.add(identifier)
            ahead += [arrow.target for arrow in arrows(step)]
    return {identifier for identifier in found if program.steps[identifier].built}


def ways(program: Program, goal: str, chance: Random) -> dict[str, Arrow]:
    """For every action that has a way to the goal, the first arrow of the easiest one.

    What is easy is taken to be hard now and then, because an easy way may contradict itself.
    """
    leading: dict[str, list[tuple[int, str, Arrow]]] = {}
    for identifier, step in program.steps.items():
        for arrow in arrows(step):
            leading.setdefault(arrow.target, []).append(
                (chance.choice((1, 1, 1, 9)) * _effort(step, arrow), identifier, arrow)
            )
    found: dict[str, Arrow] = {}
    ahead: list[tuple[int, str, Arrow | None]] = [(0, goal, None)]
    done: set[str] = set()
    while ahead:
        effort, target, first = heapq.heappop(ahead)
        if target in done:
            continue
        done.add(target)
        if first is not None:
            found[target] = first
        for more, identifier, arrow in leading.get(target, ()):
            heapq.heappush(ahead, (effort + more, identifier, arrow))
    return found


def _effort(step: Step, arrow: Arrow) -> int:
    """How hard it is to have a block take this arrow: nothing fails that has no reason to."""
    action = step.action
    if arrow.by == "next":
        may_stay = step.spec is not None and step.spec.may_end
        return 50 if action.conditions or may_stay or action.type.startswith("Transfer") else 1
    if arrow.by != "NoMatchingError" or not step.built or action.type == "InvokeLambdaFunction":
        return 1
    return 10 if step.resolve is not None or _missable(step) else 30


def _missable(step: Step) -> list[str]:
    """Kinds of things that the block names, and fails for where there are none. Some queue is always needed."""
    action = step.action
    widgets = (step.spec.widgets if step.spec is not None else None) or {}
    kinds = [_PICKED[widget] for name, widget in widgets.items() if name in action.parameters and widget in _PICKED]
    return [*kinds, "queue"] if action.type in INTO_QUEUES and "queue" not in kinds else kinds


# --- what a flow compares with


def operands(program: Program) -> dict[tuple[str, ...], list[str]]:
    """By path of a reference: what it may give. One value that means nothing, and those that conditions on it want."""
    found: dict[tuple[str, ...], list[str]] = {}
    for step in program.steps.values():
        action = step.action
        if step.spec is not None:
            usual = [NUMBER] * 3 if action.type in CALLERS else []
            for reference in references_in(action.parameters, step.spec.params):
                found[reference.path] = [*found.get(reference.path, [ANYTHING]), *usual]
        if (compared := _compared(action)) is not None:
            values = [satisfying(arrow) for arrow in arrows(step) if arrow.operand]
            found[compared.path] = [*found.get(compared.path, ()), *values]
    return found


def _compared(action: Action) -> Reference | None:
    value = action.parameters.get("ComparisonValue")
    return parse_reference(value, alone=True) if isinstance(value, str) else None


def satisfying(arrow: Arrow) -> str:
    """A value that takes this arrow of a Compare."""
    match arrow.by:
        case "NumberGreaterThan":
            return f"{(number(arrow.operand) or 0) + 1:g}"
        case "NumberLessThan":
            return f"{(number(arrow.operand) or 0) - 1:g}"
        case "next" | "NoMatchingCondition" | "NoMatchingError":
            return "something else"
        case _:
            return arrow.operand


def nested(values: dict[tuple[str, ...], str]) -> dict[str, Any]:
    """Values by path as one object; a path that leads through a value of another is left out."""
    tree: dict[str, Any] = {}
    for path, value in values.items():
        place = tree
        for key in path[:-1]:
            inner = place.setdefault(key, {})
            place = inner if isinstance(inner, dict) else {}
        place.setdefault(path[-1], value)
    return tree


# --- surroundings


def flow_type_of(flow: Flow) -> str:
    """The type that the file says, else the one in which most of its blocks may stand."""
    if flow.type:
        return flow.type
    specs = [spec for action in flow.actions.values() if (spec := catalogue().get(action.type)) is not None]
    return max(FLOW_TYPES, key=lambda name: sum(spec.flow_types.allows(name, strict=False) for spec in specs))


def surroundings(flow: Flow, kind: str) -> Compiled:
    """An instance with everything that the flow names, whatever it calls it.

    `full`: no queue takes a contact; an agent's own does not once ten wait in it (see `lives`). `no <kind>`: there is
    none of that kind, and none is assumed (strict profile).
    """
    base, missing = Instance(), kind.removeprefix("no ")
    functions = dict.fromkeys(
        text for action in flow.actions.values() if (text := str(action.parameters.get("LambdaFunctionARN", "")))
    )
    resources: list[Resource] = [
        *(base.resource("function", f"function-{n}", matches=(text,)) for n, text in enumerate(functions)),
        base.resource("function", "any-function", matches=("*",)),
        base.resource("queue", "Sales", matches=("*",)),
        base.resource("hours", "Office", matches=("*",)),
        base.resource("prompt", "Jingle", matches=("*",)),
        base.resource("agent", "Ann", matches=("*",)),
        base.resource("bot", "Hotel", matches=("*",)),
        Resource("flow", "sink", "arn:sink", "sink", ("*",)),
        Resource("module", "sink-module", "arn:sink-module", "sink-module", ("*",)),
        Resource("module", "visited", flow.arn, "visited"),
    ]
    week = {day: "09:00-17:00" for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
    instance = Instance(
        strict=missing in ASSUMED,
        flows={each.arn: each for each in (flow, _caller(), *_sinks())},
        resources=tuple(resource for resource in resources if resource.kind != missing or resource.name == "visited"),
        hours={"Office": calendar.parse_hours("Office", {"time_zone": "America/New_York", **week})},
        queues={"Sales": QueueSettings("Sales", "Office", 0 if kind == FULL else None)},
        associated=frozenset(resource.name for resource in resources if resource.kind == "function"),
    )
    return Compiled(instance, catalogue())


def _caller() -> Flow:
    """What runs a module that is visited."""
    arrow = (ErrorArrow("NoMatchingError", "bye"), ErrorArrow("NoMatchingCondition", "bye"))
    call = Action("call", "InvokeFlowModule", {"FlowModuleId": "visited"}, next_action="bye", errors=arrow)
    bye = Action("bye", "DisconnectParticipant", {})
    return Flow("flow-language", {}, "call", {"call": call, "bye": bye}, name="caller", arn="arn:caller")


def _sinks() -> Iterator[Flow]:
    for arn, flow_type, last in (
        ("arn:sink", "", "DisconnectParticipant"),
        ("arn:sink-module", MODULE, "EndFlowModuleExecution"),
    ):
        say = Action("say", "MessageParticipant", {"Text": "You are there."}, next_action="last")
        actions = {"say": say, "last": Action("last", last, {})}
        yield Flow("flow-language", {}, "say", actions, name=arn, type=flow_type, arn=arn)


# --- customers


@dataclass(slots=True)
class Errand:
    """How a contact begins, and the arrows that it means to take."""

    seed: int
    channel: str = "VOICE"
    at_ms: int = OPEN_MS
    kind: str = PLAIN
    attributes: dict[str, str] = field(default_factory=dict)
    given: dict[tuple[str, ...], str] = field(default_factory=dict)
    unset: set[tuple[str, ...]] = field(default_factory=set)
    ways: dict[str, Arrow] = field(default_factory=dict)


def at_random(program: Program, seed: int) -> Errand:
    chance = Random(f"{program.name}{seed}")
    given = {path: chance.choice(values) for path, values in operands(program).items() if chance.random() < 0.5}
    return Errand(
        seed,
        channel=chance.choice(("VOICE",) * 6 + CHANNELS),
        at_ms=chance.choice((OPEN_MS, CLOSED_MS)),
        kind=chance.choice((PLAIN, PLAIN, PLAIN, FULL, "no queue", "no function", "no prompt")),
        given=given,
    )


def towards(program: Program, goal: str, seed: int) -> Errand:
    """An errand with a way to the goal: what is decided before the contact begins is decided for it."""
    chance = Random(f"{program.name}{goal}{seed}")
    errand = Errand(seed, ways=ways(program, goal, chance))
    here = program.start
    while here in errand.ways:
        arrow = errand.ways[here]
        _prepare(errand, program.steps[here], arrow, chance)
        here = arrow.target
    for path, values in operands(program).items():
        if path not in errand.unset:
            errand.given.setdefault(path, chance.choice(values))
    return errand


def _prepare(errand: Errand, step: Step, arrow: Arrow, chance: Random) -> None:
    """Begin so that this arrow will be taken, where it is not the customer or a function that decides."""
    action = step.action
    compared = _compared(action)
    if compared is not None:
        errand.given.setdefault(compared.path, satisfying(arrow))
        if compared.path == ("Channel",) and arrow.operand in CHANNELS:
            errand.channel = arrow.operand
    elif (action.type == "Wait" and arrow.by != "NoMatchingError") or _is_chat_timer(action, arrow):
        errand.channel = "CHAT"
    elif arrow.operand == "False":
        errand.at_ms = CLOSED_MS
    elif arrow.by == "QueueAtCapacity":
        errand.kind = FULL
    elif arrow.by == "NoMatchingError" and step.built and action.type != "InvokeLambdaFunction":
        _make_trouble(errand, step, chance)


def _is_chat_timer(action: Action, arrow: Arrow) -> bool:
    return action.type == LEX and arrow.by == "InputTimeLimitExceeded"


def _make_trouble(errand: Errand, step: Step, chance: Random) -> None:
    """Something that the block may fail for."""
    assert step.spec is not None
    kinds = _missable(step)
    match chance.choice((*kinds, *kinds, "channel", "attributes", "references")):
        case "channel":
            errand.channel = chance.choice(("CHAT", "TASK", "EMAIL"))
        case "attributes":
            room = chance.choice((10, 10, 60, 120, 250))  # for the blocks before it
            errand.attributes = {"story": "x" * (MAX_ATTRIBUTES - room)}
        case "references":
            errand.unset |= {reference.path for reference in references_in(step.action.parameters, step.spec.params)}
        case kind:
            errand.kind = f"no {kind}"


NOWHERE = Action("", "", {})


class Visitor:
    """One customer, with the functions that are invoked for it. `life` is set once the contact has one."""

    def __init__(self, errand: Errand, compiled: Compiled, program: Program) -> None:
        self.chance = Random(errand.seed)
        self.errand = errand
        self.compiled = compiled
        self.values = operands(program)
        self.life: Life

    def hears(self, effect: PlayPrompt) -> Answer:
        die = self.chance.randrange(60)
        if die == 0 and not self.errand.ways:
            return Answer(hang_up_ms=self.chance.choice((-50, 0)))
        return Answer(keys=((-50, "1"),)) if die < 6 else SILENT

    def answers(self, effect: CollectInput | Listen | ShowView) -> Answer:
        action, arrow = self._here()
        if isinstance(effect, Listen):
            return self._says(arrow)
        if isinstance(effect, ShowView):
            return self._chooses(action, arrow)
        assert isinstance(effect, CollectInput)
        if arrow is None or arrow.by == "NoMatchingError":
            return self._whatever(action, effect)
        if arrow.by == "InputTimeLimitExceeded":
            return SILENT
        keys = {"InvalidPhoneNumber": "12", "next": PHONE_NUMBER, "NoMatchingCondition": self._unwired(action)}
        return self._pressed(keys.get(arrow.by, arrow.operand), effect)

    def called(self, effect: PlaceCall) -> Called:
        """How a call to a number goes."""
        arrow = self._here()[1] if self.life.contact.run is not None else None
        if arrow is None:
            return self.chance.choice((*[Called()] * 3, Called(status="busy"), Called(after_ms=700_000)))
        return {
            "CallFailed": Called(status="failed"),
            "ConnectionTimeLimitExceeded": Called(after_ms=700_000),
        }.get(arrow.by, Called(answered_by=arrow.operand or "CallAnswered"))

    def _chooses(self, action: Action, arrow: Arrow | None) -> Answer:
        """An action of a view, wired or not, or none."""
        wired = [text_of(condition.operands[0]) for condition in action.conditions]
        if arrow is not None:
            return {
                "NoMatchingCondition": Answer(action="nothing that is wired"),
                "TimeLimitExceeded": SILENT,
                "NoMatchingError": SILENT,
            }.get(arrow.by, Answer(action=arrow.operand or "Next"))
        return self.chance.choice((SILENT, *(Answer(action=each) for each in (*wired, "Next"))))

    def _says(self, arrow: Arrow | None) -> Answer:
        """Something for a bot; which intent that is, the bot decides (`asks`)."""
        if arrow is not None:
            return SILENT if arrow.by == "InputTimeLimitExceeded" else Answer(text="hello")
        return self.chance.choice(
            (SILENT, Answer(hang_up_ms=0), *[Answer(text="hello")] * 6, Answer(keys=((500, "1"),)))
        )

    def _whatever(self, action: Action, effect: CollectInput) -> Answer:
        wired = [text_of(condition.operands[0]) for condition in action.conditions]
        keys = self.chance.choice((*wired, *wired, self._unwired(action), PHONE_NUMBER, "", "0*12", "hang up"))
        if keys == "hang up":
            return Answer(hang_up_ms=self.chance.choice((-100, 0, 2_000)))
        return self._pressed(keys, effect)

    def _pressed(self, keys: str, effect: CollectInput) -> Answer:
        first_ms = self.chance.choice((-1_000, 500, 1_500))
        keys = keys[: effect.max_digits] + (effect.terminator if self.chance.random() < 0.5 else "")
        return Answer(keys=tuple((first_ms + 200 * n, key) for n, key in enumerate(keys)))

    def _unwired(self, action: Action) -> str:
        wired = {text_of(condition.operands[0]) for condition in action.conditions}
        return next((key for key in "9876543210*#" if key not in wired), "")

    def replies(self, effect: InvokeLambda) -> LambdaEnded:
        """How a function ends for this customer: a plausible answer, or one of all the ways to fail."""
        _, arrow = self._here()
        fails = self.chance.random() < 0.3 if arrow is None or effect.asynchronous else arrow.by != "next"
        return self.chance.choice(list(self._failures(effect))) if fails else self._answer(effect)

    def _answer(self, effect: InvokeLambda) -> LambdaEnded:
        external = {
            path[1]: self.chance.choice(choices)
            for path, choices in self.values.items()
            if path[0] == "External" and len(path) == 2 and path not in self.errand.unset
        }
        return LambdaEnded(0, effect.id, 200, json.dumps(external), took_ms=self.chance.choice((20, 900, 2_000)))

    def _failures(self, effect: InvokeLambda) -> Iterator[LambdaEnded]:
        for status, code in ((403, "AccessDeniedException"), (404, ""), (429, "TooManyRequestsException"), (500, "")):
            yield LambdaEnded(0, effect.id, status, error_code=code, took_ms=30)
        for cause in ("function_error", "function_timeout", "init", "crash"):
            body = '{"errorMessage": "it broke"}'
            yield LambdaEnded(0, effect.id, 200, body, function_error="Unhandled", cause=cause, took_ms=30)
        for body in ("", "null", "[1]", '"text"', "{", '{"a": {"b": 1}}', json.dumps({"a": "x" * MAX_ATTRIBUTES})):
            yield LambdaEnded(0, effect.id, 200, body, took_ms=30)
        yield LambdaEnded(0, effect.id, 0, took_ms=effect.timeout_ms)
        yield LambdaEnded(0, effect.id, 200, "{}", took_ms=effect.timeout_ms + 5_000)

    def asks(self, effect: CallService) -> ServiceEnded:
        """What a service answers this customer: what takes the arrow, if it can; Lex may ask once more."""
        action, arrow = self._here()
        wired = [text_of(condition.operands[0]) for condition in action.conditions]
        by = arrow.by if arrow is not None else self.chance.choice(("next", *OUTCOMES))
        is_refused = by == "NoMatchingError" or (by == "ContactNotLinked" and effect.operation == "CreateRelatedItem")
        known = _found(OUTCOMES.get(by, 1)).get(effect.operation)
        if effect.service == "voiceid" and known is None:
            known = _voice(arrow.operand if arrow is not None else self.chance.choice(("Enrolled", "HighRisk")))
        if effect.service == "connect":
            return self._counts(effect, arrow)
        if is_refused or (known is None and effect.operation != "RecognizeText"):
            return ServiceEnded(0, effect.id, error="ServiceUnavailableException", detail="it is not there.")
        if known is not None:
            return ServiceEnded(0, effect.id, known)
        if arrow is None and self.chance.random() < 0.2:
            state: dict[str, Any] = {"dialogAction": {"type": "ElicitIntent"}}
        else:
            names = [*wired, "FallbackIntent"] if arrow is None else [arrow.operand or "nothing that is wired"]
            intent = {"name": self.chance.choice(names), "state": "Fulfilled", "slots": {}}
            state = {"dialogAction": {"type": "Close"}, "intent": intent}
        messages = self.chance.choice(([], [{"content": "Well.", "contentType": "PlainText"}]))
        return ServiceEnded(0, effect.id, {"sessionState": state, "messages": messages}, took_ms=400)

    def _counts(self, effect: CallService, arrow: Arrow | None) -> ServiceEnded:
        """A number for the queue that takes the arrow, or any."""
        if arrow is not None and arrow.by == "NoMatchingError":
            return ServiceEnded(0, effect.id, error="AccessDeniedException", detail="not now.")
        wanted = satisfying(arrow) if arrow is not None else ""
        count = int(number(wanted) or 0) if arrow is not None and arrow.operand else self.chance.choice((0, 3, 10**7))
        names = "Size Online Available Staffed AfterContactWork Busy Missed NonProductive".split()
        counts: dict[str, Any] = dict.fromkeys(names, count)
        is_less = arrow is not None and arrow.by == "NumberLessThan"
        age_s = count // 1_000 if is_less else -(-count // 1_000)
        return ServiceEnded(0, effect.id, {**counts, "OldestContactAge": age_s, "Name": "Sales"})

    def _here(self) -> tuple[Action, Arrow | None]:
        """The action that the contact stands on, and the arrow that it means to take there.

        None of them where it stands on none: another contact asks, one that came of it.
        """
        run = self.life.contact.run
        program = self.compiled.program(run.flow) if run is not None else None
        if run is None or program is None:
            return NOWHERE, None
        return program.steps[run.action].action, self.errand.ways.get(run.action)


def _voice(result: str) -> dict[str, Any]:
    """What Voice ID says for a result of Check Voice ID."""
    words = {"Enrolled": "ENROLLED", "OptedOut": "OPTED_OUT", "Authenticated": "ACCEPT", "NotAuthenticated": "REJECT"}
    words |= {"Inconclusive": "NOT_ENOUGH_SPEECH", "HighRisk": "HIGH_RISK", "LowRisk": "LOW_RISK"}
    decision = {"Decision": words.get(result, "")}
    return {
        "Speaker": {"Status": words.get(result, "PENDING")},
        "AuthenticationResult": decision,
        "FraudDetectionResult": decision,
    }


def _found(count: int) -> dict[str, dict[str, Any]]:
    """The answers of cases and profiles by operation, where so many are found."""
    return {
        "SearchProfiles": {"Items": [{"ProfileId": "p", "FirstName": "Ann"}] * count},
        "CreateProfile": {"ProfileId": "p"},
        "UpdateProfile": {"ProfileId": "p"},
        "AddProfileKey": {},
        "SearchCases": {"cases": [{"caseId": "c", "fields": []}] * count},
        "CreateCase": {"caseId": "c"},
        "UpdateCase": {},
        "CreateRelatedItem": {},
        "CreateSession": {"session": {"sessionArn": "arn:session"}},
        "StartSession": {"SessionId": "s"},
        "GetEmailMessage": {"Plaintext": "Hello"},
        "AuthenticateCustomer": {"Result": "Success"},
    }


class Replies:
    """The functions of one visitor; every third answers as a real one does, by a future."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor

    def invoke(self, effect: InvokeLambda) -> "LambdaEnded | Future[LambdaEnded]":
        ended = self.visitor.replies(effect)
        if self.visitor.chance.randrange(3):
            return ended
        future: Future[LambdaEnded] = Future()
        future.set_result(ended)
        return future

    def close(self) -> None:
        pass


class Asked:
    """The services beside the flow of one visitor."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor

    def call(self, effect: CallService, contact_id: str) -> ServiceEnded:
        return self.visitor.asks(effect)


def serve(flow: Flow, compiled: Compiled, errand: Errand, agents: Mapping[str, AgentScript] | None = None) -> Life:
    """One customer's contact, stored and read back after every step, until it is over."""
    return lives(flow, compiled, errand, agents)[0]


def lives(
    flow: Flow, compiled: Compiled, errand: Errand, agents: Mapping[str, AgentScript] | None = None
) -> list[Life]:
    """The same, with everything that came of it: callbacks, transfers, what runs after a disconnect."""
    program = compiled.program(flow.arn)
    assert program is not None
    visitor = Visitor(errand, compiled, program)
    simulator = Simulator(
        compiled, Replies(visitor), encrypt=no_certificate, services=Asked(visitor), store=True,
        max_contact_ms=MAX_CONTACT_MS, agents=agents, seed=str(errand.seed),
    )  # fmt: skip
    visitor.life = simulator.start(contact_of(flow, errand), visitor, at_ms=errand.at_ms)
    for place in range(MAX_OF_AGENT if errand.kind == FULL else 0):
        simulator.start(_before(place), Script(), at_ms=errand.at_ms - 1)
    for happening in visitor.chance.sample((AttributesUpdated, CustomerReturned, BotDisconnected), 2):
        simulator.push(visitor.life, happening(errand.at_ms + visitor.chance.choice((1_000, 2_500, 60_000))))
    simulator.push(visitor.life, HungUp(errand.at_ms + PATIENCE_MS[errand.channel == "VOICE"]))
    simulator.run()
    return list(simulator.lives.values())


def contact_of(flow: Flow, errand: Errand) -> Contact:
    """The contact as it begins; a module is called by a flow."""
    is_module = flow.type == MODULE
    return new_contact(
        id=f"00000000-0000-4000-8000-{errand.seed:012}",
        seed=str(errand.seed),
        flow="arn:caller" if is_module else flow.arn,
        flow_type="CONTACT_FLOW" if is_module else flow_type_of(flow),
        channel=errand.channel,
        customer_endpoint="+12065550100",
        attributes=errand.attributes,
        given=nested(errand.given),
        **_waiting(flow, errand),
    )


def _before(place: int) -> Contact:
    """Somebody who waits for Ann already."""
    ann = Instance().resource("agent", "Ann")
    return new_contact(
        id=f"11111111-1111-4111-8111-{place:012}",
        seed="",
        flow="",
        flow_type="CONTACT_FLOW",
        initiation_method="CALLBACK",
        queue=Queue(ann.arn, "Ann", is_agent=True),
    )


def _waiting(flow: Flow, errand: Errand) -> dict[str, Any]:
    """Some contacts have a working queue from the beginning, as those that were transferred do; in a queue flow or a
    hold flow most of them are in it.
    """
    is_queued = flow.type in ("CUSTOMER_QUEUE", "CUSTOMER_HOLD", "AGENT_HOLD")
    sales = Instance().resource("queue", "Sales")
    queue = Queue(sales.arn, "Sales")
    if errand.seed % 4 == 3 or not (is_queued or errand.seed % 4 == 1):
        return {}
    order = Enqueue("before", sales.arn, "Sales")
    return {"queue": queue, "place": Place(order, errand.at_ms - 60_000)} if is_queued else {"queue": queue}


def no_certificate(value: str, key_id: str, *, pem: str) -> str:
    """Encrypts nothing: no public flow has a certificate that is one."""
    raise UsageError("the certificate of a public flow is no certificate.")
