"""`offhook load`: many contacts on a flow, in virtual time."""

from typing import Annotated, Any

import typer

from offhook.cli.run import INPUTS, flows_like, functions_like

_ARRIVALS, _AGENTS, _PROJECT = "Who calls", "Who answers", "Functions and project"
_TIME = "20s, 3m, uniform:30s-90s or exponential:180s"


def _option(*names: str, help: str, panel: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel, **more)


def command(
    context: typer.Context,
    flow: Annotated[
        str, typer.Argument(help="A file, a flow's name in the project, or a phone number.", autocompletion=flows_like)
    ],
    contacts: Annotated[int, _option(help="How many.", panel=_ARRIVALS, min=1, max=10_000_000)] = 1_000,
    rate: Annotated[
        str, _option(help="How many in an hour or a minute, at random: 120/h, 2/min.", panel=_ARRIVALS)
    ] = "120/h",
    channel: Annotated[str, _option(help="voice, chat, task or email.", panel=_ARRIVALS)] = "voice",
    input: Annotated[
        list[str] | None,
        _option(help="What each customer does at the blocks that listen. Repeatable.", panel=_ARRIVALS, metavar="WHAT"),
    ] = None,
    press: Annotated[
        list[str] | None, _option(help="Keys for the blocks that listen: 1,2#.", panel=_ARRIVALS, metavar="KEYS")
    ] = None,
    patience: Annotated[
        str | None, _option(help=f"They give up after so long in a queue: {_TIME}.", panel=_ARRIVALS, metavar="TIME")
    ] = None,
    agents: Annotated[str, _option(help="So many agents, or a file of them.", panel=_AGENTS, metavar="N|FILE")] = "10",
    handle_time: Annotated[str, _option(help="How long they talk.", panel=_AGENTS)] = "exponential:180s",
    accept_after: Annotated[str, _option(help="How long it rings.", panel=_AGENTS)] = "2s",
    after_contact: Annotated[str, _option(help="After-contact work.", panel=_AGENTS)] = "0s",
    service_level: Annotated[str, _option(help="What counts as answered in time.", panel=_AGENTS)] = "20s",
    functions: Annotated[
        list[str] | None,
        _option("--function", help="A function, as for offhook run. Repeatable.", panel=_PROJECT, metavar="NAME=KIND:…",
                autocompletion=functions_like),
    ] = None,
    env: Annotated[str | None, _option(help="An environment of offhook.toml.", panel=_PROJECT, metavar="NAME")] = None,
    profile: Annotated[str | None, _option(help="strict or compatible.", panel=_PROJECT, metavar="PROFILE")] = None,
    at: Annotated[str | None, _option(help="When the first one calls.", panel=_PROJECT, metavar="INSTANT")] = None,
    seed: Annotated[str, _option(help="The same seed gives the same numbers.", panel=_PROJECT, metavar="N")] = "1",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")] = False,
) -> None:  # fmt: skip
    """Put many contacts on a flow in virtual time, and count.

    Prints service level, abandonment, waits, occupancy, and how contacts ended in each flow.

    Example: offhook load "Queue a customer" --contacts 5000 --rate 160/h --agents 10 --patience exponential:2m
    """
    from offhook.cli.asked import Options
    from offhook.cli.centre import Wanted, run

    options = Options(
        flow=flow, channel=channel, functions=tuple(functions or ()), inputs=context.meta.get(INPUTS, ()), silent=True,
        at=at, seed=seed, env=env, profile=profile, agents=agents, json=json,
    )  # fmt: skip
    wanted = Wanted(
        contacts=contacts, rate=rate, patience=patience, handle_time=handle_time, accept_after=accept_after,
        after_contact=after_contact, service_level=service_level,
    )  # fmt: skip
    run(options, wanted)
