"""One contact from options to exit code: find what is asked for, run it, show it."""

import difflib
import importlib.util
import os
import socket
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from rich.text import Text

from offhook.adapters.lambdas.kind import BOOTSTRAP, NODE, PYTHON
from offhook.adapters.lambdas.spec import LocalFunction
from offhook.blocks import catalogue
from offhook.cli.agents import with_staff
from offhook.cli.asked import DEFAULT_AT, Options, read, repeat
from offhook.cli.keyboard import Phone
from offhook.cli.line import Line, Ready, Sink
from offhook.cli.output import Papers, flow_log, writer
from offhook.cli.project import Project, find_file, load_project
from offhook.cli.summary import Summary
from offhook.cli.terminal import Transcript, console_for, plain
from offhook.core import trace
from offhook.core.calendar import parse_instant, text_of
from offhook.flowjson.problems import refusals, structure_problems
from offhook.model.errors import UsageError
from offhook.model.flow import Flow, Problem

DEBUG_PORTS = {PYTHON: 5678, NODE: 9229}  # the debuggers' own, and what editors offer
MAX_WARNINGS = 10
INTERRUPTED = 130


def run(options: Options) -> int:
    """The exit code: 0, or 1 for a contact that the flow dropped by mistake. Raises UsageError with all problems."""
    return perform(prepare(options))


# --- what is asked for ---


def prepare(options: Options) -> Ready:
    """Find the flow and its functions. Raises UsageError with everything that is wrong at once."""
    problems: list[str] = []
    asked = read(options, problems)
    try:
        project, flow = _find(options)
        problems += _unfit(options, project, flow)
        project = project.with_functions(asked.functions).with_names(
            {each.function: each.arn for each in asked.recordings or ()}
        )
        project = _debugged(project, options.debug)
        if asked.staff is not None:
            project = replace(
                project, instance=with_staff(project.instance, asked.staff, "--agents"), agents=asked.staff.scripts
            )
    except UsageError as refusal:
        problems += refusal.problems
    if problems:
        raise UsageError(*problems)
    has_script = bool(options.inputs) or options.silent or sys.stdin is None or not sys.stdin.isatty()
    is_person = not has_script and options.real_time is not False
    at_ms = asked.at_ms
    if at_ms is None:
        at_ms = time.time_ns() // 1_000_000 if is_person else parse_instant(DEFAULT_AT)
    return Ready(
        options=options,
        asked=asked,
        project=project,
        flow=flow,
        is_person=is_person,
        at_ms=at_ms,
        agents=project.agents,
    )


def _find(options: Options) -> tuple[Project, Flow]:
    path = Path(options.flow)
    is_file = os.path.isfile(path)
    start = path if is_file and find_file(path) is not None else Path.cwd()
    project = load_project(start, env=options.env, profile=options.profile)
    if is_file:
        project, flow = project.with_flow(path)
    elif os.path.isdir(path):
        raise UsageError(f"flow {options.flow!r}: is a folder; give a file, a flow's name or a phone number.")
    elif path.suffix == ".json":
        raise UsageError(f"flow {options.flow!r}: there is no such file.")
    else:
        flow = project.find_flow(options.flow)
    if options.flow_type is not None:
        return project.with_type(flow, options.flow_type)
    return project, flow


def _unfit(options: Options, project: Project, flow: Flow) -> list[str]:
    """Why this flow cannot be run as asked (decision S21)."""
    source = project.source(flow)
    found = [f"{source}: {problem.message}" for problem in refusals(flow)]
    if project.instance.strict:
        found += [f"{source}: action {problem.action!r}: {problem.message}" for problem in _unknown_parameters(flow)]
    blocks = [identifier for each in project.instance.flows.values() for identifier in each.actions]
    if options.hang_up_after and options.hang_up_after not in blocks:
        near = difflib.get_close_matches(options.hang_up_after, blocks, n=3, cutoff=0.4) or blocks[:3]
        found.append(f"--hang-up-after is {options.hang_up_after!r}, which is no block; nearest: {', '.join(near)}.")
    return found


def _unknown_parameters(flow: Flow) -> list[Problem]:
    from offhook.flowjson.lint import lint  # only the strict profile needs it, and it takes a while to load

    return [problem for problem in lint(flow, catalogue(), strict=True) if problem.code == "E-unknown-parameter"]


def _debugged(project: Project, name: str | None) -> Project:
    """The project with one function that waits for a debugger."""
    if name is None:
        return project
    name = project.function_name(name)
    function = project.functions.get(name)
    if not isinstance(function, LocalFunction) or function.kind == BOOTSTRAP:
        fit = [
            each.name
            for each in project.functions.values()
            if isinstance(each, LocalFunction) and each.kind != BOOTSTRAP
        ]
        known = f"these are: {', '.join(fit)}" if fit else "there is none here"
        raise UsageError(f"--debug is {name!r}, which is no function in Python or Node.js; {known}.")
    if function.kind == PYTHON and importlib.util.find_spec("debugpy") is None:
        raise UsageError("--debug needs debugpy; install it with: pip install 'offhook[debug]'.")
    return replace(
        project,
        functions={**project.functions, name: replace(function, debug_port=_free_port(DEBUG_PORTS[function.kind]))},
    )


def _free_port(usual: int) -> int:
    for port in (usual, 0):
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(trial.getsockname()[1])
    raise UsageError("--debug: there is no free port on 127.0.0.1.")


# --- running it ---


def perform(ready: Ready) -> int:
    """Run the contact and show it."""
    options, out = ready.options, _stdout()
    summary = Summary()
    console = console_for(out)
    transcript = Transcript(console, full=options.trace)
    with ExitStack() as stack:
        sinks: list[Sink] = [summary, _lines(out) if options.json else transcript]
        writers = {name: writer(f"--{name}", path, out, stack) for name, path in options.outputs().items()}
        if "log" in writers:
            sinks.append(flow_log(writers["log"]))
        papers = Papers(ready.project.instance, record=writers.get("records"), event=writers.get("events"))
        _tell(ready)
        keyboard = sys.stdin.fileno() if ready.is_person else None
        show = transcript.key if not options.json else _ignore
        line = Line(ready, stack.enter_context(Phone(keyboard, show=show)), sinks, papers)
        was_left = False
        try:
            line.run()
        except KeyboardInterrupt:
            was_left = True
        papers.close()
        if was_left:
            summary.reason = "you left"
    if not options.json:
        _conclude(ready, summary, line.inputs, out)
    if was_left:
        return INTERRUPTED
    return int(summary.is_fatal)


def _ignore(key: str) -> None:
    """Keys are not echoed where stdout is read by a program."""


# --- showing it ---


def _stdout() -> TextIO:
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # flows speak languages that a terminal may not
    return sys.stdout


def _lines(out: TextIO) -> Sink:
    def write(event: trace.AnyTrace) -> None:
        out.write(trace.encode(event).decode() + "\n")
        out.flush()

    return write


def _tell(ready: Ready) -> None:
    """What is odd about the project and the flow, and what to do now; on stderr, beside the transcript."""
    sentences = [] if ready.options.json else _oddities(ready)
    for function in ready.project.functions.values():
        if isinstance(function, LocalFunction) and function.debug_port is not None:
            sentences.append(f"function {function.name!r} waits for a debugger on 127.0.0.1:{function.debug_port}.")
    if ready.is_person:
        sentences.append("This is a phone: keys 0-9 * # count at once, Ctrl-D hangs up, Ctrl-C leaves.")
    console = console_for(sys.stderr)
    for sentence in sentences:
        console.print(Text(plain(sentence), "dim"), soft_wrap=True)


def _oddities(ready: Ready) -> list[str]:
    flow, project = ready.flow, ready.project
    source = project.source(flow)
    problems = dict.fromkeys(problem.message for problem in (*flow.problems, *structure_problems(flow)))
    sentences = [*project.warnings, *(f"{source}: {message}" for message in problems)]
    more = len(sentences) - MAX_WARNINGS
    if more > 0:
        sentences[MAX_WARNINGS:] = [f"{source}: and {more} more; see them with offhook lint."]
    return sentences


def _conclude(ready: Ready, summary: Summary, inputs: list[str], out: TextIO) -> None:
    console = console_for(out)
    at = text_of(ready.at_ms) if ready.is_person else ready.options.at or DEFAULT_AT
    style = "bold red" if summary.is_fatal else "bold green" if summary.has_ended else "yellow"
    console.print()
    for name, text in (*summary.rows(), ("again", repeat(ready.options, at=at, inputs=inputs))):
        line = Text.assemble((f"{name:<{_LABEL}}", "dim"), (text, style if name == "outcome" else ""))
        console.print(line, soft_wrap=True)


_LABEL = 11
