"""Functions recorded and replayed: what was asked, what was answered, and how long it took, in readable files.

One file per function, version or alias, and event; in it every call in order, and of each call its attempts. Ids and
times of the contact are no part of an event here, so that another contact with the same story finds the recording.
A replay answers the first call with the first recording of it, and so on; it never runs anything, and what it has no
recording for it refuses as a function that is not there, naming the nearest one that is.
Secret input (decision S22) is not written; `Hide` knows what is secret of the contact that an effect belongs to.
"""

import hashlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import msgspec

from offhook.adapters.lambdas import answer
from offhook.model.effect import InvokeLambda
from offhook.model.errors import UsageError
from offhook.model.event import LambdaEnded

SUFFIX = ".call.json"
MAX_FILE_BYTES = 50_000_000
HIDDEN_NOTE = "Secret input is not written: [secret] stands in its place."
_MAX_ANSWER_BYTES = 32_768  # an answer of a block is smaller; a larger one is kept as text, with its size
_IDS = ("ContactId", "InitialContactId", "PreviousContactId", "RelatedContactId", "InstanceARN")
_OF_A_STREAM = frozenset({"StreamARN", "StartTimestamp", "StopTimestamp", "StartFragmentNumber", "StopFragmentNumber"})

Key = tuple[str, str, str]
Hide = Callable[[InvokeLambda, Any], Any]


class Functions(Protocol):
    """What is recorded: as in drivers/ports.py, whom an adapter does not know."""

    def invoke(self, effect: InvokeLambda) -> "LambdaEnded | Future[LambdaEnded]": ...

    def close(self) -> None: ...


class Attempt(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one attempt ended, as LambdaEnded. `answer` is the body as JSON; `body` the text of one that is not."""

    status: int
    took_ms: int = 0
    answer: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    body: str = ""
    body_bytes: int = 0
    function_error: str = ""
    error_code: str = ""
    cause: str = ""
    detail: str = ""
    cold: bool = False
    init_ms: int = 0
    log: str = ""


class Recording(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file. `arn` is what the flow asked for; `event` is without ids and times. A call without attempts was begun
    and never ended."""

    v: int
    function: str
    arn: str
    event: Any
    calls: list[list[Attempt]]
    qualifier: str = ""
    note: str = ""

    @property
    def key(self) -> Key:
        return _key(self.function, self.qualifier, self.event)


def show(effect: InvokeLambda, value: Any) -> Any:
    """A `Hide` that hides nothing."""
    return value


# --- recording ---


def recorder_problem(folder: Path) -> str:
    """Why nothing can be recorded there, as a sentence; empty where it can."""
    if folder.exists() and not folder.is_dir():
        return "is a file; name a folder."
    others = [each.name for each in sorted(folder.glob("[!.]*")) if not each.name.endswith(SUFFIX)]
    return f"holds {others[0]}, which is no recording; name a folder of its own." if others else ""


class Recorder:
    """Functions that leave a recording. A file is written whenever an attempt has ended, over what an earlier run
    left there of the same event. `problem` says what could not be written, as a sentence."""

    def __init__(self, functions: Functions, folder: Path, *, hide: Hide = show) -> None:
        self.problem = ""
        self._functions = functions
        self._folder = folder
        self._hide = hide
        self._lock = threading.Lock()
        self._places = _Places()
        self._kept: dict[Key, Recording] = {}

    def invoke(self, effect: InvokeLambda) -> "LambdaEnded | Future[LambdaEnded]":
        event = self._hide(effect, _plain(effect.event))
        key = _key(effect.function, effect.qualifier, event)
        with self._lock:
            recording = self._kept.get(key)
            if recording is None:
                note = HIDDEN_NOTE if event != _plain(effect.event) else ""
                recording = Recording(1, effect.function, effect.arn, event, [], effect.qualifier, note)
                self._kept[key] = recording
            call, _ = self._places.next(key, effect)
            while len(recording.calls) <= call:
                recording.calls.append([])
        ended = self._functions.invoke(effect)
        if isinstance(ended, LambdaEnded):
            self._keep(effect, recording, call, ended)
        else:
            ended.add_done_callback(partial(self._heard, effect, recording, call))
        return ended

    def close(self) -> None:
        self._functions.close()

    def _heard(self, effect: InvokeLambda, recording: Recording, call: int, ended: "Future[LambdaEnded]") -> None:
        # nobody waits any longer for what was cancelled: it had its time
        given_up = answer.given_up(effect, took_ms=effect.timeout_ms) if ended.cancelled() else None
        self._keep(effect, recording, call, given_up or ended.result())

    def _keep(self, effect: InvokeLambda, recording: Recording, call: int, ended: LambdaEnded) -> None:
        attempt = _attempt(ended, partial(self._hide, effect))
        with self._lock:
            recording.calls[call].append(attempt)
            try:
                self._write(recording)
            except OSError as problem:
                self.problem = f"{self._folder}: cannot be written: {problem.strerror}."

    def _write(self, recording: Recording) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / _file_name(recording)
        new = path.with_name(f".{path.name}")
        new.write_bytes(msgspec.json.format(msgspec.json.encode(recording), indent=1) + b"\n")
        new.replace(path)


def _attempt(ended: LambdaEnded, hide: Callable[[Any], Any]) -> Attempt:
    answered, body, size = _body(ended, hide)
    return Attempt(
        ended.status,
        ended.took_ms,
        answered,
        body,
        size,
        ended.function_error,
        ended.error_code,
        ended.cause,
        hide(ended.detail),
        ended.cold,
        ended.init_ms,
        hide(ended.log),
    )


def _body(ended: LambdaEnded, hide: Callable[[Any], Any]) -> tuple[msgspec.Raw | msgspec.UnsetType, str, int]:
    size = ended.body_bytes or len(ended.body.encode())
    if size < _MAX_ANSWER_BYTES:
        try:
            value = msgspec.json.decode(ended.body)
        except (msgspec.DecodeError, RecursionError):
            return msgspec.UNSET, hide(ended.body), 0
        shown = hide(value)
        # as it was written, where nothing has to be hidden: a flow sees 1.50 and not 1.5
        text = ended.body.encode() if shown == value else msgspec.json.encode(shown)
        return msgspec.Raw(text), "", 0
    return msgspec.UNSET, hide(ended.body), size


def _file_name(recording: Recording) -> str:
    digest = hashlib.sha256(msgspec.json.encode(recording.key)).hexdigest()[:10]
    name = ":".join(filter(None, (recording.function, recording.qualifier)))
    return f"{re.sub('[^A-Za-z0-9_-]+', '-', name)[-80:]}.{digest}{SUFFIX}"


# --- replaying ---


def load(folder: Path) -> tuple[Recording, ...]:
    """The recordings of a folder, by name of file. Raises UsageError with what is wrong with each file."""
    problems: list[str] = []
    found = [_read(path, problems) for path in sorted(folder.glob(f"*{SUFFIX}"))]
    if not found:
        problems.append(f"{folder}: there is no recording; make one with offhook run … --record {folder}.")
    if problems:
        raise UsageError(*problems)
    return tuple(filter(None, found))


def _read(path: Path, problems: list[str]) -> Recording | None:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise OSError(0, f"it has more than {MAX_FILE_BYTES:,} bytes")
        recording = msgspec.json.decode(path.read_bytes(), type=Recording)
    except OSError as problem:
        problems.append(f"{path}: cannot be read: {problem.strerror}.")
    except (msgspec.DecodeError, RecursionError) as problem:
        problems.append(f"{path}: is no recording: {problem}.")
    else:
        if recording.v == 1:
            return recording
        problems.append(f"{path}: is a recording of version {recording.v}, must be 1.")
    return None


class Replayer:
    """Answers from recordings, in their time. `functions` take the calls of the functions named in `real`."""

    def __init__(
        self,
        recordings: tuple[Recording, ...],
        functions: Functions,
        *,
        real: frozenset[str] = frozenset(),
        hide: Hide = show,
    ) -> None:
        self._recordings = {each.key: each for each in recordings}
        self._functions = functions
        self._real = real
        self._hide = hide
        self._lock = threading.Lock()
        self._places = _Places()

    def invoke(self, effect: InvokeLambda) -> "LambdaEnded | Future[LambdaEnded]":
        if effect.function in self._real:
            return self._functions.invoke(effect)
        event = self._hide(effect, _plain(effect.event))
        key = _key(effect.function, effect.qualifier, event)
        recording = self._recordings.get(key)
        if recording is None:
            return answer.refused(effect, "not_found", self._nearest(effect, event))
        with self._lock:
            call, attempt = self._places.next(key, effect)
        calls = recording.calls
        if call < len(calls) and attempt < len(calls[call]):
            return _replayed(effect, calls[call][attempt])
        has = f"{len(calls)} calls of this event" if call >= len(calls) else f"{len(calls[call])} attempts of this call"
        this = f"call {call + 1}" if call >= len(calls) else f"attempt {attempt + 1}"
        return answer.refused(
            effect, "not_found", f"function {effect.function!r}: {has} were recorded; this is {this}."
        )

    def close(self) -> None:
        self._functions.close()

    def _nearest(self, effect: InvokeLambda, event: Any) -> str:
        asked = f"function {effect.function!r}: this event was not recorded"
        same = [each for each in self._recordings.values() if each.function == effect.function]
        if not same:
            names = ", ".join(sorted({each.function for each in self._recordings.values()})) or "nothing"
            return f"function {effect.function!r} was not recorded; what was: {names}."
        wanted = {"qualifier": effect.qualifier, **dict(_leaves(event, ""))}
        differ = [(_differences(wanted, each), _file_name(each)) for each in same]
        paths, file = min(differ, key=lambda pair: len(pair[0]))
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        return f"{asked}; the nearest, {file}, differs in {paths[0]}{more}."


def _replayed(effect: InvokeLambda, attempt: Attempt) -> LambdaEnded:
    if attempt.status == 0 or attempt.took_ms > effect.timeout_ms:
        return answer.given_up(effect, took_ms=effect.timeout_ms, cold=attempt.cold)
    body = attempt.body
    if isinstance(attempt.answer, msgspec.Raw):
        body = msgspec.json.format(bytes(attempt.answer), indent=-1).decode()
    return LambdaEnded(
        0,
        effect.id,
        attempt.status,
        body,
        attempt.body_bytes or len(body.encode()),
        attempt.function_error,
        attempt.error_code,
        attempt.cause,
        attempt.detail,
        attempt.cold,
        attempt.took_ms,
        attempt.init_ms,
        attempt.log,
    )


def _differences(wanted: Mapping[str, Any], recording: Recording) -> list[str]:
    """Where the two differ, as paths; values are the customer's and not told."""
    there = {"qualifier": recording.qualifier, **dict(_leaves(recording.event, ""))}
    alike = {path for path in wanted.keys() & there.keys() if wanted[path] == there[path]}
    return sorted((wanted.keys() | there.keys()) - alike)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not steps:
        yield path or "the event", value
    for step, item in steps:
        yield from _leaves(item, f"{path}.{step}" if path else str(step))


# --- what both do ---


class _Places:
    """Which call of an event, and which attempt of the call, an effect is; counted from 0."""

    def __init__(self) -> None:
        self._calls: dict[Key, int] = {}
        self._open: dict[tuple[Key, str], tuple[int, int]] = {}

    def next(self, key: Key, effect: InvokeLambda) -> tuple[int, int]:
        # an effect's id begins with its contact's, which may be in several calls of one event with others
        contact = (key, effect.id.rpartition("/")[0])
        call, attempt = self._open.get(contact, (-1, 0))
        if call < 0 or effect.attempt == 1:
            call, attempt = self._calls.get(key, 0), -1
            self._calls[key] = call + 1
        self._open[contact] = call, attempt + 1
        return self._open[contact]


def _key(function: str, qualifier: str, event: Any) -> Key:
    return function, qualifier, msgspec.json.encode(event, order="sorted").decode()


def _plain(event: Any) -> Any:
    """The event without ids and times: wherever one of the contact's ids stands, its name stands instead."""
    details = event.get("Details") if isinstance(event, dict) else None
    contact = details.get("ContactData") if isinstance(details, dict) else None
    data = contact if isinstance(contact, dict) else {}
    # reversed, so that of equal ids the contact's own gives the name
    ids = {data[name]: f"<{name}>" for name in reversed(_IDS) if isinstance(data.get(name), str) and data[name]}
    return _without(event, ids)


def _without(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for given, name in ids.items():
            value = value.replace(given, name)
        return value
    if isinstance(value, dict):
        return {
            key: f"<{key}>" if key in _OF_A_STREAM and isinstance(item, str) else _without(item, ids)
            for key, item in value.items()
        }
    return [_without(item, ids) for item in value] if isinstance(value, list) else value
