"""Amazon Connect Cases beside a flow: one domain with its templates and cases, in memory (docs/services.md).

There is no clock: dates are what the description says, and which case was updated last is the order in which that
happened, after the order of `last_updated_datetime`, if any, and of the file.
Source: connectcases 2022-10-03 (shapes and names of errors).
"""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import msgspec

from offhook.adapters.services.described import Described, unknown_operation
from offhook.adapters.services.error import ServiceError
from offhook.core.expr import text_of
from offhook.model.errors import UsageError
from offhook.model.instance import ACCOUNT, REGION, derived_id

SERVICE = "cases"
_FIRST_NUMBER = 10_000_001  # reference numbers have eight digits


class _Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    required: tuple[str, ...] = ()


class _Described(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str = ""
    template: str = ""
    fields: dict[str, str | int | float | bool] = {}


class _Case:
    """A case: `updated` orders cases by when they were updated."""

    def __init__(self, number: int, described: _Described) -> None:
        self.id = described.id or derived_id("case", str(number))
        self.template = described.template
        self.updated = 0
        own = {"case_id": self.id, "reference_number": str(_FIRST_NUMBER + number), "status": "open"}
        self.fields: dict[str, Any] = {**own, **described.fields, "case_id": self.id}


class Service:
    """The cases. Raises UsageError with every problem of the description."""

    def __init__(self, described: Mapping[str, Any], call_function: Callable[[str, dict[str, Any]], Any]) -> None:
        reader = Described(described, "templates", "cases")
        self._templates = reader.named("templates", _Template)
        self._cases: dict[str, _Case] = {}
        self._updates = count()
        cases = reader.listed("cases", _Described)
        for where, case in sorted(cases, key=lambda entry: text_of(entry[1].fields.get("last_updated_datetime", ""))):
            if case.id in self._cases:
                reader.problems.append(f"{where}: its id {case.id!r} is another case's; give it one of its own.")
            if self._templates and case.template and case.template not in self._templates:
                reader.problems.append(f"{where}: there is no template {case.template!r}; {self._known_templates()}.")
            self._add(case)
        if reader.problems:
            raise UsageError(*reader.problems)
        self._operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "CreateCase": self._create,
            "UpdateCase": self._update,
            "SearchCases": self._search,
            "CreateRelatedItem": self._link,
        }

    def call(self, operation: str, input: dict[str, Any], contact_id: str) -> Any:
        perform = self._operations.get(operation)
        if perform is None:
            raise unknown_operation(operation, self._operations)
        return perform(input)

    def _create(self, input: dict[str, Any]) -> dict[str, Any]:
        name = input["templateId"]
        template = self._templates.get(name, _Template())
        if self._templates and name not in self._templates:
            raise ServiceError(
                "ResourceNotFoundException", f"there is no template {name!r}; {self._known_templates()}."
            )
        fields = _values(input["fields"])
        missing = [field for field in template.required if field not in fields]
        if missing:
            raise ServiceError("ValidationException", f"the template {name!r} requires {', '.join(missing)}.")
        case = self._add(_Described(template=name, fields=fields))
        return {"caseId": case.id, "caseArn": _arn(input, case.id)}

    def _update(self, input: dict[str, Any]) -> dict[str, Any]:
        case = self._find(input)
        emptied = [field["id"] for field in input["fields"] if "emptyValue" in field["value"]]
        changed = {**case.fields, **_values(input["fields"]), "case_id": case.id}
        case.fields = {name: value for name, value in changed.items() if name not in emptied}
        case.updated = next(self._updates)
        return {}

    def _search(self, input: dict[str, Any]) -> dict[str, Any]:
        wanted = [part["field"]["equalTo"] for part in input["filter"]["andAll"]]
        pairs = {field["id"]: _plain(field["value"]) for field in wanted}
        hits = [case for case in self._cases.values() if _fits(case, pairs)]
        hits.sort(key=lambda case: case.updated, reverse=True)
        shown = [
            {"caseId": case.id, "templateId": case.template, "fields": _shown(case, input["fields"])}
            for case in hits[: input["maxResults"]]
        ]
        return {"cases": shown, "totalCount": len(hits)}

    def _link(self, input: dict[str, Any]) -> dict[str, Any]:
        case = self._find(input)
        contact = input["content"]["contact"]["contactArn"].rpartition("/")[2]
        item = derived_id("related item", case.id, contact)
        return {"relatedItemId": item, "relatedItemArn": f"{_arn(input, case.id)}/related-item/{item}"}

    def _add(self, described: _Described) -> _Case:
        case = _Case(len(self._cases), described)
        case.updated = next(self._updates)
        self._cases[case.id] = case
        return case

    def _find(self, input: dict[str, Any]) -> _Case:
        case = self._cases.get(input["caseId"])
        if case is None:
            raise ServiceError("ResourceNotFoundException", f"there is no case {input['caseId']!r}.")
        return case

    def _known_templates(self) -> str:
        return f"known: {', '.join(self._templates)}"


def _arn(input: dict[str, Any], case_id: str) -> str:
    return f"arn:aws:cases:{REGION}:{ACCOUNT}:domain/{input['domainId']}/case/{case_id}"


def _fits(case: _Case, pairs: dict[str, Any]) -> bool:
    return all(text_of(case.fields.get(name)) == text_of(value) != "" for name, value in pairs.items())


def _values(fields: list[dict[str, Any]]) -> dict[str, Any]:
    """The fields that are not empty, by id."""
    return {field["id"]: _plain(field["value"]) for field in fields if "emptyValue" not in field["value"]}


def _plain(value: dict[str, Any]) -> Any:
    return next(iter(value.values()))


def _shown(case: _Case, wanted: list[dict[str, str]]) -> list[dict[str, Any]]:
    names = [field["id"] for field in wanted]
    return [{"id": name, "value": _typed(case.fields[name])} for name in names if name in case.fields]


def _typed(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"booleanValue": value}
    return {"stringValue": value} if isinstance(value, str) else {"doubleValue": value}
