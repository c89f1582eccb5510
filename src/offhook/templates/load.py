"""Templates from files, and where the code of their functions lies. The only module here that touches the disk.

No file of a function is read: a thousand functions cost what their template costs. Code that is a zip file, or text in
the template, is put into a cache folder, named by what it holds, once.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from offhook.model.errors import UsageError
from offhook.templates.contents import Code, Contents, TemplateFunction
from offhook.templates.evaluate import Evaluator, Given
from offhook.templates.function import functions
from offhook.templates.outline import outline
from offhook.templates.read import read_template
from offhook.templates.syntax import MAX_BYTES, parse_template

BUILT = Path(".aws-sam", "build", "template.yaml")
MAX_ZIP_BYTES = 262_144_000  # of what is in it, in Lambda; before it is read, this will do
_CDK = ".template.json"
_ZIPS = (".zip", ".jar")
_SOURCES = (".py", ".js", ".mjs", ".cjs", ".ts")
# The file that text in a template becomes, as Lambda names it
_INLINE = {"python": "index.py", "nodejs": "index.js"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What loading needs from outside: how a path is shown to a person, how a zip file is unpacked, and the cache.

    `unpack` gets the file's bytes and a folder that does not exist yet; it raises UsageError with the reason why not.
    """

    shown: Callable[[Path], str]
    unpack: Callable[[bytes, Path], None]
    cache: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A function and its code: `folder`, or None and the reason why there is none, as in `its code is in an S3 bucket`.

    `layers` are the folders of the layers that lie here, the last one wins; `sources` of those that SAM would still
    build: what they hold lies in them as it would lie in the built layer's python/ or nodejs/.
    """

    function: TemplateFunction
    folder: Path | None = None
    reason: str = ""
    layers: tuple[Path, ...] = ()
    sources: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What was read. `file` is the template, or what `sam build` made of it; `files` are all that it depends on."""

    file: Path
    files: tuple[Path, ...]
    contents: Contents
    functions: tuple[Placed, ...]
    warnings: tuple[str, ...] = ()


def load_template(path: Path, given: Given, outside: Outside) -> Loaded:
    """The template in this file, and where its code lies. Raises UsageError with everything that is wrong."""
    warnings: list[str] = []
    file = _chosen(path, given, outside, warnings)
    source = outside.shown(file)
    document, notes = _document(file, outside)
    given = replace(given, imports=dict(_imports(given, path.parent, outside)))
    contents = read_template(document, given, source=source)
    finder = _Finder(file.parent, _assets(file, outside), outside)
    placed = tuple(finder.place(each) for each in contents.functions)
    warnings += [*notes, *contents.warnings, *_far_layers(placed, source)]
    files = tuple(dict.fromkeys((path, file, path.parent / BUILT)))
    return Loaded(file=file, files=files, contents=contents, functions=placed, warnings=tuple(warnings))


def stack_name(path: Path, table: str) -> str:
    """CDK's file is named by its stack; any other template's stack by the table that names the template."""
    return path.name.removesuffix(_CDK) if path.name.endswith(_CDK) else table


# --- files


def _document(path: Path, outside: Outside) -> tuple[Any, list[str]]:
    name = outside.shown(path)
    if path.is_dir():
        inside = sorted(each.name for each in path.glob(f"*{_CDK}"))
        near = f", such as {inside[0]}" if inside else ""
        raise UsageError(f"{name}: is a folder; name a template{near}.")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{name}: has {path.stat().st_size:,} bytes; a template may have {MAX_BYTES:,} at most.")
        text = path.read_text("utf-8-sig")
    except OSError as problem:
        raise UsageError(f"{name}: cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{name}: is not UTF-8 text.") from None
    return parse_template(text, name)


def _imports(given: Given, folder: Path, outside: Outside) -> Iterator[tuple[str, Any]]:
    """What is given from outside; of files in S3 (AWS::Include), the local file that stands for one."""
    for key, value in given.imports.items():
        yield key, _document(folder / str(value), outside)[0] if key.startswith("s3://") else value


def _chosen(path: Path, given: Given, outside: Outside, warnings: list[str]) -> Path:
    """The template, or what `sam build` made of it, where that is there and not older: it has the dependencies, too."""
    built = path.parent / BUILT
    if path.is_dir() or BUILT.parts[0] in path.parts or not built.is_file():
        return path
    written_ns = built.stat().st_mtime_ns
    parts = outline(_document(path, outside)[0], outside.shown(path))
    if not parts.resources.keys() <= outline(_document(built, outside)[0], outside.shown(built)).resources.keys():
        return path  # of another template
    if written_ns < path.stat().st_mtime_ns:
        warnings.append(f"{outside.shown(built)} is older than {path.name} and not used; run sam build.")
        return path
    for each in functions(Evaluator(parts, given)):
        source = path.parent / each.code.path / each.handler.rpartition(".")[0].replace(".", "/")
        if any(_modified_ns(source.with_name(source.name + ending)) > written_ns for ending in _SOURCES):
            warnings.append(
                f"{outside.shown(built)} is older than the code of {each.logical_id}, and used; run sam build."
            )
            break
    return built


def _modified_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _assets(template: Path, outside: Outside) -> dict[str, Path]:
    """Where CDK has put assets, by S3 key and by hash, from the manifest beside the template."""
    manifest = template.with_name(f"{template.name.removesuffix(_CDK)}.assets.json")
    if not template.name.endswith(_CDK) or not manifest.is_file():
        return {}
    try:
        entries = json.loads(manifest.read_text("utf-8"))["files"]
        sources = {
            asset: (entry["source"].get("path"), entry.get("destinations", {})) for asset, entry in entries.items()
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise UsageError(f"{outside.shown(manifest)}: is no manifest of assets as CDK writes it.") from None
    found: dict[str, Path] = {}
    for asset, (path, destinations) in sources.items():
        if isinstance(path, str):
            keys = [each["objectKey"] for each in destinations.values() if "objectKey" in each]
            found |= dict.fromkeys((asset, *keys), template.parent / path)
    return found


def _far_layers(placed: tuple[Placed, ...], source: str) -> Iterator[str]:
    users: dict[str, str] = {}
    for each in placed:
        for layer in each.function.layers:
            if layer.code is None:
                users.setdefault(layer.name, each.function.logical_id)
    for name, logical_id in users.items():
        yield f"{source}: {logical_id}: layer {name} lies in AWS; what is in it must be installed here."


# --- code


@dataclass(slots=True)
class _Finder:
    """Looks for packages, each once. `folder` is the template's."""

    folder: Path
    assets: dict[str, Path]
    outside: Outside
    known: dict[tuple[Code, str], Path | str] = field(default_factory=dict)

    def place(self, function: TemplateFunction) -> Placed:
        found = self._find(function.code, function.runtime)
        language = "python" if function.runtime.startswith("python") else "nodejs"
        layers: list[Path] = []
        sources: list[Path] = []
        for layer in function.layers:
            lies = self._find(layer.code, "") if layer.code is not None else ""
            if isinstance(lies, Path):
                is_bare = layer.is_source and not (lies / language).is_dir()
                (sources if is_bare else layers).append(lies)
        folder, reason = (found, "") if isinstance(found, Path) else (None, found)
        return Placed(function=function, folder=folder, reason=reason, layers=tuple(layers), sources=tuple(sources))

    def _find(self, code: Code, runtime: str) -> Path | str:
        """The folder, or why there is none."""
        key = (code, runtime if code.inline else "")
        if key not in self.known:
            try:
                self.known[key] = self._search(code, runtime)
            except OSError as problem:
                self.known[key] = f"its code cannot be put into the cache: {problem.strerror}"
            except UsageError as refusal:
                self.known[key] = f"its code cannot be used: {str(refusal).removesuffix('.')}"
        return self.known[key]

    def _search(self, code: Code, runtime: str) -> Path | str:
        if code.inline:
            return self._written(code.inline, runtime)
        asset = self.assets.get(code.key) or self.assets.get(Path(code.key).stem)
        if asset is None and not code.path:
            return f"its code is {code.elsewhere}"
        path = Path(os.path.normpath(asset or self.folder / code.path))
        if path.is_dir():
            return path
        if not path.exists():
            return f"there is no {self.outside.shown(path)}"
        return self._unzipped(path) if path.suffix in _ZIPS else path.parent

    def _written(self, text: str, runtime: str) -> Path | str:
        name = next((name for start, name in _INLINE.items() if runtime.startswith(start)), "")
        if not name:
            return f"its code is text in the template, which {runtime} does not take"

        def write(folder: Path) -> None:
            (folder / name).write_text(text, "utf-8")

        return self._cached(f"{name}\0{text}", write)

    def _unzipped(self, path: Path) -> Path | str:
        status = path.stat()
        if status.st_size > MAX_ZIP_BYTES:
            return f"{self.outside.shown(path)} has {status.st_size:,} bytes; Lambda takes {MAX_ZIP_BYTES:,} at most"

        def unpack(folder: Path) -> None:
            self.outside.unpack(path.read_bytes(), folder / "package")

        return self._cached(f"{path}\0{status.st_mtime_ns}\0{status.st_size}", unpack) / "package"

    def _cached(self, key: str, make: Callable[[Path], None]) -> Path:
        """A folder of the cache by what it is made of; half of one is never seen, whoever else makes the same."""
        cache = self.outside.cache
        folder = cache / hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:24]
        if folder.is_dir():
            return folder
        if not cache.exists():
            cache.mkdir(parents=True)
            (cache / ".gitignore").write_text("*\n")
        working = Path(tempfile.mkdtemp(prefix=".making-", dir=cache))
        try:
            make(working)
            working.rename(folder)
        except OSError:
            if not folder.is_dir():  # somebody else has just made it
                raise
        finally:
            shutil.rmtree(working, ignore_errors=True)
        return folder
