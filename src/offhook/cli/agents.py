"""Agents, routing profiles and quick connects: tables of offhook.toml, and of the file that `--agents` names.

    [agents.jane]
    routing_profile = "Basic"
    first_name = "Jane"
    answers = "accept"              # miss, reject
    accept_after = "2s"
    handle_time = "exponential:180s"
    then = ["hold:10s", "resume", "transfer:Billing", "conference", "hangup"]

    [agents.jane.proficiencies]
    Language = { Norwegian = 4 }

    [routing_profiles.Basic]
    queues = [{ queue = "Support", priority = 1, delay = "10s", channels = ["voice"] }]
    concurrency = { voice = 1, chat = 2 }
    cross_channel = ["chat"]        # who has a chat may be given a call, too
    outbound_queue = "Support"
    extends = "Other"               # whatever is not said here; its queues come after

    [quick_connects.Billing]
    queue = "Billing"               # or agent = "joe", or number = "+15550100"; flow = "…" in place of the default one

What `then`, times and answers mean is in drivers/sim/agent.py: these are words about simulated agents alone.
"""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import structs

from offhook.cli.table import Table
from offhook.drivers.sim.agent import ANSWERS, AgentScript, Time, length_of, parse_steps, parse_time
from offhook.model.errors import UsageError
from offhook.model.instance import AgentSettings, Instance, QueueRoute, QuickConnect, RoutingProfile

# channels, and how many contacts of each an agent may have (APIReference/API_MediaConcurrency.html)
CHANNELS = {"voice": 1, "chat": 10, "task": 10, "email": 10}
MAX_DELAY_MS = 9_999_000  # APIReference/API_RoutingProfileQueueConfig.html
_NUMBER = re.compile(r"\+[1-9][0-9]{1,14}")
_TIMES = {"accept_after": Time(2_000), "handle_time": Time(60_000), "after_contact": Time(0)}


@dataclass(frozen=True, slots=True)
class Staff:
    """Who works, what for, and where they can transfer to; each by name."""

    agents: dict[str, AgentSettings] = field(default_factory=dict)
    scripts: dict[str, AgentScript] = field(default_factory=dict)
    profiles: dict[str, RoutingProfile] = field(default_factory=dict)
    quick_connects: dict[str, QuickConnect] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Profile:
    """A routing profile as its table has it, and the name of the one that it extends."""

    profile: RoutingProfile
    base: str


def plain_staff(count: int) -> Staff:
    """So many agents, `agent-1` and on, who take whatever comes."""
    names = [f"agent-{number}" for number in range(1, count + 1)]
    return Staff({name: AgentSettings(name) for name in names}, {name: AgentScript() for name in names})


def load_staff(path: Path) -> Staff:
    """The staff in a file. UsageError with every mistake."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise UsageError(f"--agents {str(path)!r}: cannot be read: {problem.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise UsageError(f"--agents {str(path)!r}: not TOML: {problem}.") from None
    problems: list[str] = []
    top = Table(str(path), "", document, problems)
    staff = read_staff(top)
    top.close()
    if problems:
        raise UsageError(*problems)
    return staff


def read_staff(top: Table) -> Staff:
    """The tables of a file; what is wrong is noted there."""
    staff = Staff()
    own = {name: _profile(name, table) for name, table in top.tables("routing_profiles")}
    for sentence in sorted(set(_astray(own))):
        top.problem("", sentence)
    for name in own:
        staff.profiles[name] = _extended(name, own)
    for name, table in top.tables("agents"):
        staff.agents[name], staff.scripts[name] = _agent(name, table)
    for name, table in top.tables("quick_connects"):
        staff.quick_connects[name] = _quick_connect(name, table)
    return staff


def with_staff(instance: Instance, staff: Staff, source: str) -> Instance:
    """The instance in which they work. UsageError with every name that leads nowhere, and what is near it."""
    made = structs.replace(
        instance,
        agents={**instance.agents, **staff.agents},
        routing_profiles={**instance.routing_profiles, **staff.profiles},
        quick_connects={**instance.quick_connects, **staff.quick_connects},
    )
    problems = [f"{source}: {sentence}" for sentence in _loose_ends(made, staff)]
    if problems:
        raise UsageError(*problems)
    known = {each.name for each in made.resources if each.kind == "agent"}
    agents = tuple(made.resource("agent", name) for name in staff.agents if name not in known)
    return structs.replace(made, resources=(*made.resources, *agents))


def _loose_ends(instance: Instance, staff: Staff) -> Iterator[str]:
    queues = {each.name for each in instance.resources if each.kind == "queue"} | set(instance.queues)
    flows = {flow.name for flow in instance.flows.values()}
    for name, agent in staff.agents.items():
        yield from _unknown(f"[agents.{name}] routing_profile", agent.routing_profile, instance.routing_profiles)
    for name, script in staff.scripts.items():
        for _, is_transfer, connected in (step.partition("transfer:") for step in script.then):
            if is_transfer:
                yield from _unknown(f"[agents.{name}] then: transfer", connected, instance.quick_connects)
    for name, profile in staff.profiles.items():
        yield from _unknown(f"[routing_profiles.{name}] outbound_queue", profile.outbound_queue, queues)
        for route in profile.queues:
            yield from _unknown(f"[routing_profiles.{name}] queue", route.queue, queues)
    for name, connect in staff.quick_connects.items():
        yield from _unknown(f"[quick_connects.{name}] agent", connect.agent, instance.agents)
        yield from _unknown(f"[quick_connects.{name}] queue", connect.queue, queues)
        yield from _unknown(f"[quick_connects.{name}] flow", connect.flow, flows)


def _unknown(where: str, name: str, known: Any) -> Iterator[str]:
    """The sentence for a name that is given and leads nowhere."""
    if not name or name in known:
        return
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    there = f"did you mean {near[0]!r}" if near else f"there is {', '.join(map(repr, sorted(known))) or 'none'}"
    yield f"{where} is {name!r}, which is not there; {there}."


# --- tables


def _agent(name: str, table: Table) -> tuple[AgentSettings, AgentScript]:
    settings = AgentSettings(
        name,
        table.text("routing_profile"),
        table.text("first_name"),
        table.text("last_name"),
        _proficiencies(table.table("proficiencies")),
    )
    times = {key: _time(table, key, default) for key, default in _TIMES.items()}
    script = AgentScript(
        table.text("status", "Available"), table.text("answers", "accept", one_of=ANSWERS), **times, then=_steps(table)
    )
    table.close()
    return settings, script


def _proficiencies(table: Table) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for attribute, levels in ((name, table.table(name)) for name in table.entries):
        for value, level in levels.entries.items():
            if type(level) in (int, float) and 1 <= level <= 5:
                found.setdefault(attribute, {})[value] = level
            else:
                levels.problem(value, "must be a level from 1 to 5")
    return found


def _time(table: Table, key: str, default: Time) -> Time:
    text = table.text(key)
    try:
        return parse_time(text) if text else default
    except UsageError as refusal:
        table.problem(key, f"is {str(refusal).rstrip('.')}")
        return default


def _steps(table: Table) -> tuple[str, ...]:
    steps = table.texts("then")
    try:
        return parse_steps(steps)
    except UsageError as refusal:
        for sentence in refusal.problems:
            table.problem("then", f"has a {sentence.rstrip('.')}")
        return ()


def _profile(name: str, table: Table) -> _Profile:
    routes = tuple(_route(each) for each in table.list_of_tables("queues"))
    concurrency = table.table("concurrency")
    most = {channel.upper(): concurrency.number(channel, least=0, most=most) for channel, most in CHANNELS.items()}
    concurrency.close()
    given = {channel: number for channel, number in most.items() if number is not None}
    cross = _channels(table, "cross_channel")
    base, outbound = table.text("extends"), table.text("outbound_queue")
    table.close()
    return _Profile(RoutingProfile(name, routes, given, outbound, cross), base)


def _channels(table: Table, key: str) -> tuple[str, ...]:
    channels = table.texts(key)
    if wrong := [channel for channel in channels if channel not in CHANNELS]:
        table.problem(key, f"has {', '.join(wrong)}, must be of {', '.join(CHANNELS)}")
    return tuple(channel.upper() for channel in channels)


def _route(table: Table) -> QueueRoute:
    delay = table.text("delay", "0s")
    delay_ms = length_of(delay)
    if delay_ms is None or delay_ms > MAX_DELAY_MS:
        table.problem("delay", f"is {delay!r}, must be a length of time such as 10s, up to 9999s")
    channels = _channels(table, "channels")
    queue, priority = table.text("queue"), table.number("priority", least=1, most=99)
    if not queue:
        table.problem("queue", "must name a queue")
    table.close()
    return QueueRoute(queue, priority or 1, delay_ms or 0, channels)


def _line(name: str, own: Mapping[str, _Profile]) -> list[str]:
    """The profile, the one it extends, and so on; it ends where one is not there or comes again, with its name."""
    line = [name]
    while line[-1] in own and line[-1] not in line[:-1] and own[line[-1]].base:
        line.append(own[line[-1]].base)
    return line


def _astray(own: Mapping[str, _Profile]) -> Iterator[str]:
    """Sentences on profiles that extend each other in a circle, or one that is not there."""
    for name in own:
        line = _line(name, own)
        if line[-1] not in own:
            yield f"[routing_profiles.{line[-2]}] extends is {line[-1]!r}, which is no routing profile here"
        elif line[-1] in line[:-1]:
            circle = line[line.index(line[-1]) : -1]
            first = circle.index(min(circle))
            circle = [*circle[first:], *circle[: first + 1]]
            yield f"[routing_profiles.{circle[0]}] extends leads back to itself: {' -> '.join(circle)}"


def _extended(name: str, own: Mapping[str, _Profile]) -> RoutingProfile:
    """With the queues of those that it extends after its own, and what else it does not say itself."""
    line = [own[each].profile for each in dict.fromkeys(_line(name, own)) if each in own]
    concurrency: dict[str, int] = {}
    for profile in reversed(line):
        concurrency.update(profile.concurrency)
    return RoutingProfile(
        name,
        tuple(route for profile in line for route in profile.queues),
        concurrency or {"VOICE": 1},
        next((profile.outbound_queue for profile in line if profile.outbound_queue), ""),
        next((profile.cross_channel for profile in line if profile.cross_channel), ()),
    )


def _quick_connect(name: str, table: Table) -> QuickConnect:
    agent, queue, number = table.text("agent"), table.text("queue"), table.text("number")
    if sum(map(bool, (agent, queue, number))) != 1:
        table.problem("", "must have one of agent, queue and number")
    if number and not _NUMBER.fullmatch(number):
        table.problem("number", f"is {number!r}, must be a number in E.164 such as +15550100")
    flow = table.text("flow")
    table.close()
    kind = "user" if agent else "queue" if queue else "phone"
    return QuickConnect(name, kind, agent, queue, number, flow)
