"""The transcript: a contact, and what came of it, as a person reads it, out of trace events and nothing else.

The first column is the contact's own time since it began; it is left out where it has not moved. Without `full` only
what was said, entered, called and gone wrong is shown; with it (`--trace`) every block's parameters and every effect.
What an agent hears and does is marked `agent │`, another contact of the run (a transfer, a callback) by its number.
"""

import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from rich.console import Console
from rich.text import Text

from offhook.core import ssml, trace
from offhook.core.calendar import parse_instant

_COLUMN = 9
_SHORT = 200
_MAX_LOG_LINES = 10
_MAX_STILL_BLOCKS = 30  # blocks that are shown while time stands still; a loop has hundreds
_BY = {
    "terminator": "ended by the terminator",
    "length": "all digits entered",
    "interdigit": "no further key",
    "timeout": "no key came",
    "cancel": "cancelled",
}
_ALLOWED = ("\u200c", "\u200d")  # join what some scripts, and emoji, are made of


def console_for(stream: Any) -> Console:
    """A console that leaves text alone: no markup, no guessing of colours, and no breaking where nobody looks."""
    return Console(file=stream, highlight=False, markup=False, emoji=False)


def plain(text: str) -> str:
    """Text that cannot move the cursor: what is not printable is spelled as an escape, but for tabs and line ends."""
    if text.isprintable():
        return text
    return "".join(sign if _is_harmless(sign) else sign.encode("unicode_escape").decode() for sign in text)


def _is_harmless(sign: str) -> bool:
    return sign in "\n\t" or sign in _ALLOWED or unicodedata.category(sign)[0] != "C"


def clock(after_ms: int) -> str:
    """Time since the start: 00:02.1, or 1:00:02.1."""
    tenths = after_ms // 100
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}:" if hours else "") + f"{minutes:02d}:{rest // 10:02d}.{rest % 10}"


def seconds(after_ms: int) -> str:
    """A length of time: 142 ms, 3.2 s, 12 min 4 s."""
    if after_ms < 1_000:
        return f"{after_ms} ms"
    if after_ms < 60_000:
        return f"{after_ms / 1000:.1f} s"
    minutes, rest = divmod(round(after_ms / 1000), 60)
    return f"{minutes} min {rest} s"


def as_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def went_well(event: trace.FunctionEnded) -> bool:
    """Whether Connect would see a success in this attempt."""
    return event.status in (200, 202) and not event.function_error


class Transcript:
    """Prints each event as it comes."""

    def __init__(self, console: Console, *, full: bool = False) -> None:
        self._console = console
        self._full = full
        self._start_ms: int | None = None
        self._shown_at = ""
        self._flow = ""
        self._channel = "VOICE"
        self._calls: dict[str, trace.FunctionCalled] = {}
        self._has_keys = False
        self._still = ("", 0)
        self._skipped = 0
        self._numbers: dict[str, int] = {}
        self._side = ""

    def __call__(self, event: trace.AnyTrace) -> None:
        show = _SHOW.get(type(event))
        if not self._full and (show is None or self._skips(event)):
            return
        if self._start_ms is None:
            self._start_ms = parse_instant(event.at)
        number = self._numbers.setdefault(event.contact, len(self._numbers) + 1)
        who = [str(number)] if number > 1 else []
        self._side = " ".join([*who, "agent"] if event.line == "agent" else who)
        if self._skipped:
            self._print(event.at, 0, Text(f"… {self._skipped:,} more blocks without waiting", "dim"))
            self._skipped = 0
        if show is not None:
            for indent, text in show(self, event):
                self._print(event.at, indent, text)
        if self._full:
            for indent, text in _details(event):
                self._print(event.at, indent, text)

    def _skips(self, event: trace.AnyTrace) -> bool:
        """Whether the event is of one block too many at the same instant."""
        at, count = self._still
        if isinstance(event, trace.BlockEntered):
            count = count + 1 if at == event.at else 1
            self._still = (event.at, count)
            self._skipped += count > _MAX_STILL_BLOCKS
        return count > _MAX_STILL_BLOCKS and isinstance(event, (trace.BlockEntered, trace.BlockLeft))

    def key(self, key: str) -> None:
        """A key was pressed just now; the line that says what it came to replaces the echo."""
        if self._console.is_terminal:
            self._console.file.write(key if self._has_keys else f"{' ' * (_COLUMN + 2)}> {key}")
            self._console.file.flush()
            self._has_keys = True

    def _print(self, at: str, indent: int, text: Text) -> None:
        if self._has_keys:
            self._console.file.write("\r\x1b[2K")
            self._has_keys = False
        since = clock(parse_instant(at) - (self._start_ms or 0))
        first = "" if since == self._shown_at else since
        self._shown_at = since
        left = max(_COLUMN, len(since) + 1)
        side = f"{self._side} │ " if self._side else ""
        margin = f"{side}{'  ' * indent}"
        left += len(margin)
        lines = [part for line in text.split("\n", allow_blank=True) for part in self._wrapped(line, left)]
        for count, line in enumerate(lines):
            line.rstrip()
            column = f"{first if count == 0 else '':<{left - len(margin)}}"
            whole = Text.assemble((column, "dim"), (margin, "blue"), line)
            whole.rstrip()
            self._console.print(whole, soft_wrap=True)
        self._console.file.flush()

    def _wrapped(self, line: Text, left: int) -> list[Text]:
        if not self._console.is_terminal:
            return [line]
        return list(line.wrap(self._console, max(20, self._console.width - left)))

    # --- what is always shown ---

    def _started(self, event: trace.ContactStarted) -> "_Lines":
        ends = [f"{word} {address}" for word, address in (("from", event.customer), ("to", event.system)) if address]
        self._flow, self._channel = event.flow_name, event.channel
        if len(self._numbers) > 1:
            ends.insert(0, event.initiation_method)
        name = event.flow_name or event.flow
        yield 0, _line((name, "bold"), (" ".join([event.channel, *ends]), ""), (event.at, "dim"))

    def _entered(self, event: trace.BlockEntered) -> "_Lines":
        if event.flow_name != self._flow:
            self._flow = event.flow_name
            yield 0, _line((event.flow_name or event.flow, "bold"))
        yield 0, _line((event.title or event.block, "cyan"), (event.action, "dim"))

    def _said(self, event: trace.Said) -> "_Lines":
        manner = ", ".join(filter(None, (event.engine, event.style)))
        who = event.voice + (f" ({manner})" if manner else "") if self._channel == "VOICE" else "message"
        yield 1, Text.assemble((f"{plain(who)}: ", "green"), plain(_heard(event)))

    def _input(self, event: trace.Input) -> "_Lines":
        if event.by == "hangup":
            yield 1, Text("> hangs up", "magenta")
            return
        value = event.value or "nothing"
        yield 1, _line((f"> {value}", "magenta"), (f"({_BY.get(event.by, event.by)})", "dim"))

    def _called(self, event: trace.FunctionCalled) -> "_Lines":
        self._calls[event.request_id] = event
        if event.asynchronous or self._full:
            how = "called, and not waited for" if event.asynchronous else "called"
            yield 1, _line((f"λ {event.function}", "blue"), (f"attempt {event.attempt}", "dim"), (how, ""))

    def _ended(self, event: trace.FunctionEnded) -> "_Lines":
        self._calls.pop(event.request_id, None)
        took = seconds(event.measured.get("took_ms", 0))
        if event.measured.get("cold"):
            init_ms = event.measured.get("init_ms", 0)
            took += f" (cold, {seconds(init_ms)} of it)" if init_ms else " (cold)"
        is_well = went_well(event)
        came = event.body if is_well else event.detail or event.error_code or event.function_error or f"{event.status}"
        answer = (f"-> {self._cut(came)}", "" if is_well else "red")
        yield 1, _line((f"λ {event.function}", "blue"), (took, ""), (f"attempt {event.attempt}", "dim"), answer)
        lines = event.log.splitlines()
        more = 0 if self._full else len(lines) - _MAX_LOG_LINES
        for line in lines[:_MAX_LOG_LINES] if more > 0 else lines:
            yield 2, Text(plain(self._cut(line)), "dim")
        if more > 0:
            yield 2, Text(f"… and {more} more lines; --trace shows them", "dim")

    def _answered(self, event: trace.ServiceEnded) -> "_Lines":
        if self._full and not event.error:  # a refusal is said where the block is left
            answer = msgspec.json.encode(event.output).decode()
            yield 1, _line((f"{event.service} {event.operation}", "blue"), (f"-> {answer}", ""))

    def _left(self, event: trace.BlockLeft) -> "_Lines":
        for call in [call for call in self._calls.values() if call.action == event.action and not call.asynchronous]:
            del self._calls[call.request_id]
            yield 1, _line((f"λ {call.function}", "blue"), (f"attempt {call.attempt}", "dim"), ("-> no answer", "red"))
        if event.error or event.cause:
            times = f"{event.attempts} attempt{'s' if event.attempts > 1 else ''}" if event.attempts else ""
            cause = ", ".join(filter(None, (event.cause or event.error, times)))
            reasons = filter(None, (event.results, ": ".join(filter(None, (cause, event.detail)))))
            style = "red" if event.error else "yellow"
            yield 1, Text("\n".join(f"! {plain(reason)}" for reason in reasons), style)
        if event.branch not in ("NextAction", "End"):
            to = f" to {event.next}" if event.branch == "Jump" else ""
            yield 1, Text(f"-> {plain(event.branch)}{plain(to)}" if event.branch else "-> no branch is wired", "yellow")

    def _warned(self, event: trace.Warned) -> "_Lines":
        yield 1, Text(f"! {plain(event.message)}", "yellow")

    def _flow_over(self, event: trace.FlowEnded) -> "_Lines":
        if trace.is_fatal(event.reason):
            yield 0, Text(f"! {plain(event.reason)}", "red")

    def _phase(self, event: trace.ContactPhase) -> "_Lines":
        words = _PHASES.get(event.phase, event.phase)
        yield (
            0,
            Text(
                f"= {plain(words.format(agent=event.agent or 'the agent', queue=event.queue or 'a queue'))}", "yellow"
            ),
        )

    def _offered(self, event: trace.ContactOffered) -> "_Lines":
        yield 0, Text(f"= {plain(event.agent)} {event.by or 'is asked'}", "yellow")

    def _over(self, event: trace.ContactEnded) -> "_Lines":
        if len(self._numbers) > 1:
            yield 0, Text(f"= ended: {plain(event.reason)}", "yellow")

    def _cut(self, text: str) -> str:
        return text if self._full or len(text) <= _SHORT else f"{text[:_SHORT]}… ({len(text):,} characters)"


_Lines = Iterator[tuple[int, Text]]
_SHOW: dict[type, Callable[[Transcript, Any], _Lines]] = {
    trace.ContactStarted: Transcript._started,
    trace.BlockEntered: Transcript._entered,
    trace.Said: Transcript._said,
    trace.Input: Transcript._input,
    trace.FunctionCalled: Transcript._called,
    trace.FunctionEnded: Transcript._ended,
    trace.ServiceEnded: Transcript._answered,
    trace.BlockLeft: Transcript._left,
    trace.Warned: Transcript._warned,
    trace.FlowEnded: Transcript._flow_over,
    trace.ContactOffered: Transcript._offered,
    trace.ContactPhase: Transcript._phase,
    trace.ContactEnded: Transcript._over,
}
_PHASES = {
    "queued": "waits in {queue}",
    "joining": "{agent} is called",
    "agent_whisper": "{agent} joins",
    "callback": "waits in {queue} to be called back",
    "callback_whisper": "{agent} joins",
    "customer_whisper": "leaves the queue",
    "outbound": "the customer is called",
    "dialling": "the number is called",
    "connected": "talks to {agent}",
    "holding": "on hold",
    "agent_holding": "{agent} is on hold",
    "transferring": "{agent} talks to the other side, the customer is on hold",
    "aside": "{agent} is on hold, the customer talks to the other side",
    "conference": "all are joined",
    "talking": "talks to the third party",
}


def _heard(event: trace.Said) -> str:
    if event.kind == "text":
        return event.text
    return ssml.spoken_text(event.text) if event.kind == "ssml" else f"[{event.kind} {event.text}]"


def _line(*parts: tuple[str, str]) -> Text:
    """Parts with their styles, two blanks between them."""
    return Text("  ").join(Text(plain(text), style) for text, style in parts if text)


# --- what `--trace` adds ---


def _details(event: trace.AnyTrace) -> _Lines:
    for name, value in _facts(event):
        text = value if isinstance(value, str) else as_json(value)
        yield 2, Text.assemble((f"{name} ", "dim"), plain(text))


def _facts(event: trace.AnyTrace) -> Iterator[tuple[str, Any]]:
    if isinstance(event, trace.FunctionCalled):
        yield "limit", f"{event.timeout_ms} ms"
    if isinstance(event, trace.Ordered):
        order = event.effect
        yield order["type"], {key: value for key, value in order.items() if key not in ("type", "id", "line")}
    if isinstance(event, trace.ContactEnded):
        yield "ended", event.reason
    for name in _FIELDS.get(type(event), ()):
        value = getattr(event, name)
        if value not in ("", {}, (), None) and not _is_shown(event, name):
            yield _LABELS.get(name, name), value


def _is_shown(event: Any, name: str) -> bool:
    """Whether the transcript says it in any case."""
    return (name == "text" and event.kind == "text") or (name == "body" and went_well(event))


_FIELDS: dict[type, tuple[str, ...]] = {
    trace.ContactStarted: ("contact", "flow", "attributes"),
    trace.BlockLeft: ("parameters", "result", "set", "unset", "external", "branch", "next"),
    trace.Said: ("kind", "text", "language"),
    trace.FunctionCalled: ("arn", "request_id", "event"),
    trace.FunctionEnded: ("status", "function_error", "error_code", "cause", "body"),
    trace.Log: ("entry",),
}
_LABELS = {"external": "External", "entry": "flow log"}
