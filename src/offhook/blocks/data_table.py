"""Data table: read rows of a data table, list them, or write them.

The page describes what the designer shows; the parameters are known from exports alone. That values may be references
is the page's word for what is written, and our reading for what is looked up. A block takes five queries or groups, or
writes 25 attributes, at most; a group that writes none counts its primary attributes. What was read is gone after the
next data-table block, however that ends. Values of lists are not given, and what is not found is not there. A list of
more than 32 KB takes the error branch (ours: what happens then is published nowhere), and nothing of it is kept.
LockVersion is LATEST, or the version that a list gave as lockVersion.dataTable.
The service is asked with AWS's operations but for the write, which AWS has in two parts: UpsertDataTableValues is ours.
Source: adminguide/data-table-block.html (newer); APIReference/API_EvaluateDataTableValues.html.
"""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import msgspec
from msgspec.structs import replace

from offhook.core.service import Asking, refused, resumes, unfit
from offhook.core.spec import (
    DYNAMIC,
    JSON,
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    Ctx,
    Exit,
    Outcome,
    Wait,
)
from offhook.model.effect import CallService
from offhook.model.event import ServiceEnded
from offhook.model.flow import Action, Problem

SERVICE = "connect-data-tables"  # the operations are those of connect, which is the instance itself
MAX_QUERIES = 5
MAX_ATTRIBUTES = 25
MAX_BYTES = 32 * 1024
WITHOUT_GROUPS = "default"
READ = ("DataTables", "DataTableList")

Name = Annotated[str, STATIC, msgspec.Meta(min_length=1)]


class Primary(msgspec.Struct, frozen=True, rename="pascal"):
    attribute_name: Name
    value: Annotated[str, DYNAMIC]


class Query(msgspec.Struct, frozen=True, rename="pascal"):
    query_name: Name
    attributes: Annotated[tuple[str, ...], STATIC, msgspec.Meta(title="Attributes to read")] = ()
    primary_values: tuple[Primary, ...] = ()


class Pair(msgspec.Struct, frozen=True, rename="pascal"):
    name: Name
    value: Annotated[str, DYNAMIC]


class Group(msgspec.Struct, frozen=True, rename="pascal"):
    primary_key_group_name: Name
    primary_values: tuple[Pair, ...] = ()


class Written(msgspec.Struct, frozen=True, rename="pascal"):
    name: Name
    value: Annotated[str, DYNAMIC] = ""
    use_default_value: Annotated[bool, STATIC] = False


class WrittenGroup(msgspec.Struct, frozen=True, rename="pascal"):
    primary_key_group_name: Name
    primary_values: tuple[Pair, ...] = ()
    attributes: tuple[Written, ...] = ()


class EvaluateParams(msgspec.Struct, frozen=True, rename="pascal"):
    data_table_id: Annotated[str, STATIC, msgspec.Meta(title="Data table")]
    queries: Annotated[tuple[Query, ...], msgspec.Meta(min_length=1, max_length=MAX_QUERIES, title="Queries")]


class ListParams(msgspec.Struct, frozen=True, rename="pascal"):
    data_table_id: Annotated[str, STATIC, msgspec.Meta(title="Data table")]
    primary_key_groups: Annotated[tuple[Group, ...], msgspec.Meta(max_length=MAX_QUERIES, title="Rows")]


class UpsertParams(msgspec.Struct, frozen=True, rename="pascal"):
    data_table_id: Annotated[str, STATIC, msgspec.Meta(title="Data table")]
    lock_version: Annotated[Any, JSON, msgspec.Meta(title="Lock version")]
    data_table_upsert_attributes: Annotated[tuple[WrittenGroup, ...], msgspec.Meta(min_length=1, title="Rows")]


class Memo(Asking, frozen=True):
    """Of a list: `listed` is what there is so far, `groups` are the names of the groups that were asked for."""

    listed: dict[str, Any] = {}
    groups: tuple[str, ...] = ()


class _Primary(msgspec.Struct, frozen=True, rename="pascal"):
    attribute_name: str
    value: str


class _Evaluated(msgspec.Struct, frozen=True, rename="pascal"):
    primary_values: tuple[_Primary, ...]
    attribute_name: str
    value_type: str
    found: bool
    evaluated_value: str = ""


class _AllEvaluated(msgspec.Struct, frozen=True, rename="pascal"):
    values: tuple[_Evaluated, ...]


class _Lock(msgspec.Struct, frozen=True, rename="pascal"):
    data_table: str = ""


class _Table(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    lock_version: _Lock = _Lock()


class _Description(msgspec.Struct, frozen=True, rename="pascal"):
    data_table: _Table


class _Value(msgspec.Struct, frozen=True, rename="pascal"):
    record_id: str
    primary_values: tuple[_Primary, ...]
    attribute_name: str
    value: str


class _AllValues(msgspec.Struct, frozen=True, rename="pascal"):
    values: tuple[_Value, ...]


# --- evaluate


def evaluate(p: EvaluateParams, ctx: Ctx) -> Outcome:
    values = [
        {
            "PrimaryValues": [{"AttributeName": each.attribute_name, "Value": each.value} for each in q.primary_values],
            "AttributeNames": list(q.attributes),
        }
        for q in p.queries
    ]
    return _ask(ctx, "EvaluateDataTableValues", p.data_table_id, {"Values": values})


def _evaluated(p: EvaluateParams, memo: Memo, event: ServiceEnded, ctx: Ctx) -> Exit:
    if event.error:
        return refused(event)
    answers = msgspec.convert(event.output, _AllEvaluated).values
    read = {query.query_name: dict(_answers(query, answers)) for query in p.queries}
    return Exit(set={"system": {"DataTables": read}})


def _answers(query: Query, answers: tuple[_Evaluated, ...]) -> Iterator[tuple[str, str]]:
    wanted = {(each.attribute_name, each.value) for each in query.primary_values}
    for each in answers:
        is_answer = each.attribute_name in query.attributes and wanted == _pairs(each.primary_values)
        if is_answer and each.found and not each.value_type.endswith("_LIST"):
            yield each.attribute_name, each.evaluated_value


def _pairs(values: tuple[_Primary, ...]) -> set[tuple[str, str]]:
    return {(each.attribute_name, each.value) for each in values}


# --- list


def list_rows(p: ListParams, ctx: Ctx) -> Outcome:
    return _ask(ctx, "DescribeDataTable", p.data_table_id, {})


def _listed(p: ListParams, memo: Memo, event: ServiceEnded, ctx: Ctx) -> Outcome:
    if event.error:
        return refused(event)
    if memo.groups:
        rows = _rows(msgspec.convert(event.output, _AllValues).values)
        groups = {**memo.listed["primaryKeyGroups"], memo.groups[-1]: rows}
        listed = {**memo.listed, "primaryKeyGroups": groups}
    else:
        table = msgspec.convert(event.output, _Description).data_table
        lock = {"dataTable": table.lock_version.data_table}
        listed = {"dataTableId": table.id, "lockVersion": lock, "primaryKeyGroups": {}}
    size = len(msgspec.json.encode(listed))
    if size > MAX_BYTES:
        detail = f"the rows have {size:,} bytes, at most {MAX_BYTES:,} are listed; name groups of fewer rows."
        return Exit(error="NoMatchingError", cause="too_large", detail=detail)
    wanted = p.primary_key_groups or (Group(WITHOUT_GROUPS),)
    if len(memo.groups) == len(wanted):
        return Exit(set={"system": {"DataTableList": {"ResultData": listed}}})
    group = wanted[len(memo.groups)]
    primary = [{"AttributeName": each.name, "Values": [each.value]} for each in group.primary_values]
    memo = Memo(listed=listed, groups=(*memo.groups, group.primary_key_group_name))
    return _ask(ctx, "ListDataTableValues", p.data_table_id, {"PrimaryAttributeValues": primary}, memo=memo)


def _rows(values: tuple[_Value, ...]) -> list[dict[str, Any]]:
    """The values by record, in their order; the primary ones are named apart."""
    rows: dict[str, dict[str, Any]] = {}
    for each in values:
        primary = [_named(value.attribute_name, value.value) for value in each.primary_values]
        row = rows.setdefault(each.record_id, {"primaryKeys": primary, "attributes": []})
        if each.attribute_name not in {value.attribute_name for value in each.primary_values}:
            row["attributes"].append(_named(each.attribute_name, each.value))
    return list(rows.values())


def _named(name: str, value: str) -> dict[str, str]:
    return {"attributeName": name, "attributeValue": value}


# --- write


def upsert(p: UpsertParams, ctx: Ctx) -> Outcome:
    groups = p.data_table_upsert_attributes
    count = sum(len(group.attributes) or len(group.primary_values) for group in groups)
    if count > MAX_ATTRIBUTES:
        return _cleared(ctx, unfit(_count_text(count)))
    lock = _lock(p.lock_version)
    values = [value for group in groups for value in _values(group)]
    return _ask(
        ctx,
        "UpsertDataTableValues",
        p.data_table_id,
        {"Values": values, **({"LockVersion": {"DataTable": lock}} if lock else {})},
    )


def _lock(version: Any) -> str:
    """The version of the table that must be its present one, empty for any."""
    if isinstance(version, dict):
        version = next((version[name] for name in ("dataTable", "DataTable") if name in version), "")
    return "" if version in (None, "LATEST") else str(version)


def _values(group: WrittenGroup) -> Iterator[dict[str, Any]]:
    primary = {"PrimaryValues": [{"AttributeName": each.name, "Value": each.value} for each in group.primary_values]}
    if not group.attributes:
        yield primary
    for each in group.attributes:
        value = {"UseDefaultValue": True} if each.use_default_value else {"Value": each.value}
        yield {**primary, "AttributeName": each.name, **value}


def _upserted(p: UpsertParams, memo: Memo, event: ServiceEnded, ctx: Ctx) -> Exit:
    return refused(event) if event.error else Exit()


def _count_text(count: int) -> str:
    return f"DataTableUpsertAttributes has {count} attributes to write, must have {MAX_ATTRIBUTES} at most."


# --- what they share


def _ask(ctx: Ctx, operation: str, table: str, input: dict[str, Any], *, memo: Memo | None = None) -> Wait:
    whole = {"InstanceId": ctx.instance.id, "DataTableId": table, **input}
    call = CallService(ctx.new_id(), SERVICE, operation, whole)
    return Wait((call,), replace(memo or Memo(), call_id=call.id))


def _clears(
    read: Callable[[Any, Any, ServiceEnded, Ctx], Outcome],
) -> Callable[[Any, Any, ServiceEnded, Ctx], Outcome]:
    """A block that leaves takes away what was read before it."""

    def cleared(p: Any, memo: Any, event: ServiceEnded, ctx: Ctx) -> Outcome:
        outcome = read(p, memo, event, ctx)
        return _cleared(ctx, outcome) if type(outcome) is Exit else outcome

    return cleared


def _cleared(ctx: Ctx, exit: Exit) -> Exit:
    others = {name: value for name, value in ctx.system.items() if name not in READ}
    if not exit.set and others == ctx.system:
        return exit
    return replace(exit, set={"system": {**others, **exit.set.get("system", {})}})


def check(action: Action) -> list[Problem]:
    """Names are the author's to tell results apart. What is no list of objects is the loader's to refuse."""
    found = []
    for field, name in (("Queries", "QueryName"), ("PrimaryKeyGroups", "PrimaryKeyGroupName")):
        entries = action.parameters.get(field, ())
        names = [each.get(name) for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
        twice = [each for place, each in enumerate(names) if each in names[:place]]
        if twice:
            message = f"{name} {twice[0]!r} stands twice; a name may be used once, so give the other another."
            found.append(Problem("E-data-table-name", message, action=action.identifier, field=f"Parameters.{field}"))
    return found


BLOCKS = (
    BlockSpec(
        action="EvaluateDataTableValues",
        title="Data table (evaluate)",
        summary="Reads attributes of rows into $.DataTables.",
        group="integrate",
        kind="interaction",
        params=EvaluateParams,
        memo=Memo,
        enter=evaluate,
        resume=resumes(_clears(_evaluated)),
        errors=(NO_MATCHING_ERROR,),
        widgets={"Queries": "json"},
        check=check,
        example={
            "DataTableId": "Branches",
            "Queries": [
                {
                    "QueryName": "Mine",
                    "PrimaryValues": [{"AttributeName": "branch", "Value": "oslo"}],
                    "Attributes": ["queue"],
                }
            ],
        },
    ),
    BlockSpec(
        action="ListDataTableValues",
        title="Data table (list)",
        summary="Lists rows into $.DataTableList.",
        group="integrate",
        kind="interaction",
        params=ListParams,
        memo=Memo,
        enter=list_rows,
        resume=resumes(_clears(_listed)),
        errors=(NO_MATCHING_ERROR,),
        widgets={"PrimaryKeyGroups": "json"},
        check=check,
        example={
            "DataTableId": "Branches",
            "PrimaryKeyGroups": [
                {"PrimaryKeyGroupName": "Oslo", "PrimaryValues": [{"Name": "branch", "Value": "oslo"}]}
            ],
        },
    ),
    BlockSpec(
        action="UpsertDataTableValues",
        title="Data table (write)",
        summary="Writes attributes of rows.",
        group="integrate",
        kind="interaction",
        params=UpsertParams,
        memo=Memo,
        enter=upsert,
        resume=resumes(_clears(_upserted)),
        errors=(NO_MATCHING_ERROR,),
        widgets={"DataTableUpsertAttributes": "json"},
        example={
            "DataTableId": "Branches",
            "LockVersion": "LATEST",
            "DataTableUpsertAttributes": [
                {
                    "PrimaryKeyGroupName": "Oslo",
                    "PrimaryValues": [{"Name": "branch", "Value": "oslo"}],
                    "Attributes": [{"Name": "queue", "Value": "North"}],
                }
            ],
        },
    ),
)
