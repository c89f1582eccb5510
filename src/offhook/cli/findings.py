"""What `offhook lint` finds, and the three ways to say it. Imported when the command runs, not before."""

import difflib
import inspect
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from offhook import __version__
from offhook.adapters.lambdas.kind import PYTHON, source
from offhook.adapters.lambdas.spec import LocalFunction, Stub
from offhook.blocks import catalogue
from offhook.cli.file import contents
from offhook.cli.project import FILE, Project, load_project, shown
from offhook.cli.publication import published
from offhook.cli.settings import read_settings
from offhook.cli.text import one_line
from offhook.flowjson.lint import RULES, Known, Rule, code, find_rule, known_in, lint
from offhook.flowjson.read import read_flow
from offhook.model.errors import UsageError
from offhook.model.flow import Action, Flow, Problem

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning"}


class Found(msgspec.Struct, frozen=True):
    """One problem in one file. `line` is where its action begins, 1 where that cannot be told."""

    file: str
    line: int
    action: str
    field: str
    code: str
    severity: str
    message: str


@dataclass(slots=True)
class Report:
    """`refused` says why files (or offhook.toml) could not be read, one sentence each."""

    files: int = 0
    found: list[Found] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def count(self, severity: str) -> int:
        return sum(problem.severity == severity for problem in self.found)


# --- finding ---


def collect(paths: tuple[Path, ...], *, strict: bool, env: str | None, publish: bool = False) -> Report:
    """Problems of these files and folders in order, or of the project's flows. What cannot be read stops nothing.

    `publish`: what Connect says when it is asked to publish them, in place of what we find.
    """
    report = Report()
    projects: dict[Path, _Place] = {}
    for path in _files(paths, env, report):
        place = projects.get(path.parent)
        if place is None:
            place = projects[path.parent] = _place(path.parent, env, report)
        file = path.resolve()
        if file in place.templates:
            _lint_template(file, place, report, strict=strict, publish=publish)
            continue
        try:
            text = contents(path, name=shown(path))
            flow = place.flows.get(file) or read_flow(text, catalogue(), source=shown(file))
        except UsageError as refusal:
            report.refused += refusal.problems
        else:
            _lint(flow, file, text, place, report, strict=strict, publish=publish)
    report.refused = list(dict.fromkeys(report.refused))
    return report


def _lint(flow: Flow, file: Path, text: bytes, place: "_Place", report: Report, *, strict: bool, publish: bool) -> None:
    report.files += 1
    strict = strict or place.strict
    problems = published(flow, strict=strict) if publish else lint(flow, catalogue(), strict=strict, known=place.known)
    report.found += _found(shown(file), text.decode("utf-8", "replace"), problems)


def _lint_template(file: Path, place: "_Place", report: Report, *, strict: bool, publish: bool) -> None:
    """The flows that a template of the project declares; its text is looked at for lines alone."""
    for flow in place.templates[file]:
        _lint(flow, file, contents(file, name=shown(file)), place, report, strict=strict, publish=publish)


def _files(paths: tuple[Path, ...], env: str | None, report: Report) -> list[Path]:
    if not paths:
        return _project_files(env, report)
    found: dict[Path, None] = {}
    for path in paths:
        if os.path.isdir(path):
            inside = sorted(file for file in path.rglob("*.json") if file.is_file())
            found.update(dict.fromkeys(inside))
            if not inside:
                report.refused.append(f"{path}: the folder has no .json file.")
        elif os.path.exists(path):
            found[path] = None
        else:
            report.refused.append(f"{path}: there is no such file or folder.")
    return list(found)


def _project_files(env: str | None, report: Report) -> list[Path]:
    """Flows that offhook.toml names, also where the project as a whole cannot be loaded."""
    folder = next((each for each in (Path.cwd(), *Path.cwd().parents) if (each / FILE).is_file()), None)
    if folder is None:
        report.refused.append(f"there is no {FILE} here or above; name the files to check.")
        return []
    try:
        text = contents(folder / FILE, name=shown(folder / FILE)).decode("utf-8-sig", "replace")
        settings, problems = read_settings(text, source=shown(folder / FILE), env=env)
    except UsageError as refusal:
        report.refused += refusal.problems
        return []
    report.refused += problems
    files = dict.fromkeys(file for pattern in settings.paths for file in sorted(folder.glob(pattern)) if file.is_file())
    if any(each.template for each in settings.functions):
        files |= dict.fromkeys(_place(folder, env, report).templates)
    if not files:
        report.refused.append(f"{shown(folder / FILE)}: [flows] paths lead to no file; name the files to check.")
    return list(files)


@dataclass(frozen=True, slots=True)
class _Place:
    """What the project of a folder says of the flows in it. `templates` are files that declare several."""

    flows: dict[Path, Flow]
    templates: dict[Path, list[Flow]]
    known: Known | None
    strict: bool


def _place(folder: Path, env: str | None, report: Report) -> _Place:
    try:
        project = load_project(folder, env=env)
    except UsageError as refusal:
        report.refused += refusal.problems
        return _Place({}, {}, None, strict=False)
    if project.file is None:
        return _Place({}, {}, None, strict=False)
    flows: dict[Path, Flow] = {}
    templates: dict[Path, list[Flow]] = {}
    for arn, file in project.files.items():
        if file in project.templates:
            templates.setdefault(file, []).append(project.instance.flows[arn])
        else:
            flows[file] = project.instance.flows[arn]
    return _Place(flows, templates, known_of(project), project.instance.strict)


def known_of(project: Project) -> Known:
    """What a project knows, as lint asks: its names, and what its functions answer and read."""
    sources, answers = {}, {}
    for name, function in project.functions.items():
        if isinstance(function, LocalFunction) and function.kind == PYTHON:
            sources[name] = _source(function)
        elif isinstance(function, Stub) and isinstance(function.answers, tuple):
            answers[name] = tuple(answer for answer in function.answers if isinstance(answer, str))
    return known_in(project.instance, sources, answers)


def _source(function: LocalFunction) -> str:
    """The text of the handler's file, empty where it is not there: running the function says so."""
    file = source(function.kind, function.task_root, function.handler)
    return "" if file is None else file.read_text("utf-8", "replace")


def _found(file: str, text: str, problems: list[Problem]) -> list[Found]:
    lines: dict[str, int] = {}
    for problem in problems:
        if problem.action not in lines:
            lines[problem.action] = _line(text, problem.action)
    return [
        Found(file, lines[each.action], each.action, each.field, each.code, each.severity, each.message)
        for each in problems
    ]


def _line(text: str, action: str) -> int:
    spelled = {json.dumps(action), json.dumps(action, ensure_ascii=False)}
    names = "|".join(re.escape(name) for name in sorted(spelled))
    found = re.search(rf'"(?:Identifier|id)"\s*:\s*(?:{names})', text) if action else None
    return text.count("\n", 0, found.start()) + 1 if found else 1


# --- saying ---


def as_text(report: Report) -> str:
    lines = []
    for problem in report.found:
        where = ":".join(part for part in (problem.file, problem.action, problem.field) if part)
        lines.append(f"{where}: {problem.code} {problem.message}")
    lines.append(
        f"{_some(report.files, 'flow')} checked: {_some(report.count('error'), 'error')}, "
        f"{_some(report.count('warning'), 'warning')}."
    )
    return "\n".join(map(one_line, lines))


def _some(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def as_json(report: Report) -> str:
    summary = {
        "files": report.files,
        "errors": report.count("error"),
        "warnings": report.count("warning"),
        "problems": report.found,
        "refused": report.refused,
    }
    return msgspec.json.format(msgspec.json.encode(summary), indent=2).decode()


def as_sarif(report: Report) -> str:
    """SARIF 2.1.0, as code-scanning services read it. A rule's id is its code without the severity."""
    used = sorted({problem.code[2:] for problem in report.found})
    driver = {
        "name": "offhook",
        "version": __version__,
        "rules": [_sarif_rule(name) for name in used],
    }
    results = [_sarif_result(problem, used) for problem in report.found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _sarif_rule(name: str) -> dict[str, Any]:
    rule = find_rule(name)
    if rule is None:  # a check of one block: its messages say it all
        return {"id": name}
    return {
        "id": name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _sarif_result(problem: Found, used: list[str]) -> dict[str, Any]:
    place: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(problem.file)},
            "region": {"startLine": problem.line},
        }
    }
    if problem.action:
        place["logicalLocations"] = [{"name": problem.action, "kind": "element"}]
    return {
        "ruleId": problem.code[2:],
        "ruleIndex": used.index(problem.code[2:]),
        "level": _LEVELS[problem.severity],
        "message": {"text": problem.message},
        "locations": [place],
    }


def _uri(file: str) -> str:
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


# --- explaining ---


def explanation(text: str) -> str:
    """What a code means. Raises UsageError for one that no rule and no block's check has."""
    rule = find_rule(text)
    if rule is not None:
        return _of_rule(rule)
    blocks = _block_codes()
    wanted = text.strip().upper()
    found = next((known for known in blocks if wanted in (known.upper(), known[2:].upper())), None)
    if found is not None:
        return f"{found}: {blocks[found]}"
    names = [code(each, strict=False) for each in RULES] + list(blocks)
    near = difflib.get_close_matches(text, names, n=3, cutoff=0.4)
    hint = f"nearest: {', '.join(near)}" if near else "`offhook lint` prints the codes of what it finds"
    raise UsageError(f"--explain {text}: there is no such code; {hint}.")


def _of_rule(rule: Rule) -> str:
    severity = rule.severity if not rule.strict else f"{rule.severity}, in the strict profile {rule.strict}"
    return f"{code(rule, strict=False)}: {rule.title}. ({severity})\n\n{rule.why}"


def _block_codes() -> dict[str, str]:
    """Codes of the blocks' own checks, explained by the docstring of the file in which they stand."""
    found: dict[str, str] = {}
    checks = [spec.check for spec in catalogue().values() if spec.check is not None]
    for module in dict.fromkeys(sys.modules[name] for check in checks for name in _checking(check)):
        for name in re.findall(r"\"([EW]-[a-z0-9-]+)\"", inspect.getsource(module)):
            found.setdefault(name, f"found by the block's own check.\n\n{inspect.getdoc(module)}")
    return found


def _checking(check: Callable[[Action], list[Problem]]) -> Iterator[str]:
    """Names of our modules that a check is written in: its own, and those of the functions there."""
    yield check.__module__
    for value in vars(sys.modules[check.__module__]).values():
        name = getattr(value, "__module__", None) if callable(value) else getattr(value, "__name__", None)
        if isinstance(name, str) and name.startswith(("offhook.core.", "offhook.blocks.")):
            yield name
