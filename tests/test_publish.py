"""What is refused when a flow is published, in the sentences of the service."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.blocks import catalogue
from offhook.flowjson import publish

ARN = "arn:aws:lambda:us-east-1:111122223333:function:lookup"
ID = "0a1b2c3d-0000-4000-8000-000000000001"
VERSION = "2019-10-30"
END: dict[str, Any] = {"Identifier": "end", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
SAY = {"Text": "Hello."}
MENU = {"Text": "Press 1.", "StoreInput": "False", "InputTimeLimitSeconds": "5"}
STORE = {**MENU, "StoreInput": "True", "InputValidation": {"CustomValidation": {"MaximumLength": "4"}}}
PHONE = {**MENU, "StoreInput": "True", "InputValidation": {"PhoneNumberValidation": {"NumberFormat": "E164"}}}
CALL = {
    "ThirdPartyPhoneNumber": "+15550100",
    "ThirdPartyConnectionTimeLimitSeconds": "30",
    "ContinueFlowExecution": "False",
}
# what an action must have beside its example
CONDITIONS = {
    "CheckHoursOfOperation": ["True", "False"],
    "CheckMetricData": [("NumberGreaterThan", "0")],
    "Loop": ["ContinueLooping", "DoneLooping"],
    "Wait": ["WaitCompleted", "CustomerReturned"],
}
# another form of an action, whose errors are others
FORMS = {"GetParticipantInput": [STORE, PHONE], "TransferParticipantToThirdParty": [{**CALL}]}


def knows(kind: str, raw: str) -> bool:
    return True


def condition(told: Any) -> dict[str, Any]:
    operator, operand = told if isinstance(told, tuple) else ("Equals", told)
    return {"NextAction": "end", "Condition": {"Operator": operator, "Operands": [operand]}}


def action(kind: str, parameters: Any, *errors: str, conditions: Any = (), **more: Any) -> dict[str, Any]:
    """An action whose every arrow leads to the end of the flow."""
    transitions: dict[str, Any] = {"NextAction": "end"}
    if errors:
        transitions["Errors"] = [{"ErrorType": error, "NextAction": "end"} for error in errors]
    if conditions:
        transitions["Conditions"] = [condition(told) for told in conditions]
    return {"Identifier": "a", "Type": kind, "Parameters": parameters, "Transitions": transitions, **more}


def flow(*actions: Any, **more: Any) -> str:
    return json.dumps({"Version": VERSION, "StartAction": "a", "Actions": [*actions, END], **more})


def problems(*actions: Any, flow_type: str = "CONTACT_FLOW", known: Any = knows, strict: bool = False) -> list[str]:
    more = {"Settings": {}} if flow_type == "MODULE" else {}
    return publish.problems(flow(*actions, **more), catalogue(), flow_type=flow_type, known=known, strict=strict)


# --- the envelope


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ("", "text is empty"),
        ("[]", "Content must be a JSON object."),
        ('"flow"', "Content must be a JSON object."),
        (json.dumps({"ContactFlow": {"Content": flow()}}), "field name: version"),
        (json.dumps({"StartAction": "a", "Actions": []}), "JSON field is missing or null for field name: version"),
        (json.dumps({"Version": None, "StartAction": "a", "Actions": []}), "field name: version"),
        (json.dumps({"Version": VERSION, "Actions": []}), "field name: startAction"),
        (json.dumps({"Version": VERSION, "StartAction": "a"}), "field name: actions"),
        (json.dumps({"Version": VERSION, "StartAction": "a", "Actions": {}}), "wrong type for field name: actions"),
    ],
)
def test_content_that_is_no_flow_is_broken(content: str, said: str) -> None:
    with pytest.raises(publish.Broken, match=said):
        publish.problems(content, catalogue(), flow_type="CONTACT_FLOW")


def test_content_of_a_module_without_settings_is_broken() -> None:
    end = {**END, "Identifier": "a", "Type": "EndFlowModuleExecution"}
    with pytest.raises(publish.Broken, match=r"^JSON field is missing or null for field name: settings$"):
        publish.problems(flow(end), catalogue(), flow_type="MODULE")

    assert publish.problems(flow(end, Settings={}), catalogue(), flow_type="MODULE") == []


def test_the_old_export_is_refused_by_its_name() -> None:  # P51
    content = json.dumps({"modules": [], "version": "1", "type": "contactFlow", "start": "a"})

    [message] = publish.problems(content, catalogue(), flow_type="CONTACT_FLOW")

    assert "old export format" in message and VERSION in message


def test_another_version_is_refused() -> None:
    content = json.dumps({"Version": "2030-01-01", "StartAction": "a", "Actions": []})

    [message] = publish.problems(content, catalogue(), flow_type="CONTACT_FLOW")

    assert message.startswith("Invalid property value. Path: Version")


def test_a_start_that_is_no_action_is_refused() -> None:
    content = json.dumps({"Version": VERSION, "StartAction": "gone", "Actions": []})

    assert publish.problems(content, catalogue(), flow_type="CONTACT_FLOW") == [
        "Invalid property value. Path: StartAction"
    ]


def test_more_than_250_actions_are_refused() -> None:
    many = [{**END, "Identifier": "a"}, *({**END, "Identifier": f"end {n}"} for n in range(249))]

    assert problems(*many[:-1]) == []
    assert [each.partition(";")[0] for each in problems(*many)] == ["Invalid property value. Path: Actions"]


def test_all_problems_are_told_in_order_as_often_as_the_service_tells_and_no_longer() -> None:
    many = [action("MessageParticipant", {}, "Odd" * 200, Identifier=f"a{n}" if n else "a") for n in range(30)]

    found = problems(*many)

    assert len(found) == 50
    assert {len(each) for each in found if "Odd" in each} == {256}
    assert [each for each in found if "At least" in each] == [
        f"At least one of [Text, SSML, PromptId, Media] must be set, Path: Actions[{n}]" for n in range(25)
    ]


# --- identifiers


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("text", "Invalid Action property value. Path: Actions[1]"),
        ({"Type": "Wait"}, "Action is missing required property. Path: Actions[1].Identifier"),
        ({**END, "Identifier": 3}, "Invalid Action property value. Path: Actions[1].Identifier"),
        ({**END, "Identifier": ""}, "Invalid Action property value. Path: Actions[1].Identifier"),
        ({**END, "Identifier": "a"}, "Invalid Action property value. Path: Actions[1].Identifier"),
        ({**END, "Identifier": "x" * 51}, "Invalid Action property value. Path: Actions[1].Identifier"),
        ({**END, "Identifier": "50%"}, "Invalid Action property value. Path: Actions[1].Identifier"),
        ({**END, "Identifier": "toString"}, "Invalid Action property value. Path: Actions[1].Identifier"),
    ],
)
def test_every_action_has_an_identifier_of_its_own(entry: Any, said: str) -> None:
    assert problems({**END, "Identifier": "a"}, entry) == [said]


# --- what every block needs


def _forms() -> list[Any]:
    found = []
    for kind, spec in sorted(catalogue().items()):
        for number, parameters in enumerate([spec.example or {}, *FORMS.get(kind, [])]):
            found.append(pytest.param(kind, parameters, id=f"{kind}-{number}"))
    return found


def _complete(kind: str, parameters: Any) -> tuple[dict[str, Any], str]:
    """An action as the service takes it, and a type of flow in which it may stand."""
    spec = catalogue()[kind]
    types = ("CONTACT_FLOW", "CUSTOMER_QUEUE", "OUTBOUND_WHISPER", "AGENT_TRANSFER", "MODULE")
    standing = next(each for each in types if spec.flow_types.allows(each, strict=False))
    errors = [branch.name for branch in spec.errors if branch.required and branch.exists(parameters, standing)]
    made = action(kind, parameters, *errors, conditions=CONDITIONS.get(kind, ()))
    if spec.terminal:
        made["Transitions"] = {}
    return made, standing


def _of_first(entry: dict[str, Any], flow_type: str) -> list[str]:
    # the end of these flows is a block that not every type of flow takes
    return [message for message in problems(entry, flow_type=flow_type) if "Actions[1]" not in message]


@pytest.mark.parametrize(("kind", "parameters"), _forms())
def test_every_block_is_taken_as_it_is_documented_and_misses_each_error_it_needs(kind: str, parameters: Any) -> None:
    entry, standing = _complete(kind, parameters)
    assert _of_first(entry, standing) == []

    for arrow in entry["Transitions"].get("Errors", []):  # P63
        left = [each for each in entry["Transitions"]["Errors"] if each is not arrow]
        without = {**entry, "Transitions": {**entry["Transitions"], "Errors": left}}
        said = f"Action is missing required error. Error: {arrow['ErrorType']}, Path: Actions[0]"
        assert _of_first(without, standing) == [said]


@pytest.mark.parametrize(("kind", "parameters"), _forms())
def test_every_block_has_its_own_errors_and_needs_a_next_action(kind: str, parameters: Any) -> None:
    entry, standing = _complete(kind, parameters)
    spec, transitions = catalogue()[kind], entry["Transitions"]
    arrow = {"ErrorType": "Odd", "NextAction": "end"}
    odd = {**entry, "Transitions": {**transitions, "Errors": [*transitions.get("Errors", []), arrow]}}
    stuck = {**entry, "Transitions": {key: value for key, value in transitions.items() if key != "NextAction"}}

    if spec.terminal:
        assert _of_first(odd, standing) == ["Action does not support transitions. Path: Actions[0]"]
        return
    assert _of_first(odd, standing) == ["Invalid Action error. Error: Odd, Path: Actions[0]"]
    missing = "Action is missing required property. Path: Actions[0].Transitions.NextAction"
    assert _of_first(stuck, standing) == ([] if spec.may_end else [missing])


@pytest.mark.parametrize("kind", sorted(catalogue()))
def test_what_a_block_requires_is_missed(kind: str) -> None:
    parameters = dict(catalogue()[kind].example or {})
    needed = [
        field.encode_name
        for field in msgspec.structs.fields(catalogue()[kind].params)
        if field.required and field.encode_name in parameters
    ]

    for name in needed:
        entry, standing = _complete(kind, {key: value for key, value in parameters.items() if key != name})
        said = f"Action is missing required property. Path: Actions[0].Parameters.{name}"
        assert said in _of_first(entry, standing)


# --- types of action and of flow


def test_an_unknown_type_is_refused_and_its_arrows_are_looked_at() -> None:
    entry = action("UnTagContact", {"TagKeys": ["x"]}, "NoMatchingError")
    entry["Transitions"]["NextAction"] = "gone"

    assert problems(entry) == [
        "Invalid Action type. Type: UnTagContact, Path: Actions[0].Type",
        "Invalid Action property value. Path: Actions[0].Transitions.NextAction",
    ]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"Identifier": "a", "Transitions": {}}, "Action is missing required property. Path: Actions[0].Type"),
        ({"Identifier": "a", "Type": 3}, "Invalid Action property value. Path: Actions[0].Type"),
        ({"Identifier": "a", "Type": ""}, "Invalid Action type. Type: , Path: Actions[0].Type"),
    ],
)
def test_an_action_without_a_type_is_refused(entry: Any, said: str) -> None:
    assert problems(entry) == [said]


def test_a_block_stands_only_where_its_pages_say() -> None:  # spec/validation.md, rule 12
    said = "Invalid Action type. Type: DisconnectParticipant, Path: Actions[0].Type"

    assert problems({**END, "Identifier": "a"}, flow_type="CUSTOMER_WHISPER")[0] == said
    assert problems({**END, "Identifier": "a"}) == []
    assert problems({**END, "Identifier": "a"}, flow_type="CAMPAIGN") == []  # no page says what may stand there


def test_the_strict_profile_takes_what_all_pages_allow() -> None:
    entry = action("InvokeFlowModule", {"FlowModuleId": ID}, "NoMatchingError")

    assert problems({**entry}, flow_type="CUSTOMER_QUEUE") == []
    assert "Invalid Action type. Type: InvokeFlowModule, Path: Actions[0].Type" in problems(
        {**entry}, flow_type="CUSTOMER_QUEUE", strict=True
    )


# --- parameters

LAMBDA = {"LambdaFunctionARN": ARN, "InvocationTimeLimitSeconds": "3"}


def called(parameters: Any, **more: Any) -> list[str]:
    return problems(action("InvokeLambdaFunction", parameters, "NoMatchingError"), **more)


def refused(kind: str, parameters: Any, *errors: str, conditions: Any = (), known: Any = knows) -> list[str]:
    entry = action(kind, parameters, *(errors or ("NoMatchingError",)), conditions=conditions)
    return problems(entry, known=known)


def test_inputs_beside_the_attributes_are_refused() -> None:  # P65
    assert called({**LAMBDA, "customerId": "1"}) == [
        "Invalid Action property name. Path: Actions[0].Parameters.customerId"
    ]
    assert called({**LAMBDA, "LambdaInvocationAttributes": {"customerId": "1"}}) == []


@pytest.mark.parametrize("arn", ["$.Attributes.fnArn", ARN, f"{ARN}:live"])
def test_a_function_is_a_constant_or_one_whole_reference(arn: str) -> None:  # P12
    assert called({**LAMBDA, "LambdaFunctionARN": arn}) == []


@pytest.mark.parametrize("arn", ["arn:aws:lambda:$.AwsRegion:111122223333:function:lookup", "$.Odd.arn", "$.External"])
def test_a_reference_inside_an_arn_or_to_no_value_is_refused(arn: str) -> None:  # P12
    assert called({**LAMBDA, "LambdaFunctionARN": arn}) == [
        "Invalid Action property value. Path: Actions[0].Parameters.LambdaFunctionARN"
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"LambdaFunctionARN": ""}, "Invalid Action property value. Path: Actions[0].Parameters.LambdaFunctionARN"),
        ({"InvocationTimeLimitSeconds": "0"}, "InvocationTimeLimitSeconds"),
        ({"InvocationTimeLimitSeconds": "9"}, "InvocationTimeLimitSeconds"),
        ({"InvocationTimeLimitSeconds": "$.Attributes.s"}, "InvocationTimeLimitSeconds"),
        ({"ResponseValidation": {"ResponseType": "JSON_OBJECT"}}, "ResponseValidation.ResponseType"),
    ],
)
def test_values_of_the_lambda_block_that_are_wrong(changed: Any, said: str) -> None:
    [message] = called({**LAMBDA, **changed})

    assert message.startswith("Invalid Action property value. Path: Actions[0].Parameters.") and message.endswith(said)


def test_a_function_without_a_time_limit_is_refused_in_the_strict_profile() -> None:  # decision S2
    assert called({"LambdaFunctionARN": ARN}) == []
    assert called({"LambdaFunctionARN": ARN}, strict=True) == [
        "Action is missing required property. Path: Actions[0].Parameters.InvocationTimeLimitSeconds"
    ]


def test_numbers_may_be_numbers_or_text() -> None:  # spec/validation.md, rule 14
    for count in ("3", 3):
        entry = action("Loop", {"LoopCount": count}, conditions=["ContinueLooping", "DoneLooping"])
        assert problems(entry) == []


def test_bodies_exclude_each_other_and_one_is_needed() -> None:
    assert refused("MessageParticipant", {"Text": "a", "SSML": "<speak>b</speak>"}) == [
        "Only one of these properties may be defined. Properties: [Text, SSML], Path: Actions[0]"
    ]
    assert refused("MessageParticipant", {"Text": ""}) == [
        "Invalid Action property value. Path: Actions[0].Parameters.Text"
    ]
    bot = {"LexV2Bot": {"AliasArn": "arn:aws:lex:us-east-1:111122223333:bot-alias/A/B"}}
    assert refused("ConnectParticipantWithLexBot", bot, "NoMatchingError", "NoMatchingCondition") == [
        "At least one of [Text, SSML, PromptId, Media, LexInitializationData] must be set, Path: Actions[0]"
    ]


def test_the_messages_of_loop_prompts_have_one_body_each() -> None:
    entry = action("MessageParticipantIteratively", {"Messages": [{"Text": "a"}, {}, {"Text": "a", "PromptId": ID}]})
    entry["Transitions"] = {}

    assert [each for each in problems(entry, flow_type="CUSTOMER_QUEUE") if "Actions[1]" not in each] == [
        "At least one of [Text, SSML, PromptId, Media] must be set, Path: Actions[0]",
        "Only one of these properties may be defined. Properties: [Text, PromptId], Path: Actions[0]",
    ]


@pytest.mark.parametrize(
    ("kind", "pair"),
    [
        ("UpdateContactTargetQueue", ("QueueId", "AgentId")),
        ("GetMetricData", ("QueueId", "AgentId")),
        ("UpdateContactRoutingBehavior", ("QueuePriority", "QueueTimeAdjustmentSeconds")),
    ],
)
def test_parameters_that_exclude_each_other(kind: str, pair: tuple[str, str]) -> None:
    errors = [branch.name for branch in catalogue()[kind].errors]
    entry = action(kind, dict.fromkeys(pair, "5"), *errors)

    assert problems(entry) == [
        f"Only one of these properties may be defined. Properties: [{', '.join(pair)}], Path: Actions[0]"
    ]


def test_one_of_two_is_needed() -> None:
    assert refused("UpdateContactTargetQueue", {}) == [
        "At least one of [QueueId, AgentId] must be set, Path: Actions[0]"
    ]
    assert problems(action("UpdateContactRoutingBehavior", {})) == [
        "At least one of [QueuePriority, QueueTimeAdjustmentSeconds] must be set, Path: Actions[0]"
    ]


def test_a_queue_for_two_is_no_queue_for_a_transfer() -> None:
    transfer = action("DequeueContactAndTransferToQueue", {"QueueId": ID, "AgentId": ID}, "QueueAtCapacity")
    transfer["Transitions"]["Errors"].append({"ErrorType": "NoMatchingError", "NextAction": "end"})

    assert problems(transfer, flow_type="CUSTOMER_QUEUE")[0] == (
        "Only one of these properties may be defined. Properties: [QueueId, AgentId], Path: Actions[0]"
    )


def test_a_queue_in_the_place_of_another_or_nested_is_refused() -> None:
    assert refused("TransferContactToQueue", {"QueueId": ID}, "QueueAtCapacity", "NoMatchingError") == [
        "Invalid Action property name. Path: Actions[0].Parameters.QueueId"
    ]
    assert refused("UpdateContactTargetQueue", {"QueueId": {"QueueId": ID}}) == [
        "Invalid Action property value. Path: Actions[0].Parameters.QueueId"
    ]


def test_empty_text_is_refused_wherever_it_stands_alone() -> None:
    assert refused("UpdateContactAttributes", {"Attributes": {"a": "", "b": "", "c": "x"}}) == [
        "Empty value in Parameters.Attributes, Path: Actions[0]"
    ]
    view = {"ViewResource": {"Id": ID}, "InvocationTimeLimitSeconds": "60"}
    errors = ("NoMatchingError", "NoMatchingCondition", "TimeLimitExceeded")
    assert refused("ShowView", {**view, "ViewData": {"a": ""}}, *errors) == [
        "Invalid Action property value. Path: Actions[0].Parameters.ViewData.a"
    ]
    assert refused("ShowView", {**view, "ViewData": {"Items": [{"Value": ""}]}}, *errors) == []  # as exports have it


def test_tags_are_counted_and_their_names_are_not_looked_at() -> None:  # spec/validation.md, rule 10
    assert refused("TagContact", {"Tags": {str(n): "x" for n in range(7)}}) == [
        "More than 6 tags in Parameters.Tags, Path: Actions[0]"
    ]
    assert refused("TagContact", {"Tags": {"aws:x": "x"}}) == []
    assert refused("UntagContact", {"TagKeys": []}) == [
        "Invalid Action property value. Path: Actions[0].Parameters.TagKeys"
    ]


def test_parameters_that_are_documented_and_refused() -> None:
    data = {"Name": "n", "References": {"r": {"Value": "v", "Type": "URL"}}, "TargetContact": "Current"}

    assert refused("UpdateContactData", data) == [
        "Invalid Action property name. Path: Actions[0].Parameters.References",
        "Invalid Action property name. Path: Actions[0].Parameters.TargetContact",
    ]


def test_a_task_needs_a_flow_or_a_template() -> None:
    assert refused("CreateTask", {"Name": "n"}) == [
        "Action is missing required property. Path: Actions[0].Parameters.ContactFlowId"
    ]


def test_a_part_that_lacks_something_is_told_by_its_path() -> None:
    parameters = {**STORE, "InputEncryption": {"EncryptionKeyId": "k"}}

    assert refused("GetParticipantInput", parameters) == [
        "Action is missing required property. Path: Actions[0].Parameters.InputEncryption.Key"
    ]


def test_a_comparison_is_of_one_reference() -> None:  # spec/validation.md, rule 8
    said = ["Invalid Action property value. Path: Actions[0].Parameters.ComparisonValue"]

    for value in ("gold", "$.External", "a $.Attributes.b"):
        assert refused("Compare", {"ComparisonValue": value}, "NoMatchingCondition", conditions=["x"]) == said
    value = "$.External.customer.tier"
    assert refused("Compare", {"ComparisonValue": value}, "NoMatchingCondition", conditions=["x"]) == []


# --- input (spec/validation.md, rule 5)


MENU_ERRORS = ("NoMatchingError", "NoMatchingCondition", "InputTimeLimitExceeded")


def test_a_menu_says_what_it_is_and_how_long_it_waits() -> None:
    entry = action("GetParticipantInput", {"Text": "Press 1."}, *MENU_ERRORS)

    assert problems(entry) == [
        "Action is missing required property. Path: Actions[0].Parameters.StoreInput",
        "Action is missing required property. Path: Actions[0].Parameters.InputTimeLimitSeconds",
    ]


def test_a_menu_stores_nothing() -> None:
    parameters = {**MENU, "InputValidation": STORE["InputValidation"]}

    assert problems(action("GetParticipantInput", parameters, *MENU_ERRORS)) == [
        "Invalid Action property value. Path: Actions[0].Parameters.InputValidation"
    ]


def test_stored_input_has_other_errors_and_no_conditions() -> None:
    assert refused("GetParticipantInput", STORE, *MENU_ERRORS, conditions=["1"]) == [
        "Action does not support conditions. Path: Actions[0]",
        "Invalid Action error. Error: NoMatchingCondition, Path: Actions[0]",
        "Invalid Action error. Error: InputTimeLimitExceeded, Path: Actions[0]",
    ]
    without = {key: value for key, value in STORE.items() if key != "InputValidation"}
    assert refused("GetParticipantInput", without) == [
        "Action is missing required property. Path: Actions[0].Parameters.InputValidation"
    ]


def test_input_is_validated_in_one_way() -> None:
    both = {"InputValidation": {**STORE["InputValidation"], **PHONE["InputValidation"]}}
    local = {"InputValidation": {"PhoneNumberValidation": {"NumberFormat": "Local"}}}
    errors = ("NoMatchingError", "InvalidPhoneNumber")

    assert refused("GetParticipantInput", {**STORE, **both}, *errors) == [
        "Only one of these properties may be defined. Properties: [PhoneNumberValidation, CustomValidation], "
        "Path: Actions[0]"
    ]
    assert refused("GetParticipantInput", {**STORE, **local}, *errors) == [
        "Invalid Action property value. Path: Actions[0].Parameters.InputValidation"
    ]


# --- branches


@pytest.mark.parametrize(
    ("kind", "parameters", "conditions"),
    [
        ("CheckHoursOfOperation", {"HoursOfOperationId": ID}, ["True"]),
        ("Loop", {"LoopCount": "3"}, ["ContinueLooping"]),
        ("Wait", {"TimeLimitSeconds": "60", "Events": ["CustomerReturned"]}, ["WaitCompleted"]),
        ("CheckMetricData", {"MetricType": "NumberOfAgentsStaffed"}, [("NumberGreaterThan", "1")]),
        ("DistributeByPercentage", {}, [("NumberLessThan", "40"), ("NumberLessThan", "30")]),
    ],
)
def test_some_blocks_have_a_fixed_set_of_branches(kind: str, parameters: Any, conditions: Any) -> None:
    errors = [branch.name for branch in catalogue()[kind].errors if branch.required]

    assert problems(action(kind, parameters, *errors, conditions=conditions)) == [
        "Invalid Action property value. Path: Actions[0].Transitions.Conditions"
    ]


def test_conditions_stand_only_where_there_is_a_result() -> None:
    assert problems(action("InvokeLambdaFunction", LAMBDA, "NoMatchingError", conditions=["x"])) == [
        "Action does not support conditions. Path: Actions[0]"
    ]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"Operator": "And", "Operands": ["x"]}, "Operator"),
        ({"Operator": "Equals", "Operands": ["x", "y"]}, "Operands"),
        ({"Operator": "Equals", "Operands": []}, "Operands"),
        ({"Operator": "Equals", "Operands": "x"}, "Operands"),
        ({"Operator": "Equals"}, "Operands"),
    ],
)
def test_a_condition_has_one_operator_of_the_block_and_one_operand(told: Any, said: str) -> None:
    entry = action("Compare", {"ComparisonValue": "$.Channel"}, "NoMatchingCondition", conditions=["x"])
    entry["Transitions"]["Conditions"][0]["Condition"] = told

    [message] = problems(entry)

    assert message.endswith(f"Actions[0].Transitions.Conditions[0].Condition.{said}")


def test_a_missing_operator_and_what_is_no_condition_are_refused_once() -> None:
    entry = action("Compare", {"ComparisonValue": "$.Channel"}, "NoMatchingCondition", conditions=["x", "y", "z"])
    entry["Transitions"]["Conditions"][0]["Condition"] = {"Operands": ["x"]}
    entry["Transitions"]["Conditions"][1] = "text"
    entry["Transitions"]["Conditions"][2]["Condition"] = "text"

    assert [each for each in problems(entry) if "Conditions[1]" in each] == [
        "Invalid Action property value. Path: Actions[0].Transitions.Conditions[1]"
    ]
    assert "Invalid Action property value. Path: Actions[0].Transitions.Conditions[0]" in problems(entry)
    assert "Invalid Action property value. Path: Actions[0].Transitions.Conditions[2].Condition" in problems(entry)


def test_an_empty_operand_is_refused_as_the_service_spells_it() -> None:
    entry = action("Compare", {"ComparisonValue": "$.Channel"}, "NoMatchingCondition", conditions=["x", ""])

    assert problems({**END, "Identifier": "b"}, entry) == ["Invalid branch. Path: 1.Evaluate"]


def test_a_menu_compares_keys() -> None:
    entry = action("GetParticipantInput", MENU, *MENU_ERRORS, conditions=["1", "11", "$.Attributes.key"])

    assert problems(entry) == [
        "Invalid Action property value. Path: Actions[0].Transitions.Conditions[1].Condition.Operands"
    ]


def test_every_arrow_leads_to_an_action() -> None:
    entry = action("Compare", {"ComparisonValue": "$.Channel"}, "NoMatchingCondition", conditions=["x"])
    transitions = entry["Transitions"]
    for arrow in (transitions, *transitions["Errors"], *transitions["Conditions"]):
        arrow["NextAction"] = "gone"

    assert problems(entry) == [
        "Invalid Action property value. Path: Actions[0].Transitions.NextAction",
        "Invalid Action property value. Path: Actions[0].Transitions.Errors[0].NextAction",
        "Invalid Action property value. Path: Actions[0].Transitions.Conditions[0].NextAction",
    ]


@pytest.mark.parametrize(
    ("transitions", "said"),
    [
        ("end", ["Invalid Action property value. Path: Actions[0].Transitions"]),
        ({"NextAction": "end", "Errors": 3}, ["Invalid Action property value. Path: Actions[0].Transitions.Errors"]),
        (
            {"NextAction": "end", "Errors": [{"ErrorType": "NoMatchingError"}]},
            ["Action is missing required property. Path: Actions[0].Transitions.Errors[0].NextAction"],
        ),
        (
            {"NextAction": "end", "Errors": [{"NextAction": "end"}]},
            ["Invalid Action property value. Path: Actions[0].Transitions.Errors[0]"],
        ),
        ({"NextAction": ["end"]}, ["Invalid Action property value. Path: Actions[0].Transitions.NextAction"]),
        (None, ["Action is missing required property. Path: Actions[0].Transitions"]),
    ],
)
def test_transitions_of_the_wrong_shape_are_refused(transitions: Any, said: list[str]) -> None:
    entry = {**action("MessageParticipant", SAY), "Transitions": transitions}
    no_next = "Action is missing required property. Path: Actions[0].Transitions.NextAction"

    assert [each for each in problems(entry) if each != no_next] == said


# --- third parties (spec/validation.md, rule 7)


def test_a_call_without_return_has_no_branches_for_its_failure() -> None:
    errors = ("NoMatchingError", "CallFailed", "ConnectionTimeLimitExceeded")
    returning = {**CALL, "ContinueFlowExecution": "True"}

    assert problems(action("TransferParticipantToThirdParty", returning, *errors)) == []
    assert problems(action("TransferParticipantToThirdParty", CALL, *errors)) == [
        "Invalid Action error. Error: CallFailed, Path: Actions[0]",
        "Invalid Action error. Error: ConnectionTimeLimitExceeded, Path: Actions[0]",
    ]
    entry = action("TransferParticipantToThirdParty", {**CALL, "ThirdPartyPhoneNumber": "0100"}, "NoMatchingError")
    assert problems(entry) == ["Invalid Action property value. Path: Actions[0].Parameters.ThirdPartyPhoneNumber"]


# --- references (P54)


def test_what_only_looks_like_a_reference_is_text() -> None:
    told = {"Text": "It costs $.Odd.price, and $.External is nothing."}

    assert problems(action("MessageParticipant", told)) == []
    entry = action("Compare", {"ComparisonValue": "$.Channel"}, "NoMatchingCondition", conditions=["$.Odd.x"])
    assert problems(entry) == []


def test_what_the_instance_does_not_have_is_refused() -> None:
    asked = []

    def unknown(kind: str, raw: str) -> bool:
        asked.append((kind, raw))
        return False

    hook = action("UpdateContactEventHooks", {"EventHooks": {"CustomerQueue": ID}}, "NoMatchingError", Identifier="b")
    queue = action("UpdateContactTargetQueue", {"QueueId": ID}, "NoMatchingError")

    assert problems(queue, hook, known=unknown) == [
        "Invalid Action property value. Path: Actions[0].Parameters.QueueId",
        "Invalid Action property value. Path: Actions[1].Parameters.EventHooks.CustomerQueue",
    ]
    assert asked == [("queue", ID), ("flow", ID)]


def test_references_are_not_asked_for() -> None:
    queue = action("UpdateContactTargetQueue", {"QueueId": "$.Attributes.queue"}, "NoMatchingError")

    assert problems(queue, known=lambda kind, raw: False) == []


@pytest.mark.parametrize("raw", [ID, f"arn:aws:connect:us-east-1:111122223333:instance/i/queue/{ID}", "Sales"])
def test_where_nobody_knows_the_instance_everything_exists(raw: str) -> None:
    assert refused("UpdateContactTargetQueue", {"QueueId": raw}, known=None) == []


def test_what_must_be_filled_in_first_exists_nowhere() -> None:
    assert refused("UpdateContactTargetQueue", {"QueueId": "${Queue}"}, known=None) == [
        "Invalid Action property value. Path: Actions[0].Parameters.QueueId"
    ]


def test_a_key_that_occurs_twice_and_half_a_character_are_taken() -> None:
    text = flow(action("MessageParticipant", SAY)).replace("Hello.", "\\ud83d")

    assert publish.problems(text, catalogue(), flow_type="CONTACT_FLOW") == []


# --- anything


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 500) | st.sampled_from(["", "x", "$.Attributes.a", "$.[", "True", "0"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "Type", "0"]), inner, max_size=2),
    max_leaves=4,
)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every holder and key in the value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, part in pairs for found in ((value, key), *_places(part))]


@settings(max_examples=300, deadline=None)
@given(data=st.data(), kind=st.sampled_from(sorted(catalogue())))
def test_whatever_stands_in_a_flow_there_is_an_answer(data: st.DataObject, kind: str) -> None:
    entry, standing = _complete(kind, FORMS.get(kind, [catalogue()[kind].example or {}])[0])
    document = json.loads(flow(entry, Settings={}))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(_places(document)))
        holder[key] = data.draw(_ANY)

    try:
        found = publish.problems(json.dumps(document), catalogue(), flow_type=standing, settings=lambda raw: "{}")
    except publish.Broken:
        return
    assert all(0 < len(message) <= 256 for message in found) and len(set(found)) == len(found) <= 50
