"""The transcript and the summary, read from trace events alone."""

import io
from typing import Any

import pytest
from rich.console import Console

from offhook.cli.summary import Summary
from offhook.cli.terminal import Transcript, clock, console_for, plain, seconds
from offhook.core import trace

PLACE = {"v": trace.VERSION, "contact": "c", "line": "customer", "flow": "arn:flow"}


class Story:
    """Events of one contact, each at its second; `n` is counted."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def add(self, cls: Any, at_seconds: float, action: str = "a", **fields: Any) -> "Story":
        at = f"2026-01-05T15:{int(at_seconds // 60):02d}:{at_seconds % 60:06.3f}Z"
        self.events.append(cls(n=len(self.events) + 1, at=at, action=action, **PLACE, **fields))
        return self

    def start(self, channel: str = "VOICE", **fields: Any) -> "Story":
        return self.add(trace.ContactStarted, 0, "", channel=channel, flow_name="It", **fields)

    def enter(self, at_seconds: float, action: str, block: str = "MessageParticipant", flow: str = "It") -> "Story":
        return self.add(trace.BlockEntered, at_seconds, action, block=block, flow_name=flow)

    def leave(self, at_seconds: float, action: str, block: str = "MessageParticipant", **fields: Any) -> "Story":
        return self.add(trace.BlockLeft, at_seconds, action, block=block, **{"branch": "NextAction", **fields})

    def say(self, at_seconds: float, text: str, **fields: Any) -> "Story":
        return self.add(trace.Said, at_seconds, **{"kind": "text", "voice": "Joanna", **fields}, text=text)

    def call(self, at_seconds: float, request: str, action: str = "a", **fields: Any) -> "Story":
        more = {"attempt": 1, "timeout_ms": 3000, **fields}
        return self.add(trace.FunctionCalled, at_seconds, action, function="f", arn="f", request_id=request, **more)

    def answer(self, at_seconds: float, request: str, **fields: Any) -> "Story":
        more = {"status": 200, "body": "{}", "attempt": 1, "measured": {"took_ms": 20}, **fields}
        return self.add(trace.FunctionEnded, at_seconds, function="f", request_id=request, **more)

    def shown(self, *, full: bool = False, console: Console | None = None) -> list[str]:
        out = io.StringIO()
        transcript = Transcript(console or console_for(out), full=full)
        for event in self.events:
            transcript(event)
        return [line.strip() for line in out.getvalue().splitlines()]

    def summary(self) -> Summary:
        summary = Summary()
        for event in self.events:
            summary(event)
        return summary

    def row(self, name: str) -> list[str]:
        return [text for label, text in self.summary().rows() if label == name]


def terminal(width: int = 40) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=True, width=width, highlight=False, color_system=None), out


# --- the transcript ---


def test_time_is_told_only_where_it_has_moved() -> None:
    story = Story().start().enter(0, "a").say(0, "Hello").enter(1.25, "b").enter(1.28, "c").enter(62, "d")

    assert [line[:7] for line in story.shown()] == ["00:00.0", "Message", "Joanna:", "00:01.2", "Message", "01:02.0"]


def test_an_hour_has_its_own_column() -> None:
    assert clock(3_600_000 + 2_100) == "1:00:02.1"


def test_lengths_of_time_are_readable() -> None:
    assert [seconds(ms) for ms in (0, 999, 1_000, 59_940, 60_000, 724_400)] == [
        "0 ms", "999 ms", "1.0 s", "59.9 s", "1 min 0 s", "12 min 4 s",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("terminator", "> 12  (ended by the terminator)"),
        ("length", "> 12  (all digits entered)"),
        ("interdigit", "> 12  (no further key)"),
        ("something new", "> 12  (something new)"),
        ("hangup", "> hangs up"),
    ],
)
def test_input_is_echoed_with_how_it_ended(by: str, words: str) -> None:
    assert Story().start().add(trace.Input, 1, value="12", by=by).shown()[-1].endswith(words)


def test_no_input_is_said_to_be_none() -> None:
    assert Story().start().add(trace.Input, 5, by="timeout").shown()[-1] == "00:05.0    > nothing  (no key came)"


def test_what_is_said_names_the_voice_and_its_manner() -> None:
    story = Story().start().say(0, "Hi", engine="Neural", style="Newscaster").say(0, "<speak>Hi</speak>", kind="ssml")

    assert story.shown()[1:] == ["Joanna (Neural, Newscaster): Hi", "Joanna: Hi"]
    assert Story().start().say(0, "Beep.wav", kind="prompt").shown()[1] == "Joanna: [prompt Beep.wav]"
    assert Story().start("CHAT").say(0, "Hi").shown()[1] == "message: Hi"


def test_a_function_is_folded_under_its_block_with_what_it_printed() -> None:
    story = Story().start().enter(0, "a").call(0, "r").answer(0, "r", log="one\n\ntwo", body='{"a":1}')

    assert story.shown()[2:] == ['λ f  20 ms  attempt 1  -> {"a":1}', "one", "", "two"]


def test_long_answers_and_long_output_are_cut_and_trace_shows_all() -> None:
    story = Story().start().call(0, "r").answer(0, "r", log="\n".join(["x" * 300] * 12), body="y" * 300)
    short, full = story.shown(), story.shown(full=True)

    assert short[1].endswith("… (300 characters)")
    assert short[2] == "x" * 200 + "… (300 characters)"
    assert short[-1] == "… and 2 more lines; --trace shows them"
    assert full.count("x" * 300) == 12
    assert f"λ f  20 ms  attempt 1  -> {'y' * 300}" in full


def test_a_cold_start_is_told() -> None:
    story = Story().start().call(0, "r").answer(0, "r", measured={"took_ms": 50, "init_ms": 30, "cold": True})
    bare = Story().start().call(0, "r").answer(0, "r", measured={"took_ms": 50, "cold": True})

    assert "50 ms (cold, 30 ms of it)" in story.shown()[1]
    assert "50 ms (cold)  attempt" in bare.shown()[1]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"status": 200, "function_error": "Unhandled", "detail": "ValueError: no"}, "ValueError: no"),
        ({"status": 429, "error_code": "TooManyRequestsException"}, "TooManyRequestsException"),
        ({"status": 200, "function_error": "Unhandled"}, "Unhandled"),
        ({"status": 500}, "500"),
    ],
)
def test_a_failed_attempt_says_why(fields: dict[str, Any], why: str) -> None:
    assert Story().start().call(0, "r").answer(0, "r", **fields).shown()[1].endswith(f"attempt 1  -> {why}")


def test_an_attempt_without_an_answer_is_told_when_its_block_is_left() -> None:
    story = Story().start().call(0, "r", "fn").leave(3, "other").leave(3, "fn", branch="Timeout", error="Timeout")

    assert story.shown()[1:] == ["00:03.0    λ f  attempt 1  -> no answer", "! Timeout", "-> Timeout"]


def test_an_asynchronous_function_is_called_and_comes_back_later() -> None:
    story = Story().start().call(0, "r", "fn", asynchronous=True).leave(0, "fn").answer(2, "r")

    assert story.shown()[1:] == [
        "λ f  attempt 1  called, and not waited for",
        "00:02.0    λ f  20 ms  attempt 1  -> {}",
    ]


def test_a_failure_is_told_in_awss_words_and_in_ours() -> None:
    story = Story().start().leave(
        0, "fn", branch="NoMatchingError", error="NoMatchingError", results="The Lambda Function Returned An Error.",
        cause="shape", detail="key 'a' holds a list.", attempts=1,
    )  # fmt: skip

    assert story.shown()[1:] == [
        "! The Lambda Function Returned An Error.",
        "! shape, 1 attempt: key 'a' holds a list.",
        "-> NoMatchingError",
    ]


def test_branches_are_told_unless_they_are_the_plain_way() -> None:
    story = Story().start().leave(0, "a").leave(0, "b", branch="End").leave(0, "c", branch="Equals 1")
    story.leave(0, "d", branch="Jump", next="Other").leave(0, "e", branch="")

    assert story.shown()[1:] == ["-> Equals 1", "-> Jump to Other", "-> no branch is wired"]


def test_a_skipped_block_says_so() -> None:
    story = Story().start().leave(0, "a", cause="skipped", detail="Nothing on TASK.")

    assert story.shown()[1:] == ["! skipped: Nothing on TASK."]


def test_another_flow_is_named_where_it_begins() -> None:
    assert Story().start().enter(0, "a").enter(0, "b", flow="Other").shown()[2:] == ["Other", "MessageParticipant  b"]


def test_warnings_are_told() -> None:
    assert Story().start().add(trace.Warned, 0, message="odd").shown()[1:] == ["! odd"]


def test_effects_and_log_lines_are_for_trace_alone() -> None:
    story = Story().start().add(trace.Ordered, 1, effect={"type": "StartTimer", "id": "c/1", "after_ms": 5})
    story.add(trace.Log, 2, entry={"Results": "x"})

    assert story.shown()[1:] == []
    assert story.shown(full=True)[3:] == [
        '00:01.0      StartTimer {"after_ms":5}',
        '00:02.0      flow log {"Results":"x"}',
    ]


def test_a_loop_is_shown_once_and_counted() -> None:
    story = Story().start()
    for number in range(200):
        story.enter(1, f"a{number}").leave(1, f"a{number}", branch="Equals 1")
    story.enter(2, "b")

    shown = story.shown()
    assert len(shown) == 1 + 30 * 2 + 2
    assert shown[-2:] == ["00:02.0  … 170 more blocks without waiting", "MessageParticipant  b"]
    assert len(story.shown(full=True)) > 400


def test_text_of_several_lines_stays_in_its_column() -> None:
    out = io.StringIO()
    transcript = Transcript(console_for(out))
    for event in Story().start().say(0, "One\n\nTwo").events:
        transcript(event)

    assert out.getvalue().splitlines()[1:] == ["           Joanna: One", "", "           Two"]


def test_what_cannot_be_printed_is_spelled() -> None:
    assert plain("a\x1b[2Jb\x00\u202e") == "a\\x1b[2Jb\\x00\\u202e"
    assert plain("line\nnext\tcolumn 日本 é 👩‍👩‍👧") == "line\nnext\tcolumn 日本 é 👩‍👩‍👧"


# --- on a terminal ---


def test_long_lines_are_wrapped_under_their_column() -> None:
    console, out = terminal(40)
    Story().start().say(0, "one two three four five six seven eight nine").shown(console=console)

    assert out.getvalue().splitlines()[-2:] == [
        "           Joanna: one two three four",
        "           five six seven eight nine",
    ]


def test_keys_are_echoed_and_replaced_by_what_they_came_to() -> None:
    console, out = terminal(80)
    transcript = Transcript(console)
    story = Story().start().add(trace.Input, 1, value="12", by="length")
    transcript(story.events[0])
    transcript.key("1")
    transcript.key("2")
    transcript(story.events[1])

    echo = out.getvalue().split("\n")[-2]
    assert echo == "           > 12\r\x1b[2K00:01.0    > 12  (all digits entered)"


def test_keys_are_not_echoed_into_a_file() -> None:
    out = io.StringIO()
    Transcript(console_for(out)).key("1")

    assert out.getvalue() == ""


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story().start().enter(0, "a")
    coloured = io.StringIO()
    story.shown(console=Console(file=coloured, force_terminal=True, color_system="standard", width=80))
    monkeypatch.setenv("NO_COLOR", "1")
    plain_out = io.StringIO()
    story.shown(console=Console(file=plain_out, force_terminal=True, color_system="standard", width=80))

    assert "\x1b[36m" in coloured.getvalue()
    assert "\x1b[36m" not in plain_out.getvalue()


# --- the summary ---


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [("disconnected", "ended: disconnected"), ("customer hung up", "hung up: customer hung up")],
)
def test_the_outcome_is_how_the_contact_ended(reason: str, outcome: str) -> None:
    assert Story().start().add(trace.ContactEnded, 1, reason=reason).summary().outcome == outcome


def test_the_outcome_of_a_contact_that_is_left_in_its_queue_is_that() -> None:
    story = Story().start().add(trace.ContactPhase, 1, phase="queued", was="inbound", by="queued", queue="Support")

    assert (story.summary().outcome, story.summary().is_fatal) == ("queued in 'Support'", False)


def test_a_contact_that_did_not_end_is_still_running() -> None:
    summary = Story().start().summary()
    assert summary.outcome == "still running"
    summary.reason = "you left"
    assert (summary.outcome, summary.is_fatal) == ("still running: you left", False)


def test_silence_is_counted_between_what_is_heard() -> None:
    """From a prompt's end to the next prompt or question, and to the end of the contact."""
    story = Story().start().enter(1, "a").say(1, "Hello").leave(3, "a")
    story.enter(3, "fn").leave(5.5, "fn").add(trace.Ordered, 5.5, effect={"type": "CollectInput"}).leave(20, "ask")
    story.add(trace.ContactEnded, 20.25, reason="disconnected")

    assert story.summary().silences_ms == [1_000, 2_500, 250]
    assert story.row("silence") == ["2.5 s at longest, 3.8 s in all"]
    assert story.row("time") == ["00:20.2"]


def test_nobody_hears_silence_in_a_chat() -> None:
    assert Story().start("CHAT").row("silence") == []


def test_functions_are_counted_by_name() -> None:
    story = Story().start().call(0, "r1").answer(1, "r1", status=429).call(1, "r2", attempt=2).answer(2, "r2")
    story.call(3, "r3").answer(4, "r3").call(5, "r4")

    assert story.row("function") == ["f: 3 calls, 4 attempts, 1 failed, 1 without an answer, 60 ms"]
    assert Story().start().call(0, "r").row("function") == ["f: 1 call, 1 attempt, 1 without an answer"]


def test_attributes_are_those_of_the_end() -> None:
    story = Story().start(attributes={"a": "1", "b": "2"}).leave(0, "x", set={"attributes": {"a": 'say "hi"'}})

    assert story.row("attribute") == ['a = "say \\"hi\\""']


def test_references_that_led_nowhere_are_listed_once() -> None:
    story = Story().start(attributes={"name": "Ann"})
    story.leave(0, "x", unset=("$.Attributes.Name", "$.External.Stat", "$.Lex.IntentName", "$.FlowAttributes.x"))
    story.leave(0, "fn", external={"State": "WA"}).leave(0, "y", unset=("$.External.Stat", "$.Attributes.zebra"))

    assert story.row("not set") == [
        "$.Attributes.Name (is it name?)",
        "$.External.Stat (is it State?)",
        "$.Lex.IntentName, which --set '$.Lex.IntentName=…' would give",
        "$.FlowAttributes.x",
        "$.Attributes.zebra",
    ]


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("arn:aws:lambda:us-east-1:1:function:look-up:live", "function 'look-up' is not configured; add --function "
         "'look-up=stub:{}'"),
        ("${Fn.Arn}", "function '${Fn.Arn}' is not configured; add --function '${Fn.Arn}=stub:{}'"),
        ("", "a function that the flow names by no usable text; give it a name in the flow"),
        ("a=b", "a function that the flow names by no usable text; give it a name in the flow"),
    ],
)  # fmt: skip
def test_a_function_that_is_not_configured_comes_with_its_cure(text: str, advice: str) -> None:
    fields = {"cause": "not_found", "parameters": {"LambdaFunctionARN": text}}
    story = Story().start().leave(0, "fn", "InvokeLambdaFunction", **fields)

    assert story.row("missing") == [advice]
    assert Story().start().leave(0, "fn", "InvokeLambdaFunction", attempts=1, **fields).row("missing") == []
