"""Set contact attributes, of the system namespace: fields that Connect defines. Part of other designer blocks, too.

All fields of an action are set or none, and there is at least one. The page documents References, the service
refuses them as unknown (WIRE). Voice ID settings are kept and not used: nothing here listens to a voice. Another
contact than the current one (TargetContact Related) cannot be set yet, and takes the error branch.
Source: APIReference/contact-actions-updatecontactdata.html; adminguide/set-contact-attributes.html, set-voice-id.html.
"""

from typing import Annotated, Any, Literal

import msgspec

from offhook.core import objection
from offhook.core.expr import text_of
from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    Changes,
    Ctx,
    Exit,
    Legacy,
    LegacyModule,
    LogRecord,
    Outcome,
)
from offhook.model.flow import Action, Problem

_Percent = Annotated[int, STATIC, msgspec.Meta(ge=0, le=100)] | None
_Text = Annotated[str, DYNAMIC] | None
_Flag = Annotated[bool, STATIC] | None


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    name: _Text = None
    description: Annotated[str, STATIC] | None = None
    language_code: Annotated[str, DYNAMIC, msgspec.Meta(min_length=1, title="Language, such as en-US")] | None = None
    customer_id: _Text = None
    references: Annotated[dict[str, Any], DYNAMIC] | None = None
    is_voice_id_streaming_enabled: _Flag = None
    is_voice_authentication_enabled: _Flag = None
    is_fraud_detection_enabled: _Flag = None
    voice_authentication_threshold: _Percent = None
    fraud_detection_threshold: _Percent = None
    voice_authentication_response_time: (
        Annotated[int, STATIC, msgspec.Meta(ge=5, le=10, title="Authentication response time (seconds)")] | None
    ) = None
    watchlist_id: Annotated[str, STATIC, msgspec.Meta(min_length=22, max_length=22)] | None = None
    wisdom_session_arn: _Text = None
    target_contact: Annotated[Literal["Current", "Related"], STATIC, msgspec.Meta(title="Contact")] = "Current"


FIELDS = tuple(field.encode_name for field in msgspec.structs.fields(Params) if field.name != "target_contact")
_PLAIN = {"Name": "name", "Description": "description", "LanguageCode": "language", "CustomerId": "customer_id"}
_VOICE_ID = tuple(name for name in FIELDS if name.startswith(("Is", "Voice", "Fraud", "Watchlist")))


def enter(p: Params, ctx: Ctx) -> Outcome:
    given = _given(p)
    if not given:
        return Exit(error="NoMatchingError", cause="bad_parameter", detail="Parameters: there is no field to set.")
    if p.target_contact == "Related":
        detail = "UpdateContactData with TargetContact Related is not built yet."
        return Exit(error="NoMatchingError", cause="not_built", detail=detail)
    return Exit(set=_changes(given, ctx))


def _given(p: Params) -> dict[str, Any]:
    values = msgspec.to_builtins(p)
    return {name: values[name] for name in FIELDS if values[name] is not None}


def _changes(given: dict[str, Any], ctx: Ctx) -> Changes:
    changes: Any = {_PLAIN[name]: value for name, value in given.items() if name in _PLAIN}
    if "References" in given:
        changes["references"] = {**ctx.references, **given["References"]}
    spaces = {
        "Wisdom": {"SessionArn": given["WisdomSessionArn"]} if "WisdomSessionArn" in given else {},
        "VoiceId": {name: given[name] for name in _VOICE_ID if name in given},
    }
    system = {name: {**ctx.system.get(name, {}), **values} for name, values in spaces.items() if values}
    if system:
        changes["system"] = {**ctx.system, **system}
    return changes  # type: ignore[no-any-return]  # keys out of a table are not known to be those of Changes


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    given = {} if p is None else _given(p)
    return (LogRecord({name: text_of(value) for name, value in given.items()}),)


_DOCUMENTED_ONLY = (
    (
        "W-contact-data-references",
        "Parameters.References",
        "References is documented, but Connect refuses it as unknown; add references by the API.",
    ),
    (
        "W-contact-data-target",
        "Parameters.TargetContact",
        "TargetContact is documented, but Connect refuses it as unknown; leave it out.",
    ),
)


def check(action: Action) -> list[Problem]:
    if not action.parameters.keys() & set(FIELDS):
        message = f"UpdateContactData sets nothing, which Connect refuses; name at least one of {', '.join(FIELDS)}."
        return [Problem("E-contact-data-empty", message, action=action.identifier, field="Parameters")]
    return [
        Problem(code, message, "warning", action.identifier, field, objection.unknown(f"{objection.ACTION}.{field}"))
        for code, field, message in _DOCUMENTED_ONLY
        if field.removeprefix("Parameters.") in action.parameters
    ]


def _from_legacy(module: LegacyModule) -> dict[str, Any]:
    found = {name: value for name, value in module.values.items() if name in FIELDS}
    for entry in module.entries:
        if entry["name"] == "ContactData":
            if entry.get("namespace"):
                raise ValueError(f"ContactData has the namespace {entry['namespace']!r}, which no known export has")
            found |= {f"{key[:1].upper()}{key[1:]}": value for key, value in entry.items() if key != "name"}
    return {name: value for name, value in found.items() if name in FIELDS}


BLOCKS = (
    BlockSpec(
        action="UpdateContactData",
        title="Set contact attributes (system)",
        summary="Sets fields of the contact that Connect defines, such as its name, customer and language.",
        group="set",
        kind="contact",
        params=Params,
        enter=enter,
        errors=(NO_MATCHING_ERROR,),
        legacy=(Legacy("SetContactData", convert=_from_legacy),),
        log_name="SetContactData",
        log=log,
        check=check,
        example={"LanguageCode": "en-GB", "CustomerId": "$.Attributes.customer"},
    ),
)
