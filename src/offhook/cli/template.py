"""Templates of the project, turned into what offhook.toml could have said of the same functions, hours and queues.

So everything after this treats them alike. A table `[functions.NAME]` of offhook.toml that has the name, or the logical
id, of a function in a template is laid over it: so one function becomes a stub, or gets its code from elsewhere.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from offhook.adapters.lambdas import package
from offhook.adapters.lambdas.refusal import Refusal
from offhook.adapters.lambdas.requirements import FILE as REQUIREMENTS
from offhook.cli.settings import FunctionSettings, Origin, Settings, Unfolded
from offhook.core.calendar import parse_hours
from offhook.model.errors import UsageError
from offhook.model.instance import Instance, QueueSettings, Resource
from offhook.templates.contents import Contents
from offhook.templates.evaluate import Given
from offhook.templates.load import Loaded, Outside, Placed, load_template, stack_name

CACHE = Path(".offhook", "code")
_STACK = "AWS::StackName"
# By which variable a language finds what lies in a folder
_SEARCHED = {"python": "PYTHONPATH", "nodejs": "NODE_PATH"}


def unfold(settings: Settings, base: Instance, root: Path, shown: Callable[[Path], str]) -> Unfolded:
    """The settings with the templates that they name, whose paths are relative to `root`."""
    unfolded = Unfolded(settings)
    over = {each.name: each for each in settings.functions if not each.template}
    outside = Outside(shown=shown, unpack=unpack, cache=root / CACHE)
    functions: list[FunctionSettings] = []
    hidden: set[str] = set()
    for said in settings.functions:
        if not said.template:
            continue
        path = root / said.template
        try:
            loaded = load_template(path, _given(said, path, base), outside)
        except UsageError as refusal:
            unfolded.files.append(path.resolve())
            unfolded.problems += refusal.problems
            continue
        source = shown(loaded.file)
        unfolded.warnings += loaded.warnings
        for placed in loaded.functions:
            made = _function(said, placed, source, loaded.contents.associated)
            laid = over.get(placed.function.logical_id) or over.get(made.name)
            if laid is not None:
                hidden.add(laid.name)
                made = _laid(laid, made)
            functions.append(made)
        _add(unfolded, path.resolve(), loaded, source)
    kept = [each for each in settings.functions if not each.template and each.name not in hidden]
    unfolded.problems += _twins(functions)
    unfolded.settings = replace(unfolded.settings, functions=(*kept, *functions))
    return unfolded


def _given(said: FunctionSettings, path: Path, base: Instance) -> Given:
    parameters = dict(said.parameters)
    stack = parameters.pop(_STACK, "") or stack_name(path, said.name)
    return Given(
        table=f"functions.{said.name}", stack=stack, instance=base, parameters=parameters, imports=said.imports
    )


def unpack(data: bytes, folder: Path) -> None:
    """Unpack a zip file into a new folder. Raises UsageError with the reason why not."""
    try:
        package.unpack(data, folder)
    except Refusal as refusal:
        raise UsageError(refusal.message) from None


# --- functions


def _function(
    said: FunctionSettings, placed: Placed, source: str, associated: frozenset[str] | None
) -> FunctionSettings:
    """The function as a table of its own; what `said` says of the template holds for each."""
    function, resource = placed.function, placed.function.resource
    is_python = function.runtime.startswith("python")
    return FunctionSettings(
        name=resource.name,
        code=str(placed.folder or ""),
        handler=function.handler,
        runtime=function.runtime,
        timeout_ms=function.timeout_seconds * 1000,
        memory_mb=function.memory_mb,
        environment={**_layered(placed), **said.environment},
        inherit=said.inherit,
        matches=resource.matches,
        stub="",
        fail="",
        template="",
        deployed="",
        endpoint="",
        region="",
        profile="",
        associated=None if associated is None else _qualifiers(resource.name, associated),
        policy=resource.policy,
        aliases=resource.aliases,
        layers=tuple(map(str, placed.layers)),
        venv=said.venv if is_python else "",
        install=said.install and is_python and placed.folder is not None and (placed.folder / REQUIREMENTS).is_file(),
        client=said.client,
        cold=said.cold,
        reserved=function.reserved,
        origin=Origin(f"{source}: {function.logical_id}", function.logical_id, placed.reason, resource.versions),
    )


def _qualifiers(name: str, associated: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(qualifier for each in associated for own, _, qualifier in [each.partition(":")] if own == name))


def _layered(placed: Placed) -> dict[str, str]:
    """The environment, in which the function's language also finds what lies in layers that SAM would still build."""
    environment = placed.function.environment
    name = next((name for start, name in _SEARCHED.items() if placed.function.runtime.startswith(start)), "")
    if not (name and placed.sources):
        return environment
    paths = [*filter(None, [environment.get(name)]), *map(str, reversed(placed.sources))]
    return {**environment, name: os.pathsep.join(paths)}


def _laid(above: FunctionSettings, below: FunctionSettings) -> FunctionSettings:
    """A table of offhook.toml over the template's function: what it runs is the table's, what it is the template's."""
    assert below.origin is not None
    where = f"[functions.{above.name}]"
    return replace(
        above,
        name=below.name,
        timeout_ms=above.timeout_ms or below.timeout_ms,
        memory_mb=above.memory_mb or below.memory_mb,
        environment={**below.environment, **above.environment},
        inherit=above.inherit or below.inherit,
        layers=above.layers or below.layers,
        venv=above.venv or below.venv,
        reserved=below.reserved if above.reserved is None else above.reserved,
        matches=(*above.matches, *below.matches),
        associated=below.associated if above.associated is None else above.associated,
        policy=below.policy if above.policy is None else above.policy,
        aliases=below.aliases if above.aliases is None else above.aliases,
        origin=replace(below.origin, where=where, reason="", is_required=True),
    )


def _twins(functions: list[FunctionSettings]) -> Iterator[str]:
    first: dict[str, str] = {}
    for each in functions:
        where = each.origin.where if each.origin is not None else ""
        if each.name in first:
            yield f"{first[each.name]} and {where}: both are named {each.name!r}; names of functions must differ."
        first.setdefault(each.name, where)


# --- everything else


def _add(unfolded: Unfolded, path: Path, loaded: Loaded, source: str) -> None:
    contents, settings = loaded.contents, unfolded.settings
    unfolded.files += [each.resolve() for each in loaded.files]
    unfolded.flows += [(flow, path, source) for flow in contents.flows]
    for placed in loaded.functions:
        logical_id, name = placed.function.logical_id, placed.function.resource.name
        # one that two templates have leads nowhere
        unfolded.logical_ids[logical_id] = "" if logical_id in unfolded.logical_ids else name
    hours = dict(_hours(contents, source, unfolded.problems))
    queues: dict[str, QueueSettings] = {each.name: each for each in contents.queues}
    unfolded.settings = replace(
        settings,
        hours={**hours, **settings.hours},
        queues={**queues, **settings.queues},
        matches={**settings.matches, **_matches(settings, contents.resources)},
    )


def _hours(contents: Contents, source: str, problems: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, table in contents.hours.items():
        try:
            parse_hours(name, table)
        except UsageError as refusal:
            problems += [f"{source}: {sentence}" for sentence in refusal.problems]
        else:
            yield name, table


def _matches(settings: Settings, resources: tuple[Resource, ...]) -> dict[tuple[str, str], tuple[str, ...]]:
    return {
        (each.kind, each.name): (*settings.matches.get((each.kind, each.name), ()), *each.matches) for each in resources
    }
