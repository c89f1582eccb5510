"""What a flow may be wrapped in, found by content: the API's answer, AWS CLI output, or the flow's own JSON as text.

`{"ContactFlow": {"Arn", "Id", "Name", "Type", "Content"}}`, its inner object alone (also what `--cli-input-json`
takes), the same for modules, with Content as text or as an object; and a JSON string that holds the flow, which is
what `aws … --query ContactFlow.Content` prints. Anything else is the flow itself.
"""

from typing import Any

import msgspec

from offhook.flowjson.text import describe, parse, refusal, style_of

_MODULES = ("ContactFlowModule", "FlowModule")
_WRAPPERS = ("ContactFlow", *_MODULES)
READ = (
    "A flow is JSON in the Flow language (Version, StartAction, Actions), an old console export (modules, start), "
    "or the API's answer around one of them (Content)."
)


class Container(msgspec.Struct, frozen=True):
    """A document and what was around it.

    `wrapper` has null in place of its Content; `said` is the part of it that describes the flow (Arn, Id, Name,
    Type). `style` is how Content was laid out when it was text, else empty. `characters`: length of the document's
    text, 0 when Content was an object. `doubled` are keys that occur twice in one object.
    """

    document: Any
    doubled: list[str]
    characters: int = 0
    wrapper: dict[str, Any] | None = None
    said: dict[str, Any] = {}
    style: str = ""
    is_module: bool = False


def open_container(data: bytes | str, source: str) -> Container:
    """The document inside. Raises UsageError where text is not JSON or a wrapper holds no flow."""
    value, doubled = parse(data, source)
    if isinstance(value, str):
        document, inner = parse(value, _within(source, "the text inside"))
        return Container(document, doubled + inner, len(value), style=style_of(value))
    if not isinstance(value, dict):
        raise refusal(source, f"found {describe(value)}. {READ}")
    key = _wrapper_key(value)
    said = value[key] if key else value
    if "Content" not in said or "Actions" in said or "modules" in said:
        if key:
            raise refusal(source, f"found {key} without its Content. {READ}")
        return Container(value, doubled, len(data))
    return _unwrapped(value, key, said, doubled, source)


def wrapped(wrapper: dict[str, Any], content: Any) -> dict[str, Any]:
    """The wrapper with this content in its place."""
    key = _wrapper_key(wrapper)
    return {**wrapper, key: {**wrapper[key], "Content": content}} if key else {**wrapper, "Content": content}


def _wrapper_key(value: dict[str, Any]) -> str:
    return next((key for key in _WRAPPERS if isinstance(value.get(key), dict)), "")


def _unwrapped(value: dict[str, Any], key: str, said: dict[str, Any], doubled: list[str], source: str) -> Container:
    emptied = {name: None if name == "Content" else part for name, part in said.items()}
    wrapper = {name: emptied if name == key else part for name, part in value.items()} if key else emptied
    content = said["Content"]
    style, characters = "", 0
    if isinstance(content, str):
        style, characters = style_of(content), len(content)
        content, inner = parse(content, _within(source, "Content"))
        doubled = doubled + inner
    return Container(content, doubled, characters, wrapper, said, style, is_module=key in _MODULES)


def _within(source: str, part: str) -> str:
    return f"{source}, {part}" if source else part[:1].upper() + part[1:]
