"""Customer profiles in a flow: their fields, and what is kept of them under $.Customer.

Fields are flat in a flow (`City`, `ShippingCity`, `Attributes.tier`) and nested in the API.
Source: APIReference/interactions-getcustomerprofile.html (names in a flow); customer-profiles 2020-08-15 (Address).
"""

from collections.abc import Mapping
from typing import Any

from offhook.core.expr import MISSING, text_of, walk
from offhook.core.spec import Ctx, Exit
from offhook.model.instance import Instance

ADDRESS = tuple("Address1 Address2 Address3 Address4 City County State Province Country PostalCode".split())
ADDRESSES = ("Address", "ShippingAddress", "MailingAddress", "BillingAddress")
MAX_VALUE = 255
MAX_TOTAL = 14_000  # of all values that a flow keeps

Values = dict[tuple[str, ...], Any]  # by place under $.Customer; MISSING for what is not there


def domain(instance: Instance) -> str:
    """The name of the instance's domain of profiles: as the console proposes it."""
    return f"amazon-connect-{instance.alias}"


def place(name: str) -> tuple[str, ...]:
    """Where the API has the field that a flow calls `name`; what follows a dot is one key."""
    head, dot, rest = name.partition(".")
    if dot:
        return (head, rest)
    for address in ADDRESSES:
        prefix = address.removesuffix("Address")
        if name.startswith(prefix) and name.removeprefix(prefix) in ADDRESS:
            return (address, name.removeprefix(prefix))
    return (name,)


def nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a flow as the API takes them."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        head, *rest = place(name)
        if rest:
            found.setdefault(head, {})[rest[0]] = text_of(value)
        elif isinstance(value, dict):
            found.setdefault(head, {}).update({key: text_of(each) for key, each in value.items()})
        else:
            found[head] = text_of(value)
    return found


def value_of(profile: Mapping[str, Any], name: str) -> Any:
    """What the API's object has where a flow says `name`, or MISSING."""
    value = walk(dict(profile), place(name))
    return profile.get(name, MISSING) if value is MISSING else value


def too_long(fields: Mapping[str, Any]) -> str:
    """One sentence about the first value that is too long for a flow, empty where none is."""
    for name, value in fields.items():
        if isinstance(value, dict):
            problem = too_long({f"{name}.{key}": each for key, each in value.items()})
        elif isinstance(value, list):
            problem = next(filter(None, (too_long(each) for each in value if isinstance(each, dict))), "")
        else:
            size = len(text_of(value))
            problem = f"{name} has {size:,} characters, may have {MAX_VALUE} at most." if size > MAX_VALUE else ""
        if problem:
            return problem
    return ""


def kept(ctx: Ctx) -> dict[str, Any]:
    """What is under $.Customer."""
    return dict(ctx.system.get("Customer", {}))


def keep(ctx: Ctx, profile_id: str, values: Values) -> Exit:
    """Leave with these values under $.Customer; one that is MISSING is taken away."""
    instance = ctx.instance
    arn = f"arn:aws:profile:{instance.region}:{instance.account}:domains/{domain(instance)}/profiles/{profile_id}"
    customer = {**kept(ctx), "ProfileId": profile_id, "ProfileARN": arn}
    for where, value in values.items():
        customer = _changed(customer, where, value)
    size = _size_of(customer)
    if size > MAX_TOTAL:
        detail = f"$.Customer would have {size:,} characters, at most {MAX_TOTAL:,} are kept in a flow."
        return Exit(error="NoMatchingError", cause="too_large", detail=detail)
    return Exit(set={"system": {**ctx.system, "Customer": customer}})


def _changed(values: Any, where: tuple[str, ...], value: Any) -> dict[str, Any]:
    values = values if isinstance(values, dict) else {}
    head, *rest = where
    if rest:
        return {**values, head: _changed(values.get(head), tuple(rest), value)}
    others = {name: each for name, each in values.items() if name != head}
    return others if value is MISSING else {**others, head: value}


def _size_of(value: Any) -> int:
    return sum(map(_size_of, value.values())) if isinstance(value, dict) else len(text_of(value))
