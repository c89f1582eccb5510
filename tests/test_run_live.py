"""Contacts on the clock of the wall: here with a clock that jumps and a hand that presses keys at its times."""

from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

import msgspec

from offhook.blocks import catalogue
from offhook.core import trace
from offhook.core.birth import new_contact
from offhook.core.program import Compiled
from offhook.core.ssml import speech_ms
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.customer import Script
from offhook.drivers.sim.life import Life
from offhook.drivers.sim.live import HANG_UP, Live, Pressed
from offhook.drivers.sim.world import MAX_EVENTS
from offhook.flowjson.read import read_flow
from offhook.model.effect import InvokeLambda
from offhook.model.event import LambdaEnded
from offhook.model.instance import Instance

AT_MS = 1_767_625_200_000
MENU = "To go on, press 1"
MENU_MS = speech_ms("text", MENU)


def action(identifier: str, kind: str, to: str, conditions: Iterable[str] = (), **parameters: Any) -> dict[str, Any]:
    """An action whose every way leads to `to`, but for conditions, which lead to the action of the same name."""
    errors = ("NoMatchingError", "NoMatchingCondition", "InputTimeLimitExceeded")
    return {
        "Identifier": identifier,
        "Type": kind,
        "Parameters": parameters,
        "Transitions": {
            "NextAction": to,
            "Errors": [{"ErrorType": name, "NextAction": to} for name in errors],
            "Conditions": [
                {"NextAction": f"on {operand}", "Condition": {"Operator": "Equals", "Operands": [operand]}}
                for operand in conditions
            ],
        },
    }


BYE = {"Identifier": "bye", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}


def ask(text: str = MENU) -> dict[str, Any]:
    return action("ask", "GetParticipantInput", "bye", ["1"], Text=text, InputTimeLimitSeconds="5", StoreInput="False")


def store(**more: Any) -> dict[str, Any]:
    validation = {"CustomValidation": {"MaximumLength": "4"}}
    return action(
        "ask", "GetParticipantInput", "bye", Text=MENU, InputTimeLimitSeconds="5", StoreInput="True",
        InputValidation=validation, **more,
    )  # fmt: skip


class FakePhone:
    """A clock that jumps to what is waited for, and keys at their times, in ms from the start.

    `after_wait`: what happens outside while nobody looks, as (ms, function); `nudge` is counted.
    """

    def __init__(self, *keys: tuple[int, str], outside: Iterable[tuple[int, Any]] = ()) -> None:
        self.at_ms = 7_000
        self.start_ms = self.at_ms
        self.coming = sorted([*keys, *outside], key=lambda each: each[0])
        self.shown = ""
        self.nudged = 0

    def now_ms(self) -> int:
        return self.at_ms

    def wait(self, until_ms: int) -> str:
        if not self.coming or self.start_ms + self.coming[0][0] > until_ms:
            self.at_ms = max(self.at_ms, until_ms)
            return ""
        after_ms, what = self.coming.pop(0)
        self.at_ms = self.start_ms + after_ms
        if isinstance(what, str):
            return what
        what()
        return ""

    def nudge(self) -> None:
        self.nudged += 1

    def show(self, key: str) -> None:
        self.shown += key


class Functions:
    """Functions that answer when the test says so; `answer` is the future of the newest call."""

    def __init__(self, at_once: LambdaEnded | None = None) -> None:
        self.at_once = at_once
        self.calls: list[tuple[InvokeLambda, Future[LambdaEnded]]] = []

    def invoke(self, effect: InvokeLambda) -> "LambdaEnded | Future[LambdaEnded]":
        if self.at_once is not None:
            return msgspec.structs.replace(self.at_once, effect_id=effect.id)
        future: Future[LambdaEnded] = Future()
        future.set_running_or_notify_cancel()
        self.calls.append((effect, future))
        return future

    def finish(self, *, took_ms: int) -> None:
        effect, future = self.calls[-1]
        future.set_result(LambdaEnded(0, effect.id, 200, body='{"State":"WA"}', took_ms=took_ms))

    def close(self) -> None: ...


class Run:
    """One contact through a flow of these actions; `events` is its trace."""

    def __init__(
        self,
        actions: list[dict[str, Any]],
        phone: FakePhone,
        *,
        inputs: tuple[str, ...] = (),
        functions: Functions | None = None,
        hang_up_after: str = "",
        **options: Any,
    ) -> None:
        self.events: list[Any] = []
        self._renderer = trace.Renderer()
        instance = _instance(actions)
        self.live = Live(instance, functions or Functions(), phone, watch=self._watch, **options)
        contact = _contact(instance)
        self.life = self.live.call(contact, Script(inputs), at_ms=AT_MS, hang_up_after=hang_up_after)

    def _watch(self, life: Life, tuples: Any) -> None:
        self.events += self._renderer.render(tuples, life.contact)

    @property
    def took_ms(self) -> int:
        return self.life.contact.now_ms - AT_MS

    @property
    def blocks(self) -> list[str]:
        return [event.action for event in self.events if isinstance(event, trace.BlockEntered)]

    def left(self, identifier: str) -> trace.BlockLeft:
        return next(each for each in self.events if isinstance(each, trace.BlockLeft) and each.action == identifier)

    @property
    def inputs(self) -> list[tuple[str, str]]:
        return [(event.value, event.by) for event in self.events if isinstance(event, trace.Input)]


def _instance(actions: list[dict[str, Any]]) -> Compiled:
    document = {"Version": "2019-10-30", "StartAction": actions[0]["Identifier"], "Actions": [*actions, BYE]}
    flow = msgspec.structs.replace(read_flow(msgspec.json.encode(document), catalogue()), name="It", arn="flow:it")
    base = Instance()
    function = base.resource("function", "lookup")
    return Compiled(Instance(flows={flow.arn: flow}, resources=(function,)), catalogue())


def _contact(instance: Compiled) -> Any:
    return new_contact(id="c", seed="1", flow="flow:it", flow_type="CONTACT_FLOW")


def test_a_key_after_the_prompt_is_the_answer() -> None:
    phone = FakePhone((MENU_MS + 1_500, "1"))
    run = Run([ask(), action("on 1", "MessageParticipant", "bye", Text="One")], phone)

    assert run.blocks == ["ask", "on 1", "bye"]
    assert run.inputs == [("1", "length")]
    assert run.took_ms == MENU_MS + 1_500 + speech_ms("text", "One")
    assert (phone.shown, run.live.pressed) == ("1", [Pressed("1")])


def test_a_key_during_the_prompt_stops_it() -> None:
    run = Run([ask()], FakePhone((200, "2")))

    assert run.took_ms == 200
    assert run.live.pressed == [Pressed("barge:2")]


def test_nobody_at_the_keys_is_a_timeout() -> None:
    run = Run([ask()], FakePhone())

    assert run.inputs == [("", "timeout")]
    assert run.took_ms == MENU_MS + 5_000
    assert run.live.pressed == [Pressed("silence")]


def test_each_key_gives_time_for_the_next() -> None:
    first_ms, second_ms = MENU_MS + 4_900, MENU_MS + 9_800
    run = Run([store()], FakePhone((first_ms, "1"), (second_ms, "2")))

    assert run.inputs == [("12", "interdigit")]
    assert run.took_ms == second_ms + 5_000


def test_the_terminator_ends_the_input_at_once() -> None:
    run = Run([store()], FakePhone((MENU_MS + 10, "7"), (MENU_MS + 20, "#")))

    assert run.inputs == [("7", "terminator")]
    assert run.took_ms == MENU_MS + 20
    assert run.live.pressed == [Pressed("7#")]


def test_keys_that_nobody_listens_to_are_lost() -> None:
    phone = FakePhone((10, "1"))
    run = Run([action("say", "MessageParticipant", "ask", Text="Hello"), ask()], phone)

    assert run.inputs == [("", "timeout")]
    assert phone.shown == ""


def buffer(identifier: str, to: str, *, on: bool) -> dict[str, Any]:
    return action(identifier, "GetParticipantInput", to, EnableDTMFBuffer=str(on))


HELLO_MS = speech_ms("text", "Hello")


def test_keys_pressed_ahead_are_kept_while_the_flow_keeps_them() -> None:
    say = action("say", "MessageParticipant", "ask", Text="Hello")
    run = Run([buffer("keep", "say", on=True), say, ask()], FakePhone((10, "1"), (20, "2")))

    assert run.inputs == [("1", "length")]
    assert run.took_ms == HELLO_MS
    assert run.life.buffer == "2"
    assert run.live.pressed == [Pressed("12")]


def test_keys_that_were_kept_are_forgotten_when_the_flow_keeps_none() -> None:
    actions = [buffer("keep", "say", on=True), action("say", "MessageParticipant", "drop", Text="Hello"),
               buffer("drop", "ask", on=False), ask()]  # fmt: skip
    run = Run(actions, FakePhone((10, "1")))

    assert run.inputs == [("", "timeout")]


def test_hanging_up_ends_the_contact_wherever_it_stands() -> None:
    run = Run([action("say", "MessageParticipant", "ask", Text="Hello"), ask()], FakePhone((50, HANG_UP)))

    assert run.blocks == ["say"]
    assert run.life.contact.end_reason == "customer hung up"
    assert run.took_ms == 50
    assert run.live.pressed == [Pressed("hangup")]


def test_hanging_up_after_a_block() -> None:
    run = Run([action("say", "MessageParticipant", "ask", Text="Hello"), ask()], FakePhone(), hang_up_after="say")

    assert run.blocks == ["say", "ask"]
    assert run.took_ms == speech_ms("text", "Hello")


def test_secret_keys_are_not_shown_and_are_told_as_secret() -> None:
    phone = FakePhone((MENU_MS + 10, "7"), (MENU_MS + 20, "#"))
    quiet = action("quiet", "UpdateFlowLoggingBehavior", "ask", FlowLoggingBehavior="Disabled")
    run = Run([quiet, store()], phone)

    assert phone.shown == "••"
    assert run.inputs == [("[secret]", "terminator")]
    assert run.live.pressed == [Pressed("7#", secret=True)]


def test_a_script_in_real_time_does_what_it_does_in_virtual_time() -> None:
    actions = [ask(), action("on 1", "GetParticipantInput", "bye", ["2"], Text="And now?", InputTimeLimitSeconds="5",
                                    StoreInput="False"),
               action("on 2", "MessageParticipant", "bye", Text="Two")]  # fmt: skip
    inputs = ("wait:1s", "1", "barge:2")
    run = Run(actions, FakePhone(), inputs=inputs)
    instance = _instance(actions)
    simulator = Simulator(instance, Functions())
    simulated = simulator.start(_contact(instance), Script(inputs), at_ms=AT_MS)
    simulator.run()

    assert run.blocks == ["ask", "on 1", "on 2", "bye"]
    assert run.life.contact == simulated.contact
    assert len(run.life.trace) == len(simulated.trace)


def test_a_script_hangs_up_in_real_time() -> None:
    run = Run([ask()], FakePhone(), inputs=("wait:2s", "hangup"))

    assert run.life.contact.end_reason == "customer hung up"
    assert run.took_ms == MENU_MS + 2_000


def test_a_contact_without_end_is_left_alone_after_a_while() -> None:
    run = Run([action("ask", "GetParticipantInput", "ask", Text=MENU, InputTimeLimitSeconds="5",
               StoreInput="False")], FakePhone(),
              max_contact_ms=60_000)  # fmt: skip

    assert run.life.stopped == "still running when offhook stopped"
    assert run.took_ms <= 60_000


def test_a_contact_has_only_so_many_events() -> None:
    """Patience without end: what bounds the contact then is the number of events."""
    again = action("ask", "GetParticipantInput", "ask", Text="1", InputTimeLimitSeconds="1", StoreInput="False")
    instance = _instance([again])
    live = Live(instance, Functions(), FakePhone(), watch=lambda life, tuples: None, max_contact_ms=10**15)

    life = live.call(_contact(instance), Script(), at_ms=AT_MS)

    assert life.events == MAX_EVENTS
    assert life.stopped == "still running when offhook stopped"


# --- functions ---

INVOKE = action("fn", "InvokeLambdaFunction", "bye", LambdaFunctionARN="lookup", InvocationTimeLimitSeconds="3")


def test_a_stated_answer_comes_after_the_time_it_states() -> None:
    ended = LambdaEnded(0, "", 200, body="{}", took_ms=700)

    assert Run([INVOKE], FakePhone(), functions=Functions(ended)).took_ms == 700
    assert Run([INVOKE], FakePhone(), functions=Functions(ended), function_time_ms=20).took_ms == 20


def test_an_answer_that_takes_as_long_as_the_limit_is_not_cut() -> None:
    ended = LambdaEnded(0, "", 200, body='{"State":"WA"}', took_ms=3_000)
    run = Run([INVOKE], FakePhone(), functions=Functions(ended))

    assert run.left("fn").external == {"State": "WA"}


def test_a_real_function_answers_when_it_is_done_and_wakes_the_phone() -> None:
    functions = Functions()
    phone = FakePhone(outside=[(420, lambda: functions.finish(took_ms=400))])
    run = Run([INVOKE], phone, functions=functions)

    assert run.took_ms == 400
    assert phone.nudged == 1
    assert run.left("fn").external == {"State": "WA"}


def test_a_function_that_takes_too_long_is_given_up_and_its_answer_comes_too_late() -> None:
    functions = Functions()
    slow = {**INVOKE, "Transitions": {**INVOKE["Transitions"], "NextAction": "bye",
            "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "say"}]}}  # fmt: skip
    phone = FakePhone(outside=[(3_100, lambda: functions.finish(took_ms=3_100))])
    run = Run([slow, action("say", "MessageParticipant", "bye", Text="Sorry about this")], phone, functions=functions)

    assert run.blocks == ["fn", "say", "bye"]
    assert run.took_ms == 3_000 + speech_ms("text", "Sorry about this")


def test_a_function_that_is_given_up_is_cancelled() -> None:
    cancelled: list[bool] = []

    class Waiting(Functions):
        def invoke(self, effect: InvokeLambda) -> "Future[LambdaEnded]":
            future: Future[LambdaEnded] = Future()
            future.add_done_callback(lambda done: cancelled.append(done.cancelled()))
            return future

    Run([INVOKE], FakePhone(), functions=Waiting())

    assert cancelled == [True]


def test_time_stands_still_while_somebody_debugs_a_function() -> None:
    """No limit applies: the block's three seconds have not begun when the debugger lets go after an hour."""
    functions = Functions()
    phone = FakePhone(outside=[(3_600_000, lambda: functions.finish(took_ms=3_600_000))])
    say = action("say", "MessageParticipant", "bye", Text="Hello")
    run = Run([{**INVOKE, "Transitions": {**INVOKE["Transitions"], "NextAction": "say"}}, say], phone,
              functions=functions, held=frozenset({"lookup"}))  # fmt: skip

    assert run.blocks == ["fn", "say", "bye"]
    assert run.took_ms == speech_ms("text", "Hello")


def test_hanging_up_lets_go_of_a_debugged_function() -> None:
    functions = Functions()
    run = Run([INVOKE], FakePhone((5_000, HANG_UP)), functions=functions, held=frozenset({"lookup"}))

    assert run.life.contact.end_reason == "customer hung up"
    assert run.took_ms == 0
