"""How deep JSON may be: the same on every Python."""

import json

import pytest

from offhook.model.bounds import MAX_DEPTH, is_deep


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        (nested(MAX_DEPTH), False),
        (nested(MAX_DEPTH + 1), True),
        ('{"a":' * 60 + "[" * 60 + "]" * 60 + "}" * 60, True),
        (json.dumps([[] for _ in range(500)]), False),
        (json.dumps(["[" * 500, 'say "[[[" \\' * 100]), False),
        ("[" * 5_000, True),
    ],
)
def test_depth_is_counted_outside_of_text(text: str, deep: bool) -> None:
    assert is_deep(text) is deep
