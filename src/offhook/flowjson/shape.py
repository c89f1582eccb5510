"""Reading JSON that may have the wrong shape: what does not fit is reported, and read as empty."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from offhook.flowjson.text import describe
from offhook.model.flow import Problem

_Kind = TypeVar("_Kind", dict[str, Any], list[Any], str)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a flow we are: an action (`where` names it in messages; both empty for the whole file)."""

    problems: list[Problem]
    action: str = ""
    where: str = ""

    def report(self, field: str, rule: str, *, code: str = "bad_shape", severity: str = "error") -> None:
        """Note a problem: `field` and `rule` together make a sentence, as in `Transitions` `must be an object.`"""
        message = f"{self.where}: {field} {rule}" if self.where else f"{field} {rule}"
        self.problems.append(Problem(code, message, severity, self.action, field))

    def part(self, holder: dict[str, Any], name: str, kind: type[_Kind], field: str = "") -> _Kind:
        """`holder[name]` if it is of this kind; else an empty one, and a problem unless it is absent."""
        value = holder.get(name)
        if isinstance(value, kind):
            return value
        if name in holder:
            self.report(field or name, f"must be {describe(kind())}, and is {describe(value)}.")
        return kind()

    def objects(self, holder: dict[str, Any], name: str, field: str = "") -> list[tuple[str, dict[str, Any]]]:
        """The objects in the list `holder[name]`, each with its field, such as `Errors[0]`."""
        field = field or name
        found = []
        for index, item in enumerate(self.part(holder, name, list, field)):
            if isinstance(item, dict):
                found.append((f"{field}[{index}]", item))
            else:
                self.report(f"{field}[{index}]", f"must be an object, and is {describe(item)}.")
        return found

    def identified(
        self, holder: dict[str, Any], name: str, *, key: str, noun: str
    ) -> Iterator[tuple["Place", dict[str, Any]]]:
        """The objects in the list `holder[name]` by their `key`, each with its place, in file order.

        Of two with one key the first counts; one without is left out. `noun` is what one is called in messages.
        """
        known = set()
        for field, entry in self.objects(holder, name):
            identifier = self.part(entry, key, str, f"{field}.{key}")
            if not identifier:
                self.report(field, f"has no {key}, so nothing can lead to it.", code="missing_identifier")
            elif identifier in known:
                rule = f"repeats the {key} {identifier!r}; the first {noun} counts."
                Place(self.problems, identifier).report(field, rule, code="duplicate_identifier")
            else:
                known.add(identifier)
                yield Place(self.problems, identifier, f"{noun} {identifier!r}"), entry
