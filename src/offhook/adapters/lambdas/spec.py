"""What a function of the project is: one that runs here, a deployed one, or a stub that states its answers and times.

The text of `--function NAME=KIND:…` is read here. A fault is a stub whose answer is a `Fault`, and no kind of its own.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from offhook.adapters.lambdas.kind import BOOTSTRAP, KINDS, NODE, PYTHON, checked, python_for
from offhook.model.bounds import is_deep
from offhook.model.errors import UsageError

DEFAULT_TIMEOUT_MS = 3000  # Lambda's own defaults for a new function
DEFAULT_MEMORY_MB = 128
DEFAULT_IDLE_MS = 300_000
FAULTS = (
    "throttle", "instance-limit", "500", "403", "404", "timeout", "error", "init", "crash", "nested", "big", "garbage",
)  # fmt: skip
_DEPLOYED = re.compile(
    r"arn:aws[a-z-]*:lambda:([a-z0-9-]+):\d{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9$_-]{1,128})?"
)
_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")
_LOCAL = re.compile(r"[a-z]+(?:\((?P<options>[^)]*)\))?:(?P<path>.*)", re.DOTALL)
_AFTER = re.compile(r"after *(\d{1,6}(?:\.\d+)?) *([smh]?)")
_UNITS = {"s": 1000, "m": 60_000, "h": 3_600_000}
_FIELDS = {"timeout": "timeout_ms", "memory": "memory_mb", "reserved": "reserved"}
_STUB = re.compile(r"stub(?:\((?P<options>[^)]*)\))?:(?P<json>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFunction:
    """A function that runs in child processes here.

    `kind` is one of kind.KINDS, `runtime` Lambda's name for it where one was said. `task_root` is its folder, the
    working directory and the first place to import from; `handler` is `file.function` as in Lambda, for a bootstrap
    whatever it makes of it. `interpreter` is the program that runs it, empty for the usual one. `layers` are folders
    that would be unpacked into /opt, the last one wins; `packages` is the folder that its requirements.txt is installed
    to before it first starts, None where nobody asked for that. `timeout_ms` is the function's own, a second clock
    beside the block's. `inherit` names variables of our own environment that it may see. `client` is `auto` (AWS's
    runtime client where it loads, else ours) or `own`. `reserved` bounds how many run at once, None for no bound of its
    own. Each `cold_every`th invocation starts anew (None: no more than must), and a process that had none for `idle_ms`
    ends. `debug_port`: each process waits there for a debugger, and no limit applies.
    """

    name: str
    task_root: Path
    handler: str
    kind: str = PYTHON
    runtime: str = ""
    interpreter: str = ""
    layers: tuple[Path, ...] = ()
    packages: Path | None = None
    timeout_ms: int = DEFAULT_TIMEOUT_MS
    memory_mb: int = DEFAULT_MEMORY_MB
    environment: Mapping[str, str] = field(default_factory=dict)
    inherit: tuple[str, ...] = ()
    client: str = "auto"
    reserved: int | None = None
    cold_every: int | None = None
    idle_ms: int = DEFAULT_IDLE_MS
    debug_port: int | None = None

    @property
    def program(self) -> str:
        """What is executed: a path, or a name that is looked for on PATH."""
        if self.kind == BOOTSTRAP:
            folders = (self.task_root, *reversed(self.layers))
            return str(next((each for each in folders if (each / BOOTSTRAP).is_file()), self.task_root) / BOOTSTRAP)
        return self.interpreter or (NODE if self.kind == NODE else python_for(self.runtime))


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure on purpose: one of FAULTS."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """Answers at once, and states how long it would have taken.

    `answers` are JSON texts or faults, given in order, the last one again and again; or a callable that gets the event
    and returns the answer (a value, or a Fault) or raises as a handler would. `init_ms` is paid by cold starts only:
    the first call, or every `cold_every`th. `timeout_ms` is the function's own timeout, None for none.
    """

    name: str
    answers: tuple[str | Fault, ...] | Callable[[dict[str, Any]], Any]
    run_ms: int = 0
    init_ms: int = 0
    cold_every: int | None = None
    timeout_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedFunction:
    """A function that runs in AWS, or wherever else the Invoke API is served; it is called with the user's credentials.

    `arn` may end in a version or alias, which counts where the flow names none. `endpoint` is a URL in place of the one
    of the region; `region` is the ARN's unless said; `profile` of the AWS configuration, empty for the usual chain.
    """

    name: str
    arn: str
    region: str
    endpoint: str = ""
    profile: str = ""


Function = LocalFunction | Stub | DeployedFunction


def parse_functions(texts: tuple[str, ...], *, folder: Path) -> dict[str, Function]:
    """Functions by name from `NAME=KIND:…` texts, paths relative to `folder`. Raises UsageError with all problems."""
    functions: dict[str, Function] = {}
    problems: list[str] = []
    for text in texts:
        try:
            function = parse_function(text, folder=folder)
        except UsageError as error:
            problems.extend(error.problems)
            continue
        if function.name in functions:
            problems.append(f"function {function.name!r} is given twice; give each name once.")
        functions[function.name] = function
    if problems:
        raise UsageError(*problems)
    return functions


def parse_function(text: str, *, folder: Path) -> Function:
    """One function from `NAME=KIND:…`; KIND is python, node, bootstrap, deployed, stub or fail. Raises UsageError."""
    name, equals, what = text.partition("=")
    if not (name and equals):
        raise UsageError(f"function {text!r}: write NAME=KIND:…, as in lookup=python:functions/lookup.handler.")
    kind = re.split(r"[:(]", what, maxsplit=1)[0]
    if kind in KINDS:
        return _local(name, kind, what, folder)
    if kind == "stub":
        return _stub(name, what)
    if kind == "fail":
        return _fail(name, what.removeprefix("fail:"))
    if kind == "deployed":
        arn, _, endpoint = what.removeprefix("deployed:").partition("@")
        return deployed(name, arn, endpoint=endpoint)
    raise _problem(name, f"unknown kind {kind!r}; kinds here are {', '.join(KINDS)}, deployed, stub and fail.")


def is_url(text: str) -> bool:
    """Whether it may be an endpoint: http or https, a host, perhaps a port and a path."""
    try:
        parts = urlsplit(text)
        return _URL.fullmatch(text) is not None and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def deployed(name: str, arn: str, *, endpoint: str = "", region: str = "", profile: str = "") -> DeployedFunction:
    """A deployed function. Raises UsageError where the ARN is not that of a function, or the endpoint no URL."""
    match = _DEPLOYED.fullmatch(arn)
    wrong = []
    if match is None:
        rule = "must be the ARN of a function, as in arn:aws:lambda:us-east-1:111122223333:function:lookup:live."
        wrong.append(f"function {name!r}: deployed is {arn!r}, {rule}")
    if endpoint and not is_url(endpoint):
        wrong.append(f"function {name!r}: endpoint is {endpoint!r}, must be a URL, as in http://127.0.0.1:4510.")
    if match is None or wrong:
        raise UsageError(*wrong)
    return DeployedFunction(name=name, arn=arn, region=region or match[1], endpoint=endpoint, profile=profile)


def local(
    name: str, task_root: Path, handler: str, *, runtime: str, where: str, shown: str, **settings: Any
) -> LocalFunction:
    """A function whose code lies in `task_root`. Raises UsageError with all that is wrong, each sentence after `where`.

    `runtime` may be empty: then the handler's file says it. `shown` is the task root as the user wrote it; `settings`
    are other fields of LocalFunction.
    """
    kind, problems = checked(task_root, handler, runtime, shown=shown)
    if problems:
        raise UsageError(*(f"{where} {problem}" for problem in problems))
    return LocalFunction(
        name=name, task_root=task_root, handler=handler or BOOTSTRAP, kind=kind, runtime=runtime, **settings
    )


def _local(name: str, kind: str, text: str, folder: Path) -> LocalFunction:
    match = _LOCAL.fullmatch(text)
    if match is None:
        raise _problem(name, f"write {kind}:{'FOLDER' if kind == BOOTSTRAP else 'PATH.HANDLER'}.")
    path = match["path"]
    parent, _, handler = (path, "", "") if kind == BOOTSTRAP else path.rpartition("/")
    options = _options(name, match["options"] or "", of="function", known=("timeout", "memory", "cold", "reserved"))
    settings = {key: _setting(name, key, value) for key, value in options.items() if key != "cold"}
    every, after_ms = read_cold(options.get("cold", "first"), where=f"function {name!r}:")
    found = local(
        name, (folder / parent).resolve(), handler, runtime=kind, where=f"function {name!r}:", shown=parent,
        cold_every=every, idle_ms=DEFAULT_IDLE_MS if after_ms is None else after_ms,
        **{_FIELDS[key]: value for key, value in settings.items()},
    )  # fmt: skip
    return replace(found, runtime="")


def _setting(name: str, key: str, text: str) -> int:
    if key == "timeout":
        return _milliseconds(name, key, text)
    if not re.fullmatch(r"\d{1,6}", text):
        raise _problem(name, f"{key} is {text!r}, must be a whole number.")
    return int(text)


def read_cold(text: str, *, where: str) -> tuple[int | None, int | None]:
    """When invocations start anew: each how many, and after how many ms without one; None where it does not matter.

    `first`, `always`, `every N`, or `after 10m` (s, m and h; seconds without). Raises UsageError.
    """
    if text in ("first", "always"):
        return (1 if text == "always" else None), None
    every, after = re.fullmatch(r"every *0*([1-9]\d{0,8})", text), _AFTER.fullmatch(text)
    if every is not None:
        return int(every[1]), None
    if after is not None:
        return None, round(float(after[1]) * _UNITS[after[2] or "s"])
    raise UsageError(f"{where} cold is {text!r}, must be first, always, every N or after TIME, as in after 10m.")


def _stub(name: str, text: str) -> Stub:
    match = _STUB.fullmatch(text)
    if match is None:
        raise _problem(name, "a stub is stub:JSON or stub(init=0.4,run=2.7):JSON.")
    known = ("init", "run", "timeout", "cold", "seq")
    options = _options(name, match["options"] or "", of="stub", known=known)
    if is_deep(match["json"]):
        raise _problem(name, "the answer of a stub is nested too deeply.")
    try:
        # Raw keeps the spelling of numbers: a flow sees 1.50 as it was written
        items = msgspec.json.decode(match["json"], type=list[msgspec.Raw]) if "seq" in options else None
        msgspec.json.decode(match["json"])
    except msgspec.DecodeError as error:
        rule = "a JSON list" if "seq" in options else "JSON"
        raise _problem(name, f"the answer of a stub must be {rule}: {error}.") from None
    if items == []:
        raise _problem(name, "a stub with seq needs at least one answer in its list.")
    answers = (match["json"],) if items is None else tuple(bytes(item).decode() for item in items)
    return Stub(
        name=name,
        answers=tuple(_answer(name, answer) if items is not None else answer for answer in answers),
        run_ms=_milliseconds(name, "run", options.get("run", "0")),
        init_ms=_milliseconds(name, "init", options.get("init", "0")),
        cold_every=_cold(name, options.get("cold", "first")),
        timeout_ms=_milliseconds(name, "timeout", options["timeout"]) if "timeout" in options else None,
    )


def _answer(name: str, text: str) -> str | Fault:
    value = msgspec.json.decode(text)
    if isinstance(value, dict) and value.keys() == {"fail"}:
        return _fault(name, str(value["fail"]))
    return text


def _options(name: str, text: str, *, of: str, known: tuple[str, ...]) -> dict[str, str]:
    options: dict[str, str] = {}
    for option in filter(None, (part.strip() for part in text.split(","))):
        key, _, value = option.partition("=")
        if key not in known:
            listed = f"{', '.join(known[:-1])} and {known[-1]}"
            raise _problem(name, f"unknown {of} option {key!r}; options are {listed}.")
        options[key] = value.strip()
    return options


def _cold(name: str, text: str) -> int | None:
    every, after_ms = read_cold(text, where=f"function {name!r}:")
    if after_ms is not None:
        raise _problem(name, f"cold is {text!r}, but a stub has no clock; it must be first, always or every N.")
    return every


def _fail(name: str, kind: str) -> Stub:
    if kind.startswith("slow:"):
        return Stub(name=name, answers=("{}",), run_ms=_milliseconds(name, "slow", kind.removeprefix("slow:")))
    return Stub(name=name, answers=(_fault(name, kind),))


def _fault(name: str, kind: str) -> Fault:
    if kind not in FAULTS:
        raise _problem(name, f"unknown fault {kind!r}; faults are {', '.join(FAULTS)} and slow:SECONDS.")
    return Fault(kind)


def _milliseconds(name: str, what: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,6}(\.\d+)?", text):
        raise _problem(name, f"{what} is {text!r}, must be seconds, as in 2.7, and fewer than a million.")
    return round(float(text) * 1000)


def _problem(name: str, problem: str) -> UsageError:
    return UsageError(f"function {name!r}: {problem}")
