"""Start a handler under a runtime client: `launch.py TASK_ROOT HANDLER CLIENT RUNTIME_FOLDER [DEBUG_PORT]`.

CLIENT is `auto` (AWS's awslambdaric where it imports, else ours) or `own`. RUNTIME_FOLDER holds links to both and
comes last on sys.path, so that the user's own packages win.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from importlib.util import cache_from_source
from typing import Any


class _FreshLoader(SourceFileLoader):
    """Believes a cached bytecode file only if it is younger than its source.

    Python compares whole seconds and sizes; an edit within the second that keeps the size would go unseen.
    """

    def get_code(self, fullname: str) -> Any:
        source = os.fspath(self.path)
        try:
            cached = cache_from_source(source)
            if os.stat(cached).st_mtime_ns <= os.stat(source).st_mtime_ns:
                os.unlink(cached)
        except FileNotFoundError:
            pass
        except OSError:
            return self.source_to_code(self.get_data(source), source)
        return super().get_code(fullname)


def _finder_for(roots: list[str]) -> Callable[[str], FileFinder]:
    """For what lies in the task root and in layers."""
    inner = FileFinder.path_hook((_FreshLoader, SOURCE_SUFFIXES))

    def hook(path: str) -> FileFinder:
        if "site-packages" in path or not any((path + os.sep).startswith(root + os.sep) for root in roots):
            raise ImportError
        return inner(path)  # type: ignore[return-value]  # typeshed says PathEntryFinder; it is this one

    return hook


def _client(name: str) -> Callable[[list[str]], Any]:
    if name == "auto":
        try:
            importlib.import_module("runtime_client")  # its native half: not on macOS, and for one Python version only
            return importlib.import_module("awslambdaric.__main__").main  # type: ignore[no-any-return]
        except ImportError:
            pass
    return importlib.import_module("offhook_runtime").main  # type: ignore[no-any-return]


def _wait_for_debugger(port: int) -> None:
    debugpy = importlib.import_module("debugpy")
    debugpy.listen(("127.0.0.1", port))
    debugpy.wait_for_client()


def main(argv: list[str]) -> None:
    task_root, handler, client, runtime_folder = argv[1:5]
    with contextlib.suppress(OSError):  # if it is not there, the import will fail, and say so as Lambda does
        os.chdir(task_root)
    sys.path[0] = task_root
    sys.path.append(runtime_folder)
    searched = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path_hooks.insert(0, _finder_for([task_root, *filter(None, searched)]))
    sys.path_importer_cache.clear()
    os.environ["AWS_EXECUTION_ENV"] = f"AWS_Lambda_python{sys.version_info[0]}.{sys.version_info[1]}"
    run = _client(client)
    if len(argv) > 5:
        _wait_for_debugger(int(argv[5]))
    sys.argv[:] = [argv[0], handler]
    run(sys.argv)


if __name__ == "__main__":
    main(sys.argv)
