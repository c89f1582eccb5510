"""Brings a database to the tables of this version, when it is opened.

Most starts find nothing to do, and alembic takes a while to import: it is asked only where there is something.
"""

import logging
from pathlib import Path

import sqlalchemy as sql

from offhook.adapters.store.schema import REVISION
from offhook.model.errors import UsageError

FOLDER = Path(__file__).parent / "migrations"
_VERSION = sql.Table("alembic_version", sql.MetaData(), sql.Column("version_num", sql.String(32)))
logging.getLogger("alembic").setLevel(logging.WARNING)


def migrate(connection: sql.Connection, shown: str) -> None:
    """`shown` names the database. UsageError where a newer offhook has written it; nothing is changed then."""
    with connection.begin():
        if _heads(connection) != {REVISION}:
            _upgrade(connection, shown)


def _heads(connection: sql.Connection) -> set[str]:
    """What alembic has noted in the database."""
    if not sql.inspect(connection).has_table(_VERSION.name):
        return set()
    return set(connection.execute(sql.select(_VERSION.c.version_num)).scalars())


def _upgrade(connection: sql.Connection, shown: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    heads = _heads(connection)
    if not heads <= {script.revision for script in scripts.walk_revisions()}:
        there = ", ".join(sorted(heads))
        raise UsageError(f"{shown}: was written by a newer offhook (revision {there}); update this one.")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
