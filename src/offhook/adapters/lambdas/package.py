"""Deployment packages: zip files from a client, unpacked without trusting a byte of them.

Limits are Lambda's: 50 MB zipped when sent directly, 250 MB unzipped (the quotas page of AWS Lambda). Refused beside
that, because nothing good needs them: paths that lead out of the folder, links, and far more data than was sent.
"""

import base64
import hashlib
import io
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from offhook.adapters.lambdas.refusal import Refusal, invalid

MAX_ZIPPED_BYTES = 52_428_800
MAX_UNZIPPED_BYTES = 262_144_000
_MAX_RATIO = 200  # text packs to a tenth, the emptiest of real data to a hundredth
_FREE_BYTES = 10_000_000  # below that, no ratio can do harm
_MAX_ENTRIES = 65_535
_DAMAGES = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError)


def sha256(package: bytes) -> str:
    """As Lambda gives it: base64."""
    return base64.b64encode(hashlib.sha256(package).digest()).decode()


def unpack(package: bytes, folder: Path) -> None:
    """Unpack into `folder`, which appears when all is there, or stays as it was. Raises Refusal with one sentence."""
    if len(package) > MAX_ZIPPED_BYTES:
        sentence = f"The package has {len(package)} bytes, more than {MAX_ZIPPED_BYTES}."
        raise Refusal("RequestTooLargeException", sentence)
    folder.parent.mkdir(parents=True, exist_ok=True)
    working = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=folder.parent))
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            for entry in _checked(archive.infolist(), len(package)):
                _extract(archive, entry, working)
        working.chmod(0o755)
        if not folder.exists():
            working.rename(folder)
    except _DAMAGES as damage:
        raise invalid(f"The package cannot be unzipped: {str(damage) or type(damage).__name__}.") from None
    except OSError as problem:  # without the path, which is ours
        raise invalid(f"The package cannot be unzipped here: {problem.strerror}.") from None
    finally:
        shutil.rmtree(working, ignore_errors=True)


def _checked(entries: list[zipfile.ZipInfo], package_bytes: int) -> Iterator[zipfile.ZipInfo]:
    """The entries, once all of them are harmless. What they declare is a bound: zipfile reads no more than that."""
    unzipped = sum(entry.file_size for entry in entries)
    if len(entries) > _MAX_ENTRIES:
        raise invalid(f"The package has {len(entries)} files, more than {_MAX_ENTRIES}.")
    if unzipped > MAX_UNZIPPED_BYTES:
        raise invalid(f"Unzipped size must be smaller than {MAX_UNZIPPED_BYTES} bytes; the package has {unzipped}.")
    if unzipped > max(_FREE_BYTES, package_bytes * _MAX_RATIO):
        raise invalid(f"The package unzips to {unzipped} bytes, more than {_MAX_RATIO} times what was sent.")
    for entry in entries:
        problem = _problem(entry)
        if problem:
            raise invalid(f"The package has the entry {entry.filename[:200]!r}, {problem}.")
    yield from entries


def _problem(entry: zipfile.ZipInfo) -> str:
    path = PurePosixPath(entry.filename)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if "\\" in entry.filename or (path.parts and path.parts[0].endswith(":")):
        return "which is no path of Linux"
    if path.is_absolute():
        return "which is an absolute path"
    if ".." in path.parts:
        return "which leads out of the package"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "which is a link or a device"
    return ""


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> None:
    target = folder.joinpath(*PurePosixPath(entry.filename).parts)
    if entry.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as source, target.open("xb") as file:
        shutil.copyfileobj(source, file)
    # Whoever may execute, and that we may read and delete; nothing else of what the zip says
    target.chmod(0o755 if entry.external_attr >> 16 & 0o111 else 0o644)
