"""Aliases of contact flows and of flow modules: names for versions.

The ARN of an alias is that of the flow, with the alias's id as its qualifier. Names differ within a flow.
Source: botocore's model, CreateContactFlowAlias and the operations beside it; adminguide/flows-versions-aliases.html.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api import content
from offhook.api.connect_api.connect import Connect, Operation, by_name, id_of, page
from offhook.api.connect_api.content import FLOW, MODULE, Kind
from offhook.api.errors import ServiceError
from offhook.api.service import Result


def _create(kind: Kind) -> Operation:
    def create(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
        record = content.whole(connect, kind, asked)
        number = asked[f"{kind.word}Version"]
        content.version(connect, record, number)
        _must_be_free(connect, kind, record, asked["AliasName"])
        body = {f"{kind.word}Id": record.id, f"{kind.word}Version": number, "Description": asked.get("Description", "")}
        made = Record(
            instance=record.instance, kind=f"{kind.kind}-alias", id=connect.new_id(), name=asked["AliasName"], body=body
        )
        connect.shelf.put(made)
        return {f"{kind.word}Arn": f"{connect.arn(record)}:{made.id}", "Id": made.id}

    return create


def _describe(kind: Kind) -> Operation:
    def describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
        record, alias = _find(connect, kind, asked)
        return {
            f"{kind.word}Alias": {
                f"{kind.word}Id": record.id,
                f"{kind.word}Arn": connect.arn(record),
                "AliasId": alias.id,
                "Version": alias.body[f"{kind.word}Version"],
                "Name": alias.name,
                "Description": alias.body["Description"],
                **connect.modified(alias),
            }
        }

    return describe


def _list(kind: Kind) -> Operation:
    def listed(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
        record, _ = content.find(connect, kind, asked)
        aliases, token = page(by_name(content.aliases(connect, kind, record)), asked)
        summaries = [_summary(connect, kind, record, each) for each in aliases]
        return {f"{kind.word}AliasSummaryList": summaries, "NextToken": token}

    return listed


def _summary(connect: Connect, kind: Kind, record: Record, alias: Record) -> dict[str, Any]:
    modified = connect.modified(alias)
    if kind is MODULE:
        del modified["LastModifiedRegion"]  # the summary of a module's alias does not have it
    return {
        "Arn": f"{connect.arn(record)}:{alias.id}",
        "AliasId": alias.id,
        "Version": alias.body[f"{kind.word}Version"],
        "AliasName": alias.name,
        "AliasDescription": alias.body["Description"],
        **modified,
    }


def _update(kind: Kind) -> Operation:
    def update(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
        record, alias = _find(connect, kind, asked)
        name = asked.get("Name", alias.name)
        if name != alias.name:
            _must_be_free(connect, kind, record, name)
        version = f"{kind.word}Version"
        number = asked.get(version, alias.body[version])
        content.version(connect, record, number)
        description = asked.get("Description", alias.body["Description"])
        body = {**alias.body, version: number, "Description": description}
        connect.shelf.put(msgspec.structs.replace(alias, name=name, body=body))
        return {}

    return update


def _delete(kind: Kind) -> Operation:
    def delete(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
        connect.shelf.delete(_find(connect, kind, asked)[1])
        return {}

    return delete


def _find(connect: Connect, kind: Kind, asked: Mapping[str, Any]) -> tuple[Record, Record]:
    record = content.whole(connect, kind, asked)
    text = id_of(asked["AliasId"])
    return record, content.alias(connect, kind, record, content.split(text)[1] or text)


def _must_be_free(connect: Connect, kind: Kind, record: Record, name: str) -> None:
    if any(each.name == name for each in content.aliases(connect, kind, record)):
        raise ServiceError("DuplicateResourceException", f"The name {name!r} is taken by another alias.")


OPERATIONS: Mapping[str, Operation] = {
    "CreateContactFlowAlias": _create(FLOW),
    "DescribeContactFlowAlias": _describe(FLOW),
    "ListContactFlowAliases": _list(FLOW),
    "UpdateContactFlowAlias": _update(FLOW),
    "DeleteContactFlowAlias": _delete(FLOW),
    "CreateContactFlowModuleAlias": _create(MODULE),
    "DescribeContactFlowModuleAlias": _describe(MODULE),
    "ListContactFlowModuleAliases": _list(MODULE),
    "UpdateContactFlowModuleAlias": _update(MODULE),
    "DeleteContactFlowModuleAlias": _delete(MODULE),
}
