"""References and text templates, compiled once per flow.

A *reference* is a JSONPath of the kind Connect knows: `$.Attributes.name`, `$.External.a.b`, and the bracket forms
`$.Attributes.['user name']`, `$.SegmentAttributes['connect:Subtype']`, `$['AwsRegion']`; a number is a step into a
list, as `.0` or `[0]`. A *template* is text with references in it.

Where a reference ends inside text is nowhere published. Ours: a step is letters, digits, `_`, `-` and `/` (keys such
as `sfdc-RTT_flag__c` and `ACME/current` occur in public flows); a dot followed by anything else ends the sentence,
not the path; and a reference to a root that Connect does not know is text.
Source: adminguide/create-dynamic-text-strings.html, connect-attrib-list.html; flows/oddities.md C6-C8.
"""

import re
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

# Roots of connect-attrib-list.html (2023 and newer) and of the block pages.
ROOTS = frozenset(
    "AdditionalEmailRecipients Agent AgenticCX Attributes AwsRegion Capabilities Case Channel ContactId Customer "
    "CustomerEndpoint CustomerId DataTableList DataTables Description Email External FlowAttributes InitialContactId "
    "InitiationMethod InstanceARN LambdaInvocation LanguageCode Lex Loop Media MediaStreams Metrics Modules Name "
    "PreviousContactId Queue References RelatedContactId SegmentAttributes StoredCustomerInput SystemEndpoint Tags Task "
    "TextToSpeechVoiceId Views Wisdom".split()
)

_STEP = r"(?:\.?\[\s*'[^']*'\s*\]|\.?\[\s*\"[^\"]*\"\s*\]|\[\d+\]|\.[A-Za-z0-9_/-]+)"
_IN_TEXT = re.compile(rf"\$(?:{_STEP})+")
_ONE_STEP = re.compile(r"\.?\[\s*'([^']*)'\s*\]|\.?\[\s*\"([^\"]*)\"\s*\]|\[(\d+)\]|\.([A-Za-z0-9_/-]+)")
# A whole reference may name keys with spaces or signs after its root, as the designer writes them.
_LOOSE_STEP = re.compile(r"\.?\[\s*'([^']*)'\s*\]|\.?\[\s*\"([^\"]*)\"\s*\]|\[(\d+)\]|\.([^.\[\]]+)")


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
        return "".join(
            part if type(part) is str else text_of(scope.look_up(part.path))  # type: ignore[union-attr]  # a Reference
            for part in self.parts
        )

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


def parse_reference(text: str) -> Reference | None:
    """The reference that the whole text is, or None."""
    text = text.strip()
    if text.startswith("`") and text.endswith("`"):  # data-table items are wrapped in backticks
        text = text[1:-1]
    if not text.startswith("$") or len(text) < 3:
        return None
    for step in (_ONE_STEP, _LOOSE_STEP):
        path = _steps(text, step)
        if path is not None and path[0] in ROOTS:
            return Reference(text, path)
    return None


def _steps(text: str, step: re.Pattern[str]) -> tuple[str, ...] | None:
    at, path = 1, []
    while at < len(text):
        found = step.match(text, at)
        if found is None:
            return None
        path.append(next(group for group in found.groups() if group is not None))
        at = found.end()
    return tuple(path)


def parse_text(text: str) -> str | Template:
    """Text for a dynamic parameter: itself when it holds no reference, else a template."""
    parts: list[str | Reference] = []
    at = 0
    for found in _IN_TEXT.finditer(text):
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
        elif type(value) is list and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return MISSING
    return MISSING if value is None else value


Evaluator = Callable[[Scope], Any]
