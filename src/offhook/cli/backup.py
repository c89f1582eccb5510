"""`offhook backup` and `offhook restore`: everything that a server keeps, in one file, while it runs."""

from pathlib import Path
from typing import Annotated

import typer

_File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup, a .tar.", show_default=False)]


def backup(
    file: _File,
    database: Annotated[
        str | None,
        typer.Option("--database", metavar="FILE|URL", help="As for offhook serve. Default: .offhook/offhook.db."),
    ] = None,
    env: Annotated[str | None, typer.Option("--env", metavar="NAME", help="An environment of offhook.toml.")] = None,
) -> None:
    """Write all that the server of this project keeps into one file; the server may go on meanwhile.

    The database as it is at one moment, deployed functions, attachments of chats, and the key that opens what is secret
    in the database: keep the file as you keep the key. What is in the project's own files is not in it.

    PostgreSQL is copied by its own pg_dump, which must be on PATH.

    Examples: offhook backup monday.tar; offhook backup --database postgresql://user@host/name monday.tar
    """
    from offhook.cli.safekeeping import keep

    print(keep(file, Path.cwd(), database, env=env))


def restore(
    file: _File,
    to: Annotated[
        Path, typer.Option("--to", metavar="FOLDER", help="The project's folder, or a new one.", show_default=False)
    ],
) -> None:
    """Unpack a backup into the folder .offhook of a project, where offhook serve finds it. Nothing is overwritten.

    The file is checked first: one that is damaged or cut off is refused as a whole.

    Example: offhook restore monday.tar --to new
    """
    from offhook.cli.safekeeping import give_back

    print(give_back(file, to))
