"""What an instance may use or is used by: functions, bots, other services, origins, keys.

An association is there once for each thing; its record's id is that thing. Quotas are those of a new account.
Source: API reference, AssociateLambdaFunction and the pages beside it; the service quotas of Amazon Connect. Nobody
looks whether a function or a bot is there: it may be one of another endpoint. What is not associated cannot be
disassociated; that is ours.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api.connect import Connect, Operation, invalid, missing, page, refused
from offhook.api.errors import ServiceError
from offhook.api.service import Result

FUNCTION = "lambda-function"
LEX_BOT = "lex-bot"
LEX_V2_BOT = "lex-v2-bot"
_ORIGIN = "approved-origin"
_KEY = "security-key"
_INTEGRATION = "integration-association"

_MOST = {FUNCTION: 50, LEX_BOT: 70, LEX_V2_BOT: 100, _KEY: 2}  # keys: MaxResult2 of ListSecurityKeys
_PAGE = 25
_FUNCTION_ARN = re.compile(
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}(?::(?:\$LATEST|[A-Za-z0-9_-]{1,128}))?"
)
_ALIAS_ARN = re.compile(r"arn:aws[a-z-]*:lex:[a-z0-9-]+:\d{12}:bot-alias/[^/]+/[^/]+")
_EVENT = ("SourceApplicationUrl", "SourceApplicationName", "SourceType")


# --- functions ---


def _associate_function(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    """With a version or an alias, or without."""
    instance, arn = connect.instance(asked), asked["FunctionArn"]
    if _FUNCTION_ARN.fullmatch(arn) is None:
        raise invalid(f"FunctionArn is {arn!r}, must be the ARN of a function, a version or an alias.")
    _associate(connect, instance, FUNCTION, arn)
    return {}


def _disassociate_function(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    _disassociate(connect, connect.instance(asked), FUNCTION, asked["FunctionArn"])
    return {}


def _list_functions(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, token = page(connect.shelf.all(connect.instance(asked).id, FUNCTION), asked, usual=_PAGE)
    return {"LambdaFunctions": [record.id for record in records], "NextToken": token}


# --- bots ---


def _associate_bot(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance, (kind, id, body) = connect.instance(asked), _bot(asked)
    if kind == LEX_V2_BOT and _ALIAS_ARN.fullmatch(id) is None:
        raise refused(f"AliasArn is {id!r}, must be the ARN of an alias of a bot.")
    _associate(connect, instance, kind, id, body)
    return {}


def _disassociate_bot(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    kind, id, _ = _bot(asked)
    _disassociate(connect, connect.instance(asked), kind, id)
    return {}


def _list_bots(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    kind, member = (LEX_BOT, "LexBot") if asked["LexVersion"] == "V1" else (LEX_V2_BOT, "LexV2Bot")
    records, token = page(connect.shelf.all(connect.instance(asked).id, kind), asked, usual=_PAGE)
    return {"LexBots": [{member: record.body} for record in records], "NextToken": token}


def _disassociate_lex_bot(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    _disassociate(connect, connect.instance(asked), LEX_BOT, _lex_id(asked["BotName"], asked["LexRegion"]))
    return {}


def _list_lex_bots(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, token = page(connect.shelf.all(connect.instance(asked).id, LEX_BOT), asked, usual=10)
    return {"LexBots": [record.body for record in records], "NextToken": token}


def _bot(asked: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Kind, id and body of the one bot that is meant."""
    given = [name for name in ("LexBot", "LexV2Bot") if asked.get(name)]
    if len(given) != 1:
        raise refused("Either LexBot or LexV2Bot is required.")
    bot = asked[given[0]]
    if given == ["LexBot"]:
        return LEX_BOT, _lex_id(bot["Name"], bot["LexRegion"]), bot
    return LEX_V2_BOT, bot["AliasArn"], bot


def _lex_id(name: str, region: str) -> str:
    return f"{region}:{name}"


# --- origins and keys ---


def _associate_origin(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance, origin = connect.instance(asked), asked["Origin"]
    if not _is_origin(origin):
        raise invalid(f"Origin is {origin!r}, must be such as https://example.com.")
    _associate(connect, instance, _ORIGIN, origin)
    return {}


def _disassociate_origin(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    _disassociate(connect, connect.instance(asked), _ORIGIN, asked["Origin"])
    return {}


def _list_origins(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, token = page(connect.shelf.all(connect.instance(asked).id, _ORIGIN), asked, usual=_PAGE)
    return {"Origins": [record.id for record in records], "NextToken": token}


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname) and not (parts.query or parts.fragment)


def _associate_key(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance, key = connect.instance(asked), asked["Key"]
    if not key.strip().startswith("-----BEGIN "):
        raise invalid("Key must be a key in PEM format.")
    keys = connect.shelf.all(instance.id, _KEY)
    if any(record.body["Key"] == key for record in keys):
        raise ServiceError("ResourceConflictException", "The key is associated already.")
    return {"AssociationId": _associate(connect, instance, _KEY, connect.new_id(), {"Key": key}).id}


def _disassociate_key(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    _disassociate(connect, connect.instance(asked), _KEY, asked["AssociationId"])
    return {}


def _list_keys(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    records, token = page(connect.shelf.all(connect.instance(asked).id, _KEY), asked, usual=_MOST[_KEY])
    keys = [
        {
            "AssociationId": record.id,
            "Key": record.body["Key"],
            "CreationTime": datetime.fromtimestamp(record.created_ms / 1000, UTC),
        }
        for record in records
    ]
    return {"SecurityKeys": keys, "NextToken": token}


# --- other services ---


def _create_integration(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    if asked["IntegrationType"] == "EVENT" and (absent := [name for name in _EVENT if name not in asked]):
        raise refused(f"{absent[0]} is required where IntegrationType is EVENT.")
    body = {name: asked[name] for name in ("IntegrationType", "IntegrationArn", *_EVENT) if name in asked}
    name = f"{asked['IntegrationType']} {asked['IntegrationArn']}"
    record = connect.create(instance.id, _INTEGRATION, asked, body, name=name)
    return {"IntegrationAssociationId": record.id, "IntegrationAssociationArn": connect.arn(record)}


def _list_integrations(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    instance = connect.instance(asked)
    wanted = {name: asked[name] for name in ("IntegrationType", "IntegrationArn") if asked.get(name)}
    records = [each for each in connect.shelf.all(instance.id, _INTEGRATION) if wanted.items() <= each.body.items()]
    some, token = page(records, asked)
    summaries = [
        {
            "IntegrationAssociationId": record.id,
            "IntegrationAssociationArn": connect.arn(record),
            "InstanceId": instance.id,
            **record.body,
            **connect.modified(record),
        }
        for record in some
    ]
    return {"IntegrationAssociationSummaryList": summaries, "NextToken": token}


def _delete_integration(connect: Connect, asked: dict[str, Any], request_id: str) -> Result:
    _disassociate(connect, connect.instance(asked), _INTEGRATION, asked["IntegrationAssociationId"])
    return {}


# --- all of them ---


def _associate(connect: Connect, instance: Record, kind: str, id: str, body: Mapping[str, Any] | None = None) -> Record:
    """ServiceError where it is associated already, or there are as many as may be."""
    if connect.shelf.get(instance.id, kind, id) is not None:
        raise ServiceError("ResourceConflictException", f"{id} is associated already.")
    most = _MOST.get(kind)
    if most is not None and len(connect.shelf.all(instance.id, kind)) >= most:
        raise ServiceError("ServiceQuotaExceededException", f"An instance may have {most} of these.")
    return connect.shelf.put(Record(instance=instance.id, kind=kind, id=id, name=id, body=dict(body or {})))


def _disassociate(connect: Connect, instance: Record, kind: str, id: str) -> None:
    record = connect.shelf.get(instance.id, kind, id)
    if record is None:
        raise missing(f"{id} is not associated.")
    connect.shelf.delete(record)


OPERATIONS: Mapping[str, Operation] = {
    "AssociateLambdaFunction": _associate_function,
    "DisassociateLambdaFunction": _disassociate_function,
    "ListLambdaFunctions": _list_functions,
    "AssociateBot": _associate_bot,
    "DisassociateBot": _disassociate_bot,
    "ListBots": _list_bots,
    "AssociateLexBot": _associate_bot,
    "DisassociateLexBot": _disassociate_lex_bot,
    "ListLexBots": _list_lex_bots,
    "AssociateApprovedOrigin": _associate_origin,
    "DisassociateApprovedOrigin": _disassociate_origin,
    "ListApprovedOrigins": _list_origins,
    "AssociateSecurityKey": _associate_key,
    "DisassociateSecurityKey": _disassociate_key,
    "ListSecurityKeys": _list_keys,
    "CreateIntegrationAssociation": _create_integration,
    "ListIntegrationAssociations": _list_integrations,
    "DeleteIntegrationAssociation": _delete_integration,
}
