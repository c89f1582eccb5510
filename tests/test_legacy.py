"""The old console export, converted by what made-up blocks declare."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.blocks import catalogue as blocks
from offhook.core.expr import parse_reference
from offhook.core.spec import BlockSpec, Catalogue, Legacy, LegacyModule
from offhook.flowjson.problems import structure_problems
from offhook.flowjson.read import read_flow
from offhook.flowjson.write import to_language
from offhook.model.flow import Condition, ErrorArrow, Flow

POSITION = {"position": {"x": 1, "y": 2.50}}


def catalogue(*legacy: Legacy, terminal: bool = False, may_end: bool = False) -> Catalogue:
    spec = BlockSpec(action="Say", title="", group="", kind="", legacy=legacy, terminal=terminal, may_end=may_end)
    return {"Say": spec}


def module(*parameters: dict[str, Any], branches: tuple[Any, ...] = (), **parts: Any) -> dict[str, Any]:
    return {
        "id": "m",
        "type": "OldSay",
        "branches": [{"condition": condition, "transition": target} for condition, target in branches],
        "parameters": list(parameters),
        "metadata": POSITION,
        **parts,
    }


def export(*modules: Any, **parts: Any) -> bytes:
    document = {"modules": list(modules), "version": "1", "type": "customerQueue", "start": "m", **parts}
    return msgspec.json.encode(document)


def read(entry: dict[str, Any], *legacy: Legacy, **of_spec: bool) -> Flow:
    return read_flow(export(entry), catalogue(*legacy, **of_spec))


def seen(entry: dict[str, Any]) -> LegacyModule:
    """The module as a converter is given it."""
    given: list[LegacyModule] = []

    def convert(module: LegacyModule) -> dict[str, Any]:
        given.append(module)
        return {}

    read(entry, Legacy("OldSay", convert=convert))
    return given[0]


def codes(flow: Flow) -> list[str]:
    return [problem.code for problem in flow.problems]


# --- what a converter sees


@pytest.mark.parametrize(
    ("namespace", "name", "path"),
    [
        ("User Defined", "pin", "$.Attributes.pin"),
        ("User Defined", "user name", "$.Attributes['user name']"),
        ("User Defined", "it's", '$.Attributes["it\'s"]'),
        ("External", "a.b", "$.External['a.b']"),
        ("System", "Stored customer input", "$.StoredCustomerInput"),
        ("System", "Customer Number", "$.CustomerEndpoint.Address"),
        ("System", "Dialed Number", "$.SystemEndpoint.Address"),
        ("System", "Queue name", "$.Queue.Name"),
        ("System", "Queue.ARN", "$.Queue.ARN"),
        ("System", "Queue.OutboundCallerId.Address", "$.Queue.OutboundCallerId.Address"),
        ("System", "ContactId", "$.ContactId"),
        ("System", "Agent.UserName", "$.Agent.UserName"),
        ("System", "MediaStreams.Customer.Audio.StreamARN", "$.MediaStreams.Customer.Audio.StreamARN"),
        ("Agent", "FirstName", "$.Agent.FirstName"),
        ("Lex.Slots", "city", "$.Lex.Slots.city"),
        ("Queue metrics", "Queue.Size", "$.Metrics.Queue.Size"),
        ("Media streams", "Customer.Audio.StartTimestamp", "$.MediaStreams.Customer.Audio.StartTimestamp"),
        ("Flow", "step", "$.FlowAttributes.step"),
    ],
)
def test_a_value_with_a_namespace_is_a_reference(namespace: str, name: str, path: str) -> None:
    assert seen(module({"name": "Text", "value": name, "namespace": namespace})).values == {"Text": path}
    assert parse_reference(path) is not None


@pytest.mark.parametrize(
    ("namespace", "name", "path"),
    [("System", "Weather today", "$.System['Weather today']"), ("Cosmos", "x", "$.Cosmos.x")],
)
def test_a_reference_to_what_nobody_knows_is_a_problem(namespace: str, name: str, path: str) -> None:
    flow = read(
        module({"name": "Text", "value": name, "namespace": namespace}), Legacy("OldSay", rename={"Text": "Text"})
    )

    assert flow.actions["m"].parameters == {"Text": path}
    assert codes(flow) == ["unknown_reference"]
    assert flow.problems[0].action == "m"


def test_literals_are_text_as_the_console_writes_it() -> None:
    given = seen(
        module(
            {"name": "A", "value": True},
            {"name": "B", "value": 20, "namespace": None},
            {"name": "C", "value": None},
            {"name": "D"},
            {"name": "E", "value": ["x", 1]},
            {"name": "F", "value": ""},
        )
    )

    assert given.values == {"A": "True", "B": "20", "E": '["x",1]', "F": ""}
    assert [entry["name"] for entry in given.entries] == ["A", "B", "C", "D", "E", "F"]
    assert "value" not in given.entries[2]


def test_repeated_parameters_are_told_apart_by_key_and_order() -> None:
    given = seen(
        module(
            {"name": "Parameter", "key": "a", "value": "1"},
            {"name": "Parameter", "key": "b", "value": "x", "namespace": "External"},
            {"name": "Track", "value": "FromCustomer"},
            {"name": "Track", "value": "ToCustomer", "languageCode": "en"},
        )
    )

    assert given.keyed == {"Parameter": {"a": "1", "b": "$.External.x"}}
    assert given.repeated["Track"] == ("FromCustomer", "ToCustomer")
    assert given.values["Track"] == "FromCustomer"
    assert given.entries[3] == {"name": "Track", "value": "ToCustomer", "languageCode": "en"}


def test_the_attribute_that_is_compared_lies_in_the_namespace_beside_it() -> None:
    given = seen(module({"name": "Attribute", "value": "tier"}, {"name": "Namespace", "value": "User Defined"}))
    keyed = seen(module({"name": "Attribute", "value": "x", "key": "k"}, {"name": "Namespace", "value": "External"}))

    assert given.values["Attribute"] == "$.Attributes.tier"
    assert keyed.values["Attribute"] == "x"


@pytest.mark.parametrize(
    ("parameter", "metadata"),
    [
        ({"name": "Queue", "value": "", "resourceName": "Basic"}, {}),
        ({"name": "Queue", "value": None, "resourceName": "Basic"}, {"queue": None}),
        ({"name": "Queue", "value": "", "resourceName": None}, {"queue": {"id": "", "text": "Basic"}}),
    ],
)
def test_a_friendly_name_stands_in_for_an_empty_value(parameter: dict[str, Any], metadata: dict[str, Any]) -> None:
    entry = module(parameter, metadata=metadata)

    action = read(entry, Legacy("OldSay", rename={"Queue": "QueueId"})).actions["m"]

    assert seen(entry).names == {"Queue": "Basic"}
    assert action.parameters == {"QueueId": "Basic"}
    assert action.hints == {"QueueId": "Basic"}


def test_a_friendly_name_follows_its_value_wherever_it_goes() -> None:
    entry = module(
        {"name": "ContactFlowId", "value": "arn:flow"},
        {"name": "Prompt", "value": "arn:beep", "resourceName": "Beep.wav"},
        {"name": "Prompt", "value": "arn:music", "resourceName": "Music.wav"},
        metadata={"contactFlow": {"text": "Waiting"}, "promptName": "unused"},
    )

    def convert(module: LegacyModule) -> dict[str, Any]:
        return {
            "EventHooks": {"CustomerQueue": module.values["ContactFlowId"]},
            "Messages": [{"PromptId": prompt} for prompt in module.repeated["Prompt"]],
            "Count": 1,
        }

    action = read(entry, Legacy("OldSay", convert=convert)).actions["m"]

    assert action.hints == {
        "EventHooks.CustomerQueue": "Waiting",
        "Messages.0.PromptId": "Beep.wav",
        "Messages.1.PromptId": "Music.wav",
    }


def test_the_converter_is_told_the_type_of_the_flow() -> None:
    assert seen(module()).flow_type == "CUSTOMER_QUEUE"
    assert seen(module(target="Queue")).target == "Queue"
    assert seen(module(target=None)).target == ""
    assert seen(module(branches=(("Success", "m"),))).branches == ({"condition": "Success", "transition": "m"},)


# --- which declaration, which parameters


def test_the_first_declaration_that_fits_is_taken() -> None:
    declared = (
        Legacy("OldTalk", rename={"Text": "Never"}),
        Legacy("OldSay", target="Digits", rename={"Text": "ForDigits"}),
        Legacy("OldSay", when=lambda module: "SSML" in module.values, rename={"Text": "WithSSML"}),
        Legacy("OldSay", rename={"Text": "Otherwise"}),
        Legacy("OldSay", rename={"Text": "TooLate"}),
    )
    text = {"name": "Text", "value": "x"}

    assert read(module(text, target="Digits"), *declared).actions["m"].parameters == {"ForDigits": "x"}
    assert read(module(text, {"name": "SSML", "value": "y"}), *declared).actions["m"].parameters == {"WithSSML": "x"}
    assert read(module(text), *declared).actions["m"].parameters == {"Otherwise": "x"}
    assert read(module(text), *declared).actions["m"].type == "Say"


def test_renamed_parameters_may_descend_and_converted_ones_win() -> None:
    declared = Legacy(
        "OldSay",
        rename={"Max": "Check.Custom.Maximum", "Kind": "Check.Kind", "Text": "Text", "Absent": "Absent"},
        convert=lambda module: {"Text": module.values["Text"].upper()},
    )
    entry = module({"name": "Max", "value": 5}, {"name": "Kind", "value": "c"}, {"name": "Text", "value": "hi"})

    assert read(entry, declared).actions["m"].parameters == {
        "Check": {"Custom": {"Maximum": "5"}, "Kind": "c"},
        "Text": "HI",
    }


def test_what_a_converter_misses_is_a_problem_and_the_rest_is_kept() -> None:
    entry = module({"name": "Text", "value": "hi"}, {"name": "Max", "value": "${max}"})
    missing = Legacy("OldSay", rename={"Text": "Text"}, convert=lambda module: {"X": module.values["Seconds"]})
    wrong = Legacy("OldSay", rename={"Text": "Text"}, convert=lambda module: {"X": int(module.values["Max"])})

    for declared, sentence in (
        (missing, "module 'm': parameters lack 'Seconds', which OldSay must have."),
        (wrong, "module 'm': parameters cannot be converted: invalid literal for int() with base 10: '${max}'."),
    ):
        flow = read(entry, declared)

        assert flow.actions["m"].parameters == {"Text": "hi"}
        assert [problem.message for problem in flow.problems] == [sentence]


# --- branches


def test_common_branches_need_no_declaration() -> None:
    names = ("Success", "Error", "NoMatch", "True", "False", "Okay", "Strange")
    branches = tuple(zip(names, "abcdefg", strict=True))
    action = read(module(branches=branches), Legacy("OldSay")).actions["m"]

    assert action.next_action == "a"
    assert action.errors == (
        ErrorArrow("NoMatchingError", "b"),
        ErrorArrow("NoMatchingCondition", "c"),
        ErrorArrow("Strange", "g"),
    )
    assert action.conditions == (Condition("Equals", ("True",), "d"), Condition("Equals", ("False",), "e"))


def test_declared_branches_become_arrows_conditions_and_errors() -> None:
    declared = Legacy(
        "OldSay",
        branches={
            "Timeout": "InputTimeLimitExceeded",
            "True": ("NumberGreaterThan", "0"),
            "False": "NoMatchingCondition",
            "Complete": "next",
        },
    )
    branches = (("Timeout", "a"), ("True", "b"), ("False", "c"), ("Complete", "d"))
    action = read(module(branches=branches), declared).actions["m"]

    assert action.next_action == "d"
    assert action.errors == (ErrorArrow("InputTimeLimitExceeded", "a"), ErrorArrow("NoMatchingCondition", "c"))
    assert action.conditions == (Condition("NumberGreaterThan", ("0",), "b"),)


@pytest.mark.parametrize(
    ("kind", "operator"),
    [
        ("Equals", "Equals"),
        ("GreaterThan", "NumberGreaterThan"),
        ("GreaterThanOrEqualTo", "NumberGreaterOrEqualTo"),
        ("LessThan", "NumberLessThan"),
        ("LessThanOrEqualTo", "NumberLessOrEqualTo"),
        ("StartsWith", "TextStartsWith"),
        ("EndsWith", "TextEndsWith"),
        ("Contains", "TextContains"),
        (None, "Equals"),
    ],
)
def test_evaluated_branches_are_conditions(kind: str | None, operator: str) -> None:
    branch = {"condition": "Evaluate", "conditionType": kind, "conditionValue": 5, "transition": "a"}
    flow = read({**module(), "branches": [branch]}, Legacy("OldSay"))

    assert flow.actions["m"].conditions == (Condition(operator, ("5",), "a"),)
    assert flow.problems == ()


def test_a_branch_of_any_name_with_a_condition_type_is_a_condition() -> None:
    branch = {"condition": "CheckQueueTime", "conditionType": "LessThan", "conditionValue": "60", "transition": "a"}

    action = read({**module(), "branches": [branch]}, Legacy("OldSay")).actions["m"]

    assert action.conditions == (Condition("NumberLessThan", ("60",), "a"),)


@pytest.mark.parametrize(("kind", "operator"), [("Resembles", "Resembles"), (7, "7")])
def test_an_operator_that_is_not_known_is_kept_as_a_problem(kind: Any, operator: str) -> None:
    branch = {"condition": "Evaluate", "conditionType": kind, "transition": "a"}
    flow = read({**module(), "branches": [branch]}, Legacy("OldSay"))

    assert flow.actions["m"].conditions == (Condition(operator, ("",), "a"),)
    assert codes(flow) == ["unknown_operator"]


def test_branches_that_lead_nowhere_are_reported() -> None:
    branches = [{"condition": "Success"}, {"condition": "Error", "transition": ""}, {"transition": "a"}, 7]
    flow = read({**module(), "branches": branches}, Legacy("OldSay"))

    assert [problem.field for problem in flow.problems] == ["branches[3]", "branches[0]", "branches[1]", "branches[2]"]
    assert flow.actions["m"].targets() == []


@pytest.mark.parametrize(
    ("branches", "mirror", "expected"),
    [
        ((("Error", "e"), ("NoMatch", "n")), "", "n"),
        ((("Error", "e"), ("AtCapacity", "c")), "", "e"),
        ((("True", "t"), ("False", "f"), ("Error", "e")), "False", "f"),
        ((("True", "t"), ("Error", "e")), "False", "e"),
        ((("Success", "s"), ("Error", "e")), "Error", "s"),
        ((("AtCapacity", "c"),), "", ""),
    ],
)
def test_without_a_success_branch_next_action_repeats_another_target(
    branches: tuple[Any, ...], mirror: str, expected: str
) -> None:
    declared = Legacy("OldSay", mirror=mirror)

    assert read(module(branches=branches), declared).actions["m"].next_action == expected


@pytest.mark.parametrize("of_spec", [{"terminal": True}, {"may_end": True}])
def test_blocks_that_may_end_the_flow_repeat_no_target(of_spec: dict[str, bool]) -> None:
    assert read(module(branches=(("Error", "e"),)), Legacy("OldSay"), **of_spec).actions["m"].next_action == ""


# --- unknown and broken modules


def test_an_unknown_module_keeps_its_name_and_all_its_parameters() -> None:
    entry = module(
        {"name": "Text", "value": "hi", "namespace": None},
        {"name": "Queue", "value": "", "resourceName": "Basic"},
        {"name": "Flag", "value": "k", "namespace": "External"},
        {"name": "Track", "value": 1},
        {"name": "Track", "key": "b", "value": 2},
        type="NewInTown",
        target="Agent",
        branches=(("Success", "a"), ("Odd", "b")),
    )
    flow = read(entry)
    action = flow.actions["m"]

    assert action.type == "NewInTown"
    assert action.parameters == {
        "target": "Agent",
        "Text": "hi",
        "Queue": {"value": "", "resourceName": "Basic"},
        "Flag": {"value": "k", "namespace": "External"},
        "Track": [1, {"key": "b", "value": 2}],
    }
    assert action.hints == {"Queue": "Basic"}
    assert action.next_action == "a"
    assert action.errors == (ErrorArrow("Odd", "b"),)
    assert [problem.message for problem in flow.problems] == [
        "module 'm': type NewInTown with target Agent has no known counterpart in the Flow language; it is kept."
    ]
    assert read(module()).problems[0].message.startswith("module 'm': type OldSay has no known counterpart")


def test_broken_modules_are_problems_and_the_first_of_two_counts() -> None:
    nameless = module({"value": "x"}, 7)  # type: ignore[arg-type]
    shapeless = {"id": "n", "type": 7, "target": 7, "branches": {}, "parameters": None, "metadata": []}
    flow = read_flow(
        export(nameless, module(type="Again"), {"id": ""}, {"type": "x"}, "x", shapeless), catalogue(Legacy("OldSay"))
    )

    assert [(problem.code, problem.field) for problem in flow.problems] == [
        ("bad_shape", "modules[4]"),
        ("bad_shape", "parameters[1]"),
        ("bad_shape", "parameters[0]"),
        ("duplicate_identifier", "modules[1]"),
        ("missing_identifier", "modules[2]"),
        ("missing_identifier", "modules[3]"),
        ("bad_shape", "metadata"),
        ("bad_shape", "parameters"),
        ("bad_shape", "type"),
        ("bad_shape", "target"),
        ("bad_shape", "branches"),
        ("not_converted", "type"),
    ]
    assert flow.actions["m"].type == "Say"


# --- as a document of the Flow language


def test_a_converted_flow_is_a_document_of_the_flow_language() -> None:
    metadata = {
        "entryPointPosition": {"x": 0, "y": 0}, "snapToGrid": False, "name": "Old", "description": None,
        "type": "customerQueue", "status": "published", "hash": "h",
    }  # fmt: skip
    known = catalogue(Legacy("OldSay", rename={"Queue": "Where.QueueId", "Text": "Text"}))
    first = module(
        {"name": "Queue", "value": "arn:q", "resourceName": "Basic"},
        {"name": "Text", "value": True},
        branches=(("Success", "n"), ("Error", "n"), ("Evaluate", "n")),
    )
    last = {**module(type="OldEnd"), "id": "n"}
    flow = read_flow(export(first, last, last, metadata=metadata), known)

    document = to_language(flow, known)

    assert list(document) == ["Version", "StartAction", "Metadata", "Actions"]
    assert (document["Version"], document["StartAction"]) == ("2019-10-30", "m")
    assert list(document["Metadata"]) == [
        "entryPointPosition", "snapToGrid", "ActionMetadata", "name", "description", "type", "status", "hash",
    ]  # fmt: skip
    assert document["Metadata"]["ActionMetadata"] == {
        "m": {**POSITION, "parameters": {"Where": {"QueueId": {"displayName": "Basic"}}}},
        "n": POSITION,
    }
    assert document["Actions"] == [
        {
            "Identifier": "m",
            "Type": "Say",
            "Parameters": {"Where": {"QueueId": "arn:q"}, "Text": "True"},
            "Transitions": {
                "NextAction": "n",
                "Conditions": [{"NextAction": "n", "Condition": {"Operator": "Equals", "Operands": [""]}}],
                "Errors": [{"NextAction": "n", "ErrorType": "NoMatchingError"}],
            },
        },
        {"Identifier": "n", "Type": "OldEnd", "Parameters": {}, "Transitions": {}},
    ]


def test_the_converted_document_reads_as_the_same_flow() -> None:
    known = catalogue(Legacy("OldSay", rename={"Queue": "QueueId"}))
    entry = module({"name": "Queue", "value": "", "resourceName": "Basic"}, branches=(("Success", "gone"),))
    flow = read_flow(export(entry, metadata=7), known)

    again = read_flow(msgspec.json.encode(to_language(flow, known)), known)

    assert again.actions == flow.actions
    assert again.type == "CUSTOMER_QUEUE"
    assert structure_problems(again) == structure_problems(flow)
    assert [problem.code for problem in structure_problems(again)] == ["dangling_target"]


def test_an_export_without_metadata_is_converted_as_well() -> None:
    document = {
        "modules": [{"id": "m", "type": "OldSay", "branches": [], "parameters": []}],
        "version": "1",
        "start": "m",
    }
    flow = read_flow(msgspec.json.encode(document), {})

    assert to_language(flow, {})["Metadata"] == {"ActionMetadata": {"m": {}}}


@settings(deadline=None)
@given(st.data())
def test_no_block_fails_on_a_module_whatever_its_parameters_are(data: st.DataObject) -> None:
    legacy = data.draw(st.sampled_from([legacy for spec in blocks().values() for legacy in spec.legacy]))
    name = st.sampled_from(
        [*(legacy.rename or {}), "Text", "TextToSpeechType", "Attribute", "Queue", "Timeout", "Type"]
    )
    value = st.sampled_from(["", "x", "7", "ssml", "Enable", True, 7, None, ["x"], {}])
    parameters = st.lists(
        st.fixed_dictionaries({"name": name, "value": value}, optional={"key": value, "resourceName": value})
    )
    entry = module(*data.draw(parameters), type=legacy.module, target=legacy.target, metadata=data.draw(value))

    flow = read_flow(export(entry), blocks())

    assert list(flow.actions) == ["m"]


def test_a_flow_of_the_flow_language_is_its_own_document() -> None:
    flow = read_flow('{"Version": "2019-10-30", "StartAction": "a", "Actions": []}', {})

    assert to_language(flow, {}) is flow.document
