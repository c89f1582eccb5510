"""`offhook backup` and `offhook restore`: all that a server keeps, while it runs, and nothing else."""

import io
import json
import os
import shutil
import signal
import stat
import sys
import tarfile
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql

from offhook.adapters.store.copy import copy
from offhook.cli.archive import MANIFEST
from offhook.cli.safekeeping import give_back, keep
from offhook.model.errors import UsageError
from tests import postgres
from tests.chats import ECHO, Centre, Person
from tests.command_line import call
from tests.server import Server
from tests.test_serve import create

TOOL = "def handler(event, context):\n    return 'from the backup'\n"


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(folder: Path, *words: str, **variables: str) -> Server:
        started.append(Server(folder, *words, **variables))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.stop(signal.SIGKILL)


def attach(person: Person, text: str) -> None:
    """A file in the chat."""
    client = person.centre.participant
    begun = client.start_attachment_upload(
        ContentType="text/plain", AttachmentSizeInBytes=len(text), AttachmentName="note.txt", ClientToken="1",
        ConnectionToken=person.token,
    )  # fmt: skip
    target = begun["UploadMetadata"]
    request = urllib.request.Request(target["Url"], text.encode(), target["HeadersToInclude"], method="PUT")
    urllib.request.urlopen(request, timeout=60).close()
    client.complete_attachment_upload(
        AttachmentIds=[begun["AttachmentId"]], ClientToken="2", ConnectionToken=person.token
    )


def test_a_server_goes_on_from_a_backup_that_was_made_while_it_ran(
    tmp_path: Path, serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, copied = tmp_path / "home", tmp_path / "copied"
    home.mkdir()
    server = serve(home)
    centre = Centre(server)
    create(server.client("lambda"), "tool", TOOL)
    person = centre.begin(centre.flow(*ECHO))
    attach(person, "a note")
    person.send("before")
    before = person.read()
    monkeypatch.chdir(home)
    saved = call("backup", "../saved.tar")
    person.send("after")
    server.stop(signal.SIGKILL)
    shutil.rmtree(home / ".offhook")
    given = call("restore", str(tmp_path / "saved.tar"), "--to", str(copied))
    server = serve(copied)
    person._client = server.client("connectparticipant")

    assert (saved.code, saved.err) == (0, "")
    assert saved.out.startswith("../saved.tar: the database, 1 function, 1 attachment, ")
    assert saved.out.rstrip().endswith("It has the key to what is secret: keep it safe.")
    assert (given.code, given.err) == (0, "")
    assert f"cd {copied} && offhook serve" in given.out
    assert person.read() == before
    (attachment,) = (each for item in person.transcript() for each in item.get("Attachments", ()))
    told = person._client.get_attachment(AttachmentId=attachment["AttachmentId"], ConnectionToken=person.token)
    url = told["Url"].replace(centre.server.url, server.url)
    assert urllib.request.urlopen(url, timeout=60).read() == b"a note"
    answer = server.client("lambda").invoke(FunctionName="tool")["Payload"].read()
    assert json.loads(answer) == "from the backup"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which something is kept."""
    folder = tmp_path_factory.mktemp("kept") / ".offhook"
    (folder / "lambda" / "f" / "code").mkdir(parents=True)
    (folder / "lambda" / ".lock").touch()
    (folder / "lambda" / "f" / "function.json").write_text("{}")
    (folder / "lambda" / "f" / "code" / "bootstrap").write_text("#!/bin/sh\n")
    (folder / "lambda" / "f" / "code" / "bootstrap").chmod(0o755)
    (folder / "attachments").mkdir()
    (folder / "attachments" / "a1").write_bytes(os.urandom(10_000))
    (folder / "attachments" / "a2.00.part").touch()
    (folder / "seal.key").write_text("00" * 32)
    (folder / "seal.key").chmod(0o600)
    fill(f"sqlite:///{folder / 'offhook.db'}")
    return folder.parent


def fill(url: str, rows: int = 100) -> None:
    engine = sql.create_engine(url, poolclass=sql.pool.NullPool)
    with engine.begin() as connection:
        connection.execute(sql.text("CREATE TABLE kept (n INTEGER PRIMARY KEY)"))
        connection.execute(sql.text("INSERT INTO kept VALUES (:n)"), [{"n": n} for n in range(rows)])


@pytest.fixture
def saved(project: Path, tmp_path: Path) -> Path:
    keep(tmp_path / "saved.tar", project, None, env=None)
    return tmp_path / "saved.tar"


def test_a_backup_has_what_is_kept_and_only_its_owner_may_read_it(saved: Path) -> None:
    with tarfile.open(saved) as archive:
        names = archive.getnames()

    assert names == [
        "offhook.db", "seal.key", "lambda/f/function.json", "lambda/f/code/bootstrap", "attachments/a1", MANIFEST,
    ]  # fmt: skip
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert [path.name for path in saved.parent.iterdir()] == ["saved.tar"]


def test_a_restored_folder_is_as_it_was(project: Path, saved: Path, tmp_path: Path) -> None:
    give_back(saved, tmp_path / "new")

    was, now = project / ".offhook", tmp_path / "new" / ".offhook"
    for name in ("seal.key", "lambda/f/function.json", "lambda/f/code/bootstrap", "attachments/a1"):
        assert (now / name).read_bytes() == (was / name).read_bytes()
    assert os.access(now / "lambda/f/code/bootstrap", os.X_OK)
    assert stat.S_IMODE((now / "seal.key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == [".offhook"]


def test_nothing_is_overwritten(project: Path, saved: Path) -> None:
    with pytest.raises(UsageError, match=r"saved\.tar: exists already"):
        keep(saved, project, None, env=None)
    with pytest.raises(UsageError, match=r"\.offhook: exists already; give --to another folder"):
        give_back(saved, project)


def test_a_key_that_lies_elsewhere_is_not_forgotten(project: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(project, kept)
    (kept / ".offhook" / "seal.key").unlink()

    assert keep(tmp_path / "saved.tar", kept, None, env=None).endswith("It has no key: keep OFFHOOK_SEAL_KEY yourself.")


def test_where_nothing_is_kept_there_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"offhook\.db: there is no such database"):
        keep(tmp_path / "saved.tar", tmp_path, None, env=None)
    with pytest.raises(UsageError, match="there is no folder"):
        keep(tmp_path / "nowhere" / "saved.tar", tmp_path, None, env=None)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database at all, but as long as the head of one would be\n" * 20)

    with pytest.raises(UsageError, match=r"text\.db: cannot be copied: file is not a database"):
        keep(tmp_path / "saved.tar", tmp_path, str(tmp_path / "text.db"), env=None)


def cut(data: bytes) -> bytes:
    return data[:-11_000]


def changed(data: bytes) -> bytes:
    place = data.index(b"#!/bin/sh")
    return data[:place] + b"#!/bin/ex" + data[place + 9 :]


def text(data: bytes) -> bytes:
    return b"hello"


def with_member(name: str, kind: bytes = tarfile.REGTYPE) -> Callable[[bytes], bytes]:
    def added(data: bytes) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc"
            archive.addfile(member)
        return out.getvalue()[:512] + data

    return added


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut, "is not whole; its end is missing|is damaged"), (changed, "bootstrap is not as it was written"),
        (text, "is no backup of offhook"), (with_member("../out"), "'../out' is no file of one"),
        (with_member("/tmp/out"), "'/tmp/out' is no file of one"),
        (with_member("link", tarfile.SYMTYPE), "'link' is no file of one"),
    ],
    ids=["cut", "changed", "text", "outside", "absolute", "link"],
)  # fmt: skip
def test_a_backup_that_is_damaged_is_refused_as_a_whole(
    saved: Path, tmp_path: Path, damage: Callable[[bytes], bytes], said: str
) -> None:
    saved.write_bytes(damage(saved.read_bytes()))

    with pytest.raises(UsageError, match=said):
        give_back(saved, tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []
    assert not (tmp_path / "out").exists()


def test_what_is_written_meanwhile_is_in_the_copy_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    """A writer adds rows in pairs, a transaction each, while copies are made."""
    file = tmp_path / "busy.db"
    fill(f"sqlite:///{file}", rows=20_000)
    ends = threading.Event()
    engine = sql.create_engine(f"sqlite:///{file}", poolclass=sql.pool.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    added = []

    def write() -> None:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("PRAGMA synchronous=OFF")
            for n in range(100_000, 10_000_000, 2):
                if ends.is_set():
                    return
                connection.execute(sql.text("INSERT INTO kept VALUES (:n), (:m)"), {"n": n, "m": n + 1})
                added.append(n)

    writer = threading.Thread(target=write)
    writer.start()
    counts, steps = [], []
    try:
        for number in range(3):
            (tmp_path / str(number)).mkdir()
            made = copy(str(file), tmp_path / str(number), steps.append)
            copied = sql.create_engine(f"sqlite:///{made}", poolclass=sql.pool.NullPool)
            with copied.connect() as connection:
                counts.append(connection.execute(sql.text("SELECT count(*) FROM kept")).scalar())
                assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    finally:
        ends.set()
        writer.join()
    assert [count % 2 for count in counts] == [0, 0, 0]
    assert counts == sorted(counts)
    assert len(added) > 0


# --- PostgreSQL ---


def test_without_pg_dump_the_command_for_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(UsageError) as caught:
        keep(tmp_path / "saved.tar", tmp_path, "postgresql://ann:secret@db.example/kept", env=None)
    said = str(caught.value)
    assert "pg_dump --format=custom --no-owner --file=offhook.pgdump --dbname=postgresql://ann@db.example/kept" in said
    assert "secret" not in said


def test_a_postgresql_that_cannot_be_reached_is_one_sentence(tmp_path: Path) -> None:
    if shutil.which("pg_dump") is None:
        postgres.absent()
    with pytest.raises(UsageError, match="pg_dump has failed: connection to server"):
        keep(tmp_path / "saved.tar", tmp_path, "postgresql://ann:secret@127.0.0.1:1/kept", env=None)
    assert list(tmp_path.iterdir()) == []


def test_postgresql_is_dumped_and_the_dump_can_be_restored(tmp_path: Path, project: Path) -> None:
    if shutil.which("pg_dump") is None:
        postgres.absent()
    with postgres.running() as server, postgres.database(server) as url, postgres.database(server) as other:
        fill(url.replace("postgresql://", "postgresql+psycopg://"))
        keep(tmp_path / "saved.tar", project, url, env=None)
        said = give_back(tmp_path / "saved.tar", tmp_path / "new")
        words = said.partition("database with: ")[2].partition(", and")[0].replace("URL", other).split()
        assert words[0] == "pg_restore"
        assert os.spawnvp(os.P_WAIT, words[0], words) == 0
        engine = sql.create_engine(other.replace("postgresql://", "postgresql+psycopg://"), poolclass=sql.pool.NullPool)
        with engine.connect() as connection:
            assert connection.execute(sql.text("SELECT count(*) FROM kept")).scalar() == 100


def test_progress_is_shown_on_a_terminal_alone(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def written(**variables: str) -> str:
        with monkeypatch.context() as patch:
            stream = io.StringIO()
            patch.setattr(sys, "stderr", stream)
            for name, value in variables.items():
                patch.setenv(name, value)
            keep(tmp_path / f"{len(variables)}.tar", project, None, env=None)
        return stream.getvalue()

    assert written() == ""
    assert "Backing up" in written(FORCE_COLOR="1", TERM="xterm")


def test_the_parts_of_a_backup_are_listed_with_their_hashes(saved: Path) -> None:
    with tarfile.open(saved) as archive:
        file = archive.extractfile(MANIFEST)
        assert file is not None
        manifest: dict[str, Any] = json.load(file)

    assert set(manifest) == {"offhook", "made", "files", "format"}
    assert set(manifest["files"]["seal.key"]) == {"size", "sha256"}
