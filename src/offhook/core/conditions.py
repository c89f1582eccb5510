"""The operators of conditions: how a result meets an operand.

Text operators are exact and case-sensitive. A number operator is false when either side is not a number. The page
of Distribute by percentage says NumericLessThan where the language page and exports say NumberLessThan: both work.
KeyExists is known from third-party probes only: true when the reference resolved to something.
Source: APIReference/flow-language-actions.html; adminguide/check-contact-attributes.html.
"""

import re
from collections.abc import Callable
from typing import Any

from offhook.core.expr import MISSING, text_of

_NUMBER = re.compile(r"\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?\s*", re.ASCII)


def number(text: str) -> float | None:
    """The number that the text spells in ASCII digits, or None: no `inf`, no `nan`, no underscores."""
    return float(text) if _NUMBER.fullmatch(text) else None


def _numeric(compare: Callable[[float, float], bool]) -> Callable[[Any, str], bool]:
    def holds(value: Any, operand: str) -> bool:
        left, right = number(text_of(value)), number(operand)
        return left is not None and right is not None and compare(left, right)

    return holds


def _textual(compare: Callable[[str, str], bool]) -> Callable[[Any, str], bool]:
    def holds(value: Any, operand: str) -> bool:
        return value is not MISSING and compare(text_of(value), operand)

    return holds


OPERATORS: dict[str, Callable[[Any, str], bool]] = {
    "Equals": _textual(lambda value, operand: value == operand),
    "TextStartsWith": _textual(str.startswith),
    "TextEndsWith": _textual(str.endswith),
    "TextContains": _textual(lambda value, operand: operand in value),
    "NumberGreaterThan": _numeric(lambda value, operand: value > operand),
    "NumberGreaterOrEqualTo": _numeric(lambda value, operand: value >= operand),
    "NumberLessThan": _numeric(lambda value, operand: value < operand),
    "NumericLessThan": _numeric(lambda value, operand: value < operand),
    "NumberLessOrEqualTo": _numeric(lambda value, operand: value <= operand),
    "KeyExists": lambda value, operand: value is not MISSING,
}
