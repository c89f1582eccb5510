"""Authenticate customer: ask a chat customer to sign in through Amazon Cognito.

Declared, not built yet. What stands in the two configurations, and the names of the branches (success, timeout, opted
out), are published nowhere.
Source: adminguide/authenticate-customer.html (newer).
"""

from typing import Annotated, Any

import msgspec

from offhook.core.spec import (
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    FlowTypes,
)


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    cognito_configuration: Annotated[dict[str, Any], STATIC]
    customer_profiles_configuration: Annotated[dict[str, Any], STATIC]
    time_limit_minutes: Annotated[int, STATIC, msgspec.Meta(ge=3, le=15, title="Timeout (minutes)")]


BLOCKS = (
    BlockSpec(
        action="AuthenticateParticipant",
        title="Authenticate customer",
        summary="Asks a chat customer to sign in.",
        group="interact",
        kind="participant",
        params=Params,
        errors=(NO_MATCHING_ERROR,),
        operators=("Equals",),
        channels=dict.fromkeys(("VOICE", "TASK", "EMAIL"), "error:NoMatchingError"),
        flow_types=FlowTypes(language=frozenset({"CONTACT_FLOW"}), designer=frozenset({"CONTACT_FLOW"})),
        example={"CognitoConfiguration": {}, "CustomerProfilesConfiguration": {}, "TimeLimitMinutes": "5"},
    ),
)
