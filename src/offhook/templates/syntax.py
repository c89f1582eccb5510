"""Template text to a plain document: YAML with CloudFormation's short tags, or JSON.

`!Sub x` is read as `{"Fn::Sub": "x"}`, as JSON spells it. The document is built from the parser's events and by no
constructor, so that a tag can make nothing but these. An alias (`*x`) counts as all that it repeats: text that unfolds
to more than MAX_NODES values, or deeper than MAX_DEPTH, is refused before anything is unfolded.
Numbers keep their spelling (see flowjson.text.Number); what is no number in JSON, such as 012 and 1_000, stays text.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from offhook.flowjson.text import MAX_DEPTH, Number, parse, refusal
from offhook.model.errors import UsageError

MAX_BYTES = 4 * 1024 * 1024  # CloudFormation takes 1 MB
MAX_NODES = 500_000
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where PyYAML was built with libyaml

_JSON = re.compile(r'\s*\{\s*["}]')
# Short tags whose long form has no "Fn::"
_BARE = ("!Ref", "!Condition")
TAGS = (
    *_BARE,
    *(
        f"!{name}"
        for name in "And Base64 Cidr Contains Equals FindInMap GetAtt GetAZs If ImportValue Join Length Not Or Select "
        "Split Sub ToJsonString Transform".split()
    ),
)
_YAML = "tag:yaml.org,2002:"
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys("true True TRUE yes Yes YES on On ON".split(), True),
    **dict.fromkeys("false False FALSE no No NO off Off OFF".split(), False),
}
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


def parse_template(text: str, source: str) -> tuple[Any, list[str]]:
    """The document, and sentences about keys that stand twice in one mapping (the last one counts).

    Raises UsageError, with the line, where the text is neither YAML nor JSON, or is too large. `source` names the
    text in messages.
    """
    if len(text) > MAX_BYTES:
        raise refusal(source, f"the text has {len(text):,} characters; a template may have {MAX_BYTES:,} at most.")
    if _JSON.match(text):
        document, doubled = parse(text, source)
        return document, [f"{source}: key {key!r} occurs twice in one object; the last one counts." for key in doubled]
    return _parse_yaml(text, source)


def _parse_yaml(text: str, source: str) -> tuple[Any, list[str]]:
    reader = _Reader(source)
    try:
        for event in yaml.parse(text.removeprefix("\ufeff"), Loader=_LOADER):
            reader.take(event)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        rule = getattr(problem, "problem", None) or str(problem).splitlines()[0]
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
        raise refusal(source, f"{where}not YAML: {rule}.") from None
    if reader.problems:
        raise UsageError(*reader.problems)
    return reader.document, reader.notes


@dataclass(slots=True)
class _Open:
    """A mapping or list that has begun. `key` is the one that awaits its value; `merged` is what `<<` brings in."""

    value: dict[str, Any] | list[Any]
    tag: str
    anchor: str | None
    line: int
    begun_at: int
    key: str | None = None
    merged: list[dict[str, Any]] = field(default_factory=list)
    depth: int = 0


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an alias repeats: how many values it unfolds to, and how deep."""

    value: Any
    nodes: int
    depth: int


class _Reader:
    """Builds the document from one event after the other."""

    def __init__(self, source: str) -> None:
        self.document: Any = None
        self.problems: list[str] = []
        self.notes: list[str] = []
        self._source = source
        self._open: list[_Open] = []
        self._anchors: dict[str, _Anchored] = {}
        self._nodes = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1
        match event:
            case yaml.ScalarEvent():
                self._count(1, line)
                value = self._scalar(event, line)
                self._keep(event.anchor, value, 1, 0)
                self._put(value, event.value, 0, line)
            case yaml.AliasEvent():
                self._repeat(event.anchor, line)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._begin({} if isinstance(event, yaml.MappingStartEvent) else [], event, line)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end()
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise self._refusal(line, "a second document begins; a template is one")

    def _refusal(self, line: int, rule: str) -> UsageError:
        return refusal(self._source, f"line {line}: {rule}.")

    def _problem(self, line: int, rule: str) -> None:
        self.problems.append(f"{self._source}: line {line}: {rule}.")

    def _count(self, nodes: int, line: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise self._refusal(line, f"the template unfolds to more than {MAX_NODES:,} values")

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> Any:
        if event.tag in (None, "!"):
            return _plain(event.value) if event.tag is None and event.implicit[0] else event.value
        return self._tagged(event.tag, event.value, line)

    def _tagged(self, tag: str | None, value: Any, line: int) -> Any:
        if tag in TAGS:
            return {tag[1:] if tag in _BARE else f"Fn::{tag[1:]}": value}
        if tag is not None and tag.removeprefix(_YAML) not in ("str", "map", "seq", "!"):
            name = tag.replace(_YAML, "!!")
            self._problem(line, f"{name} is no tag of CloudFormation's; known: {', '.join(TAGS)}")
        return value

    def _keep(self, anchor: str | None, value: Any, nodes: int, depth: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = _Anchored(value, nodes, depth)

    def _repeat(self, anchor: str, line: int) -> None:
        found = self._anchors.get(anchor)
        if found is None:
            raise self._refusal(line, f"*{anchor} repeats nothing that stands before it")
        self._count(found.nodes, line)
        self._put(found.value, found.value if isinstance(found.value, str) else None, found.depth, line)

    def _begin(self, value: dict[str, Any] | list[Any], event: Any, line: int) -> None:
        self._count(1, line)
        self._open.append(_Open(value, event.tag, event.anchor, line, self._nodes))
        self._fathom(0, line)

    def _fathom(self, below: int, line: int) -> None:
        if len(self._open) + below > MAX_DEPTH:
            raise self._refusal(line, f"the template is nested too deeply; {MAX_DEPTH} levels are allowed")

    def _end(self) -> None:
        ended = self._open.pop()
        value: Any = ended.value
        if ended.merged:  # what stands in the mapping itself wins, then what was merged first
            value = {}
            for each in (*reversed(ended.merged), ended.value):
                value.update(each)
        value = self._tagged(ended.tag, value, ended.line)
        self._keep(ended.anchor, value, self._nodes - ended.begun_at + 1, ended.depth + 1)
        self._put(value, None, ended.depth + 1, ended.line)

    def _put(self, value: Any, text: str | None, depth: int, line: int) -> None:
        """`text` is how a scalar was written, None for what is none: a key is taken as it is written."""
        if not self._open:
            self.document = value
            return
        self._fathom(depth, line)
        around = self._open[-1]
        around.depth = max(around.depth, depth)
        if isinstance(around.value, list):
            around.value.append(value)
        elif around.key is None:
            if text is None:
                self._problem(line, "a key must be plain text")
            around.key = text or ""
        else:
            self._enter(around, around.value, value, line)

    def _enter(self, around: _Open, mapping: dict[str, Any], value: Any, line: int) -> None:
        key, around.key = around.key or "", None
        if key == "<<":
            merged = value if isinstance(value, list) else [value]
            if not all(isinstance(each, dict) for each in merged):
                self._problem(line, "<< takes a mapping or a list of mappings")
                return
            around.merged += merged
            return
        if key in mapping:
            self.notes.append(
                f"{self._source}: line {line}: key {key!r} occurs twice in one mapping; the last one counts."
            )
        mapping[key] = value


def _plain(text: str) -> Any:
    """A scalar without quotes: null, true or false, a number, or text."""
    if text in _WORDS:
        return _WORDS[text]
    found = _NUMBER.fullmatch(text)
    if found is None:
        return text
    if found[2] is None and found[3] is None and len(text) <= 18 and text != "-0":
        return int(text)
    return Number(text)
