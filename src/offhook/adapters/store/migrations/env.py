"""Alembic's entry: it is given the connection, in a transaction (see migrate)."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
