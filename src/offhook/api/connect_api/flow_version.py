"""Versions of contact flows and of flow modules: what is published, kept under a number for good.

A version may be deleted unless an alias leads to it. Numbers are never given twice.
Source: botocore's model, CreateContactFlowVersion and the operations beside it.
"""

from collections.abc import Mapping
from typing import Any

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api import content
from offhook.api.connect_api.connect import Connect, Operation, invalid, page, refused
from offhook.api.connect_api.content import FLOW, MODULE, Kind
from offhook.api.service import Result


def _create(kind: Kind) -> Operation:
    def create(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
        record = content.whole(connect, kind, asked)
        if "Published" not in record.body:
            raise refused(f"The {kind.what} {record.name!r} is not published, so that no version can be made of it.")
        found = content.newest(record)
        if asked.get(kind.sha) not in (None, content.sha256(found.text)):
            raise refused(f"{kind.sha} is not the checksum of what is published.")
        number = _next_number(record, asked.get(f"{kind.word}Version"))
        content.keep(connect, record, {**record.body, "LastVersion": number})
        _keep_version(connect, record, found, number=number, description=asked.get("Description", ""))
        return {f"{kind.word}Arn": f"{connect.arn(record)}:{number}", "Version": number}

    return create


def _next_number(record: Record, wanted: int | None) -> int:
    last = int(record.body.get("LastVersion", 0))
    if wanted is not None and wanted <= last:
        raise invalid(f"The version is {wanted}, must be above {last}, the last one that was made.")
    return wanted or last + 1


def _keep_version(connect: Connect, record: Record, found: content.Content, *, number: int, description: str) -> None:
    body = {
        "Content": found.text, "Version": number, "Description": description, "Revision": record.body["Revision"],
        **({} if found.settings is None else {"Settings": found.settings}),
    }  # fmt: skip
    kind = f"{record.kind}-version"
    connect.shelf.put(Record(instance=record.instance, kind=kind, id=f"{record.id}:{number}", body=body))


def _list(kind: Kind) -> Operation:
    def listed(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
        record, _ = content.find(connect, kind, asked)
        versions, token = page(content.versions(connect, record), asked)
        summaries = [_summary(connect, kind, record, each) for each in versions]
        return {f"{kind.word}VersionSummaryList": summaries, "NextToken": token}

    return listed


def _summary(connect: Connect, kind: Kind, record: Record, version: Record) -> dict[str, Any]:
    return {
        "Arn": f"{connect.arn(record)}:{version.body['Version']}",
        "VersionDescription": version.body["Description"],
        "Version": version.body["Version"],
        # The summary of a module's version has no times
        **(connect.modified(version) if kind is FLOW else {}),
    }


def _delete(kind: Kind) -> Operation:
    def delete(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
        record = content.whole(connect, kind, asked)
        member = f"{kind.word}Version"
        version = content.version(connect, record, asked[member])
        for alias in content.aliases(connect, kind, record):
            if alias.body[member] == asked[member]:
                raise refused(f"The alias {alias.name!r} leads to version {asked[member]}, which therefore stays.")
        connect.shelf.delete(version)
        return {}

    return delete


OPERATIONS: Mapping[str, Operation] = {
    "CreateContactFlowVersion": _create(FLOW),
    "ListContactFlowVersions": _list(FLOW),
    "DeleteContactFlowVersion": _delete(FLOW),
    "CreateContactFlowModuleVersion": _create(MODULE),
    "ListContactFlowModuleVersions": _list(MODULE),
    "DeleteContactFlowModuleVersion": _delete(MODULE),
}
