"""Where an instance would store recordings, transcripts and streams: kept as data, nothing is stored there.

Source: API reference, AssociateInstanceStorageConfig and the pages beside it: one configuration of a resource type.
"""

from collections.abc import Mapping
from typing import Any

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api.connect import Connect, Operation, invalid, missing, page
from offhook.api.errors import ServiceError
from offhook.api.service import Result

KIND = "storage-config"
# Which member a type of storage needs
_CONFIGS = {
    "S3": "S3Config", "KINESIS_VIDEO_STREAM": "KinesisVideoStreamConfig", "KINESIS_STREAM": "KinesisStreamConfig",
    "KINESIS_FIREHOSE": "KinesisFirehoseConfig",
}  # fmt: skip


def _associate(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance, kind = connect.instance(asked), asked["ResourceType"]
    if connect.shelf.named(instance.id, KIND, kind) is not None:
        raise ServiceError("ResourceConflictException", f"There is a storage configuration for {kind} already.")
    body = _configuration(asked["StorageConfig"])
    record = connect.shelf.put(Record(instance=instance.id, kind=KIND, id=connect.new_id(), name=kind, body=body))
    return {"AssociationId": record.id}


def _describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    return {"StorageConfig": _shown(_find(connect, asked))}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = connect.shelf.named(connect.instance(asked).id, KIND, asked["ResourceType"])
    configs, token = page([] if record is None else [_shown(record)], asked, usual=10)
    return {"StorageConfigs": configs, "NextToken": token}


def _update(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    body = _configuration(asked["StorageConfig"])
    connect.shelf.put(Record(instance=record.instance, kind=KIND, id=record.id, name=record.name, body=body))
    return {}


def _disassociate(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    connect.shelf.delete(_find(connect, asked))
    return {}


def _find(connect: Connect, asked: Mapping[str, Any]) -> Record:
    record = connect.shelf.get(connect.instance(asked).id, KIND, asked["AssociationId"])
    if record is None or record.name != asked["ResourceType"]:
        raise missing(f"There is no storage configuration {asked['AssociationId']} for {asked['ResourceType']}.")
    return record


def _configuration(asked: Mapping[str, Any]) -> dict[str, Any]:
    """ServiceError where it is not that of its type."""
    needed = _CONFIGS[asked["StorageType"]]
    if [name for name in _CONFIGS.values() if name in asked] != [needed]:
        raise invalid(f"Storage of type {asked['StorageType']} takes {needed}, and no other.")
    return {"StorageType": asked["StorageType"], needed: asked[needed]}


def _shown(record: Record) -> dict[str, Any]:
    return {"AssociationId": record.id, **record.body}


OPERATIONS: Mapping[str, Operation] = {
    "AssociateInstanceStorageConfig": _associate,
    "DescribeInstanceStorageConfig": _describe,
    "ListInstanceStorageConfigs": _list,
    "UpdateInstanceStorageConfig": _update,
    "DisassociateInstanceStorageConfig": _disassociate,
}
