"""A project: offhook.toml, the flows it names, and what they refer to, as an instance and its functions.

Without offhook.toml a project is a folder with nothing in it; a flow file that is run there stands alone.
"""

import difflib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from msgspec import structs

from offhook.adapters.lambdas.kind import BOOTSTRAP, OWN_PYTHON, PYTHON, has_python, kind_of
from offhook.adapters.lambdas.requirements import folder_for
from offhook.adapters.lambdas.spec import (
    DEFAULT_IDLE_MS,
    DEFAULT_MEMORY_MB,
    DEFAULT_TIMEOUT_MS,
    DeployedFunction,
    Function,
    LocalFunction,
    Stub,
    deployed,
    local,
    parse_function,
    read_cold,
)
from offhook.blocks import catalogue
from offhook.cli.agents import with_staff
from offhook.cli.file import contents
from offhook.cli.server_settings import ServerSettings
from offhook.cli.services import Description, described, with_bots
from offhook.cli.settings import FunctionSettings, Settings, Unfolded, read_settings
from offhook.core.calendar import parse_hours
from offhook.core.phases import DEFAULT_FLOWS
from offhook.core.resolve import Resolver
from offhook.drivers.defaults import with_defaults
from offhook.drivers.sim.agent import AgentScript
from offhook.flowjson.read import read_flow
from offhook.model.errors import UsageError
from offhook.model.flow import MODULE, Flow
from offhook.model.instance import Instance, Resource

_Made = TypeVar("_Made")

FILE = "offhook.toml"
PACKAGES = Path(".offhook", "packages")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What is there to run. `root`: the folder that paths in the file are relative to.

    `files`: the file of each flow, by the flow's ARN; flows that every instance has are not among them. `paths` are the
    file's patterns for flows. `functions` by name; each is also a resource of the instance. `warnings` are sentences
    about the project that stop nothing.
    `instance_limit` bounds how many functions run at once, None for no bound. `templates` are the files that templates
    were read from, `logical_ids` lead to the names of their functions. `services` are descriptions by key, read from
    `service_files`.
    """

    root: Path
    file: Path | None = None
    instance: Instance = field(default_factory=Instance)
    functions: dict[str, Function] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    paths: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    instance_limit: int | None = None
    templates: tuple[Path, ...] = ()
    logical_ids: dict[str, str] = field(default_factory=dict)
    services: dict[str, Description] = field(default_factory=dict)
    service_files: tuple[Path, ...] = ()
    agents: dict[str, AgentScript] = field(default_factory=dict)
    server: ServerSettings = field(default_factory=ServerSettings)

    def function_name(self, text: str) -> str:
        """The name of the function that has this logical id in a template; else the text itself."""
        return text if text in self.functions else self.logical_ids.get(text) or text

    def find_flow(self, text: str) -> Flow:
        """The flow or module with this phone number, name, ARN or id. Raises UsageError with the near names."""
        instance = self.instance
        name = instance.numbers.get(text, text)
        resolver = Resolver(instance)
        for kind in ("flow", "module"):
            resource = resolver.find(kind, name).resource
            if resource is not None:
                return instance.flows[resource.arn]
        names = [flow.name for arn, flow in instance.flows.items() if arn in self.files]
        raise UsageError(f"flow {text!r}: there is no such file, and {_nothing('flow', text, names)}.")

    def source(self, flow: Flow) -> str:
        """Where the flow stands, for messages: its file, or the name of one that every instance has."""
        return shown(self.files[flow.arn]) if flow.arn in self.files else flow.name

    def with_flow(self, path: Path) -> "tuple[Project, Flow]":
        """The project and the flow in this file; one that no path of the project leads to joins it."""
        file = path.resolve()
        known = [self.instance.flows[arn] for arn, each in self.files.items() if each == file]
        if len(known) > 1:
            names = ", ".join(repr(flow.name) for flow in known)
            raise UsageError(f"{shown(file)}: declares the flows {names}; name one of them.")
        if known:
            return self, known[0]
        flow, resource = _named(self.instance, _read(path), file)
        others = tuple(each for each in self.instance.resources if each.arn != resource.arn)
        instance = structs.replace(
            self.instance, flows={**self.instance.flows, flow.arn: flow}, resources=(resource, *others)
        )
        return replace(self, instance=instance, files={**self.files, flow.arn: file}), flow

    def with_type(self, flow: Flow, flow_type: str) -> "tuple[Project, Flow]":
        """The project and the flow, with another type than its file says."""
        flow = structs.replace(flow, type=flow_type)
        instance = structs.replace(self.instance, flows={**self.instance.flows, flow.arn: flow})
        return replace(self, instance=instance), flow

    def with_functions(self, functions: dict[str, Function]) -> "Project":
        """The project with these added, or in place of its own; giving a function adds it to the instance, too."""
        given = {self.function_name(name): function for name, function in functions.items()}
        functions = {name: self._in_place(each, name) for name, each in given.items()}
        new = self._unknown(functions)
        made = tuple(_resource(self.instance, functions[name], name) for name in new)
        project = replace(self, functions={**self.functions, **functions})
        return project._with_resources(made, frozenset(functions if self.instance.associated is None else new))

    def with_names(self, arns: Mapping[str, str]) -> "Project":
        """The project with functions of these names, too, found by these ARNs; nothing is there to run them."""
        new = self._unknown(arns)
        made = tuple(self.instance.resource("function", name, matches=(arns[name],)) for name in new)
        return self._with_resources(made, frozenset(new))

    def _in_place(self, function: Function, name: str) -> Function:
        """The function under this name; a stub for one of a template keeps its time-out, unless it states its own."""
        before = self.functions.get(name) if name in self.logical_ids.values() else None
        if isinstance(function, Stub) and function.timeout_ms is None and isinstance(before, LocalFunction | Stub):
            function = replace(function, timeout_ms=before.timeout_ms)
        return replace(function, name=name)

    def _unknown(self, names: Iterable[str]) -> list[str]:
        known = {each.name for each in self.instance.resources if each.kind == "function"}
        return [name for name in names if name not in known]

    def _with_resources(self, made: tuple[Resource, ...], added: frozenset[str]) -> "Project":
        """`added`: names that are also added to the instance, where somebody keeps account or strict asks for it."""
        associated = self.instance.associated
        if associated is not None or self.instance.strict:
            associated = (associated or frozenset()) | added
        resources = (*self.instance.resources, *made)
        return replace(self, instance=structs.replace(self.instance, resources=resources, associated=associated))

    def watched(self) -> Iterator[Path]:
        """Files that a run depends on beside the code of its functions: offhook.toml and flows, new ones too."""
        if self.file is not None:
            yield self.file
        yield from (*self.templates, *self.service_files)
        yield from {*self.files.values(), *(file for pattern in self.paths for file in self.root.glob(pattern))}


def load_project(start: Path, *, env: str | None = None, profile: str | None = None) -> Project:
    """The project that `start` (a file or a folder) lies in: the first offhook.toml there or above.

    `env` is an environment of it, `profile` (compatible, strict) wins over its own. Without an offhook.toml, an empty
    project in that folder. Raises UsageError with every problem of the file and of what it names.
    """
    file = find_file(start)
    if file is not None:
        return _load(file, env, profile)
    folder = _folder(start)
    if env is not None:
        raise UsageError(f"--env {env!r}: there is no {FILE} in {shown(folder)} or above it.")
    return Project(root=folder, instance=with_defaults(Instance(strict=profile == "strict")))


def find_file(start: Path) -> Path | None:
    """The offhook.toml of the project that `start` lies in, or None."""
    folder = _folder(start)
    return next((each / FILE for each in (folder, *folder.parents) if os.path.isfile(each / FILE)), None)


def _folder(start: Path) -> Path:
    start = start.resolve()
    return start if start.is_dir() else start.parent


def shown(path: Path) -> str:
    """The path as a person here would write it: relative where it lies below the current folder."""
    here = Path.cwd()
    text = str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
    # its name may hold bytes that are no text
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _load(file: Path, env: str | None, profile: str | None) -> Project:
    source, root = shown(file), file.parent
    settings, problems = read_settings(_text(file).decode("utf-8-sig", "replace"), source=source, env=env)
    warnings: list[str] = []
    strict = profile == "strict" if profile is not None else settings.strict
    base = Instance(
        alias=settings.alias, id=settings.id, account=settings.account, region=settings.region,
        strict=strict, lambda_policy=settings.policy,
    )  # fmt: skip
    unfolded = _unfolded(settings, base, root)
    settings = unfolded.settings
    problems += unfolded.problems
    warnings += unfolded.warnings
    flows = _with_declared(unfolded, _flows(settings, base, file, problems, warnings), problems)
    problems += _unknown_names(settings, [resource for _, resource, _ in flows], source)
    functions = _functions(settings, file, problems, warnings)
    tables = {name: _ask(problems, source, partial(parse_hours, name, table)) for name, table in settings.hours.items()}
    service_files = {key: root / path for key, path in settings.services.items()}
    descriptions = _ask(problems, "", partial(described, service_files, shown))
    if problems or descriptions is None:
        raise UsageError(*problems)
    others = [
        base.resource(kind, name, matches=texts)
        for (kind, name), texts in settings.matches.items()
        if kind not in ("flow", "module")
    ]
    instance = structs.replace(
        base,
        flows={flow.arn: flow for flow, _, _ in flows},
        resources=(
            *(resource for _, resource, _ in flows),
            *(_declared(base, functions.get(each.name), each) for each in settings.functions),
            *others,
        ),
        hours={name: hours for name, hours in tables.items() if hours is not None},
        queues=settings.queues,
        numbers=settings.numbers,
        associated=_associated(settings.functions, strict=strict),
    )
    texts = {name: each for (kind, name), each in settings.matches.items() if kind == "flow"}
    instance = with_staff(with_defaults(with_bots(instance, descriptions), texts), settings.staff, source)
    files = {flow.arn: path for flow, _, path in flows}
    return Project(
        root=root, file=file, instance=instance, functions=functions, files=files, paths=settings.paths,
        warnings=tuple(warnings), instance_limit=settings.instance_limit, templates=tuple(unfolded.files),
        logical_ids=unfolded.logical_ids, services=descriptions, service_files=tuple(service_files.values()),
        agents=settings.staff.scripts, server=settings.server,
    )  # fmt: skip


def _ask(problems: list[str], source: str, make: Callable[[], _Made]) -> _Made | None:
    """What `make` gives; None, with its problems taken down, where it refuses."""
    try:
        return make()
    except UsageError as refusal:
        problems += [f"{source}: {sentence}" if source else sentence for sentence in refusal.problems]
        return None


def _text(path: Path) -> bytes:
    return contents(path, name=shown(path))


# --- flows ---

_Entry = tuple[Flow, Resource, Path]


def _read(path: Path) -> Flow:
    return read_flow(_text(path), catalogue(), source=shown(path))


def _flows(settings: Settings, base: Instance, file: Path, problems: list[str], warnings: list[str]) -> list[_Entry]:
    found: dict[str, _Entry] = {}
    for path in _paths(settings.paths, file, problems, warnings):
        flow = _ask(problems, "", partial(_read, path))
        if flow is None:
            continue
        flow, resource = _named(base, flow, path, settings)
        other = found.get(resource.arn)
        if other is not None:
            both = f"{shown(other[2])} and {shown(path)}"
            problems.append(f"{both}: both are named {flow.name!r}; names of {resource.kind}s must differ.")
        found[resource.arn] = (flow, resource, path)
    return list(found.values())


def _unfolded(settings: Settings, base: Instance, root: Path) -> Unfolded:
    if not any(each.template for each in settings.functions):
        return Unfolded(settings)
    from offhook.cli.template import unfold  # YAML and zip files take time to import: only where there are templates

    return unfold(settings, base, root, shown)


def _with_declared(unfolded: Unfolded, flows: list[_Entry], problems: list[str]) -> list[_Entry]:
    """The flows with those of templates; of two with one name, the one that has a file of its own."""
    found = {entry[1].arn: entry for entry in flows}
    for said, path, source in unfolded.flows:
        resource = said.resource
        wanted = unfolded.settings.matches.get((resource.kind, resource.name), ())
        if resource.arn in found:
            flow, own, file = found[resource.arn]
            found[resource.arn] = flow, structs.replace(own, matches=(*own.matches, *resource.matches)), file
            continue
        where = f"{source}: {said.logical_id}: Content"
        read = _ask(problems, "", partial(read_flow, said.content, catalogue(), source=where))
        if read is not None:
            flow = structs.replace(read, name=resource.name, type=said.type, arn=resource.arn, id=resource.id)
            matched = structs.replace(resource, matches=(*resource.matches, *wanted))
            found[resource.arn] = flow, matched, path
    return list(found.values())


def _paths(patterns: tuple[str, ...], file: Path, problems: list[str], warnings: list[str]) -> list[Path]:
    found: dict[Path, None] = {}
    for pattern in patterns:
        try:
            hits = sorted(path.resolve() for path in file.parent.glob(pattern) if path.is_file())
        except (NotImplementedError, ValueError):
            problems.append(
                f"{shown(file)}: [flows] paths: {pattern!r} must be a path or pattern below the file's folder."
            )
            continue
        found.update(dict.fromkeys(hits))
        if not hits:
            is_pattern = any(sign in pattern for sign in "*?[")
            (warnings if is_pattern else problems).append(
                f"{shown(file)}: [flows] paths: {pattern!r} leads to no file."
            )
    return list(found)


def _named(base: Instance, flow: Flow, path: Path, settings: Settings | None = None) -> tuple[Flow, Resource]:
    """The flow with its name, type and derived ARN, and its resource, which its own ARN and id lead to as well."""
    name = flow.name or shown(Path(path.name.removesuffix(".json")))
    flow_type = settings.types.get(name, flow.type) if settings is not None else flow.type
    kind = "module" if flow_type == MODULE else "flow"
    wanted = settings.matches.get((kind, name), ()) if settings is not None else ()
    own = tuple(text for text in (flow.arn, flow.id) if text)
    resource = base.resource(kind, name, matches=(*own, *wanted))
    return structs.replace(flow, name=name, type=flow_type, arn=resource.arn, id=resource.id), resource


def _unknown_names(settings: Settings, resources: list[Resource], source: str) -> list[str]:
    """Tables that speak of flows and modules that the project does not have, and numbers that nobody would call."""
    names = {kind: [each.name for each in resources if each.kind == kind] for kind in ("flow", "module")}
    either = names["flow"] + names["module"]
    default = {("flow", name) for name in DEFAULT_FLOWS.values()}
    numbers = [(number, name) for number, name in settings.numbers.items() if name and ("flow", name) not in default]
    wanted = [("flow", f"[numbers] {number}", name, names["flow"]) for number, name in numbers]
    wanted += [("flow", "[flows.types]", name, either) for name in settings.types]
    tables = [(kind, name) for kind, name in settings.matches if kind in names and (kind, name) not in default]
    wanted += [(kind, f"[{kind}s.{name}]", name, names[kind]) for kind, name in tables]
    found = [
        f"{source}: {where}: {_nothing(kind, name, known)}." for kind, where, name, known in wanted if name not in known
    ]
    if settings.numbers:
        from offhook.core.phone import is_e164  # the number plans are large: only where there are numbers

        rule = "is not a phone number in E.164, such as +15550100000."
        found += [f"{source}: [numbers] {number!r} {rule}" for number in settings.numbers if not is_e164(number)]
    return found


def _nothing(kind: str, name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known[:3]
    return f"no {kind} is named {name!r}; " + (f"nearest: {', '.join(near)}" if near else "the project has none at all")


# --- functions ---


def _functions(settings: Settings, file: Path, problems: list[str], warnings: list[str]) -> dict[str, Function]:
    made = {}
    for each in settings.functions:
        wrong: list[str] = []
        notes: list[str] = []
        function = _ask(wrong, "", partial(_function, each, file.parent, notes))
        if function is not None:
            made[each.name] = function
        if each.origin is None or each.origin.is_required:
            problems += [f"{shown(file)}: {sentence}" for sentence in _placed(each, wrong)]
            warnings += notes
        else:
            cure = (
                f"a block that invokes it takes its error branch; [functions.{each.origin.logical_id}] can replace it."
            )
            warnings += [f"{sentence.removesuffix('.')}; {cure}" for sentence in _placed(each, wrong)]
            # what is true of one function of a template is true of all
            template = each.origin.where.rpartition(": ")[0]
            said = [note.replace(f"function {each.name!r}: ", f"{template}: ") for note in notes]
            warnings += [note for note in said if note not in warnings]
    return made


def _placed(said: FunctionSettings, sentences: list[str]) -> list[str]:
    """The sentences about a function, with the place where it is declared."""
    if said.origin is None:
        return sentences
    where = said.origin.where if said.origin.is_required else f"{said.origin.where}:"
    return [sentence.replace(f"[functions.{said.name}]", where, 1) for sentence in sentences]


def _function(said: FunctionSettings, root: Path, warnings: list[str]) -> Function:
    name = said.name
    if said.origin is not None and said.origin.reason:
        raise UsageError(f"[functions.{name}] {said.origin.reason}.")
    if said.handler or kind_of(said.runtime) == BOOTSTRAP:
        return _local(said, root, warnings)
    if said.deployed:
        return deployed(name, said.deployed, endpoint=said.endpoint, region=said.region, profile=said.profile)
    what = f"stub:{said.stub}" if said.stub else f"fail:{said.fail}"
    function = parse_function(f"{name}={what}", folder=root)
    return replace(function, timeout_ms=said.timeout_ms) if isinstance(function, Stub) else function


def _local(said: FunctionSettings, root: Path, warnings: list[str]) -> LocalFunction:
    where = f"[functions.{said.name}]"
    parent, handler = (said.code, said.handler) if said.code else _split(said.handler)
    task_root = (root / parent).resolve()
    every, after_ms = read_cold(said.cold or "first", where=where)
    function = local(
        said.name, task_root, handler, runtime=said.runtime, where=where, shown=shown(task_root) if parent else "",
        timeout_ms=said.timeout_ms or DEFAULT_TIMEOUT_MS, memory_mb=said.memory_mb or DEFAULT_MEMORY_MB,
        environment=said.environment, inherit=said.inherit, client=said.client, reserved=said.reserved,
        cold_every=every, idle_ms=DEFAULT_IDLE_MS if after_ms is None else after_ms,
        layers=tuple((root / layer).resolve() for layer in said.layers),
    )  # fmt: skip
    function = replace(function, interpreter=_interpreter(said, function, root))
    if function.kind == PYTHON and not function.interpreter and not has_python(said.runtime):
        warnings.append(f"function {said.name!r}: there is no {said.runtime} on PATH; it runs on {OWN_PYTHON}.")
    if not said.install:
        return function
    if function.kind != PYTHON:
        raise UsageError(f"{where} install is for functions in Python alone.")
    try:
        return replace(function, packages=folder_for(root / PACKAGES, task_root, function.program))
    except UsageError as problem:
        raise UsageError(*(f"{where} {sentence}" for sentence in problem.problems)) from None


def _interpreter(said: FunctionSettings, function: LocalFunction, root: Path) -> str:
    """The program that the table names; empty for the usual one."""
    where = f"[functions.{said.name}]"
    wrong = [f"{where} there is no layer {layer}." for layer in said.layers if not (root / layer).is_dir()]
    if said.venv and (said.interpreter or function.kind != PYTHON):
        wrong.append(f"{where} venv is for functions in Python that name no interpreter.")
    if said.interpreter and function.kind == BOOTSTRAP:
        wrong.append(f"{where} interpreter is not for a bootstrap, which is a program itself.")
    path = f"{said.venv}/bin/python" if said.venv else said.interpreter
    if "/" in path:
        path = os.path.normpath(root / path)  # not resolved: a virtual environment is known by its own path
    if path and shutil.which(path) is None:
        wrong.append(f"{where} there is no program {shown(Path(path)) if '/' in path else path}.")
    if wrong:
        raise UsageError(*wrong)
    return path


def _resource(instance: Instance, function: Function | None, name: str) -> Resource:
    """What a flow refers to. A deployed function keeps its ARN; one that is named by an ARN is found by it."""
    made = instance.resource("function", name, matches=(name,) if name.startswith("arn:") else ())
    return structs.replace(made, arn=function.arn) if isinstance(function, DeployedFunction) else made


def _declared(base: Instance, function: Function | None, said: FunctionSettings) -> Resource:
    made = _resource(base, function, said.name)
    versions = said.origin.versions if said.origin is not None else ()
    return structs.replace(made, matches=said.matches, policy=said.policy, aliases=said.aliases, versions=versions)


def _split(handler: str) -> tuple[str, str]:
    parent, _, name = handler.rpartition("/")
    return parent, name


def _associated(functions: tuple[FunctionSettings, ...], *, strict: bool) -> frozenset[str] | None:
    """What is added to the instance, as `name` or `name:qualifier`; None where no function says.

    A function that does not say is added in the compatible profile and is not in strict.
    """
    if all(function.associated is None for function in functions):
        return None
    added: set[str] = set()
    for each in functions:
        said = each.associated
        if isinstance(said, tuple):
            added |= {f"{each.name}:{qualifier}" if qualifier else each.name for qualifier in said}
        elif said or (said is None and not strict):
            added.add(each.name)
    return frozenset(added)
