"""`offhook run`: the options of the command. What they mean is in `asked`, what happens in `contact`."""

from typing import Annotated, Any

import typer
from typer.core import TyperCommand

_INPUTS = "offhook.inputs"
_MANY = ("input", "press", "say")


class InOrder(TyperCommand):
    """Keeps the order of --input, --press and --say among each other: each answers the next block that listens."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        values, _, order = self.make_parser(ctx).parse_args(args=list(args))
        given = {name: iter(values.get(name) or ()) for name in _MANY}
        pairs = [(each.name, next(given[each.name])) for each in order if each.name in given]
        ctx.meta[_INPUTS] = tuple(text for name, value in pairs for text in _inputs(name, value))
        return super().parse_args(ctx, args)


def _inputs(name: str, value: str) -> list[str]:
    if name == "press":
        return value.split(",")
    return [f"say:{value}"] if name == "say" else [value]


def _flows(incomplete: str) -> list[str]:
    """Completions for FLOW: files, and names and numbers of the project."""
    from pathlib import Path

    from offhook.cli.project import load_project
    from offhook.model.errors import UsageError

    found = [f"{path}/" if path.is_dir() else str(path) for path in sorted(Path().glob(f"{incomplete}*"))]
    try:
        instance = load_project(Path.cwd()).instance
    except UsageError:
        return found
    names = [*(flow.name for flow in instance.flows.values()), *instance.numbers]
    return found + [name for name in names if name.startswith(incomplete)]


def _functions(incomplete: str) -> list[str]:
    """Completions for names of functions."""
    from pathlib import Path

    from offhook.cli.project import load_project
    from offhook.model.errors import UsageError

    try:
        names = load_project(Path.cwd()).functions
    except UsageError:
        return []
    return [name for name in names if name.startswith(incomplete)]


_CONTACT, _CUSTOMER, _PROJECT = "The contact", "What the customer does", "Functions and project"
_CLOCK, _SHOWN = "The clock", "What is shown"
_KINDS = "python:PATH.HANDLER, stub:JSON, stub(init=0.4,run=2.7):JSON or fail:KIND"


def command(
    context: typer.Context,
    flow: Annotated[
        str, typer.Argument(help="A file, a flow's name in the project, or a phone number.", autocompletion=_flows)
    ],
    channel: Annotated[
        str, typer.Option(help="voice, chat or task.", metavar="CHANNEL", rich_help_panel=_CONTACT)
    ] = "voice",
    sender: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="The customer's phone number.",
            metavar="NUMBER",
            show_default=False,
            rich_help_panel=_CONTACT,
        ),
    ] = None,
    attr: Annotated[
        list[str] | None,
        typer.Option(help="An attribute of the contact. Repeatable.", metavar="K=V", rich_help_panel=_CONTACT),
    ] = None,
    flow_type: Annotated[
        str | None,
        typer.Option(
            "--type", help="The flow's type, such as CUSTOMER_QUEUE.", metavar="TYPE", rich_help_panel=_CONTACT
        ),
    ] = None,
    function: Annotated[
        list[str] | None,
        typer.Option(
            help=f"A function: {_KINDS}. Repeatable.",
            metavar="NAME=KIND:…",
            autocompletion=_functions,
            rich_help_panel=_PROJECT,
        ),
    ] = None,
    input: Annotated[
        list[str] | None,
        typer.Option(
            help="What the customer does at the next block that listens: 1, 2#, barge:1, say:hello, silence, wait:3s, "
            "hangup. Repeatable; after the last the customer is silent.",
            metavar="WHAT",
            rich_help_panel=_CUSTOMER,
        ),
    ] = None,
    press: Annotated[
        list[str] | None,
        typer.Option(help="Keys for the next blocks that listen: 1,2#.", metavar="KEYS", rich_help_panel=_CUSTOMER),
    ] = None,
    say: Annotated[
        list[str] | None,
        typer.Option(help="Speech for the next block that listens.", metavar="TEXT", rich_help_panel=_CUSTOMER),
    ] = None,
    silent: Annotated[
        bool, typer.Option("--silent", help="The customer does nothing.", rich_help_panel=_CUSTOMER)
    ] = False,
    hang_up_after: Annotated[
        str, typer.Option(help="The customer leaves after this block.", metavar="BLOCK", rich_help_panel=_CUSTOMER)
    ] = "",
    at: Annotated[
        str | None,
        typer.Option(
            help="The clock, as 2026-01-05T10:00:00-05:00. That is the default for a script; for a person it is now.",
            metavar="INSTANT",
            rich_help_panel=_CLOCK,
        ),
    ] = None,
    function_time: Annotated[
        str | None,
        typer.Option(
            help="How long each function takes, in place of what was measured.", metavar="MS", rich_help_panel=_PROJECT
        ),
    ] = None,
    set: Annotated[
        list[str] | None,
        typer.Option(
            help="Any system value: '$.Lex.IntentName=Order'. Repeatable.",
            metavar="REF=VALUE",
            rich_help_panel=_CONTACT,
        ),
    ] = None,
    real_time: Annotated[
        bool | None,
        typer.Option(
            "--real-time/--virtual",
            help="Wait as long as it takes, or not at all; the latter is the default where there is a script.",
            show_default=False,
            rich_help_panel=_CLOCK,
        ),
    ] = None,
    seed: Annotated[
        str, typer.Option(help="The same seed gives the same ids and chances.", metavar="N", rich_help_panel=_CONTACT)
    ] = "1",
    trace: Annotated[
        bool, typer.Option("--trace", help="Show every block and every effect.", rich_help_panel=_SHOWN)
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print one trace event a line, and nothing else.", rich_help_panel=_SHOWN)
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Run again when a flow or a function changes.", rich_help_panel=_SHOWN)
    ] = False,
    debug: Annotated[
        str | None,
        typer.Option(
            help="Let this function wait for debugpy; no limit applies.",
            metavar="NAME",
            autocompletion=_functions,
            rich_help_panel=_PROJECT,
        ),
    ] = None,
    env: Annotated[
        str | None, typer.Option(help="An environment of offhook.toml.", metavar="NAME", rich_help_panel=_PROJECT)
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="strict or compatible.", metavar="PROFILE", rich_help_panel=_PROJECT)
    ] = None,
    log: Annotated[
        str | None,
        typer.Option(help="Write flow-log lines to this file, - for stdout.", metavar="FILE", rich_help_panel=_SHOWN),
    ] = None,
) -> None:
    """Run one contact in the terminal.

    Without a script it is a phone: prompts appear, keys 0-9 * # count at once, Ctrl-D hangs up.

    Example: offhook run flows/main.json --press 1 --function lookup=stub:'{"State":"WA"}'
    """
    from offhook.cli.asked import Options
    from offhook.cli.contact import run
    from offhook.cli.watch import watch as run_again

    inputs = context.meta.get(_INPUTS, ())
    options = Options(
        flow=flow, channel=channel, sender=sender, attributes=tuple(attr or ()), flow_type=flow_type,
        functions=tuple(function or ()), inputs=inputs, silent=silent, hang_up_after=hang_up_after, at=at,
        function_time=function_time, given=tuple(set or ()), real_time=real_time, seed=seed, trace=trace, json=json,
        debug=debug, env=env, profile=profile, log=log,
    )  # fmt: skip
    raise typer.Exit(run_again(options) if watch else run(options))
