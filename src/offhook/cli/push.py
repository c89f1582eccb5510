"""`offhook push`: an instance in files into Amazon Connect, or into another offhook."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="What `offhook pull` wrote.")],
    target: Annotated[str, typer.Option("--to", metavar="aws|URL", help="Where the instance is.")],
    instance: Annotated[str, typer.Option("--instance", metavar="ID|ALIAS", help="Which one.")],
    apply: Annotated[bool, typer.Option("--apply", "--yes", help="Do it. Without this, it is only shown.")] = False,
    given: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help='JSON with ARNs there: {"${function:lookup}": "arn:…", …}.'),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="KIND", help="Things of this kind alone; may be repeated."),
    ] = None,
    region: Annotated[str | None, typer.Option("--region", help="Of the instance. Default: as AWS's tools.")] = None,
    profile: Annotated[str | None, typer.Option("--profile", help="Of ~/.aws/config.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say everything in JSON.")] = False,
) -> None:
    """Make an instance like the files: what is missing is created, what differs is changed, by name.

    Names in the files become the ids and ARNs of the instance there. Without --apply it is only shown what would be
    done. Nothing is ever deleted, and what a file does not say stays. Flows come as drafts and are published once all
    that they lead to is there. What leads to something that is not there is left out and listed; the exit code is
    then 1. New users get a password that nobody knows.

    Kinds: attribute, function, bot, hours, prompt, view, security-profile, agent-status, queue, routing-profile, user,
    module, flow, quick-connect, phone-number.

    Example: offhook push connect/ --to http://127.0.0.1:4510 --instance demo --apply

    Example: offhook push connect/ --to aws --region us-east-1 --instance shop-test --map test.json
    """
    from offhook.cli.mirror.move import Place, push

    place = Place(target, instance, region, profile, "--to")
    raise typer.Exit(push(source, place, kinds=only or (), given=given, apply=apply, json=as_json))
