"""Touch tones, loops and waits in whole flows: what a customer does, and where the contact goes."""

from typing import Any

from offhook.blocks import catalogue
from offhook.core.machine import step
from offhook.core.snapshot import Snapshots
from offhook.drivers.ports import SILENT, Answer
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.customer import Script
from offhook.model.effect import CollectInput, InvokeLambda, PlayPrompt
from offhook.model.event import LambdaEnded, Started

from .stage import BYE, START_MS, Played, Stubs, action, call, compiled, contact, flow, play, say

EVERY = {"NoMatchingError": "error", "NoMatchingCondition": "other", "InputTimeLimitExceeded": "late"}
ENDS = (say("one", "One"), say("two", "Two"), say("other", "Other"), say("late", "Late"), say("error", "Error"), BYE)


def menu(identifier: str, text: str = "Press 1 or 2.", *, one: str = "one", two: str = "two") -> Any:
    parameters = {"Text": text, "StoreInput": "False", "InputTimeLimitSeconds": "5"}
    return action(
        identifier,
        "GetParticipantInput",
        parameters,
        then="other",
        errors=EVERY,
        when=(("Equals", "1", one), ("Equals", "2", two)),
    )


def store(identifier: str, then: str, **validation: Any) -> Any:
    parameters = {
        "Text": "Your number, please.",
        "StoreInput": "True",
        "InputTimeLimitSeconds": "5",
        "InputValidation": validation or {"CustomValidation": {"MaximumLength": "4"}},
    }
    errors = {"NoMatchingError": "error", "InvalidPhoneNumber": "other"}
    return action(identifier, "GetParticipantInput", parameters, then=then, errors=errors)


def buffering(identifier: str, enabled: str, then: str, **parameters: str) -> Any:
    raw = {"EnableDTMFBuffer": enabled, **parameters}
    return action(identifier, "GetParticipantInput", raw, then=then, errors={"NoMatchingError": "error"})


def keyed(*inputs: str, **fields: Any) -> Played:
    return play(compiled(flow(menu("ask"), *ENDS)), customer=Script(inputs), **fields)


def test_each_key_and_silence_has_its_way() -> None:
    ways = {text: keyed(text).said[-1] for text in ("1", "2", "9", "*", "silence")}

    assert ways == {"1": "One", "2": "Two", "9": "Other", "*": "Other", "silence": "Late"}


def test_a_key_after_the_limit_is_too_late() -> None:
    assert keyed("wait:3s", "1").said[-1] == "One"
    assert keyed("wait:5s", "1").said[-1] == "Late"


def test_a_key_during_the_prompt_counts() -> None:
    assert keyed("barge:2").said[-1] == "Two"


def test_a_menu_takes_the_error_branch_on_chat() -> None:
    assert keyed("1", channel="CHAT").said == ["Error"]


def test_stored_digits_end_by_length_terminator_or_pause() -> None:
    stage = compiled(flow(store("ask", "read"), say("read", "You entered $.StoredCustomerInput"), *ENDS))

    said = [
        play(stage, customer=Script((text,))).said[-1] for text in ("123456", "12#", "12", "12*34#", "#", "silence")
    ]

    entered = ["1234", "12", "12", "34", "Timeout", "Timeout"]
    assert said == [f"You entered {text}" for text in entered]


def test_a_phone_number_is_spelled_in_full_or_refused() -> None:
    validation = {"PhoneNumberValidation": {"NumberFormat": "Local", "CountryCode": "US"}}
    stage = compiled(flow(store("ask", "read", **validation), say("read", "$.StoredCustomerInput"), *ENDS))

    assert play(stage, customer=Script(("2065550142#",))).said[-1] == "+12065550142"
    assert play(stage, customer=Script(("12#",))).said[-1] == "Other"


def test_input_is_secret_after_logging_was_switched_off() -> None:
    off = action("off", "UpdateFlowLoggingBehavior", {"FlowLoggingBehavior": "Disabled"}, then="ask")
    echo = say("read", "You entered $.StoredCustomerInput")

    played = play(compiled(flow(off, store("ask", "read"), echo, *ENDS)), customer=Script(("4711",)))

    assert played.contact.stored_input == "4711"
    assert played.said[-1] == "You entered [secret]"
    assert "4711" not in repr(played.trace)


class Hasty:
    """Presses its keys during the first prompt, and afterwards one set of keys for each block that listens."""

    def __init__(self, early: str, *later: str) -> None:
        self.early = early
        self.later = list(later)
        self.asked: list[CollectInput] = []

    def hears(self, effect: PlayPrompt) -> Answer:
        keys, self.early = self.early, ""
        return Answer(tuple((-100 + index, key) for index, key in enumerate(keys)))

    def answers(self, effect: CollectInput) -> Answer:
        self.asked.append(effect)
        keys = self.later.pop(0) if self.later else ""
        return Answer(tuple((1_000 + 300 * index, key) for index, key in enumerate(keys))) if keys else SILENT


def test_keys_that_are_pressed_early_answer_the_menus_that_follow() -> None:
    stage = compiled(
        flow(
            buffering("on", "true", "hi"),
            say("hi", "Welcome", "first"),
            menu("first", one="second"),
            menu("second"),
            *ENDS,
        )
    )

    assert play(stage, customer=Hasty("12")).way == ["on", "hi", "first", "second", "two", "bye"]


def test_without_a_buffer_early_keys_are_lost() -> None:
    stage = compiled(flow(say("hi", "Welcome", "first"), menu("first"), *ENDS))

    assert play(stage, customer=Hasty("1")).said[-1] == "Late"


def test_what_was_pressed_early_is_stored_when_buffering_stops_and_nobody_is_asked() -> None:
    stage = compiled(
        flow(
            buffering("on", "true", "hi"),
            say("hi", "Welcome", "off"),
            buffering("off", "false", "ask", StoreInput="true"),
            menu("ask", "You entered $.StoredCustomerInput"),
            *ENDS,
        )
    )
    customer = Hasty("77*", "2")

    played = play(stage, customer=customer)

    assert played.said == ["Welcome", "You entered 77*", "Two"]
    assert [effect.use_buffer for effect in customer.asked] == [False]


def test_a_loop_polls_until_the_work_is_done() -> None:
    """Start work, then ask up to five times, with a prompt between: three polls when the third says done."""
    polls: list[int] = []

    def status(effect: InvokeLambda) -> LambdaEnded:
        polls.append(1)
        body = '{"status":"done"}' if len(polls) == 3 else '{"status":"busy"}'
        return LambdaEnded(0, effect.id, 200, body=body, took_ms=500)

    again = (("Equals", "ContinueLooping", "hold"), ("Equals", "DoneLooping", "late"))
    stage = compiled(
        flow(
            call("start", "loop"),
            action("loop", "Loop", {"LoopCount": "5"}, then="late", when=again),
            say("hold", "One moment", "poll"),
            call("poll", "done", LambdaFunctionARN="status"),
            action(
                "done",
                "Compare",
                {"ComparisonValue": "$.External.status"},
                then="loop",
                errors={"NoMatchingCondition": "loop"},
                when=(("Equals", "done", "one"),),
            ),
            *ENDS,
        ),
        functions=("lookup", "status"),
    )

    played = play(stage, Stubs(lookup={}, status=status))

    assert (len(polls), played.said[-1]) == (3, "One")


def test_a_loop_is_done_after_its_passes_and_starts_anew() -> None:
    again = (("Equals", "ContinueLooping", "in"), ("Equals", "DoneLooping", "outer"))
    outer = (("Equals", "ContinueLooping", "loop"), ("Equals", "DoneLooping", "bye"))
    stage = compiled(
        flow(
            action("outer", "Loop", {"LoopCount": "2"}, then="bye", when=outer),
            action("loop", "Loop", {"LoopCount": "3"}, then="bye", when=again),
            say("in", "In", "loop"),
            BYE,
        )
    )

    assert play(stage).said == ["In"] * 6


def asynchronous() -> Any:
    """A flow that starts a function, waits 30 s for it, loads what it said and says it."""
    parameters = {"LambdaFunctionARN": "lookup", "InvocationType": "ASYNCHRONOUS", "InvocationTimeLimitSeconds": "60"}
    error = {"NoMatchingError": "error"}
    wait = {"TimeLimitSeconds": "30", "Events": ["LambdaReturned"]}
    wired = (("Equals", "LambdaReturned", "load"), ("Equals", "WaitCompleted", "late"))
    load = {"LambdaInvocationId": "$.LambdaInvocation.InvocationId"}
    return compiled(
        flow(
            action("start", "InvokeLambdaFunction", parameters, then="wait", errors=error),
            action("wait", "Wait", wait, then="error", errors=error, when=wired),
            action("load", "InvokeLambdaFunction", load, then="say", errors=error),
            say("say", "State $.External.State"),
            *ENDS,
        )
    )


def test_a_chat_waits_for_an_asynchronous_function_and_reads_its_answer() -> None:
    stage = asynchronous()

    in_time = play(stage, Stubs(takes_ms=20_000, lookup={"State": "WA"}), channel="CHAT")
    too_late = play(stage, Stubs(takes_ms=40_000, lookup={"State": "WA"}), channel="CHAT")

    assert (in_time.said, too_late.said) == (["State WA"], ["Late"])


def test_an_asynchronous_function_survives_a_restart() -> None:
    """The contact is stored while it waits; another process has nothing but the snapshot."""
    stage = asynchronous()
    before = step(stage, contact(channel="CHAT"), Started(START_MS)).contact
    snapshots = Snapshots(catalogue())
    stubs = Stubs(takes_ms=20_000, lookup={"State": "WA"})
    after = Simulator(stage, stubs)

    life = after.resume(snapshots.decode(snapshots.encode(before)), Script())
    after.run()

    called = [effect for effect in before.pending.values() if isinstance(effect, InvokeLambda)]
    assert Played(life).said == ["State WA"]
    assert [effect.request_id for effect in stubs.calls] == [effect.request_id for effect in called]


def test_a_wait_is_for_chat_and_an_error_on_the_phone() -> None:
    wired = (("Equals", "WaitCompleted", "one"),)
    wait = action(
        "wait", "Wait", {"TimeLimitSeconds": "60"}, then="error", errors={"NoMatchingError": "error"}, when=wired
    )
    stage = compiled(flow(wait, *ENDS))

    assert play(stage, channel="CHAT").said == ["One"]
    assert play(stage, channel="VOICE").said == ["Error"]


def test_checks_find_nothing_in_what_the_blocks_show_as_examples() -> None:
    """Examples without arrows: only what the parameters themselves say is looked at."""
    for name in ("GetParticipantInput", "Compare"):
        spec = catalogue()[name]
        assert spec.check is not None
        assert spec.check(action("it", name, dict(spec.example or {}))) == []
