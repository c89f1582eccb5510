"""Set contact attributes: user-defined ones, which all contacts of one initial contact share.

All of an action's attributes are set or none. All of the contact together may be 32,768 bytes after the set
(cases.md P41). A key that begins with `$` is stored with `_` before it; a key with a dot is no documented key (strict
refuses it, else it is kept as it is). An attribute may become empty by a reference to nothing; an empty constant is
refused by the service when the flow is published. Of a related contact the attributes are not known here, so they are
added to what it has. The other namespaces of this designer block are set_flow_attributes.py and set_contact_data.py.
Source: APIReference/contact-actions-updatecontactattributes.html; adminguide/set-contact-attributes.html,
what-is-a-contact-attribute.html.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import msgspec

from offhook.core import objection
from offhook.core.attributes import too_large
from offhook.core.expr import looks_dynamic
from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    Ctx,
    Exit,
    Legacy,
    LegacyModule,
    LogRecord,
    Outcome,
)
from offhook.model.effect import SaveAttributes
from offhook.model.flow import Action, Problem


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    attributes: Annotated[dict[str, str], DYNAMIC, msgspec.Meta(title="Attributes to set")]
    target_contact: Annotated[Literal["Current", "Related"], STATIC, msgspec.Meta(title="Contact")] = "Current"


def enter(p: Params, ctx: Ctx) -> Outcome:
    related = p.target_contact == "Related"
    contact_id = ctx.contact.related_id if related else ctx.contact.initial_id
    attributes = {} if related else ctx.attributes.copy()
    for key, value in p.attributes.items():
        if not key or ("." in key and ctx.strict):
            return _failed(
                "bad_parameter", f"Attributes: {key!r} is no key; a key has a character at least and no dot."
            )
        attributes[_stored(key) if key[0] == "$" else key] = value
    if contact_id is None:
        return _failed("no_related_contact", "TargetContact: is Related, but the contact has no related contact.")
    if problem := too_large(attributes, "user-defined attributes"):
        return _failed("attributes_too_large", problem)
    save = SaveAttributes(ctx.new_id(), contact_id, attributes, adds=related)
    return Exit(set={} if related else {"attributes": attributes}, effects=(save,))


def _failed(cause: str, detail: str) -> Exit:
    return Exit(error="NoMatchingError", cause=cause, detail=detail)


def _stored(key: str) -> str:
    return f"_{key}" if key[:1] == "$" else key


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    lines = () if p is None else (LogRecord({"Key": _stored(key), "Value": text}) for key, text in p.attributes.items())
    return tuple(lines) or (LogRecord(),)


_EMPTY = f"Empty value in Parameters.Attributes, Path: {objection.ACTION}"


def check(action: Action) -> list[Problem]:
    """Empty constants are refused at publish (WIRE); keys with `$` or a dot cannot be read back as they are written."""
    attributes = action.parameters.get("Attributes")
    return list(_check(action, attributes)) if isinstance(attributes, dict) else []


def _check(action: Action, attributes: Mapping[str, object]) -> Iterator[Problem]:
    for key, value in attributes.items():
        field = f"Parameters.Attributes.{key}"
        if value == "":
            message = (
                f"attribute {key!r} is set to an empty constant, which Connect refuses; "
                "refer to something that is not set if it shall become empty."
            )
            yield Problem("E-attribute-empty", message, action=action.identifier, field=field, refusal=_EMPTY)
        if not looks_dynamic(key) and ("." in key or "$" in key):
            message = f"attribute key {key!r} has `$` or a dot, which begin a path; use letters, digits, `-` and `_`."
            yield Problem("W-attribute-key", message, severity="warning", action=action.identifier, field=field)


def _from_set_attributes(module: LegacyModule) -> dict[str, dict[str, str]]:
    return {"Attributes": dict(module.keyed["Attribute"])}


def _from_screen_pop(module: LegacyModule) -> dict[str, dict[str, str]]:
    return {"Attributes": {module.values["key"]: module.values["value"]}}


BLOCKS = (
    BlockSpec(
        action="UpdateContactAttributes",
        title="Set contact attributes",
        summary="Sets user-defined attributes of the contact, which every later flow, function and agent sees.",
        group="set",
        kind="contact",
        params=Params,
        enter=enter,
        errors=(NO_MATCHING_ERROR,),
        legacy=(
            Legacy("SetAttributes", convert=_from_set_attributes),
            Legacy("SetScreenPop", convert=_from_screen_pop),
        ),
        widgets={"Attributes": "key-values"},
        log_name="SetAttributes",
        log=log,
        check=check,
        example={"Attributes": {"state": "$.External.State"}, "TargetContact": "Current"},
    ),
)
