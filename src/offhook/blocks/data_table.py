"""Data table: read rows of a data table, list them, or write them.

Declared, not built yet. Known from exports alone; that values may be references is our reading, since a look-up by
constants would be of no use. A block takes five queries or groups, or writes 25 attributes, at most; what was read is
gone after the next data-table block.
Source: adminguide/data-table-block.html (newer).
"""

from typing import Annotated, Any

import msgspec

from offhook.core.spec import (
    JSON,
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
)

MAX_QUERIES = 5


class EvaluateParams(msgspec.Struct, frozen=True, rename="pascal"):
    data_table_id: Annotated[str, STATIC, msgspec.Meta(title="Data table")]
    queries: Annotated[tuple[dict[str, Any], ...], JSON, msgspec.Meta(max_length=MAX_QUERIES, title="Queries")]


class ListParams(msgspec.Struct, frozen=True, rename="pascal"):
    data_table_id: Annotated[str, STATIC, msgspec.Meta(title="Data table")]
    primary_key_groups: Annotated[tuple[dict[str, Any], ...], JSON, msgspec.Meta(max_length=MAX_QUERIES, title="Rows")]


class UpsertParams(msgspec.Struct, frozen=True, rename="pascal"):
    """The shapes of the last two are not known."""

    data_table_id: Annotated[str, STATIC, msgspec.Meta(title="Data table")]
    lock_version: Annotated[Any, JSON, msgspec.Meta(title="Lock version")]
    data_table_upsert_attributes: Annotated[Any, JSON, msgspec.Meta(title="Attributes")]


BLOCKS = (
    BlockSpec(
        action="EvaluateDataTableValues",
        title="Data table (evaluate)",
        summary="Reads attributes of rows into $.DataTables.",
        group="integrate",
        kind="interaction",
        params=EvaluateParams,
        errors=(NO_MATCHING_ERROR,),
        widgets={"Queries": "json"},
        example={"DataTableId": "t", "Queries": [{"QueryName": "q"}]},
    ),
    BlockSpec(
        action="ListDataTableValues",
        title="Data table (list)",
        summary="Lists rows into $.DataTableList.",
        group="integrate",
        kind="interaction",
        params=ListParams,
        errors=(NO_MATCHING_ERROR,),
        widgets={"PrimaryKeyGroups": "json"},
        example={"DataTableId": "t", "PrimaryKeyGroups": [{"GroupName": "g"}]},
    ),
    BlockSpec(
        action="UpsertDataTableValues",
        title="Data table (write)",
        summary="Writes attributes of rows.",
        group="integrate",
        kind="interaction",
        params=UpsertParams,
        errors=(NO_MATCHING_ERROR,),
        widgets={"DataTableUpsertAttributes": "json"},
        example={"DataTableId": "t", "LockVersion": {}, "DataTableUpsertAttributes": []},
    ),
)
