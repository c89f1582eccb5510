"""The contract of a module, which publishing asks for on both sides."""

import json
from typing import Any

import pytest

from offhook.blocks import catalogue
from offhook.flowjson import publish

ID = "0a1b2c3d-0000-4000-8000-000000000001"
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "count": {"type": "number"},
        "open": {"type": "boolean"},
        "rank": {"type": "integer"},
        "any": {},
        "list": {"type": "array"},
        "where": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
DECLARED = {
    "input": {"schema": SCHEMA},
    "resultData": {"schema": SCHEMA},
    "transitions": {"results": [{"name": "found", "description": ""}, {"name": "lost", "description": ""}]},
}


def returned(parameters: Any, declared: Any = DECLARED) -> list[str]:
    """The problems of a module that returns so."""
    end = {"Identifier": "a", "Type": "EndFlowModuleExecution", "Parameters": parameters, "Transitions": {}}
    content = {"Version": "2019-10-30", "StartAction": "a", "Settings": {}, "Actions": [end]}
    return publish.problems(
        json.dumps(content), catalogue(), flow_type="MODULE", settings={"": json.dumps(declared)}.get
    )


def invoked(parameters: Any, *branches: str, settings: Any = None) -> list[str]:
    """The problems of a flow that invokes the module so."""
    conditions = [{"NextAction": "a", "Condition": {"Operator": "Equals", "Operands": [branch]}} for branch in branches]
    transitions = {
        "NextAction": "a",
        "Conditions": conditions,
        "Errors": [{"ErrorType": error, "NextAction": "a"} for error in ("NoMatchingError", "NoMatchingCondition")],
    }
    call = {"Identifier": "a", "Type": "InvokeFlowModule", "Parameters": parameters, "Transitions": transitions}
    content = {"Version": "2019-10-30", "StartAction": "a", "Actions": [call]}
    settings = settings or {ID: json.dumps(DECLARED)}.get
    return publish.problems(json.dumps(content), catalogue(), flow_type="CONTACT_FLOW", settings=settings)


def test_a_module_returns_what_it_declares() -> None:
    data = {"name": "$.Attributes.name", "count": 1.5, "open": True, "rank": 3, "any": "x", "list": []}

    assert returned({}) == []
    assert returned({"Result": "found", "ResultData": {**data, "where": {"city": "Oslo"}}}) == []
    assert returned({"ResultData": {}}) == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"odd": "x"}, "odd"),
        ({"count": "7"}, "count"),
        ({"count": "$.Attributes.count"}, "count"),
        ({"count": True}, "count"),
        ({"rank": 1.5}, "rank"),
        ({"open": "$.Attributes.open"}, "open"),
        ({"where": {"city": 7}}, "where.city"),
    ],
)
def test_a_value_has_the_declared_type(data: Any, said: str) -> None:
    path = "Invalid Action property value. Path: Actions[0].Parameters"

    assert returned({"ResultData": data}) == [f"{path}.ResultData.{said}"]
    assert invoked({"FlowModuleId": ID, "Input": data}) == [f"{path}.Input.{said}"]


@pytest.mark.parametrize("odd", [{"properties": 3}, {"properties": {}, "required": 3}, {"required": [[]]}])
def test_a_schema_that_makes_no_sense_breaks_nothing(odd: Any) -> None:
    schema = {"type": "object", "properties": {"where": {"type": "object", "properties": {}, **odd}}}

    assert returned({"ResultData": {"where": {}}}, {"resultData": {"schema": schema}}) == []


def test_settings_that_are_no_json_declare_nothing() -> None:
    assert invoked({"FlowModuleId": ID, "Input": {}}, settings={ID: "no JSON"}.get) == [
        "Invalid Action property value. Path: Actions[0].Parameters.Input"
    ]


def test_what_a_schema_requires_is_missed() -> None:
    assert returned({"ResultData": {"where": {}}}) == [
        "Action is missing required property. Path: Actions[0].Parameters.ResultData.where.city"
    ]


@pytest.mark.parametrize(
    "declared",
    [{}, [], {"transitions": {}}, {"transitions": {"results": [3]}}, {"resultData": {"schema": {"type": "odd"}}}],
)
def test_a_module_that_declares_nothing_returns_nothing(declared: Any) -> None:
    assert returned({"Result": "Success", "ResultData": {"name": "x"}}, declared) == [
        "Invalid Action property value. Path: Actions[0].Parameters.ResultData",
        "Invalid Action property value. Path: Actions[0].Parameters.Result",
    ]


def test_a_flow_branches_on_what_the_module_declares() -> None:
    assert invoked({"FlowModuleId": ID}, "found", "lost") == []
    assert invoked({"FlowModuleId": ID}, "found", "Success") == [
        "Invalid Action property value. Path: Actions[0].Transitions.Conditions[1].Condition.Operands"
    ]


def test_a_module_that_nobody_knows_has_no_contract() -> None:
    assert invoked({"FlowModuleId": "$.Attributes.module", "Input": {"odd": "x"}}, "odd") == []
    assert len(invoked({"FlowModuleId": [ID], "Input": {"odd": "x"}}, "odd")) == 1  # that it is a list
