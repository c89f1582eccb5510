"""What the Search operations share: criteria, filters by tag, and the page of what was found.

`found(records, asked)` does it all for a kind that is searched by name, description and id. `fields` are more texts of
a thing by the FieldName that asks for them; `tests` are its own conditions, by the member of the criteria that states
one (`TypeCondition`), each told the thing and the member's value.
Source: API reference, SearchQueues and the pages beside it: name, description and resourceID. Ours: conditions that
stand beside each other must all hold; case counts only for EXACT; an empty Value is in every text; criteria without a
condition are met by everything.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api.connect import by_name, invalid, page

Field = Callable[[Record], str | list[str]]  # of several texts, one must be as is asked
Test = Callable[[Record, Any], bool]

_FIELDS: Mapping[str, Field] = {
    "name": lambda record: record.name,
    "description": lambda record: record.body.get("Description", ""),
    "resourceid": lambda record: record.id,
}


def found(
    records: Iterable[Record],
    asked: Mapping[str, Any],
    *,
    fields: Mapping[str, Field] | None = None,
    tests: Mapping[str, Test] | None = None,
) -> tuple[list[Record], dict[str, Any]]:
    """The page of things that are looked for, by name, and the members that go beside them in the answer."""
    known = {**_FIELDS, **{name.lower(): field for name, field in (fields or {}).items()}}
    criteria = asked.get("SearchCriteria") or {}
    _check(criteria, known)
    met = [record for record in by_name(records) if _meets(record, criteria, known, tests or {})]
    kept = [record for record in met if has_tags(record.tags, _tag_filter(asked.get("SearchFilter") or {}))]
    some, token = page(kept, asked)
    return some, {"NextToken": token, "ApproximateTotalCount": len(kept)}


def text_meets(text: str, value: str, comparison: str) -> bool:
    """Whether the text is as a StringComparisonType says."""
    if comparison == "EXACT":
        return text == value
    text, value = text.casefold(), value.casefold()
    return text.startswith(value) if comparison == "STARTS_WITH" else value in text


def has_tags(tags: Mapping[str, str], condition: Mapping[str, Any]) -> bool:
    """Whether the tags are as a ControlPlaneTagFilter or a ControlPlaneAttributeFilter says: {} holds of any."""
    parts = []
    if condition.get("TagCondition"):
        parts.append(_has_tag(tags, condition["TagCondition"]))
    if condition.get("AndConditions"):
        parts.append(all(_has_tag(tags, each) for each in condition["AndConditions"]))
    if condition.get("AndCondition"):
        parts.append(all(_has_tag(tags, each) for each in _listed(condition["AndCondition"])))
    if condition.get("OrConditions"):
        parts.append(any(all(_has_tag(tags, each) for each in _listed(group)) for group in condition["OrConditions"]))
    return all(parts)


def _listed(group: Any) -> list[Mapping[str, Any]]:
    """Tag conditions that must all hold: a bare list in one of the filters, under TagConditions in the other."""
    return group if isinstance(group, list) else group.get("TagConditions", [])


def _has_tag(tags: Mapping[str, str], condition: Mapping[str, Any]) -> bool:
    """Either half may be left out."""
    key, value = condition.get("TagKey"), condition.get("TagValue")
    return any(key in (None, name) and value in (None, text) for name, text in tags.items())


def _tag_filter(filters: Mapping[str, Any]) -> Mapping[str, Any]:
    return filters.get("TagFilter") or filters.get("AttributeFilter") or {}


def _check(criteria: Mapping[str, Any], fields: Mapping[str, Field]) -> None:
    """ServiceError where a condition asks for what things of this kind do not have."""
    for condition in _strings(criteria):
        name = condition.get("FieldName", "")
        if name.lower() not in fields:
            raise invalid(f"FieldName is {name!r}, must be one of {', '.join(fields)}.")


def _strings(criteria: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every StringCondition, at any depth."""
    if criteria.get("StringCondition"):
        yield criteria["StringCondition"]
    for inner in (*(criteria.get("AndConditions") or ()), *(criteria.get("OrConditions") or ())):
        yield from _strings(inner)


def _meets(record: Record, criteria: Mapping[str, Any], fields: Mapping[str, Field], tests: Mapping[str, Test]) -> bool:
    parts = [tests[name](record, value) for name, value in criteria.items() if name in tests]
    if criteria.get("StringCondition"):
        condition = criteria["StringCondition"]
        value, comparison = condition.get("Value", ""), condition.get("ComparisonType", "CONTAINS")
        found = fields[condition["FieldName"].lower()](record)
        texts = [found] if isinstance(found, str) else found
        parts.append(any(text_meets(text, value, comparison) for text in texts))
    if criteria.get("AndConditions"):
        parts.append(all(_meets(record, inner, fields, tests) for inner in criteria["AndConditions"]))
    if criteria.get("OrConditions"):
        parts.append(any(_meets(record, inner, fields, tests) for inner in criteria["OrConditions"]))
    return all(parts)
