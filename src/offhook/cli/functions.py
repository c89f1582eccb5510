"""`offhook functions`: what can be invoked, invoking it, and why a block would or would not run."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Lambda functions: list them, invoke one, find out why a block would or would not run.")

_Json = Annotated[bool, typer.Option("--json", help="For a machine to read.")]
_Env = Annotated[str | None, typer.Option("--env", metavar="NAME", help="An environment of offhook.toml.")]


@app.command("list")
def list_functions(as_json: _Json = False, env: _Env = None) -> None:
    """List the functions of the project, and the blocks that use them.

    Example: offhook functions list
    """
    from offhook.cli import inventory
    from offhook.cli.project import load_project

    entries = inventory.entries(load_project(Path.cwd(), env=env))
    print(inventory.as_json(entries) if as_json else inventory.as_text(entries))


@app.command()
def invoke(
    name: Annotated[str, typer.Argument(help="A function of the project, by name or ARN.")],
    channel: Annotated[str, typer.Option("--channel", metavar="CHANNEL", help="voice, chat, task or email.")] = "voice",
    sender: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="ADDRESS", help="Who calls or writes: a number or an e-mail address.", show_default=False
        ),
    ] = None,
    attr: Annotated[
        list[str] | None, typer.Option("--attr", metavar="K=V", help="An attribute of the contact. Repeatable.")
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option("--param", metavar="K=V", help="An input of the block. Repeatable.")
    ] = None,
    event: Annotated[
        Path | None, typer.Option("--event", metavar="FILE", help="Send this JSON instead of a contact's event.")
    ] = None,
    as_json: _Json = False,
    env: _Env = None,
) -> None:
    """Invoke a function with the event that Connect would send. Exit code 1 when the function fails.

    Example: offhook functions invoke state-lookup --from +18085550100 --param channel=VOICE
    """
    from offhook.cli import invocation

    call = invocation.Asked(
        name=name, channel=channel, sender=sender, attributes=tuple(attr or ()), inputs=tuple(param or ()), event=event
    )
    invoked = invocation.invoke(call, env=env)
    print(invocation.as_json(invoked) if as_json else invocation.as_text(invoked))
    raise typer.Exit(0 if invoked.answered else 1)


@app.command()
def why(
    block: Annotated[str, typer.Argument(metavar="FLOW:ACTION", help="A flow (file or name) and one of its blocks.")],
    env: _Env = None,
) -> None:
    """Say which function a block finds and through what, or why it finds none. Then the exit code is 1.

    Example: offhook functions why "Lambda integration:Look up the state"
    """
    from offhook.cli import inventory

    reason = inventory.why(block, env=env)
    print("\n".join(reason.lines))
    raise typer.Exit(0 if reason.runs else 1)
