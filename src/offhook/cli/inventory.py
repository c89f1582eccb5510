"""What the functions of a project are, which blocks use them, and how a block finds its function."""

import os
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec
from msgspec.structs import replace

from offhook.adapters.lambdas.spec import DeployedFunction, Fault, Function, LocalFunction
from offhook.blocks import catalogue
from offhook.cli.findings import known_of
from offhook.cli.project import Project, load_project, shown
from offhook.cli.text import one_line
from offhook.core import permission
from offhook.flowjson.lint import lint
from offhook.flowjson.lint.view import Here, Leaf, look
from offhook.model.errors import UsageError
from offhook.model.flow import Flow
from offhook.model.instance import Instance, Resource

_ARN = "LambdaFunctionARN"
# What lint says of a block, and `why` in its own words
_SAID = ("not-found", "not-associated", "no-qualifier")


class Entry(msgspec.Struct, frozen=True):
    """One function. `runs` is its handler or what the stub answers; `used_by` are blocks as FLOW:ACTION."""

    name: str
    kind: str
    runs: str
    timeout_ms: int | None
    arn: str
    matches: tuple[str, ...]
    used_by: tuple[str, ...]


def entries(project: Project) -> list[Entry]:
    """The functions in the order of offhook.toml."""
    used: dict[str, list[str]] = {}
    known = known_of(project)
    for flow in project.instance.flows.values():
        for here in look(flow, catalogue(), strict=False, known=known).actions.values():
            for _, kind, found in here.named:
                if kind == "function" and found is not None and found.resource is not None:
                    used.setdefault(found.resource.name, []).append(f"{flow.name}:{here.action.identifier}")
    resources = {each.name: each for each in project.instance.resources if each.kind == "function"}
    return [
        Entry(
            name,
            _kind(function),
            _runs(function),
            None if isinstance(function, DeployedFunction) else function.timeout_ms,
            resources[name].arn,
            resources[name].matches,
            tuple(used.get(name, ())),
        )
        for name, function in project.functions.items()
    ]


def as_json(found: list[Entry]) -> str:
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode()


def as_text(found: list[Entry]) -> str:
    if not found:
        return "The project has no functions; add [functions.NAME] to offhook.toml."
    lines = []
    for entry in found:
        lines.append(f"{entry.name}  {entry.kind}  {one_line(entry.runs, 80)}")
        lines.append(f"  arn      {entry.arn}")
        lines += [f"  matches  {one_line(text)}" for text in entry.matches]
        lines += [f"  used by  {one_line(block)}" for block in entry.used_by] or ["  used by  no block of the project"]
    return "\n".join(lines)


def _kind(function: Function) -> str:
    if isinstance(function, DeployedFunction):
        return "deployed"
    return function.kind if isinstance(function, LocalFunction) else "stub"


def _runs(function: Function) -> str:
    if isinstance(function, LocalFunction):
        return f"{shown(function.task_root)}/{function.handler}"
    if isinstance(function, DeployedFunction):
        return f"{function.arn} at {function.endpoint}" if function.endpoint else function.arn
    if not isinstance(function.answers, tuple):
        return "a callable"
    return ", ".join(f"fails: {each.kind}" if isinstance(each, Fault) else each for each in function.answers)


# --- why ---


@dataclass(frozen=True, slots=True)
class Reason:
    """`runs`: the block would invoke a function."""

    runs: bool
    lines: list[str]


def why(block: str, *, env: str | None) -> Reason:
    """How `FLOW:ACTION` finds its function. Raises UsageError where there is no such flow or block."""
    project, flow, identifier = _block(block, env)
    known = known_of(project)
    here = look(flow, catalogue(), strict=project.instance.strict, known=known).actions[identifier]
    title = here.spec.title if here.spec is not None else here.action.type
    lines = [f"{one_line(identifier)} ({title}) in flow {one_line(flow.name)}"]
    leaf = next((each for each in here.leaves if each.path == _ARN), None)
    runs = False
    if here.action.type != "InvokeLambdaFunction":
        lines.append("It invokes no function: only AWS Lambda function blocks do.")
    elif leaf is None:
        lines.append("It names no function: LambdaFunctionARN is missing.")
    else:
        runs = _explain(project, here, leaf, lines)
    problems = lint(flow, catalogue(), strict=project.instance.strict, known=known)
    about = [each for each in problems if each.action == identifier]
    # what lint says of the name has been said
    lines += [f"{each.code}: {each.message}" for each in about if each.code[2:] not in _SAID]
    return Reason(runs, lines)


def _explain(project: Project, here: Here, leaf: Leaf, lines: list[str]) -> bool:
    hint = here.action.hints.get(leaf.path, "")
    lines.append(f"It asks for {one_line(leaf.text)!r}" + (f", shown as {hint!r} in the designer." if hint else "."))
    found = next((each.found for each in here.named if each.leaf is leaf), None)
    if found is None:
        lines.append(
            "That is a reference: what it gives when a contact arrives decides, and must be an ARN or a name in"
        )
        lines.append("`matches`. `offhook run … --trace` shows it.")
        return True
    if found.resource is None:
        lines.append(f"It would not run: {found.problem}")
        lines.append(
            "Looked for, in this order: exact text in matches, ARN, ARN without version or alias, name inside the ARN, "
            "the name itself, the name shown in the designer, patterns in matches."
        )
        return False
    function = project.functions.get(found.resource.name)
    lines.append(f"It finds function {found.resource.name!r} by {_by(leaf.text, hint, found.resource)}.")
    lines += _elsewhere(leaf.text, found.resource)
    lines += _qualified(found.resource, found.qualifier)
    lines.append(f"It runs {_runs(function)}." if function is not None else "Nothing is there to run it.")
    return _may(project.instance, found.resource, found.qualifier, lines) and function is not None


def _elsewhere(text: str, resource: Resource) -> list[str]:
    """P11: an ARN of another account or region is another function to AWS, whatever its name."""
    asked, ours = text.split(":"), resource.arn.split(":")
    if not text.startswith("arn:") or asked[3:5] == ours[3:5]:
        return []
    where = f"account {':'.join(asked[4:5])} in {':'.join(asked[3:4])}"
    return [f"To AWS that is a function of {where}: no function is registered for this ARN; nearest: {resource.arn}."]


def _qualified(resource: Resource, qualifier: str) -> list[str]:
    if not qualifier:
        return []
    alias = (resource.aliases or {}).get(qualifier)
    if alias is None:
        return [f"Its version or alias is {qualifier!r}."]
    rest = 1 - sum(alias.weights.values())
    shares = "".join(f", in {share:.0%} of the calls to {version}" for version, share in alias.weights.items())
    return [
        f"Its alias {qualifier!r} leads to version {alias.version}" + (f" ({rest:.0%}){shares}." if shares else ".")
    ]


def _may(instance: Instance, resource: Resource, qualifier: str, lines: list[str]) -> bool:
    """P09: whether it may be invoked, in this profile and in AWS."""
    refused = permission.not_allowed(replace(instance, strict=True), resource, qualifier)
    missing = permission.missing(resource, qualifier)
    for sentence in filter(None, (refused, missing)):
        start = "It would not run" if instance.strict else "The strict profile would refuse it, as AWS does"
        lines.append(f"{start}: {sentence}")
    if refused:
        lines.append("Say `associated = true`, or give the function a `policy`, in offhook.toml, if that is so in AWS.")
    else:
        lines.append("This instance may invoke it.")
    return not (instance.strict and (refused or missing))


def _by(text: str, hint: str, resource: Resource) -> str:
    """The first rule of the resolver (core.resolve) that fits: it found this resource, so no earlier rule found any."""
    if text in resource.matches:
        return "the exact text in `matches`"
    if text in (resource.arn, resource.id):
        return "its ARN"
    if text.startswith(f"{resource.arn}:"):
        return "its ARN, without the version or alias"
    if re.search(rf"function:{re.escape(resource.name)}(?::|$)", text):
        return "the name inside the ARN"
    if text == resource.name:
        return "its name"
    if hint == resource.name:
        return "the name shown in the designer"
    pattern = next(each for each in resource.matches if fnmatchcase(text, each))
    return f"the pattern {pattern!r} in `matches`"


def _block(text: str, env: str | None) -> tuple[Project, Flow, str]:
    """The flow and the action that `FLOW:ACTION` names: both may have colons in them."""
    colons = [found.start() for found in re.finditer(":", text)]
    if not colons:
        raise UsageError(f"{text!r}: write FLOW:ACTION, as in 'flows/main.json:Look up the state'.")
    refusals: list[str] = []
    for at in colons:
        name, identifier = text[:at], text[at + 1 :]
        try:
            project, flow = _flow(name, env)
        except UsageError as refusal:
            refusals += refusal.problems
            continue
        if identifier in flow.actions:
            return project, flow, identifier
        refusals.insert(0, f"flow {name!r} has no action {identifier!r}; it has {', '.join(map(repr, flow.actions))}.")
    raise UsageError(refusals[0])


def _flow(name: str, env: str | None) -> tuple[Project, Flow]:
    path = Path(name)
    if os.path.isfile(path):
        return load_project(path, env=env).with_flow(path)
    project = load_project(Path.cwd(), env=env)
    return project, project.find_flow(name)
