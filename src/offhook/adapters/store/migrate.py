"""Brings a database to the tables of this version, when it is opened."""

import logging
from pathlib import Path

import sqlalchemy as sql
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from offhook.model.errors import UsageError

FOLDER = Path(__file__).parent / "migrations"
logging.getLogger("alembic").setLevel(logging.WARNING)


def migrate(connection: sql.Connection, shown: str) -> None:
    """`shown` names the database. UsageError where a newer offhook has written it; nothing is changed then."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    with connection.begin():
        heads = MigrationContext.configure(connection).get_current_heads()
        known = {script.revision for script in scripts.walk_revisions()}
        if not known.issuperset(heads):
            there = ", ".join(heads)
            raise UsageError(f"{shown}: was written by a newer offhook (revision {there}); update this one.")
        if set(heads) != set(scripts.get_heads()):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
