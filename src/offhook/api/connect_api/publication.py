"""What is refused when a flow or module is published, as AWS refuses it: every problem in a list.

Functions and bots need not be known: flows may refer to those of another account.
Source: botocore's model (InvalidContactFlowException: 1 to 50 problems of at most 256 characters each; the member's
name differs from that of modules); spec/validation.md.
"""

from offhook.api.connect_api import content
from offhook.api.connect_api.connect import Connect, id_of, refused
from offhook.api.errors import ServiceError
from offhook.blocks import catalogue
from offhook.blocks.show_view import AWS_MANAGED
from offhook.flowjson.publish import MAX_MESSAGE, MAX_PROBLEMS, Broken, problems
from offhook.model.flow import MODULE

# The kinds of records by what a flow calls them. A queue may be that of an agent
_KINDS = {
    "queue": ("queue", "agent"), "hours": ("operating-hours",), "prompt": ("prompt",), "view": ("view",),
    "agent": ("agent",),
}  # fmt: skip
_NOTHING_DECLARED = "{}"
_QUALIFIED = {"flow": content.FLOW, "module": content.MODULE}


def must_be_sound(connect: Connect, instance: str, text: str, flow_type: str) -> None:
    """ServiceError where a flow of this type cannot be published with this content."""
    found = _problems(connect, instance, text, flow_type)
    if found:
        raise ServiceError("InvalidContactFlowException", _told(found), problems=found)


def module_must_be_sound(connect: Connect, instance: str, text: str, settings: str | None) -> None:
    """ServiceError where a module cannot be published with this content and these Settings."""
    found = _problems(connect, instance, text, MODULE, settings or _NOTHING_DECLARED)
    if found:
        raise ServiceError("InvalidContactFlowModuleException", _told(found), Problems=found)


def _told(found: list[dict[str, str]]) -> str:
    """AWS says nothing beside the list, and clients then show `None`; the first problem helps more."""
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return found[0]["message"] + more


def _problems(
    connect: Connect, instance: str, text: str, flow_type: str, own: str | None = None
) -> list[dict[str, str]]:
    def known(kind: str, raw: str) -> bool:
        return _knows(connect, instance, kind, raw)

    def settings(raw: str) -> str | None:
        return _settings(connect, instance, raw) if raw else own

    try:
        found = problems(text, catalogue(), flow_type=flow_type, known=known, settings=settings)
    except Broken as problem:
        raise refused(str(problem)) from None
    return [{"message": each[:MAX_MESSAGE]} for each in found[:MAX_PROBLEMS]]


def _knows(connect: Connect, instance: str, kind: str, raw: str) -> bool:
    if kind in _QUALIFIED:
        return _knows_qualified(connect, instance, _QUALIFIED[kind], raw)
    if kind == "view" and id_of(raw).partition(":")[0] in AWS_MANAGED:
        return True
    kinds = _KINDS.get(kind)
    return kinds is None or any(_is_there(connect, instance, each, content.split(raw)[0]) for each in kinds)


def _knows_qualified(connect: Connect, instance: str, kind: content.Kind, raw: str) -> bool:
    text, qualifier = content.split(raw)
    try:
        record = connect.find(instance, kind.kind, text)
        if qualifier:
            content.content(connect, kind, record, qualifier)
    except ServiceError:
        return False
    return True


def _settings(connect: Connect, instance: str, raw: str) -> str | None:
    """The Settings of a module as a flow names it; None where there is none."""
    text, qualifier = content.split(raw)
    try:
        record = connect.find(instance, content.MODULE.kind, text)
        return content.content(connect, content.MODULE, record, qualifier).settings or _NOTHING_DECLARED
    except ServiceError:
        return None


def _is_there(connect: Connect, instance: str, kind: str, text: str) -> bool:
    try:
        connect.find(instance, kind, text)
    except ServiceError:
        return False
    return True
