"""Amazon Connect Customer Profiles beside a flow: one domain, in memory (docs/services.md).

A profile is described as SearchProfiles shows it, with what belongs to it beside. It is found by the predefined keys
that are made of its fields and of its objects, and by keys of its own. Values are compared as they are.
Source: customer-profiles 2020-08-15 (shapes, names of errors and of keys).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from offhook.adapters.services.described import Described, unknown_operation
from offhook.adapters.services.error import ServiceError
from offhook.core.expr import text_of
from offhook.core.profile import ADDRESS, ADDRESSES
from offhook.model.errors import UsageError
from offhook.model.instance import derived_id

SERVICE = "profile"
FIELDS = frozenset(
    "AccountNumber AdditionalInformation PartyType BusinessName FirstName MiddleName LastName BirthDate Gender "
    "PhoneNumber MobilePhoneNumber HomePhoneNumber BusinessPhoneNumber EmailAddress PersonalEmailAddress "
    "BusinessEmailAddress PartyTypeString GenderString ProfileType".split()
)
_KEYS = {
    "_account": ("AccountNumber",),
    "_profileId": ("ProfileId",),
    "_phone": ("PhoneNumber", "MobilePhoneNumber", "HomePhoneNumber", "BusinessPhoneNumber"),
    "_email": ("EmailAddress", "PersonalEmailAddress", "BusinessEmailAddress"),
}
_OBJECT_KEYS = {"_asset": ("_assetId", "AssetId"), "_order": ("_orderId", "OrderId"), "_case": ("_caseId", "CaseId")}


class _Described(msgspec.Struct, forbid_unknown_fields=True):
    """`fields` as the API has them. `objects`: by type, the newest last. `calculated`: calculated attributes."""

    id: str = ""
    fields: dict[str, str | dict[str, str]] = {}
    keys: dict[str, list[str]] = {}
    objects: dict[str, list[dict[str, Any]]] = {}
    calculated: dict[str, str | int | float | bool] = {}
    segments: list[str] = []


class Service:
    """The profiles. Raises UsageError with every problem of the description.

    `segments` names those that exist; ones that a profile is in need not be named.
    """

    def __init__(self, described: Mapping[str, Any], call_function: Callable[[str, dict[str, Any]], Any]) -> None:
        reader = Described(described, "profiles", "segments")
        self._profiles: dict[str, _Described] = {}
        for where, entry in reader.listed("profiles", _Described):
            if problem := _wrong(entry.fields):
                reader.problems.append(f"{where}.fields: {problem}")
            if entry.id in self._profiles:
                reader.problems.append(f"{where}: its id {entry.id!r} is another profile's; give it one of its own.")
            self._add(entry)
        named = described.get("segments", [])
        if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
            reader.problems.append("segments is no list of names, must be one.")
        if reader.problems:
            raise UsageError(*reader.problems)
        self._segments = {*named, *(name for each in self._profiles.values() for name in each.segments)}
        self._operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "SearchProfiles": self._search,
            "CreateProfile": self._create,
            "UpdateProfile": self._update,
            "AddProfileKey": self._add_key,
            "ListProfileObjects": self._objects,
            "ListCalculatedAttributesForProfile": self._calculated,
            "GetSegmentMembership": self._membership,
        }

    def call(self, operation: str, input: dict[str, Any], contact_id: str) -> Any:
        perform = self._operations.get(operation)
        if perform is None:
            raise unknown_operation(operation, self._operations)
        return perform(input)

    def _search(self, input: dict[str, Any]) -> dict[str, Any]:
        keys = [input, *input.get("AdditionalSearchKeys", [])]
        every = all if input.get("LogicalOperator", "AND") == "AND" else any
        hits = [
            {"ProfileId": each.id, **each.fields}
            for each in self._profiles.values()
            if every(set(key["Values"]) & _values(each, key["KeyName"]) for key in keys)
        ]
        return {"Items": hits[: input.get("MaxResults", 100)]}

    def _create(self, input: dict[str, Any]) -> dict[str, Any]:
        return {"ProfileId": self._add(_Described(fields=_given(input))).id}

    def _update(self, input: dict[str, Any]) -> dict[str, Any]:
        """A text that is empty removes what was there."""
        profile = self._find(input)
        for name, value in _given(input).items():
            before = profile.fields.get(name, {})
            made = _filled({**before, **value}) if isinstance(value, dict) and isinstance(before, dict) else value
            profile.fields = _filled({**profile.fields, name: made})
        return {"ProfileId": profile.id}

    def _add_key(self, input: dict[str, Any]) -> dict[str, Any]:
        name, values = input["KeyName"], input["Values"]
        self._find(input).keys.setdefault(name, []).extend(values)
        return {"KeyName": name, "Values": values}

    def _objects(self, input: dict[str, Any]) -> dict[str, Any]:
        """The newest first."""
        kind, wanted = input["ObjectTypeName"], input.get("ObjectFilter")
        items = self._find(input).objects.get(kind, [])[::-1]
        if wanted is not None:
            key, own_id = _OBJECT_KEYS.get(kind, ("", ""))
            name = own_id if wanted["KeyName"] == key else wanted["KeyName"]
            items = [each for each in items if text_of(each.get(name)) in wanted["Values"]]
        return {"Items": [{"ObjectTypeName": kind, "Object": msgspec.json.encode(each).decode()} for each in items]}

    def _calculated(self, input: dict[str, Any]) -> dict[str, Any]:
        values = self._find(input).calculated
        return {"Items": [{"CalculatedAttributeName": name, "Value": text_of(value)} for name, value in values.items()]}

    def _membership(self, input: dict[str, Any]) -> dict[str, Any]:
        name = input["SegmentDefinitionName"]
        if name not in self._segments:
            known = ", ".join(sorted(self._segments)) or "none"
            raise ServiceError("ResourceNotFoundException", f"there is no segment {name!r}; there is {known}.")
        profiles = [self._find({"ProfileId": profile_id}) for profile_id in input["ProfileIds"]]
        results = [
            {"ProfileId": each.id, "QueryResult": "PRESENT" if name in each.segments else "ABSENT"} for each in profiles
        ]
        return {"SegmentDefinitionName": name, "Profiles": results}

    def _add(self, profile: _Described) -> _Described:
        # ids of profiles are 32 hexadecimal digits
        profile.id = profile.id or derived_id("profile", str(len(self._profiles))).replace("-", "")
        self._profiles[profile.id] = profile
        return profile

    def _find(self, input: dict[str, Any]) -> _Described:
        profile = self._profiles.get(input["ProfileId"])
        if profile is None:
            raise ServiceError("ResourceNotFoundException", f"there is no profile {input['ProfileId']!r}.")
        return profile


def _values(profile: _Described, key: str) -> set[str]:
    """What the profile has for a key."""
    fields = {"ProfileId": profile.id, **profile.fields}
    found = {text_of(fields[name]) for name in _KEYS.get(key, ()) if name in fields}
    if key == "_fullName":
        found.add(" ".join(text_of(fields[name]) for name in ("FirstName", "MiddleName", "LastName") if name in fields))
    found.update(_of_objects(profile, key))
    return found.union(profile.keys.get(key, ()))


def _of_objects(profile: _Described, key: str) -> Iterator[str]:
    for kind, (object_key, name) in _OBJECT_KEYS.items():
        if key == object_key:
            yield from (text_of(each.get(name)) for each in profile.objects.get(kind, ()))


def _given(input: dict[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in input.items() if name not in ("DomainName", "ProfileId")}
    if problem := _wrong(fields):
        raise ServiceError("BadRequestException", problem)
    return fields


def _wrong(fields: Mapping[str, Any]) -> str:
    """One sentence about the first field that a profile cannot have, empty where there is none."""
    for name, value in fields.items():
        if isinstance(value, dict) and name in ADDRESSES:
            unknown = next((each for each in value if each not in ADDRESS), "")
            if unknown:
                return f"{name} has no {unknown!r}; it has {', '.join(ADDRESS)}."
        elif isinstance(value, dict) and name != "Attributes":
            return f"{name} is an object, must be a text."
        elif not isinstance(value, dict) and name not in FIELDS:
            kinds = ", ".join(sorted({*FIELDS, *ADDRESSES, "Attributes"}))
            return f"{name!r} is no field of a profile; known: {kinds}."
    return ""


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value != ""}
