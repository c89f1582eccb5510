"""`offhook pull`: an instance of Amazon Connect, or of another offhook, into files."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    source: Annotated[str, typer.Option("--from", metavar="aws|URL", help="Where the instance is.")],
    instance: Annotated[str, typer.Option("--instance", metavar="ID|ALIAS", help="Which one.")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Write here.")],
    region: Annotated[str | None, typer.Option("--region", help="Of the instance. Default: as AWS's tools.")] = None,
    profile: Annotated[str | None, typer.Option("--profile", help="Of ~/.aws/config.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say in JSON what was written.")] = False,
) -> None:
    """Write a whole instance into files: flows and modules as they are published, and everything they lead to.

    Files have names in place of ids and ARNs, such as ${queue:Support}; references.json says what they stood for.
    Credentials are those of AWS's tools; a server of offhook without access keys needs none. Exit code 1 where
    something could not be read. What is not in an instance's API stays behind: audio, passwords, recordings.

    Example: offhook pull --from aws --region eu-west-2 --instance shop --to connect/

    Example: offhook pull --from http://127.0.0.1:4510 --instance demo --to connect/
    """
    from offhook.cli.mirror.move import Place, pull

    place = Place(source, instance, region, profile, "--from")
    raise typer.Exit(pull(place, to, json=as_json))
