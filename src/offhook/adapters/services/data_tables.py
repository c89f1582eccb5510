"""Amazon Connect data tables beside a flow, in memory (docs/services.md).

The operations are those of the API of Connect on values, with UpsertDataTableValues in the place of BatchCreate- and
BatchUpdateDataTableValue: it creates the records that are not there, and writes all values or none. Values are texts,
as in the API. A table has one lock version, which every write raises.
Source: connect 2017-08-08 (shapes and names of errors); adminguide/data-table-block.html.
"""

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Literal

import msgspec

from offhook.adapters.services.described import Described, unknown_operation
from offhook.adapters.services.error import ServiceError
from offhook.core.conditions import number
from offhook.core.expr import text_of
from offhook.model.errors import UsageError
from offhook.model.instance import derived_id

SERVICE = "connect-data-tables"

Values = dict[str, str]


class _Attribute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["TEXT", "NUMBER", "BOOLEAN", "TEXT_LIST", "NUMBER_LIST"] = "TEXT"
    primary: bool = False
    default: Any = None

    def problem(self, name: str, value: str) -> str:
        """One sentence about a value that is not of the type, empty where it is."""
        wrong = (self.type == "NUMBER" and number(value) is None) or (
            self.type == "BOOLEAN" and value not in ("true", "false")
        )
        return f"{name} is {value!r}, must be a {self.type}." if wrong else ""


class _Described(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    attributes: dict[str, _Attribute]
    id: str = ""
    matches: tuple[str, ...] = ()
    rows: tuple[dict[str, Any], ...] = ()


class _Table:
    """A table. `rows` is keyed by the values of the primary attributes, in their order."""

    def __init__(self, name: str, described: _Described) -> None:
        self.name = name
        self.id = described.id or derived_id("data table", name)
        self.matches = described.matches
        self.attributes = described.attributes
        self.primary = tuple(each for each, attribute in self.attributes.items() if attribute.primary)
        self.version = 1
        self.rows: dict[tuple[str, ...], Values] = {}

    def is_meant(self, raw: str) -> bool:
        """By name, id, ARN with or without a version, or by what the description says."""
        known = (self.name, self.id)
        bare = raw.rpartition("/")[2].partition(":")[0] if raw.startswith("arn:") else raw
        return bare in known or any(fnmatchcase(raw, pattern) for pattern in self.matches)

    def key(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """Where the record stands. Raises ServiceError for primary values that are not the table's."""
        if set(values) != set(self.primary):
            given, wanted = (", ".join(names) or "none" for names in (values, self.primary))
            raise _invalid(f"the primary attributes of {self.name} are {wanted}; given are {given}.")
        return tuple(values[name] for name in self.primary)

    def record_id(self, key: tuple[str, ...]) -> str:
        return derived_id("record", self.id, *key)

    def value(self, key: tuple[str, ...], name: str) -> str | None:
        """None where there is no such record, or no value in it."""
        row = self.rows.get(key)
        if row is None:
            return None
        default = self.attributes[name].default
        return row.get(name) if default is None else row.get(name, text_of(default))


class Service:
    """The tables. Raises UsageError with every problem of the description."""

    def __init__(self, described: Mapping[str, Any], call_function: Callable[[str, dict[str, Any]], Any]) -> None:
        reader = Described(described, "tables")
        self._tables: list[_Table] = []
        for name, description in reader.named("tables", _Described).items():
            table = _Table(name, description)
            self._tables.append(table)
            for place, row in enumerate(description.rows):
                problems = list(_filled(table, row))
                reader.problems += [f"tables.{name}.rows[{place}]: {problem}" for problem in problems]
        if reader.problems:
            raise UsageError(*reader.problems)
        self._operations: dict[str, Callable[[_Table, dict[str, Any]], dict[str, Any]]] = {
            "DescribeDataTable": _describe,
            "EvaluateDataTableValues": _evaluate,
            "ListDataTableValues": _list,
            "UpsertDataTableValues": _upsert,
        }

    def call(self, operation: str, input: dict[str, Any], contact_id: str) -> Any:
        perform = self._operations.get(operation)
        if perform is None:
            raise unknown_operation(operation, self._operations)
        return perform(self._find(input["DataTableId"]), input)

    def _find(self, raw: str) -> _Table:
        table = next((table for table in self._tables if table.is_meant(raw)), None)
        if table is None:
            known = ", ".join(table.name for table in self._tables) or "none"
            raise ServiceError("ResourceNotFoundException", f"there is no data table {raw!r}; there is {known}.")
        return table


def _filled(table: _Table, row: Mapping[str, Any]) -> Iterator[str]:
    """Put the row in. One sentence per mistake in it."""
    texts = {name: text_of(value) for name, value in row.items()}
    for name, text in texts.items():
        if name not in table.attributes:
            yield f"{name!r} is no attribute of the table; it has {', '.join(table.attributes)}."
        elif problem := table.attributes[name].problem(name, text):
            yield problem
    missing = [name for name in table.primary if name not in texts]
    if missing:
        yield f"its primary {', '.join(missing)} is missing; every row has the primary attributes."
        return
    key = tuple(texts[name] for name in table.primary)
    if key in table.rows:
        yield f"there is a row with {', '.join(key) or 'no primary attribute'} already; rows differ in what is primary."
    table.rows[key] = texts


def _describe(table: _Table, input: dict[str, Any]) -> dict[str, Any]:
    return {"DataTable": {"Name": table.name, "Id": table.id, "LockVersion": _lock(table)}}


def _evaluate(table: _Table, input: dict[str, Any]) -> dict[str, Any]:
    values = []
    for asked in input["Values"]:
        given = {each["AttributeName"]: each["Value"] for each in asked["PrimaryValues"]}
        key = table.key(given)
        for name in asked["AttributeNames"]:
            attribute, value = _attribute(table, name), table.value(key, name)
            values.append(
                {
                    "RecordId": table.record_id(key),
                    "PrimaryValues": asked["PrimaryValues"],
                    "AttributeName": name,
                    "ValueType": attribute.type,
                    "Found": value is not None,
                    "Error": False,
                    "EvaluatedValue": value or "",
                }
            )
    return {"Values": values}


def _list(table: _Table, input: dict[str, Any]) -> dict[str, Any]:
    wanted = {each["AttributeName"]: each["Values"] for each in input["PrimaryAttributeValues"]}
    if wanted:
        table.key({name: "" for name in wanted})
    values = []
    for key, row in table.rows.items():
        if any(row[name] not in texts for name, texts in wanted.items()):
            continue
        primary = [{"AttributeName": name, "Value": row[name]} for name in table.primary]
        for name in table.attributes:
            if (value := table.value(key, name)) is not None:
                values.append(
                    {
                        "RecordId": table.record_id(key),
                        "PrimaryValues": primary,
                        "AttributeName": name,
                        "ValueType": table.attributes[name].type,
                        "Value": value,
                        "LockVersion": _lock(table),
                    }
                )
    return {"Values": values}


def _upsert(table: _Table, input: dict[str, Any]) -> dict[str, Any]:
    wanted = input.get("LockVersion", {}).get("DataTable", "")
    if wanted and wanted != str(table.version):
        raise ServiceError(
            "ConflictException", f"the lock version of {table.name} is {table.version}, not {wanted}: list it again."
        )
    written: dict[tuple[str, ...], Values] = {}
    for each in input["Values"]:
        given = {value["AttributeName"]: value["Value"] for value in each["PrimaryValues"]}
        key = table.key(given)
        row = written.setdefault(key, {**given, **table.rows.get(key, {})})
        for name, value in (*given.items(), *_written(table, each)):
            if problem := _attribute(table, name).problem(name, value):
                raise _invalid(problem)
            row[name] = value
    table.rows |= written
    table.version += 1
    return {"LockVersion": _lock(table)}


def _written(table: _Table, value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    name = value.get("AttributeName")
    if name is None:
        return
    if name in table.primary:
        raise _invalid(f"{name} is primary in the data table {table.name}, and cannot be written in a record.")
    if not value.get("UseDefaultValue"):
        yield name, value["Value"]
    elif (default := _attribute(table, name).default) is not None:
        yield name, text_of(default)
    else:
        raise _invalid(f"{name} has no default value in the data table {table.name}.")


def _attribute(table: _Table, name: str) -> _Attribute:
    if name not in table.attributes:
        known = ", ".join(table.attributes)
        raise ServiceError(
            "ResourceNotFoundException", f"{name!r} is no attribute of the data table {table.name}; it has {known}."
        )
    return table.attributes[name]


def _lock(table: _Table) -> dict[str, str]:
    return {"DataTable": str(table.version)}


def _invalid(sentence: str) -> ServiceError:
    return ServiceError("InvalidParameterException", sentence)
