"""Transfer to phone number: call an outside number for the participant, and go on in the flow afterwards if it says so.

Declared, not built yet. Without "resume after disconnect" (ContinueFlowExecution) the service refuses the branches for
a call that failed or was not answered, and in a transfer to agent flow it refuses them always. The service insists on
ContinueFlowExecution, which the page calls optional.
Source: APIReference/participant-actions-transferparticipanttothirdparty.html (2023); adminguide/
transfer-to-phone-number.html; spec/legacy.md.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from offhook.core.expr import text_of
from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    SINGLE,
    STATIC,
    BlockSpec,
    ErrorBranch,
    FlowTypes,
    Legacy,
    LegacyModule,
)


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


def _continues(parameters: Mapping[str, Any]) -> bool:
    return text_of(parameters.get("ContinueFlowExecution")).lower() == "true"


def _from_legacy(module: LegacyModule) -> dict[str, Any]:
    blind = module.values.get("BlindTransfer") == "True"
    return {"ThirdPartyPhoneNumber": module.values["PhoneNumber"], "ContinueFlowExecution": str(not blind)}


_FLOW_TYPES = frozenset("CONTACT_FLOW CUSTOMER_QUEUE AGENT_TRANSFER QUEUE_TRANSFER".split())

BLOCKS = (
    BlockSpec(
        action="TransferParticipantToThirdParty",
        title="Transfer to phone number",
        summary="Connects the participant with an outside phone number.",
        group="terminate",
        kind="participant",
        params=Params,
        errors=(
            ErrorBranch("ConnectionTimeLimitExceeded", required=False, when=_continues),
            ErrorBranch("CallFailed", required=False, when=_continues),
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
        example={
            "ThirdPartyPhoneNumber": "+15550100",
            "ThirdPartyConnectionTimeLimitSeconds": "30",
            "ContinueFlowExecution": "True",
        },
    ),
)
