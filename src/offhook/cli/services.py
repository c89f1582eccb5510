"""The services beside a flow: read from the files that `[services]` in offhook.toml names, and ready to be asked.

A service may call functions of the project. They run in the host of the run, so they are recorded and replayed like
those that blocks call.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import structs

from offhook.adapters.services import Services
from offhook.adapters.services.error import ServiceError
from offhook.adapters.services.lex import resources
from offhook.cli.file import contents
from offhook.core import lambda_failure
from offhook.core.resolve import Resolver
from offhook.drivers.ports import Functions
from offhook.model.effect import InvokeLambda
from offhook.model.errors import UsageError
from offhook.model.event import LambdaEnded
from offhook.model.instance import Instance, Resource, derived_id

if TYPE_CHECKING:
    from offhook.cli.project import Project

LIMIT_MS = 30_000  # what Lex waits for a code hook

Description = dict[str, Any]


# --- reading


def described(files: Mapping[str, Path], shown: Callable[[Path], str]) -> dict[str, Description]:
    """What the file of each key says. Raises UsageError with the problems of all of them, each with its file."""
    found: dict[str, Description] = {}
    problems: list[str] = []
    for key, path in files.items():
        try:
            found[key] = _document(path, shown(path))
            _sound(key, found[key], shown(path))
        except UsageError as refusal:
            problems += refusal.problems
    if problems:
        raise UsageError(*problems)
    return found


def _document(path: Path, name: str) -> Description:
    if path.suffix not in (".json", ".toml"):
        raise UsageError(f"{name}: must be a .json or a .toml file.")
    text = contents(path, name=name).decode("utf-8-sig", "replace")
    kind = path.suffix.removeprefix(".").upper()
    try:
        document = msgspec.json.decode(text) if kind == "JSON" else tomllib.loads(text)
    except (msgspec.DecodeError, tomllib.TOMLDecodeError) as problem:
        raise UsageError(f"{name}: not {kind}: {str(problem)[:1].lower()}{str(problem)[1:]}.") from None
    except RecursionError:
        raise UsageError(f"{name}: the {kind} is nested too deeply.") from None
    if not isinstance(document, dict):
        raise UsageError(f"{name}: must be an object.")
    return document


def _sound(key: str, description: Description, name: str) -> None:
    try:
        Services({key: description}, lambda function, event: None)
    except UsageError as refusal:
        raise UsageError(*(f"{name}: {sentence}" for sentence in refusal.problems)) from None


def with_bots(instance: Instance, descriptions: Mapping[str, Description]) -> Instance:
    """The instance with the bots that are described; one that `[bots]` of offhook.toml names keeps what it matches."""
    if "lex" not in descriptions:
        return instance
    bots = list(_bots(instance, descriptions["lex"]))
    names = {bot.name for bot in bots}
    others = (each for each in instance.resources if each.kind != "bot" or each.name not in names)
    return structs.replace(instance, resources=(*others, *bots))


def _bots(instance: Instance, description: Description) -> Iterator[Resource]:
    said = {each.name: each.matches for each in instance.resources if each.kind == "bot"}
    for bot in resources(description, region=instance.region, account=instance.account):
        yield structs.replace(bot, matches=(*bot.matches, *said.get(bot.name, ())))


# --- asking


def beside(project: "Project", functions: Functions) -> Services:
    """The project's services, as they are described: what a run changes in them is gone with it."""
    return Services(project.services, _Caller(project, functions))


class _Caller:
    """Calls functions of the project by name or ARN. Raises ServiceError as Lex does where one fails."""

    def __init__(self, project: "Project", functions: Functions) -> None:
        self._project = project
        self._functions = functions
        self._resolver = Resolver(project.instance)
        self._calls = count(1)

    def __call__(self, name: str, event: dict[str, Any]) -> Any:
        found = self._resolver.find("function", self._project.function_name(name))
        if found.resource is None:
            raise _failed(found.problem)
        number = str(next(self._calls))
        order = InvokeLambda(
            id=f"service/{number}",
            function=found.resource.name,
            arn=found.resource.arn,
            event=event,
            timeout_ms=LIMIT_MS,
            request_id=derived_id("service", number),
            qualifier=found.qualifier,
        )
        answer = self._functions.invoke(order)
        ended = answer if isinstance(answer, LambdaEnded) else answer.result()
        if lambda_failure.is_failed(ended):
            raise _failed(lambda_failure.detail_of(ended))
        try:
            return msgspec.json.decode(ended.body)
        except msgspec.DecodeError as problem:
            raise _failed(f"{found.resource.name} answered what is no JSON: {problem}.") from None


def _failed(sentence: str) -> ServiceError:
    return ServiceError("DependencyFailedException", sentence)
