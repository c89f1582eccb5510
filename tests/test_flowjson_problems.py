"""Checks of a flow's graph and envelope that need no block."""

from offhook.flowjson.problems import reachable, refusals, structure_problems
from offhook.model.flow import Action, Condition, ErrorArrow, Flow


def flow_of(*actions: Action, start: str = "a", form: str = "flow-language") -> Flow:
    return Flow(form, {}, start, {action.identifier: action for action in actions})


def action(identifier: str, next_action: str = "", **arrows: object) -> Action:
    return Action(identifier, "Wait", {}, next_action=next_action, **arrows)  # type: ignore[arg-type]


def codes(flow: Flow) -> list[tuple[str, str, str]]:
    return [(problem.code, problem.severity, problem.action) for problem in structure_problems(flow)]


def test_a_closed_flow_has_no_problems() -> None:
    flow = flow_of(action("a", "b"), action("b", "a"))

    assert structure_problems(flow) == []
    assert refusals(flow) == []
    assert reachable(flow) == {"a", "b"}


def test_a_flow_without_start_is_refused_and_says_why() -> None:
    missing = refusals(flow_of(action("a"), start=""))
    wrong = refusals(flow_of(action("a"), start="x"))
    empty = refusals(flow_of(start="x"))
    legacy = refusals(flow_of(action("a"), start="x", form="legacy"))

    assert [problem.message for problem in (*missing, *wrong, *empty, *legacy)] == [
        "StartAction is missing; it must name the first action.",
        "StartAction is 'x', which is no action of the flow.",
        "StartAction is 'x', and the flow has no actions.",
        "start is 'x', which is no action of the flow.",
    ]


def test_without_a_start_no_action_is_called_unreachable() -> None:
    assert codes(flow_of(action("a"), start="")) == [("no_start", "error", "")]


def test_every_kind_of_arrow_may_dangle() -> None:
    arrows = {"errors": (ErrorArrow("NoMatchingError", "y"),), "conditions": (Condition("Equals", ("1",), "z"),)}
    flow = flow_of(action("a", "x", **arrows))

    assert [problem.field for problem in refusals(flow)] == [
        "NextAction",
        "error NoMatchingError",
        "condition Equals 1",
    ]
    assert refusals(flow)[0].message == "action 'a': NextAction leads to 'x', which is no action of the flow."


def test_a_dangling_target_that_cannot_be_reached_is_no_refusal() -> None:
    flow = flow_of(action("a"), action("b", "x"))

    assert refusals(flow) == []
    assert codes(flow) == [("dangling_target", "error", "b"), ("unreachable", "warning", "b")]
    assert structure_problems(flow)[0].message.endswith("(the action itself cannot be reached).")


def test_identifiers_that_the_api_does_not_take_are_warnings() -> None:
    long = "a" * 51
    signs = "***Main; menu*** (1;2)"
    flow = flow_of(action("a", long), action(long, signs), action(signs, "toString"), action("toString"))

    assert codes(flow) == [
        ("identifier_length", "warning", long),
        ("identifier_characters", "warning", signs),
        ("identifier_name", "warning", "toString"),
    ]
    assert "holds ;()," in structure_problems(flow)[1].message


def test_more_than_250_actions_are_an_error() -> None:
    many = [action(str(number), str(number + 1)) for number in range(250)] + [action("250")]

    assert codes(flow_of(*many, start="0")) == [("too_many_actions", "error", "")]
    assert codes(flow_of(*many[1:], start="1")) == []
