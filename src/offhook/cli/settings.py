"""What offhook.toml may say, read and checked table by table. Nothing is looked for on disk here.

Every mistake is one sentence with file and key, and all are found at once. An environment (`[env.NAME…]`) is a layer
over the rest: tables are laid over tables, everything else replaces; a function that becomes a stub stops being code
or deployed.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from offhook.adapters.lambdas.kind import BOOTSTRAP, kind_of
from offhook.adapters.lambdas.spec import read_cold
from offhook.adapters.services import modules
from offhook.cli.agents import Staff, read_staff
from offhook.cli.server_settings import ServerSettings, read_server
from offhook.cli.table import Table, shown, spelled
from offhook.model.errors import UsageError
from offhook.model.flow import FLOW_TYPES, MODULE
from offhook.model.instance import ACCOUNT, REGION, Alias, Instance, LambdaPolicy, QueueSettings, Statement
from offhook.templates.contents import TemplateFlow

PROFILES = ("compatible", "strict")
# What makes a function; of two layers the upper one decides.
FUNCTION_KINDS = ("handler", "deployed", "stub", "fail", "template")
# What only a deployed function has
DEPLOYED_KEYS = ("endpoint", "region", "profile")
TEMPLATE_KEYS = ("parameters", "imports")
# What only a function that runs here has
LOCAL_KEYS = ("layers", "interpreter", "venv", "install", "client", "reserved", "cold")
# What a table that names a template cannot say of all its functions, and where it is kept
_OF_ONE_FUNCTION = {
    "code": "code", "runtime": "runtime", "timeout_seconds": "timeout_ms", "memory_mb": "memory_mb",
    "matches": "matches", "associated": "associated", "policy": "policy", "aliases": "aliases",
    "layers": "layers", "interpreter": "interpreter", "reserved": "reserved",
}  # fmt: skip
_FUNCTION_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Origin:
    """The template that a function comes from. `where` names the function in messages.

    `reason` says why its code is not here, empty where it is. A function that cannot run is a warning, because a
    template may hold many that no contact meets; a problem where offhook.toml has a table for it (`is_required`).
    """

    where: str
    logical_id: str
    reason: str = ""
    versions: tuple[str, ...] = ()
    is_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSettings:
    """`[functions.NAME]` as it stands: of FUNCTION_KINDS, exactly one is given. `stub` is the answer as JSON text.

    One without a handler may be a bootstrap. `associated`: whether the function is added to the instance, or the
    qualifiers with which it is. `policy` and `aliases` are None where the file says nothing. `parameters` and `imports`
    are a template's. A function that a template declares is said here as the file would have said it, with its
    `origin`.
    """

    name: str
    code: str
    handler: str
    runtime: str
    timeout_ms: int | None
    memory_mb: int | None
    environment: dict[str, str]
    inherit: tuple[str, ...]
    matches: tuple[str, ...]
    stub: str
    fail: str
    template: str
    deployed: str
    endpoint: str
    region: str
    profile: str
    associated: bool | tuple[str, ...] | None
    policy: tuple[Statement, ...] | None
    aliases: dict[str, Alias] | None
    layers: tuple[str, ...] = ()
    interpreter: str = ""
    venv: str = ""
    install: bool = False
    client: str = "auto"
    reserved: int | None = None
    cold: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole file. `matches` is keyed by kind and name; `hours` holds raw tables for core.calendar to read.
    `services` are paths of files by key.
    """

    strict: bool
    alias: str
    id: str
    account: str
    region: str
    paths: tuple[str, ...]
    types: dict[str, str]
    matches: dict[tuple[str, str], tuple[str, ...]]
    numbers: dict[str, str]
    functions: tuple[FunctionSettings, ...]
    policy: LambdaPolicy
    instance_limit: int | None
    hours: dict[str, dict[str, Any]]
    queues: dict[str, QueueSettings]
    services: dict[str, str]
    staff: Staff
    server: ServerSettings


@dataclass(slots=True)
class Unfolded:
    """The settings with everything of the templates in them.

    `flows` are the templates', each with its file and the name of that in messages. `logical_ids` lead to names of
    functions, where only one template has the id. `files` are those that were read. Problems stop the project.
    """

    settings: Settings
    flows: list[tuple[TemplateFlow, Path, str]] = field(default_factory=list)
    logical_ids: dict[str, str] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_settings(text: str, *, source: str, env: str | None) -> tuple[Settings, list[str]]:
    """The settings with the environment `env` laid over them, and every mistake; wrong values are read as absent.

    Raises UsageError where the text is not TOML.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise UsageError(f"{source}: not TOML: {_lower(str(problem))}.") from None
    except RecursionError:
        raise UsageError(f"{source}: the TOML is nested too deeply.") from None
    except ValueError:
        raise UsageError(f"{source}: the TOML has a number that is too long.") from None
    problems: list[str] = []
    layers = document.pop("env", {})
    if not isinstance(layers, dict):
        problems.append(f"{source}: env is {shown(layers)}, must be tables such as [env.test].")
        layers = {}
    _settings(Table(source, "", document, problems))
    for name in layers:
        _settings(Table(source, f"env.{spelled(name)}", layers[name], problems))
    whole = document
    if env is not None and env not in layers:
        problems.append(f"{source}: there is no environment {env!r}; {_known('environments', layers)}.")
    elif env is not None and isinstance(layers[env], dict):
        whole = _laid(document, layers[env])
    settings = _settings(Table(source, "", whole, []))
    return settings, problems + _contradictions(settings, source)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _known(what: str, names: Mapping[str, Any]) -> str:
    return f"it has {', '.join(map(repr, names))}" if names else f"it has no {what}"


def _laid(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    laid = {**below, **above}
    for key, value in above.items():
        under = below.get(key)
        if isinstance(value, dict) and isinstance(under, dict) and key != "stub":
            kinds = [kind for kind in FUNCTION_KINDS if kind in value]
            gone = (*FUNCTION_KINDS, *DEPLOYED_KEYS, *TEMPLATE_KEYS) if kinds else ()
            kept = {name: entry for name, entry in under.items() if name not in gone}
            laid[key] = _laid(kept, value)
    return laid


def _settings(top: Table) -> Settings:
    profile = top.text("profile", "compatible", one_of=PROFILES)
    instance = top.table("instance")
    default = Instance()
    identity = {
        "alias": instance.text("alias", default.alias),
        "id": instance.text("id", default.id),
        "account": instance.text("account", ACCOUNT),
        "region": instance.text("region", REGION),
    }
    instance.close()
    matches: dict[tuple[str, str], tuple[str, ...]] = {}
    paths, types = _flows(top.table("flows"), matches)
    numbers = top.text_map("numbers")
    functions = [_function(name, table) for name, table in top.tables("functions")]
    policy, instance_limit = _lambda(top.table("lambda"))
    hours = {}
    for name, table in top.tables("hours"):
        hours[name] = table.entries
        matches["hours", name] = table.texts("matches")
    queues = {name: _queue(name, table, matches) for name, table in top.tables("queues")}
    for kind in ("prompt", "module", "bot", "view"):
        for name, table in top.tables(f"{kind}s"):
            matches[kind, name] = table.texts("matches")
            table.close()
    services = _services(top.table("services"))
    staff = read_staff(top)
    server = read_server(top.table("server"))
    top.close()
    return Settings(
        strict=profile == "strict", **identity, paths=paths, types=types, matches=matches, numbers=numbers,
        functions=tuple(filter(None, functions)), policy=policy, instance_limit=instance_limit, hours=hours,
        queues=queues, services=services, staff=staff, server=server,
    )  # fmt: skip


def _services(table: Table) -> dict[str, str]:
    if not table.entries:
        return {}
    paths = {key: table.text(key) for key in modules()}
    table.close()
    return {key: path for key, path in paths.items() if path}


def _flows(table: Table, matches: dict[tuple[str, str], tuple[str, ...]]) -> tuple[tuple[str, ...], dict[str, str]]:
    paths = table.texts("paths")
    types = table.text_map("types", one_of=(*FLOW_TYPES, MODULE))
    for name in table.left():
        if isinstance(table.entries[name], dict):
            flow = table.table(name)
            matches["flow", name] = flow.texts("matches")
            flow.close()
    table.close()
    return paths, types


def _function(name: str, table: Table) -> FunctionSettings | None:
    """None where a value is wrong: what is missing then is no news."""
    if not _FUNCTION_NAME.fullmatch(name):
        table.problem("", "is no name of a function: letters, digits, - and _, at most 64")
    seconds, stub = table.number("timeout_seconds", least=1, most=900), table.raw("stub")
    settings = FunctionSettings(
        name=name,
        code=table.text("code"),
        handler=table.text("handler"),
        runtime=table.text("runtime"),
        timeout_ms=None if seconds is None else seconds * 1000,
        memory_mb=table.number("memory_mb", least=128, most=10_240),
        environment=table.text_map("environment"),
        inherit=table.texts("inherit"),
        matches=table.texts("matches"),
        stub="" if stub is None else msgspec.json.encode(stub).decode(),
        fail=table.text("fail"),
        template=table.text("template"),
        deployed=table.text("deployed"),
        endpoint=table.text("endpoint"),
        region=table.text("region"),
        profile=table.text("profile"),
        associated=_associated(table),
        policy=_statements(table),
        aliases=_aliases(table),
        layers=table.texts("layers"),
        interpreter=table.text("interpreter"),
        venv=table.text("venv"),
        install=table.flag("install") or False,
        client=table.text("client", "auto", one_of=("auto", "own")),
        reserved=table.number("reserved", least=0, most=1000),
        cold=_cold(table),
        parameters=table.scalars("parameters"),
        imports=table.scalars("imports"),
    )
    table.close()
    return settings if table.is_sound else None


def _cold(table: Table) -> str:
    text = table.text("cold")
    try:
        read_cold(text or "first", where="")
    except UsageError as refusal:
        table.problem("cold", refusal.problems[0].removeprefix(" cold ").removesuffix("."))
    return text


def _associated(table: Table) -> bool | tuple[str, ...] | None:
    """true, false, or a list of the versions and aliases that are added; "" is the function itself."""
    return table.texts("associated") if isinstance(table.entries.get("associated"), list) else table.flag("associated")


def _statements(table: Table) -> tuple[Statement, ...] | None:
    if "policy" not in table.entries:
        return None
    found = []
    for each in table.list_of_tables("policy"):
        statement = Statement(
            principal=each.text("principal"),
            action=each.text("action", "lambda:InvokeFunction"),
            source_account=each.text("source_account"),
            source_arn=each.text("source_arn"),
            qualifier=each.text("qualifier"),
        )
        each.close()
        if not statement.principal and each.is_sound:
            each.problem("principal", "is missing: say who is allowed, as in connect.amazonaws.com")
        table.is_sound &= each.is_sound
        found.append(statement)
    return tuple(found)


def _aliases(table: Table) -> dict[str, Alias] | None:
    """`live = "7"`, or with shares of other versions `live = { version = "7", weights = { 8 = 0.1 } }`."""
    if "aliases" not in table.entries:
        return None
    aliases = table.table("aliases")
    found = {name: _alias(name, aliases) for name in aliases.entries}
    table.is_sound &= aliases.is_sound
    return found


def _alias(name: str, aliases: Table) -> Alias:
    if not isinstance(aliases.entries[name], dict):
        return Alias(aliases.text(name))
    table = aliases.table(name)
    alias = Alias(table.text("version"), table.shares("weights"))
    table.close()
    if not alias.version and table.is_sound:
        table.problem("version", "is missing: say where the alias leads")
    aliases.is_sound &= table.is_sound
    return alias


def _lambda(table: Table) -> tuple[LambdaPolicy, int | None]:
    """How a block tries again, and how many invocations of the instance may run at once."""
    retries = table.number("retries", least=0, most=10)
    backoff_ms = table.numbers("backoff_ms")
    instance_limit = table.number("instance_limit", least=1, most=100_000)
    table.close()
    default = LambdaPolicy()
    policy = LambdaPolicy(
        default.retries if retries is None else retries, default.backoff_ms if backoff_ms is None else backoff_ms
    )
    return policy, instance_limit


def _queue(name: str, table: Table, matches: dict[tuple[str, str], tuple[str, ...]]) -> QueueSettings:
    matches["queue", name] = table.texts("matches")
    caller = table.text("outbound_caller_id")
    most = table.number("max_contacts", least=0, most=1_000_000)
    settings = QueueSettings(name, table.text("hours"), most, caller or None, table.text("outbound_flow"))
    table.close()
    return settings


def _about_templates(function: FunctionSettings) -> Iterator[str]:
    if not function.template:
        yield from (f"{key} is for templates alone" for key in TEMPLATE_KEYS if getattr(function, key))
        return
    for key, attribute in _OF_ONE_FUNCTION.items():
        if getattr(function, attribute) not in ("", None, ()):
            yield f"{key} is for one function; give it in a table named by the function's logical id"


def _contradictions(settings: Settings, source: str) -> list[str]:
    """What is wrong between tables, once every table is right by itself."""
    found = []
    for function in settings.functions:
        given = [kind for kind in FUNCTION_KINDS if getattr(function, kind)]
        is_bootstrap = not given and kind_of(function.runtime) == BOOTSTRAP
        if len(given) != 1 and not is_bootstrap:
            has = " and ".join(given) or "none of them"
            found.append(
                f"{source}: [functions.{function.name}] must have one of {', '.join(FUNCTION_KINDS)}; it has {has}."
            )
        alone = [key for key in DEPLOYED_KEYS if getattr(function, key)] if not function.deployed else []
        found += [f"{source}: [functions.{function.name}] {key} is for deployed functions alone." for key in alone]
        runs_here = function.handler or function.template or is_bootstrap
        alone = [
            key for key in LOCAL_KEYS if not runs_here and getattr(function, key) not in ("", "auto", (), None, False)
        ]
        found += [f"{source}: [functions.{function.name}] {key} is for functions that run here alone." for key in alone]
        found += [f"{source}: [functions.{function.name}] {rule}." for rule in _about_templates(function)]
    for name, queue in settings.queues.items():
        if queue.hours and queue.hours not in settings.hours:
            known = _known("hours", settings.hours)
            where = f"{source}: [queues.{spelled(name)}] hours"
            found.append(f"{where} is {queue.hours!r}, which is not in [hours]; {known}.")
    return found
