"""Phone numbers: found, claimed to an instance, led to a flow, moved and released.

A number is a record of the instance that it is claimed to; its name is the number in E.164. Any number may be claimed
that nobody has: there is no telephone network here that would know better. Numbers are claimed at once.
Source: API reference, ClaimPhoneNumber and the pages beside it. Traffic distribution groups are not built.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec

from offhook.adapters.store.shelf import ACCOUNT, Record
from offhook.api.connect_api import numbering
from offhook.api.connect_api.connect import Connect, Operation, id_of, invalid, missing, page
from offhook.api.service import Result
from offhook.core.phone import country_of, is_e164

KIND = "phone-number"
_MOST_FOUND = 200


def _search(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    _target(connect, asked)
    country, kind, prefix = asked["PhoneNumberCountryCode"], asked["PhoneNumberType"], asked.get("PhoneNumberPrefix")
    code = numbering.calling_code(country)
    if prefix and not (is_e164(prefix + "0") and (prefix.startswith(code) or code.startswith(prefix))):
        raise invalid(f"PhoneNumberPrefix is {prefix!r}, must begin with {code}, as numbers of {country} do.")
    taken = {record.name for record in _all(connect)}
    free = (number for number in numbering.numbers(country, kind, prefix or code) if number not in taken)
    numbers, token = page(list(islice(free, _MOST_FOUND)), asked, usual=10)
    found = [{"PhoneNumber": number, "PhoneNumberCountryCode": country, "PhoneNumberType": kind} for number in numbers]
    return {"AvailableNumbersList": found, "NextToken": token}


def _claim(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = _target(connect, asked, required=True)
    number = asked["PhoneNumber"]
    if not is_e164(number):
        raise invalid(f"PhoneNumber is {number!r}, must be spelled as E.164, such as +15550100000.")
    owner = next((record for record in _all(connect) if record.name == number and record.instance != instance.id), None)
    if owner is not None:
        raise invalid(f"The number {number} is claimed already.")
    body = {
        "PhoneNumber": number,
        "PhoneNumberCountryCode": country_of(number) or "US",
        "PhoneNumberType": numbering.type_of(number),
        "PhoneNumberDescription": asked.get("PhoneNumberDescription", ""),
    }
    return _named(connect, connect.create(instance.id, KIND, asked, body, name=number))


def _describe(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = claimed(connect, asked["PhoneNumberId"])
    summary = {**_summary(connect, record), "Tags": record.tags, "PhoneNumberStatus": {"Status": "CLAIMED"}}
    return {"ClaimedPhoneNumberSummary": summary}


def _list(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """The ARNs are of an older kind, and good for nothing else."""
    instance = connect.instance(asked)
    records, token = page(_filtered(connect.shelf.all(instance.id, KIND), asked), asked)
    listed = [
        {
            "Id": record.id,
            "Arn": f"{connect.instance_arn(instance.id)}/{KIND}/{record.id}",
            "PhoneNumber": record.name,
            "PhoneNumberType": record.body["PhoneNumberType"],
            "PhoneNumberCountryCode": record.body["PhoneNumberCountryCode"],
        }
        for record in records
    ]
    return {"PhoneNumberSummaryList": listed, "NextToken": token}


def _list_v2(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = _target(connect, asked)
    records = list(_all(connect)) if instance is None else connect.shelf.all(instance.id, KIND)
    some, token = page(_filtered(records, asked), asked)
    return {"ListPhoneNumbersSummaryList": [_summary(connect, record) for record in some], "NextToken": token}


def _update(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """Claims it to another instance; its flow stays behind."""
    record, instance = claimed(connect, asked["PhoneNumberId"]), _target(connect, asked, required=True)
    if instance.id == record.instance:
        return _named(connect, record)
    _leave(connect, record)
    body = {name: value for name, value in record.body.items() if name != "ContactFlowId"}
    return _named(connect, connect.shelf.put(msgspec.structs.replace(record, instance=instance.id, body=body)))


def _update_metadata(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = claimed(connect, asked["PhoneNumberId"])
    connect.change(record, PhoneNumberDescription=asked.get("PhoneNumberDescription"))
    return {}


def _release(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    _leave(connect, claimed(connect, asked["PhoneNumberId"]))
    return {}


def _associate(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    record = claimed(connect, asked["PhoneNumberId"], instance=instance.id)
    connect.change(record, ContactFlowId=connect.find(instance.id, "contact-flow", asked["ContactFlowId"], "flow").id)
    return {}


def _disassociate(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    record = claimed(connect, asked["PhoneNumberId"], instance=connect.instance(asked).id)
    body = {name: value for name, value in record.body.items() if name != "ContactFlowId"}
    connect.shelf.put(msgspec.structs.replace(record, body=body))
    return {}


# --- finding and describing ---


def claimed(connect: Connect, text: str, *, instance: str | None = None) -> Record:
    """The number with this id or ARN, of this instance or of any. ServiceError where there is none."""
    owners = connect.shelf.all(ACCOUNT, "instance") if instance is None else []
    for owner in [each.id for each in owners] if instance is None else [instance]:
        record = connect.shelf.get(owner, KIND, id_of(text))
        if record is not None:
            return record
    raise missing(f"There is no phone number {text}" + ("." if instance is None else " in this instance."))


def _all(connect: Connect) -> Iterator[Record]:
    for instance in connect.shelf.all(ACCOUNT, "instance"):
        yield from connect.shelf.all(instance.id, KIND)


def _target(connect: Connect, asked: Mapping[str, Any], *, required: bool = False) -> Any:
    """The instance that TargetArn or InstanceId names, None where there is neither."""
    given = [name for name in ("TargetArn", "InstanceId") if asked.get(name)]
    if len(given) > 1 or (required and not given):
        raise invalid("Either TargetArn or InstanceId is required.")
    return connect.instance(asked, given[0]) if given else None


def _leave(connect: Connect, record: Record) -> None:
    """The number is no more in its instance; queues that called from it call from none."""
    for queue in connect.shelf.all(record.instance, "queue"):
        config = queue.body.get("OutboundCallerConfig", {})
        if config.get("OutboundCallerIdNumberId") == record.id:
            left = {name: value for name, value in config.items() if name != "OutboundCallerIdNumberId"}
            connect.change(queue, OutboundCallerConfig=left)
    connect.shelf.delete(record)


def _filtered(records: list[Record], asked: Mapping[str, Any]) -> list[Record]:
    types, countries = asked.get("PhoneNumberTypes"), asked.get("PhoneNumberCountryCodes")
    return [
        record
        for record in sorted(records, key=lambda record: record.name)
        if (not types or record.body["PhoneNumberType"] in types)
        and (not countries or record.body["PhoneNumberCountryCode"] in countries)
        and record.name.startswith(asked.get("PhoneNumberPrefix", ""))
    ]


def _named(connect: Connect, record: Record) -> Result:
    return {"PhoneNumberId": record.id, "PhoneNumberArn": connect.arn(record)}


def _summary(connect: Connect, record: Record) -> dict[str, Any]:
    return {
        **_named(connect, record),
        "PhoneNumber": record.name,
        "PhoneNumberCountryCode": record.body["PhoneNumberCountryCode"],
        "PhoneNumberType": record.body["PhoneNumberType"],
        "PhoneNumberDescription": record.body["PhoneNumberDescription"],
        "TargetArn": connect.instance_arn(record.instance),
        "InstanceId": record.instance,
    }


OPERATIONS: Mapping[str, Operation] = {
    "SearchAvailablePhoneNumbers": _search,
    "ClaimPhoneNumber": _claim,
    "DescribePhoneNumber": _describe,
    "ListPhoneNumbers": _list,
    "ListPhoneNumbersV2": _list_v2,
    "UpdatePhoneNumber": _update,
    "UpdatePhoneNumberMetadata": _update_metadata,
    "ReleasePhoneNumber": _release,
    "AssociatePhoneNumberContactFlow": _associate,
    "DisassociatePhoneNumberContactFlow": _disassociate,
}
