"""Things made at an endpoint, a function for each kind. Each gives the new id, "" where the thing has none."""

import secrets
import string
from collections.abc import Callable, Mapping
from typing import Any

from offhook.cli.mirror.endpoint import Endpoint
from offhook.cli.mirror.plan import LATE
from offhook.cli.mirror.thing import BOT, FLOW, FUNCTION, MODULE, Thing
from offhook.cli.mirror.token import Names

_PASSWORD_LENGTH = 24
_WORD = string.ascii_letters + string.digits


def _attribute(endpoint: Endpoint, thing: Thing, names: Names) -> str:
    endpoint.call("update_instance_attribute", AttributeType=thing.name, **thing.body)
    return ""


def _function(endpoint: Endpoint, thing: Thing, names: Names) -> str:
    name, _, qualifier = thing.name.partition(":")
    arn = names.arn(FUNCTION, name)
    endpoint.call("associate_lambda_function", FunctionArn=f"{arn}:{qualifier}" if qualifier else arn)
    return ""


def _bot(endpoint: Endpoint, thing: Thing, names: Names) -> str:
    endpoint.call("associate_bot", LexV2Bot={"AliasArn": thing.name})
    return ""


def _hours(endpoint: Endpoint, thing: Thing, names: Names) -> str:
    body = {name: value for name, value in thing.body.items() if name != "Overrides"}
    id = str(endpoint.call("create_hours_of_operation", Name=thing.name, **body)["HoursOfOperationId"])
    for override in thing.body.get("Overrides", []):
        endpoint.call("create_hours_of_operation_override", HoursOfOperationId=id, **override)
    return id


def _plain(operation: str, answer: str) -> "Create":
    """What takes a name and a body as it is."""

    def create(endpoint: Endpoint, thing: Thing, names: Names) -> str:
        return str(endpoint.call(operation, Name=thing.name, **thing.body)[answer])

    return create


def _view(endpoint: Endpoint, thing: Thing, names: Names) -> str:
    return str(endpoint.call("create_view", Name=thing.name, **thing.body)["View"]["Id"])


def _security_profile(endpoint: Endpoint, thing: Thing, names: Names) -> str:
    answer = endpoint.call("create_security_profile", SecurityProfileName=thing.name, **thing.body)
    return str(answer["SecurityProfileId"])


def _queue(endpoint: Endpoint, thing: Thing, names: Names) -> str:
    body = {name: value for name, value in thing.body.items() if name not in (*LATE, "Status")}
    id = str(endpoint.call("create_queue", Name=thing.name, **body)["QueueId"])
    if thing.body.get("Status") == "DISABLED":
        endpoint.call("update_queue_status", QueueId=id, Status="DISABLED")
    return id


def _profile(endpoint: Endpoint, thing: Thing, names: Names) -> str:
    """The API wants a description, and no list without anything in it."""
    body = {name: value for name, value in thing.body.items() if value != []}
    answer = endpoint.call("create_routing_profile", Name=thing.name, **{"Description": thing.name, **body})
    return str(answer["RoutingProfileId"])


def _user(endpoint: Endpoint, thing: Thing, names: Names) -> str:
    """Nobody can read passwords: a new one is made, which its user resets."""
    secret = {"Password": _password()} if endpoint.management == "CONNECT_MANAGED" else {}
    return str(endpoint.call("create_user", Username=thing.name, **secret, **thing.body)["UserId"])


def _password() -> str:
    return "aA1" + "".join(secrets.choice(_WORD) for _ in range(_PASSWORD_LENGTH))


def _module(endpoint: Endpoint, thing: Thing, names: Names) -> str:
    body = {name: value for name, value in thing.body.items() if name != "State"}
    id = str(endpoint.call("create_contact_flow_module", Name=thing.name, Content=thing.content, **body)["Id"])
    if thing.body.get("State") == "ARCHIVED":
        endpoint.call("update_contact_flow_module_metadata", ContactFlowModuleId=id, State="ARCHIVED")
    return id


def _flow(endpoint: Endpoint, thing: Thing, names: Names) -> str:
    """As a draft."""
    body = _given(thing.body, "Type", "Description", "Tags")
    answer = endpoint.call("create_contact_flow", Name=thing.name, Content=thing.content, Status="SAVED", **body)
    return str(answer["ContactFlowId"])


def _given(body: Mapping[str, Any], *members: str) -> dict[str, Any]:
    return {name: body[name] for name in members if name in body}


Create = Callable[[Endpoint, Thing, Names], str]
CREATES: Mapping[str, Create] = {
    "attribute": _attribute, FUNCTION: _function, BOT: _bot, "hours": _hours,
    "prompt": _plain("create_prompt", "PromptId"), "view": _view, "security-profile": _security_profile,
    "agent-status": _plain("create_agent_status", "AgentStatusId"), "queue": _queue,
    "routing-profile": _profile, "user": _user, MODULE: _module,
    FLOW: _flow, "quick-connect": _plain("create_quick_connect", "QuickConnectId"),
}  # fmt: skip
