"""The machine: what a step does with flows as they are, good and bad. Blocks made for a test are named Probe."""

from typing import Annotated, Any

import msgspec
import pytest
from msgspec.structs import replace

from offhook.blocks import catalogue
from offhook.core.machine import Stepped, step
from offhook.core.program import Compiled
from offhook.core.snapshot import Snapshots
from offhook.core.spec import SINGLE, BlockSpec, Call, Ctx, End, ErrorBranch, Exit, FlowTypes, Outcome, Wait
from offhook.model import event as events
from offhook.model.contact import Contact, Queue
from offhook.model.effect import Cancel, Disconnect, InvokeLambda, PlayPrompt, StartTimer
from offhook.model.event import LambdaEnded
from offhook.model.flow import Action, Flow
from offhook.model.instance import Instance, QueueSettings

from .stage import BYE, INSTANCE, START_MS, Stubs, action, call, compiled, contact, flow, play, say

MODULE = INSTANCE.resource("module", "Helper")


def start(stage: Compiled, **fields: Any) -> Stepped:
    return step(stage, contact(**fields), events.Started(START_MS))


def standing(stepped: Stepped) -> str:
    assert stepped.contact.run is not None
    return stepped.contact.run.action


def probe(**settings: Any) -> dict[str, BlockSpec]:
    """The catalogue with one more block, `Probe`."""
    plain: dict[str, Any] = {"title": "Probe", "group": "", "kind": "flow_control", "enter": lambda p, ctx: Exit()}
    return {**catalogue(), "Probe": BlockSpec(action="Probe", **{**plain, **settings})}


def module(*actions: Action) -> Flow:
    return flow(*actions, arn=MODULE.arn, name="Helper", kind="MODULE")


# --- what a contact hears, and what it is deaf to


def test_a_step_of_the_same_arguments_is_the_same() -> None:
    stage = compiled(flow(call("fn", "bye"), BYE))

    one, two = start(stage), start(stage)

    assert one.contact == two.contact
    assert one.effects == two.effects


def test_a_contact_starts_once() -> None:
    stage = compiled(flow(say("hi", "Hello"), BYE))
    started = start(stage).contact

    assert step(stage, started, events.Started(START_MS + 1)).contact is started


@pytest.mark.parametrize(
    "event", [events.HungUp(START_MS), events.PromptEnded(START_MS, "1"), events.CustomerReturned(1)]
)
def test_before_it_starts_it_hears_nothing(event: events.Event) -> None:
    stage, new = compiled(flow(say("hi", "Hello"), BYE)), contact()

    assert step(stage, new, event).contact is new


def test_after_its_end_it_hears_nothing() -> None:
    stage, over = compiled(flow(say("hi", "Hello"), BYE)), contact(phase="ended")

    for event in (events.Started(START_MS), events.HungUp(START_MS), events.AttributesUpdated(1, {"a": "b"})):
        assert step(stage, over, event).contact is over


def test_time_does_not_run_backwards() -> None:
    stage = compiled(flow(say("hi", "Hello"), BYE))
    started = start(stage)

    late = step(stage, started.contact, events.PromptEnded(START_MS - 5, started.effects[0].id)).contact

    assert late.now_ms == START_MS


def test_a_hang_up_while_a_function_runs_cancels_it() -> None:
    stage = compiled(flow(call("fn", "bye"), BYE))
    waiting = start(stage)
    called, timer = waiting.effects

    gone = step(stage, waiting.contact, events.HungUp(START_MS + 10))

    assert isinstance(called, InvokeLambda)
    assert isinstance(timer, StartTimer)
    assert {effect.target for effect in gone.effects if isinstance(effect, Cancel)} == {called.id, timer.id}
    assert (gone.contact.phase, gone.contact.end_reason) == ("ended", "customer hung up")
    assert isinstance(gone.effects[-1], Disconnect)
    late = step(stage, gone.contact, LambdaEnded(START_MS + 20, called.id, 200, body="{}"))
    assert late.contact is gone.contact


def test_a_hang_up_leaves_asynchronous_functions_alone() -> None:
    stage = compiled(flow(call("fn", "say", InvocationType="ASYNCHRONOUS"), say("say", "Hello"), BYE))
    waiting = start(stage)

    gone = step(stage, waiting.contact, events.HungUp(START_MS + 10))

    (cancelled,) = [effect for effect in gone.effects if isinstance(effect, Cancel)]
    assert cancelled.target == waiting.effects[1].id
    assert list(gone.contact.pending) == [waiting.effects[0].id]


def test_attributes_that_somebody_else_sets_are_seen_by_the_next_block() -> None:
    stage = compiled(flow(say("hi", "Hello", "again"), say("again", "$.Attributes.a $.Attributes.b"), BYE))
    started = start(stage, attributes={"a": "old", "b": "kept"})

    updated = step(stage, started.contact, events.AttributesUpdated(START_MS + 5, {"a": "new"}))
    said = step(stage, updated.contact, events.PromptEnded(START_MS + 9, started.effects[0].id))

    assert standing(updated) == "hi"
    assert updated.contact.run == started.contact.run
    assert isinstance(said.effects[0], PlayPrompt)
    assert said.effects[0].speech.text == "new kept"


class Limit(msgspec.Struct, frozen=True, rename="pascal"):
    seconds: Annotated[int, SINGLE]


class Memo(msgspec.Struct, frozen=True):
    """Nothing to remember."""


def wait(p: Any, ctx: Ctx) -> Outcome:
    return Wait((StartTimer(ctx.new_id(), 1000),), Memo(), set={"stored_input": "7"})


def test_a_parameter_that_goes_bad_while_the_block_waits_is_an_error() -> None:
    blocks = probe(params=Limit, memo=Memo, enter=wait, resume=lambda p, memo, event, ctx: Exit())
    probing = action("it", "Probe", {"Seconds": "$.Attributes.s"}, then="bye", errors={"NoMatchingError": "sorry"})
    stage = compiled(flow(probing, say("sorry", "Sorry"), BYE), blocks=blocks)
    started = start(stage, attributes={"s": "5"})
    updated = step(stage, started.contact, events.AttributesUpdated(START_MS + 5, {"s": "five"})).contact

    fired = step(stage, updated, events.TimerFired(START_MS + 9, started.effects[0].id))

    assert standing(fired) == "sorry"
    assert updated.stored_input == "7", "what a block sets when it begins to wait is set at once"


def test_a_block_may_end_the_flow_when_it_is_resumed() -> None:
    blocks = probe(memo=Memo, enter=wait, resume=lambda p, memo, event, ctx: End("done", then="queued"))
    stage = compiled(flow(action("it", "Probe"), BYE), blocks=blocks)
    started = start(stage)

    fired = step(stage, started.contact, events.TimerFired(START_MS + 9, started.effects[0].id))

    assert (fired.contact.phase, fired.contact.runs) == ("queued", ())
    assert fired.effects == [], "a contact in a queue is not disconnected"


def test_a_bot_that_leaves_is_noted_even_where_nobody_waits_for_it() -> None:
    stage = compiled(flow(say("hi", "Hello"), BYE))
    started = start(stage, has_bot=True)

    left = step(stage, started.contact, events.BotDisconnected(START_MS + 1))

    assert not left.contact.has_bot
    assert standing(left) == "hi"


def test_a_contact_whose_flow_was_taken_away_is_deaf_but_can_hang_up() -> None:
    """A server may change its flows while contacts wait."""
    waiting = start(compiled(flow(call("fn", "bye"), BYE))).contact
    empty = compiled()
    called = next(iter(waiting.pending))

    assert step(empty, waiting, LambdaEnded(START_MS + 5, called, 200, body="{}")).contact is waiting
    assert step(empty, waiting, events.HungUp(START_MS + 5)).contact.phase == "ended"


# --- where a flow leads


def test_a_flow_that_is_not_there_ends_the_contact() -> None:
    stepped = start(compiled(), flow="flow:nowhere")

    assert stepped.contact.end_reason == "there is no flow 'flow:nowhere'"


def test_an_arrow_to_nowhere_ends_the_contact_and_says_so() -> None:
    played = play(compiled(flow(say("hi", "Hello", "gone"))))

    assert played.contact.end_reason == "an arrow leads to 'gone', which is no action of the flow"
    assert played.of("Log")[0].entry["Results"] == played.contact.end_reason, "said without flow logs, too"
    assert played.of("Log")[0].action == "hi"


def test_conditions_are_tried_in_order_and_an_unmatched_result_has_its_own_branch() -> None:
    blocks = probe(enter=lambda p, ctx: Exit(result=ctx.attributes["r"]), operators=("Equals", "TextStartsWith"))
    when = (("TextStartsWith", "a", "one"), ("Equals", "ab", "two"))
    it = action("it", "Probe", then="bye", when=when, errors={"NoMatchingCondition": "none", "NoMatchingError": "bye"})
    stage = compiled(flow(it, say("one", "1"), say("two", "2"), say("none", "0"), BYE), blocks=blocks)

    assert play(stage, attributes={"r": "ab"}).said == ["1"]
    assert play(stage, attributes={"r": "x"}).said == ["0"]
    assert play(stage, attributes={"r": "ab"}).left("it").branch == "TextStartsWith a"
    assert play(stage, attributes={"r": "x"}).left("it").branch == "NoMatchingCondition"


def test_a_result_goes_on_where_there_are_no_conditions() -> None:
    stage = compiled(flow(action("it", "Probe", then="bye"), BYE), blocks=probe(enter=lambda p, ctx: Exit(result="r")))

    assert play(stage).left("it").branch == "NextAction"


@pytest.mark.parametrize(
    ("wired", "went"),
    [
        ({"Busy": "busy", "NoMatchingError": "sorry"}, ("Busy", "busy")),
        ({"NoMatchingError": "sorry", "Other": "busy"}, ("NoMatchingError", "sorry")),
        ({"Other": "busy"}, ("", "")),
    ],
)
def test_an_error_takes_its_branch_else_the_one_for_all(wired: dict[str, str], went: tuple[str, str]) -> None:
    """S18: and where neither is wired a block that must have one ends the flow."""
    blocks = probe(enter=lambda p, ctx: Exit(error="Busy"), errors=(ErrorBranch("Busy"),))
    stage = compiled(
        flow(action("it", "Probe", then="bye", errors=wired), say("busy", "b"), say("sorry", "s"), BYE), blocks=blocks
    )

    played = play(stage)

    left = played.left("it")
    assert (left.branch, left.next) == went
    if not went[0]:
        assert played.contact.end_reason == "no branch for Busy at 'it'"
        assert played.of("Log")[0].entry["Results"] == "no branch for Busy at 'it'"


def test_a_block_that_needs_no_error_branch_goes_on_without_one() -> None:
    """S18: and where it has no next action the flow is simply over."""
    blocks = probe(enter=lambda p, ctx: Exit(error="Busy"), errors=(ErrorBranch("Busy", required=False),))

    goes_on = play(compiled(flow(action("it", "Probe", then="bye"), BYE), blocks=blocks))
    is_over = play(compiled(flow(action("it", "Probe")), blocks=blocks))

    assert goes_on.way == ["it", "bye"]
    assert is_over.contact.end_reason == "flow ended"


def test_a_result_nobody_wired_ends_the_flow() -> None:
    blocks = probe(enter=lambda p, ctx: Exit(result="r"), errors=(ErrorBranch("NoMatchingCondition"),))
    stage = compiled(flow(action("it", "Probe", then="bye", when=(("Equals", "x", "bye"),)), BYE), blocks=blocks)

    assert play(stage).contact.end_reason == "no branch for NoMatchingCondition at 'it'"


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("Probe", "Probe is not built yet."),
        ("Teleport", "Teleport is not an action of Amazon Connect that offhook knows."),
    ],
)
def test_an_action_that_does_not_run_is_an_error_and_no_success(kind: str, why: str) -> None:
    """S13, S18."""
    it = action("it", kind, then="bye", errors={"NoMatchingError": "sorry"})
    stage = compiled(flow(it, say("sorry", "Sorry"), BYE), blocks=probe(enter=None))

    played = play(stage)

    assert played.said == ["Sorry"]
    assert (played.left("it").cause, played.left("it").detail) == ("not_built", why)


def test_an_unknown_action_without_an_error_branch_ends_the_flow() -> None:
    played = play(compiled(flow(action("it", "Teleport", then="bye"), BYE)))

    assert played.contact.end_reason == "no branch for NoMatchingError at 'it'"


def test_a_channel_may_be_skipped_or_refused_as_the_block_says() -> None:
    channels = {"CHAT": "skip", "TASK": "error:ChannelMismatch", "EMAIL": ("works", "error:NoMatchingError")}
    blocks = probe(channels=channels)
    it = action("it", "Probe", then="bye", errors={"ChannelMismatch": "bye", "NoMatchingError": "bye"})
    stage, strict = (compiled(flow(it, BYE), blocks=blocks, strict=strict) for strict in (False, True))

    causes = {channel: play(stage, channel=channel).left("it").cause for channel in ("VOICE", "CHAT", "TASK", "EMAIL")}

    assert causes == {"VOICE": "", "CHAT": "skipped", "TASK": "channel", "EMAIL": ""}
    assert play(stage, channel="TASK").left("it").branch == "ChannelMismatch"
    assert play(strict, channel="EMAIL").left("it").cause == "channel"


def test_a_flow_type_may_be_refused_and_the_sentence_names_the_right_ones() -> None:
    blocks = probe(flow_types=FlowTypes(frozenset({"CUSTOMER_HOLD"}), frozenset({"AGENT_HOLD"})))
    it = action("it", "Probe", then="bye", errors={"NoMatchingError": "bye"})

    left = play(compiled(flow(it, BYE), blocks=blocks)).left("it")

    assert left.cause == "flow_type"
    assert left.detail == "Probe may not stand in a flow of type CONTACT_FLOW; it may in CUSTOMER_HOLD, AGENT_HOLD."


def test_a_flow_that_does_not_say_its_type_has_the_contacts() -> None:
    blocks = probe(flow_types=FlowTypes(frozenset({"CUSTOMER_HOLD"}), frozenset()))
    stage = compiled(flow(action("it", "Probe", then="bye"), BYE, kind=""), blocks=blocks)

    assert play(stage, flow_type="CUSTOMER_HOLD").left("it").cause == ""


# --- loops


def test_a_loop_without_a_wait_ends_with_a_sentence_that_names_it() -> None:
    """S16."""
    blocks = probe()
    a, b, c = (action(name, "Probe", then=then) for name, then in (("a", "b"), ("b", "c"), ("c", "b")))

    played = play(compiled(flow(a, b, c), blocks=blocks))

    sentence = "flow 'It' ran 1,000 blocks without waiting; the loop is 'c' -> 'b'"
    assert played.contact.end_reason == sentence
    assert len(played.way) == 1001
    assert played.of("Log")[0].entry["Results"] == sentence


def test_the_sentence_takes_the_shortest_way_and_minds_no_arrow_to_nowhere() -> None:
    a = action("a", "Probe", then="b", errors={"X": "gone", "Y": "c"})
    b, c = action("b", "Probe", then="c"), action("c", "Probe", then="a")

    assert play(compiled(flow(a, b, c), blocks=probe())).contact.end_reason.endswith("the loop is 'b' -> 'c' -> 'a'")


def test_many_blocks_in_a_row_are_no_loop_where_they_do_not_come_back() -> None:
    """S16 counts blocks; a thousand and one of them are one too many even where each is another."""
    row = [action(str(number), "Probe", then=str(number + 1)) for number in range(1, 1002)]

    played = play(compiled(flow(*row, BYE), blocks=probe()))

    assert played.contact.end_reason == "flow 'It' ran 1,000 blocks without waiting; it stands on '1001'"


def test_a_loop_that_lets_time_pass_is_none() -> None:
    again = action(
        "again?",
        "Loop",
        {"LoopCount": "100"},
        when=(("Equals", "ContinueLooping", "hi"), ("Equals", "DoneLooping", "bye")),
    )
    rows = [action(f"p{number}", "Probe", then=f"p{number + 1}") for number in range(20)]
    stage = compiled(
        flow(again, say("hi", "Hello", "p0"), *rows, action("p20", "Probe", then="again?"), BYE), blocks=probe()
    )

    played = play(stage)

    assert len(played.said) == 100
    assert played.contact.end_reason == "disconnected"


# --- flows and modules


def test_a_transfer_keeps_the_answers_and_drops_the_flow_attributes() -> None:
    """S7."""
    other = INSTANCE.resource("flow", "Other")
    transfer = action(
        "go", "TransferToFlow", {"ContactFlowId": other.arn}, then="bye", errors={"NoMatchingError": "bye"}
    )
    mine = action("set", "UpdateFlowAttributes", {"FlowAttributes": {"f": {"Value": "1"}}}, then="go")
    there = flow(say("hi", "$.External.State [$.FlowAttributes.f]"), BYE, arn=other.arn, name="Other")
    stage = compiled(flow(call("fn", "set"), mine, transfer, BYE), there, resources=(other,))

    played = play(stage, Stubs(lookup={"State": "WA"}))

    assert played.said == ["WA []"]
    assert (played.left("go").branch, played.left("go").next) == ("Jump", "Other")
    assert played.of("Said")[0].flow == other.arn


def test_a_jump_to_a_flow_that_is_not_there_is_an_error() -> None:
    """A resource may be listed whose flow was not loaded."""
    other = INSTANCE.resource("flow", "Other")
    transfer = action("go", "TransferToFlow", {"ContactFlowId": "Other"}, then="bye", errors={"NoMatchingError": "bye"})

    left = play(compiled(flow(transfer, BYE), resources=(other,))).left("go")

    assert (left.cause, left.detail) == ("not_found", f"there is no flow {other.arn!r}.")


def test_a_module_sees_none_of_its_callers_answers_and_gives_them_back() -> None:
    """S7. User attributes are everybody's."""
    seen = "[$.External.State$.FlowAttributes.f$.StoredCustomerInput$.Lex.IntentName$.Customer.ProfileId]"
    shared = "$.Attributes.a $.Modules.Input.x"
    inside = module(
        say("in", f"{seen} {shared}", "fn"),
        call("fn", "back"),
        action("back", "EndFlowModuleExecution", {"Result": "Ok", "ResultData": {"n": 1}}),
    )
    answers = "$.External.State $.FlowAttributes.f $.StoredCustomerInput $.Lex.IntentName"
    outside = f"{answers} $.Modules.Result $.Modules.ResultData.n"
    into = action(
        "in",
        "InvokeFlowModule",
        {"FlowModuleId": "Helper", "Input": {"x": "y"}},
        when=(("Equals", "Ok", "out"),),
        errors={"NoMatchingError": "bye"},
    )
    stage = compiled(flow(into, say("out", outside), BYE), inside, resources=(MODULE,))

    stubs = Stubs(lookup={"State": "OR"})
    given: dict[str, Any] = {
        "attributes": {"a": "A"},
        "stored_input": "12",
        "system": {"Lex": {"IntentName": "Book"}, "Metrics": {}},
    }
    new = contact(**given)
    assert new.run is not None
    run = replace(new.run, external={"State": "WA"}, flow_attributes={"f": "1"}, invocation_id="id")
    started = step(stage, replace(new, runs=(run,)), events.Started(START_MS))
    assert isinstance(started.effects[0], PlayPrompt)
    assert started.effects[0].speech.text == "[] A y"
    said = step(stage, started.contact, events.PromptEnded(START_MS, started.effects[0].id))
    assert isinstance(said.effects[0], InvokeLambda)
    back = step(stage, said.contact, stubs.invoke(said.effects[0]))

    assert isinstance(back.effects[-1], PlayPrompt)
    assert back.effects[-1].speech.text == "WA 1 12 Book Ok 1"
    assert back.contact.run is not None
    assert (back.contact.run.invocation_id, back.contact.run.frames, back.contact.run.flow) == ("id", (), "flow:it")


def test_a_module_that_ends_plainly_takes_the_next_action() -> None:
    inside = module(action("back", "EndFlowModuleExecution"))
    into = action("in", "InvokeFlowModule", {"FlowModuleId": "Helper"}, then="out", errors={"NoMatchingError": "bye"})

    played = play(compiled(flow(into, say("out", "Hello"), BYE), inside, resources=(MODULE,)))

    assert played.way == ["in", "back", "out", "bye"]
    assert played.left("back").branch == "Return"


def test_a_module_has_the_flow_type_of_its_caller() -> None:
    blocks = probe(enter=lambda p, ctx: Exit(set={"stored_input": ctx.flow_type}))
    inside = module(action("it", "Probe", then="bye"), BYE)
    into = action("in", "InvokeFlowModule", {"FlowModuleId": "Helper"}, then="bye", errors={"NoMatchingError": "bye"})
    stage = compiled(flow(into, BYE, kind="QUEUE_TRANSFER"), inside, resources=(MODULE,), blocks=blocks)

    assert play(stage).contact.stored_input == "QUEUE_TRANSFER"
    assert play(stage, flow=MODULE.arn, flow_type="AGENT_HOLD").contact.stored_input == "AGENT_HOLD"


def test_modules_may_be_nested_five_deep_and_no_deeper() -> None:
    """The sixth is an error of the fifth, whatever block asks for it."""
    blocks = probe(enter=lambda p, ctx: Call(MODULE.arn))
    inside = module(action("it", "Probe", errors={"NoMatchingError": "bye"}), BYE)

    played = play(compiled(flow(action("it", "Probe"), BYE), inside, resources=(MODULE,), blocks=blocks))

    assert played.way == ["it"] * 6 + ["bye"]
    assert played.left("it").detail == "modules may be nested 5 deep at most."


def test_a_module_that_is_not_there_is_an_error() -> None:
    into = action("in", "InvokeFlowModule", {"FlowModuleId": "Helper"}, then="bye", errors={"NoMatchingError": "bye"})

    left = play(compiled(flow(into, BYE), resources=(MODULE,))).left("in")

    assert (left.cause, left.detail) == ("not_found", f"there is no module {MODULE.arn!r}.")


def test_a_return_with_nobody_to_return_to_ends_the_flow() -> None:
    stage = compiled(module(action("back", "EndFlowModuleExecution")), resources=(MODULE,))

    played = play(stage, flow=MODULE.arn, flow_type="MODULE")

    assert played.contact.end_reason == "flow ended"


def test_a_module_that_returns_to_an_action_that_was_taken_away_ends_the_contact() -> None:
    inside = module(say("in", "Hello", "back"), action("back", "EndFlowModuleExecution"))
    into = action("in", "InvokeFlowModule", {"FlowModuleId": "Helper"}, then="bye", errors={"NoMatchingError": "bye"})
    before = start(compiled(flow(into, BYE), inside, resources=(MODULE,)))
    ended = events.PromptEnded(START_MS, before.effects[0].id)

    changed = step(compiled(flow(BYE), inside, resources=(MODULE,)), before.contact, ended)
    removed = step(compiled(inside, resources=(MODULE,)), before.contact, ended)

    for after in (changed, removed):
        assert after.contact.end_reason == "a module returned to 'in', which is no action of the flow"


def test_a_module_that_transfers_away_has_nobody_to_return_to() -> None:
    other = INSTANCE.resource("flow", "Other")
    go = action("go", "TransferToFlow", {"ContactFlowId": "Other"}, then="bye", errors={"NoMatchingError": "bye"})
    into = action(
        "in",
        "InvokeFlowModule",
        {"FlowModuleId": "Helper", "Input": {"x": "y"}},
        then="bye",
        errors={"NoMatchingError": "bye"},
    )
    there = flow(say("hi", "[$.Modules.Input.x]"), BYE, arn=other.arn, name="Other")

    played = play(compiled(flow(into, BYE), module(go, BYE), there, resources=(MODULE, other)))

    assert played.said == ["[]"]
    assert played.way == ["in", "go", "hi", "bye"]


# --- a contact and its values


def test_the_first_contact_is_its_own_first_and_previous_contact() -> None:
    """S14: except for a web call, whose previous contact is null."""
    plain, web, later = contact(), contact(initiation_method="WEBRTC_API"), contact(initial_id="a", previous_id="b")

    assert (plain.initial_id, plain.previous_id) == (plain.id, plain.id)
    assert (web.initial_id, web.previous_id) == (web.id, None)
    assert (later.initial_id, later.previous_id) == ("a", "b")


@pytest.mark.parametrize(
    ("fields", "subtype"),
    [
        ({}, "connect:Telephony"),
        ({"channel": "CHAT"}, "connect:Chat"),
        ({"initiation_method": "WEBRTC_API"}, "connect:WebRTC"),
        ({"segment_attributes": {"connect:Subtype": {"ValueString": "connect:SMS"}}}, "connect:SMS"),
        ({"segment_attributes": {"connect:Subtype": "plain"}}, "plain"),
        ({"channel": "TASK"}, ""),
    ],
)
def test_a_contact_has_the_subtype_of_its_channel(fields: dict[str, Any], subtype: str) -> None:
    stage = compiled(flow(say("hi", "[$.SegmentAttributes['connect:Subtype']]"), BYE))
    new = contact(**fields)
    stepped = step(stage, replace(new, channel="VOICE"), events.Started(START_MS))

    assert isinstance(stepped.effects[0], PlayPrompt)
    assert stepped.effects[0].speech.text == f"[{subtype}]"


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        ("$.SegmentAttributes['connect:ContactExpiry']['ExpiryDuration']", "60"),
        ("$.SegmentAttributes['connect:ContactExpiry']['Reason']", ""),
        ("$.SegmentAttributes['Languages'].1", "en"),
        ("$.SegmentAttributes['plain']['deep']", "x"),
    ],
)
def test_a_segment_attribute_s_wrapped_values_are_read_step_by_step(reference: str, text: str) -> None:
    attributes = {
        "connect:ContactExpiry": {"ValueMap": {"ExpiryDuration": {"ValueInteger": 60}}},
        "Languages": {"ValueList": [{"ValueString": "no"}, {"ValueString": "en"}]},
        "plain": {"deep": "x", "other": "y"},
    }
    stage = compiled(flow(say("hi", f"[{reference}]"), BYE))
    stepped = step(stage, contact(segment_attributes=attributes), events.Started(START_MS))

    assert isinstance(stepped.effects[0], PlayPrompt)
    assert stepped.effects[0].speech.text == f"[{text}]"


SALES = Queue("arn:sales", "Sales")
VALUES: dict[str, Any] = {
    "$.Attributes.a": "A",
    "$.Attributes.['user name']": "U",
    "$.Attributes.no": "",
    "$.Attributes.dotted.key": "D",
    "$.FlowAttributes.f": "F",
    "$.External.k": "K",
    "$.External.deep.0.x": "X",
    "$.External.dotted.key": "E",
    "$.External.no.no": "",
    "$.External.k.no": "",
    "$.LambdaInvocation.ResultData.deep[0].x": "X",
    "$.LambdaInvocation.InvocationId": "I",
    "$.LambdaInvocation.Other": "",
    "$.StoredCustomerInput": "12",
    "$.CustomerEndpoint.Address": "+15550100",
    "$.CustomerEndpoint.Type": "TELEPHONE_NUMBER",
    "$.SystemEndpoint.Address": "",
    "$.Queue.Name": "Sales",
    "$.Queue.ARN": "arn:sales",
    "$.Queue.OutboundCallerId.Address": "+15550123",
    "$.Queue.OutboundCallerId.Type": "TELEPHONE_NUMBER",
    "$.References.r.Value": "R",
    "$.Tags.t": "T",
    "$.Modules.Result": "M",
    "$.Channel": "VOICE",
    "$.Channel.no": "",
    "$.ContactId": "11111111-1111-4111-8111-111111111111",
    "$.InitialContactId": "first",
    "$.PreviousContactId": "previous",
    "$.RelatedContactId": "",
    "$.InitiationMethod": "INBOUND",
    "$.Name": "N",
    "$.Name.no": "",
    "$.Description": "",
    "$.CustomerId": "C",
    "$.LanguageCode": "en-US",
    "$.TextToSpeechVoiceId": "Joanna",
    "$.InstanceARN": Instance().arn,
    "$['AwsRegion']": "us-east-1",
    "$.Lex.Slots.s": "S",
    "$.Agent.UserName": "given",
    "$.Views.Action": "",
}


def rich() -> Contact:
    """A contact with something in every namespace."""
    new = contact(
        attributes={"a": "A", "user name": "U", "dotted.key": "D"},
        stored_input="12",
        customer_endpoint="+15550100",
        initial_id="first",
        previous_id="previous",
        queue=SALES,
        references={"r": {"Type": "STRING", "Value": "R"}},
        tags={"t": "T"},
        name="N",
        customer_id="C",
        system={"Lex": {"Slots": {"s": "S"}}, "Agent": {"UserName": "system"}},
        given={"Agent": {"UserName": "given"}},
    )
    assert new.run is not None
    external = {"k": "K", "deep": [{"x": "X"}], "dotted.key": "E"}
    run = replace(new.run, external=external, flow_attributes={"f": "F"}, invocation_id="I", modules={"Result": "M"})
    return replace(new, runs=(run,))


@pytest.mark.parametrize("reference", VALUES)
def test_every_namespace_can_be_read(reference: str) -> None:
    queues = {"Sales": QueueSettings("Sales", outbound_caller_id="+15550123")}
    stage = compiled(flow(say("hi", f"[{reference}]"), BYE), queues=queues)

    stepped = step(stage, rich(), events.Started(START_MS))

    assert isinstance(stepped.effects[0], PlayPrompt)
    assert stepped.effects[0].speech.text == f"[{VALUES[reference]}]"


@pytest.mark.parametrize(("external", "said"), [(["a"], "[] []"), ("text", "[] []"), ({"0": "zero"}, "[zero] []")])
def test_of_an_answer_only_an_objects_keys_can_be_referenced(external: Any, said: str) -> None:
    """S5."""
    new = contact()
    assert new.run is not None
    stage = compiled(flow(say("hi", "[$.External.0] [$.External.a.b]"), BYE))

    stepped = step(stage, replace(new, runs=(replace(new.run, external=external),)), events.Started(START_MS))

    assert isinstance(stepped.effects[0], PlayPrompt)
    assert stepped.effects[0].speech.text == said


def test_references_to_nothing_are_listed_once_where_the_block_is_left() -> None:
    """S8."""
    stage = compiled(flow(say("hi", "[$.Attributes.x$.Attributes.x $.External.$.External.State]"), BYE))

    played = play(stage)

    assert played.said == ["[ ]"]
    assert played.left("hi").unset == ("$.Attributes.x", "$.External.$.External.State")


@pytest.mark.parametrize(("strict", "warned"), [(False, []), (True, ["$.Attributes.x resolves to nothing."])])
def test_strict_warns_of_references_to_nothing(strict: bool, warned: list[str]) -> None:
    """S8."""
    stage = compiled(flow(say("hi", "[$.Attributes.x$.Attributes.x]"), BYE), strict=strict)

    assert [event.message for event in play(stage).of("Warned")] == warned


def test_chance_and_ids_depend_on_seed_contact_and_counter_alone() -> None:
    def enter(p: Any, ctx: Ctx) -> Outcome:
        rolls = [ctx.chance(6) for _ in range(50)]
        assert set(rolls) == {1, 2, 3, 4, 5, 6}
        return Exit(set={"attributes": {"rolls": str(rolls), "id": ctx.new_id(), "uuid": ctx.new_uuid("x")}})

    stage = compiled(flow(action("it", "Probe", then="bye"), BYE), blocks=probe(enter=enter))

    one, same, other = (play(stage, seed=seed).contact.attributes for seed in ("1", "1", "2"))

    assert one == same
    assert one["rolls"] != other["rolls"]
    assert one["uuid"] != other["uuid"]
    assert one["id"] == "11111111-1111-4111-8111-111111111111/51"


# --- snapshots


def test_a_contact_that_waits_survives_being_stored() -> None:
    stage = compiled(flow(call("fn", "bye"), BYE))
    waiting = start(stage, **{"queue": SALES, "parked": {"i": LambdaEnded(0, "x", 200)}}).contact
    snapshots = Snapshots(catalogue())

    again = snapshots.decode(snapshots.encode(waiting))

    assert again == waiting
    assert b'"memo":{"InvokeLambdaFunction":' in snapshots.encode(waiting)


def test_a_contact_that_does_not_run_survives_it_too() -> None:
    snapshots = Snapshots(catalogue())

    for each in (contact(), contact(phase="ended"), Contact(id="1", seed="1", flow="f", flow_type="CONTACT_FLOW")):
        assert snapshots.decode(snapshots.encode(each)) == each


def test_a_stored_contact_keeps_the_order_of_its_keys() -> None:
    """It is the order of attributes in an event and of cancellations."""
    snapshots = Snapshots(catalogue())

    again = snapshots.decode(snapshots.encode(contact(attributes={"b": "2", "a": "1"})))

    assert list(again.attributes) == ["b", "a"]
