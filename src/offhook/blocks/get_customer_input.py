"""Get customer input, Store customer input and Set touchtone buffer behavior: three blocks of the designer, one action.

- A menu takes one key and branches on it.
- With StoreInput True, several keys become `$.StoredCustomerInput`: as they are, encrypted, or as a phone number in
  E.164. Where nothing is entered it is the word Timeout, and the contact goes on. A number that is not valid takes
  InvalidPhoneNumber and leaves what was stored before.
- With EnableDTMFBuffer nothing is asked. `true`: keys pressed from now on count for later inputs. `false`: the buffer
  is cleared, and before that stored, where StoreInput is True.
Input is secret where it is encrypted or where the flow has switched logging off (decision S22). Voice only: on chat
it takes a Lex bot. Which key ends what, when, is core/digits.py; encryption is the driver's.
Ours: 20 digits without InputValidation and for phone numbers; DTMFConfiguration.InputTimeLimitSeconds, seen in public
exports beside the documented one, counts where that one is missing (a guess); a stored buffer that was empty is the
word Timeout.
Source: APIReference/participant-actions-getparticipantinput.html; adminguide/get-customer-input.html,
store-customer-input.html, set-touchtone-buffer-behavior.html, touchtone-buffering.html. It is one module because it is
one action with one set of parameters.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec.structs import replace

from offhook.core import objection, prompt
from offhook.core.digits import MAX_BUFFERED
from offhook.core.expr import text_of
from offhook.core.phone import normalise
from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    SINGLE,
    STATIC,
    BlockSpec,
    Changes,
    Ctx,
    ErrorBranch,
    Exit,
    FlowTypes,
    Legacy,
    LegacyModule,
    LogRecord,
    Outcome,
    Wait,
)
from offhook.core.speech import assumption, speech_of
from offhook.model.effect import BufferInput, CollectInput
from offhook.model.event import Event, InputEnded
from offhook.model.flow import Action, Problem

MAX_DIGITS = 20
_KINDS = ("PhoneNumberValidation", "CustomValidation")
NOTHING = "Timeout"  # adminguide/connect-attrib-list.html: Stored customer input


class PhoneNumberValidation(msgspec.Struct, frozen=True, rename="pascal"):
    number_format: Annotated[Literal["Local", "E164"], STATIC] = "Local"
    country_code: Annotated[str, STATIC, msgspec.Meta(pattern="^[A-Za-z]{2}$")] = ""


class CustomValidation(msgspec.Struct, frozen=True, rename="pascal"):
    maximum_length: Annotated[int, SINGLE, msgspec.Meta(ge=1)] = MAX_DIGITS


class InputValidation(msgspec.Struct, frozen=True, rename="pascal"):
    phone_number_validation: PhoneNumberValidation | None = None
    custom_validation: CustomValidation = CustomValidation()


class InputEncryption(msgspec.Struct, frozen=True, rename="pascal"):
    """`key` is an X.509 certificate in PEM."""

    encryption_key_id: Annotated[str, DYNAMIC]
    key: Annotated[str, DYNAMIC]


class DTMFConfiguration(msgspec.Struct, frozen=True, rename="pascal"):
    input_termination_sequence: Annotated[str, STATIC, msgspec.Meta(pattern="^[0-9#*]{1,5}$")] = "#"
    disable_cancel_key: Annotated[bool, STATIC] = False
    interdigit_time_limit_seconds: Annotated[int, DYNAMIC, msgspec.Meta(ge=1, le=20)] = 5
    input_time_limit_seconds: Annotated[int, STATIC, msgspec.Meta(ge=1)] = 0  # 0: not given


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    text: Annotated[str, DYNAMIC, msgspec.Meta(title="Text to speak")] = ""
    ssml: Annotated[str, DYNAMIC, msgspec.Meta(title="SSML")] = msgspec.field(name="SSML", default="")
    prompt_id: Annotated[str, SINGLE, msgspec.Meta(title="Prompt")] = ""
    media: Annotated[prompt.Media, msgspec.Meta(title="Audio file in S3")] = prompt.Media()
    input_time_limit_seconds: Annotated[int, STATIC, msgspec.Meta(ge=1, title="Seconds until the first key")] = 0
    store_input: Annotated[bool, STATIC, msgspec.Meta(title="Store what is entered")] = False
    input_validation: InputValidation = InputValidation()
    input_encryption: InputEncryption | None = None
    dtmf_configuration: DTMFConfiguration = msgspec.field(name="DTMFConfiguration", default=DTMFConfiguration())
    enable_dtmf_buffer: Annotated[bool, STATIC, msgspec.Meta(title="Keep keys that are pressed early")] | None = (
        msgspec.field(name="EnableDTMFBuffer", default=None)
    )


class Memo(msgspec.Struct, frozen=True):
    input_id: str = ""
    secret: bool = False


def enter(p: Params, ctx: Ctx) -> Outcome:
    if p.enable_dtmf_buffer is None:
        return _ask(p, ctx)
    if p.store_input and not p.enable_dtmf_buffer:
        return _wait(p, ctx, _what_is_buffered(ctx))
    return Exit(set={"buffers_keys": p.enable_dtmf_buffer}, effects=(_buffer(ctx, enabled=p.enable_dtmf_buffer),))


def resume(p: Params, memo: Memo, event: Event, ctx: Ctx) -> Outcome | None:
    if type(event) is not InputEnded or event.effect_id != memo.input_id:
        return None
    if event.problem:
        return _failed("encryption", event.problem)
    if not p.store_input:
        return _chosen(event.value, memo, ctx)
    left = _stored(p, event.value, memo, ctx)
    if p.enable_dtmf_buffer is None:
        return left
    return replace(left, set={**left.set, "buffers_keys": False}, effects=(_buffer(ctx, enabled=False),))


# --- asking


def _ask(p: Params, ctx: Ctx) -> Outcome:
    seconds = _seconds(p)
    conflict = _conflict(ctx.action.parameters) if p.store_input else ""
    if conflict or not seconds:
        return _failed("bad_parameter", conflict or "InputTimeLimitSeconds is missing, must be 1 or more.")
    speech = speech_of(ctx, p)
    if isinstance(speech, str):
        return _failed("bad_parameter", speech)
    keys = p.dtmf_configuration
    collect = CollectInput(
        ctx.new_id(),
        ctx.line,
        speech,
        first_ms=seconds * 1000,
        between_ms=keys.interdigit_time_limit_seconds * 1000,
        max_digits=_max_digits(p),
        terminator=keys.input_termination_sequence if p.store_input else "",
        cancel_key=p.store_input and not keys.disable_cancel_key,
        use_buffer=ctx.buffers_keys,
    )
    return _wait(p, ctx, collect)


def _what_is_buffered(ctx: Ctx) -> CollectInput:
    """Asks for the keys that the driver has kept, and for no more."""
    return CollectInput(
        ctx.new_id(), ctx.line, None, 0, 0, MAX_BUFFERED, terminator="", cancel_key=False, use_buffer=True
    )


def _wait(p: Params, ctx: Ctx, collect: CollectInput) -> Wait:
    encryption = p.input_encryption if p.store_input else None
    secret = encryption is not None or ctx.logging is False
    encrypt = (encryption.encryption_key_id, encryption.key) if encryption is not None else None
    collect = replace(collect, secret=secret, encrypt=encrypt)
    return Wait((collect,), Memo(collect.id, secret), warnings=assumption(ctx, p.prompt_id))


def _seconds(p: Params) -> int:
    return p.input_time_limit_seconds or p.dtmf_configuration.input_time_limit_seconds


def _max_digits(p: Params) -> int:
    if not p.store_input:
        return 1
    validation = p.input_validation
    return MAX_DIGITS if validation.phone_number_validation is not None else validation.custom_validation.maximum_length


# --- answers


def _chosen(key: str, memo: Memo, ctx: Ctx) -> Exit:
    if not key:
        detail = "no key came within the time limit."
        return Exit(error="InputTimeLimitExceeded", results=NOTHING, cause="time_limit", detail=detail)
    return Exit(result=key, results=_shown(key, memo), set=_kept(key, memo, ctx))


def _stored(p: Params, value: str, memo: Memo, ctx: Ctx) -> Exit:
    if not value:
        return Exit(set={"stored_input": NOTHING}, results=NOTHING)
    phone = p.input_validation.phone_number_validation
    if phone is not None:
        number = normalise(value, phone.number_format, phone.country_code)
        if number is None:
            where = f" in {phone.country_code.upper()}" if phone.number_format == "Local" else ""
            detail = f"what was entered is no valid {phone.number_format} number{where}."
            return Exit(error="InvalidPhoneNumber", cause="invalid_phone_number", detail=detail)
        value = number
    return Exit(set={"stored_input": value, **_kept(value, memo, ctx)}, results=_shown(value, memo))


def _shown(value: str, memo: Memo) -> str:
    return "" if memo.secret else value


def _kept(value: str, memo: Memo, ctx: Ctx) -> Changes:
    """A secret value is remembered as one, so that nobody shows it later."""
    return {"secrets": (*ctx.secrets, value)} if memo.secret and value not in ctx.secrets else {}


def _buffer(ctx: Ctx, *, enabled: bool) -> BufferInput:
    return BufferInput(ctx.new_id(), ctx.line, enabled)


def _failed(cause: str, detail: str) -> Exit:
    return Exit(error="NoMatchingError", cause=cause, detail=detail)


# --- log


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    if p is None:
        return (LogRecord(),)
    if p.enable_dtmf_buffer is not None:
        return (LogRecord({"EnableDTMFBuffer": text_of(p.enable_dtmf_buffer)}, module="GetParticipantInput"),)
    parameters = prompt.logged(text=p.text, markup=p.ssml, prompt=p.prompt_id, media_uri=p.media.uri)
    parameters |= {"MaxDigits": str(_max_digits(p)), "Timeout": str(_seconds(p) * 1000)}
    return (LogRecord(parameters, module="StoreUserInput" if p.store_input else ""),)


# --- what Connect refuses (spec/validation.md, rule 5)


def check(action: Action) -> list[Problem]:
    if "EnableDTMFBuffer" in action.parameters:
        return []
    return prompt.check(action) + [
        replace(problem, severity="error" if problem.code[0] == "E" else "warning", action=action.identifier)
        for problem in _wrong(action)
    ]


def _wrong(action: Action) -> Iterator[Problem]:
    raw = action.parameters
    if "StoreInput" not in raw:
        text = "StoreInput is missing, must be True or False: write False for a menu."
        yield Problem("E-input-store", text, field="Parameters.StoreInput")
    if not {"InputTimeLimitSeconds", "DTMFConfiguration"} & raw.keys():
        text = "InputTimeLimitSeconds is missing: say how long the first key is waited for."
        yield Problem("E-input-limit", text, field="Parameters.InputTimeLimitSeconds")
    if not _stores(raw):
        for name in ("InputValidation", "InputEncryption"):
            if name in raw:
                text = f"{name} is given, must not be in a menu: remove it, or set StoreInput to True."
                yield Problem("E-input-menu", text, field=f"Parameters.{name}")
        return
    if "InputValidation" not in raw:
        text = "InputValidation is missing, must have CustomValidation or PhoneNumberValidation: add one."
        yield Problem("E-input-validation", text, field="Parameters.InputValidation")
    if conflict := _conflict(raw):
        said = objection.only_one(_KINDS) if _part(raw, "InputValidation").keys() >= set(_KINDS) else ""
        yield Problem("E-input-validation", conflict, field="Parameters.InputValidation", refusal=said)
    if action.conditions:
        text = "Conditions are given, must be none where input is stored: check $.StoredCustomerInput in a later block."
        yield Problem("E-input-conditions", text, field="Transitions.Conditions", refusal=objection.no_conditions())
    keys = _part(raw, "DTMFConfiguration")
    if "*" in text_of(keys.get("InputTerminationSequence")) and not _is_true(keys.get("DisableCancelKey")):
        text = "InputTerminationSequence has a *, which clears what was entered: set DisableCancelKey to True."
        yield Problem("W-input-terminator", text, field="Parameters.DTMFConfiguration.InputTerminationSequence")


def _conflict(raw: Mapping[str, Any]) -> str:
    """Why this cannot be stored, in a sentence; empty where it can."""
    validation = _part(raw, "InputValidation")
    phone = _part(validation, "PhoneNumberValidation")
    if "PhoneNumberValidation" not in validation:
        return ""
    if "CustomValidation" in validation:
        return "InputValidation has PhoneNumberValidation and CustomValidation, must have one: remove the other."
    if "InputEncryption" in raw:
        return "InputEncryption is given, must go with CustomValidation, not with PhoneNumberValidation: change one."
    if phone.get("NumberFormat", "Local") == "Local" and "CountryCode" not in phone:
        return "CountryCode is missing, must be two letters where NumberFormat is Local: add it, such as US."
    return ""


def _stores(raw: Mapping[str, Any]) -> bool:
    return _is_true(raw.get("StoreInput"))


def _is_true(value: Any) -> bool:
    return text_of(value).lower() == "true"


def _part(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = raw.get(name)
    return part if isinstance(part, dict) else {}


def _is_menu(raw: Mapping[str, Any]) -> bool:
    return "EnableDTMFBuffer" not in raw and not _stores(raw)


def _takes_phone(raw: Mapping[str, Any]) -> bool:
    stores = "EnableDTMFBuffer" not in raw and _stores(raw)
    return stores and "PhoneNumberValidation" in _part(raw, "InputValidation")


# --- the old export


def _menu_of(module: LegacyModule) -> dict[str, Any]:
    return {"StoreInput": "False", **prompt.from_legacy(module)}


def _store_of(module: LegacyModule) -> dict[str, Any]:
    given = {key: value for key, value in module.values.items() if value}
    parameters: dict[str, Any] = {"StoreInput": "True", **prompt.from_legacy(module)}
    if given.get("CustomerInputType") == "PhoneNumber":
        phone = _renamed(given, {"PhoneNumberFormat": "NumberFormat", "CountryCode": "CountryCode"})
        parameters["InputValidation"] = {"PhoneNumberValidation": phone}
    else:
        custom = {"MaximumLength": given.get("MaxDigits", str(MAX_DIGITS))}
        parameters["InputValidation"] = {"CustomValidation": custom}
    if keys := _renamed(given, {"TerminatorDigits": "InputTerminationSequence", "DisableCancel": "DisableCancelKey"}):
        parameters["DTMFConfiguration"] = keys
    if _is_true(given.get("EncryptEntry")):
        encryption = {"EncryptionKeyId": "EncryptionKeyId", "EncryptionKey": "Key"}
        parameters["InputEncryption"] = _renamed(given, encryption)
    return parameters


def _renamed(given: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    return {new: given[old] for old, new in names.items() if old in given}


_FLOW_TYPES = frozenset(("CONTACT_FLOW", "CUSTOMER_QUEUE", "AGENT_TRANSFER", "QUEUE_TRANSFER", "MODULE"))
_LIMIT = {"Timeout": "InputTimeLimitSeconds"}
_INVALID = {"InvalidNumber": "InvalidPhoneNumber"}

BLOCKS = (
    BlockSpec(
        action="GetParticipantInput",
        title="Get customer input",
        summary="Asks for touch tones and branches on one key or stores several; or keeps keys that are pressed early.",
        group="interact",
        kind="participant",
        params=Params,
        memo=Memo,
        enter=enter,
        resume=resume,
        errors=(
            NO_MATCHING_ERROR,
            ErrorBranch("NoMatchingCondition", when=_is_menu),
            ErrorBranch("InputTimeLimitExceeded", when=_is_menu),
            ErrorBranch("InvalidPhoneNumber", when=_takes_phone),
        ),
        operators=("Equals",),
        operands=tuple("0123456789*#"),
        channels={channel: "error:NoMatchingError" for channel in ("CHAT", "TASK", "EMAIL")},
        # the newer designer adds outbound whisper
        flow_types=FlowTypes(language=_FLOW_TYPES, designer=_FLOW_TYPES, newer=_FLOW_TYPES | {"OUTBOUND_WHISPER"}),
        legacy=(
            Legacy(
                "GetUserInput",
                target="Digits",
                rename=_LIMIT,
                branches={"Timeout": "InputTimeLimitExceeded"},
                convert=_menu_of,
            ),
            Legacy("StoreUserInput", rename=_LIMIT, branches=_INVALID, convert=_store_of),
            Legacy("StoreCustomerInput", rename=_LIMIT, branches=_INVALID, convert=_store_of),
        ),
        widgets={"Text": "textarea", "SSML": "ssml", "PromptId": "prompt-picker"},
        log_name="GetUserInput",
        log=log,
        check=check,
        example={"Text": "For sales press 1.", "StoreInput": "False", "InputTimeLimitSeconds": "5"},
    ),
)
