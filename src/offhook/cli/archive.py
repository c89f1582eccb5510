"""Backups as files: one .tar with the database, what lies in folders beside it, and a manifest.

The manifest comes last and has the size and SHA-256 of every file, so a backup that was cut off or changed is known
as such. A backup may hold the key that opens what is secret: only its owner may read it.
"""

import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec

from offhook import __version__
from offhook.model.errors import UsageError

MANIFEST = "manifest.json"
FOLDERS = ("lambda", "attachments")
_LEFT_OUT = (".lock", ".part")
_MAX_MANIFEST_BYTES = 268_435_456


class Held(msgspec.Struct, frozen=True):
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """`made` is when. `files` are what the backup holds, by their names in it."""

    offhook: str
    made: str
    files: dict[str, Held]
    format: int = 1


def files_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """What is to be kept of the folder of a server beside its database, by name. What describes a function comes before
    its code: code that is described is never taken away while the server runs.
    """
    key = folder / "seal.key"
    if key.is_file():
        yield key.name, key
    for name in FOLDERS:
        for root, folders, files in os.walk(folder / name):
            folders.sort()
            for file in sorted(files):
                if not file.endswith(_LEFT_OUT):
                    path = Path(root, file)
                    yield path.relative_to(folder).as_posix(), path


class _Hashed(io.RawIOBase):
    """Reads a file once, for two."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


def write(target: Path, files: Iterator[tuple[str, Path]], made: str, told: Callable[[int], None]) -> Manifest:
    """Write the archive; `told` hears of each file's size. It is there whole or not at all. Raises UsageError."""
    part = target.with_name(f"{target.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out, tarfile.open(fileobj=out, mode="w") as archive:
            held = {}
            for name, path in files:
                found = _add(archive, name, path)
                if found is not None:
                    held[name] = found
                    told(found.size)
            manifest = Manifest(__version__, made, held)
            text = msgspec.json.format(msgspec.json.encode(manifest))
            head = tarfile.TarInfo(MANIFEST)
            head.size = len(text)
            archive.addfile(head, io.BytesIO(text))
        part.replace(target)
    except OSError as problem:
        raise UsageError(f"{target}: cannot be written: {problem.strerror}.") from None
    finally:
        part.unlink(missing_ok=True)
    return manifest


def _add(archive: tarfile.TarFile, name: str, path: Path) -> Held | None:
    """None where the file has gone meanwhile."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    with file:
        head = archive.gettarinfo(arcname=name, fileobj=file)
        head.uid = head.gid = 0
        head.uname = head.gname = ""
        hashed = _Hashed(file)
        archive.addfile(head, hashed)
        return Held(head.size, hashed.digest.hexdigest())


def read(source: Path, folder: Path, told: Callable[[int], None]) -> Manifest:
    """Unpack the archive into the folder, which is empty. Raises UsageError where anything is not as it was written."""
    found: dict[str, Held] = {}
    manifest = None
    try:
        with tarfile.open(source, "r:") as archive:
            for member in archive:
                place = PurePosixPath(member.name)
                if not member.isfile() or place.is_absolute() or ".." in place.parts:
                    raise UsageError(f"{source}: is no backup of offhook: {member.name!r} is no file of one.")
                if member.name == MANIFEST:
                    manifest = _manifest(archive, member)
                    continue
                archive.extract(member, folder, filter="data")
                found[member.name] = _held(folder / member.name)
                told(member.size)
    except (tarfile.TarError, OSError, msgspec.DecodeError) as problem:
        raise UsageError(f"{source}: is no backup of offhook, or is damaged: {problem}.") from None
    if manifest is None:
        raise UsageError(f"{source}: is not whole; its end is missing.")
    wrong = sorted(name for name in {*found, *manifest.files} if found.get(name) != manifest.files.get(name))
    if wrong:
        raise UsageError(f"{source}: is damaged: {wrong[0]} is not as it was written.")
    return manifest


def _manifest(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Manifest:
    file = archive.extractfile(member)
    assert file is not None  # it is a file
    return msgspec.json.decode(file.read(_MAX_MANIFEST_BYTES), type=Manifest)


def _held(path: Path) -> Held:
    with path.open("rb") as file:
        return Held(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
