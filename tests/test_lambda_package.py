"""Zip files that nobody should trust."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from offhook.adapters.lambdas import package as package_module
from offhook.adapters.lambdas.package import MAX_UNZIPPED_BYTES, MAX_ZIPPED_BYTES, sha256, unpack
from offhook.adapters.lambdas.refusal import Refusal
from tests.server import package


def zipped(fill: Callable[[zipfile.ZipFile], None]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        fill(archive)
    return made.getvalue()


def entry(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def refusal(data: bytes, folder: Path) -> str:
    """The sentence; nothing may be left behind."""
    with pytest.raises(Refusal) as caught:
        unpack(data, folder / "code")
    assert not (folder / "code").exists()
    assert list(folder.iterdir()) == []
    assert caught.value.message.endswith(".")
    return caught.value.message


def test_files_and_folders_come_out_as_they_are(tmp_path: Path) -> None:
    def fill(archive: zipfile.ZipFile) -> None:
        archive.writestr(entry("bootstrap", stat.S_IFREG | 0o755), "#!/bin/sh\n")
        archive.writestr(entry("secret.txt", stat.S_IFREG | 0o000), "s")
        archive.writestr(entry("setuid", stat.S_IFREG | 0o4755), "s")
        archive.writestr("pkg/", "")
        archive.writestr("pkg/deep/é.py", "x = 1\n")

    folder = tmp_path / "new" / "code"
    unpack(zipped(fill), folder)

    assert (folder / "pkg/deep/é.py").read_text() == "x = 1\n"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.is_file()}
    assert modes == {"bootstrap": 0o755, "secret.txt": 0o644, "setuid": 0o755}
    assert [path.name for path in folder.parent.iterdir()] == ["code"]


def test_the_same_package_again_changes_nothing(tmp_path: Path) -> None:
    unpack(package({"a.py": "x = 1\n"}), tmp_path / "code")
    (tmp_path / "code" / "__pycache__").mkdir()
    unpack(package({"a.py": "x = 1\n"}), tmp_path / "code")

    assert (tmp_path / "code" / "__pycache__").is_dir()
    assert sha256(b"") == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../evil.py", "leads out of the package"),
        ("a/../../evil.py", "leads out of the package"),
        ("/etc/cron.d/evil", "is an absolute path"),
        ("..\\evil.py", "is no path of Linux"),
        ("C:/evil.py", "is no path of Linux"),
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(tmp_path: Path, name: str, said: str) -> None:
    assert said in refusal(package({"ok.py": "", name: "x"}), tmp_path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    data = zipped(lambda archive: archive.writestr(entry("link", kind | 0o777), "/etc/passwd"))

    assert "is a link or a device" in refusal(data, tmp_path)


def test_far_more_data_than_was_sent_is_refused(tmp_path: Path) -> None:
    assert "times what was sent" in refusal(package({"zeros": "0" * 20_000_000}), tmp_path)


def test_more_than_lambda_takes_is_refused(tmp_path: Path) -> None:
    """The size that a zip declares: nothing needs to be unpacked to see it."""
    data = bytearray(package({"big": "x"}))
    at = data.rindex(b"PK\1\2")
    data[at + 24 : at + 28] = struct.pack("<I", MAX_UNZIPPED_BYTES + 1)

    assert f"smaller than {MAX_UNZIPPED_BYTES} bytes" in refusal(bytes(data), tmp_path)
    assert "more than" in refusal(bytes(MAX_ZIPPED_BYTES + 1), tmp_path)


def test_a_zip_that_lies_about_its_sizes_gives_no_more_than_it_declares(tmp_path: Path) -> None:
    data = bytearray(package({"liar": "x" * 100_000}))
    at = data.rindex(b"PK\1\2")
    data[at + 24 : at + 28] = struct.pack("<I", 10)

    assert "cannot be unzipped" in refusal(bytes(data), tmp_path)


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_module, "_MAX_ENTRIES", 3)

    assert "has 4 files" in refusal(package(dict.fromkeys("abcd", "")), tmp_path)


def test_what_cannot_be_unzipped_is_refused_without_our_paths(tmp_path: Path) -> None:
    whole = package({"a.py": "x = 1\n" * 1000})
    damaged = whole[:40] + b"\0" * 8 + whole[48:]
    both = zipped(lambda archive: [archive.writestr(name, "x") for name in ("a", "a/b")] and None)
    secret = bytearray(package({"a.py": "x"}))
    secret[secret.rindex(b"PK\1\2") + 8] |= 1
    secret[6] |= 1
    odd = bytearray(package({"a.py": "x"}))
    odd[odd.rindex(b"PK\1\2") + 10] = odd[8] = 99

    for data in (b"", b"not a zip", whole[:-30], damaged, both, bytes(secret), bytes(odd), package({"n" * 300: ""})):
        said = refusal(data, tmp_path)
        assert "cannot be unzipped" in said
        assert str(tmp_path) not in said
