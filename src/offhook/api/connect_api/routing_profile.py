"""Routing profiles: which queues their users serve, and how many contacts of a channel at once.

Source: API reference, CreateRoutingProfile and the pages beside it (DescribeRoutingProfile has no AssociatedQueueIds,
SearchRoutingProfiles has them, and leaves out others); 50 queues: the service quotas.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api.connect import Connect, Operation, by_name, id_of, invalid, missing, page, refused
from offhook.api.connect_api.search import found
from offhook.api.errors import ServiceError
from offhook.api.service import Result

KIND = "routing-profile"
_MOST_QUEUES = 50
# The greatest Concurrency of a channel. Source: MediaConcurrency; EMAIL is not said there
_MOST_AT_ONCE = {"VOICE": 1}
_ALONE = {"BehaviorType": "ROUTE_CURRENT_CHANNEL_ONLY"}
_QUEUES, _MANUAL = "QueueConfigs", "ManualAssignmentQueueConfigs"
_REFERENCES = {_QUEUES: "QueueReferences", _MANUAL: "ManualAssignmentQueueReferences"}


def _create(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    body = {
        "Description": asked["Description"],
        "DefaultOutboundQueueId": _queue(connect, instance, asked["DefaultOutboundQueueId"]).id,
        "MediaConcurrencies": _concurrencies(asked["MediaConcurrencies"]),
        "AgentAvailabilityTimer": asked.get("AgentAvailabilityTimer", "TIME_SINCE_LAST_ACTIVITY"),
        **{name: _configs(connect, instance, asked.get(name, [])) for name in _REFERENCES},
    }
    record = connect.create(instance.id, KIND, asked, body)
    return {"RoutingProfileArn": connect.arn(record), "RoutingProfileId": record.id}


def _describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    more = {"AgentAvailabilityTimer": record.body["AgentAvailabilityTimer"], **connect.modified(record)}
    return {"RoutingProfile": {**_described(connect, record), **more}}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, token = page(by_name(connect.shelf.all(connect.instance(asked).id, KIND)), asked)
    listed = [
        {"Id": record.id, "Arn": connect.arn(record), "Name": record.name, **connect.modified(record)}
        for record in records
    ]
    return {"RoutingProfileSummaryList": listed, "NextToken": token}


def _search(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    fields = {"associatedqueueids": lambda record: _ids(record, _QUEUES)}
    records, more = found(connect.shelf.all(connect.instance(asked).id, KIND), asked, fields=fields)
    return {"RoutingProfiles": [_in_search(connect, record) for record in records], **more}


def _delete(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    for user in _users(connect, record):
        raise ServiceError(
            "ResourceInUseException", f"The routing profile {record.name!r} is that of the user {user.name!r}.",
            ResourceType="USER", ResourceId=user.id,
        )  # fmt: skip
    connect.shelf.delete(record)
    return {}


# --- changing ---


def _update_name(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    if asked.get("Name") is None and asked.get("Description") is None:
        raise refused("Name or Description is required.")
    connect.change(record, name=asked.get("Name"), Description=asked.get("Description"))
    return {}


def _update_concurrency(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    connect.change(_find(connect, asked), MediaConcurrencies=_concurrencies(asked["MediaConcurrencies"]))
    return {}


def _update_outbound(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    queue = _queue(connect, connect.instance(asked), asked["DefaultOutboundQueueId"])
    connect.change(record, DefaultOutboundQueueId=queue.id)
    return {}


def _update_timer(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    connect.change(_find(connect, asked), AgentAvailabilityTimer=asked["AgentAvailabilityTimer"])
    return {}


# --- queues ---


def _update_queues(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """Priority and delay of queues that the profile has."""
    record = _find(connect, asked)
    known = {_key(config) for config in record.body[_QUEUES]}
    configs = _configs(connect, connect.instance(asked), asked[_QUEUES])
    for config in configs:
        if _key(config) not in known:
            raise missing(f"The routing profile has no queue {config['QueueId']} of channel {config['Channel']}.")
    connect.change(record, QueueConfigs=_merged(record.body[_QUEUES], configs))
    return {}


def _associate(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """A queue that the profile has is given the new priority and delay; that is ours."""
    record = _find(connect, asked)
    if not any(asked.get(name) for name in _REFERENCES):
        raise invalid(f"{_QUEUES} or {_MANUAL} is required.")
    body = dict(record.body)
    for name in _REFERENCES:
        body[name] = _merged(body.get(name, []), _configs(connect, connect.instance(asked), asked.get(name, [])))
    connect.shelf.put(msgspec.structs.replace(record, body=body))
    return {}


def _disassociate(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    if not any(asked.get(name) for name in _REFERENCES.values()):
        raise invalid(f"{' or '.join(_REFERENCES.values())} is required.")
    body = dict(record.body)
    for name, member in _REFERENCES.items():
        gone = {(id_of(each["QueueId"]), each["Channel"]) for each in asked.get(member, [])}
        configs = body.get(name, [])
        if unknown := sorted(gone - {_key(config) for config in configs}):
            raise missing(f"The routing profile has no queue {unknown[0][0]} of channel {unknown[0][1]}.")
        body[name] = [config for config in configs if _key(config) not in gone]
    connect.shelf.put(msgspec.structs.replace(record, body=body))
    return {}


def _list_queues(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    configs, token = page(record.body[_QUEUES], asked)
    listed = [
        {**_named(connect, record, config), "Priority": config["Priority"], "Delay": config["Delay"]}
        for config in configs
    ]
    return {"RoutingProfileQueueConfigSummaryList": listed, "NextToken": token, **connect.modified(record)}


def _list_manual_queues(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _find(connect, asked)
    configs, token = page(record.body.get(_MANUAL, []), asked)
    listed = [_named(connect, record, config) for config in configs]
    member = "RoutingProfileManualAssignmentQueueConfigSummaryList"
    return {member: listed, "NextToken": token, **connect.modified(record)}


def _configs(connect: Connect, instance: Record, configs: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """As they are kept: flat, with the queue's id. ServiceError where a queue is not there."""
    made = []
    for config in configs:
        reference = config["QueueReference"]
        queue = {"QueueId": _queue(connect, instance, reference["QueueId"]).id, "Channel": reference["Channel"]}
        made.append({**queue, **{name: config[name] for name in ("Priority", "Delay") if name in config}})
    return _merged([], made)


def _merged(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One of each queue and channel. ServiceError where there are too many."""
    configs = list({_key(config): config for config in [*old, *new]}.values())
    if len({config["QueueId"] for config in configs}) > _MOST_QUEUES:
        raise ServiceError("LimitExceededException", f"A routing profile may have {_MOST_QUEUES} queues.")
    return configs


def _key(config: Mapping[str, Any]) -> tuple[str, str]:
    return config["QueueId"], config["Channel"]


# --- finding and describing ---


def _find(connect: Connect, asked: Mapping[str, Any]) -> Record:
    return connect.find(connect.instance(asked).id, KIND, asked["RoutingProfileId"])


def _queue(connect: Connect, instance: Record, text: str) -> Record:
    return connect.find(instance.id, "queue", text)


def _users(connect: Connect, record: Record) -> list[Record]:
    users = connect.shelf.all(record.instance, "agent")
    return [user for user in users if user.body.get("RoutingProfileId") == record.id]


def _concurrencies(asked: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """As they are kept. ServiceError where a channel is there twice or takes more than it can.

    Without a Concurrency, it is what the types of workload take together; that is ours.
    """
    channels = [each["Channel"] for each in asked]
    if len(set(channels)) != len(channels):
        raise invalid("MediaConcurrencies has a channel twice.")
    for each in asked:
        most = _MOST_AT_ONCE.get(each["Channel"], 10)
        if "Concurrency" in each and not 1 <= each["Concurrency"] <= most:
            raise invalid(f"Concurrency of {each['Channel']} is {each['Concurrency']}, must be 1..{most}.")
    return [{"Concurrency": _together(each), "CrossChannelBehavior": _ALONE, **each} for each in asked]


def _together(media: Mapping[str, Any]) -> int:
    counts = [each["Concurrency"] for each in media.get("WorkloadTypeConcurrencies", [])]
    return min(sum(counts), _MOST_AT_ONCE.get(media["Channel"], 10)) or 1


def _ids(record: Record, name: str) -> list[str]:
    return list(dict.fromkeys(config["QueueId"] for config in record.body.get(name, [])))


def _named(connect: Connect, profile: Record, config: Mapping[str, Any]) -> dict[str, Any]:
    queue = connect.find(profile.instance, "queue", config["QueueId"])
    return {"QueueId": queue.id, "QueueArn": connect.arn(queue), "QueueName": queue.name, "Channel": config["Channel"]}


def _described(connect: Connect, record: Record) -> dict[str, Any]:
    """What both Describe and Search show."""
    return {
        "InstanceId": record.instance,
        "Name": record.name,
        "RoutingProfileArn": connect.arn(record),
        "RoutingProfileId": record.id,
        "Description": record.body["Description"],
        "MediaConcurrencies": record.body["MediaConcurrencies"],
        "DefaultOutboundQueueId": record.body["DefaultOutboundQueueId"],
        "Tags": record.tags,
        "NumberOfAssociatedQueues": len(_ids(record, _QUEUES)),
        "NumberOfAssociatedManualAssignmentQueues": len(_ids(record, _MANUAL)),
        "NumberOfAssociatedUsers": len(_users(connect, record)),
        "IsDefault": record.body.get("IsDefault", False),
    }


def _in_search(connect: Connect, record: Record) -> dict[str, Any]:
    described = _described(connect, record)
    bare = [
        {name: value for name, value in each.items() if name != "CrossChannelBehavior"}
        for each in described["MediaConcurrencies"]
    ]
    ids = {"AssociatedQueueIds": _ids(record, _QUEUES), "AssociatedManualAssignmentQueueIds": _ids(record, _MANUAL)}
    return {**described, "MediaConcurrencies": bare, **ids}


OPERATIONS: Mapping[str, Operation] = {
    "CreateRoutingProfile": _create,
    "DescribeRoutingProfile": _describe,
    "ListRoutingProfiles": _list,
    "SearchRoutingProfiles": _search,
    "DeleteRoutingProfile": _delete,
    "UpdateRoutingProfileName": _update_name,
    "UpdateRoutingProfileConcurrency": _update_concurrency,
    "UpdateRoutingProfileDefaultOutboundQueue": _update_outbound,
    "UpdateRoutingProfileAgentAvailabilityTimer": _update_timer,
    "UpdateRoutingProfileQueues": _update_queues,
    "AssociateRoutingProfileQueues": _associate,
    "DisassociateRoutingProfileQueues": _disassociate,
    "ListRoutingProfileQueues": _list_queues,
    "ListRoutingProfileManualAssignmentQueues": _list_manual_queues,
}
