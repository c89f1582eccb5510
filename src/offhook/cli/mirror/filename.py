"""Names of things as names of files, and back: whatever a thing is called, on any file system.

    Default customer queue      Default customer queue.json
    A/B %20 test                A%2FB %2520 test.json
    .hidden                     %2Ehidden.json
    Main, main                  Main.json, %6Dain.json

What a file system refuses or changes is spelled as %XX of its UTF-8. Of names that differ in their case alone, which
some file systems take for one, the later is spelled so that they differ. A name that is too long goes on in a
folder: every part but the last ends with a %.
"""

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote, unquote

_REFUSED = frozenset('/\\%<>:"|?*')
_MAX_PART_BYTES = 200  # file systems allow 255
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_SIGN = re.compile(r"(?:%[0-9A-F]{2})+|.", re.DOTALL)


def encoded(names: Iterable[str]) -> dict[str, str]:
    """The path of each name, without an ending; no two differ in case alone."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(names):
        path = _path("".join(_spelled(sign, at, len(name)) for at, sign in enumerate(name)))
        if path.casefold() in taken:
            rest = (sign if sign in _PLAIN else _hex(sign) for sign in name[1:])
            path = _path("".join((_hex(name[0]), *rest)))
        taken.add(path.casefold())
        found[name] = path
    return found


def decoded(path: str) -> str:
    """The name that a path (with / between its parts, without an ending) stands for."""
    whole = "".join(part.removesuffix("%") for part in path.split("/"))
    return unquote(whole, errors="surrogatepass")


def _spelled(sign: str, at: int, length: int) -> str:
    is_changed = unicodedata.normalize("NFD", sign) != sign or unicodedata.normalize("NFC", sign) != sign
    is_edge = (sign == "." and at == 0) or (sign in " ." and at == length - 1) or (sign == " " and at == 0)
    is_hidden = unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Zl", "Zp")
    return _hex(sign) if sign in _REFUSED or is_changed or is_edge or is_hidden else sign


def _hex(sign: str) -> str:
    return "".join(f"%{byte:02X}" for byte in sign.encode("utf-8", "surrogatepass"))


def _path(text: str) -> str:
    """In parts that are short enough; a sign is never cut."""
    parts, part, size = [], "", 0
    for sign in _SIGN.findall(text):
        for piece in re.findall(r"(?:%[0-9A-F]{2})|.", sign, re.DOTALL):
            bytes_of = len(piece.encode())
            if size + bytes_of > _MAX_PART_BYTES:
                parts.append(part + "%")
                part, size = "", 0
            part, size = part + piece, size + bytes_of
    return "/".join([*parts, part])


def quoted(name: str) -> str:
    """A name inside a token, inside JSON."""
    return "".join(quote(sign) if sign in '%}"\\' or ord(sign) < 0x20 or ord(sign) == 0x7F else sign for sign in name)


def unquoted(text: str) -> str:
    return unquote(text, errors="surrogatepass")
