"""Transfer to phone number: call an outside number for the participant, and go on in the flow afterwards if it says so.

A number of no more than 600 seconds of ringing; who does not answer in time is ConnectionTimeLimitExceeded, any other
failure CallFailed. With "resume after disconnect" the flow goes on when the third party has hung up; without it the
flow is over once they talk, and a contact that waits leaves its queue. Without "resume after disconnect"
(ContinueFlowExecution) the service refuses the branches for a call that failed or was not answered, and in a transfer
to agent flow it refuses them always. The service insists on ContinueFlowExecution, which the page calls optional.
Source: APIReference/participant-actions-transferparticipanttothirdparty.html (2023); adminguide/
transfer-to-phone-number.html; spec/legacy.md.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from offhook.core import phone
from offhook.core.expr import text_of
from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    SINGLE,
    STATIC,
    BlockSpec,
    Ctx,
    End,
    ErrorBranch,
    Exit,
    FlowTypes,
    Legacy,
    LegacyModule,
    LogRecord,
    Outcome,
    Wait,
)
from offhook.model.effect import PlaceCall, Talk
from offhook.model.event import CallEnded, Event, TalkEnded
from offhook.model.flow import Action, Problem


class CallerId(msgspec.Struct, frozen=True, rename="pascal"):
    number: Annotated[str, SINGLE, msgspec.Meta(title="Caller ID number")] = ""
    name: Annotated[str, DYNAMIC, msgspec.Meta(title="Caller ID name")] = ""


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    third_party_phone_number: Annotated[str, DYNAMIC, msgspec.Meta(title="Phone number")]
    third_party_connection_time_limit_seconds: Annotated[
        int, SINGLE, msgspec.Meta(ge=0, le=600, title="Timeout (seconds)")
    ]
    continue_flow_execution: Annotated[bool, STATIC, msgspec.Meta(title="Resume flow after disconnect")]
    third_party_dtmf_digits: Annotated[
        str, SINGLE, msgspec.Meta(max_length=50, pattern="^[0-9,*#]*$", title="Touch tones to send")
    ] = msgspec.field(name="ThirdPartyDTMFDigits", default="")
    caller_id: CallerId = CallerId()


class Memo(msgspec.Struct, frozen=True):
    """The call that is placed, or, once it is answered, the talk."""

    call_id: str = ""
    talk_id: str = ""


def enter(p: Params, ctx: Ctx) -> Outcome:
    if not phone.is_e164(p.third_party_phone_number):
        detail = "ThirdPartyPhoneNumber: must be a number in E.164, such as +15550100."
        return Exit(error="NoMatchingError", cause="bad_parameter", detail=detail)
    unclaimed = _unclaimed(p, ctx)
    if unclaimed and ctx.strict:
        return Exit(error="NoMatchingError", cause="caller_id", detail=unclaimed)
    call = PlaceCall(
        ctx.new_id(),
        ctx.line,
        p.third_party_phone_number,
        p.caller_id.number or None,
        timeout_ms=p.third_party_connection_time_limit_seconds * 1_000,
        digits=p.third_party_dtmf_digits,
    )
    return Wait((call,), Memo(call.id), warnings=(unclaimed,) if unclaimed else ())


def resume(p: Params, memo: Memo, event: Event, ctx: Ctx) -> Outcome | None:
    if type(event) is TalkEnded and event.effect_id == memo.talk_id:
        return Exit()
    if type(event) is not CallEnded or event.effect_id != memo.call_id:
        return None
    if event.status == "answered":
        talk = Talk(ctx.new_id(), ctx.line, p.third_party_phone_number)
        if p.continue_flow_execution:
            return Wait((talk,), Memo(talk_id=talk.id))
        return End(f"transferred to {p.third_party_phone_number}", then="third_party", effects=(talk,))
    error = "ConnectionTimeLimitExceeded" if event.status == "no_answer" else "CallFailed"
    detail = f"the third party did not answer ({event.status})."
    return Exit(error=error, cause="not_answered", results=event.status, detail=detail)


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    return (LogRecord({"PhoneNumber": p.third_party_phone_number} if p is not None else {}),)


def check(action: Action) -> list[Problem]:
    number = action.parameters.get("ThirdPartyPhoneNumber")
    if not isinstance(number, str) or "$." in number or phone.is_e164(number):
        return []
    message = f"ThirdPartyPhoneNumber is {number!r}, must be a number in E.164, such as +15550100."
    return [Problem("E-phone-number", message, action=action.identifier, field="Parameters.ThirdPartyPhoneNumber")]


def _unclaimed(p: Params, ctx: Ctx) -> str:
    """A sentence where the caller id is not one of the instance's numbers, as far as anybody has said which it has.

    Connect refuses such a flow. As with functions that were not added (decision S12) only the strict profile does.
    """
    number, numbers = p.caller_id.number, ctx.instance.numbers
    if not number or number in numbers or not (numbers or ctx.strict):
        return ""
    return "CallerId.Number: must be a number that is claimed for the instance."


def _continues(parameters: Mapping[str, Any]) -> bool:
    return text_of(parameters.get("ContinueFlowExecution")).lower() == "true"


def _from_legacy(module: LegacyModule) -> dict[str, Any]:
    blind = module.values.get("BlindTransfer") == "True"
    return {"ThirdPartyPhoneNumber": module.values["PhoneNumber"], "ContinueFlowExecution": str(not blind)}


_AGENT_TRANSFER = frozenset({"AGENT_TRANSFER"})
_FLOW_TYPES = frozenset("CONTACT_FLOW CUSTOMER_QUEUE AGENT_TRANSFER QUEUE_TRANSFER".split())

BLOCKS = (
    BlockSpec(
        action="TransferParticipantToThirdParty",
        title="Transfer to phone number",
        summary="Connects the participant with an outside phone number.",
        group="terminate",
        kind="participant",
        params=Params,
        memo=Memo,
        enter=enter,
        resume=resume,
        errors=(
            ErrorBranch("ConnectionTimeLimitExceeded", required=False, when=_continues, never_in=_AGENT_TRANSFER),
            ErrorBranch("CallFailed", required=False, when=_continues, never_in=_AGENT_TRANSFER),
            NO_MATCHING_ERROR,
        ),
        channels=dict.fromkeys(("CHAT", "TASK", "EMAIL"), "error:NoMatchingError"),
        flow_types=FlowTypes(language=_FLOW_TYPES | {"MODULE"}, designer=_FLOW_TYPES),
        legacy=(
            Legacy(
                "Transfer",
                target="PhoneNumber",
                rename={"TimeLimit": "ThirdPartyConnectionTimeLimitSeconds"},
                branches={"CallFailure": "CallFailed", "Timeout": "ConnectionTimeLimitExceeded"},
                convert=_from_legacy,
            ),
        ),
        log_name="Transfer",
        log=log,
        check=check,
        example={
            "ThirdPartyPhoneNumber": "+15550100",
            "ThirdPartyConnectionTimeLimitSeconds": "30",
            "ContinueFlowExecution": "True",
        },
    ),
)
