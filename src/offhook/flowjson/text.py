"""JSON text to values and back, losing nothing: key order and the spelling of numbers are kept.

A number whose ordinary spelling differs from the one in the text (`1.50`, `1e3`, `-0`, integers beyond 18 digits) is
read as a Number, a float that knows its text. All other numbers are plain int and float. NaN and Infinity, which are
not JSON, are refused. Limits: MAX_BYTES for a file, MAX_DEPTH for nesting; beyond them nothing is parsed or kept.
"""

import json
import re
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any

import msgspec

from offhook.model.errors import UsageError

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 100

# What the standard library's message means, as the rule that the text breaks. The first that fits counts.
_RULES = (
    ("Illegal trailing comma", "a comma must be followed by another entry"),
    ("Expecting property name", "a key in double quotes must stand here"),
    ("Expecting ':'", "a ':' must stand between a key and its value"),
    ("Expecting ','", "a ',' or the closing bracket must stand here"),
    ("Expecting value", "a value must stand here"),
    ("Unterminated string", "the text that begins here has no closing quote"),
    ("Invalid control", "a line break, tab or control character inside text must be written as an escape such as \\n"),
    ("Invalid \\", "a backslash must begin one of JSON's escapes, and a backslash itself is written \\\\"),
    ("Extra data", "nothing may follow the end of the JSON value"),
)
_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|(-?Infinity|NaN)')
_SURROGATE = re.compile("[\ud800-\udfff]")
_FIRST_KEY = re.compile(r'\s*\{\s*"(?:[^"\\]|\\.)*":( ?)')
_FIRST_INDENT = re.compile(r"\n( *)")


class Number(float):
    """A number with the text that spells it; `str` gives the text. Integers too long for a float are infinite."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> "Number":
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def __getnewargs__(self) -> tuple[str]:  # type: ignore[override]  # copies are made from the text
        return (self.text,)


class Style(msgspec.Struct, frozen=True):
    """How text is laid out. `indent` is empty for one line; `ascii`: other characters are written as escapes."""

    indent: str
    comma: str
    colon: str
    ascii: bool


_LAYOUTS = {
    "indent2": ("  ", ",", ": "),
    "indent4": ("    ", ",", ": "),
    "spaced": ("", ", ", ": "),
    "compact": ("", ",", ":"),
}
STYLES = {
    name + ending: Style(*layout, ascii=bool(ending)) for name, layout in _LAYOUTS.items() for ending in ("", "-ascii")
}


def parse(data: bytes | str, source: str = "") -> tuple[Any, list[str]]:
    """The JSON value, and the keys that occur twice in one object (the last one counts), each once.

    Bytes may be UTF-8, UTF-16 or UTF-32, with a byte order mark or without. Raises UsageError, with line and column,
    where the text is not JSON, is too large, or is nested too deeply. `source` names the text in the message.
    """
    if len(data) > MAX_BYTES:
        unit = "characters" if isinstance(data, str) else "bytes"
        raise refusal(source, f"the text has {len(data):,} {unit}; a flow file may have {MAX_BYTES:,} at most.")
    text = (data if isinstance(data, str) else _decode(data, source)).removeprefix("\ufeff")
    if not text.strip():
        raise refusal(source, "the text is empty; a flow is a JSON object.")
    doubled: dict[str, None] = {}
    value = _load(text, doubled, source)
    if _is_deeper(value, MAX_DEPTH):
        raise _too_deep(source)
    return value, list(doubled)


def write(value: Any, style: str = "indent2") -> str:
    """The value as JSON text in one of STYLES, every Number in its own spelling."""
    text = _encode(value, STYLES[style], "\n")
    if text.isascii():
        return text
    # half a surrogate pair, which an escape can bring in, has no place in encoded text
    return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def mended(value: Any) -> Any:
    """The value with U+FFFD for each half of a surrogate pair, which no encoding takes; itself where there is none."""
    spelled = json.dumps(value, ensure_ascii=False)
    return value if spelled.isascii() or _SURROGATE.search(spelled) is None else _mended(value)


def style_of(text: str) -> str:
    """The style that reproduces this text, or the nearest one where none does."""
    # an encoder that writes ASCII alone escapes DEL as well
    ending = "-ascii" if text.isascii() and "\x7f" not in text else ""
    if indent := _FIRST_INDENT.search(text.strip()):
        return ("indent4" if len(indent[1]) == 4 else "indent2") + ending
    first = _FIRST_KEY.match(text)
    return ("spaced" if first and first[1] else "compact") + ending


def describe(value: Any) -> str:
    """What kind of JSON value this is, for messages: `an object`, `a list`, `text`, `a number`, `true`, `null`."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return "text"
    return write(value) if value is None or isinstance(value, bool) else "a number"


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return [_mended(item) for item in value] if isinstance(value, list) else value


def _decode(data: bytes, source: str) -> str:
    encoding = json.detect_encoding(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        what = f"line {line}: byte {problem.start + 1} of the file does not fit {encoding.upper()}, its encoding."
        raise refusal(source, what) from None


def _load(text: str, doubled: dict[str, None], source: str) -> Any:
    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(found)
        if len(made) != len(found):
            seen = set()
            for key, _ in found:
                if key in seen:
                    doubled[key] = None
                seen.add(key)
        return made

    def constant(name: str) -> Any:
        at = next(found.start() for found in _CONSTANT.finditer(text) if found[1])
        raise _not_json(source, text, at, f"{name} is not a JSON number")

    try:
        return json.loads(
            text, object_pairs_hook=pairs, parse_int=_integer, parse_float=_fraction, parse_constant=constant
        )
    except json.JSONDecodeError as problem:
        raise _not_json(source, text, problem.pos, _broken_rule(problem)) from None
    except RecursionError:
        raise _too_deep(source) from None


def _integer(text: str) -> int | Number:
    return Number(text) if len(text) > 18 or text == "-0" else int(text)


def _fraction(text: str) -> float | Number:
    value = float(text)
    # without an exponent every encoder spells the same
    return value if repr(value) == text and "e" not in text else Number(text)


def _broken_rule(problem: json.JSONDecodeError) -> str:
    text, at = problem.doc, problem.pos
    if at >= len(text.rstrip()):
        return "the text ends before the JSON value does"
    before = text[:at].rstrip()
    if before.endswith(",") and text[at] in "]}":
        return _RULES[0][1]
    return next((rule for start, rule in _RULES if problem.msg.startswith(start)), problem.msg)


def _not_json(source: str, text: str, at: int, rule: str) -> UsageError:
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return refusal(source, f"line {line}, column {column}: not JSON: {rule}.")


def _too_deep(source: str) -> UsageError:
    return refusal(source, f"the JSON is nested too deeply; {MAX_DEPTH} levels are allowed.")


def refusal(source: str, sentence: str) -> UsageError:
    """The error that says why the text called `source` cannot be read."""
    return UsageError(f"{source}: {sentence}" if source else sentence[:1].upper() + sentence[1:])


def _is_deeper(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            child
            for node in level
            for child in (node.values() if type(node) is dict else node if type(node) is list else ())
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return False
    return True


def _encode(value: Any, style: Style, newline: str) -> str:
    kind = type(value)
    if kind is str:
        return _quote(value, style)
    if value is None or kind is bool:
        return {None: "null", True: "true", False: "false"}[value]
    if kind is not dict and kind is not list:
        return str(value)
    inner = newline + style.indent if style.indent else ""
    if kind is dict:
        entries = [f"{_quote(key, style)}{style.colon}{_encode(item, style, inner)}" for key, item in value.items()]
        left, right = "{}"
    else:
        entries = [_encode(item, style, inner) for item in value]
        left, right = "[]"
    if not entries:
        return left + right
    return f"{left}{inner}{(style.comma + inner).join(entries)}{newline if style.indent else ''}{right}"


def _quote(text: str, style: Style) -> str:
    return encode_basestring_ascii(text) if style.ascii else encode_basestring(text)
