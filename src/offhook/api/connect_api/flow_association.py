"""Which flow takes what comes in by a phone number of another service, an email address or an analytics connector.

Voice numbers are listed here too; they are led to a flow by AssociatePhoneNumberContactFlow.
Source: API reference, AssociateFlow and the pages beside it. What a ResourceId names is another service's, so nobody
here looks whether it is there.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api.connect import Connect, Operation, invalid, missing, page
from offhook.api.service import Result
from offhook.model.instance import derived_id

KIND = "flow-association"
_VOICE = "VOICE_PHONE_NUMBER"


def _associate(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """In place of the flow that it had."""
    instance = connect.instance(asked)
    if not asked["ResourceId"].startswith("arn:"):
        raise invalid(f"ResourceId is {asked['ResourceId']!r}, must be an ARN.")
    flow = connect.find(instance.id, "contact-flow", asked["FlowId"], "flow")
    body = {"ResourceId": asked["ResourceId"], "ResourceType": asked["ResourceType"], "FlowId": flow.id}
    connect.shelf.put(Record(instance=instance.id, kind=KIND, id=_id(asked), name=asked["ResourceId"], body=body))
    return {}


def _get(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    return _shown(connect, _find(connect, asked))


def _disassociate(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    connect.shelf.delete(_find(connect, asked))
    return {}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    associations, token = page(list(_all(connect, connect.instance(asked).id, asked)), asked)
    return {"FlowAssociationSummaryList": associations, "NextToken": token}


def _get_several(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """Those that there are."""
    wanted = set(asked["ResourceIds"])
    found = [each for each in _all(connect, connect.instance(asked).id, asked) if each["ResourceId"] in wanted]
    return {"FlowAssociationSummaryList": found}


def _all(connect: Connect, instance: str, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Of the type that is asked for, or of any."""
    kind = asked.get("ResourceType")
    for record in connect.shelf.all(instance, KIND):
        if kind in (None, record.body["ResourceType"]):
            yield _shown(connect, record)
    for number in connect.shelf.all(instance, "phone-number"):
        if kind in (None, _VOICE) and "ContactFlowId" in number.body:
            flow = _flow_arn(connect, instance, number.body["ContactFlowId"])
            yield {"ResourceId": connect.arn(number), "FlowId": flow, "ResourceType": _VOICE}


def _find(connect: Connect, asked: Mapping[str, Any]) -> Record:
    record = connect.shelf.get(connect.instance(asked).id, KIND, _id(asked))
    if record is None:
        raise missing(f"No flow is associated with {asked['ResourceId']}.")
    return record


def _id(asked: Mapping[str, Any]) -> str:
    return derived_id(KIND, asked["ResourceType"], asked["ResourceId"])


def _shown(connect: Connect, record: Record) -> dict[str, Any]:
    return {**record.body, "FlowId": _flow_arn(connect, record.instance, record.body["FlowId"])}


def _flow_arn(connect: Connect, instance: str, flow: str) -> str:
    return f"{connect.instance_arn(instance)}/contact-flow/{flow}"


OPERATIONS: Mapping[str, Operation] = {
    "AssociateFlow": _associate,
    "GetFlowAssociation": _get,
    "DisassociateFlow": _disassociate,
    "ListFlowAssociations": _list,
    "BatchGetFlowAssociation": _get_several,
}
