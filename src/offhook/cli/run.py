"""`offhook run`: the options of the command. What they mean is in `asked`, what happens in `contact`."""

from typing import Annotated, Any

import typer
from typer.core import TyperCommand

INPUTS = "offhook.inputs"
_MANY = ("input", "press", "say")


class InOrder(TyperCommand):
    """Keeps the order of --input, --press and --say among each other: each answers the next block that listens."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        values, _, order = self.make_parser(ctx).parse_args(args=list(args))
        given = {name: iter(values.get(name) or ()) for name in _MANY}
        pairs = [(each.name, next(given[each.name])) for each in order if each.name in given]
        ctx.meta[INPUTS] = tuple(text for name, value in pairs for text in _inputs(name, value))
        return super().parse_args(ctx, args)


def _inputs(name: str, value: str) -> list[str]:
    if name == "press":
        return value.split(",")
    return [f"say:{value}"] if name == "say" else [value]


def flows_like(incomplete: str) -> list[str]:
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


def functions_like(incomplete: str) -> list[str]:
    """Completions for names of functions."""
    from pathlib import Path

    from offhook.cli.project import load_project
    from offhook.model.errors import UsageError

    try:
        names = load_project(Path.cwd()).functions
    except UsageError:
        return []
    return [name for name in names if name.startswith(incomplete)]


_CONTACT, _CUSTOMER, _PROJECT = "The contact", "Who does what", "Functions and project"
_CLOCK, _SHOWN = "The clock", "What is shown"
_KINDS = "python:PATH.HANDLER, node:PATH.HANDLER, bootstrap:FOLDER, deployed:ARN, stub:JSON or fail:KIND"
_WHAT = "1, 2#, barge:1, say:hello, view:Next, silence, wait:3s, hangup"


def _option(*names: str, help: str, panel: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel, show_default=more.pop("show_default", False), **more)


_Flow = Annotated[
    str, typer.Argument(help="A file, a flow's name in the project, or a phone number.", autocompletion=flows_like)
]
_Channel = Annotated[
    str, _option(help="voice, chat, task or email.", panel=_CONTACT, metavar="CHANNEL", show_default=True)
]
_Sender = Annotated[
    str | None,
    _option("--from", help="Who calls or writes: a number or an e-mail address.", panel=_CONTACT, metavar="ADDRESS"),
]
_Attributes = Annotated[
    list[str] | None, _option("--attr", help="An attribute of the contact. Repeatable.", panel=_CONTACT, metavar="K=V")
]
_Type = Annotated[
    str | None, _option("--type", help="The flow's type, such as CUSTOMER_QUEUE.", panel=_CONTACT, metavar="TYPE")
]
_Given = Annotated[
    list[str] | None,
    _option(
        "--set", help="Any system value: '$.Lex.IntentName=Order'. Repeatable.", panel=_CONTACT, metavar="REF=VALUE"
    ),
]
_Seed = Annotated[
    str, _option(help="The same seed gives the same ids and chances.", panel=_CONTACT, metavar="N", show_default=True)
]
_Functions = Annotated[
    list[str] | None,
    _option(
        "--function", help=f"A function: {_KINDS}. Repeatable.", panel=_PROJECT, metavar="NAME=KIND:…",
        autocompletion=functions_like,
    ),
]  # fmt: skip
_FunctionTime = Annotated[
    str | None, _option(help="How long each takes, in place of what was measured.", panel=_PROJECT, metavar="MS")
]
_Debug = Annotated[
    str | None,
    _option(
        help="Let this function wait for debugpy; no limit applies.", panel=_PROJECT, metavar="NAME",
        autocompletion=functions_like,
    ),
]  # fmt: skip
_Record = Annotated[
    str | None, _option(help="Keep every call of a function in this folder.", panel=_PROJECT, metavar="DIR")
]
_Replay = Annotated[
    str | None,
    _option(help="Answer from recordings; only functions of --function run.", panel=_PROJECT, metavar="DIR"),
]
_Env = Annotated[str | None, _option(help="An environment of offhook.toml.", panel=_PROJECT, metavar="NAME")]
_Profile = Annotated[str | None, _option(help="strict or compatible.", panel=_PROJECT, metavar="PROFILE")]
_Input = Annotated[
    list[str] | None,
    _option(
        help=f"At the next block that listens: {_WHAT}. Repeatable; after the last the customer is silent.",
        panel=_CUSTOMER, metavar="WHAT",
    ),
]  # fmt: skip
_Press = Annotated[
    list[str] | None, _option(help="Keys for the next blocks that listen: 1,2#.", panel=_CUSTOMER, metavar="KEYS")
]
_Say = Annotated[
    list[str] | None, _option(help="Speech for the next block that listens.", panel=_CUSTOMER, metavar="TEXT")
]
_Silent = Annotated[bool, _option("--silent", help="The customer does nothing.", panel=_CUSTOMER)]
_Leaves = Annotated[str, _option(help="The customer leaves after this block.", panel=_CUSTOMER, metavar="BLOCK")]
_Agents = Annotated[
    str | None,
    _option(
        help="Who takes what is queued: so many agents, or a file with [agents.NAME] tables; 0 for nobody.",
        panel=_CUSTOMER,
        metavar="N|FILE",
    ),
]
_Patience = Annotated[
    str | None, _option(help="Hang up after waiting so long in a queue: 30s.", panel=_CUSTOMER, metavar="TIME")
]
_At = Annotated[
    str | None,
    _option(
        help="The clock, as 2026-01-05T10:00:00-05:00, the default for a script. For a person it is now.",
        panel=_CLOCK, metavar="INSTANT",
    ),
]  # fmt: skip
_RealTime = Annotated[
    bool | None,
    _option(
        "--real-time/--virtual", panel=_CLOCK,
        help="Wait as long as it takes, or not at all; the latter is the default where there is a script.",
    ),
]  # fmt: skip
_Trace = Annotated[bool, _option("--trace", help="Show every block and every effect.", panel=_SHOWN)]
_Json = Annotated[bool, _option("--json", help="Print one trace event a line, and nothing else.", panel=_SHOWN)]
_Watch = Annotated[bool, _option("--watch", help="Run again when a flow or a function changes.", panel=_SHOWN)]
_Log = Annotated[
    str | None, _option(help="Write flow-log lines to this file, - for stdout.", panel=_SHOWN, metavar="FILE")
]
_Records = Annotated[
    str | None, _option(help="Write contact records to this file, - for stdout.", panel=_SHOWN, metavar="FILE")
]
_Events = Annotated[
    str | None, _option(help="Write contact events to this file, - for stdout.", panel=_SHOWN, metavar="FILE")
]


def command(
    context: typer.Context,
    flow: _Flow,
    channel: _Channel = "voice",
    sender: _Sender = None,
    attributes: _Attributes = None,
    flow_type: _Type = None,
    given: _Given = None,
    seed: _Seed = "1",
    input: _Input = None,
    press: _Press = None,
    say: _Say = None,
    silent: _Silent = False,
    hang_up_after: _Leaves = "",
    patience: _Patience = None,
    agents: _Agents = None,
    functions: _Functions = None,
    function_time: _FunctionTime = None,
    debug: _Debug = None,
    record: _Record = None,
    replay: _Replay = None,
    env: _Env = None,
    profile: _Profile = None,
    at: _At = None,
    real_time: _RealTime = None,
    trace: _Trace = False,
    json: _Json = False,
    watch: _Watch = False,
    log: _Log = None,
    records: _Records = None,
    events: _Events = None,
) -> None:
    """Run one contact in the terminal.

    Without a script it is a phone: prompts appear, keys 0-9 * # count at once, Ctrl-D hangs up.

    Example: offhook run flows/main.json --press 1 --function lookup=stub:'{"State":"WA"}'
    """
    from offhook.cli.asked import Options
    from offhook.cli.contact import run
    from offhook.cli.watch import watch as run_again

    options = Options(
        flow=flow, channel=channel, sender=sender, attributes=tuple(attributes or ()), flow_type=flow_type,
        functions=tuple(functions or ()), inputs=context.meta.get(INPUTS, ()), silent=silent,
        hang_up_after=hang_up_after, at=at, function_time=function_time, given=tuple(given or ()),
        real_time=real_time, seed=seed, trace=trace, json=json, debug=debug, env=env, profile=profile, log=log,
        record=record, replay=replay, agents=agents, patience=patience, records=records, events=events,
    )  # fmt: skip
    raise typer.Exit(run_again(options) if watch else run(options))
