"""What is too deep to be data. Checked where JSON enters: how deep a decoder goes by itself depends on the Python."""

import re

MAX_DEPTH = 100  # ours: AWS names no limit for what a function answers

# a text as a whole, so that brackets inside it do not count, or one bracket
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


def is_deep(text: str) -> bool:
    """Whether JSON text is nested deeper than MAX_DEPTH. Text that is not JSON may be either."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for piece in _PIECE.findall(text):
        depth += (piece in "[{") - (piece in "]}")
        if depth > MAX_DEPTH:
            return True
    return False
