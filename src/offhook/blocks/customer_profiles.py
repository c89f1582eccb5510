"""Customer profiles: find, create, change and link profiles of Amazon Connect Customer Profiles.

Values that are looked for or set have 255 characters at most, and all values that a flow keeps under $.Customer 14,000:
where they would be more, nothing is kept and the error branch is taken. What to keep is an object on the page and a
list of names in exports. Fields that are asked for and not there are there no more; others stay until they are asked
for again. ProfileId and ProfileARN are always kept, and so is the id of an asset, an order or a case.
The page on each action names the operation of the service but for what is kept after Create and Update, which is ours:
one more SearchProfiles by the id. A flow does not name the domain; ours is amazon-connect- and the instance's alias.
Create leaves empty values out, since the service takes none; Update sends them, which removes what was there.
How segment membership is asked for is published nowhere. Ours: wherever in the parameters a ProfileId and a segment
stand, and of the spellings of yes and no the one that the conditions use.
Source: APIReference/interactions-getcustomerprofile.html and its neighbours; adminguide/customer-profiles-block.html.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

import msgspec

from offhook.core import profile
from offhook.core.expr import MISSING, parse_text, text_of
from offhook.core.service import Asking, refused, resumes, unfit
from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    Ctx,
    ErrorBranch,
    Exit,
    Outcome,
    UnknownParams,
    Wait,
)
from offhook.model.effect import CallService
from offhook.model.event import ServiceEnded

SERVICE = "profile"
MAX_CRITERIA = 5
OLD_IDENTIFIERS = {"PhoneNumber": "_phone", "EmailAddress": "_email"}  # of the page of 2023
OBJECTS = {"_asset": ("Asset", "AssetId"), "_order": ("Order", "OrderId"), "_case": ("Case", "CaseId")}
SEGMENTS = ("SegmentDefinitionName", "SegmentName", "SegmentId", "Segment")
MEMBERSHIPS = (("True", "False"), ("true", "false"), ("InSegment", "NotInSegment"), ("PRESENT", "ABSENT"))


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    profile_request_data: Annotated[dict[str, Any], DYNAMIC, msgspec.Meta(title="Look for, or set")]
    profile_response_data: Annotated[dict[str, Any] | list[str], STATIC, msgspec.Meta(title="Fields to keep")] = {}


class Memo(Asking, frozen=True):
    """`profile_id`: of the profile that was written and is being read again."""

    profile_id: str = ""


class _Profiles(msgspec.Struct, frozen=True, rename="pascal"):
    items: tuple[dict[str, Any], ...] = ()


class _Written(msgspec.Struct, frozen=True, rename="pascal"):
    profile_id: str


class _Object(msgspec.Struct, frozen=True, rename="pascal"):
    object: str = "{}"


class _Objects(msgspec.Struct, frozen=True, rename="pascal"):
    items: tuple[_Object, ...] = ()


class _Calculated(msgspec.Struct, frozen=True, rename="pascal"):
    calculated_attribute_name: str
    value: str | None = None


class _AllCalculated(msgspec.Struct, frozen=True, rename="pascal"):
    items: tuple[_Calculated, ...] = ()


class _Member(msgspec.Struct, frozen=True, rename="pascal"):
    query_result: str


class _Membership(msgspec.Struct, frozen=True, rename="pascal"):
    profiles: tuple[_Member, ...]


# --- find a profile


def find(p: Params, ctx: Ctx) -> Outcome:
    data = p.profile_request_data
    criteria = data.get("SearchCriteria")
    if criteria is None:
        old = [{"IdentifierName": key, "IdentifierValue": data.get(name)} for name, key in OLD_IDENTIFIERS.items()]
        criteria = [data] if "IdentifierName" in data else [each for each in old if each["IdentifierValue"]]
    detail = _wrong_criteria(criteria, data.get("LogicalOperator"))
    if detail:
        return unfit(f"ProfileRequestData: {detail}")
    keys = [{"KeyName": each["IdentifierName"], "Values": [text_of(each["IdentifierValue"])]} for each in criteria]
    more = {"AdditionalSearchKeys": keys[1:], "LogicalOperator": data.get("LogicalOperator", "AND")}
    return _ask(ctx, "SearchProfiles", {**keys[0], **(more if keys[1:] else {}), "MaxResults": 2})


def _wrong_criteria(criteria: Any, operator: Any) -> str:
    """One sentence, empty where they can be asked for."""
    if not isinstance(criteria, list) or not 0 < len(criteria) <= MAX_CRITERIA:
        return f"1..{MAX_CRITERIA} search identifiers are needed, each with IdentifierName and IdentifierValue."
    for each in criteria:
        if not (isinstance(each, dict) and each.get("IdentifierName") and each.get("IdentifierValue")):
            return "a search identifier has no IdentifierName or no IdentifierValue, or they resolve to nothing."
    if len(criteria) > 1 and operator not in (None, "AND", "OR"):
        return f"LogicalOperator is {operator!r}, must be AND or OR."
    return profile.too_long({"SearchCriteria": criteria})


def _found(p: Params, memo: Memo, event: ServiceEnded, ctx: Ctx) -> Outcome:
    if event.error:
        return refused(event)
    items = msgspec.convert(event.output, _Profiles).items
    if len(items) != 1:
        return Exit(error="MultipleFoundError" if items else "NoneFoundError")
    return profile.keep(ctx, text_of(items[0].get("ProfileId")), _values(p, items[0]))


def _values(p: Params, item: Mapping[str, Any]) -> profile.Values:
    return {tuple(name.split(".", 1)): profile.value_of(item, name) for name in p.profile_response_data}


# --- create or change one


def create(p: Params, ctx: Ctx) -> Outcome:
    given = {name: value for name, value in p.profile_request_data.items() if value not in ("", None)}
    return _write(ctx, "CreateProfile", given, {})


def update(p: Params, ctx: Ctx) -> Outcome:
    given = dict(p.profile_request_data)
    profile_id = given.pop("ProfileId", "") or profile.kept(ctx).get("ProfileId")
    if not profile_id:
        return unfit("no profile was found or created before in the flow: put Get profile before it.")
    return _write(ctx, "UpdateProfile", given, {"ProfileId": profile_id})


def _write(ctx: Ctx, operation: str, given: dict[str, Any], which: dict[str, Any]) -> Outcome:
    if not given:
        return unfit("ProfileRequestData has no field with a value; give one at least.")
    detail = profile.too_long(given)
    return (
        unfit(f"ProfileRequestData: {detail}") if detail else _ask(ctx, operation, {**which, **profile.nested(given)})
    )


def _written(p: Params, memo: Memo, event: ServiceEnded, ctx: Ctx) -> Outcome:
    if event.error:
        return refused(event)
    if memo.profile_id:
        items = msgspec.convert(event.output, _Profiles).items
        return profile.keep(ctx, memo.profile_id, _values(p, items[0] if items else {}))
    profile_id = msgspec.convert(event.output, _Written).profile_id
    if not p.profile_response_data:
        return profile.keep(ctx, profile_id, {})
    return _ask(ctx, "SearchProfiles", {"KeyName": "_profileId", "Values": [profile_id]}, profile_id=profile_id)


# --- get what belongs to one


def get_object(p: Params, ctx: Ctx) -> Outcome:
    data = p.profile_request_data
    if not data.get("ProfileId") or not data.get("ObjectType"):
        return unfit("ProfileRequestData needs ProfileId and ObjectType; one is missing or resolves to nothing.")
    identified = bool(data.get("IdentifierName") and data.get("IdentifierValue"))
    if text_of(data.get("UseLatest")).lower() != "true" and not identified:
        return unfit("ProfileRequestData needs UseLatest, or IdentifierName and IdentifierValue.")
    if detail := profile.too_long(data):
        return unfit(f"ProfileRequestData: {detail}")
    input = {"ObjectTypeName": _object_type(data), "ProfileId": data["ProfileId"]}
    if identified:
        value = text_of(data["IdentifierValue"])
        input["ObjectFilter"] = {"KeyName": data["IdentifierName"], "Values": [value]}
    return _ask(ctx, "ListProfileObjects", input)


def _object_type(data: Mapping[str, Any]) -> str:
    """The service's name of the type: the designer's Asset is its _asset."""
    name = text_of(data["ObjectType"])
    return next((key for key, (kind, _) in OBJECTS.items() if name == kind), name)


def _got_object(p: Params, memo: Memo, event: ServiceEnded, ctx: Ctx) -> Outcome:
    """The newest comes first."""
    items = () if event.error else msgspec.convert(event.output, _Objects).items
    if not items:
        return _nothing(event)
    item = msgspec.json.decode(items[0].object, type=dict[str, Any])
    values: profile.Values = {}
    if known := OBJECTS.get(_object_type(p.profile_request_data)):
        values[known] = item.get(known[1], MISSING)
    values |= {place: value for name in p.profile_response_data for place, value in _of_object(name, item)}
    return profile.keep(ctx, text_of(p.profile_request_data["ProfileId"]), values)


def _of_object(name: str, item: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """`AssetPrice` is $.Customer.Asset.Price; of other types `ObjectAttributes.x` is that."""
    for kind, _ in OBJECTS.values():
        if name.startswith(kind):
            inner = name.removeprefix(kind).removeprefix(".")
            yield (kind, *inner.split(".", 1)), profile.value_of(item, inner)
            return
    key = name.removeprefix("ObjectAttributes.")
    value = profile.value_of(item, key)
    yield ("ObjectAttributes", key), profile.value_of(item, f"Attributes.{key}") if value is MISSING else value


def calculate(p: Params, ctx: Ctx) -> Outcome:
    profile_id = p.profile_request_data.get("ProfileId")
    if not profile_id:
        return unfit("ProfileRequestData needs ProfileId; it is missing or resolves to nothing.")
    return _ask(ctx, "ListCalculatedAttributesForProfile", {"ProfileId": profile_id})


def _calculated(p: Params, memo: Memo, event: ServiceEnded, ctx: Ctx) -> Outcome:
    items = () if event.error else msgspec.convert(event.output, _AllCalculated).items
    known = {item.calculated_attribute_name: item.value for item in items if item.value is not None}
    names = [name.removeprefix("CalculatedAttributes.") for name in p.profile_response_data]
    if not known or not (known.keys() & names or not names):
        return _nothing(event)
    values: profile.Values = {("CalculatedAttributes", name): known.get(name, MISSING) for name in names}
    return profile.keep(ctx, text_of(p.profile_request_data["ProfileId"]), values)


def _nothing(event: ServiceEnded) -> Exit:
    """Nothing was found, be it that there is no such profile."""
    if event.error and event.error != "ResourceNotFoundException":
        return refused(event)
    return refused(event, error="NoneFoundError") if event.error else Exit(error="NoneFoundError")


# --- link and check


def associate(p: Params, ctx: Ctx) -> Outcome:
    data = p.profile_request_data
    if not data.get("ProfileId") or not data.get("ContactId"):
        return unfit("ProfileRequestData needs ProfileId and ContactId; one is missing or resolves to nothing.")
    input = {"ProfileId": data["ProfileId"], "KeyName": "_ctrContactId", "Values": [data["ContactId"]]}
    return _ask(ctx, "AddProfileKey", input)


def _associated(p: Params, memo: Memo, event: ServiceEnded, ctx: Ctx) -> Outcome:
    return refused(event) if event.error else Exit()


def check_segment(p: UnknownParams, ctx: Ctx) -> Outcome:
    given = dict(_leaves(ctx.action.parameters, ctx))
    segment = next((given[name] for name in SEGMENTS if given.get(name)), "")
    if not segment or not given.get("ProfileId"):
        return unfit("ProfileId or the segment is missing, or resolves to nothing.")
    return _ask(ctx, "GetSegmentMembership", {"SegmentDefinitionName": segment, "ProfileIds": [given["ProfileId"]]})


def _leaves(parameters: Mapping[str, Any], ctx: Ctx) -> Iterator[tuple[str, str]]:
    """Every text in the parameters by its name, with its references resolved."""
    for name, value in parameters.items():
        if isinstance(value, dict):
            yield from _leaves(value, ctx)
        elif isinstance(value, str):
            text = parse_text(value)
            yield name, text if isinstance(text, str) else text.value(ctx)


def _checked(p: UnknownParams, memo: Memo, event: ServiceEnded, ctx: Ctx) -> Outcome:
    if event.error:
        return refused(event)
    is_member = msgspec.convert(event.output, _Membership).profiles[:1] == (_Member("PRESENT"),)
    operands = {text_of(operand) for condition in ctx.action.conditions for operand in condition.operands}
    spelling = next((pair for pair in MEMBERSHIPS if operands & set(pair)), MEMBERSHIPS[0])
    return Exit(result=spelling[0 if is_member else 1])


def _ask(ctx: Ctx, operation: str, input: dict[str, Any], *, profile_id: str = "") -> Wait:
    domain = profile.domain(ctx.instance)
    call = CallService(ctx.new_id(), SERVICE, operation, {"DomainName": domain, **input})
    return Wait((call,), Memo(call.id, profile_id))


MULTIPLE = ErrorBranch("MultipleFoundError", required=False)
NONE = ErrorBranch("NoneFoundError", required=False)


def _block(
    action: str,
    title: str,
    summary: str,
    example: Mapping[str, Any],
    enter: Callable[[Any, Ctx], Outcome],
    read: Callable[[Any, Any, ServiceEnded, Ctx], Outcome],
    *errors: ErrorBranch,
    **more: Any,
) -> BlockSpec:
    plain: dict[str, Any] = {"params": Params, "widgets": {"ProfileRequestData": "key-values"}}
    return BlockSpec(
        action=action,
        title=f"Customer profiles ({title})",
        summary=summary,
        group="integrate",
        kind="interaction",
        memo=Memo,
        enter=enter,
        resume=resumes(read),
        errors=(*errors, NO_MATCHING_ERROR),
        example=example,
        **{**plain, **more},
    )


_PROFILE = {"ProfileId": "$.Attributes.customer"}

BLOCKS = (
    _block(
        "GetCustomerProfile",
        "get profile",
        "Finds a profile and keeps its fields under $.Customer.",
        {
            "ProfileRequestData": {"IdentifierName": "_fullName", "IdentifierValue": "$.Attributes.name Lee"},
            "ProfileResponseData": ["FirstName", "LastName"],
        },
        find,
        _found,
        MULTIPLE,
        NONE,
    ),
    _block(
        "CreateCustomerProfile",
        "create profile",
        "Creates a profile.",
        {"ProfileRequestData": {"FirstName": "$.Attributes.name"}, "ProfileResponseData": ["FirstName"]},
        create,
        _written,
    ),
    _block(
        "UpdateCustomerProfile",
        "update profile",
        "Changes the profile that was found or created before in the flow.",
        {"ProfileRequestData": {**_PROFILE, "FirstName": "$.Attributes.name"}, "ProfileResponseData": []},
        update,
        _written,
    ),
    _block(
        "GetCustomerProfileObject",
        "get profile object",
        "Gets an asset, an order, a case or another object of a profile.",
        {
            "ProfileRequestData": {**_PROFILE, "ObjectType": "_order", "UseLatest": "true"},
            "ProfileResponseData": ["OrderStatus"],
        },
        get_object,
        _got_object,
        NONE,
    ),
    _block(
        "GetCalculatedAttributesForCustomerProfile",
        "get calculated attributes",
        "Gets calculated attributes of a profile.",
        {"ProfileRequestData": _PROFILE, "ProfileResponseData": ["CalculatedAttributes._frequent_caller"]},
        calculate,
        _calculated,
        NONE,
    ),
    _block(
        "AssociateContactToCustomerProfile",
        "associate contact",
        "Links the contact with a profile.",
        {"ProfileRequestData": {**_PROFILE, "ContactId": "$.ContactId"}},
        associate,
        _associated,
    ),
    _block(
        "CheckSegmentMembership",
        "check segment membership",
        "Branches on whether a profile is in a segment.",
        {"ProfileRequestData": {**_PROFILE, "SegmentDefinitionName": "LoyaltyGold"}},
        check_segment,
        _checked,
        params=UnknownParams,
        operators=("Equals",),
        widgets=None,
    ),
)
