"""The flows that `offhook init` writes: each is run by a scripted customer, who hears what the flow is there to show.

What runs in the queue and with agents has its place at the end.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import call

SUNDAY = "2026-01-04T10:00:00-05:00"
HOLD = "Please hold. You are being put through."
CLOSED = "We are closed now. We are here from nine to five, Monday to Friday, in New York."
GOODBYE = "Thank you for trying the sample line. Goodbye."
ENTER = "Please enter your account number, and then press the pound key."
LOST = "Sorry, your number could not be encrypted, and so it was not kept."
NUMBER = "Enter the number at which we may call you, and then press the pound key."
PROMISE = "We will call you as soon as it is your turn. Goodbye."


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of a contact before it joined a queue, or to its end. `said` is what blocks said, in order.

    `flows`: the flows it ran through. `branches`: how each block was left, the last time. `set`: what blocks have set.
    `queue`: the queue that it joined, empty for none.
    """

    said: list[str]
    flows: list[str]
    branches: dict[str, str]
    set: dict[str, Any]
    queue: str = ""

    @property
    def attributes(self) -> dict[str, str]:
        found: dict[str, str] = self.set.get("attributes", {})
        return found


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    assert call("init", str(folder)).code == 0
    return folder


@pytest.fixture(autouse=True)
def _in_the_sample(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test is in a project that `offhook init` has written."""
    monkeypatch.chdir(sample)


def run(flow: str, *arguments: str) -> Heard:
    """One contact; without inputs the customer is silent."""
    scripted = any(each in ("--press", "--input", "--silent") for each in arguments)
    called = call("run", flow, "--json", *arguments, *([] if scripted else ["--silent"]))
    assert called.code == 0, called.err or called.out
    return _heard([json.loads(line) for line in called.out.splitlines()])


def _heard(events: list[dict[str, Any]]) -> Heard:
    said: list[str] = []
    flows: dict[str, None] = {}
    branches: dict[str, str] = {}
    values: dict[str, Any] = {}
    for event in events:
        if "flow_name" in event:
            flows[event["flow_name"]] = None
        if event["type"] == "said":
            said.append(event["text"])
        if event["type"] == "block.left":
            branches[event["action"]] = event.get("branch") or event["error"]
            values |= event.get("set", {})
            if event["block"] == "TransferContactToQueue" and event.get("branch") == "End":
                return Heard(said, list(flows), branches, values, values["queue"]["name"])
    return Heard(said, list(flows), branches, values)


# --- where a contact comes in ---


@pytest.mark.parametrize(
    ("key", "leads_to"),
    [
        ("1", "Queue a customer"),
        ("2", "Secure input without agent"),
        ("3", "AB test"),
        ("4", "Screen-pop note"),
        ("5", "Queued callback"),
        ("6", "Recording behavior"),
        ("7", "Lambda integration"),
        ("8", "Customer queue priority"),
        ("9", "Queue configurations"),
    ],
)
def test_each_key_leads_to_a_sample(key: str, leads_to: str) -> None:
    heard = run("+15550100001", "--press", key)

    assert heard.said[0].startswith("Welcome. To speak with somebody, press 1. ")
    assert heard.flows[:2] == ["Inbound", leads_to]


def test_a_caller_who_says_nothing_is_asked_three_times() -> None:
    heard = run("Inbound", "--input", "0")

    assert [text[:8] for text in heard.said] == [
        "Welcome.",
        "That is ",
        "Welcome.",
        "We did n",
        "Welcome.",
        "We did n",
        "Thank yo",
    ]
    assert heard.flows == ["Inbound", "Goodbye"]


@pytest.mark.parametrize("channel", ["chat", "task"])
def test_who_does_not_call_goes_straight_to_the_queue(channel: str) -> None:
    heard = run("Inbound", "--channel", channel)

    assert heard.flows == ["Inbound", "Queue a customer"]
    assert heard.queue == "BasicQueue"


# --- the samples ---


@pytest.mark.parametrize(
    ("seed", "group", "greeting"),
    [
        ("2", "A", "You are in group A, which is greeted briefly: hello."),
        (
            "1",
            "B",
            "You are in group B, which is greeted at length: a very good day to you, "
            "and thank you for taking the time to call.",
        ),
    ],
)
def test_the_ab_test_greets_each_group_in_its_way_and_notes_it(seed: str, group: str, greeting: str) -> None:
    heard = run("AB test", "--seed", seed)

    assert heard.said == [greeting, GOODBYE]
    assert heard.attributes == {"group": group}


def test_the_ab_test_halves_the_contacts() -> None:
    groups = [run("AB test", "--seed", str(seed)).attributes["group"] for seed in range(40)]

    assert 10 < groups.count("A") < 30


@pytest.mark.parametrize(
    ("keys", "says", "branch"),
    [
        (["--press", "1"], ["You are now at the front of the queue."], "Equals 1"),
        (["--press", "2"], ["You are now ten minutes ahead in the queue."], "Equals 2"),
        (["--press", "5"], [], "NoMatchingCondition"),
        ([], [], "InputTimeLimitExceeded"),
    ],
)
def test_a_caller_may_move_ahead_in_the_queue(keys: list[str], says: list[str], branch: str) -> None:
    heard = run("Customer queue priority", *keys)

    assert heard.said[1:] == [*says, HOLD]
    assert heard.branches["Ask how urgent it is"] == branch
    assert heard.queue == "BasicQueue"


def test_a_customer_is_queued_and_what_runs_then_is_set() -> None:
    heard = run("Queue a customer")

    assert heard.said == [HOLD]
    assert heard.queue == "BasicQueue"
    assert sorted(heard.set["hooks"]) == ["CustomerQueue", "CustomerRemaining"]


def test_nobody_is_queued_out_of_hours() -> None:
    heard = run("Queue a customer", "--at", SUNDAY)

    assert heard.said == [CLOSED]
    assert heard.queue == ""


def test_a_full_queue_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("init").code == 0
    file = tmp_path / "offhook.toml"
    file.write_text(file.read_text("utf-8").replace("max_contacts = 10", "max_contacts = 0"), "utf-8")

    heard = [run("Queue a customer"), run("Queue configurations", "--channel", "chat")]

    assert [each.said[-1] for each in heard] == [
        "Everybody is busy, and the queue is full. Please try again later."
    ] * 2
    assert [each.branches["Into the queue"] for each in heard] == ["QueueAtCapacity"] * 2


@pytest.mark.parametrize("key", ["1", "2"])
def test_with_nobody_waiting_the_wait_is_short(key: str) -> None:
    heard = run("Queue configurations", "--press", key)

    assert heard.said == [
        "To go to the front of the queue, press 1. To go to the end, press 2.",
        "The wait is less than five minutes.",
    ]
    assert heard.queue == "BasicQueue"


def test_a_chat_is_queued_without_questions_and_nobody_on_sundays() -> None:
    assert run("Queue configurations", "--channel", "chat").said == []
    assert run("Queue configurations", "--channel", "chat").queue == "BasicQueue"
    assert run("Queue configurations", "--at", SUNDAY).said == [CLOSED]


@pytest.mark.parametrize(
    ("inputs", "number"),
    [
        (["1"], "+12065550100"),
        (["silence"], "+12065550100"),
        (["2", "2065550101#"], "+12065550101"),
        (["2", "12#", "2065550101#"], "+12065550101"),
    ],
)
def test_a_callback_is_queued_for_the_number_that_is_wanted(inputs: list[str], number: str) -> None:
    heard = run("Queued callback", *(word for text in inputs for word in ("--input", text)))

    assert heard.said[-1] == PROMISE
    assert heard.said.count(NUMBER) == len(inputs) - 1
    assert heard.set["callback_number"] == number


def test_who_enters_no_number_is_asked_three_times() -> None:
    heard = run("Queued callback", *("--input", "2"), *("--input", "1#") * 3)

    assert heard.said[1:] == [NUMBER, "That is no number that we can call."] * 3 + ["Sorry, we cannot call you back."]


@pytest.mark.parametrize(
    ("keys", "recorded", "said"),
    [
        (["--press", "1"], ["Agent", "Customer"], "You and the agent are recorded."),
        (["--press", "2"], ["Agent"], "The agent alone is recorded."),
        (["--press", "3"], ["Customer"], "You alone are recorded."),
        (["--press", "4"], [], "Nobody is recorded."),
        ([], [], "Nobody is recorded."),
    ],
)
def test_a_caller_says_who_is_recorded(keys: list[str], recorded: list[str], said: str) -> None:
    heard = run("Recording behavior", *keys)

    assert heard.said[1:] == [said, HOLD]
    assert heard.set["recording"]["RecordingBehavior"]["RecordedParticipants"] == recorded
    assert heard.queue == "BasicQueue"


@pytest.mark.parametrize(
    ("keys", "topic"), [(["--press", "1"], "an order"), (["--press", "2"], "a bill"), ([], "something else")]
)
def test_the_agent_will_see_a_note_and_a_page(keys: list[str], topic: str) -> None:
    heard = run("Screen-pop note", "--from", "+12065550123", *keys)

    assert heard.said[1:] == ["Thank you. Whoever takes your call will see a note.", HOLD]
    assert heard.attributes == {
        "topic": topic,
        "screenPopNote": f"+12065550123 calls about {topic}.",
        "screenPopURL": "https://crm.example.com/customers?phone=+12065550123",
    }


# --- secret numbers ---


def _can_encrypt() -> bool:
    try:
        import aws_encryption_sdk  # noqa: F401
    except ImportError:
        return False
    return True


def test_a_secret_number_is_kept_where_it_can_be_encrypted_and_shown_nowhere() -> None:
    heard = run("Secure input without agent", "--input", "4111111111#")

    kept = "Thank you. Your number is kept, and only those who have the key can read it."
    assert heard.said == [ENTER, kept if _can_encrypt() else LOST, GOODBYE]
    assert "4111111111" not in str(heard)


def test_without_the_extra_the_caller_hears_that_the_number_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aws_encryption_sdk", None)

    heard = run("Secure input without agent", "--input", "4111111111#")

    assert heard.said == [ENTER, LOST, GOODBYE]
    assert heard.branches["Take the number"] == "NoMatchingError"
    assert "accountNumber" not in heard.attributes


def test_nothing_entered_is_no_number() -> None:
    heard = run("Secure input without agent")

    assert heard.said == [ENTER, "We did not get a number."] * 3 + [GOODBYE]


@pytest.mark.parametrize("channel", ["chat", "task"])
def test_with_an_agent_numbers_are_taken_in_calls_alone(channel: str) -> None:
    heard = run("Secure input with agent", "--channel", channel)

    assert heard.branches["Is it a call"] == "NoMatchingCondition"
    assert heard.said == (["Numbers can be taken in calls alone."] if channel == "chat" else [])


# --- after the agent ---


@pytest.mark.parametrize(
    ("keys", "rating", "said"),
    [
        (["--press", "1"], "good", ["We are glad to hear that. Goodbye."]),
        (["--press", "2"], "bad", ["We are sorry to hear that. Goodbye."]),
        ([], "asked", []),
    ],
)
def test_a_caller_whose_agent_left_is_asked_once(keys: list[str], rating: str, said: list[str]) -> None:
    first = run("Disconnect", *keys)
    again = run("Disconnect", "--attr", f"rating={rating}", *keys)

    assert first.said[1:] == said
    assert first.attributes == {"rating": rating}
    assert again.said == []


def test_a_chat_whose_agent_left_is_closed_after_a_quarter_of_an_hour() -> None:
    heard = run("Disconnect", "--channel", "chat")

    assert heard.said == [
        "Your agent has left. Write within fifteen minutes, and somebody else will be with you.",
        "This chat is closed now.",
    ]
    assert heard.branches["Wait for the customer"] == "Equals WaitCompleted"


def test_a_task_whose_agent_left_is_over() -> None:
    assert run("Disconnect", "--channel", "task").branches == {"Which channel": "NoMatchingCondition", "Hang up": "End"}


# --- in the queue and with agents ---


def test_a_chat_in_the_queue_is_told_to_wait() -> None:
    heard = run("Interruptible queue with callback", "--channel", "chat")

    assert heard.said == ["You are in the queue. Somebody will be with you soon."]
    assert heard.branches["Stay in the queue"] == "End"


def live(flow: str, *arguments: str) -> list[dict[str, Any]]:
    """A whole life with agents: what is told of all its contacts."""
    called = call("run", flow, "--json", *arguments)
    assert called.code == 0, called.err or called.out
    return [json.loads(line) for line in called.out.splitlines()]


def said_on(events: list[dict[str, Any]], line: str = "customer") -> list[str]:
    return [event["text"] for event in events if event["type"] == "said" and event["line"] == line]


def endings(events: list[dict[str, Any]]) -> list[str]:
    return [event["reason"] for event in events if event["type"] == "contact.ended"]


def phases(events: list[dict[str, Any]]) -> list[str]:
    return [event["phase"] for event in events if event["type"] == "contact.phase"]


def test_a_queued_customer_talks_to_the_agent_and_is_asked_then() -> None:
    events = live("Queue a customer", "--agents", "1", "--press", "1")

    assert [each for each in phases(events) if each in ("queued", "connected")] == ["queued", "connected"]
    assert said_on(events, "agent") == ["BasicQueue"]
    assert said_on(events)[-1] == "We are glad to hear that. Goodbye."
    assert endings(events) == ["agent hung up", "disconnected"]


def test_who_waits_may_ask_to_be_called_back() -> None:
    """Half a minute into the queue; then the number is asked for."""
    events = live("Queue a customer", "--agents", "0", "--press", "1,2065550123#", "--patience", "10m")

    methods = [event["initiation_method"] for event in events if event["type"] == "contact.started"]
    assert methods == ["INBOUND", "CALLBACK"]


def test_who_waits_and_does_nothing_hears_music_until_patience_ends() -> None:
    events = live("Queue a customer", "--agents", "0", "--silent", "--patience", "90s")

    assert "To be called back, press 1. To wait without being asked again, press 2." in said_on(events)
    assert endings(events) == ["customer hung up"]


def test_a_queue_flow_that_runs_alone_is_left_when_patience_ends() -> None:
    events = live("Interruptible queue with callback", "--agents", "0", "--silent", "--patience", "90s")

    assert endings(events) == ["customer hung up"]


def test_a_callback_is_made_when_an_agent_is_free() -> None:
    events = live("Queued callback", "--press", "1", "--agents", "1")

    assert endings(events) == ["disconnected", "agent hung up"]
    assert "This call is not recorded." in said_on(events)
    assert "connected" in phases(events)


def test_the_agent_is_on_hold_while_the_number_is_entered(tmp_path: Path) -> None:
    agents = tmp_path / "agents.toml"
    agents.write_text(
        '[agents.jane]\nhandle_time = "5s"\nthen = ["transfer:Card", "wait:60s", "hangup"]\n'
        '[quick_connects.Card]\nqueue = "BasicQueue"\nflow = "Secure input with agent"\n'
    )

    events = live("Queue a customer", "--agents", str(agents), "--input", "4000123412341234#")

    assert "Please enter your account number, and then press the pound key." in said_on(events)
    assert "4000123412341234" not in json.dumps(events)
    assert [each for each in phases(events) if each == "transferring"] == ["transferring"]
