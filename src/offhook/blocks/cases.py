"""Cases: create, find or change a case of Amazon Connect Cases, and link the contact to it.

The page asks for a customer when a case is looked for; the console also writes GetCase without one, so it is not
demanded. ContactToLink occurs in an export, as Current, and is on no page. What Connect asks the service is published
nowhere; ours are CreateCase, SearchCases, UpdateCase and, for the link, CreateRelatedItem. A flow does not name the
domain: it is the one of the instance, and has the instance's id here.
A case that was made or found is under $.Case even where the contact could not be linked to it.
Source: APIReference/createcase.html, getcase.html, updatecase.html; adminguide/cases-block.html.
"""

from typing import Annotated, Any

import msgspec

from offhook.core.expr import text_of
from offhook.core.service import Asking, refused, resumes, unfit
from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    Changes,
    Ctx,
    ErrorBranch,
    Exit,
    Outcome,
    Wait,
)
from offhook.model.effect import CallService
from offhook.model.event import ServiceEnded

SERVICE = "cases"
OURSELVES = ("", "Current")


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


AnyParams = CreateParams | GetParams | UpdateParams


class Memo(Asking, frozen=True):
    """`case_id` is known once the contact is being linked; `kept` is what $.Case becomes, None for what it was."""

    case_id: str = ""
    kept: dict[str, Any] | None = None


class _Created(msgspec.Struct, frozen=True, rename="camel"):
    case_id: str


class _Field(msgspec.Struct, frozen=True):
    id: str
    value: dict[str, Any]


class _Case(msgspec.Struct, frozen=True, rename="camel"):
    case_id: str
    fields: tuple[_Field, ...]


class _Found(msgspec.Struct, frozen=True):
    cases: tuple[_Case, ...]


# --- create


def create(p: CreateParams, ctx: Ctx) -> Outcome:
    return _ask(ctx, "CreateCase", templateId=p.case_template_id, fields=_fields(p.case_request_fields))


def _created(p: CreateParams, event: ServiceEnded, ctx: Ctx) -> Outcome:
    case_id = msgspec.convert(event.output, _Created).case_id
    return _link(p, ctx, case_id, {"case_id": case_id})


# --- find


def get(p: GetParams, ctx: Ctx) -> Outcome:
    wanted = dict(p.case_request_fields)
    if "CustomerId" in ctx.action.parameters:
        wanted["customer_id"] = p.customer_id
    if not wanted:
        return unfit("neither CustomerId nor a field in CaseRequestFields says which case to look for.")
    equal = [{"field": {"equalTo": {"id": name, "value": _text(value)}}} for name, value in wanted.items()]
    return _ask(
        ctx,
        "SearchCases",
        filter={"andAll": equal},
        sorts=[{"fieldId": "last_updated_datetime", "sortOrder": "Desc"}],
        fields=[{"id": name} for name in dict.fromkeys(("case_id", *p.case_response_fields))],
        maxResults=2,  # one more than there should be
    )


def _got(p: GetParams, event: ServiceEnded, ctx: Ctx) -> Outcome:
    cases = msgspec.convert(event.output, _Found).cases
    if not cases:
        return Exit(error="NoneFound")
    if len(cases) > 1 and not p.get_last_updated_case:
        return Exit(error="MultipleFound")
    case = cases[0]
    fields = {field.id: _plain(field.value) for field in case.fields}
    asked = {name: fields[name] for name in p.case_response_fields if fields.get(name) is not None}
    return _link(p, ctx, case.case_id, {"case_id": case.case_id, **asked})


# --- change


def update(p: UpdateParams, ctx: Ctx) -> Outcome:
    return _ask(ctx, "UpdateCase", caseId=p.case_id, fields=_fields(p.case_request_fields))


def _updated(p: UpdateParams, event: ServiceEnded, ctx: Ctx) -> Outcome:
    return _link(p, ctx, p.case_id, None)


# --- what they share


def _ask(ctx: Ctx, operation: str, **input: Any) -> Wait:
    call = CallService(ctx.new_id(), SERVICE, operation, {"domainId": ctx.instance.id, **input})
    return Wait((call,), Memo(call.id))


def _read(p: AnyParams, memo: Memo, event: ServiceEnded, ctx: Ctx) -> Outcome:
    if memo.case_id:
        changes = _changes(ctx, memo.kept)
        return refused(event, error="ContactNotLinked", set=changes) if event.error else Exit(set=changes)
    if event.error:
        return refused(event)
    if isinstance(p, CreateParams):
        return _created(p, event, ctx)
    return _got(p, event, ctx) if isinstance(p, GetParams) else _updated(p, event, ctx)


def _link(p: AnyParams, ctx: Ctx, case_id: str, kept: dict[str, Any] | None) -> Outcome:
    if not p.link_contact_to_case:
        return Exit(set=_changes(ctx, kept))
    other = p.contact_to_link if isinstance(p, CreateParams) else ""
    if other not in OURSELVES:
        detail = f"ContactToLink is {other!r}; only {OURSELVES[1]}, the contact itself, is known."
        return Exit(error="ContactNotLinked", cause="bad_parameter", detail=detail, set=_changes(ctx, kept))
    call = CallService(
        ctx.new_id(),
        SERVICE,
        "CreateRelatedItem",
        {
            "domainId": ctx.instance.id,
            "caseId": case_id,
            "type": "Contact",
            "content": {"contact": {"contactArn": f"{ctx.instance.arn}/contact/{ctx.contact.id}"}},
        },
    )
    return Wait((call,), Memo(call.id, case_id, kept))


def _changes(ctx: Ctx, kept: dict[str, Any] | None) -> Changes:
    return {} if kept is None else {"system": {**ctx.system, "Case": kept}}


def _fields(values: dict[str, Any]) -> list[dict[str, Any]]:
    """The API's form. A value that resolved to nothing empties the field."""
    return [{"id": name, "value": _typed(value)} for name, value in values.items()]


def _typed(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int | float):
        return {"doubleValue": value}
    return _text(value) if value else {"emptyValue": {}}


def _text(value: Any) -> dict[str, Any]:
    return {"stringValue": text_of(value)}


def _plain(value: dict[str, Any]) -> Any:
    """The value of a field, None for an empty one."""
    return next((each for kind, each in value.items() if kind != "emptyValue"), None)


NOT_LINKED = ErrorBranch("ContactNotLinked", required=False)

BLOCKS = (
    BlockSpec(
        action="CreateCase",
        title="Cases (create)",
        summary="Creates a case from a template.",
        group="integrate",
        kind="contact",
        params=CreateParams,
        memo=Memo,
        enter=create,
        resume=resumes(_read),
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
        memo=Memo,
        enter=get,
        resume=resumes(_read),
        errors=(
            NOT_LINKED,
            ErrorBranch("MultipleFound", required=False),
            ErrorBranch("NoneFound", required=False),
            NO_MATCHING_ERROR,
        ),
        widgets={"CaseRequestFields": "key-values"},
        example={
            "LinkContactToCase": "true",
            "GetLastUpdatedCase": "true",
            "CustomerId": "$.Attributes.customer",
            "CaseResponseFields": ["status", "title"],
        },
    ),
    BlockSpec(
        action="UpdateCase",
        title="Cases (update)",
        summary="Changes a case.",
        group="integrate",
        kind="contact",
        params=UpdateParams,
        memo=Memo,
        enter=update,
        resume=resumes(_read),
        errors=(NOT_LINKED, NO_MATCHING_ERROR),
        widgets={"CaseRequestFields": "key-values"},
        example={"LinkContactToCase": "true", "CaseId": "c-1", "CaseRequestFields": {"status": "closed"}},
    ),
)
