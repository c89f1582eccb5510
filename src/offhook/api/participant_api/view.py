"""The view of an interactive message.

Its token is the id of the item that shows it, in the participant's own chat. Of AWS's own views only the name is known:
nobody publishes their templates. Source: API reference, DescribeView.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from offhook.adapters.store.shelf import Record
from offhook.api.errors import ServiceError
from offhook.api.participant_api import Desk, Operation
from offhook.api.service import Result
from offhook.blocks.show_view import AWS_MANAGED
from offhook.drivers.embedded import chat


async def _describe(desk: Desk, asked: dict[str, Any], request_id: str) -> Result:
    participant, _ = await desk.chats.allowed(asked["ConnectionToken"])
    item = await desk.chats.receipts.message(participant.initial_id, asked["ViewToken"])
    name = _view(item)
    record = _found(desk, participant.instance, name)
    if record is not None:
        published = record.body.get("Published") or record.body["Saved"]
        content = {"InputSchema": "{}", "Template": published["Template"], "Actions": published["Actions"]}
        arn = f"{desk.instance_arn(participant.instance)}/view/{record.id}"
        return {"View": {"Id": record.id, "Arn": arn, "Name": record.name, "Version": 1, "Content": content}}
    if name in AWS_MANAGED:
        arn = f"arn:aws:connect:{desk.region}:aws:view/{name}:1"
        return {"View": {"Id": name, "Arn": arn, "Name": name.capitalize(), "Version": 1}}
    raise ServiceError("ResourceNotFoundException", "There is no view with this token.", status=404)


def _view(item: dict[str, Any] | None) -> str:
    """The name of the view that the item shows, "" for none."""
    if item is None or item["ContentType"] != chat.INTERACTIVE:
        return ""
    content = msgspec.json.decode(item["Content"])
    return str(content["data"]["view"]) if content.get("templateType") == chat.VIEW else ""


def _found(desk: Desk, instance: str, name: str) -> Record | None:
    text = name.rpartition("/")[2].partition(":")[0]
    return desk.shelf.named(instance, "view", name) or desk.shelf.get(instance, "view", text)


OPERATIONS: Mapping[str, Operation] = {"DescribeView": _describe}
