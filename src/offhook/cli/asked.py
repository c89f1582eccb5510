"""What one run is asked to do: the options as they were written, what they mean, and the command that repeats them."""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from offhook.adapters.lambdas.record import Recording, load, recorder_problem
from offhook.adapters.lambdas.spec import Function, parse_functions
from offhook.cli.agents import Staff, load_staff, plain_staff
from offhook.core.calendar import parse_instant
from offhook.core.expr import parse_reference
from offhook.drivers.sim.agent import length_of
from offhook.drivers.sim.customer import Script
from offhook.model.errors import UsageError
from offhook.model.flow import FLOW_TYPES, MODULE

# The instant of scripted runs, a Monday morning in New York, and the people of a call that names none. All ours.
DEFAULT_AT = "2026-01-05T10:00:00-05:00"
DEFAULT_SEED = "1"
CUSTOMER = "+12065550100"
SYSTEM = "+18005550100"
CHANNELS = ("voice", "chat", "task", "email")
# who is at both ends of a contact that nobody asked for in another way; chats and tasks have no addresses
_ENDS = {"VOICE": (CUSTOMER, SYSTEM), "EMAIL": ("customer@example.com", "support@example.com")}
# References whose values are set in another way than by --set
_ELSEWHERE = {"Attributes": "--attr NAME=VALUE", "External": "--function NAME=stub:JSON"}
_ADDRESS = re.compile(r"\+[1-9][0-9]{1,14}|anonymous|[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """As on the command line, but for `inputs`: --input, --press and --say in the order in which they stand there."""

    flow: str
    channel: str = "voice"
    sender: str | None = None
    attributes: tuple[str, ...] = ()
    flow_type: str | None = None
    functions: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    silent: bool = False
    hang_up_after: str = ""
    at: str | None = None
    function_time: str | None = None
    given: tuple[str, ...] = ()
    real_time: bool | None = None
    seed: str = DEFAULT_SEED
    trace: bool = False
    json: bool = False
    debug: str | None = None
    env: str | None = None
    profile: str | None = None
    log: str | None = None
    records: str | None = None
    events: str | None = None
    record: str | None = None
    replay: str | None = None
    agents: str | None = None
    patience: str | None = None

    def outputs(self) -> dict[str, str]:
        """What is written beside the transcript, by option, and where to; `-` is stdout."""
        asked = {"log": self.log, "records": self.records, "events": self.events}
        return {name: path for name, path in asked.items() if path is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the options mean. `at_ms` None: now. `given` is nested by the steps of the references.

    `recordings` answer in place of functions, None where they run. `staff` None: the project's own.
    """

    channel: str
    customer: str | None
    attributes: dict[str, str]
    functions: dict[str, Function]
    script: Script
    at_ms: int | None
    function_time_ms: int | None
    given: dict[str, Any]
    recordings: tuple[Recording, ...] | None = None
    staff: Staff | None = None
    patience: int | None = None


def ends(channel: str) -> tuple[str | None, str | None]:
    """The customer's and our own address, None where the channel has none."""
    return _ENDS.get(channel, (None, None))


def read(options: Options, problems: list[str]) -> Asked:
    """What the options mean; what is wrong with them is added to `problems`, and read as not given."""
    channel = options.channel.upper()
    if options.channel.lower() not in CHANNELS:
        problems.append(f"--channel is {options.channel!r}, must be one of {', '.join(CHANNELS)}.")
    if options.flow_type not in (None, *FLOW_TYPES, MODULE):
        problems.append(f"--type is {options.flow_type!r}, must be one of {', '.join((*FLOW_TYPES, MODULE))}.")
    if options.profile not in (None, "strict", "compatible"):
        problems.append(f"--profile is {options.profile!r}, must be strict or compatible.")
    if options.sender is not None and not _ADDRESS.fullmatch(options.sender):
        must = f"must be a phone number such as {CUSTOMER}, anonymous, or an e-mail address"
        problems.append(f"--from is {options.sender!r}, {must}.")
    problems += _clashes(options)
    functions: dict[str, Function] = {}
    script, at_ms = Script(), None
    try:
        functions = parse_functions(options.functions, folder=Path.cwd())
    except UsageError as refusal:
        problems += refusal.problems
    try:
        script = Script(options.inputs)
    except UsageError as refusal:
        problems += refusal.problems
    try:
        at_ms = parse_instant(options.at) if options.at is not None else None
    except UsageError as refusal:
        problems += [f"--at: {sentence}" for sentence in refusal.problems]
    return Asked(
        channel=channel,
        customer=options.sender or ends(channel)[0],
        attributes=_attributes(options.attributes, problems),
        functions=functions,
        script=script,
        at_ms=at_ms,
        function_time_ms=_milliseconds(options.function_time, problems),
        given=_given(options.given, problems),
        recordings=_recordings(options, problems),
        staff=_staff(options.agents, problems),
        patience=_length("--patience", options.patience, problems),
    )


def _clashes(options: Options) -> list[str]:
    """Outputs that would write over each other."""
    found, taken = [], dict[str, str]()
    for name, path in options.outputs().items():
        if path == "-":
            if options.json:
                found.append(f"--{name} - and --json both want stdout; give --{name} a file.")
        elif path in taken:
            found.append(f"--{taken[path]} and --{name} both want {path!r}; give each a file of its own.")
        else:
            taken[path] = name
    return found


def _staff(text: str | None, problems: list[str]) -> Staff | None:
    """So many agents, or those of a file; None where the project's are meant."""
    if text is None:
        return None
    if re.fullmatch(r"[0-9]{1,4}", text):
        return plain_staff(int(text))
    try:
        return load_staff(Path(text))
    except UsageError as refusal:
        problems += refusal.problems
    return None


def _length(name: str, text: str | None, problems: list[str]) -> int | None:
    found = length_of(text) if text is not None else None
    if text is not None and found is None:
        problems.append(f"{name} is {text!r}, must be a length of time such as 30s or 2m.")
    return found


def _attributes(texts: Iterable[str], problems: list[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            problems.append(f"--attr {text!r}: must be NAME=VALUE.")
        found[name] = value
    return found


def _milliseconds(text: str | None, problems: list[str]) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        problems.append(f"--function-time is {text!r}, must be a whole number of milliseconds.")
        return None
    return int(text)


def _recordings(options: Options, problems: list[str]) -> tuple[Recording, ...] | None:
    """What --replay names; also what is wrong with --record."""
    if options.record is not None:
        if options.replay is not None:
            problems.append("--record and --replay do not go together: a replay would only be recorded again.")
        if problem := recorder_problem(Path(options.record)):
            problems.append(f"--record {options.record!r}: {problem}")
    for name in ("record", "replay"):
        if options.debug is not None and getattr(options, name) is not None:
            problems.append(f"--debug and --{name} do not go together: who looks into a function takes other times.")
    if options.replay is None:
        return None
    try:
        return load(Path(options.replay))
    except UsageError as refusal:
        problems += [f"--replay: {sentence}" for sentence in refusal.problems]
    return None


def _given(texts: Iterable[str], problems: list[str]) -> dict[str, Any]:
    """`$.Lex.IntentName=x` as {"Lex": {"IntentName": "x"}}."""
    given: dict[str, Any] = {}
    for text in texts:
        path, equals, value = text.partition("=")
        reference = parse_reference(path, alone=True)
        if reference is None or not equals:
            problems.append(f"--set {text!r}: must be a reference and its value, such as '$.Lex.IntentName=Order'.")
            continue
        *steps, last = reference.path
        if reference.path[0] in _ELSEWHERE:
            problems.append(f"--set {text!r}: these values are given by {_ELSEWHERE[reference.path[0]]}.")
            continue
        place = given
        for step in steps:
            place = place.setdefault(step, {})
            if not isinstance(place, dict):
                break
        if not isinstance(place, dict) or isinstance(place.get(last), dict):
            problems.append(f"--set {text!r}: another --set gives a part of the same value.")
            continue
        place[last] = value
    return given


def repeat(options: Options, *, at: str, inputs: Iterable[str]) -> str:
    """The command that runs the same contact again, for a shell. `inputs` are what the customer did this time."""
    inputs = list(inputs)
    words = ["offhook", "run", options.flow]
    for name, value, default in (
        ("--channel", options.channel, "voice"),
        ("--from", options.sender, None),
        ("--type", options.flow_type, None),
        ("--hang-up-after", options.hang_up_after, ""),
        ("--function-time", options.function_time, None),
        ("--env", options.env, None),
        ("--profile", options.profile, None),
        ("--replay", options.replay, None),
        ("--agents", options.agents, None),
        ("--patience", options.patience, None),
    ):
        if value is not None and value != default:
            words += [name, value]
    for name, values in (
        ("--attr", options.attributes),
        ("--function", options.functions),
        ("--set", options.given),
        ("--input", inputs),
    ):
        words += [word for value in values for word in (name, value)]
    if not inputs:
        words.append("--silent")
    return shlex.join([*words, "--seed", options.seed, "--at", at])
