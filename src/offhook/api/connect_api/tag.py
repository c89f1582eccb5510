"""Tags of whatever has an ARN.

Source: API reference, TagResource, UntagResource, ListTagsForResource and SearchResourceTags.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from offhook.adapters.store.shelf import ACCOUNT, Record
from offhook.api.connect_api import phone_number
from offhook.api.connect_api.connect import Connect, Operation, check_tags, id_of, invalid, missing, page
from offhook.api.connect_api.search import text_meets
from offhook.api.service import Result

# A thing of an instance, or the instance; a version or an alias of a flow is none
_ARN = re.compile(
    r"arn:aws[a-z-]*:connect:[a-z0-9-]*:\d{12}:(?:(instance)/([^/]+)(?:/([^/]+)/([^/]+))?|phone-number/.+)"
)
# The kinds that SearchResourceTags knows, by its own words for them
_KINDS = {
    "agent": "agent", "agent-state": "agent-state", "routing-profile": "routing-profile", "standard-queue": "queue",
    "security-profile": "security-profile", "operating-hours": "operating-hours", "prompt": "prompt",
    "contact-flow": "contact-flow", "flow-module": "flow-module", "transfer-destination": "transfer-destination",
}  # fmt: skip


def _tag(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = _tagged(connect, asked["resourceArn"])
    tags = {**record.tags, **asked["tags"]}
    check_tags(tags)
    connect.shelf.put(msgspec.structs.replace(record, tags=tags))
    return {}


def _untag(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """A key that is not there is no mistake."""
    record = _tagged(connect, asked["resourceArn"])
    tags = {key: value for key, value in record.tags.items() if key not in asked["tagKeys"]}
    connect.shelf.put(msgspec.structs.replace(record, tags=tags))
    return {}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    return {"tags": _tagged(connect, asked["resourceArn"]).tags}


def _search(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """Each pair of key and value once."""
    instance = connect.instance(asked)
    types = asked.get("ResourceTypes") or list(_KINDS)
    if unknown := [each for each in types if each not in _KINDS]:
        raise invalid(f"ResourceTypes has {unknown[0]!r}, must be of {', '.join(_KINDS)}.")
    records = [record for each in types for record in connect.shelf.all(instance.id, _KINDS[each])]
    condition = (asked.get("SearchCriteria") or {}).get("TagSearchCondition") or {}
    pairs = sorted({pair for record in records for pair in record.tags.items() if _meets(pair, condition)})
    some, token = page(pairs, asked)
    return {"Tags": [{"key": key, "value": value} for key, value in some], "NextToken": token}


def _meets(pair: tuple[str, str], condition: Mapping[str, Any]) -> bool:
    return all(
        name not in condition or text_meets(text, condition[name], condition.get(f"{name}ComparisonType", "CONTAINS"))
        for name, text in zip(("tagKey", "tagValue"), pair, strict=True)
    )


def _tagged(connect: Connect, arn: str) -> Record:
    """What has the ARN. ServiceError where nothing has it."""
    found = _ARN.fullmatch(arn)
    if found is None:
        raise invalid(f"resourceArn is {arn!r}, must be an ARN of Amazon Connect.")
    if found[1] is None:
        return phone_number.claimed(connect, arn)
    instance, kind, id = found[2], found[3], found[4]
    # what a number is called beside its instance cannot be tagged
    known = kind != phone_number.KIND
    place = (ACCOUNT, "instance", instance) if kind is None else (instance, kind, id_of(id))
    record = connect.shelf.get(*place) if known else None
    if record is None:
        raise missing(f"There is nothing with the ARN {arn}.")
    return record


OPERATIONS: Mapping[str, Operation] = {
    "TagResource": _tag,
    "UntagResource": _untag,
    "ListTagsForResource": _list,
    "SearchResourceTags": _search,
}
