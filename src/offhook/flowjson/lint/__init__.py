"""All problems of a flow at once: what Connect would refuse, what would fail, what would surprise.

Each rule is a row of a table (`RULES`): a name, a severity, an explanation, and a small function that finds where it is
broken. Rules about blocks read what the blocks declare (core.spec) and know no block by name, but for the few that are
about Lambda functions. A flow is taken apart once (`view`), so that rules only compare.

A code is the rule's name with its severity before it: `E-` for errors (Connect would refuse the flow, or the contact
would fail), `W-` for warnings. Blocks report what only they can know (`BlockSpec.check`) under codes of their own.
"""

from collections.abc import Iterator
from itertools import chain

from msgspec.structs import replace

from offhook.core.spec import Catalogue
from offhook.flowjson.lint import action, graph, name, reading, reference
from offhook.flowjson.lint.rule import Finding, Rule
from offhook.flowjson.lint.view import Here, Known, known_in, look
from offhook.flowjson.problems import structure_problems
from offhook.model.flow import Flow, Problem

__all__ = ["RULES", "Known", "Rule", "code", "find_rule", "known_in", "lint"]

RULES = (*reading.RULES, *action.RULES, *reference.RULES, *name.RULES, *graph.RULES)
_MISSING = next(rule for rule in RULES if rule.name == "missing-parameter")
_OF_ACTION = tuple((rule, rule.of_action) for rule in RULES if rule.of_action is not None)
_OF_FLOW = tuple((rule, rule.of_flow) for rule in RULES if rule.of_flow is not None)
_LETTERS = {"error": "E", "warning": "W"}


def lint(flow: Flow, catalogue: Catalogue, *, strict: bool, known: Known | None = None) -> list[Problem]:
    """Every problem of the flow, in the order of its actions; those of the whole flow come first.

    `strict`: the strict profile, in which some warnings are errors. `known`: what the flow's project knows, where it
    has one. A problem's message does not repeat the action, which the problem names.
    """
    whole = look(flow, catalogue, strict=strict, known=known)
    found = [_renamed(problem) for problem in (*flow.problems, *structure_problems(flow))]
    for here in whole.actions.values():
        found += _of_action(here)
    found += chain.from_iterable(
        (_problem(rule, finding, finding.action, strict=strict) for finding in of_flow(whole))
        for rule, of_flow in _OF_FLOW
    )
    order = {identifier: place for place, identifier in enumerate(flow.actions)}
    return sorted(found, key=lambda problem: order.get(problem.action, -1))


def _of_action(here: Here) -> Iterator[Problem]:
    strict = here.whole.strict
    missing = set()
    for rule, of_action in _OF_ACTION:
        for finding in of_action(here):
            if rule.gives_way and any(_about_the_same(problem.field, finding.field) for problem in here.checked):
                continue
            if rule is _MISSING:
                missing.add(finding.field)
            yield _problem(rule, finding, here.action.identifier, strict=strict)
    # a check sees only that something is wrong with what is missing
    yield from (problem for problem in here.checked if problem.field not in missing)


def _about_the_same(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return longer == shorter or ("." in shorter and longer.startswith((f"{shorter}.", f"{shorter}[")))


def find_rule(text: str) -> Rule | None:
    """The rule with this code or name, however it is spelled."""
    wanted = text.strip().lower().replace("_", "-")
    if wanted[:2] in ("e-", "w-"):
        wanted = wanted[2:]
    return next((rule for rule in RULES if rule.name == wanted), None)


def code(rule: Rule, *, strict: bool) -> str:
    """The rule's code as it is reported, where a finding does not say otherwise."""
    return f"{_LETTERS[_severity(rule, strict=strict)]}-{rule.name}"


def _severity(rule: Rule, *, strict: bool) -> str:
    return (rule.strict if strict else "") or rule.severity


def _problem(rule: Rule, finding: Finding, identifier: str, *, strict: bool) -> Problem:
    severity = finding.severity or _severity(rule, strict=strict)
    return Problem(f"{_LETTERS[severity]}-{rule.name}", finding.message, severity, identifier, finding.field)


def _renamed(problem: Problem) -> Problem:
    """A problem of reading, under a code like the others; its message begins with the action, which is said already."""
    prefixes: Iterator[str] = (f"{what} {problem.action!r}: " for what in ("action", "module"))
    message = problem.message
    for prefix in prefixes:
        message = message.removeprefix(prefix)
    return replace(problem, code=f"{_LETTERS[problem.severity]}-{problem.code.replace('_', '-')}", message=message)
