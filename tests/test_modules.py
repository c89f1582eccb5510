"""Flow modules in whole flows: what goes in, what stays inside, what comes back (decision S7)."""

from typing import Any

import pytest
from msgspec.structs import replace

from offhook.core.machine import step
from offhook.model.contact import Frame
from offhook.model.effect import InvokeLambda
from offhook.model.event import Started
from offhook.model.flow import Action, Flow
from offhook.model.instance import Resource

from .stage import BYE, INSTANCE, START_MS, Played, Stubs, action, call, compiled, contact, flow, play, say

RETURN = action("return", "EndFlowModuleExecution", {})


def module(name: str, *actions: Action) -> tuple[Resource, Flow]:
    made = INSTANCE.resource("module", name)
    return made, flow(*actions, arn=made.arn, name=name, kind="MODULE")


def invoke(identifier: str, name: str, then: str, **arrows: Any) -> Action:
    errors = arrows.pop("errors", {"NoMatchingError": "sorry"})
    parameters = {"FlowModuleId": name, **arrows.pop("parameters", {})}
    return action(identifier, "InvokeFlowModule", parameters, then=then, errors=errors, **arrows)


def set_flow(identifier: str, then: str, **values: str) -> Action:
    attributes = {"FlowAttributes": {key: {"Value": value} for key, value in values.items()}}
    return action(identifier, "UpdateFlowAttributes", attributes, then=then, errors={"NoMatchingError": "bye"})


def played(start: Flow, *modules: tuple[Resource, Flow], stubs: Stubs | None = None, **fields: Any) -> Played:
    resources = tuple(made for made, _ in modules)
    return play(compiled(start, *(each for _, each in modules), resources=resources), stubs, **fields)


def test_answers_and_flow_attributes_stay_in_their_frame_two_levels_deep() -> None:
    def by_depth(effect: InvokeLambda) -> Any:
        answers["n"] += 1
        return Stubs(lookup={"who": f"answer {answers['n']}"}).invoke(effect)

    answers = {"n": 0}
    seen = "$.External.who|$.FlowAttributes.f|$.LambdaInvocation.ResultData.who"
    inner = module(
        "Inner", say("in1", f"inner {seen}", "call"), call("call", "in2"), say("in2", f"inner {seen}", "return"), RETURN
    )
    outer = module(
        "Outer",
        say("out1", f"outer {seen}", "call"),
        call("call", "set"),
        set_flow("set", "deeper", f="outer"),
        invoke("deeper", "Inner", "out2"),
        say("out2", f"outer {seen}", "return"),
        say("sorry", "sorry", "return"),
        RETURN,
    )
    start = flow(
        call("call", "set"), set_flow("set", "go", f="start"), invoke("go", "Outer", "after"),
        say("after", f"start {seen}"), say("sorry", "sorry"), BYE,
    )  # fmt: skip

    result = played(start, inner, outer, stubs=Stubs(lookup=by_depth))

    assert result.said == [
        "outer ||",
        "inner ||",
        "inner answer 3||answer 3",
        "outer answer 2|outer|answer 2",
        "start answer 1|start|answer 1",
    ]


def test_stored_input_and_system_values_of_the_caller_are_hidden_and_come_back() -> None:
    seen = "$.StoredCustomerInput|$.Lex.IntentName|$.Metrics.Queue.Size|$.DataTables.q.a|$.Views.Action"
    check = module("Check", say("in", f"in $.Attributes.a {seen}", "return"), RETURN)
    start = flow(invoke("go", "Check", "after"), say("after", f"out {seen}"), say("sorry", "sorry"), BYE)

    result = played(
        start,
        check,
        attributes={"a": "shared"},
        stored_input="42",
        system={
            "Lex": {"IntentName": "Book"},
            "Metrics": {"Queue": {"Size": 3}},
            "DataTables": {"q": {"a": "x"}},
            "Views": {"Action": "ok"},
        },
    )

    assert result.said == ["in shared ||||ok", "out 42|Book|3|x|ok"]


def test_contact_attributes_that_a_module_sets_stay() -> None:
    set_a = action("set", "UpdateContactAttributes", {"Attributes": {"a": "1"}}, then="return")
    check = module("Check", set_a, RETURN)
    start = flow(invoke("go", "Check", "after"), say("after", "a is $.Attributes.a"), say("sorry", "sorry"), BYE)

    assert played(start, check).said == ["a is 1"]


def test_input_goes_in_and_result_data_comes_out() -> None:
    give = action(
        "give", "EndFlowModuleExecution", {"ResultData": {"doubled": "$.Modules.Input.n$.Modules.Input.n", "n": 2}}
    )
    double = module("Double", give)
    start = flow(
        invoke("go", "Double", "after", parameters={"Input": {"n": "$.Attributes.n", "fixed": 7}}),
        say("after", "$.Modules.ResultData.doubled, $.Modules.ResultData.n, [$.Modules.Input.n]"),
        say("sorry", "sorry"),
        BYE,
    )

    assert played(start, double, attributes={"n": "4"}).said == ["44, 2, []"]


@pytest.mark.parametrize(
    ("result", "errors", "said"),
    [
        ("Known", {"NoMatchingError": "sorry", "NoMatchingCondition": "other"}, "known Known"),
        ("Unknown", {"NoMatchingError": "sorry", "NoMatchingCondition": "other"}, "other Unknown"),
        ("Unknown", {"NoMatchingError": "sorry"}, "sorry Unknown"),
        ("", {"NoMatchingError": "sorry", "NoMatchingCondition": "other"}, "plain "),
    ],
)
def test_the_result_is_the_branch(result: str, errors: dict[str, str], said: str) -> None:
    check = module("Check", action("give", "EndFlowModuleExecution", {"Result": result} if result else {}))
    start = flow(
        invoke("go", "Check", "plain", errors=errors, when=(("Equals", "Known", "known"),)),
        *(say(name, f"{name} $.Modules.Result") for name in ("plain", "known", "other", "sorry")),
        BYE,
    )

    assert played(start, check).said == [said]


def test_a_sixth_level_takes_the_error_branch() -> None:
    deep = [
        module(f"M{n}", invoke("go", f"M{n + 1}", "return"), say("sorry", f"too deep in M{n}", "return"), RETURN)
        for n in range(1, 6)
    ]
    start = flow(invoke("go", "M1", "after"), say("after", "back"), say("sorry", "sorry"), BYE)

    result = played(start, *deep, module("M6", say("in", "in M6", "return"), RETURN))

    assert result.said == ["too deep in M5", "back"]
    assert next(event.cause for event in result.of("BlockLeft") if event.error) == "depth"


def test_a_module_that_leads_back_to_itself_takes_the_error_branch() -> None:
    one = module("One", invoke("go", "Two", "return"), say("sorry", "sorry in one", "return"), RETURN)
    two = module("Two", invoke("go", "One", "return"), say("sorry", "sorry in two", "return"), RETURN)
    start = flow(invoke("go", "One", "after"), say("after", "back"), say("sorry", "sorry"), BYE)

    result = played(start, one, two)

    assert result.said == ["sorry in two", "back"]
    assert next(event.cause for event in result.of("BlockLeft") if event.error) == "recursion"


def test_one_module_may_run_twice_in_a_row() -> None:
    check = module("Check", say("in", "in", "return"), RETURN)
    start = flow(invoke("go", "Check", "again"), invoke("again", "Check", "bye"), say("sorry", "sorry"), BYE)

    assert played(start, check).said == ["in", "in"]


def test_a_transfer_out_of_a_module_does_not_come_back() -> None:
    """Nothing returns to the callers, so the other flow may end on Return no more than any other flow."""
    jump = action(
        "jump", "TransferToFlow", {"ContactFlowId": "Next"}, then="sorry", errors={"NoMatchingError": "sorry"}
    )
    check = module("Check", call("call", "jump"), jump, say("sorry", "sorry", "return"), RETURN)
    following = INSTANCE.resource("flow", "Next")
    after = say("after", "$.External.State|$.Modules.Input.n|$.FlowAttributes.f", "end")
    other = flow(after, action("end", "EndFlowModuleExecution", {}), arn=following.arn, name="Next")
    start = flow(
        set_flow("set", "go", f="1"),
        invoke("go", "Check", "back", parameters={"Input": {"n": "1"}}),
        say("back", "back"),
        say("sorry", "sorry"),
        BYE,
    )

    result = played(start, check, (following, other), stubs=Stubs(lookup={"State": "WA"}))

    assert result.said == ["WA||"]
    assert result.left("end").cause == "flow_type"
    assert result.of("BlockEntered")[-1].flow == following.arn


def test_data_table_values_do_not_go_along_to_another_flow() -> None:
    following = INSTANCE.resource("flow", "Next")
    other = flow(say("in", "$.DataTables.q.a|$.Views.Action"), BYE, arn=following.arn, name="Next")
    start = flow(action("jump", "TransferToFlow", {"ContactFlowId": "Next"}, then="bye"), BYE)
    system = {"DataTables": {"q": {"a": "x"}}, "Views": {"Action": "ok"}}

    assert played(start, (following, other), system=system).said == ["|ok"]


def test_a_block_that_the_caller_may_not_have_is_refused_in_its_module() -> None:
    queue = action("queue", "TransferContactToQueue", {}, then="return", errors={"NoMatchingError": "return"})
    check = module("Check", queue, RETURN)
    start = flow(invoke("go", "Check", "after"), action("after", "EndFlowExecution"), kind="CUSTOMER_QUEUE")

    result = played(start, check, flow_type="CUSTOMER_QUEUE")

    assert result.left("queue").cause == "flow_type"
    assert result.way == ["go", "queue", "return", "after"]


def test_end_flow_in_a_module_ends_the_flow_that_called_it() -> None:
    check = module("Check", action("end", "EndFlowExecution"))
    start = flow(invoke("go", "Check", "after"), say("after", "back"), say("sorry", "sorry"), BYE)

    result = played(start, check)

    assert result.said == []
    assert result.contact.end_reason == "flow ended"


def test_the_log_names_the_flow_of_each_block() -> None:
    """The caller's own line is written when the module is back, and names the caller's flow again."""
    check = module("Check", say("in", "in", "return"), RETURN)
    start = flow(invoke("go", "Check", "bye"), say("sorry", "sorry"), BYE)

    lines = [event.entry for event in played(start, check, logging=True).of("Log")]

    assert [(line["Identifier"], line["ContactFlowName"]) for line in lines] == [
        ("in", "Check"),
        ("return", "Check"),
        ("go", "It"),
        ("bye", "It"),
    ]
    assert [line["ContactFlowModuleType"] for line in lines][-1] == "Disconnect"


@pytest.mark.parametrize("kind", ["InvokeFlowModule", "TransferToFlow"])
def test_a_name_without_a_flow_behind_it_takes_the_error_branch(kind: str) -> None:
    """The resolver finds it, the machine does not."""
    ghosts = (INSTANCE.resource("module", "Ghost"), INSTANCE.resource("flow", "Ghost"))
    parameters = {"FlowModuleId" if kind == "InvokeFlowModule" else "ContactFlowId": "Ghost"}
    start = flow(action("go", kind, parameters, errors={"NoMatchingError": "sorry"}), say("sorry", "sorry"), BYE)

    result = play(compiled(start, resources=ghosts))

    assert result.said == ["sorry"]
    assert result.left("go").cause == "not_found"


def test_a_return_to_an_action_that_is_gone_ends_the_flow() -> None:
    """A contact may have waited in a module while its caller was replaced."""
    check = module("Check", RETURN)
    frame = Frame(flow="flow:it", action="gone")
    stage = compiled(flow(BYE), check[1])
    waiting = contact(flow=check[1].arn)
    assert waiting.run is not None
    waiting = replace(waiting, runs=(replace(waiting.run, frames=(frame,)),))

    after = step(stage, waiting, Started(START_MS)).contact

    assert after.phase == "ended"
    assert after.end_reason == "a module returned to 'gone', which is no action of the flow"
