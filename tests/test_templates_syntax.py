"""Template text: YAML with short tags, JSON, and what is refused before anything is unfolded."""

from typing import Any

import pytest

from offhook.flowjson.text import Number
from offhook.model.errors import UsageError
from offhook.templates.syntax import MAX_BYTES, MAX_NODES, TAGS, parse_template


def parsed(text: str) -> Any:
    document, notes = parse_template(text, "t.yaml")
    assert notes == []
    return document


def refused(text: str) -> list[str]:
    with pytest.raises(UsageError) as refusal:
        parse_template(text, "t.yaml")
    return list(refusal.value.problems)


@pytest.mark.parametrize("tag", TAGS)
def test_a_short_tag_is_the_long_form(tag: str) -> None:
    long = tag[1:] if tag in ("!Ref", "!Condition") else f"Fn::{tag[1:]}"

    assert parsed(f"a: {tag} x.y") == {"a": {long: "x.y"}}
    assert parsed(f"a: {tag} [1, x]") == {"a": {long: [1, "x"]}}
    assert parsed(f"a: {tag}\n  b: c") == {"a": {long: {"b": "c"}}}


def test_tags_stand_inside_one_another() -> None:
    assert parsed("- !If [A, !Ref B, !Sub 'c${D}']") == [{"Fn::If": ["A", {"Ref": "B"}, {"Fn::Sub": "c${D}"}]}]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12), ("-3", -3), ("0", 0), ("012", "012"), ("1_000", "1_000"), ("0x1F", "0x1F"), ("+3", "+3"),
        ("1:30", "1:30"), ("2012-10-17", "2012-10-17"), ("'12'", "12"), ('"yes"', "yes"), ("! 5", "5"),
        ("!!str 5", "5"),
        ("yes", True), ("True", True), ("off", False), ("~", None), ("null", None), ("", None), ("y", "y"),
        ("111122223333", 111122223333), (".5", ".5"), ("<<x", "<<x"),
    ],
)  # fmt: skip
def test_scalars_are_read_as_cloudformation_reads_them(text: str, value: Any) -> None:
    found = parsed(f"a: {text}")["a"]

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ["1.50", "1e3", "-0", "-0.0", "1234567890123456789"])
def test_numbers_keep_their_spelling(text: str) -> None:
    found = parsed(f"a: {text}")["a"]

    assert isinstance(found, Number)
    assert str(found) == text


def test_keys_are_taken_as_they_are_written() -> None:
    assert parsed("200: a\nyes: b\n1.0: c") == {"200": "a", "yes": "b", "1.0": "c"}


def test_json_is_read_as_json() -> None:
    assert parsed('{"Resources": {"A": 1.50}}')["Resources"]["A"].text == "1.50"
    assert parsed("{Resources: {A: !Ref B}}") == {"Resources": {"A": {"Ref": "B"}}}
    assert refused('{"Resources": }')[0].startswith("t.yaml: line 1, column 15: not JSON")


def test_keys_that_stand_twice_are_told() -> None:
    assert parse_template("a: 1\nb: 2\na: 3\n", "t.yaml") == (
        {"a": 3, "b": 2},
        ["t.yaml: line 3: key 'a' occurs twice in one mapping; the last one counts."],
    )
    assert parse_template('{"a": 1, "a": 2}', "t.json") == (
        {"a": 2},
        ["t.json: key 'a' occurs twice in one object; the last one counts."],
    )


def test_text_may_begin_with_a_byte_order_mark() -> None:
    assert parsed("\ufeffa: 1") == {"a": 1}


def test_text_without_anything_is_nothing() -> None:
    assert parsed("") is None
    assert parsed("# just a comment\n") is None


# --- aliases


def test_an_alias_repeats_what_its_anchor_holds() -> None:
    text = "a: &one {x: 1}\nb: *one\nc: &two [1, 2]\nd: [*two, *two]\ne: &three text\n*three : key"

    assert parsed(text) == {
        "a": {"x": 1}, "b": {"x": 1}, "c": [1, 2], "d": [[1, 2], [1, 2]], "e": "text", "text": "key",
    }  # fmt: skip


def test_merged_mappings_lie_under_what_stands_there() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 3}\nd:\n  <<: *b\n  w: 4\ne: {<<: []}"

    document = parsed(text)

    assert document["c"] == {"x": 3, "y": 1, "z": 2}
    assert document["d"] == {"y": 2, "z": 2, "w": 4}
    assert document["e"] == {}


def test_what_is_merged_must_be_a_mapping() -> None:
    assert refused("a: {<<: 1}\nb: {<<: [x]}") == [
        "t.yaml: line 1: << takes a mapping or a list of mappings.",
        "t.yaml: line 2: << takes a mapping or a list of mappings.",
    ]


def test_an_alias_must_have_an_anchor_before_it() -> None:
    assert refused("a: *gone") == ["t.yaml: line 1: *gone repeats nothing that stands before it."]
    assert refused("a: &a [*a]") == ["t.yaml: line 1: *a repeats nothing that stands before it."]


def test_aliases_that_multiply_are_refused_before_they_are_unfolded() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]\n" for n in range(12))

    assert refused(bomb) == [f"t.yaml: line 6: the template unfolds to more than {MAX_NODES:,} values."]


def test_aliases_that_only_grow_deeper_are_refused() -> None:
    chain = "a0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}]\n" for n in range(200))

    assert refused(chain) == ["t.yaml: line 100: the template is nested too deeply; 100 levels are allowed."]


def test_merging_lets_the_depth_grow_too() -> None:
    chain = "a0: &a0 {x: {}}\n" + "".join(f"a{n + 1}: &a{n + 1}\n  x: {{<<: *a{n}}}\n" for n in range(200))

    assert refused(chain)[0].endswith("the template is nested too deeply; 100 levels are allowed.")


# --- what is refused


def test_a_mistake_is_told_with_its_line() -> None:
    (sentence,) = refused("a: 1\nb: c: d\n")
    assert sentence.startswith("t.yaml: line 2, column 5: not YAML: mapping values are not allowed ")
    assert refused("a:\n\t- b")[0].startswith("t.yaml: line 2, column 1: not YAML: found character ")
    assert refused("a: \x07")[0].startswith("t.yaml: not YAML: unacceptable character #x0007")


def test_everything_that_no_template_may_hold_is_told_at_once() -> None:
    found = refused("a: !Foo 1\nb: !!python/object/apply:os.system ['true']\n? [c]\n: !!binary aGk=\n")

    assert [sentence.partition(" is no tag")[0] for sentence in found] == [
        "t.yaml: line 1: !Foo",
        "t.yaml: line 2: !!python/object/apply:os.system",
        "t.yaml: line 3: a key must be plain text.",
        "t.yaml: line 4: !!binary",
    ]


def test_brackets_without_end_are_refused() -> None:
    assert "nest" in refused("[" * 100_000)[0]
    assert refused("a: " + "[" * 150 + "]" * 150)[0].endswith("nested too deeply; 100 levels are allowed.")
    assert refused('{"a": ' * 200_000)[0].startswith("t.yaml: ")


def test_there_is_one_document() -> None:
    assert refused("a: 1\n---\nb: 2") == ["t.yaml: line 2: a second document begins; a template is one."]


def test_text_has_a_size() -> None:
    assert refused("x" * (MAX_BYTES + 1)) == [
        "t.yaml: the text has 4,194,305 characters; a template may have 4,194,304 at most."
    ]
