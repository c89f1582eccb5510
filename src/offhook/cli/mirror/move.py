"""Pull and push, from what was asked for to the exit code."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from offhook.cli.mirror import folder, report, token
from offhook.cli.mirror.carry import carry_out
from offhook.cli.mirror.endpoint import Endpoint, opened
from offhook.cli.mirror.hint import with_hints
from offhook.cli.mirror.plan import planned
from offhook.cli.mirror.read import read
from offhook.cli.mirror.thing import FUNCTION, KINDS, Copy, Thing, only
from offhook.model.errors import UsageError


@dataclass(frozen=True, slots=True)
class Place:
    """An instance at an endpoint, as a command line names it. `option` is the word of it, for messages."""

    where: str
    instance: str
    region: str | None
    profile: str | None
    option: str

    def open(self) -> Endpoint:
        return opened(self.where, self.instance, region=self.region, profile=self.profile, option=self.option)


def pull(place: Place, to: Path, *, json: bool) -> int:
    """The exit code: 1 where something could not be read."""
    copy = _read(place.open(), "reading")
    unknown = folder.save(copy, to)
    report.pulled(copy, str(to), unknown, json=json)
    return 1 if copy.problems else 0


def push(source: Path, place: Place, *, kinds: Iterable[str], given: Path | None, apply: bool, json: bool) -> int:
    """The exit code: 1 where something could not be resolved, read or done."""
    kinds = tuple(kinds)
    if wrong := [kind for kind in kinds if kind not in KINDS]:
        raise UsageError(f"--only {wrong[0]!r}: must be one of {', '.join(KINDS)}.")
    tokens, texts = folder.given(given) if given is not None else ({}, {})
    things = only(folder.load(source), kinds)
    endpoint = place.open()
    there = _read(endpoint, "comparing with")
    things = tuple(_local(thing, texts, there) for thing in things)
    names = token.names_of(there, tokens)
    _find_functions(things, endpoint, names)
    plan = planned(things, there, names)
    outcome = None
    if apply:
        with report.progress("making", len(plan.steps)) as seen:
            outcome = carry_out(plan.steps, endpoint, names, lambda step: seen(step.thing.name))
    report.pushed(plan, outcome, there.alias or there.id, json=json)
    if not json:
        report.say(*there.problems)
    return 1 if plan.loose or there.problems or (outcome is not None and outcome.failed) else 0


def _read(endpoint: Endpoint, what: str) -> Copy:
    with report.progress(what) as seen:
        return read(endpoint, lambda thing: seen(thing.name))


def _local(thing: Thing, texts: dict[str, str], there: Copy) -> Thing:
    """With the texts that somebody decided about, and names in place of ids of elsewhere."""
    content, name = thing.content, thing.name
    for old, new in texts.items():
        content = content.replace(old, new)
        name = new if name == old else name
    return replace(thing, name=name, content=with_hints(content, there.arn) if content else content)


def _find_functions(things: Iterable[Thing], endpoint: Endpoint, names: token.Names) -> None:
    """Functions that the instance does not have yet, and its Lambda does, become known by their names."""
    wanted = {name.partition(":")[0] for kind, name in (thing.key for thing in things) if kind == FUNCTION}
    for thing in things:
        wanted |= {name for word, name in token.tokens(thing.content) if word == FUNCTION}
    partition, _, region, account = endpoint.arn.split(":")[1:5]
    for name in sorted(wanted):
        arn = f"arn:{partition}:lambda:{region}:{account}:function:{name}"
        if not names.arn(FUNCTION, name) and endpoint.has_function(arn):
            names.functions[name] = arn
