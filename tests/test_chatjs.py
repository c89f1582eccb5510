"""amazon-connect-chatjs 5.0.0, unmodified, in Node and in headless Chromium, against the server."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.chats import ECHO, EVENT, OPEN, Centre, words
from tests.javascript import Session, installed, needed
from tests.server import PATIENCE_SECONDS, Server, environment


@pytest.fixture(scope="module")
def packages() -> Path:
    return installed()


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    folder = tmp_path_factory.mktemp("chatjs")
    (folder / "offhook.toml").write_text("")
    server = Server(folder)
    with OPEN:
        yield Centre(server)
    assert server.stop() == 0


@pytest.fixture(scope="module")
def echo(centre: Centre) -> str:
    return centre.flow(*ECHO)


@pytest.fixture
def joined(packages: Path) -> Iterator[Any]:
    """A session in a chat, connected."""
    with ExitStack() as open_sessions:

        def join(made: Any, url: str) -> Session:
            session = Session(packages)
            open_sessions.callback(session.close)
            begin(session, made, url)
            return session

        yield join


def begin(session: Session, made: Any, url: str) -> None:
    """Connect to a chat that StartChatContact has made."""
    names = ("ContactId", "ParticipantId", "ParticipantToken")
    session.do("create", url=url, details={name: made[name] for name in names})
    session.do("connect")
    session.until("established")


def read(session: Session, **asked: Any) -> list[str]:
    return [words(item) for item in session.do("transcript", **{"with": asked})["Transcript"]]


def test_a_whole_chat_with_all_that_the_client_can(centre: Centre, echo: str, joined: Any) -> None:
    """P62: attributes arrive, the socket brings what is said, files go both ways, and the server ends the session."""
    ann = centre.call(echo, "Zoë")
    session = joined(ann.made, centre.server.url)
    bot = centre.join(ann.contact, "CUSTOM_BOT", "Robbie")
    other = bot.socket()
    session.until("message", "participant.joined")
    sent = session.do("send", text="anybody there?")
    assert session.until("message", "anybody there?")["Id"] == sent["Id"]
    session.until("message", "I hear you")
    bot.tell("typing")
    assert session.until("typing")["ParticipantId"] == bot.id
    session.do("event", kind=EVENT + "typing")
    assert words(other.until_said("typing")[-1]) == "typing"
    bot.tell("message.read", json.dumps({"messageId": sent["Id"]}))
    assert session.until("read")["MessageMetadata"]["MessageId"] == sent["Id"]
    his = bot.send("I am Robbie")["Id"]
    session.until("message", "I am Robbie")
    session.ask("event", kind=EVENT + "message.read", content=json.dumps({"messageId": his}))
    session.do("attach", name="note.txt", type="text/plain", text="a note")
    file = session.until("message", "note.txt")["Attachments"][0]
    assert session.do("download", attachment=file["AttachmentId"]) == "a note"
    receipt = other.until(lambda item: item["Type"] == "MESSAGEMETADATA")[-1]["MessageMetadata"]
    assert (receipt["MessageId"], "ReadTimestamp" in receipt["Receipts"][0]) == (his, True)
    assert read(session)[:4] == ["Hello Zoë", "participant.joined", "participant.joined", "anybody there?"]
    session.do("disconnect")
    session.until("message", "participant.left")
    session.until("message", "chat.ended")
    session.until("ended")
    assert not [data for name, data in session.told if name in ("broken", "heartbeat failed")]


def test_what_was_said_while_the_socket_was_down_is_in_the_transcript(centre: Centre, echo: str, joined: Any) -> None:
    """P62"""
    session = joined(centre.call(echo).made, centre.server.url)
    session.do("send", text="one")
    session.until("message", "I hear you")
    session.do("drop")
    session.do("send", text="two")
    session.until("established")
    session.do("send", text="three")
    session.until("message", "three")

    assert read(session)[2:] == ["one", "I hear you", "two", "I hear you", "three", "I hear you"]


def test_a_chat_survives_the_death_of_the_server(packages: Path, tmp_path: Path, joined: Any) -> None:
    """The same connection token goes on, the transcript is in order, and each message is there once."""
    (tmp_path / "offhook.toml").write_text("")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    first = Server(tmp_path, "--port", port)
    centre = Centre(first)
    ann = centre.call(centre.flow(*ECHO))
    session = joined(ann.made, first.url)
    session.do("send", text="before")
    session.until("message", "I hear you")
    first.stop(signal.SIGKILL)
    session.until("broken")  # it gives up after a second; pages then make a session anew

    second = Server(tmp_path, "--port", port)
    session.do("send", text="after")
    begin(session, ann.made, second.url)
    session.do("send", text="again")
    session.until("message", "again")
    lines = read(session)
    session.do("disconnect")
    session.until("ended")

    assert second.url == first.url
    assert lines == [
        "Hello Ann", "participant.joined", "before", "I hear you", "after", "I hear you", "again", "I hear you"
    ]  # fmt: skip
    assert second.stop() == 0


def test_the_hosted_page_chats_in_a_browser(centre: Centre, echo: str, packages: Path, tmp_path: Path) -> None:
    chromium = needed("chromium", "chromium")
    (tmp_path / "note.txt").write_text("a note")
    picture = os.environ.get("OFFHOOK_PICTURE", "")
    done = subprocess.run(
        ["node", "page.mjs", centre.server.url, echo, str(tmp_path / "note.txt"), picture, chromium],
        cwd=packages, env=environment(HOME=str(tmp_path)), capture_output=True, text=True,
        timeout=PATIENCE_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)

    assert "failed" not in found, found
    assert found["errors"] == []
    assert found["foreign"] == [], "the page asks nobody else"
    assert found["status"] == "Connected"
    assert found["download"] == "note.txt"
    assert found["bubbles"] == ["Hello Wanda", "Is <b>anybody</b> there?", "I hear you", "note.txt"]
    assert found["events"] == ["Wanda joined", "Wanda left", "The chat has ended"]
