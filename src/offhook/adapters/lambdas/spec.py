"""What a function of the project is: a Python function, a deployed one, or a stub that states its answers and times.

The text of `--function NAME=KIND:…` is read here. A fault is a stub whose answer is a `Fault`, and no kind of its own.
"""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from offhook.model.errors import UsageError

DEFAULT_TIMEOUT_MS = 3000  # Lambda's own defaults for a new function
DEFAULT_MEMORY_MB = 128
FAULTS = (
    "throttle", "instance-limit", "500", "403", "404", "timeout", "error", "init", "crash", "nested", "big", "garbage",
)  # fmt: skip
_DEPLOYED = re.compile(
    r"arn:aws[a-z-]*:lambda:([a-z0-9-]+):\d{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9$_-]{1,128})?"
)
_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")
_STUB = re.compile(r"stub(?:\((?P<options>[^)]*)\))?:(?P<json>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonFunction:
    """A handler that runs in child processes.

    `task_root` is its folder, on sys.path and the working directory; `handler` is `file.function`, dotted or with
    slashes as in Lambda. `timeout_ms` is the function's own, a second clock beside the block's. `inherit` names
    variables of our own environment that it may see. `client` is `auto` (AWS's runtime client where it imports, else
    ours) or `own`. `debug_port`: each process waits there for debugpy, and no limit applies.
    """

    name: str
    task_root: Path
    handler: str
    timeout_ms: int = DEFAULT_TIMEOUT_MS
    memory_mb: int = DEFAULT_MEMORY_MB
    environment: Mapping[str, str] = field(default_factory=dict)
    inherit: tuple[str, ...] = ()
    interpreter: str = sys.executable
    client: str = "auto"
    debug_port: int | None = None


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


Function = PythonFunction | Stub | DeployedFunction


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
    """One function from `NAME=python:PATH.HANDLER`, `deployed:ARN`, `stub:JSON` or `fail:KIND`. Raises UsageError."""
    name, equals, what = text.partition("=")
    if not (name and equals):
        raise UsageError(f"function {text!r}: write NAME=KIND:…, as in lookup=python:functions/lookup.handler.")
    kind = re.split(r"[:(]", what, maxsplit=1)[0]
    if kind == "python":
        return _python(name, what.removeprefix("python:"), folder)
    if kind == "stub":
        return _stub(name, what)
    if kind == "fail":
        return _fail(name, what.removeprefix("fail:"))
    if kind == "deployed":
        arn, _, endpoint = what.removeprefix("deployed:").partition("@")
        return deployed(name, arn, endpoint=endpoint)
    raise _problem(name, f"unknown kind {kind!r}; kinds here are python, deployed, stub and fail.")


def deployed(name: str, arn: str, *, endpoint: str = "", region: str = "", profile: str = "") -> DeployedFunction:
    """A deployed function. Raises UsageError where the ARN is not that of a function, or the endpoint no URL."""
    match = _DEPLOYED.fullmatch(arn)
    wrong = []
    if match is None:
        rule = "must be the ARN of a function, as in arn:aws:lambda:us-east-1:111122223333:function:lookup:live."
        wrong.append(f"function {name!r}: deployed is {arn!r}, {rule}")
    if endpoint and not _URL.fullmatch(endpoint):
        wrong.append(f"function {name!r}: endpoint is {endpoint!r}, must be a URL, as in http://127.0.0.1:4510.")
    if match is None or wrong:
        raise UsageError(*wrong)
    return DeployedFunction(name=name, arn=arn, region=region or match[1], endpoint=endpoint, profile=profile)


def _python(name: str, path: str, folder: Path) -> PythonFunction:
    parent, _, handler = path.rpartition("/")
    module, _, function = handler.rpartition(".")
    if not (module and function):
        raise _problem(name, f"handler {path!r} must be FILE.FUNCTION, as in functions/lookup.handler.")
    task_root = (folder / parent).resolve()
    source = Path(*module.split("."))
    if not ((task_root / source).with_suffix(".py").is_file() or (task_root / source / "__init__.py").is_file()):
        raise _problem(name, f"there is no file {Path(parent, source)}.py; write FILE.FUNCTION, without .py.")
    return PythonFunction(name=name, task_root=task_root, handler=handler)


def _stub(name: str, text: str) -> Stub:
    match = _STUB.fullmatch(text)
    if match is None:
        raise _problem(name, "a stub is stub:JSON or stub(init=0.4,run=2.7):JSON.")
    options = _options(name, match["options"] or "")
    try:
        # Raw keeps the spelling of numbers: a flow sees 1.50 as it was written
        items = msgspec.json.decode(match["json"], type=list[msgspec.Raw]) if "seq" in options else None
        msgspec.json.decode(match["json"])
    except msgspec.DecodeError as error:
        rule = "a JSON list" if "seq" in options else "JSON"
        raise _problem(name, f"the answer of a stub must be {rule}: {error}.") from None
    except RecursionError:
        raise _problem(name, "the answer of a stub is nested too deeply.") from None
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


def _options(name: str, text: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for option in filter(None, (part.strip() for part in text.split(","))):
        key, _, value = option.partition("=")
        if key not in ("init", "run", "cold", "timeout", "seq"):
            raise _problem(name, f"unknown stub option {key!r}; options are init, run, timeout, cold and seq.")
        options[key] = value.strip()
    return options


def _cold(name: str, text: str) -> int | None:
    if text == "first":
        return None
    if text == "always":
        return 1
    every = text.removeprefix("every").strip()
    if text.startswith("every") and re.fullmatch(r"0*[1-9]\d{0,8}", every):
        return int(every)
    raise _problem(name, f"cold is {text!r}, must be first, always or every N.")


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
