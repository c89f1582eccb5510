"""Kinds of files that may be attached to a chat, and how such a file begins.

Source: adminguide/feature-limits.html (the endings); the MIME types are those that chatjs sends.
"""

from collections.abc import Mapping

_ZIP, _OLE = (b"PK\x03\x04",), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)
_OFFICE = "application/vnd.openxmlformats-officedocument."
# By MIME type: endings, and the first bytes, one of which a file must have; none where text may begin as it likes
_KINDS: Mapping[str, tuple[tuple[str, ...], tuple[bytes, ...]]] = {
    "text/csv": (("csv",), ()),
    "text/plain": (("txt",), ()),
    "text/rtf": (("rtf",), (b"{\\rtf",)),
    "application/rtf": (("rtf",), (b"{\\rtf",)),
    "application/json": (("json",), ()),
    "application/pdf": (("pdf",), (b"%PDF-",)),
    "application/msword": (("doc",), _OLE),
    _OFFICE + "wordprocessingml.document": (("docx",), _ZIP),
    "application/vnd.ms-powerpoint": (("ppt",), _OLE),
    _OFFICE + "presentationml.presentation": (("pptx",), _ZIP),
    "application/vnd.ms-excel": (("xls", "csv"), _OLE),
    _OFFICE + "spreadsheetml.sheet": (("xlsx",), _ZIP),
    "image/jpeg": (("jpg", "jpeg", "jfif"), (b"\xff\xd8\xff",)),
    "image/png": (("png",), (b"\x89PNG\r\n\x1a\n",)),
    "image/heic": (("heic",), ()),
    "audio/wav": (("wav",), (b"RIFF",)),
    "audio/x-wav": (("wav",), (b"RIFF",)),
    "video/mp4": (("mp4",), ()),
    "video/quicktime": (("mov",), ()),
}
MAX_BYTES = 20_971_520  # 20 MB
LONGEST_BEGINNING = 8


def refusal(name: str, content_type: str) -> str:
    """Why a file of this name and type is not taken, "" where it is."""
    kind = _KINDS.get(content_type)
    if kind is None:
        return f"ContentType is {content_type!r}, must be one of {', '.join(_KINDS)}."
    ending = name.rpartition(".")[2].lower()
    if ending not in kind[0]:
        return f"AttachmentName is {name!r}; a file of the type {content_type} ends in .{' or .'.join(kind[0])}."
    return ""


def begins_well(beginning: bytes, name: str, content_type: str) -> bool:
    """Whether a file of this kind may begin so."""
    if name.lower().endswith(".csv"):
        return True
    starts = _KINDS[content_type][1]
    return not starts or beginning.startswith(starts)
