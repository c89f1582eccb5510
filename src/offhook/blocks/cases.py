"""Cases: create, find or change a case of Amazon Connect Cases.

Declared, not built yet. The page asks for a customer when a case is looked for; the console also writes GetCase without
one, so it is not demanded. ContactToLink occurs in an export and is on no page.
Source: APIReference/createcase.html, getcase.html, updatecase.html; adminguide/cases-block.html.
"""

from typing import Annotated, Any

import msgspec

from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    ErrorBranch,
)


class CreateParams(msgspec.Struct, frozen=True, rename="pascal"):
    link_contact_to_case: Annotated[bool, STATIC, msgspec.Meta(title="Link the contact to the case")]
    case_template_id: Annotated[str, STATIC, msgspec.Meta(title="Template")]
    case_request_fields: Annotated[dict[str, Any], DYNAMIC, msgspec.Meta(title="Fields")] = {}
    contact_to_link: Annotated[str, STATIC, msgspec.Meta(title="Contact to link")] = ""


class GetParams(msgspec.Struct, frozen=True, rename="pascal"):
    link_contact_to_case: Annotated[bool, STATIC, msgspec.Meta(title="Link the contact to the case")]
    get_last_updated_case: Annotated[bool, STATIC, msgspec.Meta(title="Of several take the last updated")]
    customer_id: Annotated[str, DYNAMIC, msgspec.Meta(title="Customer (ARN of the profile)")] = ""
    case_request_fields: Annotated[dict[str, Any], DYNAMIC, msgspec.Meta(title="Fields to look for")] = {}
    case_response_fields: Annotated[tuple[str, ...], STATIC, msgspec.Meta(max_length=10, title="Fields to keep")] = ()


class UpdateParams(msgspec.Struct, frozen=True, rename="pascal"):
    link_contact_to_case: Annotated[bool, STATIC, msgspec.Meta(title="Link the contact to the case")]
    case_id: Annotated[str, DYNAMIC, msgspec.Meta(title="Case")]
    case_request_fields: Annotated[dict[str, Any], DYNAMIC, msgspec.Meta(title="Fields")] = {}


NOT_LINKED = ErrorBranch("ContactNotLinked", required=False)

BLOCKS = (
    BlockSpec(
        action="CreateCase",
        title="Cases (create)",
        summary="Creates a case from a template.",
        group="integrate",
        kind="contact",
        params=CreateParams,
        errors=(NOT_LINKED, NO_MATCHING_ERROR),
        widgets={"CaseRequestFields": "key-values"},
        example={"LinkContactToCase": "true", "CaseTemplateId": "t", "CaseRequestFields": {"title": "Broken"}},
    ),
    BlockSpec(
        action="GetCase",
        title="Cases (get)",
        summary="Finds a case and keeps its fields under $.Case.",
        group="integrate",
        kind="contact",
        params=GetParams,
        errors=(
            NOT_LINKED,
            ErrorBranch("MultipleFound", required=False),
            ErrorBranch("NoneFound", required=False),
            NO_MATCHING_ERROR,
        ),
        widgets={"CaseRequestFields": "key-values"},
        example={"LinkContactToCase": "true", "GetLastUpdatedCase": "true", "CustomerId": "$.Customer.ProfileARN"},
    ),
    BlockSpec(
        action="UpdateCase",
        title="Cases (update)",
        summary="Changes a case.",
        group="integrate",
        kind="contact",
        params=UpdateParams,
        errors=(NOT_LINKED, NO_MATCHING_ERROR),
        widgets={"CaseRequestFields": "key-values"},
        example={"LinkContactToCase": "true", "CaseId": "$.Case.case_id", "CaseRequestFields": {"status": "closed"}},
    ),
)
