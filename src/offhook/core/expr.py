"""References and text templates, compiled once per flow.

A *reference* is a JSONPath of the kind Connect knows: `$.Attributes.name`, `$.External.a.b`, and the bracket forms
`$.Attributes.['user name']`, `$.SegmentAttributes['connect:Subtype']`, `$['AwsRegion']`; a number is a step into a
list, as `.0` or `[0]`. A *template* is text with references in it.

Where a reference ends inside text is nowhere published. Ours: a step is letters, digits, `_`, `-` and `/` (keys such
as `sfdc-RTT_flag__c` and `ACME/current` occur in public flows) and does not end with `-` or `/`; a dot followed by
anything else ends the sentence, not the path; and a reference to a root that Connect does not know is text. A root
written twice (`$.External.$.External.State`, a slip in public flows) is one reference, to nothing (decision S8).
Source: adminguide/create-dynamic-text-strings.html, connect-attrib-list.html; flows/oddities.md C6-C8.
"""

import re
from typing import Any, Protocol

import msgspec

# Of connect-attrib-list.html (2023 and newer) and of the block pages.
_ROOTS = """
AdditionalEmailRecipients Agent AgenticCX Attributes AwsRegion Capabilities Case Channel ContactId Customer
CustomerEndpoint CustomerId DataTableList DataTables Description Email External FlowAttributes InitialContactId
InitiationMethod InstanceARN LambdaInvocation LanguageCode Lex Loop Media MediaStreams Metrics Modules Name
PreviousContactId Queue References RelatedContactId SegmentAttributes StoredCustomerInput SystemEndpoint Tags Task
TextToSpeechVoiceId Views Wisdom
"""
ROOTS = frozenset(_ROOTS.split())

_KEY = r"[A-Za-z0-9_](?:[A-Za-z0-9_/-]*[A-Za-z0-9_])?"
_STEP = rf"(?:\.?\[\s*'[^']*'\s*\]|\.?\[\s*\"[^\"]*\"\s*\]|\[\d+\]|\.{_KEY})"
_REFERENCE = re.compile(rf"\$(?:\.([A-Za-z]+)\.\$\.\1)?(?:{_STEP})+")
# Splits a whole reference into its steps, whose dotted keys may be anything; _REFERENCE is what narrows them.
_ONE_STEP = re.compile(r"\.?\[\s*'([^']*)'\s*\]|\.?\[\s*\"([^\"]*)\"\s*\]|\[(\d+)\]|\.([^.\[\]]+)")
_INDEX = re.compile(r"[0-9]{1,9}")


class Missing:
    """What a reference gives that resolves to nothing."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING = Missing()


class Scope(Protocol):
    """Where references look: `look_up` gives the value under a path of at least one step, or MISSING."""

    def look_up(self, path: tuple[str, ...]) -> Any: ...


class Reference(msgspec.Struct, frozen=True):
    """One whole reference: its text as written and its steps."""

    text: str
    path: tuple[str, ...]

    def value(self, scope: Scope) -> Any:
        return scope.look_up(self.path)


class Template(msgspec.Struct, frozen=True):
    """Text with references in it: literal pieces and references, in order."""

    parts: tuple[str | Reference, ...]

    def value(self, scope: Scope) -> str:
        text = ""
        for part in self.parts:
            text += part if type(part) is str else text_of(scope.look_up(part.path))  # type: ignore[union-attr]
        return text

    @property
    def references(self) -> tuple[Reference, ...]:
        return tuple(part for part in self.parts if isinstance(part, Reference))


def text_of(value: Any) -> str:
    """A value as it is spoken or sent: text as it is, nothing as empty, the rest in its JSON spelling."""
    if type(value) is str:
        return value
    if value is None or value is MISSING:
        return ""
    return msgspec.json.encode(value, enc_hook=_spelled).decode()


def _spelled(value: Any) -> msgspec.Raw:
    # flowjson keeps a number's spelling in a float subclass that knows its text
    return msgspec.Raw(str(value).encode())


def parse_reference(text: str, *, alone: bool = False) -> Reference | None:
    """The reference that the whole text is, or None.

    `alone`: it stands where no other text may stand, so its keys may have spaces and signs without brackets.
    """
    text = text.strip()
    if text.startswith("`") and text.endswith("`"):  # data-table items are wrapped in backticks
        text = text[1:-1]
    if not (_REFERENCE.fullmatch(text) or (alone and text.startswith("$"))):
        return None
    path = _steps(text)
    return Reference(text, path) if path and path[0] in ROOTS else None


def _steps(text: str) -> tuple[str, ...]:
    """The steps after `$`; none where the text is not made of steps alone."""
    at, path = 1, []
    while at < len(text):
        found = _ONE_STEP.match(text, at)
        if found is None:
            return ()
        path.append(next(group for group in found.groups() if group is not None))
        at = found.end()
    return tuple(path)


def parse_text(text: str) -> str | Template:
    """Text for a dynamic parameter: itself when it holds no reference, else a template."""
    parts: list[str | Reference] = []
    at = 0
    for found in _REFERENCE.finditer(text):
        reference = parse_reference(found.group())
        if reference is None:
            continue
        if found.start() > at:
            parts.append(text[at : found.start()])
        parts.append(reference)
        at = found.end()
    if not parts:
        return text
    if at < len(text):
        parts.append(text[at:])
    return Template(tuple(parts))


def looks_dynamic(text: str) -> bool:
    """Whether the author meant a reference here, known root or not."""
    return "$." in text or "$[" in text


def walk(value: Any, path: tuple[str, ...]) -> Any:
    """Follow steps into objects and lists. MISSING where a step does not exist or a null is reached."""
    for step in path:
        if type(value) is dict:
            value = value.get(step, MISSING)
        elif type(value) is list and _INDEX.fullmatch(step) and int(step) < len(value):
            value = value[int(step)]
        else:
            return MISSING
    return MISSING if value is None else value
