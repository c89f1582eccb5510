from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.core.conditions import OPERATORS, number
from offhook.core.expr import MISSING


@pytest.mark.parametrize(
    ("operator", "value", "operand", "holds"),
    [
        ("Equals", "abc", "abc", True),
        ("Equals", "abc", "ABC", False),
        ("Equals", "3", "3.0", False),
        ("Equals", 3, "3", True),
        ("Equals", True, "true", True),
        ("Equals", "", "", True),
        ("TextStartsWith", "abc", "ab", True),
        ("TextStartsWith", "abc", "bc", False),
        ("TextEndsWith", "abc", "bc", True),
        ("TextEndsWith", "abc", "ab", False),
        ("TextContains", "abc", "b", True),
        ("TextContains", "b", "abc", False),
        ("NumberGreaterThan", "10", "9", True),
        ("NumberGreaterThan", "9", "9", False),
        ("NumberGreaterOrEqualTo", "9.0", "9", True),
        ("NumberGreaterOrEqualTo", "8", "9", False),
        ("NumberLessThan", "-1", "0", True),
        ("NumberLessThan", "0", "0", False),
        ("NumericLessThan", 1.5, "2", True),
        ("NumericLessThan", "2", "2", False),
        ("NumberLessOrEqualTo", " 2 ", "2", True),
        ("NumberLessOrEqualTo", "3", "2", False),
        ("KeyExists", "", "", True),
        ("KeyExists", "x", "", True),
    ],
)
def test_an_operator_holds_for_what_it_says(operator: str, value: Any, operand: str, holds: bool) -> None:
    assert OPERATORS[operator](value, operand) is holds


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_nothing_holds_for_a_reference_to_nothing(operator: str) -> None:
    """Decision S8: false in Compare, even against empty text."""
    assert OPERATORS[operator](MISSING, "") is False


@pytest.mark.parametrize("operator", sorted(name for name in OPERATORS if name.startswith("Num")))
@pytest.mark.parametrize(("value", "operand"), [("x", "1"), ("1", "x"), ("", "0"), ("0", ""), ([1], "1"), (True, "1")])
def test_a_number_operator_is_false_when_a_side_is_no_number(operator: str, value: Any, operand: str) -> None:
    assert OPERATORS[operator](value, operand) is False


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("007", 7), ("-1.5", -1.5), ("+2", 2), (".5", 0.5), ("5.", 5), ("1e3", 1000), (" 4 ", 4)],
)
def test_a_number_is_what_people_and_functions_write(text: str, value: float) -> None:
    assert number(text) == value


@pytest.mark.parametrize("text", ["", " ", ".", "-", "inf", "nan", "1_000", "1,5", "0x10", "1 2", "e3", "٣", "12a"])
def test_what_is_spelled_otherwise_is_no_number(text: str) -> None:
    assert number(text) is None


def test_a_long_answer_is_judged_at_once() -> None:
    """A pattern that backtracks would need minutes for the longest answer of a function."""
    assert number("1" * 32_000 + "x") is None


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12))
def test_numbers_are_in_exactly_one_order(left: int, right: int) -> None:
    less = OPERATORS["NumberLessThan"](left, str(right))
    more = OPERATORS["NumberGreaterThan"](left, str(right))

    assert less + more + (left == right) == 1
    assert OPERATORS["NumberLessOrEqualTo"](left, str(right)) is not more
    assert OPERATORS["NumberGreaterOrEqualTo"](left, str(right)) is not less
    assert OPERATORS["NumericLessThan"](left, str(right)) is less


@given(st.text(), st.text())
def test_a_text_starts_with_ends_with_and_contains_its_parts(left: str, right: str) -> None:
    whole = left + right

    assert OPERATORS["TextStartsWith"](whole, left)
    assert OPERATORS["TextEndsWith"](whole, right)
    assert OPERATORS["TextContains"](whole, right)


@given(st.text())
def test_any_text_is_a_number_or_none(text: str) -> None:
    found = number(text)

    assert found is None or found == float(text)
