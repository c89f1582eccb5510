"""What pull and push say: progress while they work, then a table or JSON, and every problem as a sentence."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from offhook.cli.mirror.carry import Outcome
from offhook.cli.mirror.folder import lists
from offhook.cli.mirror.plan import DRAFT, FINISH, Plan, Step
from offhook.cli.mirror.thing import KINDS, Copy
from offhook.cli.terminal import as_json, console_for, plain
from offhook.cli.text import one_line

_NAME_WIDTH = 60
_WORDS = {DRAFT: "create a draft", FINISH: "connect"}


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[[str], None]]:
    """A line on a terminal, moved on by each call with what is done; nothing elsewhere."""
    count = (BarColumn(), MofNCompleteColumn()) if total is not None else (TextColumn("{task.completed:.0f}"),)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), *count)
    shown = Progress(*columns, console=console_for(sys.stderr), transient=True, disable=not sys.stderr.isatty())
    with shown as line:
        task = line.add_task(what, total=total)

        def seen(name: str) -> None:
            line.update(task, advance=1, description=f"{what} {one_line(name, _NAME_WIDTH)}")

        yield seen


def say(*sentences: str) -> None:
    for sentence in sentences:
        print(f"offhook: {plain(sentence)}", file=sys.stderr)


def pulled(copy: Copy, where: str, unknown: list[str], *, json: bool) -> None:
    """What was written, and what is wrong with it."""
    counts = Counter(thing.kind for thing in copy.things)
    if json:
        said = {"id": copy.id, "arn": copy.arn, "alias": copy.alias}
        found = {kind: counts[kind] for kind in KINDS if counts[kind]}
        problems = {"problems": copy.problems, "unknown": unknown}
        print(as_json({"instance": said, "folder": where, "things": found, **problems}))
        return
    print(f"{one_line(copy.alias) or copy.id} is in {one_line(where)}:")
    table = Table()
    table.add_column("Things")
    table.add_column("Count", justify="right")
    for kind in KINDS:
        if counts[kind]:
            table.add_row(lists(kind).replace("-", " "), str(counts[kind]))
    console_for(sys.stdout).print(table)
    say(*copy.problems, *unknown)


def pushed(plan: Plan, outcome: Outcome | None, alias: str, *, json: bool) -> None:
    """What was done, or would be (`outcome` None), and what was not."""
    steps = plan.steps if outcome is None else outcome.done
    failed = [] if outcome is None else outcome.failed
    if json:
        print(as_json(_as_json(plan, steps, failed, is_done=outcome is not None)))
        return
    if steps:
        print(f"{'Done' if outcome is not None else 'To be done'} in {one_line(alias)}:")
        console_for(sys.stdout).print(_table(steps))
    print(_sum(plan, steps, is_done=outcome is not None))
    say(*plan.notes)
    say(*(f"{each.thing.label} {each.reason}." for each in plan.loose))
    say(*(f"{step.thing.label}: {_action(step)}: {reason}" for step, reason in failed))


def _table(steps: list[Step]) -> Table:
    table = Table()
    for column in ("Action", "Kind", "Name", "What differs"):
        table.add_column(column, overflow="fold")
    for step in steps:
        table.add_row(_action(step), step.thing.kind, one_line(step.thing.name), ", ".join(step.members))
    return table


def _action(step: Step) -> str:
    return _WORDS.get(step.action, step.action)


def _sum(plan: Plan, steps: list[Step], *, is_done: bool) -> str:
    same = f"{plan.same} {'is as it' if plan.same == 1 else 'are as they'} should be"
    if not steps:
        return f"Nothing {'was done' if is_done and plan.steps else 'to do'}: {same}."
    count = len({step.thing.key for step in steps})
    what = f"{count} thing{'' if count == 1 else 's'}"
    if is_done:
        return f"Made or changed {what}; {same}."
    return f"Would make or change {what}; {same}. Nothing was done yet: --apply does it."


def _as_json(plan: Plan, steps: list[Step], failed: list[tuple[Step, str]], *, is_done: bool) -> dict[str, Any]:
    return {
        "applied": is_done,
        "steps": [_step(step) for step in steps],
        "unchanged": plan.same,
        "unresolved": [
            {"kind": each.thing.kind, "name": each.thing.name, "reason": each.reason} for each in plan.loose
        ],
        "failed": [{**_step(step), "reason": reason} for step, reason in failed],
        "notes": plan.notes,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "action": step.action, "kind": step.thing.kind, "name": step.thing.name, "members": list(step.members)
    }  # fmt: skip
