"""Files that people give: read whole, and never more than a flow may have."""

from pathlib import Path

from offhook.flowjson.text import MAX_BYTES
from offhook.model.errors import UsageError


def contents(path: Path, *, name: str) -> bytes:
    """The bytes. Raises UsageError, with the file under this name, where it cannot be read or has too many."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UsageError(f"{name}: the file has {size:,} bytes; a flow file may have {MAX_BYTES:,} at most.")
        return path.read_bytes()
    except OSError as problem:
        raise UsageError(f"{name}: cannot be read: {problem.strerror}.") from None
