"""Every rule of the linter on a flow that breaks it, and on one that does not."""

import copy
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
import pytest

from offhook.blocks import catalogue
from offhook.core.spec import (
    DYNAMIC,
    JSON,
    REFERENCE,
    SINGLE,
    STATIC,
    BlockSpec,
    Catalogue,
    ErrorBranch,
    FlowTypes,
    UnknownParams,
)
from offhook.flowjson.lint import RULES, Known, code, find_rule, known_in, lint
from offhook.flowjson.read import read_flow
from offhook.model.flow import Action, Flow, Problem
from offhook.model.instance import Instance

Document = dict[str, Any]
Change = Callable[[Document], object]

ARN = "arn:aws:lambda:us-east-1:111122223333:function:lookup"


def _action(identifier: str, kind: str, parameters: Document, **arrows: Any) -> Document:
    transitions: Document = {}
    if "next" in arrows:
        transitions["NextAction"] = arrows["next"]
    if "error" in arrows:
        transitions["Errors"] = [{"NextAction": arrows["error"], "ErrorType": "NoMatchingError"}]
    if "errors" in arrows:
        transitions["Errors"] = [{"NextAction": t, "ErrorType": e} for e, t in arrows["errors"].items()]
    if "when" in arrows:
        transitions["Conditions"] = [
            {"NextAction": target, "Condition": {"Operator": operator, "Operands": [operand]}}
            for operator, operand, target in arrows["when"]
        ]
    return {"Identifier": identifier, "Type": kind, "Parameters": parameters, "Transitions": transitions}


def _say(identifier: str, text: str, to: str) -> Document:
    return _action(identifier, "MessageParticipant", {"Text": text}, next=to, error=to)


def _call(identifier: str, to: str, error: str, **parameters: Any) -> Document:
    given = {"LambdaFunctionARN": ARN, "InvocationTimeLimitSeconds": "3", **parameters}
    return _action(identifier, "InvokeLambdaFunction", given, next=to, error=error)


def _compare(identifier: str, value: str, no_match: str, *when: tuple[str, str, str]) -> Document:
    errors = {"NoMatchingCondition": no_match}
    return _action(identifier, "Compare", {"ComparisonValue": value}, next=no_match, errors=errors, when=when)


def _flow_of(*actions: Document, start: str = "", kind: str = "") -> Document:
    metadata = {"type": kind} if kind else {}
    start = start or actions[0]["Identifier"]
    return {"Version": "2019-10-30", "StartAction": start, "Metadata": metadata, "Actions": list(actions)}


BYE = _action("bye", "DisconnectParticipant", {})
BASE = _flow_of(
    _say("hi", "Hello", "fn"),
    _call("fn", "say", "sorry"),
    _say("say", "State $.External.State", "bye"),
    _say("sorry", "Sorry", "bye"),
    BYE,
)


def _problems(
    document: Document, *, strict: bool = False, known: Known | None = None, blocks: Catalogue | None = None
) -> list[Problem]:
    blocks = catalogue() if blocks is None else blocks
    return lint(read_flow(json.dumps(document), blocks), blocks, strict=strict, known=known)


def _lines(document: Document, **options: Any) -> list[str]:
    return [f"{each.action}:{each.field}: {each.code}" for each in _problems(document, **options)]


def _message(document: Document, wanted: str, **options: Any) -> str:
    """The message of the only problem with this code."""
    (found,) = [each.message for each in _problems(document, **options) if each.code == wanted]
    return found


def _changed(change: Change) -> Document:
    document = copy.deepcopy(BASE)
    change(document)
    return document


def _parameters(document: Document, place: int) -> Document:
    found: Document = document["Actions"][place]["Parameters"]
    return found


def _transitions(document: Document, place: int) -> Document:
    found: Document = document["Actions"][place]["Transitions"]
    return found


def test_a_good_flow_has_no_problems() -> None:
    assert _lines(BASE) == []
    assert _lines(BASE, strict=True) == []


# --- types


def test_an_unknown_type_names_the_nearest_one() -> None:
    document = _changed(lambda d: d["Actions"][0].update(Type="MessageParticipants"))

    assert _lines(document) == ["hi:Type: E-unknown-type"]
    assert _message(document, "E-unknown-type") == (
        "Invalid Action type. Type: MessageParticipants; did you mean MessageParticipant?"
    )


def test_a_type_like_no_other_is_kept_and_said_so() -> None:
    document = _changed(lambda d: d["Actions"][0].update(Type="BrandNew2030"))

    assert _message(document, "E-unknown-type") == (
        "Invalid Action type. Type: BrandNew2030; it is kept, and takes its error branch when it is reached."
    )


@pytest.mark.parametrize(
    ("flow_type", "found"),
    [
        ("customerWhisper", ["bye:Type: E-flow-type"]),
        ("contactFlow", []),
    ],
)
def test_a_block_must_fit_the_type_of_the_flow(flow_type: str, found: list[str]) -> None:
    document = _flow_of(_say("hi", "Hello", "bye"), BYE, kind=flow_type)

    assert _lines(document) == found


@pytest.mark.parametrize(("flow_type", "fits"), [("contactFlow", False), ("customerQueue", True)])
def test_loop_prompts_belong_in_queue_flows(flow_type: str, fits: bool) -> None:
    loop = _action("music", "MessageParticipantIteratively", {"Messages": [{"Text": "Please hold."}]})
    found = [each.message for each in _problems(_flow_of(loop, kind=flow_type)) if each.code == "E-flow-type"]

    assert bool(found) != fits
    assert all("it may in a customer queue flow (CUSTOMER_QUEUE)" in message for message in found)


@pytest.mark.parametrize(
    ("flow_type", "continues", "exist"),
    [
        ("queueTransfer", "True", True),
        ("contactFlow", "True", True),
        ("contactFlow", "False", False),
        ("agentTransfer", "True", False),
    ],
)
def test_a_call_has_branches_for_failing_where_it_goes_on_and_never_when_an_agent_is_transferred_to(
    flow_type: str, continues: str, exist: bool
) -> None:
    given = {
        "ThirdPartyPhoneNumber": "+15550100",
        "ThirdPartyConnectionTimeLimitSeconds": "30",
        "ContinueFlowExecution": continues,
    }
    errors = {"ConnectionTimeLimitExceeded": "bye", "CallFailed": "bye", "NoMatchingError": "bye"}
    out = _action("out", "TransferParticipantToThirdParty", given, next="bye", errors=errors)

    found = [each.field for each in _problems(_flow_of(out, BYE, kind=flow_type)) if each.code == "E-unknown-error"]
    assert found == ([] if exist else ["Transitions.Errors[0]", "Transitions.Errors[1]"])


def test_the_sentence_names_the_right_types() -> None:
    document = _flow_of(_say("hi", "Hello", "bye"), BYE, kind="agentWhisper")

    assert _message(document, "E-flow-type") == (
        "Disconnect / hang up (DisconnectParticipant) may not stand in an agent whisper flow (AGENT_WHISPER); it may "
        "in an inbound flow (CONTACT_FLOW), a customer queue flow (CUSTOMER_QUEUE), a transfer to agent flow "
        "(AGENT_TRANSFER), a transfer to queue flow (QUEUE_TRANSFER), a module (MODULE)."
    )


def test_the_strict_profile_allows_what_all_pages_allow() -> None:
    document = _flow_of(_call("fn", "end", "end"), _action("end", "EndFlowExecution", {}), kind="outboundWhisper")

    assert _lines(document) == []
    assert _message(document, "E-flow-type", strict=True).endswith("(OUTBOUND_WHISPER); it may in every other type.")


# --- parameters


def test_a_missing_parameter_has_the_sentence_of_the_service() -> None:
    document = _changed(
        lambda d: d["Actions"].insert(3, _action("set", "UpdateContactAttributes", {}, next="bye", error="bye"))
    )

    assert _message(document, "E-missing-parameter") == (
        "Action is missing required property. Path: Actions[3].Parameters.Attributes"
    )


def test_what_is_missing_is_not_reported_twice() -> None:
    document = _flow_of(_compare("if", "", "bye", ("Equals", "1", "bye")), BYE)
    del document["Actions"][0]["Parameters"]["ComparisonValue"]

    assert _lines(document) == ["if:Parameters.ComparisonValue: E-missing-parameter"]


def test_inputs_at_the_top_are_unknown_and_the_block_says_where_they_belong() -> None:
    document = _changed(lambda d: _parameters(d, 1).update(customerId="1"))

    assert _lines(document) == [
        "fn:Parameters.customerId: W-unknown-parameter",
        "fn:Parameters.customerId: W-lambda-input-place",
    ]
    assert _message(document, "W-unknown-parameter") == (
        "Invalid Action property name. Path: Actions[1].Parameters.customerId; InvokeLambdaFunction has "
        "LambdaFunctionARN, InvocationTimeLimitSeconds, InvocationType, LambdaInvocationAttributes, "
        "ResponseValidation, LambdaInvocationId."
    )


def test_unknown_parameters_are_errors_in_the_strict_profile() -> None:
    document = _changed(lambda d: _parameters(d, 0).update(customerId="1"))

    assert _lines(document, strict=True) == ["hi:Parameters.customerId: E-unknown-parameter"]


@pytest.mark.parametrize(
    ("place", "name", "hint"),
    [
        (0, "Txt", "did you mean Text?"),
        (0, "Zzz", "MessageParticipant has Text, SSML, PromptId, Media, SkipWhenDTMFBufferEnabled."),
        (4, "Reason", "DisconnectParticipant has no parameters."),
    ],
)
def test_an_unknown_parameter_names_the_near_one_or_all(place: int, name: str, hint: str) -> None:
    document = _changed(lambda d: _parameters(d, place).update({name: "x"}))

    assert _message(document, "W-unknown-parameter").endswith(f".Parameters.{name}; {hint}")


def test_unknown_names_inside_an_object_are_found() -> None:
    document = _changed(lambda d: _parameters(d, 1).update(ResponseValidation={"ResponseType": "JSON", "Strict": "1"}))

    assert _lines(document) == ["fn:Parameters.ResponseValidation.Strict: W-unknown-parameter"]


def test_no_parameter_is_unknown_where_none_is_published() -> None:
    spec = BlockSpec(action="New", title="New", group="other", kind="contact", params=UnknownParams, terminal=True)
    document = _flow_of(_action("x", "New", {"Anything": "${at} all"}))

    assert _lines(document, blocks={"New": spec}) == ["x:Type: W-not-built"]


def test_every_wrong_value_is_named_with_its_rule() -> None:
    document = _changed(
        lambda d: _parameters(d, 1).update(
            InvocationTimeLimitSeconds="soon", InvocationType="SOON", LambdaFunctionARN="$.Attributes.x"
        )
    )
    del document["Actions"][4]

    found = [each.message for each in _problems(document) if each.code == "E-bad-value"]
    assert found == [
        "Invalid Action property value. Path: Actions[1].Parameters.InvocationTimeLimitSeconds; expected `int`, "
        'got `str`, and it is "soon".',
        "Invalid Action property value. Path: Actions[1].Parameters.InvocationType; invalid enum value 'SOON', "
        'and it is "SOON".',
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [({"a": 1}, "an object"), (["a"], "a list"), ("x" * 80, f'"{"x" * 59}…'), (1.5, "1.5")],
)
def test_a_wrong_value_is_shown_short(value: Any, shown: str) -> None:
    document = _changed(lambda d: _parameters(d, 1).update(InvocationTimeLimitSeconds=value))

    assert _message(document, "E-bad-value").endswith(f", and it is {shown}.")


def test_numbers_and_texts_of_numbers_are_both_fine() -> None:
    for value in ("3", 3):
        assert _lines(_changed(lambda d, value=value: _parameters(d, 1).update(InvocationTimeLimitSeconds=value))) == []


# --- branches


def test_each_required_error_is_asked_for_with_the_sentence_of_the_service() -> None:
    for place, action in enumerate(BASE["Actions"]):
        document = _changed(lambda d, place=place: _transitions(d, place).update(Errors=[]))
        required = action["Type"] == "InvokeLambdaFunction"
        found = [each.message for each in _problems(document) if each.code == "E-missing-error"]

        wanted = f"Action is missing required error. Error: NoMatchingError, Path: Actions[{place}]"
        assert found == ([wanted] if required else [])


def test_which_errors_are_required_depends_on_the_parameters() -> None:
    menu = {"Text": "1?", "StoreInput": "False", "InputTimeLimitSeconds": "5"}
    errors = {"NoMatchingError": "bye", "NoMatchingCondition": "bye"}
    document = _flow_of(
        _action("ask", "GetParticipantInput", menu, next="bye", errors=errors, when=[("Equals", "1", "bye")]), BYE
    )

    assert _message(document, "E-missing-error") == (
        "Action is missing required error. Error: InputTimeLimitExceeded, Path: Actions[0]"
    )


def test_an_error_that_the_action_does_not_have_is_refused() -> None:
    document = _flow_of(_compare("if", "$.Channel", "bye", ("Equals", "1", "bye")), BYE)
    document["Actions"][0]["Transitions"]["Errors"].append({"NextAction": "bye", "ErrorType": "NoMatchingError"})

    assert _message(document, "E-unknown-error") == (
        "Invalid Action error. Error: NoMatchingError; Compare has NoMatchingCondition here."
    )


def test_an_action_without_errors_says_so() -> None:
    document = _changed(lambda d: _transitions(d, 4).update(Errors=[{"NextAction": "hi", "ErrorType": "Odd"}]))

    assert (
        _message(document, "E-unknown-error")
        == "Invalid Action error. Error: Odd; DisconnectParticipant has no errors here."
    )


def test_a_timeout_branch_of_a_function_is_only_a_warning_outside_of_strict() -> None:
    document = _changed(lambda d: _transitions(d, 1)["Errors"].append({"NextAction": "sorry", "ErrorType": "Timeout"}))

    assert _lines(document) == ["fn:Transitions.Errors[1]: W-unknown-error"]
    assert _lines(document, strict=True) == ["fn:Transitions.Errors[1]: E-unknown-error"]


def test_branches_that_are_wired_twice_are_named() -> None:
    document = _flow_of(_compare("if", "$.Channel", "bye", ("Equals", "1", "bye"), ("Equals", "1", "bye")), BYE)
    document["Actions"][0]["Transitions"]["Errors"] *= 2

    assert _lines(document) == [
        "if:Transitions.Errors[1]: W-doubled-branch",
        "if:Transitions.Conditions[1]: W-doubled-branch",
    ]


def test_next_action_is_required_where_the_flow_goes_on() -> None:
    document = _changed(lambda d: _transitions(d, 1).pop("NextAction"))

    assert _message(document, "E-missing-next") == (
        "Action is missing required property. Path: Actions[1].Transitions.NextAction"
    )


def test_nothing_follows_the_end() -> None:
    document = _changed(lambda d: _transitions(d, 4).update(NextAction="hi"))

    assert _message(document, "E-no-transitions") == (
        "Action does not support transitions. Path: Actions[4]; DisconnectParticipant ends the flow."
    )


def test_conditions_need_a_result() -> None:
    condition = {"NextAction": "bye", "Condition": {"Operator": "Equals", "Operands": ["1"]}}
    document = _changed(lambda d: _transitions(d, 0).update(Conditions=[condition]))

    assert _lines(document) == ["hi:Transitions.Conditions: E-no-conditions"]


def test_operators_are_the_ones_of_the_action() -> None:
    document = _flow_of(_compare("if", "$.Channel", "bye", ("Like", "1", "bye")), BYE)

    assert _lines(document) == ["if:Transitions.Conditions[0]: E-bad-operator"]


@pytest.mark.parametrize(
    ("operator", "operand", "rule"),
    [
        ("NumberLessThan", "ten", "NumberLessThan compares numbers, and 'ten' is none: it is never true."),
        ("NumberLessThan", "10", ""),
        ("NumberLessThan", "$.Attributes.ten", ""),
    ],
)
def test_operands_must_be_able_to_hold(operator: str, operand: str, rule: str) -> None:
    document = _flow_of(_compare("if", "$.Channel", "bye", (operator, operand, "bye")), BYE)
    found = [each.message for each in _problems(document) if each.code == "E-bad-operand"]

    assert found == ([f"Invalid branch. Path: Actions[0].Transitions.Conditions[0]; {rule}"] if rule else [])


# --- references


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hi $.Attribute.name", ["hi:Parameters.Text: W-unknown-reference"]),
        ("Hi $.Zzz.name", ["hi:Parameters.Text: W-unknown-reference"]),
        ("Hi $['Zzz'].name", ["hi:Parameters.Text: W-unknown-reference"]),
        ("It costs $.50", []),
        ("Hi $.External", ["hi:Parameters.Text: W-bare-namespace"]),
        ("Hi $.Channel.name", ["hi:Parameters.Text: W-value-with-key"]),
        ("Hi $.External.$.External.State", ["hi:Parameters.Text: E-doubled-reference"]),
        ("$.External.['$.External.State']", ["hi:Parameters.Text: E-doubled-reference"]),
        ("Hi $.StoredCustomerInput", []),
        ("Status $.External.statusCode", ["hi:Parameters.Text: W-lambda-statuscode"]),
        ("Status $.LambdaInvocation.ResultData.statuscode", ["hi:Parameters.Text: W-lambda-statuscode"]),
        ("Status $.LambdaInvocation.InvocationId", []),
    ],
)
def test_references_inside_text(text: str, found: list[str]) -> None:
    assert _lines(_changed(lambda d: _parameters(d, 0).update(Text=text))) == found


@pytest.mark.parametrize(
    ("arn", "found"),
    [
        ("$.Attributes.$.Attributes.fn", ["fn:Parameters.LambdaFunctionARN: E-doubled-reference"]),
        ("$.Zzz.fn", ["fn:Parameters.LambdaFunctionARN: E-unknown-reference"]),
        ("$.External", ["fn:Parameters.LambdaFunctionARN: E-bare-namespace"]),
        ("$.External.fn", []),
    ],
)
def test_references_that_stand_alone(arn: str, found: list[str]) -> None:
    assert _lines(_changed(lambda d: _parameters(d, 1).update(LambdaFunctionARN=arn))) == found


def test_a_template_in_an_arn_is_left_to_the_check_of_the_block() -> None:
    document = _changed(lambda d: _parameters(d, 1).update(LambdaFunctionARN="arn:aws:lambda:$.AwsRegion:1:function:f"))

    assert _lines(document) == ["fn:Parameters.LambdaFunctionARN: E-lambda-arn-template"]


def test_unknown_roots_name_the_near_one() -> None:
    document = _changed(lambda d: _parameters(d, 0).update(Text="Hi $.Attribute.name and $.Qqq.x"))
    messages = [each.message for each in _problems(document)]

    assert messages == [
        "$.Attribute refers to nothing and is taken as text; did you mean $.Attributes?",
        "$.Qqq refers to nothing and is taken as text; it is not a namespace of Connect.",
    ]


def test_a_doubled_reference_shows_what_was_meant() -> None:
    document = _changed(lambda d: _parameters(d, 0).update(Text="$.External.$.External.State"))

    assert _message(document, "E-doubled-reference") == (
        "$.External.$.External.State is a reference inside a reference, and resolves to nothing: write "
        "$.External.State, or the bare key where the designer asks for one."
    )


def test_static_parameters_take_no_references() -> None:
    document = _changed(lambda d: _parameters(d, 1).update(InvocationTimeLimitSeconds="$.Attributes.limit"))

    assert "fn:Parameters.InvocationTimeLimitSeconds: E-static-reference" in _lines(document)
    assert not any("E-bad-value" in line for line in _lines(document))


def test_references_in_operands_are_looked_at() -> None:
    document = _flow_of(_compare("if", "$.Channel", "bye", ("Equals", "$.Attributes.code", "bye")), BYE)

    assert _lines(document) == ["if:Transitions.Conditions[0]: W-never-set"]


def test_a_value_in_ssml_is_not_escaped() -> None:
    document = _changed(lambda d: d["Actions"][0].update(Parameters={"SSML": "<speak>Hi $.External.Name</speak>"}))

    assert _lines(document) == ["hi:Parameters.SSML: W-ssml-reference"]


# --- blocks that nobody has written: what the declarations alone can say


class Inner(msgspec.Struct, frozen=True, rename="pascal"):
    queue_id: Annotated[str | None, SINGLE] = None


class Odd(msgspec.Struct, frozen=True, rename="pascal"):
    needed: Annotated[str, REFERENCE]
    prompt_id: Annotated[str, SINGLE] = ""
    inner: Inner | None = None
    flows: Annotated[dict[str, str], SINGLE] = {}
    many: Annotated[tuple[Inner, ...], STATIC] = ()
    some: Annotated[list[str] | str | None, DYNAMIC] = None
    data: Annotated[Any, JSON] = None
    count: Annotated[int, STATIC] = 0


def _odd(**declared: Any) -> dict[str, BlockSpec]:
    spec = BlockSpec(
        action="Odd",
        title="Odd block",
        group="other",
        kind="contact",
        params=Odd,
        terminal=declared.pop("terminal", True),
        widgets={"PromptId": "prompt-picker", "Inner.QueueId": "queue-picker", "Flows": "flow-picker", "Data": "json"},
        **declared,
    )
    return {"Odd": spec}


def _odd_lines(parameters: Mapping[str, Any], **declared: Any) -> list[str]:
    document = _flow_of(_action("x", "Odd", {"Needed": "$.Channel", **parameters}))
    return [line for line in _lines(document, blocks=_odd(**declared)) if not line.endswith("W-not-built")]


def test_a_block_that_is_not_built_is_noted() -> None:
    document = _flow_of(_action("x", "Odd", {"Needed": "$.Channel"}))

    assert _message(document, "W-not-built", blocks=_odd()) == (
        "Odd block (Odd) is not built yet: it takes its error branch in offhook."
    )


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"Needed": "plain"}, ["x:Parameters.Needed: E-no-reference"]),
        ({"Needed": "$.Nope.x"}, ["x:Parameters.Needed: E-unknown-reference"]),
        ({"Needed": "to $.Channel"}, ["x:Parameters.Needed: E-mixed-reference", "x:Parameters.Needed: E-no-reference"]),
        ({"PromptId": "is $.Channel"}, ["x:Parameters.PromptId: E-mixed-reference"]),
        ({"PromptId": "is $.Channel and $.Name"}, ["x:Parameters.PromptId: E-mixed-reference"]),
        ({"PromptId": "is $.5"}, ["x:Parameters.PromptId: E-mixed-reference"]),
        ({"Inner": {"QueueId": "$.Attributes"}}, ["x:Parameters.Inner.QueueId: E-bare-namespace"]),
        ({"Inner": {"Other": "1"}}, ["x:Parameters.Inner.Other: W-unknown-parameter"]),
        ({"Inner": None}, []),
        ({"Many": [{"QueueId": "$.Attributes"}]}, ["x:Parameters.Many.0.QueueId: E-bare-namespace"]),
        ({"Some": ["$.Attributes"]}, ["x:Parameters.Some.0: W-bare-namespace"]),
        ({"Some": "$.Attributes"}, ["x:Parameters.Some: W-bare-namespace"]),
        ({"Data": "$.Attributes"}, []),
        ({"Data": {"deep": [{"er": "all $.Attributes"}]}}, ["x:Parameters.Data.deep.0.er: W-bare-namespace"]),
        ({"Data": {"$.Nope.key": 1}}, ["x:Parameters.Data.$.Nope.key: W-unknown-reference"]),
        ({"Count": "${count}"}, ["x:Parameters.Count: W-token"]),
        ({"Count": "many"}, ["x:Parameters.Count: E-bad-value"]),
        ({"Many": {"QueueId": "1"}}, ["x:Parameters.Many: E-bad-value"]),
    ],
)
def test_parameters_are_read_beside_their_declarations(parameters: Mapping[str, Any], found: list[str]) -> None:
    assert _odd_lines(parameters) == found


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"PromptId": "Music"}, ["x:Parameters.PromptId: W-token"]),
        ({"PromptId": "b1f0a1c2-0000-4000-8000-000000000001"}, []),
        ({"PromptId": "arn:aws:connect:us-east-1:1:instance/i/prompt/p"}, []),
        ({"PromptId": "arn:aws:connect:{REGION}:1:instance/i/prompt/p"}, ["x:Parameters.PromptId: W-token"]),
        ({"PromptId": "<<prompt>>"}, ["x:Parameters.PromptId: W-token"]),
        ({"PromptId": ""}, []),
        ({"Inner": {"QueueId": "%%QUEUE%%"}}, ["x:Parameters.Inner.QueueId: W-token"]),
        ({"Flows": {"CustomerQueue": "{{flow}}"}}, ["x:Parameters.Flows.CustomerQueue: W-token"]),
        ({"Data": "{{flow}}"}, []),
    ],
)
def test_ids_that_must_be_filled_in_are_found(parameters: Mapping[str, Any], found: list[str]) -> None:
    assert _odd_lines(parameters) == found


def test_operands_are_the_results_of_the_action() -> None:
    blocks = _odd(terminal=False, may_end=True, operators=("Equals",), operands=("Yes", "No"))
    action = _action("x", "Odd", {"Needed": "$.Channel"}, when=[("Equals", "Maybe", "x"), ("Equals", "Yes", "x")])
    action["Transitions"]["Conditions"] += [
        {"NextAction": "x", "Condition": {"Operator": "Equals", "Operands": []}},
        {"NextAction": "x", "Condition": {"Operator": "Equals", "Operands": [""]}},
    ]
    found = [each.message for each in _problems(_flow_of(action), blocks=blocks) if each.code == "E-bad-operand"]

    assert found == [
        "Invalid branch. Path: Actions[0].Transitions.Conditions[0]; the operand is 'Maybe', must be one of Yes, No.",
        "Invalid branch. Path: Actions[0].Transitions.Conditions[2]; it has 0 operands, must have one.",
        "Invalid branch. Path: Actions[0].Transitions.Conditions[3]; its operand is empty; text that is not there "
        "cannot be compared.",
    ]


def test_an_error_counts_only_where_it_applies() -> None:
    errors = (ErrorBranch("Late", when=lambda raw: "Count" in raw), ErrorBranch("Odd", required=False))
    without = {"x:Transitions.Errors: E-missing-error"}

    assert without.isdisjoint(_odd_lines({}, errors=errors))
    assert without <= set(_odd_lines({"Count": 1}, errors=errors))


def test_a_block_that_may_stand_nowhere_says_so() -> None:
    nowhere = FlowTypes(frozenset(), frozenset())
    document = _flow_of(_action("x", "Odd", {"Needed": "$.Channel"}), kind="contactFlow")

    assert _message(document, "E-flow-type", blocks=_odd(flow_types=nowhere)) == (
        "Odd block (Odd) may not stand in an inbound flow (CONTACT_FLOW); no type of flow is known where it may."
    )


@pytest.mark.parametrize("field", ["Parameters.Count", "Parameters.Count.deep", "Parameters.Counts", "Parameters"])
def test_what_the_check_of_a_block_says_is_not_said_again(field: str) -> None:
    found = Problem("E-odd", "the check says so.", action="x", field=field)
    lines = _odd_lines({"Count": "many"}, check=lambda action: [found])

    assert ("x:Parameters.Count: E-bad-value" in lines) == (field in ("Parameters.Counts", "Parameters"))
    assert f"x:{field}: E-odd" in lines


# --- names in a project


def _instance(**fields: Any) -> Instance:
    base = Instance()
    resources = (
        base.resource("function", "lookup", matches=("${Lookup.Arn}",)),
        base.resource("function", "other"),
        base.resource("queue", "Support"),
    )
    return msgspec.structs.replace(base, resources=resources, **fields)


def _known(instance: Instance | None = None, source: str = "", answers: Mapping[str, tuple[str, ...]] = {}) -> Known:
    return known_in(instance or _instance(), {"lookup": source} if source else {}, answers)


def test_the_flow_of_an_event_is_looked_up() -> None:
    hook = _action(
        "hook", "UpdateContactEventHooks", {"EventHooks": {"CustomerQueue": "Nobody"}}, next="bye", error="bye"
    )

    assert "hook:Parameters.EventHooks.CustomerQueue: W-token" in _lines(_flow_of(hook, BYE), known=_known())


def _queue(queue: str) -> Document:
    return _flow_of(_action("q", "UpdateContactTargetQueue", {"QueueId": queue}, next="bye", error="bye"), BYE)


def test_a_function_of_the_project_is_found() -> None:
    assert _lines(BASE, known=_known()) == []


def test_a_token_that_the_project_knows_is_no_problem() -> None:
    document = _changed(lambda d: _parameters(d, 1).update(LambdaFunctionARN="${Lookup.Arn}"))

    assert _lines(document, known=_known()) == []
    assert _lines(document) == ["fn:Parameters.LambdaFunctionARN: W-token"]


@pytest.mark.parametrize("text", ["${Unknown.Arn}", "SELECT LAMBDA TO VIEW", "REPLACE_ME", "<your function>"])
def test_prose_in_place_of_a_function_is_a_warning(text: str) -> None:
    document = _changed(lambda d: _parameters(d, 1).update(LambdaFunctionARN=text))

    assert _lines(document) == ["fn:Parameters.LambdaFunctionARN: W-token"]
    assert _lines(document, known=_known()) == ["fn:Parameters.LambdaFunctionARN: W-token"]


@pytest.mark.parametrize("text", ["lookupp", "arn:aws:lambda:us-east-1:1:function:lookupp"])
def test_a_function_that_the_project_lacks_is_an_error_with_the_near_names(text: str) -> None:
    document = _changed(lambda d: _parameters(d, 1).update(LambdaFunctionARN=text))

    assert _lines(document) == []
    assert _lines(document, known=_known()) == ["fn:Parameters.LambdaFunctionARN: E-not-found"]
    assert "nearest: lookup" in _message(document, "E-not-found", known=_known())


def test_a_queue_that_the_project_lacks_is_assumed_outside_of_strict() -> None:
    document = _queue("arn:aws:connect:us-east-1:111122223333:instance/i/queue/q")
    strict = _known(_instance(strict=True))

    assert _lines(document, known=_known()) == ["q:Parameters.QueueId: W-assumed"]
    assert _lines(document, known=strict, strict=True) == ["q:Parameters.QueueId: E-not-found"]
    assert _lines(_queue("Support"), known=_known()) == []
    assert _lines(_queue("$.Attributes.queue")) == ["q:Parameters.QueueId: W-never-set"]


def test_functions_must_be_added_to_the_instance() -> None:
    document = BASE
    added = _known(_instance(associated=frozenset({"lookup"})))
    not_added = _known(_instance(associated=frozenset()))

    assert _lines(document, known=added) == []
    assert _lines(document, known=not_added) == ["fn:Parameters.LambdaFunctionARN: W-not-associated"]
    assert _lines(document, known=not_added, strict=True) == ["fn:Parameters.LambdaFunctionARN: E-not-associated"]


def test_only_functions_that_are_found_are_asked_for() -> None:
    document = _changed(lambda d: _parameters(d, 1).update(LambdaFunctionARN="lookupp"))
    document["Actions"][0] = _queue("Support")["Actions"][0] | {
        "Identifier": "hi",
        "Transitions": _transitions(BASE, 0),
    }
    not_added = _known(_instance(associated=frozenset()))

    assert _lines(document, known=not_added) == ["fn:Parameters.LambdaFunctionARN: E-not-found"]


SOURCE = 'def handler(event, context):\n    return {"state": event["Details"]["Parameters"]["customerId"]}\n'


@pytest.mark.parametrize("text", ["$.External.State", "$.External.STATE", "$.LambdaInvocation.ResultData.State"])
def test_a_key_that_is_spelled_differently_is_named(text: str) -> None:
    document = _changed(lambda d: _parameters(d, 2).update(Text=f"State {text}"))
    found = _problems(document, known=_known(source=SOURCE))

    assert [(each.code, each.action) for each in found] == [("W-external-name", "say")]
    assert found[0].message.endswith("did you mean state? Names are case-sensitive.")


@pytest.mark.parametrize("text", ["$.External.state", "$.External.county", "$.Attributes"])
def test_keys_that_match_or_are_like_no_other_are_not_named(text: str) -> None:
    document = _changed(lambda d: _parameters(d, 2).update(Text=f"State {text}"))

    assert not any("external-name" in line for line in _lines(document, known=_known(source=SOURCE)))


def test_what_a_stub_answers_is_known_too() -> None:
    known = _known(answers={"lookup": ('{"state":"WA"}', '"text"', "{", "3")})

    assert _lines(BASE, known=known) == ["say:Parameters.Text: W-external-name"]


def test_functions_of_which_nothing_is_known_say_nothing() -> None:
    known = _known(answers={"other": ('{"state":"WA"}',)})

    assert _lines(BASE, known=known) == []


def test_only_functions_have_sources() -> None:
    assert _lines(_queue("Support"), known=_known(source=SOURCE)) == []


def test_an_input_that_is_spelled_differently_is_named() -> None:
    inputs = {"customerID": "1", "other": "2", "Parameters": "3"}
    document = _changed(lambda d: _parameters(d, 1).update(LambdaInvocationAttributes=inputs))
    source = SOURCE.replace('"state"', '"State"')

    assert _message(document, "W-parameter-name", known=_known(source=source)) == (
        "the function does not read 'customerID'; did you mean customerId? Names are case-sensitive."
    )


def test_a_file_that_is_not_python_says_nothing() -> None:
    assert _lines(BASE, known=_known(source="def (")) == []


# --- attributes


def test_an_attribute_that_nothing_sets_is_named_once() -> None:
    document = _flow_of(_say("a", "$.Attributes.x", "b"), _say("b", "$.Attributes.x and $.Attributes.y", "bye"), BYE)

    assert _lines(document) == ["a:Parameters.Text: W-never-set", "b:Parameters.Text: W-never-set"]
    assert [each.message for each in _problems(document)] == [
        "$.Attributes.x is empty unless something else sets it: no block of this flow sets the attribute 'x'.",
        "$.Attributes.y is empty unless something else sets it: no block of this flow sets the attribute 'y'.",
    ]


def _set(identifier: str, to: str, **attributes: str) -> Document:
    return _action(identifier, "UpdateContactAttributes", {"Attributes": attributes}, next=to, error=to)


def test_attributes_that_the_flow_or_another_flow_of_the_project_sets_are_fine() -> None:
    read = _flow_of(_say("a", "$.Attributes.x", "bye"), BYE)
    written = _flow_of(_set("set", "a", x="1"), *read["Actions"])
    other = read_flow(json.dumps(written), catalogue())
    known = _known(_instance(flows={"arn:other": other}))

    assert _lines(written) == []
    assert _lines(read, known=known) == []
    assert "no flow of the project sets" in _message(read, "W-never-set", known=_known())


def test_keys_that_are_put_together_may_be_any_key() -> None:
    document = _flow_of(_set("set", "a", **{"$.Queue.Name": "1"}), _say("a", "$.Attributes.x", "bye"), BYE)

    assert _lines(document) == []


def test_flow_attributes_belong_to_the_flow_alone() -> None:
    flow_attribute = {"FlowAttributes": {"tries": {"Value": "1"}}}
    document = _flow_of(
        _action("set", "UpdateFlowAttributes", flow_attribute, next="say", error="say"),
        _say("say", "$.FlowAttributes.tries $.FlowAttributes.other", "bye"),
        BYE,
    )

    assert _message(document, "W-never-set") == (
        "$.FlowAttributes.other is empty: this flow does not set the flow attribute 'other'."
    )


def test_an_answer_is_empty_where_no_function_is_called() -> None:
    document = _flow_of(_say("say", "$.External.State", "bye"), BYE)
    known = _known(_instance(flows={"arn:other": read_flow(json.dumps(BASE), catalogue())}))

    wanted = "$.External.State is empty: no flow of the project calls a function."
    assert _message(document, "W-never-set", known=_known()) == wanted
    assert _lines(document, known=known) == []
    assert _lines(document) == []


def test_a_comparison_with_an_attribute_that_nothing_sets_has_its_own_rule() -> None:
    document = _flow_of(_compare("if", "$.Attributes.x", "bye", ("Equals", "1", "bye")), BYE)

    assert _lines(document) == ["if:Parameters.ComparisonValue: W-compare-never-set"]
    assert _message(document, "W-compare-never-set").endswith("Until then no condition here is true.")


@pytest.mark.parametrize("attributes", [None, "x", ["x"]])
def test_attributes_of_the_wrong_shape_set_nothing(attributes: Any) -> None:
    action = _action("set", "UpdateContactAttributes", {"Attributes": attributes}, next="a", error="a")
    document = _flow_of(action, _say("a", "$.Attributes.x", "bye"), BYE)

    assert "a:Parameters.Text: W-never-set" in _lines(document)


# --- how actions follow each other


def test_a_failing_function_must_not_hang_up() -> None:
    document = _changed(lambda d: _transitions(d, 1)["Errors"][0].update(NextAction="bye"))

    assert _lines(document) == ["fn:Transitions.Errors[0]: W-lambda-error-disconnects", "sorry:: W-unreachable"]


def test_two_functions_in_a_row_are_silence() -> None:
    document = _flow_of(
        _call("one", "set", "sorry"),
        _set("set", "two", x="1"),
        _call("two", "say", "sorry"),
        _say("say", "$.Attributes.x", "three"),
        _call("three", "bye", "sorry"),
        _say("sorry", "Sorry", "bye"),
        BYE,
    )

    assert _lines(document) == ["two:: W-lambda-silence"]
    assert "after 'one' with no prompt" in _message(document, "W-lambda-silence")


def test_a_function_that_is_tried_again_at_once_is_silence_too() -> None:
    document = _flow_of(_call("fn", "bye", "fn"), BYE)

    assert "after itself with no prompt" in _message(document, "W-lambda-silence")


def test_each_silence_is_named_once_and_dangling_arrows_do_not_matter() -> None:
    document = _flow_of(
        _call("one", "three", "nowhere"), _call("two", "three", "three"), _call("three", "bye", "sorry")
    )

    assert [line for line in _lines(document) if "silence" in line] == ["three:: W-lambda-silence"]


@pytest.mark.parametrize(
    "parameters", [{"InvocationType": "ASYNCHRONOUS"}, {"LambdaInvocationId": "$.LambdaInvocation.InvocationId"}]
)
def test_functions_that_nobody_waits_for_are_no_silence(parameters: Document) -> None:
    document = _flow_of(
        _call("one", "two", "sorry", **parameters), _call("two", "bye", "sorry"), _say("sorry", "S", "bye"), BYE
    )

    assert not any("silence" in line for line in _lines(document))


def test_a_loop_without_a_wait_is_named_once_with_its_way() -> None:
    document = _flow_of(_set("a", "b", x="1"), _set("b", "c", y="1"), _set("c", "a", z="1"))

    assert _message(document, "W-loop") == (
        "the contact may go round without waiting: 'a' -> 'b' -> 'c' -> 'a'; it ends after 1,000 blocks."
    )


def test_two_loops_that_share_nothing_are_two() -> None:
    document = _flow_of(
        _compare("if", "$.Channel", "c", ("Equals", "1", "a")),
        _set("a", "a", x="1"),
        _set("c", "d", y="1"),
        _set("d", "c", z="1"),
    )

    assert [line for line in _lines(document) if "loop" in line] == ["a:: W-loop", "c:: W-loop"]


def test_a_way_between_two_loops_is_no_loop() -> None:
    document = _flow_of(
        _set("a", "b", x="1"),
        _compare("b", "$.Channel", "m", ("Equals", "1", "a")),
        _set("m", "c", y="1"),
        _set("c", "c", z="1"),
    )

    assert [line for line in _lines(document) if "loop" in line] == ["a:: W-loop", "c:: W-loop"]


@pytest.mark.parametrize(
    "between",
    [
        _say("b", "Hello", "a"),
        _action("b", "Nobody knows", {}, next="a"),
        _call("b", "a", "a"),
        _action("b", "InvokeFlowModule", {"FlowModuleId": "arn:x"}, next="a", error="a"),
    ],
)
def test_what_takes_time_breaks_a_loop(between: Document) -> None:
    assert not any("loop" in line for line in _lines(_flow_of(_set("a", "b", x="1"), between)))


def test_a_counted_loop_ends_and_what_it_does_when_done_counts() -> None:
    def document(done: str) -> Document:
        when = [("Equals", "ContinueLooping", "set"), ("Equals", "DoneLooping", done)]
        loop = _action("loop", "Loop", {"LoopCount": "3"}, next=done, when=when, errors={"NoMatchingError": "bye"})
        return _flow_of(loop, _set("set", "loop", x="1"), _set("again", "loop", y="1"), BYE)

    assert not any("W-loop" in line for line in _lines(document("bye")))
    assert any("W-loop" in line for line in _lines(document("again")))


def test_a_loop_that_counts_by_an_attribute_ends() -> None:
    def document(read: str) -> Document:
        tries = _compare("tries", read, "bye", ("Equals", "1", "set"))
        return _flow_of(tries, _set("set", "tries", tries="2"), BYE)

    assert not any("W-loop" in line for line in _lines(document("$.Attributes.tries")))
    assert any("W-loop" in line for line in _lines(document("$.Channel")))


def _menu(identifier: str, to: str) -> Document:
    parameters = {"Text": "1?", "StoreInput": "False", "InputTimeLimitSeconds": "5"}
    errors = dict.fromkeys(("NoMatchingError", "NoMatchingCondition", "InputTimeLimitExceeded"), to)
    return _action(identifier, "GetParticipantInput", parameters, next=to, errors=errors, when=[("Equals", "1", to)])


def test_a_block_that_fails_on_a_channel_is_named_where_that_channel_comes_by() -> None:
    told_apart = _flow_of(_compare("if", "$.Channel", "bye", ("Equals", "CHAT", "ask")), _menu("ask", "bye"), BYE)
    not_told = _flow_of(_menu("ask", "bye"), BYE)
    kept_out = _flow_of(
        _compare("if", "$.Channel", "ask", ("Equals", "CHAT", "bye"), ("Equals", "VOICE", "ask")),
        _menu("ask", "bye"),
        BYE,
    )

    assert _lines(told_apart) == ["ask:Type: W-channel"]
    assert _lines(not_told) == []
    assert _lines(kept_out) == []
    assert _message(told_apart, "W-channel") == (
        "Get customer input does not work on CHAT: such a contact takes NoMatchingError here."
    )


def test_other_operators_and_unknown_blocks_let_every_channel_by() -> None:
    document = _flow_of(
        _compare("if", "$.Channel", "bye", ("TextContains", "CHAT", "x")),
        _action("x", "Nobody knows", {}, next="ask", error="gone"),
        _menu("ask", "bye"),
        BYE,
    )

    assert "ask:Type: W-channel" in _lines(document)


def test_voice_is_always_looked_at() -> None:
    blocks = {**catalogue(), **_odd(terminal=False, may_end=True, channels={"VOICE": "error:NoMatchingError"})}
    document = _flow_of(_action("x", "Odd", {"Needed": "$.Channel"}, next="bye"), BYE)

    assert "x:Type: W-channel" in _lines(document, blocks=blocks)


# --- all together


def test_problems_of_reading_have_codes_like_the_others_and_do_not_repeat_the_action() -> None:
    document = _changed(lambda d: d["Actions"].append(_say("lost", "Nobody hears this", "nowhere")))
    document["Actions"].append(dict(document["Actions"][0]))
    document["Actions"].insert(0, {"Type": "MessageParticipant"})

    assert _lines(document) == [
        ":Actions[0]: E-missing-identifier",
        "hi:Actions[7]: E-duplicate-identifier",
        "lost:NextAction: E-dangling-target",
        "lost:error NoMatchingError: E-dangling-target",
        "lost:: W-unreachable",
    ]
    assert _message(document, "W-unreachable") == "no arrow from the start leads here, so it never runs."


def test_an_action_is_called_by_its_place_in_the_file() -> None:
    document = _changed(lambda d: _transitions(d, 1).update(Errors=[]))
    document["Actions"][:0] = ["odd", {"Type": "MessageParticipant"}]

    assert _message(document, "E-missing-error").endswith("Path: Actions[3]")


def test_problems_come_in_the_order_of_the_actions() -> None:
    document = _flow_of(
        _call("two", "one", "bye"), _call("one", "two", "bye"), _say("hi", "$.Attribute.x", "bye"), BYE, start="one"
    )
    actions = [each.action for each in _problems(document)]

    assert actions == sorted(actions, key=["two", "one", "hi", "bye"].index)


def test_an_old_export_is_linted_like_any_other() -> None:
    module = {"id": "a", "type": "Disconnect", "branches": [], "parameters": []}
    legacy = {"modules": [module, module], "version": "1", "type": "agentWhisper", "start": "a", "metadata": {}}

    assert _lines(legacy) == ["a:modules[1]: E-duplicate-identifier", "a:Type: E-flow-type"]


def test_a_module_that_was_not_converted_is_said_once() -> None:
    module = {"id": "a", "type": "TimeMachine", "branches": [], "parameters": []}
    legacy = {"modules": [module], "version": "1", "type": "contactFlow", "start": "a", "metadata": {}}

    assert _lines(legacy) == ["a:type: E-not-converted"]


def test_a_flow_without_a_document_is_linted_too() -> None:
    flow = Flow("flow-language", {}, "a", {"a": Action("a", "DisconnectParticipant", {})})

    assert lint(flow, catalogue(), strict=False) == []


# --- the table


@pytest.mark.parametrize("text", ["W-loop", "E-loop", "loop", " LOOP ", "w-loop"])
def test_a_rule_is_found_however_its_code_is_spelled(text: str) -> None:
    rule = find_rule(text)

    assert rule is not None
    assert rule.name == "loop"


def test_codes_of_reading_are_found_by_their_own_spelling() -> None:
    assert find_rule("no_start") is find_rule("E-no-start") is not None
    assert find_rule("nothing") is None


def test_the_letter_of_a_code_is_its_severity() -> None:
    rule = find_rule("unknown-parameter")

    assert rule is not None
    assert code(rule, strict=False) == "W-unknown-parameter"
    assert code(rule, strict=True) == "E-unknown-parameter"


def test_rules_have_different_names_and_explain_themselves() -> None:
    names = [rule.name for rule in RULES]

    assert len(names) == len(set(names))
    assert all(rule.why.endswith((".", ")")) and not rule.title.endswith(".") for rule in RULES)
