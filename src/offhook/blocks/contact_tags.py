"""Contact tags: add tags to the contact, or remove them.

Declared, not built yet. A contact has six tags of the user at most; keys that begin with `aws:` are AWS's. The page
spells UnTagContact; the service takes UntagContact alone. The pages list no errors; the service insists on one.
Source: APIReference/contact-actions-tagcontact.html, contact-actions-untagcontact.html.
"""

from typing import Annotated

import msgspec

from offhook.core.spec import (
    DYNAMIC,
    NO_MATCHING_ERROR,
    STATIC,
    BlockSpec,
)
from offhook.model.flow import Action, Problem

MAX_TAGS = 6


class TagParams(msgspec.Struct, frozen=True, rename="pascal"):
    tags: Annotated[dict[str, str], DYNAMIC, msgspec.Meta(min_length=1, max_length=MAX_TAGS, title="Tags")]


class UntagParams(msgspec.Struct, frozen=True, rename="pascal"):
    tag_keys: Annotated[tuple[str, ...], STATIC, msgspec.Meta(min_length=1, title="Keys")]


def check(action: Action) -> list[Problem]:
    name = "Tags" if "Tags" in action.parameters else "TagKeys"
    tags = action.parameters.get(name)
    keys = [key for key in tags if isinstance(key, str)] if isinstance(tags, dict | list) else []
    sentence = "the tag key {!r} begins with aws:, which is AWS's; use another."
    return [
        Problem("E-tag-key", sentence.format(key), action=action.identifier, field=f"Parameters.{name}")
        for key in keys
        if key.startswith("aws:")
    ]


BLOCKS = (
    BlockSpec(
        action="TagContact",
        title="Contact tags (add)",
        summary="Adds tags to the contact.",
        group="set",
        kind="contact",
        params=TagParams,
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
        errors=(NO_MATCHING_ERROR,),
        check=check,
        example={"TagKeys": ["team"]},
    ),
)
