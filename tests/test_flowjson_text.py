"""JSON text to values and back: nothing is lost, and what is broken is named by line, column and rule."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.flowjson.text import MAX_DEPTH, STYLES, Number, describe, parse, style_of, write
from offhook.model.errors import UsageError

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)


def problem_of(data: bytes | str) -> str:
    with pytest.raises(UsageError) as caught:
        parse(data, "flow.json")
    (sentence,) = caught.value.problems
    return sentence


@pytest.mark.parametrize(
    "text", ["1.50", "1e3", "1E+3", "-0", "-0.0", "0.1e-7", "1e999", "9" * 18, "9" * 19, "9" * 5_000, "-12", "2.5"]
)
def test_a_number_is_written_as_it_was_spelled(text: str) -> None:
    value, _ = parse(f'{{"n": [{text}]}}')

    assert write(value, "spaced") == f'{{"n": [{text}]}}'


def test_numbers_in_ordinary_spelling_are_plain_values() -> None:
    value, _ = parse("[1, -20, 1.5, 1.50, 1e3]")

    assert [type(item) for item in value] == [int, int, float, Number, Number]
    assert value == [1, -20, 1.5, 1.5, 1000.0]


def test_a_copy_of_a_number_keeps_its_spelling() -> None:
    value, _ = parse("[1.50]")

    assert write(copy.deepcopy(value), "compact") == "[1.50]"
    assert repr(value[0]) == "1.50"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_every_unicode_encoding_is_recognised(encoding: str) -> None:
    value, _ = parse('{"Text": "受付 é 😀"}'.encode(encoding))

    assert value == {"Text": "受付 é 😀"}


def test_a_byte_order_mark_in_text_is_no_content() -> None:
    assert parse("\ufeff[]")[0] == []


def test_keys_stay_in_order_and_doubled_ones_are_reported_once() -> None:
    value, doubled = parse('{"b": 1, "a": 2, "b": 3, "b": 4, "c": {"a": 1, "a": 2}, "d": {"a": 1}}')

    assert doubled == ["a", "b"]
    assert list(value.items()) == [("b", 4), ("a", 2), ("c", {"a": 2}), ("d", {"a": 1})]


@pytest.mark.parametrize(
    ("text", "place", "rule"),
    [
        ('{"a": [1,\n 2],\n "b": 1,\n}', "line 4, column 1", "a comma must be followed by another entry"),
        ("[1,\n]", "line 2, column 1", "a comma must be followed by another entry"),
        ("{'a': 1}", "line 1, column 2", "a key in double quotes must stand here"),
        ('{"a" 1}', "line 1, column 6", "a ':' must stand between a key and its value"),
        ('{"a": 1 "b": 2}', "line 1, column 9", "a ',' or the closing bracket must stand here"),
        ('{"arn": ${fn.arn}}', "line 1, column 9", "a value must stand here"),
        ('{"a": "x}', "line 1, column 7", "the text that begins here has no closing quote"),
        ('{"a": "x\ny"}', "line 1, column 9", "a line break, tab or control character inside text must be written"),
        ('{"a": "\\q"}', "line 1, column 8", "a backslash must begin one of JSON's escapes"),
        ("{}\n{}", "line 2, column 1", "nothing may follow the end of the JSON value"),
        ('{"a": 1\n', "line 2, column 1", "the text ends before the JSON value does"),
        ('{"a": "NaN",\n "b": -Infinity}', "line 2, column 7", "-Infinity is not a JSON number"),
        ("[NaN]", "line 1, column 2", "NaN is not a JSON number"),
    ],
)
def test_broken_text_is_named_by_place_and_rule(text: str, place: str, rule: str) -> None:
    sentence = problem_of(text)

    assert sentence.startswith("flow.json: line ")
    assert rule in sentence
    assert sentence.count("\n") == 0
    if "comma must" not in rule:  # newer Pythons point at the comma itself
        assert f": {place}: not JSON: " in sentence


def test_text_that_is_called_nothing_gives_a_sentence_of_its_own() -> None:
    with pytest.raises(UsageError, match=r"^Line 1, column 1: not JSON: a value must stand here\.$"):
        parse("x")


def test_bytes_that_do_not_fit_their_encoding_are_named() -> None:
    sentence = problem_of('{\n"a": "é"}'.encode("latin-1"))

    assert sentence == "flow.json: line 2: byte 9 of the file does not fit UTF-8, its encoding."


@pytest.mark.parametrize("data", [b"", b" \r\n", "", b"\xef\xbb\xbf"])
def test_an_empty_file_is_called_empty(data: bytes | str) -> None:
    assert problem_of(data) == "flow.json: the text is empty; a flow is a JSON object."


@pytest.mark.parametrize("data", [b" " * 100_000_000, " " * 100_000_000])
def test_a_huge_file_is_refused_before_it_is_parsed(data: bytes | str) -> None:
    assert "100,000,000" in problem_of(data)
    assert "16,777,216 at most" in problem_of(data)


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 10_000, 100_000])
@pytest.mark.parametrize(("left", "right"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_is_refused_with_a_sentence(levels: int, left: str, right: str) -> None:
    text = left * levels + "1" + right * levels

    assert problem_of(text) == f"flow.json: the JSON is nested too deeply; {MAX_DEPTH} levels are allowed."


def test_the_deepest_nesting_that_is_allowed_is_read_and_written() -> None:
    text = "[" * MAX_DEPTH + "]" * MAX_DEPTH

    assert write(parse(text)[0], "compact") == text


@settings(deadline=None)
@given(json_values, st.sampled_from(sorted(STYLES)))
def test_text_in_any_style_is_reproduced(value: Any, style: str) -> None:
    text = write({"Version": value}, style)

    assert write(parse(text)[0], style_of(text)) == text
    assert json.loads(text) == {"Version": value}


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("indent2", '{\n  "é": [\n    1,\n    {}\n  ]\n}'),
        ("indent4-ascii", '{\n    "\\u00e9": [\n        1,\n        {}\n    ]\n}'),
        ("spaced", '{"é": [1, {}]}'),
        ("compact-ascii", '{"\\u00e9":[1,{}]}'),
    ],
)
def test_styles_look_as_they_are_called(style: str, text: str) -> None:
    assert write({"é": [1, {}]}, style) == text
    assert style_of(text) == style


@pytest.mark.parametrize(("text", "style"), [("{\r\n\t1}", "indent2-ascii"), ("[]", "compact-ascii"), ("é", "compact")])
def test_text_that_no_style_reproduces_gets_the_nearest(text: str, style: str) -> None:
    assert style_of(text) == style


def test_half_a_surrogate_pair_stays_an_escape() -> None:
    value, _ = parse('["\\ud800 é"]')

    assert write(value, "compact") == '["\\ud800 é"]'
    write(value).encode()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "an object"),
        ([], "a list"),
        ("", "text"),
        (1, "a number"),
        (1.5, "a number"),
        (None, "null"),
        (True, "true"),
    ],
)
def test_values_are_described_in_words(value: Any, words: str) -> None:
    assert describe(value) == words
