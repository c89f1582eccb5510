"""How much a contact may remember: attributes are limited by the bytes of their keys and values together.

Source: API_UpdateContactAttributes.html (32,768 bytes of UTF-8); adminguide/set-contact-attributes.html.
"""

from collections.abc import Mapping

MAX_BYTES = 32_768


def too_large(attributes: Mapping[str, str], what: str) -> str:
    """One sentence that says by how much `what` are too large together; empty where they are not."""
    if 4 * len("".join([*attributes, *attributes.values()])) <= MAX_BYTES:
        return ""  # no character has more than four bytes
    size = sum(len(key.encode()) + len(value.encode()) for key, value in attributes.items())
    if size <= MAX_BYTES:
        return ""
    return f"{what} would be {size:,} bytes of UTF-8 together, at most {MAX_BYTES:,} are kept; nothing was set."
