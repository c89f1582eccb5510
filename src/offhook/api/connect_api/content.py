"""What flows and flow modules have in common: content with a draft and a published form, and numbered versions of it.

The text of content is kept as it was sent. `$SAVED` means the draft, or what is published where there is no newer
draft; `$LATEST`, or no qualifier, means what is published; a number means a version; anything else is the id or the
name of an alias. Source: botocore's model, DescribeContactFlow and CreateContactFlowVersion.

The body of a flow (kind contact-flow; a flow-module has no Type). Type, State, Description and Revision are always
there, and so is Saved or Published:
  Type, State (ACTIVE | ARCHIVED), Description
  Saved       the draft, absent where nothing has been saved since the last publish
  Published   what contacts run, absent until the first publish
  Revision    grows with each publish, 0 before the first
  LastVersion the highest number that a version had, absent before the first
  IsDefault   true for the flows of a new instance
  Settings, SavedSettings, ExternalInvocationConfiguration   of a module; Settings belong to Published
A version (contact-flow-version, id `<flow id>:<number>`): Content, Version, Description, Revision, and Settings of a
module. An alias (contact-flow-alias): ContactFlowId, ContactFlowVersion, Description, its name being that of the
record; of a module: flow-module-alias, ContactFlowModuleId, ContactFlowModuleVersion.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from offhook.adapters.store.shelf import Record
from offhook.api.connect_api.connect import Connect, invalid, missing, refused
from offhook.api.errors import ServiceError

MAX_CHARACTERS = 256_000
SAVED, LATEST = "$SAVED", "$LATEST"


@dataclass(frozen=True, slots=True)
class Kind:
    """`word` begins the names of AWS's members, `sha` is the member with the checksum."""

    kind: str
    word: str
    what: str
    sha: str


FLOW = Kind("contact-flow", "ContactFlow", "flow", "FlowContentSha256")
MODULE = Kind("flow-module", "ContactFlowModule", "flow module", "FlowModuleContentSha256")


@dataclass(frozen=True, slots=True)
class Content:
    """`version` and `description` are those of a version, None for what is saved or published."""

    text: str
    status: str
    settings: str | None = None
    version: int | None = None
    description: str | None = None


# --- finding ---


def split(text: str) -> tuple[str, str]:
    """An id or ARN without its qualifier, and the qualifier ("" for none)."""
    before, slash, last = text.rpartition("/")
    id, _, qualifier = last.partition(":")
    return before + slash + id, qualifier


def find(connect: Connect, kind: Kind, asked: Mapping[str, Any]) -> tuple[Record, str]:
    """The flow or module that is asked for, and the qualifier. ServiceError where there is none."""
    text, qualifier = split(asked[f"{kind.word}Id"])
    return connect.find(connect.instance(asked).id, kind.kind, text, kind.what), qualifier


def whole(connect: Connect, kind: Kind, asked: Mapping[str, Any]) -> Record:
    """The flow or module, for an operation on all of it: a qualifier is refused, unless it is `$LATEST`."""
    record, qualifier = find(connect, kind, asked)
    if qualifier not in ("", LATEST):
        raise refused(f"This operation takes a {kind.what} without a qualifier, not with {qualifier!r}.")
    return record


def versions(connect: Connect, record: Record) -> list[Record]:
    """From the newest to the oldest."""
    found = connect.shelf.all(record.instance, f"{record.kind}-version")
    return sorted((each for each in found if split(each.id)[0] == record.id), key=_number, reverse=True)


def version(connect: Connect, record: Record, number: int) -> Record:
    """The version of this number. ServiceError where there is none."""
    found = connect.shelf.get(record.instance, f"{record.kind}-version", f"{record.id}:{number}")
    if found is None:
        raise missing(f"There is no version {number} of {record.name!r}.")
    return found


def aliases(connect: Connect, kind: Kind, record: Record) -> list[Record]:
    found = connect.shelf.all(record.instance, f"{record.kind}-alias")
    return [each for each in found if each.body[f"{kind.word}Id"] == record.id]


def alias(connect: Connect, kind: Kind, record: Record, text: str) -> Record:
    """The alias with this id or name. ServiceError where there is none."""
    found = [each for each in aliases(connect, kind, record) if text in (each.id, each.name)]
    if not found:
        raise missing(f"There is no alias {text!r} of {record.name!r}.")
    return found[0]


def content(connect: Connect, kind: Kind, record: Record, qualifier: str) -> Content:
    """What a qualifier means. ServiceError where it means nothing, or what is not published."""
    body = record.body
    if qualifier == SAVED and "Saved" in body:
        return Content(body["Saved"], "SAVED", body.get("SavedSettings"))
    if qualifier in ("", LATEST, SAVED):
        if "Published" not in body:
            message = f"The {kind.what} {record.name!r} is not published; ask for {record.id}:{SAVED}."
            raise ServiceError("ContactFlowNotPublishedException", message)
        return Content(body["Published"], "PUBLISHED", body.get("Settings"))
    number = qualifier
    if not number.isdecimal():
        number = str(alias(connect, kind, record, qualifier).body[f"{kind.word}Version"])
    found = version(connect, record, int(number)).body
    return Content(found["Content"], "PUBLISHED", found.get("Settings"), found["Version"], found.get("Description"))


def newest(record: Record) -> Content:
    """What is published, or the draft where nothing is yet."""
    body = record.body
    if "Published" in body:
        return Content(body["Published"], "PUBLISHED", body.get("Settings"))
    return Content(body["Saved"], "SAVED", body.get("SavedSettings"))


# --- changing ---


def must_be_short(text: str) -> None:
    """ServiceError for content that no flow may have, saved or published."""
    if not 1 <= len(text) <= MAX_CHARACTERS:
        raise invalid(f"Content has {len(text)} characters, must have 1 to {MAX_CHARACTERS}.")


def saved(body: Mapping[str, Any], text: str, settings: str | None = None) -> dict[str, Any]:
    """The body with this draft."""
    return _without_none({**body, "Saved": text, "SavedSettings": settings})


def published(body: Mapping[str, Any], text: str, settings: str | None = None) -> dict[str, Any]:
    """The body with this content published, and no draft beside it."""
    rest = {key: value for key, value in body.items() if key not in ("Saved", "SavedSettings")}
    revision = body.get("Revision", 0) + 1
    return _without_none({**rest, "Published": text, "Settings": settings, "Revision": revision})


def keep(connect: Connect, record: Record, body: dict[str, Any]) -> Record:
    return connect.shelf.put(msgspec.structs.replace(record, body=body))


def delete(connect: Connect, kind: Kind, record: Record) -> None:
    """With its versions and aliases."""
    for each in (*versions(connect, record), *aliases(connect, kind, record), record):
        connect.shelf.delete(each)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _number(record: Record) -> int:
    return int(record.body["Version"])


def _without_none(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if value is not None}
