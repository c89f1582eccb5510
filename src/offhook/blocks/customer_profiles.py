"""Customer profiles: find, create, change and link profiles of Amazon Connect Customer Profiles.

Declared, not built yet. Values have 255 characters at most, and all that a flow keeps of profiles 14,000. What to keep
is an object on the page and a list of names in exports. How segment membership is asked for is published nowhere.
Source: APIReference/interactions-getcustomerprofile.html and its neighbours; adminguide/customer-profiles-block.html.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    ErrorBranch,
    UnknownParams,
)


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    profile_request_data: Annotated[dict[str, Any], DYNAMIC, msgspec.Meta(title="Look for, or set")]
    profile_response_data: Annotated[dict[str, Any] | list[str], STATIC, msgspec.Meta(title="Fields to keep")] = {}


MULTIPLE = ErrorBranch("MultipleFoundError", required=False)
NONE = ErrorBranch("NoneFoundError", required=False)


def _block(
    action: str, title: str, summary: str, example: Mapping[str, Any], *errors: ErrorBranch, **more: Any
) -> BlockSpec:
    plain: dict[str, Any] = {"params": Params, "widgets": {"ProfileRequestData": "key-values"}}
    return BlockSpec(
        action=action,
        title=f"Customer profiles ({title})",
        summary=summary,
        group="integrate",
        kind="interaction",
        errors=(*errors, NO_MATCHING_ERROR),
        example=example,
        **{**plain, **more},
    )


_PROFILE = {"ProfileId": "$.Customer.ProfileId"}

BLOCKS = (
    _block(
        "GetCustomerProfile",
        "get profile",
        "Finds a profile and keeps its fields under $.Customer.",
        {
            "ProfileRequestData": {"IdentifierName": "_phone", "IdentifierValue": "$.CustomerEndpoint.Address"},
            "ProfileResponseData": ["FirstName", "LastName"],
        },
        MULTIPLE,
        NONE,
    ),
    _block(
        "CreateCustomerProfile",
        "create profile",
        "Creates a profile.",
        {"ProfileRequestData": {"FirstName": "$.Attributes.name"}, "ProfileResponseData": []},
    ),
    _block(
        "UpdateCustomerProfile",
        "update profile",
        "Changes the profile that was found or created before in the flow.",
        {"ProfileRequestData": {"FirstName": "$.Attributes.name"}, "ProfileResponseData": []},
    ),
    _block(
        "GetCustomerProfileObject",
        "get profile object",
        "Gets an asset, an order, a case or another object of a profile.",
        {"ProfileRequestData": {**_PROFILE, "ObjectType": "_order", "UseLatest": "true"}, "ProfileResponseData": []},
        NONE,
    ),
    _block(
        "GetCalculatedAttributesForCustomerProfile",
        "get calculated attributes",
        "Gets calculated attributes of a profile.",
        {"ProfileRequestData": _PROFILE, "ProfileResponseData": []},
        NONE,
    ),
    _block(
        "AssociateContactToCustomerProfile",
        "associate contact",
        "Links the contact with a profile.",
        {"ProfileRequestData": {**_PROFILE, "ContactId": "$.ContactId"}},
    ),
    _block(
        "CheckSegmentMembership",
        "check segment membership",
        "Branches on whether a profile is in a segment.",
        {},
        params=UnknownParams,
        operators=("Equals",),
        widgets=None,
    ),
)
