"""Contact tags: add tags to the contact, or remove them.

A contact has six tags of the user at most; keys that begin with `aws:` are AWS's and count as none of them. Of the
tags of a block all are set or none: one that may not be, or one too many, takes the error branch. Removing a tag that
is not there is no error. The page spells UnTagContact; the service takes UntagContact alone. The pages list no errors;
the service insists on one.
Source: APIReference/contact-actions-tagcontact.html, contact-actions-untagcontact.html, API_TagContact.html (limits).
"""

from collections.abc import Iterable
from typing import Annotated

import msgspec

from offhook.core import objection
from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
    Ctx,
    Exit,
    Outcome,
)
from offhook.model.flow import Action, Problem

MAX_TAGS = 6
MAX_KEY = 128
MAX_VALUE = 256
_TOO_MANY = f"More than {MAX_TAGS} tags in Parameters.Tags, Path: {objection.ACTION}"
_SENTENCE = "the tag key {!r} begins with aws:, which is AWS's; use another."


class TagParams(msgspec.Struct, frozen=True, rename="pascal"):
    tags: Annotated[dict[str, str], DYNAMIC, msgspec.Meta(min_length=1, max_length=MAX_TAGS, title="Tags")]


class UntagParams(msgspec.Struct, frozen=True, rename="pascal"):
    tag_keys: Annotated[tuple[str, ...], STATIC, msgspec.Meta(min_length=1, title="Keys")]


def tag(p: TagParams, ctx: Ctx) -> Outcome:
    tags = {**ctx.tags, **p.tags}
    own = [key for key in tags if not key.startswith("aws:")]
    detail = _wrong(p.tags) or _wrong_value(p.tags)
    if not detail and len(own) > MAX_TAGS:
        detail = f"the contact would have {len(own)} tags, at most {MAX_TAGS} are kept; none was added."
    return _refused(detail) if detail else Exit(set={"tags": tags})


def untag(p: UntagParams, ctx: Ctx) -> Outcome:
    detail = _wrong(p.tag_keys)
    return (
        _refused(detail) if detail else Exit(set={"tags": {k: v for k, v in ctx.tags.items() if k not in p.tag_keys}})
    )


def _wrong(keys: Iterable[str]) -> str:
    """One sentence about the first key that may not be, empty where all may."""
    for key in keys:
        if key.startswith("aws:"):
            return _SENTENCE.format(key)
        if not 0 < len(key) <= MAX_KEY:
            return f"a tag key has {len(key)} characters, must have 1..{MAX_KEY}."
    return ""


def _wrong_value(tags: dict[str, str]) -> str:
    long = next((key for key, value in tags.items() if len(value) > MAX_VALUE), None)
    return "" if long is None else f"the tag {long!r} has {len(tags[long])} characters, may have {MAX_VALUE} at most."


def _refused(detail: str) -> Exit:
    return Exit(error="NoMatchingError", cause="bad_parameter", detail=detail)


def check(action: Action) -> list[Problem]:
    name = "Tags" if "Tags" in action.parameters else "TagKeys"
    tags = action.parameters.get(name)
    keys = [key for key in tags if isinstance(key, str)] if isinstance(tags, dict | list) else []
    place = {"action": action.identifier, "field": f"Parameters.{name}"}
    found = []
    if isinstance(tags, dict) and len(tags) > MAX_TAGS:
        message = f"Tags has {len(tags)} tags, may have {MAX_TAGS} at most."
        found.append(Problem("E-tag-count", message, refusal=_TOO_MANY, **place))
    # refused when the contact comes, not when the flow is published (spec/validation.md, rule 10)
    found += [
        Problem("E-tag-key", _SENTENCE.format(key), refusal=None, **place) for key in keys if key.startswith("aws:")
    ]
    return found


BLOCKS = (
    BlockSpec(
        action="TagContact",
        title="Contact tags (add)",
        summary="Adds tags to the contact.",
        group="set",
        kind="contact",
        params=TagParams,
        enter=tag,
        errors=(NO_MATCHING_ERROR,),
        widgets={"Tags": "key-values"},
        check=check,
        example={"Tags": {"team": "north"}},
    ),
    BlockSpec(
        action="UntagContact",
        title="Contact tags (remove)",
        summary="Removes tags from the contact.",
        group="set",
        kind="contact",
        params=UntagParams,
        enter=untag,
        errors=(NO_MATCHING_ERROR,),
        check=check,
        example={"TagKeys": ["team"]},
    ),
)
