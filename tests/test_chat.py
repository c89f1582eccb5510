"""Chats as unmodified boto3 and a plain websocket see them: every operation of the participant service."""

import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest
from botocore.exceptions import ClientError
from websockets.exceptions import ConnectionClosed, InvalidStatus

from offhook.api.participant_api import operations
from tests.chats import (
    ALL_TYPES,
    BYE,
    ECHO,
    EVENT,
    INTERACTIVE,
    OPEN,
    RESPONSE,
    SUBSCRIBE,
    Centre,
    Socket,
    act,
    say,
    wait,
    words,
)
from tests.server import Server

LIST_PICKER = json.dumps(
    {
        "templateType": "ListPicker", "version": "1.0",
        "data": {"content": {"title": "Which?", "elements": [{"title": "1"}, {"title": "2"}]}},
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    folder = tmp_path_factory.mktemp("chat")
    (folder / "offhook.toml").write_text("")
    server = Server(folder)
    with OPEN:
        yield Centre(server)
    assert server.stop() == 0
    assert "internal error" not in server.log


@pytest.fixture(scope="module")
def echo(centre: Centre) -> str:
    return centre.flow(*ECHO)


def refused(call: Any, *words: Any, **parameters: Any) -> tuple[str, int, str]:
    """Code, status and message of the error."""
    with pytest.raises(ClientError) as caught:
        call(*words, **parameters)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


def test_what_is_not_built_is_what_needs_sign_in(centre: Centre) -> None:
    names = set(centre.participant.meta.service_model.operation_names)

    assert names - set(operations()) == {"GetAuthenticationUrl", "CancelParticipantAuthentication"}


# --- a chat


def test_a_chat_from_its_start_to_its_end(centre: Centre, echo: str) -> None:
    """P62: attributes of the start arrive in the flow, and the sender gets its own message by the socket."""
    ann = centre.call(echo, "Zoë")
    socket = ann.socket()
    sent = ann.send("anybody there?")
    heard = socket.until_said("I hear you")
    ann.leave()
    heard += socket.until_said("chat.ended")

    assert [words(item) for item in heard] == ["anybody there?", "I hear you", "participant.left", "chat.ended"]
    assert heard[0].items() >= {
        "Id": sent["Id"], "AbsoluteTime": sent["AbsoluteTime"], "Type": "MESSAGE", "ContentType": "text/plain",
        "ParticipantId": ann.id, "ParticipantRole": "CUSTOMER", "DisplayName": "Zoë", "ContactId": ann.contact,
        "InitialContactId": ann.contact,
    }.items()  # fmt: skip
    assert (heard[1]["ParticipantRole"], heard[1]["DisplayName"]) == ("SYSTEM", "SYSTEM_MESSAGE")
    with pytest.raises(ConnectionClosed):
        socket.next()
    described = centre.connect.describe_contact(InstanceId=centre.id, ContactId=ann.contact)["Contact"]
    assert described["DisconnectReason"] == "CUSTOMER_DISCONNECT"


def test_attributes_can_be_read_after_the_chat(centre: Centre, echo: str) -> None:
    """P37"""
    ann = centre.begin(echo, Attributes={"name": "Ann", "order": "17"})
    ann.leave()

    got = centre.connect.get_contact_attributes(InstanceId=centre.id, InitialContactId=ann.contact)
    assert got["Attributes"] == {"name": "Ann", "order": "17"}


def test_after_the_end_nobody_gets_in(centre: Centre, echo: str) -> None:
    ann = centre.begin(echo)
    other = centre.join(ann.contact, "SUPERVISOR", "Sue")
    other.connect()
    ann.leave()

    assert refused(ann.connect)[:2] == ("AccessDeniedException", 403)
    assert refused(other.connect)[2] == "The chat has ended."
    for call in (lambda: ann.send("x"), lambda: ann.tell("typing"), ann.page, ann.leave, other.page):
        assert refused(call)[:2] == ("AccessDeniedException", 403)


def test_a_flow_that_does_not_exist_is_named(centre: Centre) -> None:
    """P62: the message says what was not found."""
    missing = str(uuid.uuid4())

    code, status, message = refused(centre.call, missing)

    assert (code, status) == ("ResourceNotFoundException", 404)
    assert missing in message


def test_a_flow_transfers_by_an_arn_in_an_attribute_and_not_by_a_name(centre: Centre) -> None:
    """P46"""
    other = centre.flow(say("there", "Over here", "bye"), BYE)
    arn = centre.connect.describe_contact_flow(InstanceId=centre.id, ContactFlowId=other)["ContactFlow"]["Arn"]
    name = centre.connect.describe_contact_flow(InstanceId=centre.id, ContactFlowId=other)["ContactFlow"]["Name"]
    move = centre.flow(
        wait("wait", "bye", CustomerReturned="go"),
        act(
            "go", "TransferToFlow", {"ContactFlowId": "$.Attributes.next"}, "sorry", errors={"NoMatchingError": "sorry"}
        ),
        say("sorry", "No such flow", "wait"),
        BYE,
    )

    by_arn, by_name = centre.call(move, Attributes={"next": arn}), centre.call(move, Attributes={"next": name})
    sockets = by_arn.socket(), by_name.socket()
    by_arn.send("go")
    by_name.send("go")

    assert [words(item) for item in sockets[0].until_said("chat.ended")][:2] == ["go", "Over here"]
    assert [words(item) for item in sockets[1].until_said("No such flow")] == ["go", "No such flow"]


# --- connections


def test_a_connection_is_what_was_asked_for(centre: Centre, echo: str) -> None:
    ann = centre.call(echo)
    client = centre.participant

    credentials = client.create_participant_connection(
        Type=["CONNECTION_CREDENTIALS"], ParticipantToken=ann.participant_token
    )
    socket = client.create_participant_connection(Type=["WEBSOCKET"], ParticipantToken=ann.participant_token)
    marked = client.create_participant_connection(ConnectParticipant=True, ParticipantToken=ann.participant_token)

    assert set(credentials) - {"ResponseMetadata"} == {"ConnectionCredentials"}
    assert set(socket) - {"ResponseMetadata"} == {"Websocket"}
    assert socket["Websocket"]["Url"].startswith("ws://127.0.0.1:")
    assert set(marked) == {"ResponseMetadata"}
    assert refused(client.create_participant_connection, ParticipantToken=ann.participant_token)[0] == (
        "ValidationException"
    )


def test_tokens_are_good_for_their_own_purpose_alone(centre: Centre, echo: str) -> None:
    ann, bob = centre.begin(echo), centre.begin(echo, "Bob")
    client = centre.participant

    for token in (ann.participant_token, "x", ann.token + "x", f"{ann.id}.{bob.token.partition('.')[2]}"):
        code = refused(client.send_message, ContentType="text/plain", Content="x", ConnectionToken=token)[0]
        assert code == "AccessDeniedException"
    code = refused(client.create_participant_connection, Type=["WEBSOCKET"], ParticipantToken=ann.token)[0]
    assert code == "AccessDeniedException"
    assert ann.read() == ["Hello Ann", "participant.joined"]


def test_many_connections_at_once_are_all_good(centre: Centre, echo: str) -> None:
    ann = centre.begin(echo)
    first = ann.token
    ann.connect()

    assert centre.participant.get_transcript(ConnectionToken=first)["Transcript"]
    assert ann.read() == ["Hello Ann", "participant.joined"], "who joined once has joined"


def test_a_chat_may_give_its_connection_at_once(centre: Centre, echo: str) -> None:
    made = centre.call(echo, ConnectionTypes=["WEBSOCKET", "CONNECTION_CREDENTIALS"]).made
    socket = Socket(made["Websocket"]["Url"])
    token = made["ConnectionCredentials"]["ConnectionToken"]
    centre.participant.send_message(ContentType="text/plain", Content="hi", ConnectionToken=token)

    assert socket.until_said("I hear you")


def test_a_repeated_request_gives_the_same_chat_with_a_token_that_works(centre: Centre, echo: str) -> None:
    token = uuid.uuid4().hex
    first, second = centre.call(echo, ClientToken=token), centre.call(echo, ClientToken=token)
    first.connect()
    second.connect()

    assert (first.contact, first.id) == (second.contact, second.id)
    assert second.read() == ["Hello Ann", "participant.joined"]


# --- messages


def test_a_repeated_message_is_there_once(centre: Centre, echo: str) -> None:
    ann = centre.begin(echo)
    token = uuid.uuid4().hex
    first, second = ann.send("one", ClientToken=token), ann.send("one", ClientToken=token)
    ann.send("two")

    assert (first["Id"], first["AbsoluteTime"]) == (second["Id"], second["AbsoluteTime"])
    assert ann.read() == ["Hello Ann", "participant.joined", "one", "I hear you", "two", "I hear you"]


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("text/html", "<b>", "ContentType is 'text/html'"),
        (INTERACTIVE, LIST_PICKER, "ContentType is"),
        ("text/plain", " \n", "not be blank"),
        ("text/plain", "é" * 8_193, "Content has 16386 bytes"),
        ("application/json", "{", "not JSON"),
        (RESPONSE, "yes", "not JSON"),
    ],
)
def test_what_is_no_message_is_refused(centre: Centre, echo: str, kind: str, text: str, said: str) -> None:
    code, status, message = refused(centre.begin(echo).send, text, kind)

    assert (code, status) == ("ValidationException", 400)
    assert said in message


def test_a_chat_takes_the_types_that_it_was_begun_with(centre: Centre, echo: str) -> None:
    plain = centre.begin(echo, SupportedMessagingContentTypes=["text/plain"])
    rich = centre.begin(echo)
    rich.send("*hi*", "text/markdown")

    assert "SupportedMessagingContentTypes" in refused(plain.send, "*hi*", "text/markdown")[2]
    assert rich.transcript()[2]["ContentType"] == "text/markdown"
    for types in (["text/markdown"], ["text/plain", "text/html"]):
        assert refused(centre.call, echo, SupportedMessagingContentTypes=types)[0] == "InvalidRequestException"


def test_a_chat_begins_with_a_message(centre: Centre) -> None:
    flow = centre.flow(say("hello", "You said $.Media.InitialMessage", "wait"), wait("wait", "bye"), BYE)
    ann = centre.begin(flow, InitialMessage={"ContentType": "text/plain", "Content": "Help!"})

    assert ann.read() == ["Help!", "You said Help!", "participant.joined"]
    assert ann.transcript()[0]["ParticipantRole"] == "CUSTOMER"


# --- the transcript


@pytest.fixture(scope="module")
def talk(centre: Centre) -> Any:
    ann = centre.begin(centre.flow(wait("wait", "bye"), BYE))
    for number in range(1, 25):
        ann.send(str(number))
    return ann


def test_the_newest_ten_come_first_unless_asked_otherwise(talk: Any) -> None:
    page = talk.page()

    assert [words(item) for item in page["Transcript"]] == [str(number) for number in range(24, 14, -1)]
    assert page["InitialContactId"] == talk.contact


@pytest.mark.parametrize("direction", ["BACKWARD", "FORWARD"])
@pytest.mark.parametrize("order", ["ASCENDING", "DESCENDING"])
def test_pages_are_whole_and_do_not_overlap(talk: Any, direction: str, order: str) -> None:
    pages, token = [], {}
    for _ in range(9):
        page = talk.page(MaxResults=7, ScanDirection=direction, SortOrder=order, **token)
        pages.append([words(item) for item in page["Transcript"]])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}

    assert [len(page) for page in pages] == [7, 7, 7, 4]
    whole = ["participant.joined", *(str(number) for number in range(1, 25))]
    straight = [page if order == "ASCENDING" else page[::-1] for page in pages]
    assert list(chain.from_iterable(straight if direction == "FORWARD" else straight[::-1])) == whole


def test_a_page_begins_where_it_is_asked_to(talk: Any) -> None:
    fifth = next(item for item in talk.transcript() if item.get("Content") == "5")

    def read(**asked: Any) -> list[str]:
        return [words(item) for item in talk.page(SortOrder="ASCENDING", MaxResults=3, **asked)["Transcript"]]

    assert read(StartPosition={"Id": fifth["Id"]}) == ["5", "6", "7"]
    assert read(StartPosition={"Id": fifth["Id"]}, ScanDirection="BACKWARD") == ["3", "4", "5"]
    assert read(StartPosition={"AbsoluteTime": fifth["AbsoluteTime"]})[0] in "12345"
    assert read(StartPosition={"AbsoluteTime": "2001-01-01T00:00:00.000Z"}, ScanDirection="BACKWARD") == []
    assert read(StartPosition={"MostRecent": 2}) == ["23", "24"]
    assert read(ContactId=talk.contact) == ["22", "23", "24"]
    assert read(ContactId=str(uuid.uuid4())) == []


@pytest.mark.parametrize(
    "asked", [{"NextToken": "eHh4"}, {"StartPosition": {"Id": "no"}}, {"StartPosition": {"AbsoluteTime": "today"}}]
)
def test_a_page_that_cannot_be_found_is_refused(talk: Any, asked: dict[str, Any]) -> None:
    assert refused(talk.page, **asked)[0] == "ValidationException"


# --- frames


def test_frames_are_answered_as_the_client_expects(centre: Centre, echo: str) -> None:
    socket = Socket(centre.call(echo).connect()["Websocket"]["Url"], subscribes=False)

    assert socket.ask({"topic": "aws/ping"}) == {"topic": "aws/ping", "statusCode": 200, "statusContent": "OK"}
    assert socket.ask({"topic": "aws/heartbeat"}) == {"topic": "aws/heartbeat"}
    assert socket.ask({"topic": "aws/subscribe", "content": {"topics": ["x"]}})["content"]["status"] == "failure"
    assert socket.ask(SUBSCRIBE) == {
        "topic": "aws/subscribe", "content": {"status": "success", "topics": ["aws/chat"]}
    }  # fmt: skip
    for nonsense in ("x", "[]", '{"topic": 1}', "{" * 1_000):
        assert socket.ask(nonsense)["message"] == "Forbidden"


def test_nothing_comes_before_the_subscription(centre: Centre, echo: str) -> None:
    ann = centre.call(echo)
    socket = Socket(ann.connect()["Websocket"]["Url"], subscribes=False)
    ann.send("one")
    assert socket.ask(SUBSCRIBE)["topic"] == "aws/subscribe"
    ann.send("two")

    assert [words(item) for item in socket.until_said("I hear you")] == ["two", "I hear you"]


def test_a_socket_is_opened_once_by_its_url(centre: Centre, echo: str) -> None:
    url = centre.call(echo).connect()["Websocket"]["Url"]
    Socket(url).close()

    for wrong in (url, url + "x", url.partition("?")[0], url.replace("/participant/", "/other/")):
        with pytest.raises(InvalidStatus):
            Socket(wrong)


def test_nobody_has_more_than_five_sockets(centre: Centre, echo: str) -> None:
    ann = centre.call(echo)
    sockets = [ann.socket() for _ in range(5)]
    with pytest.raises(InvalidStatus):
        ann.socket()
    sockets[0].close()
    ann.send("still here")

    assert sockets[4].until_said("I hear you")


def test_two_sockets_are_both_fed_and_a_new_one_goes_on(centre: Centre, echo: str) -> None:
    ann = centre.call(echo)
    first, second = ann.socket(), ann.socket()
    ann.send("one")
    both = [[words(item) for item in socket.until_said("I hear you")] for socket in (first, second)]
    first.close()
    second.close()
    ann.send("two")  # while nobody listens
    third = ann.socket()
    ann.send("three")

    assert both == [["one", "I hear you"]] * 2
    assert [words(item) for item in third.until_said("I hear you")] == ["three", "I hear you"]
    assert ann.read()[2:] == ["one", "I hear you", "two", "I hear you", "three", "I hear you"]


# --- events


def test_typing_is_told_to_the_others_and_kept_nowhere(centre: Centre, echo: str) -> None:
    ann = centre.call(echo)
    bot = centre.join(ann.contact, "CUSTOM_BOT", "Robbie")
    mine, other = ann.socket(), bot.socket()
    bot.tell("typing")
    ann.tell("typing")
    ann.send("done")

    assert [words(item) for item in mine.until_said("done")] == ["participant.joined", "typing", "done"]
    typed = next(item for item in other.until_said("done") if words(item) == "typing")
    assert typed.items() >= {"Type": "EVENT", "ParticipantId": ann.id, "DisplayName": "Ann"}.items()
    assert "typing" not in ann.read()


def test_receipts_reach_the_author_and_stay_in_the_transcript(centre: Centre, echo: str) -> None:
    """Clients repeat one ClientToken for all receipts of a kind."""
    ann = centre.call(echo)
    bot = centre.join(ann.contact, "CUSTOM_BOT", "Robbie")
    mine, other = ann.socket(), bot.socket()
    first, second = ann.send("one")["Id"], ann.send("two")["Id"]
    for message in (first, second):
        content = json.dumps({"messageId": message})
        bot.tell("message.delivered", content, ClientToken="INCOMING_DELIVERED_RECEIPT")
        bot.tell("message.read", content, ClientToken="INCOMING_READ_RECEIPT")
        bot.tell("message.read", content, ClientToken="INCOMING_READ_RECEIPT")
    ann.send("done")
    told = [item for item in mine.until_said("done") if item["Type"] == "MESSAGEMETADATA"]

    assert [item["MessageMetadata"]["MessageId"] for item in told] == [first, first, second, second]
    receipt = told[1]["MessageMetadata"]["Receipts"][0]
    assert receipt["RecipientParticipantId"] == bot.id
    assert set(receipt) == {"RecipientParticipantId", "DeliveredTimestamp", "ReadTimestamp"}
    kept = {item["Id"]: item.get("MessageMetadata") for item in ann.transcript()}
    assert kept[first]["Receipts"] == [receipt]
    assert not [item for item in other.until_said("done") if item["Type"] == "MESSAGEMETADATA"]


def test_receipts_are_for_messages_of_others_in_this_chat(centre: Centre, echo: str) -> None:
    ann, bob = centre.begin(echo), centre.begin(echo, "Bob")
    mine, his = ann.send("mine")["Id"], bob.send("his")["Id"]

    for content in ("", "x", "{}", json.dumps({"messageId": his}), json.dumps({"messageId": mine})):
        assert refused(ann.tell, "message.read", content)[0] == "ValidationException"
    assert refused(ann.tell, "participant.joined")[0] == "ValidationException"


def test_more_than_two_have_no_receipts(centre: Centre, echo: str) -> None:
    ann = centre.begin(echo)
    others = [centre.join(ann.contact, role, role) for role in ("CUSTOM_BOT", "SUPERVISOR")]
    for other in others:
        other.connect()
    content = json.dumps({"messageId": ann.send("hi")["Id"]})

    assert refused(others[0].tell, "message.read", content)[:2] == ("ConflictException", 409)


# --- interactive messages


def test_a_template_is_an_interactive_message_and_its_answer_a_message(centre: Centre) -> None:
    flow = centre.flow(say("ask", LIST_PICKER, "wait"), wait("wait", "bye", CustomerReturned="back"), *ECHO[2:])
    ann = centre.begin(flow)
    content = {"templateType": "ListPicker", "version": "1.0", "data": {"content": {"title": "2"}}}
    ann.send(json.dumps(content), RESPONSE)
    items = ann.transcript()

    assert items[0]["ContentType"] == INTERACTIVE
    assert json.loads(items[0]["Content"])["data"]["content"]["title"] == "Which?"
    assert items[2]["ContentType"] == RESPONSE
    assert words(items[3]) == "I hear you"


def test_a_view_is_shown_described_and_answered(centre: Centre) -> None:
    template = {"Head": {"Title": "t"}, "Body": [{"_id": "b", "Type": "Button", "Props": {}, "Content": ["Go"]}]}
    view = centre.connect.create_view(
        InstanceId=centre.id, Status="PUBLISHED", Name=f"view {uuid.uuid4().hex[:8]}",
        Content={"Template": json.dumps(template), "Actions": ["Go"]},
    )["View"]  # fmt: skip
    errors = dict.fromkeys(("NoMatchingError", "NoMatchingCondition", "TimeLimitExceeded"), "bye")
    flow = centre.flow(
        wait("wait", "bye", CustomerReturned="show"),
        act(
            "show", "ShowView",
            {"ViewResource": {"Id": view["Arn"]}, "InvocationTimeLimitSeconds": "60", "ViewData": {"a": "b"}}, "bye",
            when={"Go": "went"}, errors=errors,
        ),
        say("went", "You went to $.Views.ViewResultData.to", "bye"),
        BYE,
    )  # fmt: skip
    ann = centre.call(flow)
    socket = ann.socket()
    ann.send("go")
    content = json.loads(socket.until(lambda item: item["ContentType"] == INTERACTIVE)[-1]["Content"])
    found = centre.participant.describe_view(ViewToken=content["viewToken"], ConnectionToken=ann.token)["View"]
    answer = {"templateType": "ViewResource", "version": "1.0", "action": "Go", "data": {"content": {"to": "sea"}}}
    ann.send(json.dumps(answer), RESPONSE)

    assert (found["Id"], found["Name"]) == (view["Id"], view["Name"])
    assert json.loads(found["Content"]["Template"]) == template
    assert socket.until_said("You went to sea")
    other = centre.begin(flow)
    code = refused(centre.participant.describe_view, ViewToken=content["viewToken"], ConnectionToken=other.token)[0]
    assert code == "ResourceNotFoundException"


# --- attachments


def put(url: str, data: bytes, **headers: str) -> int:
    """The status of putting the bytes there."""
    request = urllib.request.Request(url, data, {key.replace("_", "-"): text for key, text in headers.items()})
    request.method = "PUT"
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def announce(person: Any, name: str = "../../a b.txt", kind: str = "text/plain", size: int = 5, **more: Any) -> Any:
    return person.centre.participant.start_attachment_upload(
        ContentType=kind, AttachmentSizeInBytes=size, AttachmentName=name, ConnectionToken=person.token, **more
    )


def complete(person: Any, attachment: str) -> None:
    person.centre.participant.complete_attachment_upload(AttachmentIds=[attachment], ConnectionToken=person.token)


def test_a_file_goes_into_the_chat_and_comes_out_again(centre: Centre, echo: str) -> None:
    ann = centre.call(echo)
    socket = ann.socket()
    started = announce(ann)
    upload = started["UploadMetadata"]
    assert refused(complete, ann, started["AttachmentId"])[:2] == ("ConflictException", 409)
    assert put(upload["Url"], b"hello", Content_Type=upload["HeadersToInclude"]["Content-Type"]) == 200
    complete(ann, started["AttachmentId"])
    complete(ann, started["AttachmentId"])
    item = socket.until(lambda item: item["Type"] == "ATTACHMENT")[-1]
    got = centre.participant.get_attachment(AttachmentId=started["AttachmentId"], ConnectionToken=ann.token)

    assert item["Attachments"] == [
        {
            "AttachmentId": started["AttachmentId"], "AttachmentName": "../../a b.txt", "ContentType": "text/plain",
            "Status": "APPROVED",
        }
    ]  # fmt: skip
    with urllib.request.urlopen(got["Url"]) as answer:
        assert answer.read() == b"hello"
        assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''..%2F..%2Fa%20b.txt"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert got["AttachmentSizeInBytes"] == 5
    files = {path.name for path in (centre.server.folder / ".offhook" / "attachments").iterdir()}
    assert started["AttachmentId"] in files
    assert [item["Type"] for item in ann.transcript()].count("ATTACHMENT") == 1
    assert put(upload["Url"], b"other", Content_Type="text/plain") == 409


@pytest.mark.parametrize(
    ("name", "kind", "size", "said"),
    [
        ("a.exe", "application/x-msdownload", 5, "ContentType"),
        ("a.exe", "text/plain", 5, "ends in .txt"),
        ("a.txt", "text/plain", 20_971_521, "at most 20971520"),
    ],
)
def test_files_that_are_not_taken_are_refused_at_once(
    centre: Centre, echo: str, name: str, kind: str, size: int, said: str
) -> None:
    code, _, message = refused(announce, centre.begin(echo), name, kind, size)

    assert code == "ValidationException"
    assert said in message


def test_a_file_must_be_what_was_announced(centre: Centre, echo: str) -> None:
    ann = centre.begin(echo)
    url = announce(ann)["UploadMetadata"]["Url"]
    picture = announce(ann, "a.png", "image/png", 5)["UploadMetadata"]["Url"]

    assert put(url, b"hell", Content_Type="text/plain") == 400
    assert put(url, b"hello!", Content_Type="text/plain") == 400
    assert put(url, b"hello", Content_Type="text/html") == 400
    assert put(url + "x", b"hello", Content_Type="text/plain") == 403
    assert put(picture, b"<html", Content_Type="image/png") == 400
    folder = centre.server.folder / ".offhook" / "attachments"
    assert not list(folder.glob("*.part"))


def test_files_of_another_chat_cannot_be_had(centre: Centre, echo: str) -> None:
    ann, bob = centre.begin(echo), centre.begin(echo, "Bob")
    bot = centre.join(ann.contact, "CUSTOM_BOT", "Robbie")
    bot.connect()
    started = announce(ann)
    put(started["UploadMetadata"]["Url"], b"hello", Content_Type="text/plain")
    complete(ann, started["AttachmentId"])
    get = centre.participant.get_attachment

    assert refused(get, AttachmentId=started["AttachmentId"], ConnectionToken=bob.token)[0] == "ValidationException"
    assert refused(get, AttachmentId=started["AttachmentId"], ConnectionToken=bot.token)[0] == "AccessDeniedException"
    assert refused(complete, bob, started["AttachmentId"])[0] == "ValidationException"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{centre.server.url}/offhook/attachments/{started['AttachmentId']}")
    with caught.value as error:
        assert error.code == 403


# --- bots and agents


def test_a_flow_waits_until_the_bot_has_left(centre: Centre) -> None:
    flow = centre.flow(
        wait("wait", "bye", CustomerReturned="bot"),
        wait("bot", "bye", BotParticipantDisconnected="left"),
        say("left", "The bot is gone", "bye"),
        BYE,
    )
    ann = centre.call(flow)
    socket = ann.socket()
    bot = centre.join(ann.contact, "CUSTOM_BOT", "Robbie")
    bot.connect()
    ann.send("start")
    bot.send("I am a bot")
    bot.leave()
    heard = [words(item) for item in socket.until_said("chat.ended")]

    assert heard == ["participant.joined", "start", "I am a bot", "participant.left", "The bot is gone", "chat.ended"]


def test_who_leaves_a_chat_that_goes_on_hears_that_it_is_over_for_them(centre: Centre, echo: str) -> None:
    ann = centre.begin(echo)
    bot = centre.join(ann.contact, "CUSTOM_BOT", "Robbie")
    socket = bot.socket()
    bot.leave()

    assert [words(item) for item in socket.until_said("chat.ended")] == ["participant.left", "chat.ended"]
    assert "chat.ended" not in ann.read()
    assert refused(bot.page)[0] == "AccessDeniedException"


def test_a_second_customer_may_leave_while_the_first_goes_on(centre: Centre, echo: str) -> None:
    ann = centre.begin(echo)
    bob = centre.join(ann.contact, "CUSTOMER", "Bob")
    bob.connect()
    bob.send("me too")
    bob.leave()
    ann.send("and now?")

    assert ann.read()[2:] == [
        "participant.joined", "me too", "I hear you", "participant.left", "and now?", "I hear you"
    ]  # fmt: skip


def test_an_agent_accepts_a_chat_by_connecting(centre: Centre) -> None:
    queue, arn = centre.queue()
    agent = centre.agent(queue)
    ann = centre.call(centre.to_queue(arn))
    socket = ann.socket()
    jane = centre.join(ann.contact, "AGENT", "Jane")
    centre.participant.create_participant_connection(
        Type=["CONNECTION_CREDENTIALS"], ParticipantToken=jane.participant_token
    )
    jane.connect(ConnectParticipant=True)
    jane.send("Hi, this is Jane")
    heard = socket.until_said("Hi, this is Jane")
    described = centre.connect.describe_contact(InstanceId=centre.id, ContactId=ann.contact)["Contact"]
    jane.leave()
    heard += socket.until_said("chat.ended")

    assert [words(item) for item in heard] == [
        "participant.joined", "Hi, this is Jane", "participant.left", "chat.ended"
    ]  # fmt: skip
    assert heard[0].items() >= {"ParticipantRole": "AGENT", "DisplayName": "Jane", "ParticipantId": jane.id}.items()
    assert described["AgentInfo"]["Id"] == agent
    ended = centre.connect.describe_contact(InstanceId=centre.id, ContactId=ann.contact)["Contact"]
    assert ended["DisconnectReason"] == "AGENT_DISCONNECT"


def test_an_agent_says_nothing_before_accepting(centre: Centre) -> None:
    queue, arn = centre.queue()
    centre.agent(queue)
    ann = centre.begin(centre.to_queue(arn))
    jane = centre.join(ann.contact, "AGENT", "Jane")
    jane.connect()

    assert refused(jane.send, "hello")[0] == "AccessDeniedException"
    jane.tell("connection.acknowledged")
    jane.send("hello")
    assert ann.read() == ["participant.joined", "participant.joined", "hello"]


def test_the_customer_who_ends_the_chat_may_go_on_into_a_survey(centre: Centre) -> None:
    queue, arn = centre.queue()
    centre.agent(queue)
    survey = centre.flow(say("how", "How was it?", "wait"), wait("wait", "bye", CustomerReturned="bye"), BYE)
    survey_arn = centre.connect.describe_contact_flow(InstanceId=centre.id, ContactFlowId=survey)["ContactFlow"]["Arn"]
    flow = centre.flow(
        act(
            "hook", "UpdateContactEventHooks", {"EventHooks": {"CustomerRemaining": survey_arn}}, "set",
            errors={"NoMatchingError": "bye"},
        ),
        act("set", "UpdateContactTargetQueue", {"QueueId": arn}, "go", errors={"NoMatchingError": "bye"}),
        act("go", "TransferContactToQueue", {}, "bye", errors={"NoMatchingError": "bye", "QueueAtCapacity": "bye"}),
        BYE,
    )  # fmt: skip
    ann = centre.call(flow, DisconnectOnCustomerExit=["AGENT"])
    socket = ann.socket()
    jane = centre.join(ann.contact, "AGENT", "Jane")
    jane.connect(ConnectParticipant=True)
    ann.leave()
    heard = socket.until_said("How was it?")
    ann.send("Fine")
    heard += socket.until_said("chat.ended")

    assert [words(item) for item in heard][1:] == ["participant.left", "How was it?", "Fine", "chat.ended"]
    assert heard[2]["ContactId"] != ann.contact == heard[2]["InitialContactId"]


@pytest.mark.parametrize("role", ["SYSTEM", None, "AGENT"])
def test_who_cannot_take_part_is_refused(centre: Centre, echo: str, role: str | None) -> None:
    ann = centre.begin(echo)
    details = {"DisplayName": "x"} if role is None else {"DisplayName": "x", "ParticipantRole": role}
    create = centre.connect.create_participant

    code = refused(create, InstanceId=centre.id, ContactId=ann.contact, ParticipantDetails=details)[0]
    assert code == "InvalidRequestException"


def test_timers_are_set_and_refused(centre: Centre, echo: str) -> None:
    ann = centre.begin(echo)

    def set_timers(*timers: tuple[str, str, dict[str, Any]], contact: str = ann.contact) -> None:
        config = [
            {"ParticipantRole": role, "TimerType": kind, "TimerValue": value} for role, kind, value in timers
        ]  # fmt: skip
        centre.unchecked.update_participant_role_config(
            InstanceId=centre.id, ContactId=contact,
            ChannelConfiguration={"Chat": {"ParticipantTimerConfigList": config}},
        )  # fmt: skip

    minutes, unset = {"ParticipantTimerDurationInMinutes": 2}, {"ParticipantTimerAction": "Unset"}
    set_timers(("CUSTOMER", "IDLE", minutes), ("AGENT", "DISCONNECT_NONCUSTOMER", minutes))
    set_timers(("CUSTOMER", "IDLE", unset))

    twice = ("CUSTOMER", "IDLE", minutes)
    assert refused(set_timers, twice, twice)[0] == "InvalidParameterException"
    assert refused(set_timers, ("CUSTOMER", "IDLE", {"ParticipantTimerDurationInMinutes": 1}))[0] == (
        "InvalidParameterException"
    )
    assert refused(set_timers, twice, contact=str(uuid.uuid4()))[0] == "ResourceNotFoundException"


# --- chats that go on


def test_a_chat_goes_on_where_an_earlier_one_ended(centre: Centre, echo: str) -> None:
    first = centre.begin(echo, "Ann", Attributes={"name": "Ann", "order": "17"})
    first.send("remember me")
    first.leave()
    past = {"SourceContactId": first.contact}

    second = centre.call(
        echo, "Ann", PersistentChat={"RehydrationType": "ENTIRE_PAST_SESSION", **past}, Attributes={"name": "Annie"}
    )
    second.connect()
    third_past = {"RehydrationType": "FROM_SEGMENT", "SourceContactId": second.contact}
    open_yet = refused(centre.call, echo, "Ann", PersistentChat=third_past)
    second.leave()
    third = centre.begin(echo, "Ann", PersistentChat=third_past)

    assert second.made["ContinuedFromContactId"] == first.contact
    assert open_yet[0] == "InvalidRequestException"
    items = third.transcript()
    assert [words(item) for item in items] == [
        "Hello Ann", "participant.joined", "remember me", "I hear you", "participant.left", "chat.ended",
        "chat.rehydrated", "Hello Annie", "participant.joined", "participant.left", "chat.ended",
        "chat.rehydrated", "Hello Ann", "participant.joined",
    ]  # fmt: skip
    assert items[2]["RelatedContactId"] == first.contact
    assert "ContactId" not in items[2]
    assert items[-1]["ContactId"] == third.contact
    attributes = centre.connect.get_contact_attributes(InstanceId=centre.id, InitialContactId=second.contact)
    assert attributes["Attributes"] == {"name": "Annie", "order": "17"}


def test_nobody_goes_on_from_what_is_no_chat_of_the_instance(centre: Centre, echo: str) -> None:
    other = Centre(centre.server)
    theirs = other.begin(other.flow(*ECHO))
    theirs.leave()
    for source in (theirs.contact, str(uuid.uuid4())):
        past = {"RehydrationType": "FROM_SEGMENT", "SourceContactId": source}
        assert refused(centre.call, echo, PersistentChat=past)[0] == "ResourceNotFoundException"


# --- the way for widgets


def post(centre: Centre, body: Any) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(f"{centre.server.url}/offhook/chat", data, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_a_widget_begins_a_chat_as_chat_interface_does(centre: Centre, echo: str) -> None:
    asked = {
        "InstanceId": centre.id, "ContactFlowId": echo, "ParticipantDetails": {"DisplayName": "Wanda"},
        "Username": "Wanda", "Attributes": json.dumps({"name": "Wanda"}), "InitialMessage": "",
        "SupportedMessagingContentTypes": ALL_TYPES[:2],
    }  # fmt: skip
    status, answer = post(centre, asked)
    begun = answer["data"]["startChatResult"]
    made = centre.participant.create_participant_connection(
        Type=["CONNECTION_CREDENTIALS"], ParticipantToken=begun["ParticipantToken"]
    )
    token = made["ConnectionCredentials"]["ConnectionToken"]

    assert status == 200
    read = centre.participant.get_transcript(ConnectionToken=token, SortOrder="ASCENDING")["Transcript"]
    assert words(read[0]) == "Hello Wanda"


def test_a_widget_is_told_what_is_wrong(centre: Centre, echo: str) -> None:
    details = {"DisplayName": "W"}
    asked = {"InstanceId": centre.id, "ContactFlowId": echo, "ParticipantDetails": details}

    assert post(centre, b"x") == (400, {"message": "The request is not JSON.", "code": "InvalidRequestException"})
    assert post(centre, b"[" * 100_000)[0] == 400
    assert post(centre, b" " * 200_000)[0] == 413
    assert post(centre, {**asked, "Attributes": "x"})[0] == 400
    assert post(centre, {**asked, "Attributes": {"a": 1}})[1]["code"] == "InvalidParameterException"
    assert post(centre, {**asked, "InstanceId": str(uuid.uuid4())})[0] == 404
    assert post(centre, {**asked, "ContactFlowId": "nowhere"})[1]["code"] == "ResourceNotFoundException"


def test_the_page_is_there_with_its_client_and_its_licence(centre: Centre) -> None:
    for name, kind in (
        ("", "text/html"), ("page.js", "text/javascript"), ("amazon-connect-chatjs-5.0.0.js", "text/javascript"),
        ("amazon-connect-chatjs-LICENSE.txt", "text/plain"), ("flows.json", "application/json"),
    ):  # fmt: skip
        with urllib.request.urlopen(f"{centre.server.url}/offhook/chat/{name}") as answer:
            assert answer.headers["content-type"].startswith(kind)
    for name in ("..%2fweb.py", "%2e%2e/web.py", "other.js"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{centre.server.url}/offhook/chat/{name}")
        with caught.value as error:
            assert error.code == 404
    with pytest.raises(urllib.error.HTTPError) as caught:
        foreign = {"Origin": "https://example.com"}
        urllib.request.urlopen(urllib.request.Request(f"{centre.server.url}/offhook/chat/", headers=foreign))
    with caught.value as error:
        assert error.code == 403


def test_events_have_the_names_that_clients_know(centre: Centre, echo: str) -> None:
    ann = centre.begin(echo)

    assert [item["ContentType"] for item in ann.transcript() if item["Type"] == "EVENT"] == [
        EVENT + "participant.joined"
    ]
