"""The temporary folder of a host: a home for its functions, and links to what their processes may import from us."""

import importlib.util
import tempfile
from pathlib import Path

_CHILD = Path(__file__).parent / "child"
# The official client with what it needs, and the debugger: absent where they are not installed
_LINKED = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py", "debugpy")


class Folder:
    """Made on creation; the reaper removes it."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="offhook-"))
        self.home = self.root / "home"
        self.runtime = self.root / "runtime"
        self.home.mkdir()
        self.runtime.mkdir()
        for source in (_CHILD / "launch.py", _CHILD / "offhook_runtime.py", *map(_location, _LINKED)):
            if source is not None:
                (self.runtime / source.name).symlink_to(source)


def _location(name: str) -> Path | None:
    """The package's folder or the module's file."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin)
    return origin.parent if origin.name == "__init__.py" else origin
