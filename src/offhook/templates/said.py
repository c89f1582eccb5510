"""The properties of one resource, read one by one; what has the wrong type is a problem, and read as absent."""

from collections.abc import Iterator
from typing import Any

from offhook.flowjson.text import describe
from offhook.templates.evaluate import Evaluator, text_of
from offhook.templates.outline import Declared
from offhook.templates.unknown import LOST


class Said:
    """What a resource says of itself, worked out when it is asked for."""

    def __init__(self, here: Evaluator, declared: Declared) -> None:
        self.here = here
        self.declared = declared

    def problem(self, name: str, rule: str) -> None:
        self.here.wrong(self.declared, name, rule)

    def value(self, name: str) -> Any:
        """None where it is absent, or cannot be told and was said."""
        value = self.here.property(self.declared, name)
        return None if value is LOST else value

    def text(self, name: str, *, required: bool = False) -> str:
        """Empty where it is absent."""
        if required:
            found = self.here.property_text(self.declared, name)
            return "" if found is LOST else found
        value = self.value(name)
        return "" if value is None else self._text(name, value)

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.value(name)
        if value is not None and not isinstance(value, list):
            self.problem(name, f"must be a list, and is {describe(value)}")
        return tuple(self._text(name, item) for item in (value if isinstance(value, list) else ()))

    def text_map(self, name: str, key: str) -> dict[str, str]:
        """The mapping `key` inside the property `name`."""
        inside = self._mapping(name, self.value(name)).get(key)
        items = self._mapping(f"{name}.{key}", inside).items()
        return {entry: self._text(f"{name}.{key}.{entry}", value) for entry, value in items if value is not None}

    def mappings(self, name: str) -> Iterator[dict[str, Any]]:
        value = self.value(name)
        if value is not None and not isinstance(value, list):
            self.problem(name, f"must be a list, and is {describe(value)}")
        return (self._mapping(name, item) for item in (value if isinstance(value, list) else ()))

    def number(self, name: str, *, least: int, most: int) -> int | None:
        value = self.value(name)
        return None if value is None else self.whole(name, value, least=least, most=most)

    def whole(self, name: str, value: Any, *, least: int, most: int) -> int | None:
        """A whole number, which a template may write as text."""
        text = text_of(value) or ""
        if text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most:
            return int(text)
        shown = text or describe(value)
        self.problem(name, f"is {shown[:40]}, must be a whole number in {least}..{most}")
        return None

    def _text(self, name: str, value: Any) -> str:
        text = text_of(value)
        if text is None:
            self.problem(name, f"must be text, and is {describe(value)}")
        return text or ""

    def _mapping(self, name: str, value: Any) -> dict[str, Any]:
        if value is not None and not isinstance(value, dict):
            self.problem(name, f"must be a mapping, and is {describe(value)}")
        return value if isinstance(value, dict) else {}
