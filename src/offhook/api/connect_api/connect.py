"""What the handlers of Amazon Connect share: where things are kept, how they are found, named, paged and refused."""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import msgspec

from offhook.adapters.store.contacts import Contacts
from offhook.adapters.store.shelf import ACCOUNT, Record, Shelf
from offhook.api.chat.chats import Chats
from offhook.api.errors import ServiceError
from offhook.api.instances import Instances
from offhook.api.service import Result
from offhook.drivers.embedded.runtime import Runtime
from offhook.model.instance import derived_id

_ARN = re.compile(r"arn:aws[a-zA-Z-]*:connect:[a-z0-9-]*:\d{12}:instance/(?P<instance>[^/]+)(?:/(?P<rest>.+))?")
_MOST_ITEMS = 1_000
_MOST_TAGS = 50


@dataclass(frozen=True, slots=True)
class Connect:
    """`now_ms` is a clock (milliseconds since the epoch), `new_id` gives ids that nobody has.

    `runtime` runs contacts, `contacts` is what is known of them, `instances` are the records as instances,
    `chats` who takes part in chats.
    """

    shelf: Shelf
    account: str
    region: str
    now_ms: Callable[[], int]
    new_id: Callable[[], str]
    runtime: Runtime
    contacts: Contacts
    instances: Instances
    chats: Chats

    # --- finding ---

    def instance(self, asked: Mapping[str, Any], member: str = "InstanceId") -> Record:
        """The instance that is meant, by its id or ARN. ServiceError where there is none."""
        text = asked[member]
        found = _ARN.fullmatch(text)
        record = self.shelf.get(ACCOUNT, "instance", found["instance"] if found is not None else text)
        if record is None:
            raise missing(f"There is no instance {text}.")
        return record

    def find(self, instance: str, kind: str, text: str, what: str = "") -> Record:
        """The thing of this kind with this id or ARN. ServiceError where there is none. `what` names the kind."""
        record = self.shelf.get(instance, kind, id_of(text))
        if record is None or not self._is_of(instance, text):
            raise missing(f"There is no {what or kind.replace('-', ' ')} {text} in this instance.")
        return record

    def _is_of(self, instance: str, text: str) -> bool:
        """What is named by an ARN must be in the instance of that ARN."""
        found = _ARN.fullmatch(text)
        return found is None or found["instance"] == instance

    def arn(self, record: Record) -> str:
        """The ARN of a thing, or of an instance."""
        if record.kind == "instance":
            return self.instance_arn(record.id)
        if record.kind == "phone-number":
            return f"arn:aws:connect:{self.region}:{self.account}:phone-number/{record.id}"
        return f"{self.instance_arn(record.instance)}/{record.kind}/{record.id}"

    def instance_arn(self, instance: str) -> str:
        return f"arn:aws:connect:{self.region}:{self.account}:instance/{instance}"

    def modified(self, record: Record) -> dict[str, Any]:
        """When and where it was changed last, as most of AWS's shapes have it."""
        instant = datetime.fromtimestamp(record.modified_ms / 1000, UTC)
        return {"LastModifiedTime": instant, "LastModifiedRegion": self.region}

    # --- making ---

    def create(
        self, instance: str, kind: str, asked: Mapping[str, Any], body: dict[str, Any], *, name: str | None = None
    ) -> Record:
        """A new thing with the name and tags of the request. A request that is repeated (same ClientToken) gives the
        thing that it made. ServiceError where another has the name.
        """
        name = asked["Name"] if name is None else name
        token = asked.get("ClientToken")
        id = self.new_id() if token is None else derived_id(kind, instance, token)
        made = self.shelf.get(instance, kind, id)
        if made is not None:
            return made
        self.must_be_free(instance, kind, name)
        check_tags(asked.get("Tags", {}))
        record = Record(instance=instance, kind=kind, id=id, name=name, body=body, tags=asked.get("Tags", {}))
        return self.shelf.put(record)

    def must_be_free(self, instance: str, kind: str, name: str, *, beside: str = "") -> None:
        """ServiceError where a thing of this kind has the name; `beside`: the id of the one that may."""
        other = self.shelf.named(instance, kind, name)
        if other is not None and other.id != beside:
            raise ServiceError("DuplicateResourceException", f"The name {name!r} is taken.")

    def change(self, record: Record, *, name: str | None = None, **members: Any) -> Record:
        """The thing with other members of its body (None: as before) and maybe another name."""
        if name is not None:
            self.must_be_free(record.instance, record.kind, name, beside=record.id)
        body = {**record.body, **{key: value for key, value in members.items() if value is not None}}
        return self.shelf.put(msgspec.structs.replace(record, name=record.name if name is None else name, body=body))


# Gets the parameters and the request's id; raises ServiceError
Operation = Callable[[Connect, dict[str, Any], str], Result | Awaitable[Result]]


def id_of(text: str) -> str:
    """The id in an ARN, without a qualifier after it; an id as it is."""
    found = _ARN.fullmatch(text)
    rest = found["rest"] if found is not None else None
    return unquote((rest or text).rsplit("/", 1)[-1])


def check_tags(tags: Mapping[str, str]) -> None:
    """ServiceError where a thing may not have these tags. Source: adminguide/tagging.html"""
    if reserved := [key for key in tags if key.lower().startswith("aws:")]:
        raise invalid(f"The key {reserved[0]!r} is reserved: no tag may begin with aws:.")
    if len(tags) > _MOST_TAGS:
        raise invalid(f"A thing may have {_MOST_TAGS} tags.")


def missing(message: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", message)


def invalid(message: str) -> ServiceError:
    """A parameter that is not allowed."""
    return ServiceError("InvalidParameterException", message)


def refused(message: str) -> ServiceError:
    """A request that does not fit how things are."""
    return ServiceError("InvalidRequestException", message)


def page(items: Sequence[Any], asked: Mapping[str, Any], *, usual: int = 100) -> tuple[list[Any], str | None]:
    """The page that is asked for by NextToken and MaxResults, and the token of the next one."""
    first = _offset(asked.get("NextToken"))
    count = min(asked.get("MaxResults") or usual, _MOST_ITEMS)
    last = first + count
    return list(items[first:last]), _token(last) if last < len(items) else None


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"from {offset}".encode()).decode()


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        text = base64.urlsafe_b64decode(token).decode()
        return int(text.removeprefix("from "))
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise invalid("NextToken is none of ours; leave it out to begin anew.") from None


def by_name(records: Iterable[Record]) -> list[Record]:
    return sorted(records, key=lambda record: (record.name, record.id))
