from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.core.expr import (
    MISSING,
    ROOTS,
    Reference,
    Template,
    looks_dynamic,
    parse_reference,
    parse_text,
    text_of,
    walk,
)


class Values:
    """A scope made of plain data."""

    def __init__(self, **roots: Any) -> None:
        self.roots = roots

    def look_up(self, path: tuple[str, ...]) -> Any:
        return walk(self.roots, path)


def rendered(text: str, **roots: Any) -> str:
    parsed = parse_text(text)
    return parsed if isinstance(parsed, str) else parsed.value(Values(**roots))


class Spelled(float):
    """A number that knows how it was written, as flowjson keeps it."""

    def __str__(self) -> str:
        return "1.50"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("$.Channel", ("Channel",)),
        ("$.Attributes.name", ("Attributes", "name")),
        ("$.External.a.b.c", ("External", "a", "b", "c")),
        ("$.Attributes.['user name']", ("Attributes", "user name")),
        ("$.Attributes['user name']", ("Attributes", "user name")),
        ('$.Attributes.["user name"]', ("Attributes", "user name")),
        ("$.SegmentAttributes['connect:Subtype']", ("SegmentAttributes", "connect:Subtype")),
        ("$.SegmentAttributes['a']['b']", ("SegmentAttributes", "a", "b")),
        ("$['AwsRegion']", ("AwsRegion",)),
        ("$.Views.ViewResultData.FormData.extras.4", ("Views", "ViewResultData", "FormData", "extras", "4")),
        ("$.External.rows[0].id", ("External", "rows", "0", "id")),
        ("$.Attributes.sfdc-RTT_flag__c", ("Attributes", "sfdc-RTT_flag__c")),
        ("$.FlowAttributes.ACME/current", ("FlowAttributes", "ACME/current")),
        ("  $.Queue.ARN ", ("Queue", "ARN")),
        ("`$.DataTableList.ResultData.rows[1].value`", ("DataTableList", "ResultData", "rows", "1", "value")),
    ],
)
def test_every_documented_spelling_is_a_reference(text: str, path: tuple[str, ...]) -> None:
    reference = parse_reference(text)

    assert reference is not None
    assert reference.path == path


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$",
        "`",
        "$.",
        "name",
        "$name",
        "$.BadValue",
        "$.CallbackNumber",
        "$LATEST",
        "${Lambda.Arn}",
        "$ 109.99",
        "$.Attributes.",
        "$.Attributes.name.",
        "$.Attributes['name",
        "Hello $.Attributes.name",
        "$.Customer.FirstName $.Customer.LastName",
        "$.Attributes.Journey >> done",
        "$.Attributes.name!",
        "$.Attributes.a-$.Attributes.b",
    ],
)
def test_what_is_not_one_whole_reference_is_none(text: str) -> None:
    assert parse_reference(text) is None


def test_a_reference_keeps_how_it_was_written() -> None:
    assert parse_reference("$.Attributes.['a b']") == Reference("$.Attributes.['a b']", ("Attributes", "a b"))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("$.Attributes.user name", ("Attributes", "user name")),
        ("$.Attributes.名前", ("Attributes", "名前")),
        ("$.SegmentAttributes.connect:Subtype", ("SegmentAttributes", "connect:Subtype")),
        ("$.Attributes.name", ("Attributes", "name")),
    ],
)
def test_a_reference_that_stands_alone_may_have_signs_in_its_keys(text: str, path: tuple[str, ...]) -> None:
    reference = parse_reference(text, alone=True)

    assert reference is not None
    assert reference.path == path


@pytest.mark.parametrize("text", ["$", "$.Attributes.", "$.Unknown.user name", "Attributes.user name", "$$hashKey"])
def test_standing_alone_does_not_make_a_reference_of_anything(text: str) -> None:
    assert parse_reference(text, alone=True) is None


@pytest.mark.parametrize("root", sorted(ROOTS))
def test_every_root_of_connect_is_known(root: str) -> None:
    assert parse_reference(f"$.{root}") is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello $.Attributes.name", "Hello Bob"),
        ("Hello $.Attributes.name.", "Hello Bob."),
        ("Hello $.Attributes.name. Bye", "Hello Bob. Bye"),
        ("$.Attributes.name, welcome", "Bob, welcome"),
        ("$.Attributes.name!", "Bob!"),
        ("<b>$.Attributes.name</b>", "<b>Bob</b>"),
        ("say '$.Attributes.name' or \"$.Attributes.name\"", "say 'Bob' or \"Bob\""),
        ("$.Attributes.name:$.Attributes.name", "Bob:Bob"),
        ("$.Attributes.name-$.Attributes.name", "Bob-Bob"),
        ("$.Attributes.name/$.Attributes.name", "Bob/Bob"),
        ("$.Attributes.name $.Attributes.name is here", "Bob Bob is here"),
        ("$.Attributes.name 窓口へ", "Bob 窓口へ"),
        ("お名前は$.Attributes.nameです", "お名前はBobです"),
        ("$.Attributes.['user name']'s turn", "Ann's turn"),
        ("costs $ 5 or $.50, $.Attributes.name", "costs $ 5 or $.50, Bob"),
        ("call $.CallbackNumber, $.Attributes.name", "call $.CallbackNumber, Bob"),
        ("survey_result_$.Attributes.name", "survey_result_Bob"),
    ],
)
def test_a_reference_in_text_ends_where_its_path_ends(text: str, said: str) -> None:
    assert rendered(text, Attributes={"name": "Bob", "user name": "Ann"}) == said


@pytest.mark.parametrize("text", ["", "Hello", "$5.00", "$.Unknown.name", "${Lambda.Arn}", "a $ b"])
def test_text_without_a_reference_stays_text(text: str) -> None:
    assert parse_text(text) == text


def test_a_reference_to_nothing_is_empty_text() -> None:
    assert rendered("<$.Attributes.gone>", Attributes={}) == "<>"


def test_a_root_written_twice_is_empty_text() -> None:
    """Decision S8: `$.External.$.External.State` is one reference to nothing, not `$.External` and the rest."""
    external = {"State": "WA"}

    assert rendered("$.External.$.External.State", External=external) == ""
    assert rendered("In $.External.$.External.State.", External=external) == "In ."
    assert parse_reference("$.External.$.External.State") is not None


def test_two_different_roots_in_a_row_are_two_references() -> None:
    assert parse_reference("$.Attributes.$.External.State") is None
    assert rendered("$.Channel.$.External.State", Channel="VOICE", External={"State": "WA"}) == "VOICE.WA"


def test_two_references_with_a_full_stop_between_them_are_two() -> None:
    attributes = {"a": "1", "b": "2"}

    assert rendered("$.Attributes.a.$.Attributes.b", Attributes=attributes) == "1.2"


def test_a_template_names_its_references() -> None:
    template = parse_text("$.Attributes.a and $.External.b.")

    assert isinstance(template, Template)
    assert [reference.path for reference in template.references] == [("Attributes", "a"), ("External", "b")]


def test_a_reference_gives_the_value_itself() -> None:
    reference = parse_reference("$.External.list")

    assert reference is not None
    assert reference.value(Values(External={"list": [1, 2]})) == [1, 2]


def test_parsed_text_can_be_stored() -> None:
    template = parse_text("Hi $.Attributes.a")

    assert msgspec.json.decode(msgspec.json.encode(template), type=Template) == template


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        ("", ""),
        (None, ""),
        (MISSING, ""),
        (True, "true"),
        (3, "3"),
        (1.5, "1.5"),
        (10**30, "1" + "0" * 30),
        (["a", 1], '["a",1]'),
        ({"a": None}, '{"a":null}'),
        (Spelled(1.5), "1.50"),
        ([Spelled(1.5)], "[1.50]"),
    ],
)
def test_a_value_is_spoken_in_its_json_spelling(value: Any, text: str) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("a", "b"), 1),
        (("list", "0"), "x"),
        (("list", "1", "deep"), True),
        (("0",), "zero"),
        ((), MISSING),
    ],
)
def test_steps_lead_into_objects_and_lists(path: tuple[str, ...], value: Any) -> None:
    data = {"a": {"b": 1}, "list": ["x", {"deep": True}], "0": "zero"}

    assert walk(data if path else None, path) == value


@pytest.mark.parametrize("step", ["2", "-1", "x", "", "²", "\u0660", "9" * 5000])
def test_a_step_that_is_no_index_of_the_list_leads_nowhere(step: str) -> None:
    assert walk(["a", "b"], (step,)) is MISSING


@pytest.mark.parametrize("path", [("gone",), ("null",), ("null", "x"), ("text", "x"), ("number", "0")])
def test_what_is_not_there_is_missing(path: tuple[str, ...]) -> None:
    assert walk({"null": None, "text": "abc", "number": 5}, path) is MISSING


def test_missing_counts_as_false_and_says_its_name() -> None:
    assert not MISSING
    assert repr(MISSING) == "MISSING"


@pytest.mark.parametrize(("text", "meant"), [("$.Oops.x", True), ("$['Oops']", True), ("$5", False), ("", False)])
def test_unknown_roots_still_look_as_if_a_reference_was_meant(text: str, meant: bool) -> None:
    assert looks_dynamic(text) is meant


@given(st.text())
def test_any_text_can_be_parsed_and_rendered(text: str) -> None:
    rendered(text, Attributes={})
    parse_reference(text, alone=True)


@given(st.text(alphabet="$.[]'\"` aZ0_-/", max_size=40))
def test_text_of_signs_alone_is_never_changed_by_parsing(text: str) -> None:
    """There is no root of Connect in this alphabet, so nothing can be a reference."""
    assert parse_text(text) == text


@given(st.dictionaries(st.text(alphabet="abc019_", min_size=1), st.text(), min_size=1))
def test_what_attributes_hold_comes_out_unchanged(attributes: dict[str, str]) -> None:
    for key, value in attributes.items():
        assert rendered(f"$.Attributes.{key}", Attributes=attributes) == value
        assert rendered(f"<$.Attributes.['{key}']>", Attributes=attributes) == f"<{value}>"
